package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/replay"
)

const replayHelp = `replay reads cases on stdin, one JSON object a line, sends each request through
the module, and writes one JSON line a case on stdout, in order: allowed or not,
status, reason, the provider, what the client got, and what the upstream saw.
Nothing leaves this machine and time stands still: what the module may fetch and
what time it is stand in the lines.

A case:
  name          given back as it is
  config        the configuration, as JSON; starts a fresh instance with it,
                which stays until the next config; before the first one that
                of --config counts, if it is given, with --env
  env           the instance's environment, {"NAME": "value"}
  now           Unix seconds; the clock moves there before the request and stays
  request       method, scheme, authority, path, query (null for none),
                headers [[name, value]...], body_base64, trailers, and chunks,
                the sizes in which the body comes
  callouts      {"<cluster> <uri as configured>": {"status", "headers", "body"}},
                or body_base64, delay_ms, {"reset": true}, or a list of answers
                for one call after the other; stays until the next callouts
  properties    {"source.address": "203.0.113.7:4711", "connection.mtls": true}

Bytes that are not UTF-8 are written {"base64": "..."} and may be given so. Lines
of white space are skipped. Other members of a line, such as what you expect, are
left alone, unless they look like a slip of the pen; within a member they are errors.

Reasons are those of the module's refusals ("expired", "missing"...) and: "config"
the configuration is refused, see error; "trap" the module trapped, the next line
starts it anew; "hang" nothing would have released the request within 60 seconds;
"reset" the module reset the stream; "input" the line is no case; "no_request".

Another module is named by "module", with root_id, vm_config, plugin_config, env,
profile ("envoy", "google", "nginx") and upstream_response {"status", "headers",
"body_base64", "trailers"}; the answer then carries response, upstream_request,
callouts, logs and metrics as well. A module that does not load is "load".

Exit codes: 0 every line was answered, also with bad cases; 2 stdin or stdout
failed, or there is no module or no such --config.`

func newReplayCommand(a *app) *cobra.Command {
	verbose, buffer, config := false, newBufferLimit(), ""
	var env []string
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Send requests from stdin through the module, one JSON line each",
		Long:  replayHelp,
		Example: `  postern replay < cases.jsonl | jq -r '[.name, .allowed, .status, .reason] | @tsv'
  echo '{"config": {"default": "allow"}, "request": {"path": "/"}}' | postern replay
  postern sign slack https://h.example/ --secret test --data hi -o json | postern replay --config postern.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := a.findModule()
			if err != nil {
				return err
			}
			opts := replay.Options{Module: path, Verdicts: true, BufferLimit: int(buffer)}
			if config != "" {
				if opts.Config, opts.Env, err = a.replayConfig(config, env); err != nil {
					return err
				}
			} else if len(env) > 0 {
				return errors.New("--env counts for --config only; a line has env for its own")
			}
			if verbose {
				opts.Log = func(l host.LogEntry) { fmt.Fprintf(a.err, "%s: %s\n", l.Level, l.Text) }
			}
			return a.replay(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "write the module's log lines to stderr")
	cmd.Flags().StringVarP(&config, "config", "c", "", "the configuration, JSON or YAML (.yaml, .yml), until a line carries one")
	cmd.Flags().StringArrayVar(&env, "env", nil, "a variable for the module beside --config: NAME or NAME=VALUE; may be repeated")
	cmd.Flags().Var(&buffer, "buffer-limit", bufferLimitUsage)
	return cmd
}

// replayConfig reads the configuration that counts until a line carries one.
func (a *app) replayConfig(path string, env []string) ([]byte, map[string]string, error) {
	if path == "-" {
		return nil, nil, errors.New("--config -: stdin holds the cases")
	}
	config, problem, err := a.readConfig(path)
	if err == nil && problem != "" {
		err = fmt.Errorf("%s: %s", path, problem)
	}
	if err != nil {
		return nil, nil, err
	}
	vars, err := parseEnv(env)
	return config, vars, err
}

// replay answers stdin on stdout.
func (a *app) replay(ctx context.Context, opts replay.Options) error {
	e := replay.New(opts)
	err := e.Run(ctx, a.in, a.out)
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	// A close that fails after the last answer takes nothing back.
	_ = e.Close(context.WithoutCancel(ctx))
	return err
}
