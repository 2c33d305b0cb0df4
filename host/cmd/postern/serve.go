package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/serve"
)

const maxWorkers = 256 // host.Options.Workers

// serveFlags are the flags of `serve`.
type serveFlags struct {
	config, upstream, listen string
	workers                  int
	clusters, env            []string
	logLevel                 string
	drain                    time.Duration
	buffer                   byteSize
}

func newServeCommand(a *app) *cobra.Command {
	f := serveFlags{buffer: newBufferLimit()}
	cmd := &cobra.Command{
		Use:   "serve --config FILE --upstream URL",
		Short: "Run the filter as a reverse proxy in front of an upstream",
		Long: `serve listens for HTTP/1.1 and h2c, lets the module judge every request, and
forwards what it lets through. Bodies stream in both directions, trailers pass.

Requests reach the upstream as the module left them: path and query byte for
byte, lines of one header in their order, no header added, X-Forwarded-For and
its kin passed on as the client wrote them. Go's HTTP library sets the limits:
names of headers change case, the order between different names is lost, and a
request that it cannot parse is answered 400 before the module sees it. Upgrades
(WebSocket) and CONNECT are not supported. The upstream is scheme, host and
port; h2c:// is HTTP/2 without TLS.

Key sets are fetched over HTTP from the uri in the configuration. --cluster
NAME=URL sends what belongs to that cluster elsewhere, as a cluster of Envoy's
does: to the scheme, host and port of URL, with path and Host header as in uri.
HTTPS_PROXY and its kin count for key sets, never for the upstream.

The configuration (JSON, or YAML in .yaml and .yml) is read again when the file
changes and on SIGHUP. One that the module refuses is reported with all its
problems, and the one before stays in use.

stdout gets one access line per request: time, method, path without its query,
status, verdict, reason, provider, duration; never a header. stderr gets
everything else. SIGINT and SIGTERM end it: requests in flight are finished
within --drain.
` + exitHelp,
		Example: `  postern serve --config postern.yaml --upstream http://127.0.0.1:9000
  postern serve --config postern.yaml --upstream h2c://127.0.0.1:9000 --listen :8443 --workers 4
  postern serve --config postern.json --upstream http://127.0.0.1:9000 \
      --cluster idp=http://127.0.0.1:9100 --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.config, "config", "", "file of the configuration, JSON or YAML")
	fl.StringVar(&f.upstream, "upstream", "", "where requests go: http, https or h2c URL")
	fl.StringVar(&f.listen, "listen", serve.DefaultListen, "address to listen on; port 0 takes a free one")
	fl.IntVar(&f.workers, "workers", min(runtime.GOMAXPROCS(0), maxWorkers), "number of VMs")
	fl.StringArrayVar(&f.clusters, "cluster", nil, "address of a cluster, NAME=URL; may be repeated")
	fl.StringArrayVar(&f.env, "env", nil, "a variable for the module: NAME for this process's own, or NAME=VALUE, which others can see; may be repeated")
	fl.StringVar(&f.logLevel, "log-level", "warn", "lowest level of the module's own log lines: trace, debug, info, warn, error, critical")
	fl.DurationVar(&f.drain, "drain", serve.DefaultDrain, "how long requests in flight may take at the end")
	fl.Var(&f.buffer, "buffer-limit", bufferLimitUsage)
	return cmd
}

// options turns flags into options; each error is the user's.
func (f serveFlags) options() (o serve.Options, err error) {
	o = serve.Options{ConfigFile: f.config, Listen: f.listen, Workers: f.workers, Drain: f.drain, BufferLimit: int(f.buffer)}
	switch {
	case f.config == "":
		return o, errors.New("--config is needed: the file of the configuration")
	case f.upstream == "":
		return o, errors.New("--upstream is needed: where requests go, as in http://127.0.0.1:9000")
	case f.workers < 1 || f.workers > maxWorkers:
		return o, fmt.Errorf("--workers must be 1 to %d, not %d", maxWorkers, f.workers)
	case f.drain <= 0:
		return o, fmt.Errorf("--drain must be more than 0, not %s", f.drain)
	}
	if o.Upstream, err = serve.ParseUpstream(f.upstream); err != nil {
		return o, fmt.Errorf("--upstream %w", err)
	}
	o.Clusters = make(map[string]*url.URL)
	for _, s := range f.clusters {
		name, u, err := serve.ParseCluster(s)
		if err != nil {
			return o, fmt.Errorf("--cluster %w", err)
		}
		if o.Clusters[name] != nil {
			return o, fmt.Errorf("--cluster: %q is mapped twice", name)
		}
		o.Clusters[name] = u
	}
	if o.Env, err = parseEnv(f.env); err != nil {
		return o, err
	}
	o.LogLevel, err = parseLogLevel(f.logLevel)
	return o, err
}

func parseLogLevel(s string) (abi.LogLevel, error) {
	for l := abi.LogTrace; l <= abi.LogCritical; l++ {
		if l.String() == s {
			return l, nil
		}
	}
	return 0, fmt.Errorf("--log-level %q: must be trace, debug, info, warn, error or critical", s)
}

func (a *app) serve(ctx context.Context, f serveFlags) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	if o.Wasm, err = a.readModule(); err != nil {
		return err
	}
	o.Events = slog.New(a.logHandler())
	o.Access = accessWriter(a.out, a.output)

	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)

	s, err := serve.Start(ctx, o)
	var ce *host.ConfigError
	if errors.As(err, &ce) {
		return refusedf("%s: configuration refused\n  %s", f.config, strings.Join(serve.Problems(err), "\n  "))
	}
	if err != nil {
		return err
	}
	o.Events.Info("listening", "address", s.Addr().String(), "upstream", o.Upstream.String(),
		"config", f.config, "workers", o.Workers)
	return s.Serve(ctx, hup)
}

// logHandler formats what goes to stderr.
func (a *app) logHandler() slog.Handler {
	if a.output == outputJSON {
		return slog.NewJSONHandler(a.err, &slog.HandlerOptions{Level: slog.LevelDebug})
	}
	return slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelDebug})
}
