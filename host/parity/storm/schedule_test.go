//go:build !race

package storm

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host/abi"
)

const (
	tickNanos = second / 10
	// patience is how long a stream may wait: the fetch's timeout, its lease and a
	// second try, with the wait for a kid; more is a hang.
	patience = 60 * second
)

// step does one thing that a proxy does.
func (s *storm) step() {
	s.steps++
	w := pick(s, s.workers)
	s.clock += int64(s.rng.IntN(4_000_000))
	if s.chance(1, 200) {
		s.target = []int{1, 10, 50, mostOpen, mostOpen}[s.rng.IntN(5)]
	}
	switch n := s.rng.IntN(1000); {
	case n < 60:
		s.time(w)
	case n < 80 && len(w.calls) > 0:
		w.reply()
	case n < 82:
		w.stranger()
	case n < 84:
		w.reload()
	case n < 85:
		w.changeRoots()
	case n < 86 && s.chance(1, 4):
		server := s.servers[pick(s, []string{"/re", "/re2"})]
		server.version++
	case len(s.open) < max(1, s.target) && s.opened < s.streams:
		s.begin(w)
	case len(s.open) > 0:
		if st := pick(s, s.open); s.chance(1, 25) {
			s.count("reset in phase " + strconv.Itoa(int(st.phase)))
			if st.phase == waiting && len(st.held) > 0 {
				s.count("body reset")
			}
			if st.phase == passed && st.flow != nil && !st.flow.over {
				s.count("flow reset")
			}
			s.end(st)
		} else {
			s.advance(st)
		}
	}
	if s.steps%512 == 0 {
		s.impatient()
	}
}

// time lets time pass and calls a timer, also where none is due.
func (s *storm) time(w *worker) {
	switch n := s.rng.IntN(400); {
	case n < 330:
		s.clock += tickNanos
	case n < 338:
		s.clock += int64(s.rng.IntN(200)) * second
	case n < 340:
		s.highest = max(s.highest, s.clock)
		s.backs++
		s.clock -= int64(s.rng.IntN(30)) * second
	case n < 341: // a clock that is not set
		clock := s.clock
		s.clock = 0
		for range 3 {
			s.begin(w)
			w.tick()
		}
		for _, st := range slices.Clone(s.open) {
			if st.worker == w && st.phase == created {
				s.advance(st)
			}
		}
		s.clock = clock
	}
	w.tick()
}

func (w *worker) tick() {
	r := pick(w.storm, w.roots)
	w.note("tick %d at %d", r.id, w.storm.clock)
	w.inContext(r.id, func() { w.guest.tick(r.id) })
}

// impatient finds streams that nobody lets go, and closes what waits for too long.
func (s *storm) impatient() {
	for _, st := range slices.Clone(s.open) { // a timer lets others go too
		if st.phase == waiting && (st.message.sealed == nil || st.whole) && s.clock > st.since+patience {
			// Only a timer can tell it: give each root one, then it has to be gone.
			for _, r := range slices.Clone(st.worker.roots) {
				if slices.Contains(st.worker.roots, r) {
					st.worker.inContext(r.id, func() { st.worker.guest.tick(r.id) })
				}
			}
			if st.phase == waiting && s.clock > st.since+patience { // else it waits for something else now
				s.faultf("worker %d, stream %d of %s, root %d, has waited for %d s", st.worker.index, st.id, st.message.kind, st.root.id, (s.clock-st.since)/second)
				return
			}
		}
	}
}

