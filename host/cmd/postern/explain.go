package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-wasm/postern/host/explain"
	"github.com/postern-wasm/postern/host/replay"
)

const explainHelp = `explain says why one request is let through or refused: every check of every
provider that the matched rule asks for, in order, with the section that asks for
it and what was expected and found. Last comes the verdict, which is the module's
own; the checks are made beside it, and if they lead elsewhere explain says so.

The request is a line of "postern replay" on stdin or in CASES (of several lines
the one that --name names, else the last; a configuration stays until the next),
or is made of --token, --header, --method, --path, --query and --host. --config
is the configuration where the line has none.

Key sets that have to be fetched come from the line's callouts, or with --fetch
from the network. Nothing else leaves this machine. No token, signature, secret
or claim is shown but iss, aud and the times, and of the header alg, kid and typ.

Exit codes: 0 the request is let through; 1 it is refused, or the configuration
is; 2 wrong usage, a file or key set that cannot be read, no module, or a verdict
that the checks do not lead to.`

// explainFlags are the flags of explain.
type explainFlags struct {
	config, token, method, path, query, host, name string

	headers, env []string
	now          int64
	fetch        bool
	buffer       byteSize
}

func newExplainCommand(a *app) *cobra.Command {
	f := explainFlags{buffer: newBufferLimit()}
	cmd := &cobra.Command{
		Use:   "explain [CASES|-]",
		Short: "Say why a request is let through or refused, check by check",
		Long:  explainHelp,
		Example: `  postern explain --config postern.yaml --path /api --token - < token.txt
  postern explain --name "an hour later" cases.jsonl
  postern explain --config postern.yaml --fetch --header "Authorization: Bearer $TOKEN" --output json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.explainCase(&f, args)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("now") {
				at := time.Unix(f.now, 0)
				c.Now = &at
			}
			return a.explain(cmd.Context(), c, &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.config, "config", "c", "", "the configuration, JSON or YAML (.yaml, .yml)")
	flags.StringVar(&f.token, "token", "", `a token, sent as "Authorization: Bearer"; "-" reads it from stdin, where nobody sees it`)
	flags.StringArrayVarP(&f.headers, "header", "H", nil, `a header line "Name: value"; may be repeated`)
	flags.StringVarP(&f.method, "method", "X", "GET", "the method")
	flags.StringVar(&f.path, "path", "/", "the path, with or without a query")
	flags.StringVar(&f.query, "query", "", "the query, without its question mark")
	flags.StringVar(&f.host, "host", "localhost", "the authority")
	flags.StringVar(&f.name, "name", "", "of several cases the one of that name")
	flags.Int64Var(&f.now, "now", 0, "the time in Unix seconds (default: the case's, else the machine's)")
	flags.BoolVar(&f.fetch, "fetch", false, "fetch the key sets that the configuration names")
	flags.StringArrayVar(&f.env, "env", nil, "a variable for the module: NAME or NAME=VALUE; may be repeated")
	flags.Var(&f.buffer, "buffer-limit", bufferLimitUsage)
	return cmd
}

// explain explains a case and prints what was found.
func (a *app) explain(ctx context.Context, c *replay.Case, f *explainFlags) error {
	module, err := a.findModule()
	if err != nil {
		return err
	}
	if f.fetch {
		if err := explain.Fetch(ctx, c, http.DefaultClient); err != nil {
			return err
		}
	}
	e := replay.New(replay.Options{Module: module, Verdicts: true, BufferLimit: int(f.buffer)})
	defer e.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is left to lose
	r, err := explain.Run(ctx, e, c)
	var refused *explain.Refused
	if errors.As(err, &refused) {
		return refusedf("the configuration is refused: %s", strings.ReplaceAll(refused.Problems, "\n", "; "))
	}
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		err = writeJSON(a.out, r)
	} else {
		_, err = io.WriteString(a.out, r.Text())
	}
	switch {
	case err != nil:
		return err
	case !r.Agreed:
		return fmt.Errorf("the explanation does not lead to the verdict, which is the module's: %s", r.Disagreement)
	case !r.Verdict.Allowed:
		return refusedf("%s", r.Line())
	}
	return nil
}

// explainCase puts the case together.
func (a *app) explainCase(f *explainFlags, args []string) (*replay.Case, error) {
	var c *replay.Case
	var err error
	if given := f.token != "" || len(f.headers) > 0 || f.config != "" && len(args) == 0; given {
		if len(args) > 0 {
			return nil, errors.New("a file of cases, or --token and --header: want one of them")
		}
		c, err = a.flagCase(f)
	} else {
		c, err = a.lineCase(f.name, args)
	}
	if err != nil {
		return nil, err
	}
	if f.config != "" && c.Config == nil {
		config, problem, err := a.readConfig(f.config)
		if err != nil {
			return nil, err
		}
		if problem != "" {
			return nil, refusedf("%s: %s", f.config, problem)
		}
		c.Config = config
	}
	if c.Config == nil {
		return nil, errors.New("no configuration: name it with --config, or in the case")
	}
	env, err := parseEnv(f.env)
	if err == nil && len(env) > 0 {
		c.Env = env
	}
	return c, err
}

// flagCase makes a case of the flags.
func (a *app) flagCase(f *explainFlags) (*replay.Case, error) {
	if f.config == "" {
		return nil, errors.New("--config is missing: a token is judged by a configuration")
	}
	path, query, found := strings.Cut(f.path, "?")
	req := &replay.Request{Method: f.method, Scheme: "https", Authority: f.host, Path: path}
	if f.query != "" {
		query, found = f.query, true
	}
	if found {
		req.Query = &query
	}
	for _, line := range f.headers {
		name, value, ok := strings.Cut(line, ":")
		if name = strings.ToLower(strings.TrimSpace(name)); !ok || name == "" {
			return nil, errors.New(`--header: want "Name: value"`)
		}
		req.Headers = append(req.Headers, replay.Header{Name: replay.Text(name), Value: replay.Text(strings.TrimSpace(value))})
	}
	token := f.token
	if token == "-" {
		if f.config == "-" {
			return nil, errors.New(`--config - and --token -: only one can be stdin`)
		}
		text, err := io.ReadAll(io.LimitReader(a.in, maxInspect+1))
		if err != nil || len(text) > maxInspect {
			return nil, errors.New("cannot read a token from stdin")
		}
		token = string(bytes.TrimSpace(text))
	}
	if token != "" {
		req.Headers = append(req.Headers, replay.Header{Name: "authorization", Value: replay.Text("Bearer " + token)})
	}
	return &replay.Case{Request: req}, nil
}

// lineCase reads the cases and returns the one that is asked for, with what the lines
// before it have set.
func (a *app) lineCase(name string, args []string) (*replay.Case, error) {
	in := a.in
	if len(args) == 1 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return nil, fileError("read", args[0], err)
		}
		defer f.Close() //nolint:errcheck // read only: nothing can be lost
		in = f
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, replay.MaxLine)
	var last, found *replay.Case
	for n := 1; lines.Scan() && found == nil; n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		c, err := replay.ParseCase(bytes.Clone(lines.Bytes()))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if last != nil {
			inherit(c, last)
		}
		last = c
		if name != "" && c.Name != nil && *c.Name == name {
			found = c
		}
	}
	switch {
	case lines.Err() != nil:
		return nil, fmt.Errorf("cannot read the cases: %w", lines.Err())
	case name != "" && found == nil:
		return nil, fmt.Errorf("no case is named %q", name)
	case found != nil:
		return found, nil
	case last == nil:
		return nil, errors.New("no case: want a line of JSON, or --config with --token or --header")
	}
	return last, nil
}

// inherit gives a case what the one before it has left in force.
func inherit(c, before *replay.Case) {
	if c.Config == nil {
		c.Config = before.Config
		if c.Env == nil {
			c.Env = before.Env
		}
	}
	if c.Callouts == nil {
		c.Callouts = before.Callouts
	}
	if c.Now == nil {
		c.Now = before.Now
	}
}
