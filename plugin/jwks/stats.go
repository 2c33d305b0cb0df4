package jwks

// Stats is what operators see of one set.
type Stats struct {
	// Keys is how many usable keys it has now; 0 where it has none yet, or none any more.
	Keys int
	// AgeSeconds is how long ago they came.
	AgeSeconds int64
	// Generation is [Source.Generation].
	Generation uint64
	// Throttled is how often a kid that the set lacks was not asked for, since it was too
	// soon after the last time.
	Throttled uint64
}

// Stats returns what is to be seen of the set now.
func (s *Source) Stats(now int64) Stats {
	n := Stats{Generation: s.generation, Throttled: s.kids.throttled}
	if keys := s.Keys(now); keys != nil {
		n.Keys = keys.Len()
		n.AgeSeconds = max(0, now-s.fetchedAt) / 1_000_000_000
	}
	return n
}
