package jwt

import "math"

// window is a time, from its first nanosecond to before the other, nanoseconds since 1970.
// The zero value is none.
type window struct{ from, to int64 }

func (w window) holds(now int64) bool { return w.from <= now && now < w.to }

// clock is the instant on the clock of [Attempt.Check]; what lies beyond its ends is its
// ends.
func (t instant) clock() int64 {
	switch {
	case t.seconds < 0:
		return 0
	case t.seconds >= math.MaxInt64/second:
		return math.MaxInt64
	}
	return t.seconds*second + t.nanos
}

// window is when Check says OK under cfg of a token of which it has said so at some time:
// nothing that it judges depends on the time but what stands here, and each line is one of
// [judge]'s and [times]' comparisons. It is never more than that; where times are lenient
// it is none.
func (f *facts) window(cfg *Config) window {
	if cfg.LenientTimes {
		return window{}
	}
	w, skew := window{clockFloor, math.MaxInt64}, skewOf(cfg)
	if t, has := f.at(exp); has {
		w.to = t.plus(skew).clock()
		if cfg.MaxLifetime > 0 {
			end := t.clock()
			if end == math.MaxInt64 {
				return window{} // it may be further off than this clock reaches
			}
			w.from = max(w.from, end-cfg.MaxLifetime)
		}
	}
	if t, has := f.at(nbf); has {
		w.from = max(w.from, t.plus(-skew).clock())
	}
	if t, has := f.at(iat); has {
		w.from = max(w.from, t.plus(-skew).clock())
	}
	return w
}
