package envoy

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// probe is the path of the test plugin that testdata/envoy/probe.wat describes.
const probe = "../../testdata/envoy/probe.wasm"

func newUpstream(t *testing.T) *Upstream {
	t.Helper()
	u, err := NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = u.Close() })
	return u
}

func probeListener(name, config string) Listener {
	return Listener{Name: name, Upstream: "up", Plugin: &Plugin{Wasm: probe, Config: []byte(config)}}
}

func upstreamCluster(u *Upstream) []Cluster { return []Cluster{{Name: "up", Address: u.Addr()}} }

// send is one request on a connection of its own.
func send(t *testing.T, e *Envoy, listener string, r Request) (*Response, string) {
	t.Helper()
	if r.Host == "" {
		r.Host = "test.example"
	}
	response, local, err := Once(e.Addr(listener), 5*time.Second, r)
	if err != nil {
		t.Fatal(err)
	}
	return response, local
}

func TestListeners(t *testing.T) {
	up := newUpstream(t)
	e := Run(t, Options{
		Listeners: []Listener{probeListener("a", "one"), probeListener("b", "two"), {Name: "plain", Upstream: "up"}},
		Clusters:  upstreamCluster(up),
	})
	t.Logf("start: %v", e.Startup())
	for name, config := range map[string]string{"a": "one", "b": "two"} {
		response, local := send(t, e, name, Request{Method: "GET", Target: "/x", Headers: []Header{{"X-Deny", ""}}})
		if response.Status != 403 || string(response.Body) != config {
			t.Errorf("%s: answer %d %q, want 403 %q", name, response.Status, response.Body, config)
		}
		record, err := e.Access(t.Context(), name, local)
		if err != nil {
			t.Fatal(err)
		}
		if record.Details != "probe_denied{header}" || record.Status != 403 {
			t.Errorf("%s: access record %+v", name, record)
		}
		log := e.PluginLog(name)
		if len(log) == 0 || log[0] != (LogLine{Level: "info", Plugin: name, Text: config}) {
			t.Errorf("%s: plugin log %v", name, log)
		}
	}
	if seen := up.Take(); len(seen) != 0 {
		t.Errorf("the upstream saw refused requests: %+v", seen)
	}
	if host, _, _ := net.SplitHostPort(e.Admin()); host != "127.0.0.1" {
		t.Errorf("admin bound to %q", host)
	}
}

