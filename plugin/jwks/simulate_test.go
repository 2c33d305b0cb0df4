package jwks

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// The simulation: several workers, each with its source, one store of shared data, one
// key-set server, and a schedule drawn from a seed: rotations, outages, slow, torn,
// oversized and wrong answers, answers that never come, steps of the clock, workers that
// stall, crash or get a new configuration, strangers with kids of their own. Workers act
// at the same instant with their host calls interleaved, as threads do, and some of them
// began a while ago: what they read of shared data was written later than their clock
// says. What must hold whatever happens is checked as it happens:
//
//	withdrawn  no source goes back to an older set than it has had, and a set that was
//	           published is in use by every worker within watchInterval of its next tick
//	single     no two calls are under way at once
//	throttled  no two fetches for unknown kids within the interval, and after failures
//	           none before the delay, whatever kids strangers send
//	good       a bad answer changes nothing, and the latest good one is in force
//	bounded    no event makes host calls without end
//	live       once all is well again, every worker comes to the current set
//
// A lease is held by the wall clock and a call by the host's: for as long as a lease
// may last after the clock was stepped, "single" and "throttled" are not promised.

const (
	schedules = 10_000
	never     = -1 << 60 // long before all
	// lagMax is how long a thread may have stood still since its event began.
	lagMax = 2 * second / 5
)

// weather is what the key-set server does.
type weather uint8

const (
	fine weather = iota
	slow
	reset
	broken    // 500
	gone      // 404
	torn      // half a document
	oversized // more than max_bytes
	wrongType // a page for humans
	emptySet
	cut    // the host hands over a part
	silent // the host never says anything
	weathers
)

type simWorker struct {
	source  *Source
	retired []*Source
	// stalledTill is when the worker runs again, in real time; ran is whether it has
	// since: it is not stalled for longer than a lease allows for.
	stalledTill int64
	ran         bool
	highest     map[*Source]int
	// acted is when its present event began, real: what it takes for now.
	acted int64
}

type simCall struct {
	source *Source
	number uint32
	nth    int   // of all calls
	begun  int64 // real time
	due    int64
	sky    weather
	set    int // what the server has at this time
}

type sim struct {
	sealed  bool // entries carry a MAC
	r       *rand.Rand
	cfg     Config
	real    int64 // a clock that does not step, from 0
	offset  int64 // wall clock = start + real + offset
	stepped int64 // when the clock last did, real; far in the past at first
	sky     weather
	set     int
	workers []*simWorker
	calls   []simCall
	data    map[string]entry
	cas     uint32
	salt    uint64
	store   storeFault

	published   int   // the newest set that was published
	publishedAt int64 // real
	lastKid     int64 // the last dispatch for an unknown kid, real
	ownKid      map[*Source]int64
	fresh       map[*Source]int
	lastFailure int64 // the end of the last failed episode, real
	delay       int64 // and the delay that follows it
	fetches     int
	kidFetches  int
	wrong       []string
	trace       []string
}

// storeFault is what is wrong with the shared data.
type storeFault uint8

const (
	storeFine storeFault = iota
	storeMissing
	storeConflicts
	storeForgets
	storeFaults
)

func (w *sim) now() int64 { return start + w.real + w.offset }

// nowOf is what a source takes for now.
func (w *sim) nowOf(s *Source) int64 {
	if worker := w.ownerOf(s); worker != nil {
		return start + worker.acted + w.offset
	}
	return w.now()
}

func (w *sim) fail(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf("%.3f s: ", float64(w.real)/1e9)+fmt.Sprintf(format, args...))
}

func (w *sim) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%.3f s (clock %+.3f): ", float64(w.real)/1e9, float64(w.offset)/1e9)+fmt.Sprintf(format, args...))
}

// steady says that no lease can be around that was written before the clock stepped.
func (w *sim) steady() bool { return w.real-w.stepped > 2*w.cfg.span()+second }

func (w *sim) newSource() *Source {
	w.salt++
	s := New(w.cfg, w.salt*0x9e3779b97f4a7c15)
	if w.sealed {
		s.Seal([]byte("a secret"))
	}
	return s
}

func newSim(seed uint64) *sim {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(list ...int64) int64 { return list[r.IntN(len(list))] }
	cfg := testConfig()
	cfg.Timeout = pick(1, 2, 5) * second
	cfg.CacheDuration = pick(1, 10, 60, 600) * second
	cfg.StaleIfError = pick(0, 1, 60, 3600) * second
	cfg.FailedRefetch = pick(1, 2) * second
	cfg.Retries = int(pick(0, 0, 1, 3))
	cfg.RetryBase, cfg.RetryMax = second/2, 2*second
	cfg.UnknownKidInterval = pick(1, 5, 30) * second
	if r.IntN(8) == 0 {
		cfg.Issuer, cfg.URI, cfg.OtherURI = "https://idp.test", "https://idp.test/.well-known/openid-configuration", "https://idp.test/.well-known/oauth-authorization-server"
	}
	w := &sim{r: r, cfg: cfg, sealed: seed%4 == 0, stepped: never, set: 1, data: map[string]entry{}, ownKid: map[*Source]int64{}, fresh: map[*Source]int{}, lastKid: never, lastFailure: never}
	if r.IntN(6) == 0 {
		w.store = storeFault(r.IntN(int(storeFaults)))
	}
	for range 1 + r.IntN(5) {
		w.workers = append(w.workers, &simWorker{source: w.newSource(), highest: map[*Source]int{}})
	}
	return w
}

