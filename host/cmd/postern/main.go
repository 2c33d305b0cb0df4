// Command postern runs Postern's module on this machine: as a filtering proxy,
// as a checker of configurations, as a bench for single requests, and mints
// what one needs to try it.
//
// In: flags, files and stdin. Out: results on stdout, one clear line on stderr
// for what went wrong, and an exit code that scripts can rely on. Spec: the
// help of each command. It decides nothing about a credential: the module does.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every command.
const (
	exitOK      = 0
	exitRefused = 1
	exitUsage   = 2
)

const exitHelp = `
Exit codes: 0 it went well, 1 the answer is no (a configuration refused, a
signature that does not verify), 2 wrong usage or the machine is in the way (a
file that cannot be read, a port in use, no module).`

// app is what the commands share: the streams and the flags of the root.
type app struct {
	in       io.Reader
	out, err io.Writer
	output   outputFormat
	module   string
}

func main() {
	// The first signal asks the command to end; after it the default is back,
	// so that a second one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	a := &app{in: in, out: out, err: errw, output: outputText}
	root := newRootCommand(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if err != errRefused { //nolint:errorlint // by identity: the bare sentinel says that all has been printed
		fmt.Fprintln(errw, "postern: "+strings.TrimSuffix(err.Error(), "\n"))
	}
	if errors.Is(err, errRefused) {
		return exitRefused
	}
	return exitUsage
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "postern",
		Short: "Verify who sends an HTTP request, with the module that runs in your proxy",
		Long: `postern runs the proxy-wasm module postern.wasm on this machine, with the same
decisions as in Envoy: as a filtering reverse proxy, as a checker of
configurations and as a bench for single requests. It also makes the tokens and
key sets that one needs to try it.

The module is looked for in --module, $POSTERN_MODULE, postern.wasm beside this
program and build/postern.wasm, in this order.
` + exitHelp,
		Example: `  postern serve --config postern.yaml --upstream http://127.0.0.1:9000
  postern keys new --alg ES256 --out signing.jwk
  postern token mint --key signing.jwk --iss https://login.example --aud orders`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf(`%w; see "%s --help"`, err, c.CommandPath())
	})
	root.PersistentFlags().VarP(&a.output, "output", "o", `form of the output: "text" or "json"`)
	root.PersistentFlags().StringVar(&a.module, "module", "", "the module to run, postern.wasm")
	root.AddCommand(
		newServeCommand(a),
		newCheckCommand(a),
		newReplayCommand(a),
		newExplainCommand(a),
		newMigrateCommand(a),
		newKeysCommand(a),
		newTokenCommand(a),
		newSignCommand(a),
		newVersionCommand(a),
	)
	return root
}

// knownCommand refuses a first word that is no command, with what it may have meant.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	text := fmt.Sprintf("no command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += fmt.Sprintf("; did you mean %q?", near[0])
	}
	return fmt.Errorf(`%s; see "%s --help"`, text, cmd.CommandPath())
}

// needsSubcommand is what a group of commands does by itself.
func needsSubcommand(cmd *cobra.Command, args []string) error {
	if err := knownCommand(cmd, args); err != nil {
		return err
	}
	return fmt.Errorf(`%[1]s needs a command; see "%[1]s --help"`, cmd.CommandPath())
}