// The upstream must see each byte of path, header values and body as the client
// wrote them: what a filter changes can then be told from what Envoy changes.
func TestWireBytes(t *testing.T) {
	up := newUpstream(t)
	e := Run(t, Options{Listeners: []Listener{{Name: "plain", Upstream: "up"}}, Clusters: upstreamCluster(up)})
	response, _ := send(t, e, "plain", Request{
		Method: "POST", Target: "/a//b/%2e%2E/./c;x=1?q=%41&q=\"x",
		Headers: []Header{{"X-Dup", "1"}, {"x-dup", "2, 3"}, {"X-Odd", "a\tb\xff\"c"}, {"x-empty", ""}},
		Chunks:  [][]byte{[]byte("ab"), []byte("c\x00\n")},
	})
	if response.Status != 200 || string(response.Body) != `{"ok":true}` {
		t.Fatalf("answer %d %q", response.Status, response.Body)
	}
	seen := up.Take()
	if len(seen) != 1 {
		t.Fatalf("%d requests seen", len(seen))
	}
	if got, want := seen[0].Target, "/a//b/%2e%2E/./c;x=1?q=%41&q=\"x"; got != want {
		t.Errorf("target %q, want %q", got, want)
	}
	if got := string(seen[0].Body); got != "abc\x00\n" {
		t.Errorf("body %q", got)
	}
	for name, want := range map[string][]string{"x-dup": {"1", "2, 3"}, "x-odd": {"a\tb\xff\"c"}, "x-empty": {""}, "host": {"test.example"}} {
		if got := Values(seen[0].Headers, name); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestRefusedAtStart(t *testing.T) {
	up := newUpstream(t)
	listeners := []Listener{probeListener("good", "fine"), probeListener("bad", "!")}
	want := []string{"first mistake", "second mistake"}

	t.Run("from one file the process ends with the plugin's lines", func(t *testing.T) {
		dir := t.TempDir()
		_, err := Start(t.Context(), Options{Listeners: listeners, Clusters: upstreamCluster(up), Static: true, Dir: dir})
		var refused *StartError
		if !errors.As(err, &refused) {
			t.Fatalf("error %v", err)
		}
		if refused.Exit != 1 || !slices.Equal(without(refused.Plugin, "fine"), want) {
			t.Errorf("exit %d, lines %q", refused.Exit, refused.Plugin)
		}
		if !strings.Contains(err.Error(), "second mistake") || !strings.Contains(err.Error(), refused.Log) {
			t.Errorf("error text %q", err)
		}
		if _, err := os.Stat(refused.Log); err != nil {
			t.Errorf("the log is gone: %v", err)
		}
	})
	t.Run("by discovery the start fails", func(t *testing.T) {
		_, err := Start(t.Context(), Options{Listeners: listeners, Clusters: upstreamCluster(up), Dir: t.TempDir()})
		var refused *StartError
		if !errors.As(err, &refused) || !slices.Equal(without(refused.Plugin, "fine"), want) {
			t.Fatalf("error %v", err)
		}
	})
	t.Run("by discovery the others serve if that is allowed", func(t *testing.T) {
		e := Run(t, Options{Listeners: listeners, Clusters: upstreamCluster(up), AllowRefused: true})
		if e.Addr("bad") != "" || e.Addr("good") == "" {
			t.Errorf("addresses: bad %q, good %q", e.Addr("bad"), e.Addr("good"))
		}
		if response, _ := send(t, e, "good", Request{Method: "GET", Target: "/"}); response.Status != 200 {
			t.Errorf("answer %d", response.Status)
		}
	})
}

func without(lines []string, text string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return l == text })
}

func TestUpdate(t *testing.T) {
	up := newUpstream(t)
	e := Run(t, Options{
		Listeners: []Listener{probeListener("a", "one"), probeListener("b", "two")},
		Clusters:  upstreamCluster(up), Concurrency: 2,
	})
	address := e.Addr("a")
	answers := func(want string) {
		t.Helper()
		response, _ := send(t, e, "a", Request{Method: "GET", Target: "/", Headers: []Header{{"x-deny", ""}}})
		if string(response.Body) != want {
			t.Errorf("a serves %q, want %q", response.Body, want)
		}
	}
	answers("one")
	if err := e.Update(t.Context(), []Listener{probeListener("a", "other"), probeListener("b", "two")}); err != nil {
		t.Fatal(err)
	}
	answers("other")
	if e.Addr("a") != address {
		t.Errorf("the update moved the listener from %s to %s", address, e.Addr("a"))
	}
	err := e.Update(t.Context(), []Listener{probeListener("a", "!"), probeListener("b", "two")})
	var refused *RefusedError
	if !errors.As(err, &refused) || !slices.Equal(refused.Plugin, []string{"first mistake", "second mistake"}) {
		t.Fatalf("error %v", err)
	}
	answers("other")
	if err := e.Update(t.Context(), []Listener{probeListener("a", "again"), probeListener("b", "two")}); err != nil {
		t.Fatal(err)
	}
	answers("again")
	stats, err := e.Stats(t.Context(), "lds")
	if err != nil || stats["listener_manager.lds.update_rejected"] != 1 {
		t.Errorf("stats %v, %v", stats, err)
	}
}

