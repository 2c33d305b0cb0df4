package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// list is one golden list and what the module has of it, sorted.
type list struct {
	file  string
	what  string // one line's name: "import" or "export"
	lines []string
}

// lines returns the sorted golden lines of imports or exports.
func lines[T fmt.Stringer](items []T) []string {
	out := make([]string, 0, len(items))
	for _, i := range items {
		out = append(out, i.String())
	}
	slices.Sort(out)
	return out
}

// write makes the golden file say what the module has.
func (l list) write() error {
	if err := os.MkdirAll(filepath.Dir(l.file), 0o755); err != nil { //nolint:gosec // tracked files, for everyone to read
		return err
	}
	text := fmt.Sprintf("# Every %s of postern.wasm; `make golden` writes this, wasmcheck compares it.\n%s\n",
		l.what, strings.Join(l.lines, "\n"))
	return os.WriteFile(l.file, []byte(text), 0o644) //nolint:gosec // a tracked file, for everyone to read
}

// compare returns one fault for each line that only one side has.
func (l list) compare() ([]string, error) {
	b, err := os.ReadFile(l.file)
	if err != nil {
		return nil, err
	}
	var want []string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			want = append(want, line)
		}
	}
	var faults []string
	for _, line := range l.lines {
		if !slices.Contains(want, line) {
			faults = append(faults, fmt.Sprintf("%s not in %s: %s", l.what, l.file, line))
		}
	}
	for _, line := range want {
		if !slices.Contains(l.lines, line) {
			faults = append(faults, fmt.Sprintf("%s gone that %s has: %s", l.what, l.file, line))
		}
	}
	return faults, nil
}
