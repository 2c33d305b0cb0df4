package parity

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// lawsConfig has one remote set that stays fresh, and a throttle of two seconds.
const lawsConfig = `{
  "providers": {"corp": {"remote_jwks": {
    "http_uri": {"uri": "http://keys.test/jwks.json", "cluster": "keys", "timeout": "3s"},
    "cache_duration": "600s", "refetch_on_unknown_kid": {"min_interval": "2s", "wait": "2s"},
    "async_fetch": {"failed_refetch_duration": "1s"}
  }}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`

// crew is an Envoy of several workers, its key-set server, and clients enough that each
// worker has some.
type crew struct {
	t       *testing.T
	envoy   *envoy.Envoy
	server  *keyServer
	mint    *mint
	clients []*envoy.Client
	// flying and most count the calls that the server has at once.
	flying, most atomic.Int32
}

func startCrew(t *testing.T, workers int) *crew {
	t.Helper()
	keys := loadRing(t)
	w := newWorld(t, keys, &group{name: "laws", clusters: keysFrom(serve("rsa"))})
	c := &crew{t: t, server: w.servers["keys"]}
	watched, err := envoy.NewUpstream(func(seen *envoy.Seen) envoy.Answer {
		n := c.flying.Add(1)
		defer c.flying.Add(-1)
		for {
			most := c.most.Load()
			if n <= most || c.most.CompareAndSwap(most, n) {
				break
			}
		}
		c.server.mu.Lock()
		answer := c.server.answer
		c.server.mu.Unlock()
		time.Sleep(answer.Delay)
		answer.Delay = 0
		return answer
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = watched.Close() })
	c.server.upstream = watched
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	l := listener("laws", lawsConfig, nil)
	l.Upstream = "up"
	c.envoy = envoy.Run(t, envoy.Options{
		Concurrency: workers, Listeners: []envoy.Listener{l},
		Clusters: []envoy.Cluster{{Name: "up", Address: upstream.Addr()}, {Name: "keys", Address: watched.Addr()}},
	})
	c.mint = &mint{keys: keys, now: time.Now()}
	for range 8 * workers {
		client, err := envoy.Dial(c.envoy.Addr("laws"), patience)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		c.clients = append(c.clients, client)
	}
	return c
}

// all sends one request on each connection, at once, and returns how often each status
// came. n numbers the connection.
func (c *crew) all(send func(n int) build) map[int]int {
	c.t.Helper()
	var wait sync.WaitGroup
	var mu sync.Mutex
	got := map[int]int{}
	for n, client := range c.clients {
		s := &scenario{send: send(n)}
		request := s.request(c.mint)
		wait.Add(1)
		go func() {
			defer wait.Done()
			status := 0
			if response, err := client.Do(request); err == nil {
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

func (c *crew) want(what string, got map[int]int, status int) {
	c.t.Helper()
	if got[status] != len(c.clients) {
		c.t.Errorf("%s: answers %v, want %d times %d", what, got, len(c.clients), status)
	}
}

func good(mods ...mod) func(int) build { return func(int) build { return get("/", bearer(mods...)) } }

// TestWorkersShareOneSet: the laws that the simulation of key sets holds, in Envoy: one
// call at a time, one fetch for each interval whatever kids strangers send, a
// withdrawn key refused by every worker soon after one of them has learnt it, good
// keys through an outage, and no waiter without an answer.
func TestWorkersShareOneSet(t *testing.T) {
	for _, workers := range []int{2, 4} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			c := startCrew(t, workers)
			c.want("the first set", c.all(good()), 200)
			if n := c.server.upstream.Count(); n != 1 {
				t.Errorf("%d fetches for the first set by %d workers, want 1", n, workers)
			}
			c.rotation()
			c.strangers()
			c.outage()
			if most := c.most.Load(); most != 1 {
				t.Errorf("%d calls at once, want 1 at most", most)
			}
		})
	}
}

// rotation: every worker meets the new key at once; one fetch serves them all, and the
// former key is dead everywhere.
func (c *crew) rotation() {
	c.t.Helper()
	before := c.server.upstream.Count()
	c.server.now(after(300*time.Millisecond, serve("replaced")))
	c.want("the rotated key", c.all(good(by("rsa-next"))), 200)
	if n := c.server.upstream.Count() - before; n != 1 {
		c.t.Errorf("%d fetches for a rotation, want 1", n)
	}
	time.Sleep(1200 * time.Millisecond) // a quarter of a second, a tick, and a slow machine
	c.want("the withdrawn key", c.all(good()), 401)
	c.server.now(serve("rsa"))
	time.Sleep(2 * time.Second)
	c.want("rotated back by one request on one worker", c.first(good()), 200)
	time.Sleep(1200 * time.Millisecond)
	// Nobody asks here: the other workers have noticed by themselves.
	c.server.now(says(500, ""))
	c.want("the key that was withdrawn meanwhile", c.all(good(by("rsa-next"))), 401)
	c.server.now(serve("rsa"))
}

// first sends on one connection and answers as if all had.
func (c *crew) first(send func(int) build) map[int]int {
	c.t.Helper()
	s := &scenario{send: send(0)}
	response, err := c.clients[0].Do(s.request(c.mint))
	if err != nil {
		c.t.Fatal(err)
	}
	return map[int]int{response.Status: len(c.clients)}
}

// strangers send kids that nobody has, each another one, for some seconds.
func (c *crew) strangers() {
	c.t.Helper()
	before, begin := c.server.upstream.Count(), time.Now()
	sent := 0
	for time.Since(begin) < 5*time.Second {
		c.want("a stranger's kid", c.all(func(n int) build {
			return get("/", bearer(by("rsa-stranger"), head("kid", fmt.Sprintf("k%d-%d", sent, n))))
		}), 401)
		sent++
	}
	took := time.Since(begin)
	// One in the bucket, and one for each interval.
	if n, most := c.server.upstream.Count()-before, 1+int(took/(2*time.Second)); n > most || n < 2 {
		c.t.Errorf("%d fetches in %v of %d strangers, want 2 to %d", n, took, sent*len(c.clients), most)
	}
	c.want("a known kid among strangers", c.all(good()), 200)
}

// outage: good keys stay, and the server is not asked more often than the delays say.
func (c *crew) outage() {
	c.t.Helper()
	time.Sleep(2 * time.Second)
	before, begin := c.server.upstream.Count(), time.Now()
	c.server.now(says(503, "busy"))
	for i := 0; time.Since(begin) < 5*time.Second; i++ {
		c.want("known keys in an outage", c.all(good()), 200)
		c.want("a stranger in an outage", c.all(func(n int) build {
			return get("/", bearer(by("rsa-stranger"), head("kid", fmt.Sprintf("o%d-%d", i, n))))
		}), 401)
		time.Sleep(50 * time.Millisecond)
	}
	if n, most := c.server.upstream.Count()-before, 1+int(time.Since(begin)/(2*time.Second)); n > most || n == 0 {
		c.t.Errorf("%d fetches in an outage of %v, want 1 to %d", n, time.Since(begin), most)
	}
}
