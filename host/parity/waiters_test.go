package parity

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// waitersConfig has one remote set that is fresh for two seconds.
const waitersConfig = `{
  "providers": {"corp": {"remote_jwks": {
    "http_uri": {"uri": "http://keys.test/jwks.json", "cluster": "keys", "timeout": "5s"},
    "cache_duration": "2s", "async_fetch": {"failed_refetch_duration": "0.5s"}
  }}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`

// startWaiters runs an Envoy of two workers whose key-set server is slow.
func startWaiters(t *testing.T, keys ring, first answer) (*envoy.Envoy, *keyServer) {
	t.Helper()
	g := &group{name: "waiters", clusters: keysFrom(first)}
	w := newWorld(t, keys, g)
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	l := listener("waiters", waitersConfig, nil)
	l.Upstream = "up"
	e := envoy.Run(t, envoy.Options{
		Concurrency: 2,
		Clusters:    []envoy.Cluster{{Name: "up", Address: upstream.Addr()}, {Name: "keys", Address: w.servers["keys"].upstream.Addr()}},
	})
	// Only now, so that the first requests meet the first fetch.
	if err := e.Update(t.Context(), []envoy.Listener{l}); err != nil {
		t.Fatal(err)
	}
	return e, w.servers["keys"]
}

// crowd sends n good requests at once, each on a connection of its own, and returns
// how many got each status.
func crowd(t *testing.T, e *envoy.Envoy, keys ring, n int) map[int]int {
	t.Helper()
	s := &scenario{send: get("/", bearer())}
	request := s.request(&mint{keys: keys, now: time.Now()})
	var wait sync.WaitGroup
	var mu sync.Mutex
	got := map[int]int{}
	for range n {
		wait.Add(1)
		go func() {
			defer wait.Done()
			status := 0
			if response, _, err := envoy.Once(e.Addr("waiters"), patience, request); err == nil {
				status = response.Status
			}
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		}()
	}
	wait.Wait()
	return got
}

// TestCrowdWaitsForOneFetch: requests that come before the first set wait for
// it, all of them, on two workers, and cause one fetch. Later expiries cause one fetch
// each, not one for each worker.
func TestCrowdWaitsForOneFetch(t *testing.T) {
	keys := loadRing(t)
	e, server := startWaiters(t, keys, after(time.Second, serve("rsa")))
	if got := crowd(t, e, keys, 100); got[200] != 100 {
		t.Errorf("answers %v, want 100 times 200", got)
	}
	if n := server.upstream.Count(); n != 1 {
		t.Errorf("%d fetches for the first set, want 1", n)
	}
	server.now(serve("rsa"))
	before := server.upstream.Count()
	const watched = 9 * time.Second
	time.Sleep(watched)
	// A set is fresh for 2 s and fetched again in the last fifth of that: between
	// four and six times in 9 s. For each worker it would be eight and more.
	if n := server.upstream.Count() - before; n < 3 || n > 6 {
		t.Errorf("%d fetches in %v, want one for each expiry, 3 to 6", n, watched)
	}
	if got := crowd(t, e, keys, 20); got[200] != 20 {
		t.Errorf("answers %v, want 20 times 200", got)
	}
}

// TestCrowdInAnOutage: when what they wait for does not come, all are told so.
func TestCrowdInAnOutage(t *testing.T) {
	for what, first := range map[string]answer{
		"a slow refusal":      after(700*time.Millisecond, says(500, "")),
		"a closed connection": after(700*time.Millisecond, hangsUp),
	} {
		t.Run(what, func(t *testing.T) {
			keys := loadRing(t)
			e, server := startWaiters(t, keys, first)
			if got := crowd(t, e, keys, 60); got[503] != 60 {
				t.Errorf("answers %v, want 60 times 503", got)
			}
			if n := server.upstream.Count(); n > 3 {
				t.Errorf("%d fetches for 60 requests", n)
			}
			server.now(serve("rsa"))
			deadline := time.Now().Add(patience)
			for {
				got := crowd(t, e, keys, 4)
				if got[200] == 4 {
					return
				}
				if got[200]+got[503] != 4 || time.Now().After(deadline) {
					t.Fatal(fmt.Sprint("after the outage: ", got))
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
}
