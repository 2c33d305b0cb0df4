package replay

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The simulation: workers of one proxy that judge signed requests, shared data, and a
// schedule drawn from a seed: the same request again and again, on several workers at
// once, with bodies that take their time; conflicts, storms of them, failing calls,
// damaged entries, neighbours, restarts of VMs, new configurations with another window
// and capacity, steps of the clock, clients that flood. Workers act at the same instant
// with their host calls interleaved, as threads do. What must hold whatever happens is
// checked as it happens:
//
//	once     a request is accepted once, whatever the workers, the clock and the entries
//	         do; by each VM once, where the host has no shared data
//	alive    where nothing is wrong, the first is accepted and all others are replays
//	apart    a client that floods is refused, and none of the others is
//	bounded  in calls per request, in bytes per entry, in entries
//
// The oracle knows requests and outcomes alone.

const (
	schedules = 2_000
	start     = 1_700_000_000 * int64(second)
)

// message is a request that was signed; it may be sent any number of times.
type message struct {
	client   int
	stamp    int64
	nonce    string
	bucket   byte
	lasting  bool // stamp is until when it may be used
	accepted []acceptance
	tries    int // that came to an end within the window
}

type acceptance struct {
	vm   int
	real int64 // when the callback began
}

// attempt is a request under way on a worker.
type attempt struct {
	m     *message
	store *Store
	proof bool  // of the signature
	ends  int64 // real: when its body has ended
}

type simWorker struct {
	vm      int
	store   *Store
	memory  *Memory
	waiting []*attempt
	// A callback under way: one plan, of one attempt.
	plan  *Plan
	of    *attempt
	early bool
	steps int
	begun int64 // real
}

// faults are what is wrong in a world.
type faults struct {
	noShared, noCompare   bool
	conflicts, failures   int // per cent of the calls
	poison, restarts      bool
	reloads, steps, flood bool
}

type simEntry struct {
	value []byte
	cas   uint32
}

type sim struct {
	r        *rand.Rand
	f        faults
	cfg      Config
	tol      int64
	real     int64
	offset   int64
	forward  bool
	workers  []*simWorker
	vms      int
	data     map[string]simEntry
	cas      uint32
	messages []*message
	fulls    [3]int
	wrong    []string
	outcomes map[Outcome]int
}

func (w *sim) now() int64 { return start + w.real + w.offset }

func (w *sim) fail(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf("%.3f s: ", float64(w.real)/1e9)+fmt.Sprintf(format, args...))
}

func newSim(seed uint64) *sim {
	r := rand.New(rand.NewPCG(seed, 8))
	one := func(n int) bool { return r.IntN(n) == 0 }
	w := &sim{r: r, data: map[string]simEntry{}, cas: 1, outcomes: map[Outcome]int{}}
	switch r.IntN(6) {
	case 0: // nothing is wrong
	case 1:
		w.f.flood = true
	case 2:
		w.f = faults{noShared: one(2), steps: one(2), reloads: one(2), restarts: one(2)}
		w.f.noCompare = !w.f.noShared
	case 3:
		w.f = faults{poison: true, conflicts: r.IntN(30), restarts: one(2)}
	default:
		w.f = faults{conflicts: r.IntN(60), failures: r.IntN(5), restarts: one(2), reloads: one(2), steps: one(2), flood: one(2)}
	}
	w.tol = int64(1+r.IntN(600)) * second
	w.cfg = Config{Provider: "p", Ahead: w.tol, Behind: w.tol, ByArrival: one(4), Capacity: 100_000, Clients: 3}
	if w.f.flood {
		w.cfg.Capacity = 1
	}
	if one(3) {
		w.cfg.Secret = []byte("a secret of the workers' own")
	}
	for range 1 + r.IntN(4) {
		k := &simWorker{}
		w.workers = append(w.workers, k)
		w.boot(k)
	}
	return w
}

// boot starts a worker's VM anew: what it had under way is lost.
func (w *sim) boot(k *simWorker) {
	w.vms++
	*k = simWorker{vm: w.vms, memory: &Memory{}}
	w.configure(k)
}

func (w *sim) configure(k *simWorker) {
	k.store = New(w.cfg, k.memory)
	p := k.store.Probe()
	for step := p.Next(); step.Kind != Nothing; step = p.Next() {
		w.call(&p, step, true)
	}
	if note := k.store.Note() != ""; note != (w.f.noShared || w.f.noCompare) || k.store.Note() != "" {
		w.fail("probe: a note is %v", note)
	}
}

