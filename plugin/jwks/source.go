package jwks

import (
	"bytes"
	"strings"

	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/memory"
)

// Units and bounds of the planner, nanoseconds.
const (
	second = int64(1_000_000_000)
	// pollInterval is how soon a worker looks again for what another one fetches.
	pollInterval = second / 10
	// maxBackoff caps the delay after repeated failures.
	maxBackoff = 60 * second
	// leaseMargin is added to the fetch timeout: a lease not released by then is dead.
	leaseMargin = 2 * second
	// minLifetime is the floor for what Cache-Control may ask for.
	minLifetime = 10 * second
)

// phase is where a source stands between two host calls.
type phase uint8

const (
	idle       phase = iota
	readDoc          // wants to see what other workers have published
	readLease        // wants to see whether another worker fetches
	writeLease       // wants to take the lease
	dispatch         // wants the fetch itself
	flying           // the fetch is under way
	publish          // wants to publish the document
	release          // wants to give the lease back
)

// Source is one remote key set. It is driven by one worker; workers meet in the
// host's shared data. The zero value is not usable: see [New].
type Source struct {
	cfg  Config
	salt uint64

	keys       *jwk.Set
	home       *memory.Region // where keys and what is made from them live
	generation uint64
	fetchedAt  int64 // when the current document was fetched; 0 if none
	freshUntil int64
	refreshAt  int64

	phase    phase
	retryAt  int64 // no fetch before this
	failures int   // failed episodes in a row
	tries    int   // tries in this episode
	failed   bool  // the last episode failed: waiting is pointless until retryAt
	unshared bool  // the host has no shared data
	leaseCAS uint32
	leaseEnd int64
	document []byte // what publish will write

	kidAt   int64 // no fetch for an unknown kid before this
	wantKid bool  // an unknown kid asks for a fetch
	peek    bool  // an unknown kid asks what other workers have, no more
	note    string
}

// New returns the source of one remote set. salt spreads refreshes over workers.
func New(cfg Config, salt uint64) *Source {
	return &Source{cfg: cfg, salt: salt}
}

// Config returns what the source was made from.
func (s *Source) Config() *Config { return &s.cfg }

// Generation changes with every change of the set; 0 before the first.
func (s *Source) Generation() uint64 { return s.generation }

// Keys returns the usable set: fresh, or stale within the window, else nil.
func (s *Source) Keys(now int64) *jwk.Set {
	if s.keys == nil || now >= s.freshUntil+s.cfg.StaleIfError {
		return nil
	}
	// A clock that stepped back behind the fetch says nothing about freshness: the
	// set is used and refreshed (see due).
	return s.keys
}

// Hopeless says that no keys are usable and none can come before the next retry, so
// that a request need not wait.
func (s *Source) Hopeless(now int64) bool {
	return s.Keys(now) == nil && s.failed && now < s.retryAt && s.phase == idle
}

// WantKid records that an otherwise plausible token names a kid that the set lacks.
// It says whether something is under way or will follow that the request may wait for:
// a fetch, at most one per interval, or else a look at what other workers have fetched,
// which costs no more than the refusal would.
func (s *Source) WantKid(now int64) bool {
	if s.cfg.UnknownKidInterval <= 0 {
		return false
	}
	if s.phase != idle || s.wantKid {
		return true // one is under way: it answers this question too
	}
	if now < s.kidAt || now < s.retryAt {
		s.peek = !s.unshared
		return s.peek
	}
	s.kidAt = now + s.cfg.UnknownKidInterval
	s.wantKid = true
	return true
}

// due says whether the set should be fetched now.
func (s *Source) due(now int64) bool {
	if now < s.retryAt {
		return false
	}
	return s.keys == nil || s.wantKid || now >= s.refreshAt || now < s.fetchedAt
}

// Pending says that something is under way or will be tried that may still bring keys:
// a request that waits for this set has reason to go on waiting.
func (s *Source) Pending(now int64) bool {
	if s.phase != idle || s.wantKid || s.peek || s.tries > 0 {
		return true
	}
	return s.Keys(now) == nil && !s.Hopeless(now)
}

// Note returns, once, a line for the operator about the last event; "" if there is none.
func (s *Source) Note() string {
	n := s.note
	s.note = ""
	return n
}

// adopt parses a document in a region of its own and makes it the current set. The
// former set dies with its region, and all that was made from its keys. A bad document
// changes nothing.
func (s *Source) adopt(document []byte, fetchedAt, lifetime int64) (why string) {
	home := memory.New()
	before := memory.Enter(home)
	document = bytes.Clone(document) // so that nothing in the region points out of it
	set, _, err := jwk.Parse(document, jwk.Limits{MaxBytes: s.cfg.MaxBytes, MaxKeys: s.cfg.MaxKeys, Seed: s.salt})
	memory.Leave(before)
	if err != nil {
		why := strings.Clone(err.Error()) // the error itself dies with the region
		home.Free()
		return why
	}
	if s.home != nil {
		s.home.Free()
	}
	s.keys, s.home = set, home
	s.generation++
	s.fetchedAt = fetchedAt
	s.freshUntil = fetchedAt + lifetime
	// Refresh in the last tenth to fifth of the lifetime, each worker at its own moment.
	tenth := lifetime / 10
	s.refreshAt = s.freshUntil - tenth - int64(s.salt%1024)*tenth/1024
	s.retryAt, s.failures, s.tries, s.failed, s.wantKid = 0, 0, 0, false, false
	return ""
}

// Close frees the set; the source is not used again.
func (s *Source) Close() {
	if s.home != nil {
		s.home.Free()
	}
	s.keys, s.home = nil, nil
}

// fail ends one try. The set in hand stays.
func (s *Source) fail(now int64, why string) {
	s.note = "key set " + s.cfg.URI + ": " + why
	if s.tries <= s.cfg.Retries {
		s.retryAt = now + backoff(s.cfg.RetryBase, s.tries-1)
		s.phase = idle
		return
	}
	s.retryAt = now + backoff(s.cfg.FailedRefetch, s.failures)
	s.failures++
	s.tries = 0
	s.failed = true
	s.wantKid = false
	s.phase = release
	if s.unshared {
		s.phase = idle
	}
}

// backoff doubles base per step, up to the cap (or base, where that is longer).
func backoff(base int64, step int) int64 {
	limit := max(maxBackoff, base)
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
