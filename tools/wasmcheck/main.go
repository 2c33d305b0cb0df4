// Command wasmcheck holds a built module against its rules.
//
//	go run ./tools/wasmcheck [-update] build/postern.wasm
//
// Two kinds of rule: what may change with a reason (the imports and exports in
// testdata/golden/wasm-imports.txt and wasm-exports.txt, rewritten by -update),
// and what never may (no allocator of C, no import that hosts lack, one heap,
// the size budget), which -update does not bless.
//
// The function names are read from the module beside it, postern-names.wasm for
// postern.wasm: the same link before it was stripped, which is checked. It ends
// with 0 if every rule holds, else with 1 and one line for each that does not.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/postern-wasm/postern/tools/internal/wasm"
)

func main() {
	update := flag.Bool("update", false, "rewrite the golden lists of imports and exports")
	golden := flag.String("golden", filepath.Join("testdata", "golden"), "folder of the golden lists; empty: only the rules that hold for ever")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: wasmcheck [-update] [-golden FOLDER] MODULE.wasm")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *golden, *update); err != nil {
		fmt.Fprintf(os.Stderr, "wasmcheck: %v\n", err)
		os.Exit(1)
	}
}

// run checks the module at path and prints what it found.
func run(path, golden string, update bool) error {
	module, err := load(path)
	if err != nil {
		return err
	}
	named, err := withNames(path, module)
	if err != nil {
		return err
	}
	lists := []list{
		{file: filepath.Join(golden, "wasm-imports.txt"), what: "import", lines: lines(module.Imports)},
		{file: filepath.Join(golden, "wasm-exports.txt"), what: "export", lines: lines(module.Exports)},
	}
	if golden == "" {
		lists = nil
	}
	faults := forever(module, named)
	for _, l := range lists {
		if update {
			if err := l.write(); err != nil {
				return err
			}
			continue
		}
		more, err := l.compare()
		if err != nil {
			return err
		}
		faults = append(faults, more...)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%s breaks %d rules:\n  %s", path, len(faults), strings.Join(faults, "\n  "))
	}
	fmt.Printf("wasmcheck: %s: %d bytes (%d%% of the budget), %d imports, %d exports, %d functions, no C allocator\n",
		path, module.Size, module.Size*100/sizeBudget, len(module.Imports), len(module.Exports), module.Functions)
	return nil
}

func load(path string) (*wasm.Module, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := wasm.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// withNames returns the module of the same link that has function names: the
// module itself, or the one beside it.
func withNames(path string, module *wasm.Module) (*wasm.Module, error) {
	if module.Names != nil {
		return module, nil
	}
	beside := strings.TrimSuffix(path, ".wasm") + "-names.wasm"
	named, err := load(beside)
	if err != nil {
		return nil, fmt.Errorf("%s has no function names, and so what is linked into it cannot be told: %w", path, err)
	}
	if named.Names == nil {
		return nil, fmt.Errorf("%s has no function names", beside)
	}
	if string(named.Code()) != string(module.Code()) {
		return nil, fmt.Errorf("%s is not the link that %s was stripped from; `make plugin` makes both", beside, path)
	}
	return named, nil
}
