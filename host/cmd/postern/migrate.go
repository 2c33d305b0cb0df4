package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/postern-wasm/postern/host/migrate"
	"github.com/postern-wasm/postern/host/serve"
)

const migrateHelp = `migrate takes a configuration of Envoy's jwt_authn filter and prints, on stdout,
the configuration of Postern that behaves the same: jwt_authn's own with compat:
"jwt_authn" in it, less what cannot be carried. With --strict it prints the one
with Postern's own defaults. On stderr it says what cannot be carried, and every
difference of behaviour that the strict configuration brings (strict:), with what
to write to keep the old behaviour, and what both bring (always:).

FILE is an Envoy bootstrap or any part of one, an entry of http_filters, or the
filter's configuration alone, JSON or YAML, in either spelling; "-" is stdin. Of
several filters each is printed, one JSON document after the other.

Exit codes: 0 the configuration says all; 1 it is refused as printed, see stderr;
2 wrong usage, a file that cannot be read, or no jwt_authn filter in it.`

func newMigrateCommand(a *app) *cobra.Command {
	var opts migrate.Options
	var inline bool
	cmd := &cobra.Command{
		Use:   "migrate FILE|-",
		Short: "Turn a jwt_authn configuration into Postern's",
		Long:  migrateHelp,
		Example: `  postern migrate envoy.yaml > postern.json
  postern migrate --strict --output json envoy.yaml | jq '.[0].strict_differences'`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if inline {
				opts.ReadFile = os.ReadFile
			}
			return a.migrate(args[0], opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Strict, "strict", false, "print the configuration without compat")
	cmd.Flags().BoolVar(&inline, "inline-files", false, "read key sets that are named by file, and inline them")
	return cmd
}

func (a *app) migrate(path string, opts migrate.Options) error {
	opts.Env = os.LookupEnv
	in := a.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return fileError("read", path, err)
		}
		defer f.Close() //nolint:errcheck // read only: nothing can be lost
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, serve.MaxConfigBytes+1))
	if err == nil && len(text) > serve.MaxConfigBytes {
		err = fmt.Errorf("larger than %d bytes", serve.MaxConfigBytes)
	}
	if err != nil {
		return fileError("read", path, err)
	}
	filters, err := migrate.Run(text, opts)
	if errors.Is(err, migrate.ErrNone) {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", path, err)
	}
	if a.output == outputJSON {
		err = writeJSON(a.out, filters)
	} else {
		err = a.writeFilters(filters)
	}
	if err != nil {
		return err
	}
	for i := range filters {
		if n := len(filters[i].Problems); n > 0 {
			return refusedf("%s: refused as printed, %s", path, count(n, "error"))
		}
	}
	return nil
}

// writeFilters prints configurations on stdout and what is to be said of them on stderr.
func (a *app) writeFilters(filters []migrate.Filter) error {
	for i := range filters {
		f := &filters[i]
		if _, err := fmt.Fprintln(a.out, string(f.Config)); err != nil {
			return err
		}
		if f.Path != "" {
			fmt.Fprintln(a.err, "filter: "+f.Path)
		}
		for _, p := range f.Problems {
			fmt.Fprintln(a.err, "error: "+p)
		}
		for _, group := range []struct {
			name  string
			notes []migrate.Note
		}{{"not carried", f.NotCarried}, {"always", f.Always}, {"strict", f.Strict}} {
			for _, n := range group.notes {
				line := group.name + ": "
				if n.Path != "" {
					line += n.Path + ": "
				}
				line += n.Text
				if n.Keep != "" {
					line += "; to keep it: " + n.Keep
				}
				fmt.Fprintln(a.err, line)
			}
		}
	}
	return nil
}
