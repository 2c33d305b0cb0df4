//go:build !race

package storm

import (
	"context"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/postern-wasm/postern/host/abi"
)

// alone is a worker that does as a test says, with one root and its configuration.
func alone(t *testing.T, b build) *worker {
	t.Helper()
	s := &storm{
		rng: rand.New(rand.NewPCG(1, 1)), clock: start, servers: newServers(), shared: map[string]stored{},
		stranger: edKey("stranger"), tokens: map[string][]*token{}, sealed: map[string][]*sealed{}, said: map[string]string{}, counts: map[string]int{},
	}
	s.streams = 1 << 30
	w := &worker{storm: s, source: rand.NewChaCha8([32]byte{1}), streams: map[uint32]*stream{}}
	s.workers = []*worker{w}
	w.guest = b(w)
	t.Cleanup(func() { w.guest.close() })
	if !s.failed() {
		w.addRoot()
	}
	if s.failed() {
		t.Fatal(s.fault)
	}
	return w
}

// send opens a stream for a request and sends its headers.
func (w *worker) send(m *message) *stream {
	s := w.storm
	w.lastID++
	st := &stream{id: w.lastID, worker: w, root: w.roots[0], policy: w.roots[0].current, message: m}
	w.streams[st.id] = st
	s.open = append(s.open, st)
	w.inContext(st.id, func() { w.guest.create(st.id, st.root.id) })
	s.headers(st)
	return st
}

