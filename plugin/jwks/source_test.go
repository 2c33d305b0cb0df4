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
		RetryMax: 10 * second, RetryOn: RetryDefault, HonorCacheControl: true, UnknownKidInterval: 30 * second, UnknownKidWait: 2 * second,
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
	full    bool // the store takes nothing
	strict  bool // it takes a new entry with CAS 0 alone
	workers []*Source
	flying  []flight
	fetches int
	asked   []string // the URIs, in order
}

// flight is a call under way.
type flight struct {
	source *Source
	number uint32
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
			s.Written(p.now, p.write(step))
		case Fetch:
			if p.refuse {
				s.Dispatched(p.now, false)
				continue
			}
			p.fetches++
			p.asked = append(p.asked, strings.Clone(step.URI))
			p.flying = append(p.flying, flight{s, step.Flight})
			s.Dispatched(p.now, true)
		}
	}
	p.t.Fatal("the planner wants host calls without end")
}

// write is what Envoy does: 0 is unconditional, and where there is nothing any CAS is right.
func (p *proxy) write(step Step) ShareStatus {
	if e, ok := p.data[step.Key]; p.full || ok && step.CAS != 0 && step.CAS != e.cas {
		return ShareConflict
	}
	if _, ok := p.data[step.Key]; !ok && p.strict && step.CAS != 0 {
		return ShareConflict
	}
	p.cas++
	p.data[step.Key] = entry{bytes.Clone(step.Value), p.cas}
	return ShareOK
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
	for _, f := range flying {
		f.source.Answered(p.now, f.number, a)
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
	p.pass(5*second + answerMargin - 1)
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
	s.Answered(p.now, 0, ok(docB)) // nobody asked
	if s.Generation() != 0 {
		t.Fatal("an answer without a question was taken")
	}
	p.pumpAll()
	p.answer(ok(docA))
	s.Answered(p.now, 1, ok(docB)) // twice
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
	p.now += (600 + 3600) * second
	if p.kid(s) != "" {
		t.Error("the step lengthens the set's life")
	}
	p.now -= 3600 * second
	if p.kid(s) != "" {
		t.Error("a set that was too old is revived by a clock that steps back")
	}
	p.answer(ok(docB))
	if p.kid(s) != "b" {
		t.Error("the refreshed set was not taken")
	}
}

// TestQuietIsWhatNextSays: a set that is quiet wants nothing, and one that has just
// looked round is quiet.
func TestQuietIsWhatNextSays(t *testing.T) {
	for _, alone := range []bool{false, true} {
		p := newProxy(t, testConfig(), 1)
		p.noData = alone
		s := p.workers[0]
		quiet := 0
		for i := range 7000 {
			p.now += second / 10
			if i == 3000 {
				p.now -= 30 * second
			}
			if i%500 == 0 {
				s.WantKid(p.now, "k")
			}
			if s.Quiet(p.now) {
				quiet++
				if step := s.Next(p.now); step.Kind != Nothing {
					t.Fatalf("step %d: quiet, and wants %+v", i, step)
				}
			}
			p.pumpAll()
			p.answer(ok(docA))
		}
		if quiet < 3500 {
			t.Errorf("quiet %d times of 7000", quiet)
		}
	}
}

func BenchmarkQuietSets(b *testing.B) {
	p := &proxy{t: &testing.T{}, now: start, data: map[string]entry{}}
	for i := range 50 {
		cfg := testConfig()
		cfg.URI += string(rune('a' + i))
		p.workers = append(p.workers, New(cfg, uint64(i)))
	}
	p.pumpAll()
	p.answer(ok(docA))
	b.Run("Quiet", func(b *testing.B) {
		for b.Loop() {
			for _, s := range p.workers {
				if !s.Quiet(p.now) {
					b.Fatal("not quiet")
				}
			}
		}
	})
	b.Run("Next", func(b *testing.B) {
		for b.Loop() {
			for _, s := range p.workers {
				if s.Next(p.now).Kind != Nothing {
					b.Fatal("not quiet")
				}
			}
		}
	})
}
