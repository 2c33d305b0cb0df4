package jwks

import (
	"bytes"
	"strings"
	"testing"
)

// The Ed25519 key of RFC 8037 appendix A.2, under two kids.
const (
	docA = `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
	docB = `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"b","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
)

const start = int64(1_800_000_000) * second

func testConfig() Config {
	return Config{
		URI: "https://idp.test/keys?x=1", Cluster: "idp", Timeout: 5 * second, CacheDuration: 600 * second,
		MaxBytes: 65536, MaxKeys: 64, FailedRefetch: second, RetryBase: second, StaleIfError: 3600 * second,
		HonorCacheControl: true, UnknownKidInterval: 30 * second, UnknownKidWait: 2 * second,
	}
}

type entry struct {
	value []byte
	cas   uint32
}

// proxy is a process with shared data, a key-set server and workers.
type proxy struct {
	t       *testing.T
	now     int64
	data    map[string]entry
	cas     uint32
	noData  bool
	refuse  bool // the host refuses calls
	workers []*Source
	flying  []*Source
	fetches int
}

func newProxy(t *testing.T, cfg Config, workers int) *proxy {
	p := &proxy{t: t, now: start, data: map[string]entry{}}
	for i := range workers {
		p.workers = append(p.workers, New(cfg, uint64(1000+i)))
	}
	return p
}

// pump does what the module's driver does, in at most 50 steps.
func (p *proxy) pump(s *Source) {
	p.t.Helper()
	for range 50 {
		step := s.Next(p.now)
		switch step.Kind {
		case Nothing:
			return
		case ReadShared:
			e, ok := p.data[step.Key]
			switch {
			case p.noData:
				s.Read(p.now, ShareUnavailable, nil, 0)
			case !ok:
				s.Read(p.now, ShareAbsent, nil, 0)
			default:
				s.Read(p.now, ShareOK, e.value, e.cas)
			}
		case WriteShared:
			e, ok := p.data[step.Key]
			if ok && step.CAS != 0 && step.CAS != e.cas {
				s.Written(p.now, ShareConflict)
				continue
			}
			p.cas++
			p.data[step.Key] = entry{bytes.Clone(step.Value), p.cas}
			s.Written(p.now, ShareOK)
		case Fetch:
			if p.refuse {
				s.Dispatched(p.now, false)
				continue
			}
			p.fetches++
			p.flying = append(p.flying, s)
			s.Dispatched(p.now, true)
		}
	}
	p.t.Fatal("the planner wants host calls without end")
}

func (p *proxy) pumpAll() {
	for _, s := range p.workers {
		p.pump(s)
	}
}

// answer answers every fetch under way and lets all workers go on.
func (p *proxy) answer(a Answer) {
	flying := p.flying
	p.flying = nil
	for _, s := range flying {
		s.Answered(p.now, a)
	}
	p.pumpAll()
}

func (p *proxy) pass(d int64) {
	p.now += d
	p.pumpAll()
}

func ok(doc string) Answer { return Answer{Status: 200, Body: []byte(doc)} }

func (p *proxy) kid(s *Source) string {
	keys := s.Keys(p.now)
	if keys == nil {
		return ""
	}
	id, _ := keys.Key(0).ID()
	return id
}

func TestFirstFetchGivesKeysAndAGeneration(t *testing.T) {
	p := newProxy(t, testConfig(), 1)
	s := p.workers[0]
	if s.Keys(p.now) != nil || !s.Pending(p.now) {
		t.Fatal("an empty source has keys or no hope")
	}
	p.pumpAll()
	p.answer(ok(docA))
	if p.kid(s) != "a" || s.Generation() != 1 || p.fetches != 1 || s.Pending(p.now) {
		t.Fatalf("kid %q generation %d fetches %d pending %v", p.kid(s), s.Generation(), p.fetches, s.Pending(p.now))
	}
}

