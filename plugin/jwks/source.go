package jwks

import (
	"bytes"
	"strings"

	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/plugin/memory"
)

// Units and bounds of the planner, nanoseconds.
const (
	second = int64(1_000_000_000)
	// pollInterval is how soon a worker looks again for what another one fetches.
	pollInterval = second / 10
	// watchInterval is how soon a worker notices that another one has published a set,
	// though its own is fresh: so long, and a tick, may a withdrawn key live on.
	watchInterval = second / 4
	// maxBackoff caps the delay after repeated failures.
	maxBackoff = 60 * second
	// leaseMargin is added to the fetch timeout: a lease not released by then is dead.
	leaseMargin = 2 * second
	// answerMargin is added to the fetch timeout: after it no answer is waited for. It is
	// less than leaseMargin, so that the lease is given back before it ends.
	answerMargin = 3 * second / 2
	// skew is how much later than one's own clock another worker's honest time may be: a
	// thread can stand still between the beginning of its event and what it reads.
	skew = 2 * second
	// minLifetime is the floor for what Cache-Control may ask for.
	minLifetime = 10 * second
	// maxFailures is as far as failures are counted: the delay has its cap before.
	maxFailures = 30
	// maxLost is how often the lease may be lost to nobody before a worker goes on alone.
	maxLost = 50
)

// phase is where a source stands between two host calls.
type phase uint8

const (
	idle        phase = iota
	readState         // wants to see what the other workers are about
	readDoc           // wants the document that is published
	takeLease         // wants the right to fetch
	dispatch          // wants the fetch itself
	flying            // the fetch is under way
	publish           // wants to publish the document
	readRival         // another document was published meanwhile: wants to see it
	readRelease       // wants to see whether the lease is still its own
	release           // wants to give the lease back
)

// Source is one remote key set. It is driven by one worker; workers meet in the
// host's shared data. The zero value is not usable: see [New].
type Source struct {
	cfg   Config
	salt  uint64
	names names
	seal  *hmac.Key // nil: entries of shared data carry no MAC

	// The set in hand.
	keys       *jwk.Set
	home       *memory.Region // where keys and what is made from them live
	document   []byte         // what keys were read from; in home
	generation uint64
	version    uint64 // of the document, among all workers
	turn       uint64 // of the lease under which it was asked for
	fetchedAt  int64  // when it came
	freshUntil int64
	refreshAt  int64

	// The call under way.
	phase    phase
	flight   uint32 // counts the calls
	tries    int    // tries in this episode
	answerBy int64
	asking   uint8 // which of the discovery's places is asked; see discovery.go
	place    place // where the keys are (discovery)

	// What holds fetches back. None is further away than what it bounds, whatever the
	// clock does: see turnBack.
	clock    int64 // the latest time seen
	retryAt  int64 // no fetch before this
	pollAt   int64 // no look at another's lease before this
	watchAt  int64 // the next look though nothing is due
	failures int   // failed episodes in a row, of all workers
	failed   bool  // the last episode failed: waiting is pointless until retryAt
	retired  bool  // nothing is fetched any more

	// What other workers are about.
	unshared bool // the host has no shared data
	state    state
	stateCAS uint32
	docCAS   uint32
	seen     uint64 // the version that this worker has looked at
	leaseEnd int64  // of its own lease
	lost     int    // leases lost in a row
	wiped    bool   // the host takes a new entry with CAS 0 alone
	releases int

	kids kids
	note string
}

// New returns the source of one remote set. salt tells workers apart and spreads
// their refreshes.
func New(cfg Config, salt uint64) *Source {
	s := &Source{cfg: cfg, salt: salt, names: cfg.sharedNames(nil)}
	if cfg.discovers() {
		s.place.buffer = make([]byte, 0, maxURI)
	}
	return s
}

// Config returns what the source was made from.
func (s *Source) Config() *Config { return &s.cfg }

// Generation changes with every change of the set, its end included; 0 before the first.
func (s *Source) Generation() uint64 { return s.generation }

// Keys returns the usable set: fresh, or stale within the window, else nil. What was
// once too old stays so, should the clock step back.
func (s *Source) Keys(now int64) *jwk.Set {
	if s.keys != nil && now >= s.freshUntil+s.cfg.StaleIfError {
		s.keys = nil // its memory is freed by the next event: see Next
		s.generation++
	}
	return s.keys
}

// Hopeless says that no keys are usable and none can come before the next retry, so
// that a request need not wait.
func (s *Source) Hopeless(now int64) bool {
	return s.Keys(now) == nil && s.failed && now < s.retryAt && s.phase == idle
}

// wants says whether the set should be fetched, whoever asks for it.
func (s *Source) wants(now int64) bool {
	return s.keys == nil || now >= s.refreshAt
}

// due says whether the set should be fetched now.
func (s *Source) due(now int64) bool {
	return !s.retired && now >= s.retryAt && (s.kids.wanted || s.wants(now))
}

// Pending says that something is under way or will be tried that may still bring keys:
// a request that waits for this set has reason to go on waiting.
func (s *Source) Pending(now int64) bool {
	if s.phase != idle || s.kids.wanted || s.kids.peek || s.tries > 0 {
		return true
	}
	return s.Keys(now) == nil && !s.Hopeless(now)
}