// call makes a host call, as proxies do: a set with a CAS compares it with what is there,
// unless that is 0 or nothing is there.
func (w *sim) call(p *Plan, step Step, well bool) {
	old, there := w.data[step.Key]
	switch {
	case step.Kind == ReadShared:
		switch {
		case w.f.noShared, !well && w.r.IntN(100) < w.f.failures:
			p.Read(ShareUnavailable, nil, 0)
		case !there:
			p.Read(ShareAbsent, nil, 0)
		default:
			value := bytes.Clone(old.value)
			p.Read(ShareOK, value, old.cas)
			for i := range value { // it is the host's again
				value[i] = 0xdb
			}
		}
	case w.f.noShared, !well && w.r.IntN(100) < w.f.failures:
		p.Written(ShareUnavailable)
	case there && step.CAS != 0 && step.CAS != old.cas && !w.f.noCompare, !well && w.r.IntN(100) < w.f.conflicts:
		p.Written(ShareConflict)
	default:
		w.cas++
		w.data[step.Key] = simEntry{bytes.Clone(step.Value), w.cas}
		p.Written(ShareOK)
	}
}

// send lets a worker see the headers of a request.
func (w *sim) send(k *simWorker, m *message, proof bool) {
	// The frame's own rules.
	switch age := w.now() - m.stamp; {
	case w.cfg.ByArrival:
	case m.lasting && age > 0, !m.lasting && (age > w.cfg.Behind || age < -w.cfg.Ahead):
		return
	}
	a := &attempt{m: m, store: k.store, proof: proof, ends: w.real + w.r.Int64N(40)*second*w.r.Int64N(2)}
	w.begin(k, a, true)
}

func (w *sim) begin(k *simWorker, a *attempt, early bool) {
	kind := Nonce
	if w.cfg.ByArrival {
		kind = ID
	}
	mark := a.store.Mark(fmt.Sprint("client ", a.m.client), a.m.stamp, kind, a.m.nonce)
	if a.m.lasting {
		mark = a.store.MarkUntil(fmt.Sprint("client ", a.m.client), a.m.stamp, kind, a.m.nonce)
	}
	mark.bucket = a.m.bucket
	ask := a.store.Insert
	if early {
		ask = a.store.Check
	}
	p := ask(w.now(), mark)
	k.plan, k.of, k.early, k.steps, k.begun = &p, a, early, 0, w.real
}

// step lets a worker make one host call, or end its callback.
func (w *sim) step(k *simWorker) {
	step := k.plan.Next()
	if step.Kind != Nothing {
		if k.early && step.Kind == WriteShared && !w.f.poison {
			w.fail("bounded: a check writes")
		}
		if k.steps++; k.steps > 2*maxTries+1 {
			w.fail("bounded: %d calls", k.steps)
		}
		if k.plan.Outcome() != Unavailable {
			w.fail("once: %d before the end", k.plan.Outcome())
		}
		w.call(k.plan, step, false)
		if k.plan.Next().Kind != Nothing {
			return
		}
	}
	out, a := k.plan.Outcome(), k.of
	k.plan, k.of = nil, nil
	w.outcomes[out]++
	w.judge(k, a, out)
	if k.early && out == Fresh {
		k.waiting = append(k.waiting, a)
	}
}

func (w *sim) judge(k *simWorker, a *attempt, out Outcome) {
	m, calm := a.m, w.f == faults{flood: w.f.flood}
	m.tries++
	switch {
	case out == Fresh && !k.early:
		w.accept(k, m)
	case out == Replayed:
		if len(m.accepted) == 0 && w.f.failures == 0 {
			w.fail("alive: a request that was not accepted is a replay")
		}
	case out == Full:
		if w.fulls[m.client]++; m.client != 0 || !w.f.flood {
			w.fail("apart: client %d is refused", m.client)
		}
	case out == Outside:
		if age := w.now() - m.stamp; calm && (k.early || w.cfg.ByArrival || age <= grace*second || !m.lasting && age <= w.cfg.Behind+grace*second) {
			w.fail("alive: a request in time is outside")
		}
	case out == Unavailable:
		if calm {
			w.fail("alive: unavailable where nothing is wrong")
		}
	}
}

// accept is where the law is.
func (w *sim) accept(k *simWorker, m *message) {
	for _, before := range m.accepted {
		switch {
		case (w.f.noShared || w.f.noCompare) && before.vm != k.vm: // another memory
		case w.cfg.ByArrival && (w.forward || k.begun-before.real > w.tol): // another window
		default:
			w.fail("once: %s of client %d is accepted again, after %.3f s", m.nonce, m.client, float64(k.begun-before.real)/1e9)
		}
	}
	m.accepted = append(m.accepted, acceptance{k.vm, k.begun})
}

