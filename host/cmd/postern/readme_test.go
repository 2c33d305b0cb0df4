package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// readme is the README with the repository's root as working directory.
func readme(t *testing.T) string {
	t.Helper()
	t.Chdir("../../..")
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns the README's code blocks of one language.
func blocks(t *testing.T, text, language string) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("no block of %s", language)
	}
	return found
}

// The configurations that the README shows are files, and the module takes them
// without an error or a warning.
func TestReadmeConfiguration(t *testing.T) {
	text := readme(t)
	files := map[string]string{}
	for _, pattern := range []string{"testdata/readme/first.yaml", "testdata/readme/signed/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			config, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[string(config)] = name
			if base := filepath.Base(name); !strings.Contains(text, base) {
				t.Errorf("the README does not name %s", base)
			}
		}
	}
	variable := regexp.MustCompile(`env: (\w+)`)
	for _, block := range blocks(t, text, "yaml") {
		name := files[block]
		if name == "" {
			t.Errorf("no file holds what the README shows:\n%s", block)
			continue
		}
		args := []string{"check", "--module", builtModule, name}
		for _, m := range variable.FindAllStringSubmatch(block, -1) {
			args = append(args, "--env", m[1]+"=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
		}
		var out bytes.Buffer
		if code := run(context.Background(), args, nil, &out, &out); code != exitOK {
			t.Errorf("%s: exit code %d: %s", name, code, out.String())
		}
		if strings.Contains(out.String(), "warning") {
			t.Errorf("%s: what the README shows has no warnings: %s", name, out.String())
		}
	}
}

// What the README shows of a command's output is its output.
func TestReadmeOutput(t *testing.T) {
	line := regexp.MustCompile(`^\$ build/postern ([^<|]+?)(?: < (\S+))?(?: \| cut -c1-(\d+))?$`)
	for _, block := range blocks(t, readme(t), "console") {
		command, want, _ := strings.Cut(block, "\n")
		m := line.FindStringSubmatch(command)
		if m == nil {
			t.Errorf("cannot run %q", command)
			continue
		}
		in := []byte{}
		if m[2] != "" {
			var err error
			if in, err = os.ReadFile(m[2]); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		run(context.Background(), append(strings.Fields(m[1]), "--module", builtModule), bytes.NewReader(in), &out, &out)
		got := out.String()
		if width, err := strconv.Atoi(m[3]); err == nil {
			var cut strings.Builder
			for l := range strings.Lines(got) {
				l = strings.TrimSuffix(l, "\n")
				cut.WriteString(l[:min(len(l), width)] + "\n")
			}
			got = cut.String()
		}
		if got != want {
			t.Errorf("%s\ngives\n%s\nand the README says\n%s", command, got, want)
		}
	}
}

// Every command line of the README has a command and flags that there are.
func TestReadmeCommands(t *testing.T) {
	root := newRootCommand(&app{output: outputText})
	text := readme(t)
	lines := 0
	for _, block := range blocks(t, text, "sh") {
		for _, call := range regexp.MustCompile(`build/postern ([^\n)>|]*)`).FindAllStringSubmatch(block, -1) {
			lines++
			c, args, err := root.Find(strings.Fields(call[1]))
			if err != nil || !c.Runnable() || c == root {
				t.Errorf("%q: %v", call[1], err)
				continue
			}
			for _, arg := range args {
				name, isFlag := strings.CutPrefix(arg, "--")
				if isFlag && c.Flag(name) == nil {
					t.Errorf("%q: %s has no flag --%s", call[1], c.CommandPath(), name)
				}
			}
		}
	}
	if lines < 5 {
		t.Errorf("%d command lines found", lines)
	}
	// And every command stands in the README.
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && !strings.Contains(text, "`postern "+c.Name()+"`") {
			t.Errorf("the README does not name %s", c.CommandPath())
		}
	}
}

// Targets, files and modules that the README names exist.
func TestReadmeNames(t *testing.T) {
	text := readme(t)
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)(?:^|`| {4})make ([a-z]+)").FindAllStringSubmatch(text, -1) {
		if !regexp.MustCompile(`(?m)^` + m[1] + `:`).Match(makefile) {
			t.Errorf("there is no make %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile("`((?:plugin|host|testdata|tools|bench)/[^`* ]*)`").FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.FromSlash(m[1])); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, m := range regexp.MustCompile(`(?m)^\| ([a-z0-9.]+\.[a-z]+/\S+) \| \S`).FindAllStringSubmatch(text, -1) {
		named = append(named, m[1])
		if !bytes.Contains(mod, []byte("\t"+m[1]+" v")) {
			t.Errorf("go.mod does not require %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\t?([a-z0-9.]+\.[a-z]+/\S+) v\S+$`).FindAllStringSubmatch(string(mod), -1) {
		if !slices.Contains(named, m[1]) {
			t.Errorf("the README does not say why there is %s", m[1])
		}
	}
}