// Retire says that the configuration of this source was replaced: it fetches nothing any
// more, but ends what it has begun, so that its successor need not wait for its lease to
// run out, and still takes what others publish, for the requests that wait.
func (s *Source) Retire() {
	s.retired, s.kids.wanted = true, false
	if s.phase == idle && s.tries > 0 {
		s.startRelease() // it was to be repeated: the lease is still held
	}
}

// Quit is Retire for a source whose calls the host has dropped: it waits for no answer
// and gives its lease back at once.
func (s *Source) Quit() {
	s.Retire()
	if s.phase == flying || s.phase == dispatch {
		s.startRelease()
	}
}

// Busy says that a call is under way, or that the lease is yet to be given back.
func (s *Source) Busy() bool { return s.phase != idle }

// Note returns, once, a line for the operator about the last event; "" if there is none.
// It is valid until the event's end.
func (s *Source) Note() string {
	n := s.note
	s.note = ""
	return n
}

// adopt parses a document in a region of its own and makes it the current set. The
// former set dies with its region, and all that was made from its keys. A bad document
// changes nothing.
func (s *Source) adopt(d *document) (why string) {
	home := memory.New()
	before := memory.Enter(home)
	body := bytes.Clone(d.body) // so that nothing in the region points out of it
	set, _, err := jwk.Parse(body, jwk.Limits{MaxBytes: s.cfg.MaxBytes, MaxKeys: s.cfg.MaxKeys, Seed: s.salt, Use: s.cfg.Use})
	memory.Leave(before)
	if err != nil {
		why := strings.Clone(err.Error()) // the error itself dies with the region
		home.Free()
		return why
	}
	if s.home != nil {
		s.home.Free()
	}
	s.keys, s.home, s.document = set, home, body
	s.generation++
	s.version, s.turn, s.fetchedAt = d.version, d.turn, d.fetchedAt
	lifetime := min(d.lifetime, s.cfg.CacheDuration)
	s.freshUntil = d.fetchedAt + lifetime
	// Refresh in the last tenth to fifth of the lifetime, each worker at its own moment.
	tenth := lifetime / 10
	s.refreshAt = s.freshUntil - tenth - int64(s.salt%1024)*tenth/1024
	s.retryAt, s.failures, s.tries, s.failed = 0, 0, 0, false
	s.kids.answered()
	return ""
}

// tidy frees a set that was too old.
func (s *Source) tidy(now int64) {
	if s.Keys(now) == nil && s.home != nil {
		s.home.Free()
		s.home, s.document = nil, nil
	}
}

// Close frees the set; the source is not used again.
func (s *Source) Close() {
	if s.home != nil {
		s.home.Free()
	}
	s.keys, s.home, s.document = nil, nil, nil
}

// turnBack keeps what was set by a clock that has stepped back since from holding
// anything up for longer than it was meant to.
func (s *Source) turnBack(now int64) {
	if now < s.clock {
		s.retryAt = min(s.retryAt, now+max(maxBackoff, s.cfg.FailedRefetch, s.cfg.RetryMax))
		s.pollAt, s.watchAt = min(s.pollAt, now), min(s.watchAt, now)
		s.answerBy = min(s.answerBy, now+s.cfg.Timeout+answerMargin)
		s.kids.notBefore = min(s.kids.notBefore, now+s.cfg.UnknownKidInterval)
		s.place.until = min(s.place.until, now+placeLifetime)
		if shift := s.fetchedAt - now; shift > 0 {
			// The clock says nothing any more about how old the set is: it is refreshed at
			// once, and if that fails it lasts no longer than one that came now.
			s.fetchedAt, s.freshUntil, s.refreshAt = now, s.freshUntil-shift, now
		}
	}
	s.clock = now
}

// fail ends one try; again says that it may be repeated at once. The set in hand stays.
func (s *Source) fail(now int64, why string, again bool) {
	s.note = "key set " + s.cfg.URI + ": " + why
	s.asking = askURI
	if again && s.tries <= s.cfg.Retries && !s.retired {
		s.retryAt = now + backoff(s.cfg.RetryBase, s.tries-1, s.cfg.RetryMax)
		s.phase = idle // and keeps the lease
		return
	}
	s.retryAt = now + backoff(s.cfg.FailedRefetch, s.failures, maxBackoff)
	s.failures = min(s.failures+1, maxFailures)
	s.tries = 0
	s.failed = true
	s.kids.wanted = false
	s.startRelease()
}

// backoff doubles base per step, up to the cap (or base, where that is longer).
func backoff(base int64, step int, limit int64) int64 {
	limit = max(limit, base)
	for ; step > 0 && base < limit; step-- {
		base *= 2
	}
	return min(base, limit)
}

// RetryAfter is what a caller may be told to wait, in whole seconds, at least 1.
func (s *Source) RetryAfter(now int64) int64 {
	if s.retryAt <= now {
		return 1
	}
	return (s.retryAt - now + second - 1) / second
}
