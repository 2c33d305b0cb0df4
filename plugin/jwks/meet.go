package jwks

// How workers meet in shared data. A worker that wants to fetch reads the state, takes
// the lease by compare-and-swap, fetches, publishes the document, and gives the lease
// back with the document's version, which is how the others notice. A worker that dies
// on the way leaves a lease that ends by itself; one that comes back late finds the
// lease gone, or another document published, and does no harm to either.

// Read reports what shared data holds under the key asked for. value is not kept.
func (s *Source) Read(now int64, status ShareStatus, value []byte, cas uint32) {
	switch s.phase {
	case readState, readDoc, readRival, readRelease:
	case idle, takeLease, dispatch, flying, publish, release:
		return
	}
	if status != ShareOK && status != ShareAbsent {
		s.alone(now, "shared data is not available")
		return
	}
	if status == ShareAbsent {
		value, cas = nil, neverCAS
		if s.wiped {
			cas = 0
		}
	}
	switch s.phase {
	case readState:
		s.readState(now, s.opened(s.names.stateKey, value), cas)
	case readDoc:
		value = s.opened(s.names.docKey, value)
		s.docCAS = cas
		s.seen = s.state.version
		s.adoptShared(now, value)
		s.decide(now)
	case readRival:
		s.readRival(now, s.opened(s.names.docKey, value), cas)
	case readRelease:
		s.readRelease(s.opened(s.names.stateKey, value), cas)
	case idle, takeLease, dispatch, flying, publish, release:
	}
}

// alone gives shared data up: each worker fetches for itself. The weaker promise is
// said once.
func (s *Source) alone(now int64, why string) {
	s.note = why + ": every worker fetches key sets for itself"
	s.unshared, s.kids.peek = true, false
	s.phase = idle
	s.begin(now)
}

func (s *Source) readState(now int64, value []byte, cas uint32) {
	s.state, s.stateCAS = decodeState(value), cas
	// No honest worker writes a time further away than this: such a time is foreign, or
	// from before the clock stepped back.
	st, latest := &s.state, now+skew
	if st.notBefore > latest+max(maxBackoff, s.cfg.FailedRefetch) {
		st.notBefore = 0
	}
	if st.kidsNotBefore > latest+s.cfg.UnknownKidInterval {
		st.kidsNotBefore = 0
	}
	if st.end > latest+s.cfg.span() {
		st.end = 0
	}
	s.kids.notBefore = max(s.kids.notBefore, st.kidsNotBefore)
	if st.version != s.seen {
		s.phase = readDoc
		return
	}
	s.decide(now)
	if s.phase == takeLease {
		s.phase = readDoc // what is there already, and what publish will replace
	}
}

// decide goes for the lease if the set is due and nothing speaks against it.
func (s *Source) decide(now int64) {
	st := &s.state
	elsewhere := st.end > now && st.holder != s.salt
	// What another worker is about to bring may hold the kid that one looked for.
	s.kids.peek = s.kids.peek && elsewhere
	s.watchAt = now + watchInterval
	s.phase = idle
	if elsewhere && (s.kids.peek || s.due(now)) {
		s.pollAt, s.lost = now+pollInterval, 0
		return
	}
	if !s.due(now) {
		return
	}
	switch {
	case st.notBefore > now:
		// Another worker has just failed: its failure is ours too, so that an outage is
		// asked about once, not once per worker.
		s.retryAt, s.failures = st.notBefore, int(st.failures)
		s.failed, s.tries, s.kids.wanted = true, 0, false
	case !s.wants(now) && now < s.kids.notBefore:
		s.kids.wanted = false // another worker has just asked for a kid
	default:
		s.failures = int(st.failures)
		s.phase = takeLease
	}
}

// lease is the state with the lease taken.
func (s *Source) lease(now int64) state {
	st := s.state
	st.end, st.holder, st.notBefore = now+s.cfg.span(), s.salt, 0
	st.turn++
	if s.kids.wanted && !s.wants(now) {
		st.kidsNotBefore = now + s.cfg.UnknownKidInterval
	}
	return st
}

