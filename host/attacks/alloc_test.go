package attacks

import (
	"strings"
	"testing"
)

// margin reads, through the host's own allocations, how far the guest's memory of a
// callback has moved: an allocation stands where the one before it ended. What lies
// between two of the host's is the guest's.
type margin struct {
	h           *fakeHost
	first, last uint32 // where the host's marks stand
	between     uint32 // what the host allocated between them, with what each takes besides
	label       uint32 // that
}

const mark = 8

// arm makes every host call leave a mark.
func (m *margin) arm() {
	m.first, m.last, m.between = 0, 0, 0
	m.h.within = func() {
		at := m.h.allocate(make([]byte, mark))
		if m.first == 0 {
			m.first = at
			m.h.taken = 0
			return
		}
		m.last, m.between = at, m.h.taken-(mark+m.label)
	}
}

// guest is how many bytes the guest has allocated between the first host call of the
// callback and the last.
func (m *margin) guest() int {
	m.h.within = nil
	return int(m.last-m.first) - int(mark+m.label) - int(m.between)
}

// TestTheGuestAllocatesNothing counts in the module itself, call by call of the host:
// whatever the verdict, a usual request takes no memory but the host's own buffers.
func TestTheGuestAllocatesNothing(t *testing.T) {
	h := start(t)
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	// A build that labels its objects (tag poison) takes as much more for each.
	m := &margin{h: h}
	h.within = func() {
		if a, b := h.allocate(make([]byte, mark)), h.allocate(make([]byte, mark)); m.label == 0 {
			m.label = b - a - mark
		}
	}
	id := uint32(1)
	send := func(pairs []byte) uint64 {
		id++
		action := h.request(id, pairs)
		h.call("proxy_on_delete", uint64(id))
		return action
	}
	send(get())
	h.label = m.label
	h.within = nil
	for range 100 {
		send(get()) // from now on refusals are not logged one by one
	}
	warm, exp := good(), int64(clock/1_000_000_000)+600
	signature := warm[strings.LastIndexByte(warm, '.')+1:]
	// A verification by Ed25519 takes room for two numbers; everything else takes none.
	numbers := 2 * int(32+m.label)
	most := map[string]int{"bad signature": numbers, "accepted, not seen before": numbers}
	for _, c := range []struct {
		law    string
		pairs  func(i int) []byte
		action uint64
	}{
		{"accepted, seen before", func(int) []byte { return bearer(warm) }, actionContinue},
		{"accepted, seen before, with a forged identity", func(int) []byte { return get("authorization", "Bearer "+warm, "x-user", "root", "X-User", "root") }, actionContinue},
		{"accepted, not seen before", func(i int) []byte { return bearer(token(exp + int64(i))) }, actionContinue},
		{"no token", func(int) []byte { return get() }, actionPause},
		{"no token, with an id to repeat", func(int) []byte { return get("x-request-id", "b7e2c1") }, actionPause},
		{"expired", func(i int) []byte { return bearer(token(int64(clock/1_000_000_000) - 600 - int64(i))) }, actionPause},
		{"bad signature", func(i int) []byte {
			return bearer(warm[:len(warm)-len(signature)] + strings.Repeat("A", len(signature)))
		}, actionPause},
		{"garbage of 16 KB", func(int) []byte { return bearer(strings.Repeat("A", 16000)) }, actionPause},
		{"10,000 dots", func(int) []byte { return bearer(strings.Repeat(".", 10000)) }, actionPause},
		{"two tokens", func(int) []byte { return get("authorization", "Bearer "+warm, "authorization", "Bearer "+warm) }, actionPause},
	} {
		t.Run(c.law, func(t *testing.T) {
			for i := range 40 {
				send(c.pairs(1000 + i)) // what is built once is built
			}
			for i := range 20 {
				pairs := c.pairs(i)
				m.arm()
				action := send(pairs)
				if n := m.guest(); n < 0 || n > most[c.law] || m.last == 0 {
					t.Fatalf("%d bytes", n)
				}
				if action != c.action {
					t.Fatalf("action %d", action)
				}
			}
		})
	}
}
