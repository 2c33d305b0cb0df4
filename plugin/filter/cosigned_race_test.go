package filter

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/replay"
)

// intruder is shared data at which another worker is faster: right before one of the calls
// that it is asked for, something else happens.
type intruder struct {
	*memo
	calls, at int
	do        func()
}

func (m *intruder) step() {
	if m.calls++; m.calls-1 == m.at && m.do != nil {
		m.do()
	}
}

func (m *intruder) Get(key string) ([]byte, uint32, replay.ShareStatus) {
	m.step()
	return m.memo.Get(key)
}

func (m *intruder) Set(key string, value []byte, cas uint32) replay.ShareStatus {
	m.step()
	return m.memo.Set(key, value, cas)
}

// TestP01PartsOfARequestThatRace: whichever of its signatures two workers get, and wherever
// in the one's verdict the other's falls, one passes at most, and of two copies one does.
func TestP01PartsOfARequestThatRace(t *testing.T) {
	a := label{name: "sig1", key: "k1", secret: "first secret", at: start / sec, nonce: "n1"}
	b := label{name: "sig2", key: "k2", secret: "second secret", at: start / sec, nonce: "n2"}
	parts := map[string][]label{"both": {a, b}, "the other way round": {b, a}, "the first": {a}, "the second": {b}}
	for by, kind := range map[string]string{"nonce": byNonce, "signature": bySignature} {
		config := cosigning("", kind)
		for one, mine := range parts {
			for other, theirs := range parts {
				for at, more := 0, true; more; at++ {
					shared := newMemo()
					fast, passed := newCourier(t, config, shared), 0
					sends := func(c *courier, labels []label) {
						if v, _ := c.send(cosigned("", labels...), withLast); v.Action == Continue {
							passed++
						} else if v.Reason != reason.Replayed {
							t.Errorf("refused for %s", v.Reason)
						}
					}
					between := &intruder{memo: shared, at: -1}
					slow := newCourier(t, config, between)
					between.calls, between.at, between.do = 0, at, func() { sends(fast, theirs) }
					sends(slow, mine)
					if more = between.calls > at; !more {
						continue // the other one has not come
					}
					low, high := 0, 1
					if one == other {
						low = 1
					} else if len(mine)+len(theirs) == 2 {
						low, high = 2, 2 // nothing tells that they were one request
					}
					if passed < low || passed > high {
						t.Errorf("by %s: %s, and %s before call %d: %d pass", by, one, other, at, passed)
					}
				}
			}
		}
	}
}

// partSim are workers that get requests with parts of the signatures that there are, some of
// them forged, at the same time and after reloads. What must hold:
//
//	once  each good signature is in one request that has passed, at most
//	let   a request passes that has a good signature and none that has been seen
type partSim struct {
	r       *rand.Rand
	config  string
	shared  *memo
	workers []*courier
	passed  map[string]int  // by signature
	touched map[string]bool // in a request that raced, or has passed
	wrong   []string
}

func TestP05AThousandSchedulesOfParts(t *testing.T) {
	n := uint64(1000)
	if testing.Short() {
		n /= 10
	}
	total, twice := 0, 0
	for seed := range n {
		s := &partSim{r: rand.New(rand.NewPCG(seed, 5)), shared: newMemo(), passed: map[string]int{}, touched: map[string]bool{}}
		s.config = cosigning("", []string{byNonce, bySignature}[s.r.IntN(2)])
		for range 2 {
			s.workers = append(s.workers, newCourier(t, s.config, s.shared))
		}
		for range 12 {
			s.step(t)
		}
		for name, times := range s.passed {
			if total += times; times > 1 {
				s.wrong = append(s.wrong, fmt.Sprintf("once: %s has passed %d times", name, times))
			}
		}
		if twice += len(s.touched); len(s.wrong) > 0 {
			t.Fatalf("seed %d:\n%s", seed, strings.Join(s.wrong, "\n"))
		}
	}
	if total < int(n) || twice < total {
		t.Errorf("%d signatures passed, %d were sent", total, twice)
	}
}

// step is one request, or two at once.
func (s *partSim) step(t *testing.T) {
	t.Helper()
	i := s.r.IntN(len(s.workers))
	switch s.r.IntN(8) {
	case 0: // a reload
		s.workers[i] = newCourier(t, s.config, s.shared)
	case 1, 2, 3: // two at once
		between := &intruder{memo: s.shared, at: -1}
		slow := newCourier(t, s.config, between)
		slow.now = s.workers[i].now
		mine, theirs := s.labels(), s.labels()
		between.calls, between.at = 0, s.r.IntN(12)
		between.do = func() { s.send(s.workers[i], theirs, mine) }
		s.send(slow, mine, theirs)
	default:
		s.send(s.workers[i], s.labels(), nil)
	}
	for _, w := range s.workers {
		w.now += s.r.Int64N(2 * sec)
	}
}

// labels are some of eight signatures by two keys, each perhaps forged.
func (s *partSim) labels() (list []label) {
	for _, n := range s.r.Perm(8)[:1+s.r.IntN(3)] {
		l := label{name: fmt.Sprintf("s%d", len(list)), key: "k1", secret: "first secret", at: start / sec, nonce: fmt.Sprint(n)}
		if n%2 == 1 {
			l.key, l.secret = "k2", "second secret"
		}
		if s.r.IntN(4) == 0 {
			l.secret = "a stranger's"
		}
		list = append(list, l)
	}
	return list
}

// send sends a request and compares its verdict with what has passed. rival is what races
// with it.
func (s *partSim) send(c *courier, labels, rival []label) {
	seen, good := false, 0
	for _, l := range labels {
		if l.secret == "a stranger's" {
			continue
		}
		good++
		seen = seen || s.touched[l.nonce]
	}
	v, _ := c.send(cosigned("", labels...), withLast)
	for _, l := range append(append([]label(nil), labels...), rival...) {
		if l.secret != "a stranger's" && (v.Action == Continue || rival != nil) {
			s.touched[l.nonce] = true
		}
	}
	for _, l := range labels {
		if l.secret != "a stranger's" && v.Action == Continue {
			s.passed[l.nonce]++
		}
	}
	switch {
	case v.Action == Continue && good == 0:
		s.wrong = append(s.wrong, "let: a request passes that nobody has signed")
	case v.Action != Continue && good > 0 && !seen && rival == nil:
		s.wrong = append(s.wrong, fmt.Sprintf("let: a request that is new is refused: %s, %v", v.Reason, labels))
	}
}
