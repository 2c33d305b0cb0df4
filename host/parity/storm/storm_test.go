//go:build !race

package storm

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"strings"
)

// plan is what a storm is made of; the same plan is the same storm.
type plan struct {
	seed    uint64
	streams int
	workers int
	// nested lets the proxy call back within host calls.
	nested bool
	// until ends the run with a fault after so many lines, to show them; 0 is never.
	until int
}

const (
	// mostOpen streams at once.
	mostOpen = 500
	// mostRoots of a worker.
	mostRoots = 3
	// nestedEach is the chance that a host call calls back.
	nestedEach = 300
	// kept lines of the transcript are shown with a fault.
	kept = 30
)

// storm is one run of a plan with one guest.
type storm struct {
	plan
	rng      *rand.Rand
	clock    int64
	workers  []*worker
	servers  map[string]*keyServer
	shared   map[string]stored
	cas      uint32
	stranger *signer
	tokens   map[string][]*token
	sealed   map[string][]*sealed
	signing  bool // with signed requests
	said     map[string]string
	serial   int
	policies int
	// highest is what the clock was when it stepped back, backs how often it has.
	highest int64
	backs   int
	// target is how many streams are to be open.
	target int
	open   []*stream
	opened int
	steps  int

	// lines are the hashes of the transcript's lines; last holds the texts of the last.
	lines    []uint64
	last     [kept]string
	verdicts []string
	counts   map[string]int
	fault    string
	// most open at once, and the largest memory of a worker.
	mostSeen   int
	mostMemory uint32
}

// hashing is one seed for all transcripts of this process.
var hashing = maphash.MakeSeed()

func (p plan) run(b build) *storm {
	s := &storm{
		plan: p, rng: rand.New(rand.NewPCG(p.seed, 0)), clock: start, servers: newServers(), shared: map[string]stored{},
		stranger: edKey("stranger"), tokens: map[string][]*token{}, sealed: map[string][]*sealed{}, signing: true, said: map[string]string{}, counts: map[string]int{},
	}
	for i := range p.workers {
		seed := [32]byte{}
		binary.LittleEndian.PutUint64(seed[:], p.seed)
		seed[8] = byte(i)
		w := &worker{storm: s, index: i, source: rand.NewChaCha8(seed), streams: map[uint32]*stream{}}
		s.workers = append(s.workers, w)
		w.guest = b(w)
		// What a runtime draws at its start is its own affair.
		w.source = rand.NewChaCha8(seed)
		defer w.guest.close()
		if !s.failed() {
			w.addRoot()
		}
	}
	for !s.failed() && (s.opened < p.streams || len(s.open) > 0) {
		s.step()
	}
	if !s.failed() {
		s.drained()
	}
	return s
}

func (s *storm) failed() bool { return s.fault != "" }

// faultf records the first fault with all that is needed to see it again.
func (s *storm) faultf(format string, args ...any) {
	if s.failed() {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %d streams, step %d, line %d: ", s.seed, s.streams, s.steps, len(s.lines))
	fmt.Fprintf(&b, format, args...)
	b.WriteString("\nthe last lines:")
	for i := max(0, len(s.lines)-kept); i < len(s.lines); i++ {
		line := s.last[i%kept]
		b.WriteString("\n  " + line[:min(len(line), 300)])
	}
	s.fault = b.String()
}

// note writes one line of the transcript.
func (w *worker) note(format string, args ...any) {
	line := fmt.Sprintf("w%d c%d ", w.index, w.effective) + fmt.Sprintf(format, args...)
	w.storm.last[len(w.storm.lines)%kept] = line
	w.storm.lines = append(w.storm.lines, maphash.String(hashing, line))
	if len(w.storm.lines) == w.storm.until {
		w.storm.faultf("as far as wanted")
	}
}

func (s *storm) verdict(st *stream, reason string) {
	if !s.nested {
		s.verdicts = append(s.verdicts, fmt.Sprintf("worker %d stream %d %s %s", st.worker.index, st.id, st.message.kind, reason))
	}
	st.worker.note("verdict %s", reason)
	s.count(reason)
}

func (s *storm) count(what string) { s.counts[what]++ }

// chance is true n times of m.
func (s *storm) chance(n, m int) bool { return s.rng.IntN(m) < n }

func pick[T any](s *storm, list []T) T { return list[s.rng.IntN(len(list))] }

// adopted records what a policy has certainly taken from a server.
func (s *storm) adopted(c *call, version int) {
	if version < 0 {
		s.faultf("worker takes an answer without a key set for one")
		return
	}
	if c.policy == nil {
		return
	}
	// While the clock is behind what it was, the documents of that time look newer.
	c.policy.known[c.set.path] = nil
	if s.clock >= s.highest {
		c.policy.known[c.set.path] = &knowledge{version, s.clock, s.backs}
	}
}

// nest lets the proxy call back before a host call returns.
func (w *worker) nest() {
	s := w.storm
	if !s.nested || w.depth == 0 || w.depth > 2 || s.failed() || !s.chance(1, nestedEach) {
		return
	}
	s.count("nested")
	w.note("nested")
	for range 1 + s.rng.IntN(3) {
		switch n := s.rng.IntN(20); {
		case n < 8:
			s.begin(w)
		case n < 14:
			if st := w.any(); st != nil {
				s.advance(st)
			}
		case n < 17:
			if st := w.any(); st != nil {
				s.end(st)
			}
		case n < 18:
			w.stranger()
		case n < 19:
			r := pick(s, w.roots)
			w.inContext(r.id, func() { w.guest.tick(r.id) })
		default:
			w.reload()
		}
	}
}

// any returns one of the worker's open streams, or nil.
func (w *worker) any() *stream {
	s := w.storm
	for range 4 {
		if len(s.open) == 0 {
			return nil
		}
		if st := pick(s, s.open); st.worker == w {
			return st
		}
	}
	return nil
}

// drained checks what has to be true when no stream is open any more.
func (s *storm) drained() {
	for _, w := range s.workers {
		s.mostMemory = max(s.mostMemory, w.guest.memory())
		if len(w.streams) != 0 {
			s.faultf("worker %d still has %d streams", w.index, len(w.streams))
		}
	}
}

// summary says what has happened.
func (s *storm) summary() string {
	names := make([]string, 0, len(s.counts))
	for name := range s.counts {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d streams, %d at once, %d steps, %d lines, %d configurations, %d tokens, %.1f MiB;",
		s.seed, s.opened, s.mostSeen, s.steps, len(s.lines), s.policies, s.serial, float64(s.mostMemory)/(1<<20))
	for _, name := range names {
		fmt.Fprintf(&b, " %s %d", name, s.counts[name])
	}
	return b.String()
}
