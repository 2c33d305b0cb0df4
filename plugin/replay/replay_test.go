package replay

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// host is shared data as proxies have it, for one worker at a time.
type host struct {
	data  map[string]simEntry
	cas   uint32
	calls int
	bytes int // that crossed the boundary
	// before is called before each call, to let another worker be faster; read and write,
	// if they are not nil, are what calls come out as.
	before      func(step Step)
	read, write *ShareStatus
	noCAS       bool // every entry has the number 0
}

func newHost() *host { return &host{data: map[string]simEntry{}} }

func (h *host) drive(p Plan) Outcome {
	for step := p.Next(); step.Kind != Nothing; step = p.Next() {
		h.calls++
		if h.before != nil {
			h.before(step)
		}
		old, there := h.data[step.Key]
		switch {
		case step.Kind == ReadShared && h.read != nil:
			p.Read(*h.read, nil, 0)
		case step.Kind == ReadShared && !there:
			p.Read(ShareAbsent, nil, 0)
		case step.Kind == ReadShared && h.noCAS:
			p.Read(ShareOK, old.value, 0)
		case step.Kind == ReadShared:
			h.bytes += len(old.value)
			p.Read(ShareOK, old.value, old.cas)
		case h.write != nil:
			p.Written(*h.write)
		case there && step.CAS != 0 && step.CAS != old.cas:
			p.Written(ShareConflict)
		default:
			h.cas++
			h.bytes += len(step.Value)
			h.data[step.Key] = simEntry{bytes.Clone(step.Value), h.cas}
			p.Written(ShareOK)
		}
	}
	return p.Outcome()
}

const tolerance = 300 * int64(second)

func testConfig() Config { return Config{Provider: "partner", Ahead: tolerance, Behind: tolerance} }

func ready(h *host, cfg Config) *Store {
	s := New(cfg, &Memory{})
	h.drive(s.Probe())
	return s
}

func (h *host) want(t *testing.T, want Outcome, p Plan) {
	t.Helper()
	if got := h.drive(p); got != want {
		t.Fatalf("outcome %d, want %d", got, want)
	}
}

