package kernels

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	build "github.com/postern-wasm/postern/bench/kernels"
	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/envoy"
	"github.com/postern-wasm/postern/host/parity/kernels/batch"
)

// The guest's ways to verify.
const (
	own    = 'o' // nothing is left to the host
	hosted = 'h'
)

// folder is what the tests leave behind, until they end.
var folder string

// guestPath is the guest, compiled once with the module's flags.
var guestPath = sync.OnceValues(func() (string, error) {
	out := filepath.Join(folder, "guest.wasm")
	return out, build.BuildPackage(context.Background(), "../../..", "./host/parity/kernels/guest", out)
})

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "postern-kernels-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

func guest(t testing.TB) string {
	t.Helper()
	path, err := guestPath()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// configuration is a batch as the guest reads it.
func configuration(mode byte, cases []byte) []byte {
	return append([]byte{mode}, base64.RawURLEncoding.EncodeToString(cases)...)
}

// native verifies in this process.
func native(t *testing.T, cases []byte) string {
	t.Helper()
	verdicts, err := batch.Run(cases, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(verdicts)
}

// inWazero is the guest on the project's own host.
type inWazero struct {
	host  *host.Host
	lines []string
}

func newWazero(t *testing.T) *inWazero {
	t.Helper()
	wasm, err := os.ReadFile(guest(t))
	if err != nil {
		t.Fatal(err)
	}
	w := &inWazero{}
	w.host, err = host.New(t.Context(), wasm, host.Options{
		Log: func(l host.LogEntry) { w.lines = append(w.lines, l.Text) }, CallDeadline: -1, MemoryLimit: 1 << 30,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.host.Close(context.Background()) })
	return w
}

// run verifies n cases in the guest.
func (w *inWazero) run(t *testing.T, mode byte, cases []byte, n int) string {
	t.Helper()
	w.lines = nil
	if err := w.host.Configure(t.Context(), configuration(mode, cases)); err != nil {
		t.Fatalf("%v: %q", err, w.lines)
	}
	return verdicts(t, w.lines, n)
}

// verdicts puts lines together again. A proxy configures a plugin several times, and
// each time it must have said the same.
func verdicts(t *testing.T, lines []string, n int) string {
	t.Helper()
	var all strings.Builder
	for _, line := range lines {
		said, ok := strings.CutPrefix(line, "= ")
		if !ok {
			t.Fatalf("the guest says %q", line)
		}
		all.WriteString(said)
	}
	text := all.String()
	if n == 0 || len(text) == 0 || len(text)%n != 0 || text != strings.Repeat(text[:n], len(text)/n) {
		t.Fatalf("verdicts of %d cases: %d letters", n, len(text))
	}
	return text[:n]
}

// inEnvoy starts an Envoy that verifies a corpus in each way, and returns its verdicts.
func inEnvoy(t *testing.T, corpora map[byte]*corpus) map[byte]string {
	t.Helper()
	var listeners []envoy.Listener
	for mode, c := range corpora {
		listeners = append(listeners, envoy.Listener{
			Name: string(mode), Upstream: "nobody", Plugin: &envoy.Plugin{Wasm: guest(t), Config: configuration(mode, c.cases)},
		})
	}
	process := envoy.Run(t, envoy.Options{Listeners: listeners, Clusters: []envoy.Cluster{{Name: "nobody", Address: "127.0.0.1:1"}}})
	got := map[byte]string{}
	for mode, c := range corpora {
		var lines []string
		for _, l := range process.PluginLog(string(mode)) {
			lines = append(lines, l.Text)
		}
		got[mode] = verdicts(t, lines, c.n)
	}
	return got
}
