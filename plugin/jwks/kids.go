package jwks

// kids is what is done about kids that the set lacks. OpenID Connect Core §10.1.1: an
// unknown kid is how a rotation shows; strangers can make up any number of them.
type kids struct {
	wanted bool // one asks for a fetch
	peek   bool // one asks what other workers have, no more
	// notBefore is when the next fetch for a kid may be: one token in the bucket.
	notBefore int64
	// absent are those that were asked about since the set last changed: a second request
	// with one of them costs nothing. They are forgotten when a fetch may be made again.
	absent [16]uint64
	next   int
	// throttled counts the kids that were not asked for.
	throttled uint64
}

// answered ends the questions: the set has changed.
func (k *kids) answered() {
	k.wanted, k.peek = false, false
	k.forget()
}

func (k *kids) forget() { k.absent, k.next = [16]uint64{}, 0 }

// remember says whether the kid was remembered before.
func (k *kids) remember(hash uint64) bool {
	for _, h := range k.absent {
		if h == hash {
			return true
		}
	}
	k.absent[k.next] = hash
	k.next = (k.next + 1) % len(k.absent)
	return false
}

// hashKid is a seeded FNV-1a, never 0. Nothing hangs on its quality: who finds two kids of
// one hash delays one by the other for an interval, as by asking for it.
func hashKid(seed uint64, kid string) uint64 {
	h := seed ^ 14695981039346656037
	for i := 0; i < len(kid); i++ {
		h = (h ^ uint64(kid[i])) * 1099511628211
	}
	return h | 1
}

// WantKid records that an otherwise plausible token names a kid that the set lacks; ""
// is a token that names none. It says whether something is under way or will follow
// that the request may wait for: a fetch, at most one per interval among all workers, or
// else a look at what other workers have fetched, which costs no more than the refusal.
func (s *Source) WantKid(now int64, kid string) bool {
	k := &s.kids
	if s.cfg.UnknownKidInterval <= 0 {
		return false
	}
	if s.WantKidStill(now) {
		return true
	}
	k.throttled++
	k.peek = !k.remember(hashKid(s.salt, kid)) && !s.unshared || k.peek
	return k.peek
}

// WantKidStill is WantKid for a request that has waited and was brought a set without its
// kid: that set may have been on its way when it asked. It looks nowhere else.
func (s *Source) WantKidStill(now int64) bool {
	k := &s.kids
	if s.phase != idle || k.wanted {
		return true // one is under way: it answers this question too
	}
	if s.retired || now < s.retryAt || now < k.notBefore {
		return false
	}
	k.forget()
	k.wanted = true
	return true
}