func TestGuestMemoryIsSeen(t *testing.T) {
	up := newUpstream(t)
	e := Run(t, Options{Listeners: []Listener{probeListener("a", "one")}, Clusters: upstreamCluster(up)})
	before, err := e.Memory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if response, _ := send(t, e, "a", Request{Method: "GET", Target: "/", Headers: []Header{{"x-grow", ""}}}); response.Status != 200 {
			t.Fatalf("answer %d", response.Status)
		}
	}
	after, err := e.Memory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("before %+v, after %+v", before, after)
	if before.Guests == 0 || before.Guest != int64(before.Guests)*2*65536 {
		t.Errorf("before: %d bytes in %d instances, want two pages each", before.Guest, before.Guests)
	}
	if grown := after.Guest - before.Guest; grown != 3<<20 {
		t.Errorf("three calls that take 1 MiB each show as %d bytes", grown)
	}
	if before.Allocated <= 0 || before.Resident <= 0 {
		t.Errorf("memory %+v", before)
	}
}

// W-13: a trap answers 503. Under FAIL_CLOSED that is how it stays until the next
// configuration; under FAIL_RELOAD, the default here, the module starts anew.
func TestTrap(t *testing.T) {
	up := newUpstream(t)
	closed := probeListener("closed", "one")
	closed.Plugin.FailurePolicy = "FAIL_CLOSED"
	e := Run(t, Options{Listeners: []Listener{probeListener("a", "one"), closed}, Clusters: upstreamCluster(up)})
	for range 2 {
		if response, _ := send(t, e, "closed", Request{Method: "GET", Target: "/", Headers: []Header{{"x-trap", ""}}}); response.Status != 503 {
			t.Fatalf("a trap answers %d", response.Status)
		}
	}
	if response, _ := send(t, e, "a", Request{Method: "GET", Target: "/", Headers: []Header{{"x-trap", ""}}}); response.Status != 503 {
		t.Fatalf("a trap answers %d", response.Status)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		response, _ := send(t, e, "a", Request{Method: "GET", Target: "/"})
		if response.Status == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("still %d ten seconds after a trap", response.Status)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if response, _ := send(t, e, "closed", Request{Method: "GET", Target: "/"}); response.Status != 503 {
		t.Errorf("FAIL_CLOSED answers %d after a trap", response.Status)
	}
	if err := e.Update(t.Context(), []Listener{probeListener("a", "one"), probeListener("closed", "other")}); err != nil {
		t.Fatal(err)
	}
	if response, _ := send(t, e, "closed", Request{Method: "GET", Target: "/"}); response.Status != 200 {
		t.Errorf("a new configuration does not heal: %d", response.Status)
	}
}

func TestOptionErrors(t *testing.T) {
	filter := json.RawMessage(`{}`)
	for name, tc := range map[string]struct {
		options Options
		want    string
	}{
		"a listener without a cluster is refused": {Options{Listeners: []Listener{{Name: "a", Upstream: "nowhere"}}}, `no cluster "nowhere"`},
		"two listeners of one name are refused": {Options{
			Clusters:  []Cluster{{Name: "up", Address: "127.0.0.1:1"}},
			Listeners: []Listener{{Name: "a", Upstream: "up", Filters: []json.RawMessage{filter}}, {Name: "a", Upstream: "up"}},
		}, "used twice"},
		"a cluster by host name is refused": {Options{Clusters: []Cluster{{Name: "up", Address: "localhost:1"}}}, `address "localhost:1"`},
		"a bootstrap and listeners exclude each other": {Options{
			Bootstrap: []byte("{}"), Clusters: []Cluster{{Name: "up", Address: "127.0.0.1:1"}},
		}, "excludes"},
		"a binary that is missing is named": {Options{Binary: "/nowhere/envoy"}, "/nowhere/envoy"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Start(t.Context(), tc.options)
			if err == nil {
				_ = e.Stop()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q does not say %q", err, tc.want)
			}
		})
	}
}

func TestStartIsBounded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Options{Dir: t.TempDir()})
	var failed *StartError
	if !errors.As(err, &failed) {
		t.Fatalf("error %v", err)
	}
}

func TestStopReportsACrash(t *testing.T) {
	e, err := Start(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	_ = e.cmd.Process.Kill()
	<-e.ended
	if err := e.Stop(); err == nil {
		t.Error("a process that was killed is reported as stopped")
	}
	if err := e.Stop(); err != nil {
		t.Errorf("second stop: %v", err)
	}
}