func TestLaws(t *testing.T) {
	now := start
	for _, test := range []struct {
		name string
		run  func(t *testing.T, h *host, s *Store)
	}{
		{"the second of two identical requests is a replay (P-01)", func(t *testing.T, h *host, s *Store) {
			m := s.Mark("k1", now, Nonce, "n")
			h.want(t, Fresh, s.Check(now, m))
			h.want(t, Fresh, s.Check(now, m))
			h.want(t, Fresh, s.Insert(now, m))
			h.want(t, Replayed, s.Check(now, m))
			h.want(t, Replayed, s.Insert(now, m))
		}},
		{"a request from the future is remembered for twice the tolerance (P-02)", func(t *testing.T, h *host, s *Store) {
			m := s.Mark("k1", now+tolerance, Nonce, "n")
			h.want(t, Fresh, s.Insert(now, m))
			for later := int64(0); later < 2*tolerance; later += 7 * second {
				other := s.Mark("k1", now+later, Nonce, fmt.Sprint(later))
				other.bucket = m.bucket // so that what has expired is dropped
				h.want(t, Fresh, s.Insert(now+later, other))
				h.want(t, Replayed, s.Insert(now+later, m))
			}
			h.want(t, Replayed, s.Insert(now+2*tolerance-1, m))
		}},
		{"what is only asked about is not burnt (P-03)", func(t *testing.T, h *host, s *Store) {
			m := s.Mark("k1", now, Nonce, "n")
			for range 100 {
				h.want(t, Fresh, s.Check(now, m))
			}
			if len(h.data) != 1 {
				t.Fatalf("%d entries beside the probe's", len(h.data)-1)
			}
			h.want(t, Fresh, s.Insert(now, m))
		}},
		{"requests that differ in anything signed are two (P-04)", func(t *testing.T, h *host, s *Store) {
			other := testConfig()
			other.Provider = "partnerk"
			o := ready(h, other)
			for _, m := range []Mark{
				s.Mark("k1", now, Nonce, "n"), s.Mark("k2", now, Nonce, "n"), s.Mark("k1", now+1, Nonce, "n"),
				s.Mark("k1", now, Nonce, "N"), s.Mark("k1", now, Nonce, ""), s.Mark("k1", now, Nonce, "n\x00"),
				s.Mark("k1", now, Nonce, "\x00"), s.Mark("k1", now, Nonce, strings.Repeat("n", 10_000)),
				s.Mark("k1", now, MAC, "n"), s.Mark("k1", now, Base, "n"), s.Mark("k1", now, ID, "n"), s.Mark("", now, Nonce, "n"),
				o.Mark("k1", now, Nonce, "n"), o.Mark("1", now, Nonce, "n"),
			} {
				h.want(t, Fresh, s.Insert(now, m))
				h.want(t, Replayed, s.Insert(now, m))
			}
		}},
		{"a sender's retry has a new time and is accepted (P-06)", func(t *testing.T, h *host, s *Store) {
			h.want(t, Fresh, s.Insert(now, s.Mark("k1", now, Nonce, "msg_1")))
			h.want(t, Fresh, s.Insert(now, s.Mark("k1", now+5*second, Nonce, "msg_1")))
		}},
		{"another VM and another configuration remember (P-08)", func(t *testing.T, h *host, s *Store) {
			m := s.Mark("k1", now, Nonce, "n")
			h.want(t, Fresh, s.Insert(now, m))
			cfg := testConfig()
			cfg.Ahead, cfg.Behind, cfg.Capacity, cfg.Clients = 3600*second, 3600*second, 7, 9
			s = ready(h, cfg)
			h.want(t, Replayed, s.Insert(now, s.Mark("k1", now, Nonce, "n")))
		}},
		{"a wider window does not revive what has expired under the narrower", func(t *testing.T, h *host, s *Store) {
			m := s.Mark("k1", now, Nonce, "n")
			h.want(t, Fresh, s.Insert(now, m))
			later := now + tolerance + (grace+2)*second
			other := s.Mark("k1", later, Nonce, "m")
			other.bucket = m.bucket
			h.want(t, Fresh, s.Insert(later, other))
			cfg := testConfig()
			cfg.Behind = 3600 * second
			s = ready(h, cfg)
			h.want(t, Unavailable, s.Insert(later, m))
		}},
		{"who creates a bucket second wipes nothing (P-09)", func(t *testing.T, h *host, s *Store) {
			a, b := s.Mark("k1", now, Nonce, "a"), s.Mark("k1", now, Nonce, "b")
			b.bucket = a.bucket
			h.before = func(step Step) {
				if step.Kind == WriteShared {
					h.before = nil
					h.want(t, Fresh, s.Insert(now, b))
				}
			}
			h.want(t, Fresh, s.Insert(now, a))
			h.want(t, Replayed, s.Insert(now, a))
			h.want(t, Replayed, s.Insert(now, b))
		}},
		{"of two that wait for their bodies one is accepted (P-10)", func(t *testing.T, h *host, s *Store) {
			m := s.Mark("k1", now, Nonce, "n")
			h.before = func(step Step) {
				if step.Kind == WriteShared {
					h.before = nil
					h.want(t, Fresh, s.Insert(now, m))
				}
			}
			h.want(t, Replayed, s.Insert(now, m))
		}},
		{"whoever is always slower gives up after sixteen tries", func(t *testing.T, h *host, s *Store) {
			m := s.Mark("k1", now, Nonce, "n")
			conflict := ShareConflict
			h.write, h.calls = &conflict, 0
			h.want(t, Unavailable, s.Insert(now, m))
			if h.calls != 32 {
				t.Fatalf("%d calls", h.calls)
			}
			h.write = nil
			h.want(t, Fresh, s.Insert(now, m))
		}},
		{"an entry without a number is not written over", func(t *testing.T, h *host, s *Store) {
			m := s.Mark("k1", now, Nonce, "n")
			h.want(t, Fresh, s.Insert(now, m))
			h.noCAS = true
			other := s.Mark("k1", now, Nonce, "m")
			other.bucket = m.bucket
			h.want(t, Unavailable, s.Insert(now, other))
			h.data[m.name()] = simEntry{value: []byte("damaged")}
			h.calls = 0
			h.want(t, Unavailable, s.Insert(now, other))
			if h.calls != 1 {
				t.Fatalf("%d calls", h.calls)
			}
		}},
		{"a clock that is not set refuses", func(t *testing.T, h *host, s *Store) {
			for _, clock := range []int64{0, -1, -now, maxClock * second, 1<<63 - 1, -1 << 63} {
				h.want(t, Unavailable, s.Check(clock, s.Mark("k1", clock, Nonce, "n")))
				h.want(t, Unavailable, s.Insert(clock, s.Mark("k1", clock, Nonce, "n")))
			}
		}},
		{"a time out of the window is outside, whatever it is", func(t *testing.T, h *host, s *Store) {
			h.want(t, Outside, s.Insert(now, Mark{}))
			for _, stamp := range []int64{0, -1, 1<<63 - 1, -1 << 63, now - tolerance - (grace+2)*second, now + tolerance + (grace+1)*second, now - 3600*second} {
				h.want(t, Outside, s.Insert(now, s.Mark("k1", stamp, Nonce, "n")))
			}
			h.want(t, Fresh, s.Insert(now, s.Mark("k1", now-tolerance, Nonce, "n")))
			h.want(t, Fresh, s.Insert(now, s.Mark("k1", now+tolerance, Nonce, "n")))
		}},
		{"what has expired stays dead when the clock steps back (T-04)", func(t *testing.T, h *host, s *Store) {
			m := s.Mark("k1", now, Nonce, "n")
			h.want(t, Fresh, s.Insert(now, m))
			other := s.Mark("k1", now+3600*second, Nonce, "m")
			other.bucket = m.bucket
			h.want(t, Fresh, s.Insert(now+3600*second, other))
			h.want(t, Unavailable, s.Check(now, m))
			h.want(t, Unavailable, s.Insert(now, m))
		}},
		{"a request with an end of its own is remembered until then", func(t *testing.T, h *host, s *Store) {
			now, end := start, start+24*3600*second
			m := s.MarkUntil("k1", end, MAC, "mac")
			h.want(t, Fresh, s.Insert(now, m))
			h.want(t, Fresh, s.Insert(now, s.Mark("k1", now, MAC, "mac")))
			for ; now <= end; now += 3600 * second {
				other := s.MarkUntil("k1", now, MAC, "another")
				other.bucket = m.bucket
				h.want(t, Fresh, s.Insert(now, other))
				h.want(t, Replayed, s.Insert(now, m))
			}
			now += grace * second
			h.want(t, Outside, s.Insert(now, m))
			h.want(t, Outside, s.Insert(now, s.MarkUntil("k1", now+MaxWindow+(grace+1)*second, MAC, "mac")))
			h.want(t, Fresh, s.Insert(now, s.MarkUntil("k1", now+MaxWindow, MAC, "mac")))
		}},
		{"before the probe everything is refused", func(t *testing.T, h *host, _ *Store) {
			s := New(testConfig(), &Memory{})
			h.want(t, Unavailable, s.Check(now, s.Mark("k1", now, Nonce, "n")))
			h.want(t, Unavailable, s.Insert(now, s.Mark("k1", now, Nonce, "n")))
			var p Plan
			h.want(t, Unavailable, p)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHost()
			test.run(t, h, ready(h, testConfig()))
		})
	}
}

