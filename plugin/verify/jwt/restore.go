package jwt

import (
	"math"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
)

// kept is what stands before the claims in what [Attempt.Save] writes; after them come
// kid and typ.
type kept struct {
	facts
	good                   window
	payloadFrom, payloadTo uint32 // of its text in the token
	claims                 uint32 // size, bytes
	kid, typ               uint32 // lengths
	hasKid, hasTyp         bool
	_                      [2]byte
}

const keptSize = int(unsafe.Sizeof(kept{}))

// SavedSize is how many bytes [Attempt.Save] writes; 0 where there is nothing to save:
// only a proved token is kept, and one that was restored is kept already.
func (a *Attempt) SavedSize() int {
	if a.step != proved || a.keys != nil {
		return 0
	}
	return keptSize + a.claims.SavedSize() + len(a.kid) + len(a.typ)
}

// Save writes what was proved to dst, which is [Attempt.SavedSize] bytes long and
// aligned to eight, without a pointer. It says whether it did. The token itself is not
// in it.
func (a *Attempt) Save(dst []byte) bool {
	size := a.SavedSize()
	if size == 0 || len(dst) != size || uintptr(unsafe.Pointer(unsafe.SliceData(dst)))%8 != 0 {
		return false
	}
	claims := a.claims.SavedSize()
	to := len(a.token.SigningInput()) // the payload is the end of it
	*(*kept)(unsafe.Pointer(unsafe.SliceData(dst))) = kept{
		facts: a.facts, good: a.good,
		payloadFrom: uint32(to - len(a.payload)), payloadTo: uint32(to), claims: uint32(claims),
		kid: uint32(len(a.kid)), typ: uint32(len(a.typ)), hasKid: a.hasKid, hasTyp: a.hasTyp,
	}
	rest := dst[keptSize:]
	copy(rest[claims+copy(rest[claims:], a.kid):], a.typ)
	return a.claims.Save(rest[:claims])
}

// Restore puts the attempt into the state after a successful Parse of token, with the
// signature known to be good under keys, from what Save has written when it was proved
// with them. Everything else is judged anew: [Attempt.Check] comes next. The caller
// guarantees that token is, byte for byte, the one that was saved, and that keys are
// those of the moment. Nothing is copied: the attempt aliases both until the next Parse
// or Restore. Where it says no the attempt is empty.
func (a *Attempt) Restore(token string, saved []byte, keys *jwk.Set) bool {
	a.reset()
	if keys == nil || len(saved) < keptSize || uintptr(unsafe.Pointer(unsafe.SliceData(saved)))%8 != 0 {
		return false
	}
	k := (*kept)(unsafe.Pointer(unsafe.SliceData(saved)))
	rest := saved[keptSize:]
	if uint64(len(rest)) != uint64(k.claims)+uint64(k.kid)+uint64(k.typ) || k.payloadFrom > k.payloadTo || uint64(k.payloadTo) > uint64(len(token)) {
		return false
	}
	if !a.claims.Restore(rest[:k.claims]) || a.claims.Root().Kind() != jsonx.Object {
		return false
	}
	rest = rest[k.claims:]
	a.facts = k.facts
	a.payload = token[k.payloadFrom:k.payloadTo]
	a.kid, a.hasKid = text(rest[:k.kid]), k.hasKid
	a.typ, a.hasTyp = text(rest[k.kid:]), k.hasTyp
	a.keys = keys
	a.step = parsed
	return true
}

// Good says of what Save has written whether Check, with the configuration that the token
// was checked with before it was saved and no other audiences, would say OK at now. It may
// say no where Check says OK; then Restore and Check tell.
func Good(saved []byte, now int64) bool {
	if len(saved) < keptSize || uintptr(unsafe.Pointer(unsafe.SliceData(saved)))%8 != 0 {
		return false
	}
	return (*kept)(unsafe.Pointer(unsafe.SliceData(saved))).good.holds(now)
}

func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Expires is when Check begins to say Expired under cfg, nanoseconds since 1970; the
// end of time where the token has no expiration.
func (a *Attempt) Expires(cfg *Config) int64 {
	t, has := a.facts.at(exp)
	if !has {
		return math.MaxInt64
	}
	return t.plus(skewOf(cfg)).clock()
}

// again is Prove for a restored attempt: the very set that it was restored for, and no
// other, has nothing to verify.
func (a *Attempt) again(keys *jwk.Set) reason.Code {
	if a.keys != keys {
		return reason.Internal
	}
	a.step = proved
	return reason.OK
}
