package jwks

import (
	"bytes"
	"testing"
)

func TestSharedEntriesAreNotTrusted(t *testing.T) {
	honest := newProxy(t, testConfig(), 1)
	honest.pumpAll()
	honest.answer(ok(docA))
	w := honest.workers[0]
	key, stateKey := w.names.docKey, w.names.stateKey
	good := honest.data[key].value
	forge := func(version uint64, fetchedAt, lifetime int64, body string) []byte {
		d := document{version: version, fetchedAt: fetchedAt, lifetime: lifetime, body: []byte(body)}
		return d.encode(w.names.binding)
	}
	otherSet := func() []byte {
		cfg := testConfig()
		cfg.MaxKeys++
		d := document{version: 1, fetchedAt: start, lifetime: second, body: []byte(docB)}
		return d.encode(New(cfg, 1).names.binding)
	}
	for name, value := range map[string][]byte{
		"cut": good[:len(good)-1], "torn": append(bytes.Clone(good[:100]), make([]byte, 50)...), "longer": append(bytes.Clone(good), 'x'),
		"format": append([]byte("PSTD1"), good[5:]...), "empty": {}, "text": []byte(docA), "bad set": forge(1, start, 600*second, "{}"),
		"negative": forge(1, start, -1, docB), "too old": forge(1, start-2*3600*second, 600*second, docB),
		"version 0": forge(0, start, 600*second, docB), "the last version": forge(1<<63, start, 600*second, docB), "another set's": otherSet(),
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, testConfig(), 1)
			p.data[key] = entry{value, 7}
			p.pass(second)
			if p.kid(p.workers[0]) != "" || p.fetches != 1 {
				t.Fatalf("kid %q after %d fetches", p.kid(p.workers[0]), p.fetches)
			}
			p.answer(ok(docA))
			if p.kid(p.workers[0]) != "a" || p.workers[0].Pending(p.now) {
				t.Error("a bad entry keeps the good set away")
			}
			if d, sound := decodeDocument(p.data[key].value, w.names.binding); !sound || string(d.body) != docA {
				t.Error("a bad entry is not replaced")
			}
		})
	}
	for name, st := range map[string]state{
		"without end": {end: 1 << 62, notBefore: 1 << 62, kidsNotBefore: 1 << 62, holder: 1},
		"all ones":    {-1, -1, -1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}, "the last version": {version: maxVersion - 1},
	} {
		t.Run("a foreign state is no obstacle: "+name, func(t *testing.T) {
			p := newProxy(t, testConfig(), 1)
			p.data[stateKey] = entry{st.encode(), 7}
			p.pass(second)
			p.answer(ok(docA))
			if p.kid(p.workers[0]) != "a" || p.fetches != 1 {
				t.Errorf("kid %q after %d fetches", p.kid(p.workers[0]), p.fetches)
			}
		})
	}
	t.Run("a document from before the clock stepped back serves while it is refreshed", func(t *testing.T) {
		p := newProxy(t, testConfig(), 1)
		p.data[key] = entry{forge(3, 1<<62, 1<<62, docB), 7}
		p.pumpAll()
		if p.kid(p.workers[0]) != "b" || p.fetches != 1 {
			t.Errorf("kid %q after %d fetches", p.kid(p.workers[0]), p.fetches)
		}
		p.now = start + (600+3600)*second
		if p.kid(p.workers[0]) != "" {
			t.Error("a shared document from the future outlives cache_duration and stale_if_error")
		}
	})
	t.Run("a document that is nearly too old serves while it is refreshed", func(t *testing.T) {
		p := newProxy(t, testConfig(), 1)
		p.data[key] = entry{forge(3, start-3600*second, 1<<62, docB), 7}
		p.pumpAll()
		if p.kid(p.workers[0]) != "b" || p.fetches != 1 {
			t.Errorf("kid %q after %d fetches", p.kid(p.workers[0]), p.fetches)
		}
		p.now = start + 600*second // of its claimed lifetime only cache_duration counts
		if p.kid(p.workers[0]) != "" {
			t.Error("a shared document outlives cache_duration and stale_if_error")
		}
	})
}

func TestAHostThatTakesNewEntriesWithoutConditionAlone(t *testing.T) {
	p := newProxy(t, testConfig(), 3)
	p.strict = true
	for range 10 {
		p.pass(pollInterval)
	}
	p.answer(ok(docA))
	p.pass(watchInterval)
	for i, s := range p.workers {
		if p.kid(s) != "a" || s.unshared {
			t.Errorf("worker %d: kid %q, alone %v", i, p.kid(s), s.unshared)
		}
	}
	if p.fetches != 1 {
		t.Errorf("%d fetches, want 1", p.fetches)
	}
}

// TestAStoreThatTakesNothing (W-09): each worker fetches for itself in the end, and
// says so once.
func TestAStoreThatTakesNothing(t *testing.T) {
	p := newProxy(t, testConfig(), 2)
	p.full = true
	notes := 0
	for range 70 {
		p.pass(pollInterval)
		for _, s := range p.workers {
			if s.Note() != "" {
				notes++
			}
		}
	}
	p.answer(ok(docA))
	if p.kid(p.workers[0]) != "a" || p.kid(p.workers[1]) != "a" || p.fetches != 2 || notes != 2 {
		t.Errorf("kids %q, %q after %d fetches, %d notes", p.kid(p.workers[0]), p.kid(p.workers[1]), p.fetches, notes)
	}
}
