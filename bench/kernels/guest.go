package kernels

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/postern-wasm/postern/bench/kernels/op"
)

// Build compiles the guest to out with the project's TinyGo and the flags that the
// module is built with. root is the project's folder.
func Build(ctx context.Context, root, out string) error {
	return BuildPackage(ctx, root, "./bench/guest", out)
}

// BuildPackage is Build for any guest, a package by its path below root.
func BuildPackage(ctx context.Context, root, guest, out string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	script, err := os.ReadFile(filepath.Join(root, "tools", "plugin.sh"))
	if err != nil {
		return err
	}
	flags, err := moduleFlags(string(script))
	if err != nil {
		return err
	}
	tinygo := filepath.Join(root, "build", "tools", "tinygo")
	args := append([]string{"build", "-target=" + filepath.Join(tinygo, "target.json")}, flags...)
	command := exec.CommandContext(ctx, filepath.Join(tinygo, "run"), append(args, "-o", out, guest)...)
	command.Dir = root
	command.Env = append(os.Environ(), "GOFLAGS=")
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling %s: %w\n%s", guest, err, text)
	}
	return nil
}

var (
	flagsLine = regexp.MustCompile(`(?m)^FLAGS=\(([^()]*)\)$`)
	expansion = regexp.MustCompile(`\$\{[^{}]*\}`)
)

// moduleFlags finds the module's flags in the script that builds it: kernels that
// are compiled otherwise would be others. What the script adds by an expansion, for
// builds that are not the module's own, is left out.
func moduleFlags(script string) ([]string, error) {
	m := flagsLine.FindStringSubmatch(script)
	if m == nil {
		return nil, errors.New("tools/plugin.sh has no line FLAGS=(...)")
	}
	return strings.Fields(expansion.ReplaceAllString(m[1], "")), nil
}

// guest is the kernels' module on wazero.
type guest struct {
	runtime wazero.Runtime
	module  api.Module
}

// start instantiates the guest.
func start(ctx context.Context, path string) (*guest, error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	g := &guest{runtime: wazero.NewRuntime(ctx)}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, g.runtime); err != nil {
		return nil, errors.Join(err, g.close(ctx))
	}
	config := wazero.NewModuleConfig().WithStartFunctions("_initialize")
	if g.module, err = g.runtime.InstantiateWithConfig(ctx, wasm, config); err != nil {
		return nil, errors.Join(err, g.close(ctx))
	}
	return g, nil
}

func (g *guest) close(ctx context.Context) error { return g.runtime.Close(ctx) }

// call calls an export with one result.
func (g *guest) call(ctx context.Context, name string, args ...uint64) (uint64, error) {
	f := g.module.ExportedFunction(name)
	if f == nil {
		return 0, fmt.Errorf("the guest exports no %s", name)
	}
	results, err := f.Call(ctx, args...)
	if err != nil {
		return 0, err
	}
	return results[0], nil
}

// prepare gives the guest a case's input.
func (g *guest) prepare(ctx context.Context, c Case) error {
	at, err := g.call(ctx, "input", uint64(c.Kind))
	if err != nil {
		return err
	}
	if !g.module.Memory().Write(uint32(at), c.Input) {
		return fmt.Errorf("%s: %d bytes of input do not fit", c.Name, len(c.Input))
	}
	ok, err := g.call(ctx, "prepare", uint64(c.Kind), uint64(len(c.Input)))
	if err == nil && ok != 1 {
		err = fmt.Errorf("%s: the guest refuses its input", c.Name)
	}
	return err
}

// run makes n calls; one that says no is an error.
func (g *guest) run(ctx context.Context, kind op.Kind, n int) error {
	yes, err := g.call(ctx, "run", uint64(kind), uint64(n))
	if err == nil && yes != uint64(n) {
		err = fmt.Errorf("%d of %d valid inputs were refused", uint64(n)-yes, n)
	}
	return err
}
