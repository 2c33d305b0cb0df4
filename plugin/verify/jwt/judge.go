package jwt

import (
	"math"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/word"
)

const (
	second = 1_000_000_000
	// clockFloor: a clock that shows the first minute of 1970 has not been set. Every
	// expiration lies in its future, so nothing may be judged by it.
	clockFloor = 60 * second
	// maxSkew is as much skew as has a meaning; with it no sum below leaves int64.
	maxSkew = 1 << 53
)

// instant is a point in time: whole seconds since 1970 and nanoseconds from 0 to
// 999,999,999. Dates of claims reach to 2^53 seconds, more nanoseconds than int64 holds.
type instant struct{ seconds, nanos int64 }

func (t instant) before(u instant) bool {
	return t.seconds < u.seconds || t.seconds == u.seconds && t.nanos < u.nanos
}

func (t instant) plus(seconds int64) instant { return instant{t.seconds + seconds, t.nanos} }

// judge applies everything that needs no key. The order is the issue of one reason per
// token only: any of these refuses.
func judge(claims *jsonx.Doc, f *facts, cfg *Config, audiences []string, now int64) reason.Code {
	if now < clockFloor {
		return reason.ClockUnset
	}
	if code := issued(claims, f, cfg); code != reason.OK {
		return code
	}
	at := instant{now / second, now % second}
	var code reason.Code
	if cfg.LenientTimes {
		code = lenientTimes(f, cfg, at)
	} else {
		code = times(f, cfg.RequireExpiration, skewOf(cfg), at)
	}
	if code != reason.OK {
		return code
	}
	if code := audience(claims, f, audiences, cfg.FoldAudiences); code != reason.OK {
		return code
	}
	if code := lifetime(f, cfg.MaxLifetime, now); code != reason.OK {
		return code
	}
	// RFC 7519 §4.1.2, §4.1.7: strings.
	for _, at := range [...]uint32{f.sub, f.jti} {
		if at != 0 && claims.At(at).Kind() != jsonx.String {
			return reason.ClaimMalformed
		}
	}
	return reason.OK
}

func skewOf(cfg *Config) int64 { return min(max(cfg.ClockSkewSeconds, 0), maxSkew) }

// times is RFC 7519 §4.1.4 to §4.1.6. Seconds rounds dates up to the next nanosecond;
// now is a whole number of them, so each comparison comes out as with the exact value.
func times(f *facts, required bool, skew int64, now instant) reason.Code {
	for _, s := range f.state {
		if s == malformed {
			return reason.ClaimMalformed
		}
	}
	expires, hasExp := f.at(exp)
	notBefore, hasNbf := f.at(nbf)
	issuedAt, hasIat := f.at(iat)
	switch {
	case required && !hasExp:
		return reason.ExpirationMissing
	case hasExp && !now.before(expires.plus(skew)):
		return reason.Expired // now >= exp + skew; "on or after" (§4.1.4)
	case hasNbf && now.plus(skew).before(notBefore):
		return reason.NotYetValid // now < nbf - skew
	case hasIat && now.plus(skew).before(issuedAt):
		return reason.IssuedInFuture // iat > now + skew
	}
	return reason.OK
}

// lifetime bounds how long a token may still be valid. A bound too far off to be a time
// of this clock is none.
func lifetime(f *facts, most, now int64) reason.Code {
	expires, has := f.at(exp)
	switch {
	case most <= 0:
		return reason.OK
	case !has:
		return reason.ExpirationMissing
	case now <= math.MaxInt64-most && (instant{(now + most) / second, (now + most) % second}).before(expires):
		return reason.LifetimeTooLong
	}
	return reason.OK
}

// audience is RFC 7519 §4.1.3: a string, or an array of nothing but strings, compared
// exactly. Without audiences to look for only the type is judged.
func audience(claims *jsonx.Doc, f *facts, audiences []string, fold bool) reason.Code {
	found := len(audiences) == 0
	if f.aud != 0 {
		switch aud := claims.At(f.aud); aud.Kind() {
		case jsonx.String:
			found = found || contains(audiences, aud.Text(), fold)
		case jsonx.Array:
			for v, ok := aud.First(); ok; v, ok = v.Next() {
				if v.Kind() != jsonx.String {
					return reason.ClaimMalformed
				}
				found = found || contains(audiences, v.Text(), fold)
			}
		case jsonx.Invalid, jsonx.Null, jsonx.False, jsonx.True, jsonx.Number, jsonx.Object:
			return reason.ClaimMalformed
		}
	}
	if !found {
		return reason.AudienceMismatch
	}
	return reason.OK
}

func contains(list []string, s string, fold bool) bool {
	if fold {
		s = FoldAudience(s)
	}
	for _, item := range list {
		if word.Equal(item, s) {
			return true
		}
	}
	return false
}
