package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// scripts holds what users type and what they must get.
const scripts = "../../../testdata/script"

// TestMain makes this binary answer to the name postern, too: scripts and
// servers in the tests are processes of their own, with signals and exit codes.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"postern": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 scripts,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("BUILT_MODULE", builtModule)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"mode":  mode,
		},
	})
}

// builtModule is where `make plugin` puts the module, unless POSTERN_MODULE says
// where else it is.
var builtModule = func() string {
	if p := os.Getenv(envModule); p != "" {
		return p
	}
	p, err := filepath.Abs("../../../build/postern.wasm")
	if err != nil {
		return err.Error() // no such file either
	}
	return p
}()

// exits runs a command that must end with that exit code: exits CODE COMMAND...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var ee *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &ee):
		code = ee.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
	// Every failure is told on stderr. Cobra's usage has no place there.
	if text := ts.ReadFile("stderr"); code != 0 && (text == "" || strings.Contains(text, "Usage:")) {
		ts.Fatalf("exit code %d with stderr %q", code, text)
	}
}

// mode checks the permissions of a file: mode 0600 FILE.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("%s has mode %o, want %o", args[1], got, want)
	}
}

// Every command teaches: what it does, how it is used, with which exit codes.
func TestHelpTeaches(t *testing.T) {
	root := newRootCommand(&app{output: outputText})
	commands := append(root.Commands(), root)
	for i := 0; i < len(commands); i++ {
		c := commands[i]
		if c != root {
			commands = append(commands, c.Commands()...)
		}
		if c.Short == "" || c.Example == "" || !strings.Contains(c.Long, "Exit codes:") {
			t.Errorf("%s: a command needs Short, Example and a Long text that names the exit codes", c.CommandPath())
		}
		if !strings.Contains(c.Example, "postern ") || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the example runs postern, the short text has no full stop", c.CommandPath())
		}
	}
	if len(commands) < 8 {
		t.Errorf("%d commands found", len(commands))
	}
}

// A command line that is wrong is exit code 2 and one line, whatever it lacks.
func TestUsageErrorsAreOneLine(t *testing.T) {
	for _, args := range [][]string{
		{"--nope"},
		{"nope"},
		{"token"},
		{"keys"},
		{"token", "mint"},
		{"token", "mint", "--key"},
		{"keys", "set"},
		{"keys", "rotate"},
		{"serve"},
		{"serve", "--config", "x"},
		{"serve", "x"},
		{"-o", "xml", "version"},
		{"serve", "--config", "x", "--upstream", "y"},
		{"version", "x"},
		{"keys", "new", "--alg", "none"},
		{"keys", "new", "--alg", "RS256", "--bits", "1024"},
		{"keys", "rotate", "--dir", ""},
		{"token", "inspect", "a", "b"},
		{"serve", "--config", "x", "--upstream", "http://h", "--workers", "0"},
		{"serve", "--config", "x", "--upstream", "http://h", "--log-level", "loud"},
		{"serve", "--config", "x", "--upstream", "http://h", "--cluster", "x"},
		{"serve", "--config", "x", "--upstream", "http://h", "--env", "POSTERN_TEST_NOT_SET"},
		{"serve", "--config", "x", "--upstream", "http://h", "--env", "=very-secret"},
		{"sign"},
		{"sign", "github"},
		{"sign", "github", "https://h/"},
		{"sign", "git-hub", "https://h/", "--secret", "x"},
		{"sign", "github", "h/", "--secret", "x"},
		{"sign", "github", "https://h/", "--secret", "very-secret", "--region", "eu"},
		{"sign", "svix", "https://h/", "--secret", "very-secret"},
		{"sign", "github", "https://h/", "--secret-env", "very-secret"},
		{"sign", "github", "https://h/", "--secret", "x", "--secret", "y"},
		{"sign", "github", "https://h/", "--secret", "x", "--time", "noon"},
		{"sign", "github", "https://h/", "--secret", "x", "--time", "none"},
		{"sign", "sigv4", "https://h/", "--secret", "x"},
		{"sign", "github", "https://h/", "--secret", "x", "-H", "x"},
		{"sign", "github", "https://h/", "--secret", "x", "-o", "text"},
		{"sign", "discord", "https://h/", "--secret", "very-secret"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var out, errs strings.Builder
			code := run(context.Background(), args, strings.NewReader(""), &out, &errs)
			if code != exitUsage || out.String() != "" {
				t.Errorf("exit code %d, stdout %q", code, out.String())
			}
			if got := errs.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "postern: ") {
				t.Errorf("stderr %q is not one line", got)
			}
			if strings.Contains(errs.String(), "very-secret") {
				t.Error("a secret is repeated")
			}
		})
	}
}