// TestTenThousandSchedules draws one schedule from each seed.
func TestTenThousandSchedules(t *testing.T) {
	const shards = 8
	n := schedules
	if testing.Short() {
		n /= 20
	}
	for shard := range shards {
		t.Run(strconv.Itoa(shard), func(t *testing.T) {
			t.Parallel()
			fetches, kids := 0, 0
			for seed := uint64(shard); seed < uint64(n); seed += shards {
				w := newSim(seed)
				w.run()
				fetches, kids = fetches+w.fetches, kids+w.kidFetches
				if len(w.wrong) > 0 {
					t.Fatalf("seed %d, %d workers, store %d, %+v:\n%s\n%s", seed, len(w.workers), w.store, w.cfg, strings.Join(w.trace, "\n"), strings.Join(w.wrong, "\n"))
				}
			}
			// A simulation in which nothing happens holds every law.
			if fetches < n/shards || kids < n/shards/10 {
				t.Errorf("%d fetches, %d for kids, in %d schedules", fetches, kids, n/shards)
			}
		})
	}
}

// run plays one schedule and then lets everything become well.
func (w *sim) run() {
	for range 60 + w.r.IntN(120) {
		w.pass()
		w.incident()
		w.tick()
		if len(w.wrong) > 0 {
			return
		}
	}
	w.heal()
}

// pass lets time go by, by the machine's clock and, now and then, the wall's alone.
func (w *sim) pass() {
	switch w.r.IntN(20) {
	case 0:
		w.wait(w.r.Int64N(10 * second))
	case 1:
		w.wait(w.r.Int64N(w.cfg.CacheDuration))
	default:
		w.real += second/20 + w.r.Int64N(second/10)
	}
	if w.r.IntN(150) == 0 {
		steps := [...]int64{second / 1000, second, 30 * second, 3600 * second}
		d := steps[w.r.IntN(len(steps))]
		if w.r.IntN(2) == 0 {
			d = -d
		}
		w.offset += d
		w.stepped, w.lastKid, w.lastFailure = w.real, never, never
		w.note("the clock steps by %d ms", d/1_000_000)
	}
}

// wait lets a longer time go by: in ticks while calls are under way, else at once.
func (w *sim) wait(d int64) {
	for end := w.real + d; w.real < end; {
		if len(w.calls) == 0 {
			w.real = end
			return
		}
		w.real += second / 5
		w.tick()
	}
}

func (w *sim) incident() {
	worker := w.workers[w.r.IntN(len(w.workers))]
	switch w.r.IntN(24) {
	case 0, 1:
		w.set++
		w.note("rotation to %d", w.set)
	case 2, 3:
		w.sky = weather(w.r.IntN(int(weathers)))
		w.note("weather %d", w.sky)
	case 4, 5:
		w.sky = fine
		w.note("weather fine")
	case 6:
		if worker.ran {
			worker.stalledTill, worker.ran = w.real+w.r.Int64N(3*second/2), false
		}
	case 7:
		if w.r.IntN(3) == 0 {
			w.crash(worker, w.r.IntN(2) == 0)
		}
	case 8:
		if w.r.IntN(2) == 0 {
			w.reload(worker)
		}
	case 9, 10, 11, 12, 13:
		if worker.stalledTill <= w.real && worker.source.Keys(w.now()) != nil {
			for range 1 + w.r.IntN(5) {
				worker.source.WantKid(w.now(), strconv.Itoa(w.r.IntN(40)))
			}
		}
	}
}

// crash ends a worker's VM: its calls are gone, and a new one starts. If it may say
// goodbye it gives its lease back.
func (w *sim) crash(worker *simWorker, goodbye bool) {
	w.note("a worker ends, %v", goodbye)
	kept := w.calls[:0]
	for _, c := range w.calls {
		if c.source != worker.source && !contains(worker.retired, c.source) {
			kept = append(kept, c)
		}
	}
	w.calls = kept
	if goodbye {
		for _, s := range append(worker.retired, worker.source) {
			s.Quit()
			for s.Busy() && w.step(s) {
			}
			if st := w.stateOf(s); w.store == storeFine && st.holder == s.salt && st.end > w.now() {
				w.fail("single: a lease is kept by one who has said goodbye")
			}
		}
	}
	*worker = simWorker{source: w.newSource(), highest: map[*Source]int{}}
}

func (w *sim) reload(worker *simWorker) {
	w.note("a worker gets a new configuration")
	worker.source.Retire()
	worker.retired = append(worker.retired, worker.source)
	worker.source = w.newSource()
}

func contains(list []*Source, s *Source) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// tick lets every worker that is not stalled take its answers and act, their host calls
// interleaved.
func (w *sim) tick() {
	var busy []*Source
	for _, worker := range w.workers {
		if worker.stalledTill > w.real {
			continue
		}
		worker.ran = true
		began := w.real
		if w.r.IntN(4) == 0 {
			began -= w.r.Int64N(lagMax)
		}
		worker.acted = max(worker.acted, began)
		w.deliver(worker)
		busy = append(append(busy, worker.source), worker.retired...)
	}
	active := append([]*Source(nil), busy...)
	for steps := 0; len(busy) > 0; steps++ {
		i := w.r.IntN(len(busy))
		if !w.step(busy[i]) {
			busy[i] = busy[len(busy)-1]
			busy = busy[:len(busy)-1]
		}
		if steps > 60*len(active)+60 {
			w.fail("bounded: host calls without end, phase %d", busy[i%max(len(busy), 1)].phase)
			return
		}
	}
	w.single()
	for _, s := range active {
		w.withdrawn(s)
	}
}
