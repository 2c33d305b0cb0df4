package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemo runs the demo with the command as it stands and the module that was
// built, and says what the demo says.
func TestDemo(t *testing.T) {
	module := os.Getenv("POSTERN_MODULE")
	if module == "" {
		module = "../../build/postern.wasm"
	}
	wasm, err := os.ReadFile(module) //nolint:gosec // the module under test
	if err != nil {
		t.Fatalf("no module, which this test needs: %v; `make plugin` builds it", err)
	}
	build := t.TempDir()
	if err := os.WriteFile(filepath.Join(build, "postern.wasm"), wasm, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(build, "postern"), "../../host/cmd/postern") //nolint:gosec // a path of this test's
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	var out bytes.Buffer
	if err := run(t.Context(), &out, build); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	if n := strings.Count(out.String(), " ok\n"); n != len(rows()) {
		t.Errorf("%d rows are ok, of %d:\n%s", n, len(rows()), out.String())
	}
}