func TestFaults(t *testing.T) {
	now := start
	for _, status := range []ShareStatus{ShareUnavailable, ShareConflict, 200} {
		h := newHost()
		s := ready(h, testConfig())
		m := s.Mark("k1", now, Nonce, "n")
		h.read = &status
		h.calls = 0
		h.want(t, Unavailable, s.Check(now, m))
		h.want(t, Unavailable, s.Insert(now, m))
		if h.calls != 2 {
			t.Errorf("status %d: %d calls", status, h.calls)
		}
		p := s.Insert(now, m) // with a value that would be good
		p.Read(status, closed(1, m.name(), nil), 9)
		if p.Next().Kind != Nothing || p.Outcome() != Unavailable {
			t.Errorf("status %d: a value that comes with it is believed", status)
		}
	}
	for _, status := range []ShareStatus{ShareUnavailable, ShareAbsent, 200} {
		h := newHost()
		s := ready(h, testConfig())
		h.write = &status
		h.want(t, Unavailable, s.Insert(now, s.Mark("k1", now, Nonce, "n")))
	}
}

// TestAnswersOutOfTurn: an answer that was not asked for changes nothing.
func TestAnswersOutOfTurn(t *testing.T) {
	h := newHost()
	s := ready(h, testConfig())
	p := s.Insert(start, s.Mark("k1", start, Nonce, "n"))
	p.Written(ShareOK)
	if p.Outcome() != Unavailable || p.Next().Kind != ReadShared {
		t.Fatal("a write that was not wanted counts")
	}
	p.Read(ShareAbsent, nil, 0)
	p.Read(ShareAbsent, nil, 0)
	if p.Outcome() != Unavailable || p.Next().Kind != WriteShared {
		t.Fatal("a read that was not wanted counts")
	}
	p.Written(ShareOK)
	p.Written(ShareUnavailable)
	p.Read(ShareUnavailable, nil, 0)
	if p.Outcome() != Fresh || p.Next().Kind != Nothing {
		t.Fatal("an answer after the end counts")
	}
}

