package jwks

import "bytes"

// step carries one host call of a source out. It says whether there was one.
func (w *sim) step(s *Source) bool {
	now := w.nowOf(s)
	failed := s.failures
	step := s.Next(now)
	if s.failures > failed { // no answer came
		w.failed(s, failed)
	}
	switch step.Kind {
	case Nothing:
		return false
	case ReadShared:
		e, ok := w.data[step.Key]
		switch {
		case w.store == storeMissing:
			s.Read(now, ShareUnavailable, nil, 0)
		case !ok:
			s.Read(now, ShareAbsent, nil, 0)
		default:
			s.Read(now, ShareOK, e.value, e.cas)
		}
	case WriteShared:
		s.Written(now, w.write(s, step))
	case Fetch:
		w.dispatch(s, step)
	}
	return true
}

// stateOf is the state that stands in shared data for a source.
func (w *sim) stateOf(s *Source) state {
	return decodeState(s.opened(s.names.stateKey, w.data[s.names.stateKey].value))
}

// failed notes the end of an episode, if the source may still speak for all.
func (w *sim) failed(s *Source, before int) {
	if st := w.stateOf(s); st.holder == s.salt && st.end == s.leaseEnd && st.end > w.now() {
		w.lastFailure, w.delay = w.real, backoff(w.cfg.FailedRefetch, before, maxBackoff)
		w.note("an episode fails, the %d. in a row", s.failures)
	}
}

// write stores as Envoy does: CAS 0 is unconditional, and a new key takes any.
func (w *sim) write(s *Source, step Step) ShareStatus {
	switch w.store {
	case storeMissing:
		return ShareUnavailable
	case storeConflicts:
		return ShareConflict
	case storeForgets:
		return ShareOK
	case storeFine, storeFaults:
	}
	if e, ok := w.data[step.Key]; ok && step.CAS != 0 && step.CAS != e.cas {
		return ShareConflict
	}
	w.cas++
	w.data[step.Key] = entry{bytes.Clone(step.Value), w.cas}
	if step.Key == s.names.stateKey && w.stateOf(s).version > 0 {
		w.sawPublished(s, w.stateOf(s).version)
	}
	return ShareOK
}

// sawPublished notes the set that the state now points to.
func (w *sim) sawPublished(s *Source, version uint64) {
	d, ok := decodeDocument(s.opened(s.names.docKey, w.data[s.names.docKey].value), s.names.binding)
	if !ok || d.version < version {
		w.fail("withdrawn: the state names version %d, the document has %d", version, d.version)
		return
	}
	n := kidOf(d.body)
	if n < w.published && w.steady() {
		w.fail("withdrawn: set %d is published after %d", n, w.published)
	}
	if n != w.published {
		w.published, w.publishedAt = n, w.real
		w.note("set %d is published", n)
	}
}

