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
	// WriteShared wants Value stored under Key with CAS (0 is unconditional): answer
	// with [Source.Written].
	WriteShared
	// Fetch wants a GET of the set: answer with [Source.Dispatched] and, if that was
	// true, later with [Source.Answered].
	Fetch
)

// Step is one host call wanted, as data. Value is valid until the answer is given.
type Step struct {
	Kind  StepKind
	Key   string
	Value []byte
	CAS   uint32
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

// Answer is what the key-set server said. Status 0 is no answer at all (reset, timeout).
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
	if s.phase == flying && now >= s.leaseEnd {
		// The host owes an answer or a time-out and has given neither.
		s.fail(now, "no answer")
	}
	if s.phase == idle {
		if !s.peek && !s.due(now) {
			return Step{}
		}
		s.phase = readDoc
		if s.unshared {
			s.phase = dispatch
		}
	}
	switch s.phase {
	case readDoc:
		return Step{Kind: ReadShared, Key: s.docKey()}
	case readLease:
		return Step{Kind: ReadShared, Key: s.leaseKey()}
	case writeLease:
		s.leaseEnd = now + s.cfg.Timeout + leaseMargin
		return Step{Kind: WriteShared, Key: s.leaseKey(), Value: encodeLease(s.leaseEnd, 0, s.salt), CAS: s.leaseCAS}
	case dispatch:
		return Step{Kind: Fetch}
	case publish:
		return Step{Kind: WriteShared, Key: s.docKey(), Value: s.document}
	case release:
		notBefore := int64(0)
		if s.failed {
			notBefore = s.retryAt
		}
		return Step{Kind: WriteShared, Key: s.leaseKey(), Value: encodeLease(0, notBefore, s.salt)}
	case idle, flying:
	}
	return Step{}
}

// Read reports what shared data holds under the key asked for.
func (s *Source) Read(now int64, status ShareStatus, value []byte, cas uint32) {
	switch s.phase {
	case readDoc, readLease:
	case idle, writeLease, dispatch, flying, publish, release:
		return
	}
	if status == ShareUnavailable {
		// Each worker fetches for itself: the weaker promise, said once.
		s.unshared, s.peek = true, false
		s.phase = dispatch
		if !s.due(now) {
			s.phase = idle
		}
		s.note = "shared data is not available: every worker fetches key sets for itself"
		return
	}
	if s.phase == readLease {
		s.readLease(now, status, value, cas)
		return
	}
	s.peek = false
	if status == ShareOK {
		s.adoptShared(now, value)
	}
	s.phase = readLease
	if !s.due(now) { // the document answers the question, or nobody but a peek asked
		s.phase = idle
	}
}

// adoptShared takes another worker's document if it is sound, newer than ours and not
// about to expire. Shared data is untrusted: every byte is checked like an answer.
func (s *Source) adoptShared(now int64, value []byte) {
	doc, ok := decodeDocument(value, s.binding())
	if !ok || doc.fetchedAt <= s.fetchedAt || doc.fetchedAt > now || doc.lifetime <= 0 || doc.lifetime > s.cfg.CacheDuration {
		return
	}
	if now >= doc.fetchedAt+doc.lifetime-doc.lifetime/10 {
		return
	}
	asked := s.wantKid
	if s.adopt(doc.body, doc.fetchedAt, doc.lifetime) != "" {
		return
	}
	// A document from before the throttle's interval does not answer for a kid that is
	// asked about now; a newer one does, and starts the interval for this worker too.
	if asked {
		s.wantKid = now >= doc.fetchedAt+s.cfg.UnknownKidInterval
		s.kidAt = max(s.kidAt, doc.fetchedAt+s.cfg.UnknownKidInterval)
	}
}

func (s *Source) readLease(now int64, status ShareStatus, value []byte, cas uint32) {
	s.leaseCAS = 0
	if status == ShareOK {
		s.leaseCAS = cas
		end, notBefore, holder, ok := decodeLease(value)
		// No honest lease reaches further than a fetch can take: one that does is
		// foreign or from another clock, and is taken over.
		limit := now + s.cfg.Timeout + leaseMargin
		if ok && holder != s.salt && end > now && end <= limit {
			s.phase, s.retryAt = idle, now+pollInterval
			return
		}
		if ok && notBefore > now && notBefore <= now+max(maxBackoff, s.cfg.FailedRefetch) {
			// Another worker has just failed: its failure is ours too, so that an outage
			// is asked about once, not once per worker.
			s.phase, s.retryAt, s.failed, s.tries, s.wantKid = idle, notBefore, true, 0, false
			return
		}
	}
	s.phase = writeLease
}

// Written reports the outcome of a WriteShared step.
func (s *Source) Written(now int64, status ShareStatus) {
	switch s.phase {
	case writeLease:
		switch status {
		case ShareOK:
			s.phase = dispatch
		case ShareConflict:
			s.phase, s.retryAt = idle, now+pollInterval
		case ShareUnavailable, ShareAbsent:
			s.unshared = true
			s.phase = dispatch
		}
	case publish:
		s.document = nil
		s.phase = release
	case release:
		s.phase = idle
	case idle, readDoc, readLease, dispatch, flying:
	}
}

// Dispatched reports whether the fetch was started.
func (s *Source) Dispatched(now int64, ok bool) {
	if s.phase != dispatch {
		return
	}
	s.tries++
	s.phase = flying
	s.leaseEnd = now + s.cfg.Timeout + leaseMargin
	if !ok {
		s.tries = s.cfg.Retries + 1 // the cluster is unknown: repeating changes nothing
		s.fail(now, "the host refused the call: is cluster \""+s.cfg.Cluster+"\" configured?")
	}
}

// Answered takes the key-set server's answer. An answer that nobody waits for is ignored.
func (s *Source) Answered(now int64, a Answer) {
	if s.phase != flying {
		return
	}
	if why := s.refuse(a); why != "" {
		s.fail(now, why)
		return
	}
	lifetime := s.lifetime(a)
	if why := s.adopt(a.Body, now, lifetime); why != "" {
		s.fail(now, why)
		return
	}
	s.phase = idle
	if !s.unshared {
		s.document = encodeDocument(s.binding(), now, lifetime, a.Body)
		s.phase = publish
	}
}

// refuse says why an answer is not even parsed; "" if it is.
func (s *Source) refuse(a Answer) string {
	switch {
	case a.Status == 0:
		return "no answer"
	case a.Status != 200: // RFC 9110 §15: no other status carries a current document here
		return "answered with status " + strconv.Itoa(a.Status)
	case a.Truncated || len(a.Body) > s.cfg.MaxBytes:
		return "larger than " + strconv.Itoa(s.cfg.MaxBytes) + " bytes"
	}
	return ""
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
