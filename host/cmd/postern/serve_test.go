package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestServeDecidesForwardsAndTells(t *testing.T) {
	w := newWorld(t)
	p := w.serve("--workers", "2")
	good, other := w.bearer("--aud", "orders"), w.bearer("--aud", "other")
	for _, tc := range []struct {
		name, path string
		header     []string
		status     int
		body       string // what the answer holds
		allowed    bool
		reason     string
		logged     string // the path in the access line
	}{
		{"a path with a doubled slash", "/a//b/%63?q=secret&r", []string{"Authorization", good}, 400, "invalid_request", false, "path_not_normal", "/a//b/%63"},
		{"a good token, the path byte for byte", "/a/b;x=1/~c?q=%zz;&r", []string{"Authorization", good}, 200, `GET /a/b;x=1/~c?q=%zz;&r user=["alice"]`, true, "", "/a/b;x=1/~c"},
		{"an identity header is the module's", "/a", []string{"Authorization", good, "X-User", "admin"}, 200, `user=["alice"]`, true, "", "/a"},
		{"an identity header that Connection names stays", "/a", []string{"Authorization", good, "Connection", "x-user"}, 200, `user=["alice"]`, true, "", "/a"},
		{"an open path", "/open?token=secret", []string{"X-User", "admin"}, 200, `GET /open?token=secret user=[]`, true, "", "/open"},
		{"no token", "/a", nil, 401, "unauthorized", false, "missing", "/a"},
		{"another audience", "/a", []string{"Authorization", other}, 401, "invalid_token", false, "audience_mismatch", "/a"},
		{"two credentials", "/a", []string{"Authorization", good, "Authorization", good}, 400, "invalid_request", false, "several_credentials", "/a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, body := p.get(tc.path, tc.header...)
			if status != tc.status || !strings.Contains(body, tc.body) {
				t.Errorf("%d %s, want %d %s", status, body, tc.status, tc.body)
			}
			line, f := p.accessLine()
			if f["allowed"] != tc.allowed || f["reason"] != tc.reason || f["status"] != float64(tc.status) || f["path"] != tc.logged || f["method"] != "GET" {
				t.Errorf("access line %s", line)
			}
			if strings.Contains(line, "secret") || strings.Contains(line, strings.Split(good, ".")[1]) {
				t.Errorf("access line holds a query or a credential: %s", line)
			}
		})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if all := p.all.String(); strings.Contains(all, strings.Split(good, ".")[1]) || strings.Contains(all, strings.Split(good, ".")[2]) {
		t.Errorf("a log line holds a credential:\n%s", all)
	}
}

func TestServeReloads(t *testing.T) {
	w := newWorld(t)
	p := w.serve()
	orders, invoices := w.bearer("--aud", "orders"), w.bearer("--aud", "invoices")
	expect := func(token string, want int) {
		t.Helper()
		if got, body := p.get("/a", "Authorization", token); got != want {
			t.Errorf("status %d, want %d: %s", got, want, body)
		}
	}
	expect(orders, 200)

	w.store(w.inline("invoices"))
	p.event("configuration reloaded")
	expect(orders, 401)
	expect(invoices, 200)

	// Every problem of a refused one is told, and the former stays.
	w.store(`{"providers": {"corp": {"issuer": 7}}, "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "crop"}}], "defualt": "deny"}`)
	p.event("configuration refused, the former one stays in use")
	for _, part := range []string{
		`"problem":"providers.corp.issuer: `, `"problem":"providers.corp: `,
		`"problem":"rules[0].requires.provider_name: no provider \"crop\"; did you mean \"corp\"?"`,
		`"problem":"defualt: unknown key; did you mean \"default\"?"`,
	} {
		if line := p.event("configuration problem"); !strings.Contains(line, part) {
			t.Errorf("problem %s, want %s", line, part)
		}
	}
	expect(invoices, 200)
	expect(orders, 401)

	// SIGHUP tries again, also what has not changed.
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.event("configuration refused, the former one stays in use")

	// A file that has gone is told; when it is back it counts.
	if err := os.Remove(w.config); err != nil {
		t.Fatal(err)
	}
	p.event("configuration not reloaded")
	expect(invoices, 200)
	w.store(w.inline("orders"))
	p.event("configuration reloaded")
	expect(orders, 200)
}

