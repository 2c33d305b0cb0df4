package parity

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

const (
	flatConnections = 8
	// flatBytes is how much memory may grow over flatRequests.
	flatBytes = 2 << 20
)

// flatConfig makes the module do all that it can for a request.
const flatConfig = `{
  "providers": {
    "inline": {
      "issuer": "https://issuer.test", "audiences": ["api"],
      "forward_payload_header": "x-jwt-payload",
      "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}],
      "local_jwks": {"inline_string": {{set "main"}}}
    },
    "remote": {
      "from_params": ["access_token"],
      "remote_jwks": {"http_uri": {"uri": "http://keys.test/jwks.json", "cluster": "keys", "timeout": "5s"}}
    }
  },
  "rules": [
    {"match": {"path_separated_prefix": "/remote"}, "requires": {"provider_name": "remote"}},
    {"match": {"path_separated_prefix": "/open"}},
    {"match": {"prefix": "/"}, "requires": {"provider_name": "inline"}}
  ]
}`

// flatMix is what the connections send in turn: good and bad of every kind.
var flatMix = []struct {
	send   build
	status int
}{
	{get("/a", bearer(by("p256"))), 200},
	{get("/b", bearer(by("ed"), claim("sub", "bob")), line("x-user", "root")), 200},
	{get("/c", bearer()), 200},
	{get("/open"), 200},
	{get("/remote?access_token=TOKEN&a=1", inTarget(by("p256"))), 200},
	{get("/d"), 401},
	{get("/e", bearer(at("exp", -3600))), 401},
	{get("/f", bearer(by("p256"), segment(2, flipped))), 401},
	{get("/g", bearer(head("alg", "none"))), 401},
	{get("/h", line("authorization", "Bearer not.a.token")), 401},
	{get("/i", bearer(by("ed"), claim("x", nested(2000)))), 401},
	{get("/j/../k"), 400},
	{get("/l", bearer(by("ed")), bearer(by("ed"))), 400},
	{call("POST", "/m", bearer(by("ed")), body("a=1&b=2")), 200},
}

// TestMemoryIsFlat: flatRequests requests, a third of them bad, over parallel connections
// that are kept alive. After a warm-up of the same kind neither Envoy's heap nor the
// modules' memory may grow by more than 2 MiB.
func TestMemoryIsFlat(t *testing.T) {
	keys := loadRing(t)
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = upstream.Close() }()
	upstream.CountOnly()
	published, err := envoy.NewUpstream(func(*envoy.Seen) envoy.Answer { return serve("p256")(keys) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = published.Close() }()
	l := listener("flat", expand(t, keys, flatConfig), nil)
	l.Upstream = "up"
	e := envoy.Run(t, envoy.Options{
		Listeners: []envoy.Listener{l}, LogLevel: "critical",
		Clusters: []envoy.Cluster{{Name: "up", Address: upstream.Addr()}, {Name: "keys", Address: published.Addr()}},
	})
	configured := measure(t, e)
	t.Logf("start %v; after configure: guest memory %.1f MiB in %d instances, Envoy's heap %.1f MiB, resident %.1f MiB",
		e.Startup().Round(time.Millisecond), mib(configured.Guest), configured.Guests, mib(configured.Allocated), mib(configured.Resident))

	requests := make([]envoy.Request, len(flatMix))
	for i := range flatMix {
		s := &scenario{send: flatMix[i].send}
		requests[i] = s.request(&mint{keys: keys, now: time.Now()})
	}
	load(t, e.Addr("flat"), requests, flatRequests/10)
	warm := measure(t, e)
	begin := time.Now()
	load(t, e.Addr("flat"), requests, flatRequests)
	took := time.Since(begin)
	after := measure(t, e)
	t.Logf("%d requests in %v, %.0f/s; growth: heap %.2f MiB, guest %.2f MiB, resident %.2f MiB",
		flatRequests, took.Round(time.Millisecond), flatRequests/took.Seconds(),
		mib(after.Allocated-warm.Allocated), mib(after.Guest-warm.Guest), mib(after.Resident-warm.Resident))
	if grown := after.Allocated - warm.Allocated; grown > flatBytes {
		t.Errorf("Envoy's heap has grown by %.2f MiB", mib(grown))
	}
	if grown := after.Guest - warm.Guest; grown > flatBytes {
		t.Errorf("the modules' memory has grown by %.2f MiB", mib(grown))
	}
	if warm.Guests == 0 {
		t.Error("no module's memory is visible")
	}
}

// load sends n requests over parallel connections and checks every status.
func load(t *testing.T, address string, requests []envoy.Request, n int) {
	t.Helper()
	var wait sync.WaitGroup
	failed := make(chan error, flatConnections)
	for c := range flatConnections {
		wait.Add(1)
		go func() {
			defer wait.Done()
			failed <- loadOne(address, requests, n/flatConnections, c)
		}()
	}
	wait.Wait()
	for range flatConnections {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
}

func loadOne(address string, requests []envoy.Request, n, first int) error {
	client, err := envoy.Dial(address, patience)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	for i := range n {
		if client.Closing() {
			// Envoy ends an HTTP/1 connection after a 400 (RFC 9112 §9.6).
			_ = client.Close()
			if client, err = envoy.Dial(address, patience); err != nil {
				return err
			}
		}
		at := (first + i) % len(requests)
		response, err := client.Do(requests[at])
		if err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
		if response.Status != flatMix[at].status {
			return fmt.Errorf("request %d to %s: status %d, want %d: %s", i, requests[at].Target, response.Status, flatMix[at].status, response.Body)
		}
	}
	return nil
}

// measure waits a moment, so that connections that were closed are gone.
func measure(t *testing.T, e *envoy.Envoy) envoy.Memory {
	t.Helper()
	time.Sleep(300 * time.Millisecond)
	m, err := e.Memory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
