package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const files = "../../testdata/configs"

// environ is the environment of the files below testdata.
func environ(name string) (string, bool) {
	switch name {
	case "KEYS":
		return `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`, true
	case "SHARED_SECRET":
		return "sixteen bytes or more", true
	}
	return "", false
}

// each runs a test for every configuration of a folder, with the lines of the file
// beside it that were written by hand.
func each(t *testing.T, folder, ext string, test func(t *testing.T, text []byte, want []string)) {
	names, err := filepath.Glob(filepath.Join(files, folder, "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := os.ReadFile(strings.TrimSuffix(name, ".json") + ext)
			if err != nil {
				t.Fatal(err)
			}
			test(t, text, strings.Split(strings.TrimSuffix(string(lines), "\n"), "\n"))
		})
	}
}

func compare(t *testing.T, got []Problem, want []string) {
	t.Helper()
	if len(want) == 1 && want[0] == "" {
		want = nil
	}
	for i := 0; i < len(got) || i < len(want); i++ {
		switch {
		case i >= len(want):
			t.Errorf("not expected: %s", got[i])
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case got[i].String() != want[i]:
			t.Errorf("line %d:\n got %s\nwant %s", i+1, got[i], want[i])
		}
	}
}

func TestGoodFiles(t *testing.T) {
	each(t, "good", ".warnings", func(t *testing.T, text []byte, want []string) {
		cfg, problems := Parse(text, environ)
		compare(t, problems, nil)
		if cfg != nil {
			compare(t, cfg.Warnings, want)
		}
	})
}

func TestBadFiles(t *testing.T) {
	each(t, "bad", ".problems", func(t *testing.T, text []byte, want []string) {
		cfg, problems := Parse(text, environ)
		if cfg != nil {
			t.Error("a refused configuration is handed out")
		}
		compare(t, problems, want)
	})
}

func TestProblemsAreOneLineAndHoldNoSecret(t *testing.T) {
	each(t, "bad", ".problems", func(t *testing.T, text []byte, _ []string) {
		_, problems := Parse(text, environ)
		for _, p := range problems {
			for _, c := range []byte(p.String()) {
				if c < ' ' || c == 0x7f {
					t.Errorf("%q", p)
				}
			}
			if strings.Contains(p.String(), "AAECAwQFBgcICQoL") {
				t.Errorf("%s quotes a key", p)
			}
		}
	})
}
