package parity

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

func quote(text string) string {
	quoted, _ := json.Marshal(text) // a string always encodes
	return string(quoted)
}

func std64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// world is what lies outside of the filter, for one group under one driver.
type world struct {
	group   string
	keys    ring
	servers map[string]*keyServer
	marks   map[string]int
	// wrong is what until and asked found since the last case.
	wrong []string
	// pass lets time go by for the filter and for the servers.
	pass func(time.Duration)
}

// keyServer publishes a key set over a real socket.
type keyServer struct {
	upstream *envoy.Upstream
	keys     ring

	mu     sync.Mutex
	answer envoy.Answer
}

// newWorld starts the servers of a group.
func newWorld(t *testing.T, keys ring, g *group) *world {
	t.Helper()
	w := &world{group: g.name, keys: keys, servers: map[string]*keyServer{}, marks: map[string]int{}, pass: time.Sleep}
	for cluster, first := range g.clusters {
		s := &keyServer{keys: keys, answer: first(keys)}
		upstream, err := envoy.NewUpstream(func(*envoy.Seen) envoy.Answer {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.answer
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = upstream.Close() })
		s.upstream = upstream
		w.servers[cluster] = s
	}
	return w
}

// server returns the server of a cluster by its name in the configuration, or nil.
func (w *world) server(cluster string) *keyServer {
	if name, ok := strings.CutPrefix(cluster, w.group+"-"); ok {
		return w.servers[name]
	}
	return nil
}

// now makes a server answer otherwise from here on.
func (w *world) now(cluster string, a answer) {
	w.servers[cluster].now(a)
}

func (s *keyServer) now(a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = a(s.keys)
}

// fetches is how often a server has been asked so far.
func (w *world) fetches(cluster string) int { return w.servers[cluster].upstream.Count() }

// until waits, letting time pass, until the server has been asked n times.
func (w *world) until(cluster string, n int) {
	for range 200 {
		if w.fetches(cluster) >= n {
			// The answer has to arrive as well.
			w.pass(50 * time.Millisecond)
			return
		}
		w.pass(50 * time.Millisecond)
	}
	w.wrong = append(w.wrong, fmt.Sprintf("%s was asked %d times, not %d", cluster, w.fetches(cluster), n))
}

// mark remembers how often a server has been asked by now, for asked.
func (w *world) mark(cluster string) { w.marks[cluster] = w.fetches(cluster) }

// asked checks how often a server has been asked since mark.
func (w *world) asked(cluster string, n int) {
	if got := w.fetches(cluster) - w.marks[cluster]; got != n {
		w.wrong = append(w.wrong, fmt.Sprintf("%s was asked %d times since, want %d", cluster, got, n))
	}
}