// TestDamagedEntriesHeal: nothing is accepted that may have been in a damaged bucket, and
// once that has expired the bucket is as good as new (DESIGN's fail closed, and open again).
func TestDamagedEntriesHeal(t *testing.T) {
	for _, arrival := range []bool{false, true} {
		for _, secret := range []string{"", "secret"} {
			cfg := testConfig()
			cfg.Secret, cfg.ByArrival = []byte(secret), arrival
			h := newHost()
			s := ready(h, cfg)
			seen := s.Mark("k1", start+tolerance, ID, "seen")
			h.want(t, Fresh, s.Insert(start, seen))
			h.cas++
			h.data[seen.name()] = simEntry{[]byte("anything"), h.cas}
			h.want(t, Unavailable, s.Check(start, seen))
			for now := start; now <= start+2*tolerance; now += 11 * second {
				m := s.Mark("k1", now, ID, fmt.Sprint("new", now))
				m.bucket = seen.bucket
				if got := h.drive(s.Insert(now, seen)); got == Fresh && (!arrival || now-start <= tolerance) {
					t.Fatalf("arrival %v: accepted again after %d s", arrival, (now-start)/second)
				}
				got := h.drive(s.Insert(now, m))
				if late := now-start > tolerance+(grace+2)*second; late != (got == Fresh) && !arrival || late && got != Fresh {
					t.Fatalf("arrival %v: outcome %d of another after %d s", arrival, got, (now-start)/second)
				}
			}
		}
	}
}

// TestArrival: ids without a time are remembered for the window from their arrival on.
func TestArrival(t *testing.T) {
	h := newHost()
	cfg := testConfig()
	cfg.ByArrival = true
	s := ready(h, cfg)
	id := func(text string, stamp int64) Mark { return s.Mark("k1", stamp, ID, text) }
	h.want(t, Fresh, s.Insert(start, id("a", 0)))
	h.want(t, Replayed, s.Check(start, id("a", 1)))
	h.want(t, Replayed, s.Insert(start+tolerance, id("a", 0)))
	h.want(t, Replayed, s.Insert(start-100*second, id("a", 0)))
	h.want(t, Unavailable, s.Insert(start-1800*second, id("a", 0)))
	h.want(t, Fresh, s.Insert(start+tolerance+2*second, id("a", 0)))
	h.want(t, Replayed, s.Insert(start+2*tolerance, id("a", 0)))
}

// TestOneClientLocksOutNoOther: a flood of one key id ends at its own capacity (P-07).
func TestOneClientLocksOutNoOther(t *testing.T) {
	for _, own := range []bool{false, true} {
		h := newHost()
		if own {
			h.read = new(ShareStatus)
		}
		cfg := testConfig()
		cfg.Capacity, cfg.Clients = 1000, 64
		s := ready(h, cfg)
		counts := map[Outcome]int{}
		for i := range 30_000 {
			counts[h.drive(s.Insert(start, s.Mark("greedy", start, Nonce, fmt.Sprint(i))))]++
		}
		if counts[Fresh] < 1000 || counts[Full] == 0 || counts[Fresh]+counts[Full] != 30_000 {
			t.Errorf("own %v: outcomes %v", own, counts)
		}
		h.want(t, Full, s.Check(start, s.Mark("greedy", start, Nonce, "one more")))
		for i := range 500 {
			h.want(t, Fresh, s.Insert(start, s.Mark("modest", start, Nonce, fmt.Sprint(i))))
		}
		later := start + 2*tolerance
		h.want(t, Fresh, s.Insert(later, s.Mark("greedy", later, Nonce, "later")))
	}
}

// TestSize states what a client's memory costs: with the default capacity used up, in all
// and for one request.
func TestSize(t *testing.T) {
	h := newHost()
	s := ready(h, testConfig())
	for i := range DefaultCapacity {
		stamp := start + int64(i)*2*tolerance/DefaultCapacity - tolerance
		h.want(t, Fresh, s.Insert(start, s.Mark("k1", stamp, Nonce, fmt.Sprint(i))))
	}
	total, largest := 0, 0
	for name, e := range h.data {
		total += len(name) + len(e.value)
		largest = max(largest, len(e.value))
	}
	h.bytes, h.calls = 0, 0
	const more = 256
	for i := range more {
		m := s.Mark("k1", start, Nonce, fmt.Sprint("more", i))
		h.want(t, Fresh, s.Check(start, m))
		h.want(t, Fresh, s.Insert(start, m))
	}
	t.Logf("%d entries, %d bytes, the largest %d; a request makes %d calls with %d bytes", len(h.data), total, largest, h.calls/more, h.bytes/more)
	if len(h.data) != buckets+1 || total > 1_300_000 || largest > 6_000 || h.bytes/more > 16_000 || h.calls != 3*more {
		t.Errorf("more than that")
	}
}