func TestServeDrains(t *testing.T) {
	w := newWorld(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	w.upstream.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		_, _ = io.WriteString(rw, "late")
	})
	p := w.serve()
	type answer struct {
		status int
		body   string
	}
	answers := make(chan answer, 1)
	go func() {
		status, body := p.get("/open")
		answers <- answer{status, body}
	}()
	<-entered
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.event("stopping")
	for i := 0; ; i++ { // it stops to listen while the request goes on
		conn, err := net.Dial("tcp", p.addr)
		if err != nil {
			break
		}
		_ = conn.Close()
		if i > 3000 {
			t.Fatal("still listening")
		}
		time.Sleep(10 * time.Millisecond)
	}
	close(leave)
	if a := <-answers; a.status != 200 || a.body != "late" {
		t.Errorf("the request in flight came to %+v", a)
	}
	p.event("stopped")
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("exit: %v, want 0", err)
	}
}

func TestServeStreamsAndSpeaksH2C(t *testing.T) {
	w := newWorld(t)
	var next chan struct{}
	w.upstream.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(rw).EnableFullDuplex() // as an upstream that answers early
		rw.Header().Set("Trailer", "X-End")
		_, _ = io.WriteString(rw, "first ")
		_ = http.NewResponseController(rw).Flush()
		select {
		case <-next:
		case <-r.Context().Done():
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = rw.Write(body)
		rw.Header().Set("X-End", r.Trailer.Get("X-In"))
	})
	p := w.serve()
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("h2c=%v", h2), func(t *testing.T) {
			next = make(chan struct{})
			tr := &http.Transport{Protocols: new(http.Protocols)}
			tr.Protocols.SetHTTP1(!h2)
			tr.Protocols.SetUnencryptedHTTP2(h2)
			defer tr.CloseIdleConnections()
			pr, pw := io.Pipe()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.addr+"/open", pr)
			if err != nil {
				t.Fatal(err)
			}
			req.Trailer = http.Header{"X-In": nil}
			go func() {
				select { // nothing of the body is sent before the answer has begun
				case <-next:
				case <-ctx.Done():
				}
				_, _ = io.WriteString(pw, "second")
				req.Trailer.Set("X-In", "trailer")
				_ = pw.Close()
			}()
			resp, err := tr.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close() //nolint:errcheck // a test's connection
			if resp.ProtoMajor == 2 != h2 {
				t.Errorf("protocol %s", resp.Proto)
			}
			first := make([]byte, len("first "))
			if _, err := io.ReadFull(resp.Body, first); err != nil {
				t.Fatal(err)
			}
			close(next)
			rest, err := io.ReadAll(resp.Body)
			if err != nil || string(first)+string(rest) != "first second" {
				t.Errorf("body %q %q, %v", first, rest, err)
			}
			if got := resp.Trailer.Get("X-End"); got != "trailer" {
				t.Errorf("trailer %q", got)
			}
		})
	}
}

func TestServeFetchesKeySets(t *testing.T) {
	w := newWorld(t)
	asked := make(chan string, 16)
	keys := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked <- r.Host + r.RequestURI
		_, _ = io.WriteString(rw, w.jwks)
	}))
	t.Cleanup(keys.Close)
	w.config = filepath.Join(w.dir, "config", "postern.yaml")
	for _, tc := range []struct {
		name, uri, host string
		args            []string
	}{
		{"from the uri itself", keys.URL + "/jwks?v=1", strings.TrimPrefix(keys.URL, "http://"), nil},
		{"from where --cluster leads", "https://login.example/jwks?v=1", "login.example", []string{"--cluster", "login=" + keys.URL}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.store(`# as in Kubernetes
providers:
  corp:
    issuer: https://login.example
    remoteJwks: {httpUri: {uri: "` + tc.uri + `", cluster: login, timeout: 5s}}
rules:
  - match: {prefix: /}
    requires: {providerName: corp}
`)
			p := w.serve(append(tc.args, "--workers", "2")...)
			if status, body := p.get("/a", "Authorization", w.bearer()); status != 200 {
				t.Fatalf("%d %s", status, body)
			}
			if got, want := <-asked, tc.host+"/jwks?v=1"; got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
			if len(asked) != 0 {
				t.Errorf("two workers asked %d times more", len(asked))
			}
			if _, f := p.accessLine(); f["provider"] != "corp" {
				t.Errorf("provider %v", f["provider"])
			}
		})
	}
}