// adoptShared takes another worker's document if it is sound, newer than ours and not
// too old. Shared data is untrusted: every byte is checked like an answer.
func (s *Source) adoptShared(now int64, value []byte) {
	d, ok := decodeDocument(value, s.names.binding)
	if !ok {
		return
	}
	if d.version <= s.version || d.fetchedAt <= 0 || d.lifetime <= 0 {
		return
	}
	d.lifetime = min(d.lifetime, s.cfg.CacheDuration)
	future := d.fetchedAt > now+skew // the clock has stepped back since: see turnBack
	d.fetchedAt = min(d.fetchedAt, now)
	if now >= d.fetchedAt+d.lifetime+s.cfg.StaleIfError {
		return
	}
	if s.adopt(&d) != "" {
		return
	}
	s.takePlace(now, &d)
	if future {
		s.refreshAt = now
	}
}

// Written reports the outcome of a WriteShared step.
func (s *Source) Written(now int64, status ShareStatus) {
	switch s.phase {
	case takeLease:
		s.leaseTaken(now, status)
	case publish:
		switch status {
		case ShareOK:
			s.startRelease()
		case ShareConflict:
			s.phase = readRival
		case ShareUnavailable, ShareAbsent:
			s.startRelease() // too large for this host, say: the others fetch for themselves
		}
	case release:
		s.phase = idle
		switch {
		case status == ShareOK && s.state.version == s.version:
			s.seen = s.version // else another has published meanwhile: it is looked at next
		case status == ShareConflict && s.releases < 8:
			s.phase = readRelease
		}
	case idle, readState, readDoc, readRival, readRelease, dispatch, flying:
	}
}

func (s *Source) leaseTaken(now int64, status ShareStatus) {
	switch status {
	case ShareOK:
		s.lost = 0
		s.state = s.lease(now)
		s.kids.notBefore = max(s.kids.notBefore, s.state.kidsNotBefore)
		s.try(now)
		return
	case ShareConflict:
	case ShareUnavailable, ShareAbsent:
		s.alone(now, "shared data cannot be written")
		return
	}
	s.wiped = s.wiped || s.stateCAS == neverCAS && s.lost > 0
	s.phase, s.pollAt = idle, now+pollInterval
	if s.lost++; s.lost >= maxLost {
		s.alone(now, "shared data takes no entry")
	}
}

// published is the set in hand as an entry.
func (s *Source) published() document {
	return document{
		version: s.version, turn: s.turn, fetchedAt: s.fetchedAt, lifetime: s.freshUntil - s.fetchedAt,
		place: s.place.buffer, placeUntil: s.place.until, body: s.document,
	}
}

// readRival decides between the document just fetched and one that was published
// meanwhile, by a worker that held the lease before or after: the one that was asked for
// later counts.
func (s *Source) readRival(now int64, value []byte, cas uint32) {
	d, ok := decodeDocument(value, s.names.binding)
	s.docCAS = cas
	if !ok || d.turn < s.turn {
		if ok {
			s.version = max(s.version, d.version+1)
		}
		if s.releases++; s.releases > 8 {
			s.startRelease()
			return
		}
		s.phase = publish
		return
	}
	s.version = 0 // ours is withdrawn before anyone has seen it
	s.adoptShared(now, value)
	s.startRelease()
}

// startRelease gives the lease back, and says what has become of the fetch.
func (s *Source) startRelease() {
	s.releases, s.tries = 0, 0
	s.phase = readRelease
	if s.unshared {
		s.phase = idle
	}
}

func (s *Source) readRelease(value []byte, cas uint32) {
	old := decodeState(value)
	st := old
	if st.holder == s.salt && st.end == s.leaseEnd {
		st.end, st.notBefore, st.failures = 0, 0, uint64(s.failures)
		if s.failed {
			st.notBefore = s.retryAt
		}
	}
	st.version = max(st.version, s.version)
	s.phase = idle
	if st == old {
		return
	}
	s.releases++
	s.state, s.stateCAS = st, cas
	s.phase = release
}