func TestWorkersFetchOncePerExpiry(t *testing.T) {
	p := newProxy(t, testConfig(), 4)
	p.pumpAll()
	p.answer(ok(docA))
	p.pass(pollInterval)
	for i, s := range p.workers {
		if p.kid(s) != "a" {
			t.Errorf("worker %d has no keys", i)
		}
	}
	if p.fetches != 1 {
		t.Fatalf("%d fetches for the first set, want 1", p.fetches)
	}
	// Ten lifetimes, in ticks of a second, each answered at once.
	for range 6000 {
		p.pass(second)
		p.answer(ok(docA))
	}
	if p.fetches < 10 || p.fetches > 14 {
		t.Errorf("%d fetches in ten lifetimes of 600 s, want one each (10 to 14 with early refreshes)", p.fetches)
	}
}

func TestWithoutSharedDataEachWorkerFetches(t *testing.T) {
	p := newProxy(t, testConfig(), 3)
	p.noData = true
	p.pumpAll()
	p.answer(ok(docA))
	if p.fetches != 3 || p.kid(p.workers[2]) != "a" {
		t.Errorf("fetches %d, kid %q", p.fetches, p.kid(p.workers[2]))
	}
	if note := p.workers[0].Note(); !strings.Contains(note, "shared data") {
		t.Errorf("the weaker promise is not told: %q", note)
	}
}