// get is a message to a path with a token at its place.
func get(kind string, t *token) *message {
	m := &message{kind: kind, path: kind + "/a", headers: []abi.Pair{
		{Name: ":authority", Value: "api.test"}, {Name: ":path", Value: kind + "/a"}, {Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"},
	}}
	switch kind {
	case "/in":
		m.in = t
		m.headers = append(m.headers, abi.Pair{Name: "authorization", Value: "Bearer " + t.text})
	case "/re":
		m.re = t
		m.headers = append(m.headers, abi.Pair{Name: "x-re-token", Value: t.text})
	}
	return m
}

// good is a token of a set that nothing is wrong with.
func (s *storm) good(set string, version, pad int) *token {
	s.serial++
	t := &token{subject: mark + strconv.Itoa(s.serial) + "x", set: set, version: version, aud: "api", exp: start/second + 1<<40, issuer: "https://in.test"}
	if set == "in" {
		t.mint(inlineKeys()[s.serial%2], pad)
		return t
	}
	t.issuer = "https://issuer.test" + set
	t.mint(s.servers[set].signer(version), pad)
	return t
}

// flat reports a guest that has grown over the second half of n rounds: the most that is
// alive at once is a matter of chance, and met in the first.
func flat(t *testing.T, w *worker, n int, round func(i int)) {
	t.Helper()
	var warm uint32
	for i := range n {
		round(i)
		if w.storm.failed() {
			t.Fatalf("round %d: %s", i, w.storm.fault)
		}
		if i == n/2 {
			warm = w.guest.memory()
		}
	}
	after := w.guest.memory()
	t.Logf("%d rounds: %.2f MiB after half, %.2f MiB at the end", n, float64(warm)/(1<<20), float64(after)/(1<<20))
	if after != warm {
		t.Errorf("memory has grown by %d bytes over the last %d of %d rounds", after-warm, n-n/2, n)
	}
}

// TestS05ReloadsLeaveNothing: configurations come and go, with streams that wait under
// the one before, and the guest's memory stays what it was.
func TestS05ReloadsLeaveNothing(t *testing.T) {
	t.Parallel()
	w := alone(t, compile(t, modulePath()).start)
	s := w.storm
	var waits *stream
	flat(t, w, reloads, func(i int) {
		w.configure(w.roots[0])
		p := w.roots[0].current
		s.end(w.send(get("/in", s.good("in", 0, 0))))
		if waits != nil { // it waits under a configuration that was replaced
			s.end(waits)
			waits = nil
		}
		if p.number%4 == 0 {
			waits = w.send(get("/re", s.good("/re", 1, 0)))
		}
		s.clock += second
		for len(w.calls) > 10 {
			w.calls = w.calls[1:]
		}
		if i%50 == 0 && len(w.calls) > 0 {
			w.reply()
		}
	})
}

// TestS05ReloadsOfSignedRequestsLeaveNothing: as above with providers of signed requests,
// whose configurations are larger. Key servers answer at once here: which policies still
// wait for one, and so how memory is cut up, is another test's concern.
func TestS05ReloadsOfSignedRequestsLeaveNothing(t *testing.T) {
	t.Parallel()
	w := alone(t, compile(t, modulePath()).start)
	s := w.storm
	s.signing = true
	warm := uint32(0)
	for i := range reloads {
		if i == reloads/5 {
			warm = w.guest.memory()
		}
		w.configure(w.roots[0])
		s.end(w.send(get("/in", s.good("in", 0, 0))))
		s.clock += second
		for len(w.calls) > 0 {
			w.reply()
		}
		if s.failed() {
			t.Fatalf("round %d: %s", i, s.fault)
		}
	}
	// No two configurations are of one size: now and then one finds no gap that fits it.
	const slack = 1 << 20 // 130 bytes for each configuration
	if after := w.guest.memory(); after > warm+slack {
		t.Errorf("memory has grown by %d bytes over %d reloads", after-warm, reloads-reloads/5)
	}
}

// TestR02RefreshesLeaveNothing: a key set is fetched again and again, rotates, grows and
// shrinks; what was made for the former goes with it.
func TestR02RefreshesLeaveNothing(t *testing.T) {
	t.Parallel()
	w := alone(t, compile(t, modulePath()).start)
	s := w.storm
	crowd := []*signer{edKey("a"), inlineKeys()[1], inlineKeys()[2], edKey("b"), inlineKeys()[3]}
	flat(t, w, refreshes, func(i int) {
		s.clock += 61 * second
		w.tick()
		if i%8 == 0 {
			s.servers["/re"].version++
		}
		for len(w.calls) > 0 {
			c := w.calls[0]
			w.calls = w.calls[1:]
			version := c.set.version
			others := crowd[:i%len(crowd)]
			body := keySet(append([]*signer{c.set.signer(version - 1), c.set.signer(version)}, others...)...)
			w.deliver(c.root, c.id, c, answer{headers: []abi.Pair{{Name: ":status", Value: "200"}}, body: body, version: version})
		}
		s.end(w.send(get("/re", s.good("/re", s.servers["/re"].version, 0))))
	})
	if p := w.roots[0].current; p.known["/re"] == nil || p.known["/re"].version != s.servers["/re"].version {
		t.Errorf("the last set was not taken: %+v", p.known)
	}
	if n := s.counts["allowed"]; n < refreshes*9/10 {
		t.Errorf("%d of %d requests allowed", n, refreshes)
	}
}

// TestW14CancelledStreamsLeaveNothing: a third of the streams ends before headers, a third
// after them (while it waits, let through or answered), a third within its body.
func TestW14CancelledStreamsLeaveNothing(t *testing.T) {
	t.Parallel()
	w := alone(t, compile(t, modulePath()).start)
	s := w.storm
	messages := []*message{
		get("/in", s.good("in", 0, 0)), get("/open", nil), get("/in", s.good("in", 0, 6000)), get("/re", s.good("/re", 1, 0)),
		get("/in", s.good("in", 0, 0).flipped()), get("/elsewhere", nil), get("/in", s.good("in", 0, 100)),
	}
	flat(t, w, streamsOr(t, manyStreams), func(i int) {
		s.clock += second / 1000
		m := *messages[i%len(messages)]
		if i%3 == 0 {
			w.lastID++
			w.inContext(w.lastID, func() {
				w.guest.create(w.lastID, w.roots[0].id)
				w.guest.remove(w.lastID)
			})
			return
		}
		m.body = 1
		st := w.send(&m)
		if i%3 == 2 {
			s.chunk(st, 1000, false)
		}
		s.end(st)
		if i%1000 == 0 {
			w.tick()
			w.calls = nil // none is ever answered
		}
	})
}

// TestW14CancelledBodiesLeaveNothing: signed requests end at every point of bodies that are
// held or pass, good and torn.
func TestW14CancelledBodiesLeaveNothing(t *testing.T) {
	t.Parallel()
	w := alone(t, compile(t, modulePath()).start)
	s := w.storm
	s.signing = true
	w.configure(w.roots[0])
	kinds := []string{"/flow", "/flowor", "/hook"} // those that remember nothing
	flat(t, w, streamsOr(t, signedStreams), func(i int) {
		s.clock += second / 1000
		st := w.send(s.drawOf(w.roots[0].current, kinds[i%len(kinds)]))
		for range s.rng.IntN(7) {
			if st.phase != gone {
				s.feed(st)
			}
		}
		s.end(st)
	})
	for _, what := range []string{"flows", "flowed", "waited", "broken for digest_mismatch"} {
		if s.counts[what] == 0 {
			t.Errorf("nothing was %q", what)
		}
	}
}

// meagre gives a VM so much memory and no more.
type meagre struct {
	left    *int
	refused *int
	bytes   []byte
}

// Reallocate is part of experimental.LinearMemory.
func (m *meagre) Reallocate(size uint64) []byte {
	if size > uint64(cap(m.bytes)) {
		if *m.left == 0 {
			*m.refused++
			return nil
		}
		*m.left--
		m.bytes = append(make([]byte, 0, size), m.bytes...)
	}
	m.bytes = m.bytes[:size]
	return m.bytes
}

// Free is part of experimental.LinearMemory.
func (m *meagre) Free() {}

// TestW10NoMemoryIsNoPermission: memory.grow is refused from its n-th call on, for every n.
// The module may trap; it lets no bad request through, neither before nor after.
func TestW10NoMemoryIsNoPermission(t *testing.T) {
	t.Parallel()
	module := compile(t, modulePath())
	for grown := 1; ; grown++ {
		left, refused := grown, 0
		allocator := experimental.MemoryAllocatorFunc(func(initial, _ uint64) experimental.LinearMemory {
			m := &meagre{left: &left, refused: &refused}
			m.bytes = make([]byte, 0, initial)
			return m
		})
		s := &storm{
			rng: rand.New(rand.NewPCG(1, 1)), clock: start, servers: newServers(), shared: map[string]stored{},
			stranger: edKey("stranger"), tokens: map[string][]*token{}, said: map[string]string{}, counts: map[string]int{},
		}
		s.streams = 1 << 30
		w := &worker{storm: s, source: rand.NewChaCha8([32]byte{1}), streams: map[uint32]*stream{}}
		w.guest = module.startIn(experimental.WithMemoryAllocator(context.Background(), allocator), w)
		allowed := starve(w)
		w.guest.close()
		if s.counts["forbidden"] > 0 {
			t.Fatalf("memory refused after %d growths: a bad request is let through", grown)
		}
		if refused == 0 {
			t.Logf("%d growths are all that is asked for; %d good requests allowed then", grown-left, allowed)
			if allowed == 0 || s.failed() {
				t.Errorf("with all memory: %s", s.fault)
			}
			return
		}
	}
}

// starve makes the guest use memory, and goes on after a trap as some proxies do. It
// returns how many good requests were allowed.
func starve(w *worker) (allowed int) {
	s := w.storm
	if s.failed() {
		return 0
	}
	s.fault = ""
	w.addRoot()
	// From here on the oracle is simple: a bad token is never let through.
	try := func(text string, good bool) {
		s.fault = ""
		w.lastID++
		st := &stream{id: w.lastID, worker: w, root: w.roots[0], message: get("/in", &token{text: text}), phase: judging}
		w.streams[st.id] = st
		var action uint32 = actionPause
		w.inContext(st.id, func() {
			w.guest.create(st.id, w.roots[0].id)
			st.headers = st.message.headers
			action = w.guest.headers(st.id, len(st.headers), true)
		})
		trapped := s.failed()
		switch {
		case action == actionContinue && !good:
			s.counts["forbidden"]++
		case action == actionContinue && !trapped:
			allowed++
		}
	}
	for i := range 200 {
		fine := s.good("in", 0, 80*i)
		try(fine.text, true)
		try(fine.flipped().text, false)
		try(fine.text[:len(fine.text)-1], false)
		if i%20 == 0 {
			s.fault = ""
			w.configure(w.roots[0])
		}
	}
	s.fault = ""
	return allowed
}
