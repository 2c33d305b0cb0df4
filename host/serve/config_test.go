package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadConfig(t *testing.T) {
	for _, tc := range []struct {
		name, file, in, want, err string
	}{
		{"JSON is returned byte for byte, also where it is wrong", "c.json", `{"a":1, "a":2}x`, `{"a":1, "a":2}x`, ""},
		{"a name without an extension is JSON", "config", `{"a":1}`, `{"a":1}`, ""},
		{"YAML becomes JSON", "c.yaml", "a: 1\nb: [x, \"2\"]\n", `{"a":1,"b":["x","2"]}`, ""},
		{"a 64-bit number keeps its digits", "c.yml", "id: 9007199254740993\n", `{"id":9007199254740993}`, ""},
		{"a name that occurs twice in YAML is refused", "c.yaml", "a: 1\na: 2\n", "", "already"},
		{"YAML that is none is refused on one line", "c.yaml", "a: [1\nb: }\n", "", "yaml"},
		{"a second YAML document is refused", "c.yaml", "---\na: 1\n---\nb: 2\n", "", "several YAML documents"},
		{"a second YAML document after a first without a mark is refused", "c.yaml", "a: 1\n--- \nb: 2\n", "", "several YAML documents"},
		{"one document with its mark is one", "c.yaml", "# first\n---\na: 1\n", `{"a":1}`, ""},
		{"three dashes inside of a text are no mark", "c.yaml", "a: |\n  ---\n  b\n", `{"a":"---\nb\n"}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tc.file)
			if err := os.WriteFile(path, []byte(tc.in), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadConfig(path)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || !strings.Contains(err.Error(), path) {
					t.Fatalf("error %v, want one that names the file and says %q", err, tc.err)
				}
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("error has several lines: %q", err)
				}
				return
			}
			if err != nil || string(got) != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestReadConfigNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.json")
	large := filepath.Join(dir, "large.json")
	if err := os.WriteFile(large, make([]byte, MaxConfigBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, path, want string }{
		{"a missing file", missing, "cannot read " + missing + ": no such file or directory"},
		{"a directory", dir, "cannot read " + dir + ": is a directory"},
		{"a file over the bound", large, "cannot read " + large + ": larger than 8388608 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := ReadConfig(tc.path); err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
