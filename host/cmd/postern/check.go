package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/postern-wasm/postern/host/lint"
	"github.com/postern-wasm/postern/host/replay"
	"github.com/postern-wasm/postern/host/serve"
)

const checkHelp = `check gives the configuration to the module itself, as a proxy would, and prints
what it finds: one "path: text" line on stderr for each error, all at once, and
one "warning: path: text" line for what is accepted and probably not meant. Lines
that end in [id] are lints, which the README lists: "warning:" for what is a hole
unless it is meant, "note:" for what is good to know. With --bootstrap an Envoy
configuration is looked at too, for how it runs the module. With --expand the
template that each preset stands for is printed as well, to be read or changed.

FILE is JSON, or YAML when its name ends in .yaml or .yml; "-" is JSON on stdin.
Variables that the configuration takes secrets from are named with --env.

Exit codes: 0 accepted, with or without warnings; 1 refused, or with --strict
accepted with a warning; 2 wrong usage, a file that cannot be read, or no module.`

func newCheckCommand(a *app) *cobra.Command {
	var env []string
	f := checkFlags{buffer: newBufferLimit()}
	cmd := &cobra.Command{
		Use:   "check FILE|-",
		Short: "Say what is wrong with a configuration",
		Long:  checkHelp,
		Example: `  postern check postern.yaml
  postern check --env HOOK_SECRET --output json - < postern.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			vars, err := parseEnv(env)
			if err != nil {
				return err
			}
			return a.check(cmd.Context(), args[0], vars, f)
		},
	}
	cmd.Flags().StringArrayVar(&env, "env", nil, "a variable for the module: NAME for this process's own, or NAME=VALUE, which others can see; may be repeated")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "exit code 1 if there is a warning")
	cmd.Flags().BoolVar(&f.expand, "expand", false, "print the templates that the presets of signed requests stand for")
	cmd.Flags().StringVar(&f.bootstrap, "bootstrap", "", "an Envoy bootstrap, or a part of one, JSON or YAML, to lint as well")
	cmd.Flags().Var(&f.buffer, "buffer-limit", "the longest body that your proxy holds: Envoy's per_connection_buffer_limit_bytes")
	return cmd
}

// checkFlags are the flags of check.
type checkFlags struct {
	strict, expand bool
	bootstrap      string
	buffer         byteSize
}

// checked is what check finds.
type checked struct {
	*replay.Report
	// Lints are what is accepted and may not be meant.
	Lints []lint.Finding `json:"lints"`
	// Presets are what the presets stand for, if that was asked.
	Presets []lint.Preset `json:"presets,omitempty"`
}

// warnings counts all that are no notes.
func (c *checked) warnings() int {
	n := len(c.Warnings)
	for _, f := range c.Lints {
		if f.Level == lint.Warning {
			n++
		}
	}
	return n
}

// check judges one file.
func (a *app) check(ctx context.Context, path string, env map[string]string, f checkFlags) error {
	config, problem, err := a.readConfig(path)
	if err != nil {
		return err
	}
	report := &replay.Report{Errors: []replay.Problem{}, Warnings: []replay.Problem{}}
	if problem != "" {
		report.Errors = append(report.Errors, replay.Problem{Message: problem})
	} else {
		wasm, err := a.readModule()
		if err != nil {
			return err
		}
		if report, err = replay.Check(ctx, wasm, config, env); err != nil {
			return err
		}
	}
	c := &checked{Report: report, Lints: []lint.Finding{}}
	if f.bootstrap != "" {
		text, err := serve.ReadConfig(f.bootstrap)
		if err != nil {
			return err
		}
		if c.Lints, err = lint.Bootstrap(text); err != nil {
			return fmt.Errorf("cannot read %s: %w", f.bootstrap, err)
		}
	}
	if report.OK {
		found, err := lint.Config(config, env, int64(f.buffer))
		if err != nil {
			return fmt.Errorf("the module takes the configuration and its rooms do not: %w", err)
		}
		c.Lints = append(found, c.Lints...)
		if f.expand {
			if c.Presets, err = lint.Presets(config); err != nil {
				return err
			}
		}
	}
	if c.Lints == nil {
		c.Lints = []lint.Finding{} // JSON says [], not null
	}
	return a.report(path, c, f.strict)
}

// report prints what was found: for a program all of it on stdout, for a reader
// the findings on stderr and no more there than one line each.
func (a *app) report(path string, r *checked, strict bool) error {
	tooMany := strict && r.warnings() > 0
	if a.output == outputJSON {
		if err := writeJSON(a.out, r); err != nil {
			return err
		}
		if !r.OK {
			return refusedf("%s: refused, %s", path, count(len(r.Errors), "error"))
		}
		if tooMany {
			return refusedf("%s: %s", path, count(r.warnings(), "warning"))
		}
		return nil
	}
	for _, p := range r.Errors {
		fmt.Fprintln(a.err, p)
	}
	for _, p := range r.Warnings {
		fmt.Fprintln(a.err, "warning: "+p.String())
	}
	for _, f := range r.Lints {
		fmt.Fprintln(a.err, string(f.Level)+": "+f.String())
	}
	if !r.OK {
		return errRefused
	}
	warnings := r.warnings()
	if tooMany {
		return refusedf("%s: %s", path, count(warnings, "warning"))
	}
	line := path + ": ok"
	if warnings > 0 {
		line += ", " + count(warnings, "warning")
	}
	if n := len(r.Warnings) + len(r.Lints) - warnings; n > 0 {
		line += ", " + count(n, "note")
	}
	if _, err := fmt.Fprintln(a.out, line); err != nil {
		return err
	}
	return writePresets(a.out, r.Presets)
}

// count says how many there are of what.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// readConfig reads the file, or stdin. A text that is no YAML is a problem of
// the configuration and not an error: it was read.
func (a *app) readConfig(path string) (config []byte, problem string, err error) {
	if path == "-" {
		config, err = io.ReadAll(io.LimitReader(a.in, serve.MaxConfigBytes+1))
		if err == nil && len(config) > serve.MaxConfigBytes {
			err = fmt.Errorf("larger than %d bytes", serve.MaxConfigBytes)
		}
		if err != nil {
			return nil, "", fileError("read", "stdin", err)
		}
		return config, "", nil
	}
	config, err = serve.ReadConfig(path)
	var errno syscall.Errno
	if err == nil || errors.As(err, &errno) {
		return config, "", err
	}
	return nil, strings.TrimPrefix(err.Error(), path+": "), nil
}

// parseEnv reads the values of --env: NAME is taken from this process's
// environment, NAME=VALUE is given. Its errors repeat no value.
func parseEnv(list []string) (map[string]string, error) {
	env := make(map[string]string, len(list))
	for _, s := range list {
		name, v, given := strings.Cut(s, "=")
		if name == "" {
			return nil, errors.New("--env: want NAME or NAME=VALUE")
		}
		if !given {
			var ok bool
			if v, ok = os.LookupEnv(name); !ok {
				return nil, fmt.Errorf("--env %s: not set in the environment", name)
			}
		}
		env[name] = v
	}
	return env, nil
}
