package envoy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	executable := filepath.Join(t.TempDir(), "my-envoy")
	if err := os.WriteFile(executable, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Run("the environment names it", func(t *testing.T) {
		t.Setenv(EnvBinary, executable)
		if got, err := Find(); err != nil || got != executable {
			t.Errorf("found %q, %v", got, err)
		}
	})
	t.Run("a wrong path in the environment is an error, not a fallback", func(t *testing.T) {
		t.Setenv(EnvBinary, executable+"-not")
		if _, err := Find(); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), EnvBinary) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a file that cannot be executed is an error", func(t *testing.T) {
		plain := filepath.Join(t.TempDir(), "plain")
		if err := os.WriteFile(plain, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(EnvBinary, plain)
		if _, err := Find(); !errors.Is(err, ErrNotFound) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("the tools of this module come before the path", func(t *testing.T) {
		root := t.TempDir()
		tool := filepath.Join(root, "build/tools/envoy/lib/python3.11/site-packages/envoy/_bin/envoy")
		for path, text := range map[string]string{filepath.Join(root, "go.mod"): "module x\n", tool: "#!/bin/sh\n"} {
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o700); err != nil { //nolint:gosec // must be executable
				t.Fatal(err)
			}
		}
		t.Setenv(EnvBinary, "")
		t.Chdir(filepath.Join(root, "build"))
		if got, err := Find(); err != nil || got != tool {
			t.Errorf("found %q, %v; want %q", got, err, tool)
		}
	})
	t.Run("nothing anywhere says what to do", func(t *testing.T) {
		t.Setenv(EnvBinary, "")
		t.Setenv("PATH", t.TempDir())
		t.Chdir(t.TempDir())
		if _, err := Find(); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "make tools") {
			t.Errorf("error %v", err)
		}
	})
}
