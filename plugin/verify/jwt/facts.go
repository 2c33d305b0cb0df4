package jwt

import (
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jsonx"
)

// date names a claim that is a NumericDate.
type date uint8

const (
	exp date = iota
	nbf
	iat
	dates
)

// state is how a date stands in the claims.
type state uint8

const (
	absent state = iota
	read
	malformed
)

// facts are what a token says that [Attempt.Check] asks about, found in one pass over
// its claims. They hold no pointer: places are those of values in the claims
// ([jsonx.Doc.At]), 0 where there is none, since the object itself stands there.
type facts struct {
	seconds            [dates]int64
	nanos              [dates]int32
	iss, sub, aud, jti uint32
	state              [dates]state
	algorithm          jwa.Algorithm
}

// The registered claims' names (RFC 7519 §4.1) as numbers: all have three bytes.
const (
	nameIss = 'i'<<16 | 's'<<8 | 's'
	nameSub = 's'<<16 | 'u'<<8 | 'b'
	nameAud = 'a'<<16 | 'u'<<8 | 'd'
	nameExp = 'e'<<16 | 'x'<<8 | 'p'
	nameNbf = 'n'<<16 | 'b'<<8 | 'f'
	nameIat = 'i'<<16 | 'a'<<8 | 't'
	nameJti = 'j'<<16 | 't'<<8 | 'i'
)

// note reads the claims. That no name comes twice is the parser's law.
func (f *facts) note(claims jsonx.Value, algorithm jwa.Algorithm) {
	*f = facts{algorithm: algorithm}
	for v, ok := claims.First(); ok; v, ok = v.Next() {
		name := v.Name()
		if len(name) != 3 {
			continue
		}
		switch uint32(name[0])<<16 | uint32(name[1])<<8 | uint32(name[2]) {
		case nameIss:
			f.iss = v.Index()
		case nameSub:
			f.sub = v.Index()
		case nameAud:
			f.aud = v.Index()
		case nameJti:
			f.jti = v.Index()
		case nameExp:
			f.date(exp, v)
		case nameNbf:
			f.date(nbf, v)
		case nameIat:
			f.date(iat, v)
		}
	}
}

func (f *facts) date(d date, v jsonx.Value) {
	seconds, nanos, ok := v.Seconds()
	if !ok {
		f.state[d] = malformed
		return
	}
	f.seconds[d], f.nanos[d], f.state[d] = seconds, int32(nanos), read
}

// at returns a date; has is false where there is none.
func (f *facts) at(d date) (t instant, has bool) {
	return instant{f.seconds[d], int64(f.nanos[d])}, f.state[d] == read
}
