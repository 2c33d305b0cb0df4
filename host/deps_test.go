package host

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestImports states which room of the host may import which, tests aside. The
// standard library is everybody's.
func TestImports(t *testing.T) {
	const module = "github.com/postern-wasm/postern/"
	wazero := []string{"github.com/tetratelabs/wazero", "github.com/tetratelabs/wazero/api"}
	rooms := map[string][]string{
		"abi":               {},
		"upstream":          {module + "host/abi"},
		"internal/state":    {module + "host/abi"},
		"internal/meter":    {},
		"internal/guest":    append([]string{module + "host/abi", module + "host/internal/meter", "github.com/tetratelabs/wazero/experimental"}, wazero...),
		"internal/wasmtest": {module + "host/abi"},
		"internal/hostcall": append([]string{
			module + "host/abi", module + "host/upstream", module + "host/internal/guest",
			module + "host/internal/state", module + "host/internal/meter",
		}, wazero...),
		".": {
			module + "host/abi", module + "host/upstream", module + "host/internal/guest",
			module + "host/internal/hostcall", module + "host/internal/state",
		},
	}
	for room, allowed := range rooms {
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(room), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", room, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range f.Imports {
				path := strings.Trim(i.Path.Value, `"`)
				if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") && !slices.Contains(allowed, path) {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}