// What is in the way of a start is one line, and exit code 2; a configuration
// that is refused is every problem, and exit code 1.
func TestServeStartFails(t *testing.T) {
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	bad := filepath.Join(w.dir, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"rulez": [], "paths": "raw?"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		args []string
		code int
		want []string
		all  int // lines on stderr
	}{
		{"a port in use", []string{"--listen", l.Addr().String(), "--config", w.config}, exitUsage, []string{"cannot listen on " + l.Addr().String() + ": the port is in use"}, 1},
		{"a file that is not there", []string{"--config", "missing.yaml"}, exitUsage, []string{"cannot read missing.yaml: no such file or directory"}, 1},
		{"a directory for a file", []string{"--config", w.dir}, exitUsage, []string{"is a directory"}, 1},
		{"an address that is none", []string{"--listen", "nowhere", "--config", w.config}, exitUsage, []string{"cannot listen on nowhere"}, 1},
		{"a refused configuration", []string{"--listen", "127.0.0.1:0", "--config", bad}, exitRefused, []string{bad + ": configuration refused", "rulez", "paths"}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cmd := postern(t, append([]string{"serve", "--upstream", w.upstream.URL}, tc.args...)...)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			_ = cmd.Run()
			if got := cmd.ProcessState.ExitCode(); got != tc.code {
				t.Errorf("exit code %d, want %d", got, tc.code)
			}
			if !strings.HasPrefix(errs.String(), "postern: ") || strings.Count(errs.String(), "\n") < tc.all || tc.all == 1 && strings.Count(errs.String(), "\n") != 1 {
				t.Errorf("stderr:\n%s", errs.String())
			}
			for _, want := range tc.want {
				if !strings.Contains(errs.String(), want) {
					t.Errorf("stderr does not say %q:\n%s", want, errs.String())
				}
			}
		})
	}
}

// A body that is held takes max_bytes of the module and as much of the proxy.
func TestServeHoldsWhatItIsTold(t *testing.T) {
	w := newWorld(t)
	w.store(`{"providers": {"hook": {"signed_request": {"preset": "github", "body": {"max_bytes": 4194304}, "keys": [{"id": "k", "secret": {"inline": "s"}}]}}},
		"rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "hook"}}]}`)
	body := bytes.Repeat([]byte{'x'}, 3<<19)
	m := hmac.New(sha256.New, []byte("s"))
	m.Write(body)
	for _, tc := range []struct {
		args   []string
		status int
	}{{nil, 413}, {[]string{"--buffer-limit", "2MiB"}, 200}} {
		p := w.serve(tc.args...)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr+"/", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(m.Sum(nil)))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tc.status {
			t.Errorf("%q: %d, want %d", tc.args, resp.StatusCode, tc.status)
		}
	}
}

func TestServeUpstreamDown(t *testing.T) {
	w := newWorld(t)
	p := w.serve("--upstream", "http://127.0.0.1:1")
	if status, body := p.get("/open"); status != http.StatusBadGateway || !strings.Contains(body, "does not answer") {
		t.Errorf("%d %s", status, body)
	}
	if line := p.event("upstream does not answer"); !strings.Contains(line, "connection refused") {
		t.Error(line)
	}
	if line, f := p.accessLine(); f["status"] != float64(502) || f["allowed"] != true {
		t.Error(line)
	}
}

func TestServeGivesTheModuleItsEnvironment(t *testing.T) {
	w := newWorld(t)
	t.Setenv("POSTERN_TEST_KEYS", w.jwks)
	w.store(`{"providers": {"corp": {"issuer": "https://login.example", "local_jwks": {"environment_variable": "POSTERN_TEST_KEYS"}}},
		"rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]}`)
	p := w.serve("--env", "POSTERN_TEST_KEYS")
	if status, body := p.get("/a", "Authorization", w.bearer()); status != 200 {
		t.Errorf("%d %s", status, body)
	}
}
