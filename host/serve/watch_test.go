package serve

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A change of the file's content is told, however it comes about.
func TestWatcher(t *testing.T) {
	for _, tc := range []struct {
		name   string
		make   func(t *testing.T, dir string) (watched string)
		change func(t *testing.T, dir string)
	}{
		{
			"written in place",
			func(t *testing.T, dir string) string { return write(t, dir, "c.json", "1") },
			func(t *testing.T, dir string) { write(t, dir, "c.json", "2") },
		},
		{
			"another file renamed over it, as editors do",
			func(t *testing.T, dir string) string { return write(t, dir, "c.json", "1") },
			func(t *testing.T, dir string) {
				rename(t, write(t, dir, ".c.json.swp", "2"), filepath.Join(dir, "c.json"))
			},
		},
		{
			"removed and made anew",
			func(t *testing.T, dir string) string { return write(t, dir, "c.json", "1") },
			func(t *testing.T, dir string) {
				if err := os.Remove(filepath.Join(dir, "c.json")); err != nil {
					t.Fatal(err)
				}
				write(t, dir, "c.json", "2")
			},
		},
		{
			"a ConfigMap's ..data swapped",
			func(t *testing.T, dir string) string {
				write(t, dir, "..2026_1/c.json", "1")
				link(t, "..2026_1", filepath.Join(dir, "..data"))
				link(t, "..data/c.json", filepath.Join(dir, "c.json"))
				return filepath.Join(dir, "c.json")
			},
			func(t *testing.T, dir string) {
				write(t, dir, "..2026_2/c.json", "2")
				link(t, "..2026_2", filepath.Join(dir, "..data_tmp"))
				rename(t, filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data"))
			},
		},
		{
			"the target of a symlink into another directory",
			func(t *testing.T, dir string) string {
				write(t, dir, "elsewhere/real.json", "1")
				write(t, dir, "here/other", "")
				link(t, "../elsewhere/real.json", filepath.Join(dir, "here", "c.json"))
				return filepath.Join(dir, "here", "c.json")
			},
			func(t *testing.T, dir string) { write(t, dir, "elsewhere/real.json", "2") },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			path := tc.make(t, dir)
			w, err := newWatcher(path)
			if err != nil {
				t.Fatal(err)
			}
			seen := make(chan string, 16)
			done := make(chan struct{})
			go func() {
				defer close(done)
				w.run(t.Context(), func() {
					data, _ := os.ReadFile(path) //nolint:gosec // the test's own file
					seen <- string(data)
				}, func(err error) { t.Error(err) })
			}()
			tc.change(t, dir)
			deadline := time.After(10 * time.Second)
			for got := ""; got != "2"; {
				select {
				case got = <-seen:
				case <-deadline:
					t.Fatal("the change was not told")
				}
			}
		})
	}
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