// event is one thing that happens.
func (w *sim) event() {
	k := w.workers[w.r.IntN(len(w.workers))]
	if k.plan != nil {
		w.step(k)
		return
	}
	busy := slices.ContainsFunc(w.workers, func(k *simWorker) bool { return k.plan != nil })
	switch n := w.r.IntN(100); {
	case n < 27 && busy: // no callback takes longer than seconds
		w.real += w.r.Int64N(second)
	case n < 25 && w.f.flood && w.r.IntN(4) > 0:
		w.send(k, w.sign(), true)
	case n < 25:
		w.real += w.r.Int64N(w.tol/20 + 2)
	case n < 27 && w.f.flood && w.r.IntN(4) > 0:
	case n < 27:
		w.real += w.r.Int64N(3 * w.tol)
	case n < 50 && len(k.waiting) > 0:
		a := k.waiting[0]
		if a.ends > w.real {
			return
		}
		k.waiting = k.waiting[1:]
		if a.proof {
			w.begin(k, a, false)
		}
	case n < 65:
		w.send(k, w.sign(), w.r.IntN(5) > 0)
	case n < 90 && len(w.messages) > 0:
		recent := min(len(w.messages), 1+w.r.IntN(100))
		w.send(k, w.messages[len(w.messages)-1-w.r.IntN(recent)], w.r.IntN(5) > 0)
	default:
		w.trouble(k)
	}
}

// sign makes a new request, of the first client more often than of others. All are in one
// of two buckets, so that workers meet.
func (w *sim) sign() *message {
	client := w.r.IntN(3)
	if w.f.flood && w.r.IntN(10) > 0 {
		client = 0
	}
	m := &message{client: client, nonce: fmt.Sprint("n", len(w.messages)), bucket: byte(w.r.IntN(2))}
	m.stamp = w.now() - w.cfg.Behind + w.r.Int64N(w.cfg.Behind+w.cfg.Ahead+1)
	if w.r.IntN(4) == 0 { // P-02: as far ahead as may be
		m.stamp = w.now() + w.cfg.Ahead
	}
	if m.lasting = !w.cfg.ByArrival && w.r.IntN(4) == 0; m.lasting {
		m.stamp = w.now() + w.r.Int64N(3*w.tol)
	}
	w.messages = append(w.messages, m)
	return m
}

// end lets all that is under way come to an end and looks at what is left.
func (w *sim) end() {
	w.f.conflicts, w.f.failures = 0, 0
	for _, k := range w.workers {
		for k.plan != nil {
			w.step(k)
		}
	}
	if buckets := 3*2*2 + 1; len(w.data) > buckets {
		w.fail("bounded: %d entries", len(w.data))
	}
	for name, e := range w.data {
		if limit := headSize + entrySize*int(New(w.cfg, nil).capacity) + macSize; len(e.value) > limit && !w.f.poison && w.f.flood {
			w.fail("bounded: %s has %d bytes", name, len(e.value))
		}
	}
}

func runSim(seed uint64) *sim {
	w := newSim(seed)
	for range 1500 {
		w.event()
		if len(w.wrong) > 0 {
			return w
		}
	}
	w.end()
	return w
}

// TestSimulation runs all schedules; a seed that fails is printed and can be run alone.
func TestSimulation(t *testing.T) {
	seeds := uint64(schedules)
	if testing.Short() {
		seeds /= 10
	}
	outcomes := map[Outcome]int{}
	failed := 0
	for seed := range seeds {
		w := runSim(seed)
		for o, n := range w.outcomes {
			outcomes[o] += n
		}
		if len(w.wrong) > 0 {
			if failed++; failed <= 5 {
				t.Errorf("seed %d (%+v, %+v):\n%s", seed, w.f, w.cfg, strings.Join(w.wrong, "\n"))
			}
		}
	}
	if failed > 0 {
		t.Fatalf("%d of %d schedules fail", failed, seeds)
	}
	for _, o := range []Outcome{Unavailable, Fresh, Replayed, Full, Outside} {
		if outcomes[o] < int(seeds)/10 {
			t.Errorf("outcome %d came about %d times: the simulation has not been where it was to be", o, outcomes[o])
		}
	}
	t.Log(outcomes)
}
