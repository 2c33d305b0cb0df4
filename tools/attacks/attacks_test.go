package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestEveryAttackHasATestOrAReason holds the list and the tests of this checkout together.
func TestEveryAttackHasATestOrAReason(t *testing.T) {
	report, err := Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range report.Faults {
		t.Error(fault)
	}
	if len(report.Rows) < 250 {
		t.Errorf("the list has %d rows", len(report.Rows))
	}
	t.Log("note: " + report.Summary())
}

func TestIDs(t *testing.T) {
	for text, want := range map[string][]string{
		"// S-03: two tokens":              {"S-03"},
		"H-01 to H-04, and H-07":           {"H-01", "H-02", "H-03", "H-04", "H-07"},
		"R-01..R-03":                       {"R-01", "R-02", "R-03"},
		"W-05-W-07":                        {"W-05", "W-06", "W-07"},
		"R-01 to S-02":                     {"R-01"},
		"UTF-16, SHA-256, ISO-88, A-01":    nil,
		"xS-03 S-3 S-034 s-03":             nil,
		`{law: "F-01 H-20 a bad token"}`:   {"F-01", "H-20"},
		"an id is named once for each use": nil,
	} {
		if got := ids("", text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for name, want := range map[string][]string{
		"TestS03OneHash": {"S-03"}, "FuzzJ01": {"J-01"}, "TestW02_Local": {"W-02"}, "BenchmarkL01": nil, "TestUTF16": nil, "TestSignature": nil,
	} {
		if got := ids(name, ""); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestRead(t *testing.T) {
	const head = "# a comment\n\n"
	for _, c := range []struct {
		law, list string
		files     map[string]string
		summary   string
		faults    []string
		err       string
	}{
		{
			law: "a test or a reason", list: head + "S-01\ta\tT\t\nS-02\tb\tT\tno such feature yet\n",
			files:   map[string]string{"room/a_test.go": "package a\n\n// S-01: laws.\nfunc TestA() {}\n"},
			summary: "attacks: 1 of 2 have a test by id, 1 a written reason",
		},
		{
			law: "neither", list: "S-01\ta\tT\t\n", summary: "attacks: 0 of 1 have a test by id, 0 a written reason",
			faults: []string{"S-01 has no test and no reason: a"},
		},
		{
			law: "both", list: "S-01\ta\tT\tnot yet\n", files: map[string]string{"a_test.go": "package a\n\nfunc TestS01() {}\n"},
			summary: "attacks: 1 of 1 have a test by id, 0 a written reason, 1 a part left", faults: []string{"S-01 has a reason for no test, and ..TestS01; what is left begins with \"left: \""},
		},
		{
			law: "a part is left", list: "S-01\ta\tT\tleft: the other half\n", files: map[string]string{"a_test.go": "package a\n\nfunc TestS01() {}\n"},
			summary: "attacks: 1 of 1 have a test by id, 0 a written reason, 1 a part left",
		},
		{law: "a part is left of what nobody began", list: "S-01\ta\tT\tleft: half\n", summary: "attacks: 0 of 1 have a test by id, 1 a written reason", faults: []string{"S-01 has no test, and a reason that says that only a part is left"}},
		{
			law: "an id that is not in the list", list: "S-01\ta\tT\tnot yet\n", files: map[string]string{"a_test.go": "package a\n\nvar table = []string{\"S-09\"}\n"},
			summary: "attacks: 0 of 1 have a test by id, 1 a written reason", faults: []string{"..table names S-09, which is not in the list"},
		},
		{
			law: "files that are no tests name nothing", list: "S-01\ta\tT\tnot yet\n",
			files:   map[string]string{"a.go": "package a\n\n// S-01\n", "build/a_test.go": "package a\n\nfunc TestS01() {}\n", "testdata/a_test.go": "package a\n\nfunc TestS01() {}\n", "tools/attacks/a_test.go": "package a\n\nfunc TestS01() {}\n"},
			summary: "attacks: 0 of 1 have a test by id, 1 a written reason",
		},
		{
			law: "a bad configuration is a case by its name", list: "S-01\ta\tC\t\n", files: map[string]string{"testdata/configs/bad/S-01-headers.json": "{}"},
			summary: "attacks: 1 of 1 have a test by id, 0 a written reason",
		},
		{law: "twice", list: "S-01\ta\tT\t\nS-01\ta\tT\t\n", err: "testdata/attacks.tsv:2: S-01 stands there twice"},
		{law: "a cell too few", list: "S-01\ta\tT\n", err: "testdata/attacks.tsv:1: not id, attack, must, reason"},
		{law: "no id", list: "S-1\ta\tT\t\n", err: "testdata/attacks.tsv:1: not id, attack, must, reason"},
		{law: "no Go", list: "S-01\ta\tT\t\n", files: map[string]string{"a_test.go": "func"}, err: "expected 'package'"},
	} {
		t.Run(c.law, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, list, c.list)
			for name, text := range c.files {
				write(t, root, name, text)
			}
			report, err := Read(root)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Summary(); got != c.summary {
				t.Errorf("%q, want %q", got, c.summary)
			}
			if !reflect.DeepEqual(report.Faults, c.faults) {
				t.Errorf("faults %q, want %q", report.Faults, c.faults)
			}
		})
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
