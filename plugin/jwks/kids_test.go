package jwks

import "testing"

func TestUnknownKidRefetchesOncePerInterval(t *testing.T) {
	p := newProxy(t, testConfig(), 1)
	s := p.workers[0]
	p.pumpAll()
	p.answer(ok(docA))
	for range 1000 { // 100 s of strangers, 10 a second
		s.WantKid(p.now, "k")
		p.pass(second / 10)
		p.answer(ok(docA))
	}
	if p.fetches < 4 || p.fetches > 5 {
		t.Errorf("%d fetches in 100 s, want the first and one per 30 s", p.fetches)
	}
	cfg := testConfig()
	cfg.UnknownKidInterval = 0
	if New(cfg, 1).WantKid(p.now, "k") {
		t.Error("refetch_on_unknown_kid: false refetches")
	}
}

func TestUnknownKidBringsTheRotatedSet(t *testing.T) {
	p := newProxy(t, testConfig(), 2)
	p.pumpAll()
	p.answer(ok(docA))
	p.pass(pollInterval)
	p.pass(10 * second)
	for _, s := range p.workers {
		if !s.WantKid(p.now, "k") {
			t.Fatal("the first unknown kid is refused a refetch")
		}
	}
	p.pumpAll()
	p.answer(ok(docB))
	p.pass(pollInterval)
	for i, s := range p.workers {
		if p.kid(s) != "b" || s.Pending(p.now) {
			t.Errorf("worker %d: kid %q, pending %v", i, p.kid(s), s.Pending(p.now))
		}
	}
	if p.fetches != 2 {
		t.Errorf("%d fetches, want 2: both workers ask the same question", p.fetches)
	}
}

func TestUnknownKidOnAnyWorkerSeesWhatOneHasFetched(t *testing.T) {
	p := newProxy(t, testConfig(), 3)
	p.pumpAll()
	p.answer(ok(docA))
	p.pass(pollInterval)
	p.pass(100 * second)
	// All three ask before the rotation: one fetch, no b.
	for _, s := range p.workers {
		s.WantKid(p.now, "k")
		p.pump(s)
		p.answer(ok(docA))
	}
	if p.fetches != 2 {
		t.Fatalf("%d fetches, want 2", p.fetches)
	}
	// The IdP rotates. After the interval the first worker fetches; the others, whose
	// own throttle is spent by the same question, look at what it has published.
	p.pass(31 * second)
	for i, s := range p.workers {
		s.WantKid(p.now, "k")
		p.pump(s)
		p.answer(ok(docB))
		if p.kid(s) != "b" {
			t.Errorf("worker %d still has %q", i, p.kid(s))
		}
	}
	if p.fetches != 3 {
		t.Errorf("%d fetches, want 3", p.fetches)
	}
	// Within the interval nothing but looking.
	for range 100 {
		for _, s := range p.workers {
			s.WantKid(p.now, "k")
			p.pump(s)
			if s.Pending(p.now) {
				t.Fatal("a look that brings nothing leaves the request waiting")
			}
		}
	}
	if p.fetches != 3 {
		t.Errorf("%d fetches, want 3", p.fetches)
	}
}

// TestUnknownKidWaitsForAnotherWorkersFetch: a worker whose interval is spent, since it has
// seen another one take the lease, waits for what that one brings.
func TestUnknownKidWaitsForAnotherWorkersFetch(t *testing.T) {
	p := newProxy(t, testConfig(), 2)
	p.pumpAll()
	p.answer(ok(docA))
	p.pass(10 * second)
	a, b := p.workers[0], p.workers[1]
	p.pump(b)
	a.WantKid(p.now, "k")
	p.pump(a)
	p.now += watchInterval
	p.pump(b) // it sees the lease
	if !b.WantKid(p.now, "k") {
		t.Fatal("refused while the answer is under way")
	}
	for range 5 {
		p.pump(b)
		if !b.Pending(p.now) {
			t.Fatal("waits no more, though the answer is under way")
		}
		p.now += pollInterval
	}
	p.answer(ok(docB))
	p.now += pollInterval
	p.pump(b)
	if p.kid(b) != "b" || b.Pending(p.now) || p.fetches != 2 {
		t.Errorf("kid %q, pending %v, %d fetches", p.kid(b), b.Pending(p.now), p.fetches)
	}
	// The lease of a worker that has died holds nobody up for longer than it lasts.
	p.pass(40 * second)
	a.WantKid(p.now, "l")
	p.pump(a)
	p.flying = nil
	p.now += watchInterval
	p.pump(b)
	b.WantKid(p.now, "l")
	p.now += a.cfg.span()
	p.pump(b)
	if b.Pending(p.now) {
		t.Error("waits for a worker that has died")
	}
}