// begin opens a stream.
func (s *storm) begin(w *worker) {
	if s.opened == s.streams || len(s.open) >= mostOpen {
		return
	}
	r := pick(s, w.roots)
	if r.configuring > 0 {
		return // between two configurations: no proxy opens a stream there, and either would do
	}
	w.lastID++
	id := w.lastID
	if n := len(w.freed); n > 0 && s.chance(1, 2) {
		at := s.rng.IntN(n)
		id = w.freed[at]
		w.freed = slices.Delete(w.freed, at, at+1)
	}
	s.opened++
	st := &stream{id: id, worker: w, root: r, policy: r.current, message: s.draw(r.current)}
	w.streams[id] = st
	s.open = append(s.open, st)
	s.mostSeen = max(s.mostSeen, len(s.open))
	w.note("open %d", id)
	w.inContext(id, func() { w.guest.create(id, r.id) })
	if s.chance(3, 4) {
		s.advance(st)
	}
}

// advance does what comes next for a stream.
func (s *storm) advance(st *stream) {
	if st.flow != nil && st.flow.telling {
		return // what comes next of a body comes after this
	}
	switch st.phase {
	case created:
		if st.message.sealed == nil && s.chance(1, 50) { // a body before any headers is held
			s.chunk(st, 10, false)
			return
		}
		s.headers(st)
	case judging, gone:
	case waiting:
		switch {
		case st.message.sealed != nil:
			s.feed(st)
		case s.chance(1, 20):
			s.chunk(st, 100, false)
		}
	case passed, answered:
		switch {
		case st.message.sealed != nil:
			s.feed(st)
		case st.message.body > 0:
			st.message.body--
			s.chunk(st, s.rng.IntN(20_000), st.message.body == 0 && !st.message.trailers)
		case st.message.trailers:
			st.message.trailers = false
			s.trail(st)
		default:
			s.end(st)
		}
	}
}

func (s *storm) headers(st *stream) {
	w := st.worker
	st.phase = judging
	st.headers = slices.Clone(st.message.headers)
	end := st.message.body == 0
	if st.message.sealed != nil {
		if end = st.message.ending == withHeaders; end {
			st.message.ending = ended
			s.told(st, true)
		}
		if st.mayFlow() {
			s.offer(st)
		}
	}
	w.note("headers %d %s", st.id, st.message.kind)
	var action uint32
	w.inContext(st.id, func() { action = w.guest.headers(st.id, len(st.headers), end) })
	w.note("returns %d", action)
	switch {
	case st.phase == gone:
	case st.phase == answered && action == actionContinue:
		s.faultf("stream %d is answered and let through", st.id)
	case st.phase == judging && action == actionContinue:
		s.passed(st)
	case st.phase == judging:
		s.count("waited")
		if st.mayFlow() {
			s.faultf("stream %d of %s is held, though its body may pass", st.id, st.message.kind)
		}
		st.phase, st.since = waiting, s.clock
	}
}

// end deletes a stream, in whatever phase it is.
func (s *storm) end(st *stream) {
	if st.phase == gone {
		return
	}
	w := st.worker
	st.phase = gone
	delete(w.streams, st.id)
	w.freed = append(w.freed, st.id)
	if len(w.freed) > 50 {
		w.freed = w.freed[1:]
	}
	s.open = slices.DeleteFunc(s.open, func(o *stream) bool { return o == st })
	w.note("delete %d", st.id)
	w.inContext(st.id, func() { w.guest.remove(st.id) })
}

// reply answers one of the callouts under way, the first or any other.
func (w *worker) reply() {
	s := w.storm
	at := s.rng.IntN(len(w.calls))
	c := w.calls[at]
	keep := false
	a := answer{headers: []abi.Pair{{Name: ":status", Value: "200"}}, body: c.set.document(), version: c.set.version}
	switch n := s.rng.IntN(40); {
	case n < 25:
	case n < 26:
		a.headers = append(a.headers, abi.Pair{Name: "cache-control", Value: "max-age=20"})
	case n < 28:
		a.headers[0].Value, a.version = "500", -1
	case n < 29: // Envoy's time-out
		a.headers, a.body, a.version = []abi.Pair{{Name: ":status", Value: "504"}, {Name: "content-length", Value: "24"}}, "upstream request timeout", -1
	case n < 31: // a reset
		a = answer{version: -1}
	case n < 32:
		a.body, a.version = strings.Repeat(" ", 70_000)+a.body, -1
	case n < 33:
		a.body, a.version = a.body[:len(a.body)/2], -1
	case n < 34:
		a.body, a.version = "{}", -1
	case n < 35: // never
		w.calls = slices.Delete(w.calls, at, at+1)
		return
	case n < 36: // twice
		keep = true
	default:
		return // later
	}
	if !keep {
		w.calls = slices.Delete(w.calls, at, at+1)
	}
	w.deliver(c.root, c.id, c, a)
}

