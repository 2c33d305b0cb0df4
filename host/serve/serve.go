package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

// Defaults of Options.
const (
	// DefaultListen is the address listened on: this machine only.
	DefaultListen = "127.0.0.1:8080"
	// DefaultDrain is how long requests in flight may take after the end.
	DefaultDrain = 10 * time.Second
)

// Options configures a Server. Wasm, ConfigFile and Upstream are required.
type Options struct {
	// Wasm is the module.
	Wasm []byte
	// ConfigFile holds the module's configuration, JSON or YAML (ReadConfig).
	ConfigFile string
	// Upstream is where requests go that are let through (ParseUpstream).
	Upstream *url.URL
	// Listen is the TCP address (DefaultListen); port 0 takes a free one.
	Listen string
	// Workers is the number of VMs (1).
	Workers int
	// Clusters maps names of clusters to addresses (ParseCluster).
	Clusters map[string]*url.URL
	// Env is the module's environment.
	Env map[string]string
	// LogLevel is the lowest level of the module's own log lines that reaches
	// Events (trace, the zero value).
	LogLevel abi.LogLevel
	// Drain is how long requests in flight may take after the end
	// (DefaultDrain); then they are cut off.
	Drain time.Duration
	// BufferLimit bounds the body that one request holds, in bytes
	// (host.DefaultBufferLimit, Envoy's).
	BufferLimit int
	// Access hears of every request, from the goroutine that served it. Nil: nobody.
	Access func(*Access)
	// Events takes everything else that an operator should know. Nil: dropped.
	Events *slog.Logger
}

// Server is a running proxy.
type Server struct {
	opts     Options
	host     *host.Host
	clusters *Clusters
	listener net.Listener
	http     *http.Server
	guest    guestLog

	mu      sync.Mutex
	config  []byte // in use
	tried   []byte // read last, whether accepted or not
	trouble string // why the file could not be read last time
}

// Start loads the module, gives it the configuration and begins to listen.
// Serve must follow, or Close. An error of the module's is a *host.LoadError, a
// refused configuration a *host.ConfigError.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts = withDefaults(opts)
	config, err := ReadConfig(opts.ConfigFile)
	if err != nil {
		return nil, err
	}
	// Listen first: a port in use is told at once, not after the compilation.
	l, err := listen(ctx, opts.Listen)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, listener: l, clusters: NewClusters(opts.Clusters, opts.Events), tried: config}
	s.guest.to = opts.Events
	s.host, err = host.New(ctx, opts.Wasm, host.Options{
		Workers:       opts.Workers,
		Env:           host.WithVerdicts(opts.Env),
		Callouts:      s.clusters,
		Log:           s.guest.line,
		LogLevel:      opts.LogLevel,
		BufferLimit:   opts.BufferLimit,
		StopIteration: true,
		TrapPolicy:    host.TrapReload,
		Observe:       observe,
	})
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	if err := s.configure(ctx, config); err != nil {
		s.Close()
		return nil, err
	}
	s.http = newHTTPServer(observed(s.host.Middleware(newProxy(opts.Upstream, opts.Events)), time.Now, opts.Access), opts.Events)
	return s, nil
}

// newHTTPServer returns the server in front of the module.
func newHTTPServer(h http.Handler, events *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:           h,
		Protocols:         new(http.Protocols),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          errorLog(events),
		// Else net/http would answer "OPTIONS *" by itself, before the module.
		DisableGeneralOptionsHandler: true,
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	return s
}

func withDefaults(o Options) Options {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.Workers == 0 {
		o.Workers = 1
	}
	if o.Drain == 0 {
		o.Drain = DefaultDrain
	}
	if o.Access == nil {
		o.Access = func(*Access) {}
	}
	if o.Events == nil {
		o.Events = slog.New(slog.DiscardHandler)
	}
	return o
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		return l, nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot listen on %s: the port is in use", address)
	}
	var se *os.SyscallError
	var oe *net.OpError
	if errors.As(err, &se) {
		err = se.Err
	} else if errors.As(err, &oe) {
		err = oe.Err
	}
	return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve serves until ctx ends, reloads the configuration when its file changes
// or reload is signalled, then stops to listen, lets requests in flight finish
// within Options.Drain and frees everything. It returns nil after such an end.
func (s *Server) Serve(ctx context.Context, reload <-chan os.Signal) error {
	defer s.Close()
	w, err := newWatcher(s.opts.ConfigFile)
	if err != nil {
		return err
	}
	var background sync.WaitGroup
	watching, stopWatching := context.WithCancel(ctx)
	background.Go(func() {
		w.run(watching, func() { s.reload(ctx, false) }, func(err error) {
			s.opts.Events.Error("watching the configuration file", "error", err.Error())
		})
	})
	background.Go(func() {
		for {
			select {
			case <-watching.Done():
				return
			case <-reload:
				s.reload(ctx, true)
			}
		}
	})
	defer background.Wait()
	defer stopWatching()

	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(s.listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving on %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	s.opts.Events.Info("stopping", "drain", s.opts.Drain.String())
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Drain)
	defer cancel()
	if err := s.http.Shutdown(draining); err != nil {
		s.opts.Events.Warn("requests in flight were cut off", "after", s.opts.Drain.String())
		_ = s.http.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		s.opts.Events.Error("serving", "error", err.Error())
	}
	s.opts.Events.Info("stopped")
	return nil
}

// Close stops at once and frees everything. Closing twice is fine.
func (s *Server) Close() {
	_ = s.listener.Close()
	if s.http != nil {
		_ = s.http.Close()
	}
	_ = s.host.Close(context.Background())
}

// reload reads the file again and gives it to the module if it has changed, or
// if it must be tried in any case. What is refused changes nothing.
func (s *Server) reload(ctx context.Context, always bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ev, file := s.opts.Events, s.opts.ConfigFile
	config, err := ReadConfig(file)
	if err != nil {
		if s.trouble != err.Error() || always {
			ev.Error("configuration not reloaded, the former one stays in use", "file", file, "error", err.Error())
		}
		s.trouble = err.Error()
		return
	}
	s.trouble = ""
	if !always && bytes.Equal(config, s.tried) {
		return
	}
	s.tried = config
	if err := s.configure(ctx, config); err != nil {
		ev.Error("configuration refused, the former one stays in use", "file", file)
		for _, p := range Problems(err) {
			ev.Error("configuration problem", "problem", p)
		}
		return
	}
	ev.Info("configuration reloaded", "file", file)
}

// configure gives the module a configuration. While it decides, the clusters of
// the old one and of the new one are known.
func (s *Server) configure(ctx context.Context, config []byte) error {
	s.clusters.Use(s.config, config)
	s.guest.hold()
	err := s.host.Configure(ctx, config)
	s.guest.release(err == nil)
	if err == nil {
		s.config = config
	}
	s.clusters.Use(s.config)
	return err
}
