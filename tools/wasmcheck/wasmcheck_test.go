package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/tools/internal/wasm/wasmtest"
)

// good is a module that keeps every rule; each case breaks one.
func good() wasmtest.Module {
	return wasmtest.Module{
		Imports: [][2]string{{"env", "proxy_log"}, {"wasi_snapshot_preview1", "random_get"}},
		Bodies:  [][]byte{{}, wasmtest.Grow},
		Exports: []wasmtest.Export{{Name: "proxy_on_memory_allocate", Index: 2}, {Name: "_initialize", Index: 3}},
		Names:   map[int]string{2: "internal.proxyOnMemoryAllocate", 3: "runtime.growHeap"},
	}
}

// place writes files into a fresh folder and returns it.
func place(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	goodImports = "# comment\nenv.proxy_log () -> ()\nwasi_snapshot_preview1.random_get () -> ()\n"
	goodExports = "_initialize () -> ()\nproxy_on_memory_allocate () -> ()\n"
)

func check(t *testing.T, m wasmtest.Module, imports, exports string) error {
	t.Helper()
	dir := place(t, map[string][]byte{
		"m.wasm": m.Bytes(), "wasm-imports.txt": []byte(imports), "wasm-exports.txt": []byte(exports),
	})
	return run(filepath.Join(dir, "m.wasm"), dir, false)
}

func TestAModuleThatKeepsTheRulesPasses(t *testing.T) {
	if err := check(t, good(), goodImports, goodExports); err != nil {
		t.Error(err)
	}
}

func TestEachRuleRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*wasmtest.Module)
		want   string
	}{
		"export malloc": {func(m *wasmtest.Module) {
			m.Exports = append(m.Exports, wasmtest.Export{Name: "malloc", Index: 2})
		}, "export malloc: hosts would allocate"},
		"export free": {func(m *wasmtest.Module) {
			m.Exports = append(m.Exports, wasmtest.Export{Name: "free", Index: 2})
		}, "export free: hosts would allocate"},
		"an import of libc": {func(m *wasmtest.Module) {
			m.Imports = append(m.Imports, [2]string{"env", "getenv"})
			m.Names, m.Exports = map[int]string{}, nil
		}, "import env.getenv: no proxy has it"},
		"an import from another module": {func(m *wasmtest.Module) {
			m.Imports[0] = [2]string{"gojs", "proxy_log"}
		}, "import gojs.proxy_log: no proxy has it"},
		"dlmalloc linked":              {func(m *wasmtest.Module) { m.Names[2] = "dlmalloc" }, "function 2, dlmalloc: wasi-libc's allocator"},
		"a copy of dlmalloc linked":    {func(m *wasmtest.Module) { m.Names[2] = "dlmalloc.llvm.77" }, "function 2, dlmalloc.llvm.77"},
		"sbrk linked":                  {func(m *wasmtest.Module) { m.Names[2] = "sbrk" }, "function 2, sbrk: wasi-libc's allocator"},
		"malloc linked, not exported":  {func(m *wasmtest.Module) { m.Names[2] = "malloc" }, "function 2, malloc: wasi-libc's allocator"},
		"a second heap without a name": {func(m *wasmtest.Module) { m.Bodies[0] = wasmtest.Grow }, "memory.grow 2 times"},
		"over the budget": {func(m *wasmtest.Module) {
			m.Bodies[0] = make([]byte, sizeBudget)
			for i := range m.Bodies[0] {
				m.Bodies[0][i] = 0x01
			}
		}, "over the budget of 1048576"},
		"an import more than the list": {func(m *wasmtest.Module) {
			m.Imports[0][1] = "proxy_http_call"
		}, "import not in"},
		"an import less": {func(m *wasmtest.Module) {
			m.Imports[0][1] = "proxy_http_call"
		}, "import gone that"},
		"an export more than the list": {func(m *wasmtest.Module) {
			m.Exports = append(m.Exports, wasmtest.Export{Name: "proxy_on_tick", Index: 2})
		}, "proxy_on_tick () -> ()"},
		"an export less": {func(m *wasmtest.Module) { m.Exports = m.Exports[:1] }, "export gone that"},
	} {
		t.Run(name, func(t *testing.T) {
			m := good()
			test.change(&m)
			err := check(t, m, goodImports, goodExports)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that says %q", err, test.want)
			}
		})
	}
}

func TestGoNamesThatOnlyLookLikeAllocatorsPass(t *testing.T) {
	for _, name := range []string{"runtime.alloc", "runtime.free", "github.com/x/malloc.Free", "internal.proxyOnMemoryAllocate", "(*pool).free"} {
		m := good()
		m.Names[2] = name
		if err := check(t, m, goodImports, goodExports); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUpdateWritesTheListsAndBlessesNoForeverRule(t *testing.T) {
	m := good()
	m.Exports = append(m.Exports, wasmtest.Export{Name: "malloc", Index: 2})
	dir := place(t, map[string][]byte{"m.wasm": m.Bytes()})
	path := filepath.Join(dir, "m.wasm")
	for range 2 {
		if err := run(path, dir, true); err == nil || !strings.Contains(err.Error(), "export malloc") {
			t.Fatalf("error %v, want the export refused although the list was written", err)
		}
	}
	dir = place(t, map[string][]byte{"m.wasm": good().Bytes()})
	path = filepath.Join(dir, "m.wasm")
	if err := run(path, dir, true); err != nil {
		t.Fatal(err)
	}
	if err := run(path, dir, false); err != nil {
		t.Errorf("the lists just written: %v", err)
	}
}

func TestNamesComeOnlyFromTheSameLink(t *testing.T) {
	stripped := good()
	stripped.Names = nil
	other := good()
	other.Bodies[0] = []byte{0x01}
	for name, test := range map[string]struct {
		beside []byte
		want   string
	}{
		"none beside":           {nil, "has no function names"},
		"one without names":     {stripped.Bytes(), "m-names.wasm has no function names"},
		"one of another link":   {other.Bytes(), "is not the link"},
		"one that is no module": {[]byte("x"), "not a WebAssembly module"},
		"the same link":         {good().Bytes(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"m.wasm": stripped.Bytes()}
			if test.beside != nil {
				files["m-names.wasm"] = test.beside
			}
			err := run(filepath.Join(place(t, files), "m.wasm"), "", false)
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want one that says %q", err, test.want)
			}
		})
	}
}