func (w *worker) deliver(root, id uint32, c *call, a answer) {
	w.note("reply %d to %d: version %d, %d bytes, at %d", id, root, a.version, len(a.body), w.storm.clock)
	beforeCall, beforeAnswer := w.answering, w.answer
	w.answering, w.answer = c, a
	w.inContext(root, func() { w.guest.answer(root, id, len(a.headers), len(a.body)) })
	w.answering, w.answer = beforeCall, beforeAnswer
}

// stranger gives an answer that nobody has asked for.
func (w *worker) stranger() {
	s := w.storm
	forged := edKey("forged-" + strconv.Itoa(s.steps))
	a := answer{headers: []abi.Pair{{Name: ":status", Value: "200"}}, body: keySet(forged), version: -1}
	root, id := pick(s, w.roots).id, w.lastCall+1000
	if len(w.calls) > 0 && s.chance(1, 2) {
		root, id = 1<<30, pick(s, w.calls).id
	}
	w.deliver(root, id, nil, a)
}

// reload gives a root a new configuration, or a bad one.
func (w *worker) reload() {
	w.configure(pick(w.storm, w.roots))
}

func (w *worker) configure(r *root) {
	s := w.storm
	s.policies++
	p := &policy{
		number: s.policies, signing: s.signing, narrow: s.chance(1, 4), wide: s.chance(1, 2),
		cache: []int{10_000, 64, 0}[s.rng.IntN(3)], known: map[string]*knowledge{},
	}
	if s.steps == 0 { // no storm: the size of caches is not what is looked at
		p.cache = 64
	}
	text := p.text()
	bad := r.current != nil && s.chance(1, 8)
	if bad {
		text = text[:s.rng.IntN(len(text))]
	}
	config := w.config
	w.config = []byte(text)
	accepted := false
	w.note("configure %d as %d", r.id, p.number)
	r.configuring++
	w.inContext(r.id, func() { accepted = w.guest.configure(r.id, len(text)) })
	r.configuring--
	w.config = config
	switch {
	case accepted == bad:
		s.faultf("configuration %d: accepted %v, want %v", p.number, accepted, !bad)
	case bad:
		s.count("bad configurations")
	default:
		r.current = p
	}
}

// addRoot creates a plugin context.
func (w *worker) addRoot() {
	w.lastID++
	r := &root{id: w.lastID}
	w.roots = append(w.roots, r)
	w.note("root %d", r.id)
	w.inContext(r.id, func() { w.guest.create(r.id, 0) })
	w.configure(r)
}

// changeRoots begins a plugin context, or ends one whose streams are gone.
func (w *worker) changeRoots() {
	s := w.storm
	if len(w.roots) < mostRoots && s.chance(1, 2) {
		w.addRoot()
		return
	}
	if len(w.roots) == 1 {
		return
	}
	at := s.rng.IntN(len(w.roots))
	r := w.roots[at]
	// A proxy that drains ends the streams first.
	for _, st := range slices.Clone(s.open) {
		if st.worker == w && st.root == r {
			s.end(st)
		}
	}
	w.roots = slices.Delete(w.roots, at, at+1)
	w.calls = slices.DeleteFunc(w.calls, func(c *call) bool { return c.root == r.id && s.chance(1, 2) })
	w.note("delete root %d", r.id)
	w.inContext(r.id, func() { w.guest.remove(r.id) })
}
