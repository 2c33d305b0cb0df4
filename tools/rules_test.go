// Package tools_test holds the tree against the rules of the house that no
// linter knows.
package tools_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// tracked returns the tracked files that still exist, by their path from the root.
func tracked(t *testing.T) []string {
	t.Helper()
	// Looked at so that go test does not take an old result after a git add.
	_, _ = os.Stat(filepath.Join(root, ".git", "index"))
	out, err := exec.Command("git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []string
	for _, name := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(root, name)); err == nil {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		t.Fatal("git ls-files lists nothing")
	}
	return files
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// generated is how Go marks a file that nobody reads from top to bottom.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func TestGoFilesHaveAtMost400Lines(t *testing.T) {
	for _, name := range tracked(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text := read(t, name)
		if generated.Match(text) {
			continue
		}
		if n := bytes.Count(text, []byte("\n")); n > 400 {
			t.Errorf("%s has %d lines", name, n)
		}
	}
}

// Paths of one machine and names of the hosts behind package managers: neither
// means anything to whoever reads the tree.
var foreign = regexp.MustCompile(`(^|[^\w./-])/(root|home|work|Users|tmp/[a-z])/|proxy\.golang\.org|pypi\.org|registry\.npmjs|deb\.debian\.org`)

func TestNoMachinePaths(t *testing.T) {
	for _, name := range tracked(t) {
		if name == "tools/rules_test.go" || strings.HasPrefix(name, "testdata/") || strings.Contains(name, "/testdata/") || strings.HasSuffix(name, ".sum") {
			continue
		}
		for i, line := range bytes.Split(read(t, name), []byte("\n")) {
			if foreign.Match(line) {
				t.Errorf("%s:%d: %s", name, i+1, line)
			}
		}
	}
}

func TestNoMachinePathsRecognises(t *testing.T) {
	for line, want := range map[string]bool{
		`cd /root/x`: true, `"/home/me/x"`: true, "/Users/me/x": true, "fetch(https://pypi.org/x)": true,
		"/etc/envoy/postern.wasm": false, "path: /workers/7": false, "a/home/b": false, "https://example/root/x": false,
	} {
		if got := foreign.MatchString(line); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
}

func TestTheTopHoldsNothingElse(t *testing.T) {
	allowed := []string{"go.mod", "go.sum", "Makefile", "README.md", "LICENSE"}
	for _, name := range tracked(t) {
		if !strings.Contains(name, "/") && !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) {
			t.Errorf("%s at the top", name)
		}
	}
}

// targets returns every target of the Makefile, and those that `make` lists.
func targets(t *testing.T) (all, listed []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9]+):(.*)$`).FindAllStringSubmatch(string(read(t, "Makefile")), -1) {
		all = append(all, m[1])
		if strings.Contains(m[2], "## ") {
			listed = append(listed, m[1])
		}
	}
	return all, listed
}

func TestEveryTargetOfTheHouseIsThereWithItsHelpLine(t *testing.T) {
	_, listed := targets(t)
	for _, want := range strings.Fields("help demo build plugin test e2e fuzz bench lint fmt generate golden check clean") {
		if !slices.Contains(listed, want) {
			t.Errorf("no target %s with a help line", want)
		}
	}
	out, err := exec.Command("make", "-C", root, "--no-print-directory").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range listed {
		if !regexp.MustCompile(`(?m)^` + name + `\s+\S`).Match(out) {
			t.Errorf("make alone does not list %s", name)
		}
	}
}

func TestMakeTargetsNamedInTheDocumentsExist(t *testing.T) {
	all, _ := targets(t)
	named := regexp.MustCompile("(?m)(?:`|^\\s*(?:\\$ )?)make ([a-z][a-z0-9]*)\\b")
	for _, name := range tracked(t) {
		if !strings.HasSuffix(name, ".md") {
			continue
		}
		for _, m := range named.FindAllSubmatch(read(t, name), -1) {
			if !slices.Contains(all, string(m[1])) {
				t.Errorf("%s names `make %s`, which is no target", name, m[1])
			}
		}
	}
}

func TestScriptsParseAndStopAtTheFirstError(t *testing.T) {
	for _, name := range tracked(t) {
		if !strings.HasSuffix(name, ".sh") && name != ".ci/run" {
			continue
		}
		if out, err := exec.Command("bash", "-n", filepath.Join(root, name)).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", name, out)
		}
		text := string(read(t, name))
		if !strings.Contains(text, "set -euo pipefail") && !strings.Contains(text, "/lib.sh\"") {
			t.Errorf("%s neither sets -euo pipefail nor sources lib.sh, which does", name)
		}
	}
}

// One place says each version; what Go must be told again has to agree with it.
func TestVersionsAgree(t *testing.T) {
	goVersion := regexp.MustCompile(`(?m)^go (\S+)$`)
	want := goVersion.FindSubmatch(read(t, "go.mod"))
	for _, name := range []string{"tools/tinygo.mod", "tools/lint.mod"} {
		got := goVersion.FindSubmatch(read(t, name))
		if got == nil || want == nil || !bytes.Equal(got[1], want[1]) {
			t.Errorf("%s says %q, go.mod %q", name, got, want)
		}
	}
	pinned := regexp.MustCompile(`github\.com/tinygo-org/tinygo v(\d+\.\d+)`).FindSubmatch(read(t, "tools/tinygo.mod"))
	least := regexp.MustCompile(`(?m)^TINYGO_MIN=(\S+)$`).FindSubmatch(read(t, "tools/versions.env"))
	if pinned == nil || least == nil || !bytes.Equal(pinned[1], least[1]) {
		t.Errorf("tinygo.mod pins %q, versions.env accepts from %q on", pinned, least)
	}
}
