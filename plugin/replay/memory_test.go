package replay

import (
	"fmt"
	"testing"
)

// ownMemory is a host without shared data.
func ownMemory() *host {
	h := newHost()
	h.read, h.write = new(ShareStatus), new(ShareStatus)
	return h
}

func TestProbe(t *testing.T) {
	conflict, ok, absent := ShareConflict, ShareOK, ShareAbsent
	for _, test := range []struct {
		name string
		host host
		own  bool
	}{
		{"a host with shared data", host{}, false},
		{"a host without", host{read: new(ShareStatus), write: new(ShareStatus)}, true},
		{"a host that takes everything and keeps nothing", host{write: &ok, read: &absent}, true},
		{"a host that says yes to everything", host{write: &ok, read: &ok}, true},
		{"a host that creates nothing with a number", host{write: &conflict}, true},
		{"a host without numbers", host{noCAS: true}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := test.host
			h.data = map[string]simEntry{}
			for range 2 { // the second finds the first one's
				s := ready(&h, testConfig())
				if note := s.Note(); (note != "") != test.own || (s.mode == own) != test.own {
					t.Errorf("mode %d, note %q", s.mode, note)
				}
				if s.Note() != "" {
					t.Error("the note is told twice")
				}
			}
		})
	}
}

// TestMemoryOutlivesConfigurations: what one VM has accepted it refuses, whatever it was
// configured with since.
func TestMemoryOutlivesConfigurations(t *testing.T) {
	h, m := ownMemory(), &Memory{}
	boot := func(cfg Config) *Store {
		s := New(cfg, m)
		h.drive(s.Probe())
		return s
	}
	s := boot(testConfig())
	mark := s.Mark("k1", start, Nonce, "n")
	h.want(t, Fresh, s.Check(start, mark))
	h.want(t, Fresh, s.Insert(start, mark))
	h.want(t, Replayed, s.Check(start, mark))
	cfg := testConfig()
	cfg.Behind, cfg.Clients, cfg.Capacity = 3600*second, 100, 5
	s = boot(cfg)
	h.want(t, Replayed, s.Insert(start, mark))
	h.want(t, Fresh, s.Insert(start, s.Mark("k2", start, Nonce, "n")))
	s = New(testConfig(), nil)
	h.drive(s.Probe())
	h.want(t, Unavailable, s.Check(start, mark))
}

// TestMemoryStaysDead: time in the module's memory does not go back either.
func TestMemoryStaysDead(t *testing.T) {
	h := ownMemory()
	s := ready(h, testConfig())
	m := s.Mark("k1", start, Nonce, "n")
	h.want(t, Fresh, s.Insert(start, m))
	later := start + 3600*second
	for i := range 4 * ways { // until every place of the set has been taken
		other := s.Mark("k1", later, Nonce, fmt.Sprint(i))
		other.hash = m.hash + 1 + uint64(i)
		if got := h.drive(s.Insert(later, other)); got != Fresh && i < ways {
			t.Fatalf("outcome %d of request %d", got, i)
		}
	}
	h.want(t, Unavailable, s.Insert(start, m))
}

// TestMemoryIsBounded: key ids beyond what there is room for are refused; those whose
// requests have all expired make room, and come back to nothing that was theirs.
func TestMemoryIsBounded(t *testing.T) {
	h, m := ownMemory(), &Memory{}
	s := New(testConfig(), m)
	h.drive(s.Probe())
	key := func(s *Store, i int, stamp int64) Mark { return s.Mark(fmt.Sprint("k", i), stamp, Nonce, "n") }
	n := memoryEntries / providerEntries
	for i := range n {
		h.want(t, Fresh, s.Insert(start, key(s, i, start)))
	}
	h.want(t, Full, s.Insert(start, key(s, n, start)))
	if m.held > memoryEntries || len(m.shares) != n {
		t.Fatalf("%d entries in %d shares", m.held, len(m.shares))
	}
	for i := range n {
		h.want(t, Replayed, s.Insert(start, key(s, i, start)))
	}
	// The first key's requests expire later than the others'.
	wide := testConfig()
	wide.Behind = 3600 * second
	w := New(wide, m)
	h.drive(w.Probe())
	h.want(t, Fresh, w.Insert(start, w.Mark("k0", start, Nonce, "wide")))
	last := start + tolerance + (grace+1)*second
	h.want(t, Full, s.Insert(last, key(s, n, last)))
	last += second
	h.want(t, Fresh, s.Insert(last, key(s, n, last)))
	h.want(t, Replayed, w.Insert(last, w.Mark("k0", start, Nonce, "wide")))
	h.want(t, Unavailable, w.Insert(last, key(w, 1, start)))
	// Many small ones: their number is bounded too.
	small := testConfig()
	small.Clients = 1 << 20
	m = &Memory{}
	s = New(small, m)
	h.drive(s.Probe())
	for i := range maxShares {
		h.want(t, Fresh, s.Insert(start, key(s, i, start)))
	}
	h.want(t, Full, s.Insert(start, key(s, maxShares, start)))
}
