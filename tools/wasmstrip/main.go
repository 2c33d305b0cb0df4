// Command wasmstrip makes the module that is shipped out of the one that was
// linked.
//
//	go run ./tools/wasmstrip build/postern-names.wasm build/postern.wasm
//
// In comes the linked module with its function names. Out goes the same module
// without custom sections (names, producers, debugging) and without the exports
// that the compiler's runtime adds for its own use. The code stays byte for
// byte, so what wasmcheck finds in the one with names holds for the other.
// The result appears with one rename, whole or not at all.
package main

import (
	"fmt"
	"os"

	"github.com/postern-wasm/postern/tools/internal/wasm"
)

// dropped are exports that no host calls: TinyGo's float helpers, exported
// because its runtime marks them so.
var dropped = []string{"fminimum", "fminimumf", "fmaximum", "fmaximumf"}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: wasmstrip LINKED.wasm STRIPPED.wasm")
		os.Exit(2)
	}
	if err := strip(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "wasmstrip:", err)
		os.Exit(1)
	}
}

func strip(in, out string) error {
	linked, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	stripped, err := wasm.Strip(linked, dropped)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	if err := os.WriteFile(out+".new", stripped, 0o644); err != nil { //nolint:gosec // a build product, for everyone to read
		return err
	}
	return os.Rename(out+".new", out)
}