func TestBadAnswersNeverDisplaceGoodKeys(t *testing.T) {
	large := `{"keys":[` + strings.Repeat(" ", 70000) + `]}`
	for name, a := range map[string]Answer{
		"reset": {}, "500": {Status: 500, Body: []byte(docB)}, "302": {Status: 302}, "204": {Status: 204}, "304": {Status: 304},
		"206": {Status: 206, Body: []byte(docB)}, "timeout": {Status: 504}, "html": ok("<html>"), "empty": ok(""), "no keys": ok(`{"keys":[]}`),
		"object": ok(`{}`), "torn": ok(docB[:40]), "trailing": ok(docB + "x"), "oversized": ok(large),
		"truncated": {Status: 200, Body: []byte(docB), Truncated: true}, "duplicate member": ok(`{"keys":[],` + docB[1:]),
		"unusable key": ok(`{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, testConfig(), 1)
			s := p.workers[0]
			p.pumpAll()
			p.answer(ok(docA))
			p.pass(600 * second)
			p.answer(a)
			if p.kid(s) != "a" || s.Generation() != 1 {
				t.Fatalf("after a bad answer: kid %q, generation %d", p.kid(s), s.Generation())
			}
			if s.Note() == "" {
				t.Error("the operator is not told")
			}
			// Stale keys serve until the window closes, then never.
			p.now = start + (600+3600)*second - 1
			if p.kid(s) != "a" {
				t.Error("stale keys were dropped inside stale_if_error")
			}
			p.now++
			if p.kid(s) != "" {
				t.Error("stale keys outlive stale_if_error")
			}
		})
	}
}

func TestFailureBacksOffAndRecovers(t *testing.T) {
	p := newProxy(t, testConfig(), 1)
	s := p.workers[0]
	p.pumpAll()
	p.answer(Answer{})
	if !s.Hopeless(p.now) || s.Pending(p.now) || s.RetryAfter(p.now) != 1 {
		t.Fatal("after a failure requests still wait")
	}
	var gaps []int64
	last := p.now
	for len(gaps) < 9 {
		p.pass(second / 2)
		if len(p.flying) > 0 {
			gaps, last = append(gaps, (p.now-last)/second), p.now
			p.answer(Answer{})
		}
	}
	for i, want := range []int64{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		if gaps[i] < want || gaps[i] > want+1 {
			t.Errorf("retry %d came after %d s, want %d", i, gaps[i], want)
		}
	}
	p.pass(61 * second)
	p.answer(ok(docA))
	if p.kid(s) != "a" {
		t.Error("no recovery")
	}
}

func TestAnOutageIsAskedAboutOnceNotOncePerWorker(t *testing.T) {
	p := newProxy(t, testConfig(), 4)
	for range 600 { // one minute in ticks of 100 ms
		p.pass(second / 10)
		p.answer(Answer{})
	}
	// Doubling from 1 s: at 0, 1, 3, 7, 15, 31 s by the slowest count; workers keep
	// their own counts, so up to four times the early ones.
	if p.fetches > 24 {
		t.Errorf("%d fetches in a minute of outage by 4 workers", p.fetches)
	}
}

func TestRetriesBelongToOneEpisode(t *testing.T) {
	cfg := testConfig()
	cfg.Retries = 2
	p := newProxy(t, cfg, 1)
	s := p.workers[0]
	p.pumpAll()
	for i := range 2 {
		p.answer(Answer{Status: 503})
		if s.Hopeless(p.now) {
			t.Fatalf("hopeless after try %d of 3", i+1)
		}
		p.pass(4 * second)
	}
	p.answer(Answer{Status: 503})
	if !s.Hopeless(p.now) || p.fetches != 3 {
		t.Errorf("hopeless %v after %d fetches, want true after 3", s.Hopeless(p.now), p.fetches)
	}
}

func TestUnknownKidRefetchesOncePerInterval(t *testing.T) {
	p := newProxy(t, testConfig(), 1)
	s := p.workers[0]
	p.pumpAll()
	p.answer(ok(docA))
	for range 1000 { // 100 s of strangers, 10 a second
		s.WantKid(p.now)
		p.pass(second / 10)
		p.answer(ok(docA))
	}
	if p.fetches < 4 || p.fetches > 5 {
		t.Errorf("%d fetches in 100 s, want the first and one per 30 s", p.fetches)
	}
	cfg := testConfig()
	cfg.UnknownKidInterval = 0
	if New(cfg, 1).WantKid(p.now) {
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
		if !s.WantKid(p.now) {
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
		s.WantKid(p.now)
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
		s.WantKid(p.now)
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
			s.WantKid(p.now)
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

func TestDeadLeaseHolderIsReplaced(t *testing.T) {
	p := newProxy(t, testConfig(), 2)
	p.pump(p.workers[0])
	p.flying = nil // the first worker dies with its fetch
	p.pump(p.workers[1])
	if p.fetches != 1 {
		t.Fatal("the lease does not hold the second worker back")
	}
	p.now += 8 * second
	p.pump(p.workers[1])
	p.answer(ok(docA))
	if p.kid(p.workers[1]) != "a" {
		t.Error("the lease of a dead worker is never taken over")
	}
}

func TestSharedEntriesAreNotTrusted(t *testing.T) {
	honest := newProxy(t, testConfig(), 1)
	honest.pumpAll()
	honest.answer(ok(docA))
	key := honest.workers[0].docKey()
	good := honest.data[key].value
	forge := func(fetchedAt, lifetime int64, body string) []byte {
		return encodeDocument(honest.workers[0].binding(), fetchedAt, lifetime, []byte(body))
	}
	for name, value := range map[string][]byte{
		"cut": good[:len(good)-1], "torn": append(bytes.Clone(good[:100]), make([]byte, 50)...), "longer": append(bytes.Clone(good), 'x'),
		"version": append([]byte("PSTD2"), good[5:]...), "empty": {}, "text": []byte(docA), "bad set": forge(start, 600*second, "{}"),
		"from the future": forge(start+3600*second, 600*second, docB), "immortal": forge(start, 1<<62, docB), "negative": forge(start, -1, docB),
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, testConfig(), 1)
			p.data[key] = entry{value, 7}
			p.pass(second)
			if p.kid(p.workers[0]) != "" || p.fetches != 1 {
				t.Fatalf("kid %q after %d fetches", p.kid(p.workers[0]), p.fetches)
			}
			p.answer(ok(docA))
			if p.kid(p.workers[0]) != "a" {
				t.Error("a bad entry keeps the good set away")
			}
		})
	}
	t.Run("a foreign lease without end is taken over", func(t *testing.T) {
		p := newProxy(t, testConfig(), 1)
		p.data[p.workers[0].leaseKey()] = entry{encodeLease(1<<62, 1<<62, 1), 7}
		p.pass(second)
		if p.fetches != 1 {
			t.Error("a stranger's lease stops all fetches")
		}
	})
}

func TestUnknownClusterFailsAtOnce(t *testing.T) {
	cfg := testConfig()
	cfg.Retries = 3
	p := newProxy(t, cfg, 1)
	p.refuse = true
	p.pumpAll()
	if s := p.workers[0]; !s.Hopeless(p.now) || !strings.Contains(s.Note(), `"idp"`) {
		t.Error("an unknown cluster is retried or not named")
	}
}

func TestAnAnswerThatNeverComesIsAFailure(t *testing.T) {
	p := newProxy(t, testConfig(), 1)
	s := p.workers[0]
	p.pumpAll()
	p.flying = nil
	p.pass(7*second - 1)
	if s.Hopeless(p.now) {
		t.Fatal("given up before time-out and margin")
	}
	p.pass(1)
	if !s.Hopeless(p.now) || p.fetches != 1 {
		t.Fatalf("still waiting for an answer after %d fetches", p.fetches)
	}
	p.pass(2 * second)
	p.answer(ok(docA))
	if p.kid(s) != "a" || p.fetches != 2 {
		t.Errorf("kid %q after %d fetches", p.kid(s), p.fetches)
	}
}

func TestStrayAnswersAreIgnored(t *testing.T) {
	p := newProxy(t, testConfig(), 1)
	s := p.workers[0]
	s.Answered(p.now, ok(docB)) // nobody asked
	if s.Generation() != 0 {
		t.Fatal("an answer without a question was taken")
	}
	p.pumpAll()
	p.answer(ok(docA))
	s.Answered(p.now, ok(docB)) // twice
	if p.kid(s) != "a" {
		t.Error("a second answer was taken")
	}
}

func TestClockSteppingBackRefreshesAndKeepsKeys(t *testing.T) {
	p := newProxy(t, testConfig(), 1)
	s := p.workers[0]
	p.pumpAll()
	p.answer(ok(docA))
	p.pass(-3600 * second)
	if p.kid(s) != "a" || p.fetches != 2 {
		t.Fatalf("kid %q, fetches %d", p.kid(s), p.fetches)
	}
	p.answer(ok(docB))
	if p.kid(s) != "b" {
		t.Error("the refreshed set was not taken")
	}
}

func TestCacheControlShortensNeverLengthens(t *testing.T) {
	s := New(testConfig(), 1)
	for value, want := range map[string]int64{
		"": 600, "max-age=60": 60, "public, MAX-AGE=60, must-revalidate": 60, "max-age=86400": 600, "max-age=0": 10, "max-age=-1": 600,
		"max-age=100000000000000000000": 600, `max-age="60"`: 60, "max-age=60, max-age=30": 30, "no-store": 10, "max-age=3600, no-cache": 10,
		"max-age=": 600, "max-age=x": 600, "s-maxage=5": 600, ",,;": 600,
	} {
		if got := s.lifetime(Answer{CacheControl: value}) / second; got != want {
			t.Errorf("Cache-Control %q: %d s, want %d", value, got, want)
		}
	}
	if got := s.lifetime(Answer{CacheControl: "max-age=100", Age: "40"}) / second; got != 60 {
		t.Errorf("Age is not subtracted: %d", got)
	}
	if got := s.lifetime(Answer{CacheControl: "max-age=100", Age: "4000"}) / second; got != 10 {
		t.Errorf("Age beyond max-age: %d", got)
	}
}

func TestTargetSplitsTheURI(t *testing.T) {
	for uri, want := range map[string][3]string{
		"https://idp.test/keys?x=1": {"https", "idp.test", "/keys?x=1"},
		"http://127.0.0.1:80":       {"http", "127.0.0.1:80", "/"},
		"https://h?x":               {"https", "h", "/?x"},
	} {
		c := Config{URI: uri}
		scheme, authority, path := c.Target()
		if got := [3]string{scheme, authority, path}; got != want {
			t.Errorf("%s: %v", uri, got)
		}
	}
}
