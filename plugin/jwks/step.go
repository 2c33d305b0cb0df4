package jwks

import "strconv"

// StepKind is a host call that a source wants.
type StepKind uint8

// The kinds; the zero value wants nothing.
const (
	// Nothing is wanted now.
	Nothing StepKind = iota
	// ReadShared wants Key's value from shared data: answer with [Source.Read].
	ReadShared
	// WriteShared wants Value stored under Key with CAS: answer with [Source.Written].
	WriteShared
	// Fetch wants a GET of URI from the set's cluster: answer with [Source.Dispatched]
	// and, if that was true, later with [Source.Answered].
	Fetch
)

// Step is one host call wanted, as data. Its texts are valid until the answer is given.
type Step struct {
	Kind  StepKind
	Key   string
	Value []byte
	CAS   uint32
	// URI and Accept are of a Fetch; Flight is what its answer is told by.
	URI, Accept string
	Flight      uint32
}

// ShareStatus is how a shared-data call came out.
type ShareStatus uint8

// The outcomes; the zero value means that the host has no shared data to offer.
const (
	// ShareUnavailable: not implemented, or an unexpected status.
	ShareUnavailable ShareStatus = iota
	// ShareOK: read or written.
	ShareOK
	// ShareAbsent: nothing is stored under that key.
	ShareAbsent
	// ShareConflict: another writer was faster.
	ShareConflict
)

// Answer is what a server said. Status 0 is no answer at all (reset, timeout).
type Answer struct {
	Status       int
	CacheControl string
	Age          string
	Body         []byte
	// Truncated says that the body was larger than the host gave.
	Truncated bool
}

// Next returns the host call that the source wants at now. The driver makes the call,
// reports its outcome, and asks again until the kind is Nothing.
func (s *Source) Next(now int64) Step {
	s.turnBack(now)
	s.tidy(now)
	if s.phase == flying && now >= s.answerBy {
		// The host owes an answer or a time-out and has given neither.
		s.fail(now, "no answer", false)
	}
	if s.phase == idle {
		s.begin(now)
	}
	switch s.phase {
	case readState, readRelease:
		return Step{Kind: ReadShared, Key: s.names.stateKey}
	case readDoc, readRival:
		return Step{Kind: ReadShared, Key: s.names.docKey}
	case takeLease:
		st := s.lease(now)
		s.leaseEnd = st.end
		return Step{Kind: WriteShared, Key: s.names.stateKey, Value: s.sealed(s.names.stateKey, st.encode()), CAS: s.stateCAS}
	case dispatch:
		uri := s.target(now)
		return Step{Kind: Fetch, URI: uri, Accept: s.accept(), Flight: s.flight + 1}
	case publish:
		d := s.published()
		return Step{Kind: WriteShared, Key: s.names.docKey, Value: s.sealed(s.names.docKey, d.encode(s.names.binding)), CAS: s.docCAS}
	case release:
		return Step{Kind: WriteShared, Key: s.names.stateKey, Value: s.sealed(s.names.stateKey, s.state.encode()), CAS: s.stateCAS}
	case idle, flying:
	}
	return Step{}
}

// Quiet says, for less than [Source.Next] costs, that it would want nothing: what every
// request asks of every set.
func (s *Source) Quiet(now int64) bool {
	return s.phase == idle && now >= s.clock && now < s.watchAt && now < s.refreshAt && s.keys != nil &&
		!s.kids.wanted && !s.kids.peek
}

// begin leaves idle if there is anything to do.
func (s *Source) begin(now int64) {
	polls := now >= s.pollAt
	due := polls && s.due(now)
	switch {
	case s.unshared:
		s.kids.peek = false
		s.watchAt = now + watchInterval // for Quiet
		if due {
			s.try(now)
		}
	case due, polls && s.kids.peek, now >= s.watchAt:
		s.phase = readState
	}
}

// try begins a try of fetching.
func (s *Source) try(now int64) {
	if s.unshared && s.kids.wanted && !s.wants(now) {
		s.kids.notBefore = now + s.cfg.UnknownKidInterval
	}
	s.tries++
	s.asking = askURI
	s.phase = dispatch
}

// Dispatched reports whether the fetch was started.
func (s *Source) Dispatched(now int64, ok bool) {
	if s.phase != dispatch {
		return
	}
	s.phase = flying
	s.flight++
	s.answerBy = now + s.cfg.Timeout + answerMargin
	if !ok {
		// The cluster is unknown: repeating changes nothing.
		s.fail(now, "the host refused the call: is cluster \""+s.cfg.Cluster+"\" configured?", false)
	}
}

// Answered takes the answer to a fetch and says whether it was a good one. An answer
// that nobody waits for is ignored.
func (s *Source) Answered(now int64, flight uint32, a Answer) bool {
	if s.phase != flying || flight != s.flight {
		return false
	}
	if s.lookingUp() {
		return s.located(now, a)
	}
	why, again := s.refuse(a)
	d := document{version: max(s.version, s.state.version) + 1, turn: s.state.turn, fetchedAt: now, lifetime: s.lifetime(a), body: a.Body}
	if why == "" {
		why = s.adopt(&d)
	}
	if why != "" {
		s.forgetPlace() // the set may have moved
		s.fail(now, why, again)
		return false
	}
	s.phase = publish
	if s.unshared {
		s.phase = idle
	}
	return true
}

// refuse says why an answer is not even parsed, "" if it is, and whether the call may
// be repeated at once.
func (s *Source) refuse(a Answer) (why string, again bool) {
	switch {
	case a.Status == 0:
		return "no answer", s.cfg.RetryOn.has(0)
	case a.Status != 200: // RFC 9110 §15: no other status carries a current document here
		return "answered with status " + strconv.Itoa(a.Status), s.cfg.RetryOn.has(a.Status)
	case a.Truncated || len(a.Body) > s.cfg.MaxBytes:
		return "larger than " + strconv.Itoa(s.cfg.MaxBytes) + " bytes", false
	}
	return "", false
}

// lifetime is the configured cache duration, shortened by max-age where that is
// honoured: a server may ask to be asked more often, never to be trusted longer than
// the operator said.
func (s *Source) lifetime(a Answer) int64 {
	if !s.cfg.HonorCacheControl {
		return s.cfg.CacheDuration
	}
	seconds, ok := maxAge(a.CacheControl)
	if !ok {
		return s.cfg.CacheDuration
	}
	if age, ok := deltaSeconds(a.Age); ok {
		seconds -= min(age, seconds)
	}
	floor := min(minLifetime, s.cfg.CacheDuration)
	return max(floor, min(seconds*second, s.cfg.CacheDuration))
}
