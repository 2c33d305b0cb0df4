package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is a `postern serve` of its own, as a user starts it.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	addr   string
	access chan string // lines of stdout
	events chan string // lines of stderr after the one that says "listening"

	mu  sync.Mutex
	all bytes.Buffer
}

// postern returns the command that runs this binary as postern.
func postern(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := os.Stat(builtModule); err != nil {
		t.Fatalf("no module, which these tests need: %v; `make plugin` builds it", err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...) //nolint:gosec // this binary
	cmd.Args[0] = "postern"           // TestMain goes by it
	cmd.Env = append(os.Environ(), "POSTERN_MODULE="+builtModule,
		"GORACE=halt_on_error=1") // under -race this binary has the detector: a race ends it
	return cmd
}

// startServe starts serve on a free port and waits until it listens.
func startServe(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{
		t:      t,
		cmd:    postern(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--output", "json"}, args...)...),
		access: make(chan string, 256),
		events: make(chan string, 256),
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	dieWithThread(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		if t.Failed() {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Logf("postern serve said:\n%s", p.all.String())
		}
	})
	go p.read(stdout, p.access)
	go p.read(stderr, p.events)
	var e struct{ Address string }
	if err := json.Unmarshal([]byte(p.event(`"listening"`)), &e); err != nil || e.Address == "" {
		t.Fatalf("no address: %v", err)
	}
	p.addr = e.Address
	return p
}

func (p *process) read(r io.Reader, to chan<- string) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.mu.Lock()
		p.all.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		to <- lines.Text()
	}
}

// event waits for a line of stderr that holds text.
func (p *process) event(text string) string {
	p.t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case line := <-p.events:
			if strings.Contains(line, text) {
				return line
			}
		case <-timeout:
			p.mu.Lock()
			defer p.mu.Unlock()
			p.t.Fatalf("no line with %s came; there were:\n%s", text, p.all.String())
		}
	}
}

// accessLine waits for the next access line.
func (p *process) accessLine() (line string, fields map[string]any) {
	p.t.Helper()
	select {
	case line = <-p.access:
	case <-time.After(10 * time.Second):
		p.t.Fatal("no access line came")
	}
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		p.t.Fatalf("access line %q: %v", line, err)
	}
	return line, fields
}

// get sends a request and returns status and body.
func (p *process) get(path string, header ...string) (int, string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // a test's connection
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// world is what a serve needs around it: an upstream, a key set, a configuration.
type world struct {
	t        *testing.T
	dir      string
	key      string // file of the private key
	jwks     string // the public set
	upstream *httptest.Server
	config   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.key = filepath.Join(w.dir, "signing.jwk")
	public := filepath.Join(w.dir, "jwks.json")
	w.postern("keys", "new", "--kid", "k", "--out", w.key, "--public", public)
	data, err := os.ReadFile(public) //nolint:gosec // the test's own file
	if err != nil {
		t.Fatal(err)
	}
	w.jwks = string(data)
	w.upstream = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(rw, "%s %s user=%q", r.Method, r.RequestURI, r.Header["X-User"])
	}))
	t.Cleanup(w.upstream.Close)
	w.config = filepath.Join(w.dir, "config", "postern.json")
	w.store(w.inline("orders"))
	return w
}

// postern runs a command of this program and returns its stdout.
func (w *world) postern(args ...string) string {
	w.t.Helper()
	var out, errs strings.Builder
	if code := run(context.Background(), args, strings.NewReader(""), &out, &errs); code != exitOK {
		w.t.Fatalf("postern %q: exit code %d: %s", args, code, errs.String())
	}
	return strings.TrimSpace(out.String())
}

func (w *world) bearer(more ...string) string {
	w.t.Helper()
	args := append([]string{"token", "mint", "--key", w.key, "--iss", "https://login.example", "--sub", "alice"}, more...)
	return "Bearer " + w.postern(args...)
}

// inline is a configuration with the key set in it.
func (w *world) inline(audience string) string {
	w.t.Helper()
	jwks, err := json.Marshal(w.jwks)
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf(`{"providers": {"corp": {"issuer": "https://login.example", "audiences": [%q],
		"local_jwks": {"inline_string": %s}, "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}]}},
		"rules": [{"match": {"prefix": "/open"}, "requires": {}}, {"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]}`, audience, jwks)
}

// store replaces the configuration as editors do.
func (w *world) store(config string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.config), 0o700); err != nil {
		w.t.Fatal(err)
	}
	tmp := w.config + ".tmp"
	if err := os.WriteFile(tmp, []byte(config), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(tmp, w.config); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) serve(args ...string) *process {
	w.t.Helper()
	return startServe(w.t, append([]string{"--config", w.config, "--upstream", w.upstream.URL}, args...)...)
}