func kidOf(body []byte) int {
	_, rest, _ := bytes.Cut(body, []byte(`"kid":"`))
	n := 0
	for _, c := range rest {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// dispatch starts a call and checks that it may be.
func (w *sim) dispatch(s *Source, step Step) {
	now := w.nowOf(s)
	w.fetches++
	w.note("a fetch of %s (fresh %v, kid %v, try %d)", step.URI, !s.wants(now), s.kids.wanted, s.tries)
	if s.retired && step.URI == w.cfg.URI { // keys whose metadata has just come are fetched yet
		w.fail("single: a retired source fetches")
	}
	shared := w.store == storeFine && w.steady()
	fresh := s.keys != nil && now < s.refreshAt
	first := s.tries == 1 && (!w.cfg.discovers() || step.URI == w.cfg.URI)
	if fresh && first {
		if !s.kids.wanted {
			w.fail("throttled: a fetch that nobody needs")
		}
		w.kidFetches++
		if gap := w.real - w.lastKid; shared && gap < w.cfg.UnknownKidInterval-lagMax {
			w.fail("throttled: a fetch for a kid %d ms after the last one", gap/1_000_000)
		}
		w.lastKid = w.real
		// Without shared data each worker keeps to the interval by itself.
		if gap := w.real - w.ownKid[s]; w.ownKid[s] > 0 && w.ownKid[s] > w.stepped && gap < w.cfg.UnknownKidInterval-lagMax {
			w.fail("throttled: a worker's fetch for a kid %d ms after its last one", gap/1_000_000)
		}
		w.ownKid[s] = w.real
	}
	if gap := w.real - w.lastFailure; shared && first && gap < w.delay-lagMax {
		w.fail("throttled: a fetch %d ms after a failure that asks for %d ms", gap/1_000_000, w.delay/1_000_000)
	}
	s.Dispatched(now, true)
	sky, took := w.sky, w.r.Int64N(second/5)
	switch sky {
	case slow:
		took = w.r.Int64N(w.cfg.Timeout + second)
	case silent:
		took = 1 << 60
	case fine, reset, broken, gone, torn, oversized, wrongType, emptySet, cut, weathers:
	}
	if took >= w.cfg.Timeout && sky != silent {
		took, sky = w.cfg.Timeout, broken // the host's own 504
	}
	w.calls = append(w.calls, simCall{source: s, number: step.Flight, nth: w.fetches, begun: w.real, due: w.real + took, sky: sky, set: w.set})
	w.single()
}

// single: no two calls are under way; a host that says nothing lets one end all the same.
func (w *sim) single() {
	if w.store != storeFine || !w.steady() {
		return
	}
	n := 0
	for _, c := range w.calls {
		if w.real < min(c.due, c.begun+w.cfg.Timeout) {
			n++
		}
	}
	if n > 1 {
		w.fail("single: %d calls under way", n)
	}
}

// withdrawn: a source never goes back, and has what was published.
func (w *sim) withdrawn(s *Source) {
	now := w.nowOf(s)
	worker := w.ownerOf(s)
	n := content(s, now)
	if n > 0 && n < worker.highest[s] {
		w.fail("withdrawn: back from set %d to %d", worker.highest[s], n)
	}
	if n > 0 {
		worker.highest[s] = n
	}
	if want := w.fresh[s]; n > 0 && n < want {
		w.fail("good: set %d in use, though %d has just come", n, want)
	}
	delete(w.fresh, s)
	if n > w.set {
		w.fail("good: set %d was never served", n)
	}
	if w.store == storeFine && w.steady() && s.phase != flying && n > 0 && n < w.published && worker.acted-w.publishedAt > watchInterval {
		w.fail("withdrawn: set %d in use, %d was published %d ms ago (phase %d, retired %v, unshared %v, version %d, seen %d)",
			n, w.published, (w.real-w.publishedAt)/1_000_000, s.phase, s.retired, s.unshared, s.version, s.seen)
	}
}

func (w *sim) ownerOf(s *Source) *simWorker {
	for _, worker := range w.workers {
		if worker.source == s || contains(worker.retired, s) {
			return worker
		}
	}
	return nil
}

// heal ends all trouble and waits as long as a recovery may take.
func (w *sim) heal() {
	w.sky = fine
	w.note("all is well")
	for _, worker := range w.workers {
		worker.stalledTill = 0
	}
	// A call that was lost, the longest delay, a lease that somebody died with.
	w.calm(2*w.cfg.span() + maxBackoff + 5*second)
	w.set++
	// And now the rotation that an unknown kid shows.
	w.calm(w.cfg.UnknownKidInterval + second)
	for _, worker := range w.workers {
		if content(worker.source, w.now()) != w.set {
			worker.source.WantKid(w.now(), "next")
		}
	}
	w.calm(2 * second)
	for i, worker := range w.workers {
		s := worker.source
		// A set that may not be stale for a moment is gone between two fetches.
		if n := content(s, w.now()); n != w.set && (n != 0 || worker.highest[s] != w.set) {
			w.fail("live: worker %d has set %d, not %d (phase %d)", i, n, w.set, s.phase)
		}
		if s.phase == idle && s.Keys(w.now()) != nil && s.Pending(w.now()) {
			w.fail("live: worker %d waits for nothing", i)
		}
	}
}

// calm is time without incidents, in ticks.
func (w *sim) calm(d int64) {
	for end := w.real + d; w.real < end && len(w.wrong) == 0; w.real += second / 10 {
		w.tick()
	}
}
