// Package ed25519 verifies Ed25519 signatures.
//
// In: a public key, a message, a signature. Out: yes or no. Spec: RFC 8032 §5.1.7, with
// the choices of Go's crypto/ed25519: no cofactor in the equation, R compared as bytes
// (so only its canonical form passes), S below the group's order. Stricter than that
// library, a key that is not canonical, not on the curve or of small order is refused
// when it is made. Keys of mixed order are taken, as there: the hash is reduced modulo
// the group's order and multiplies the key as that very integer. Its running time depends
// on its operands, all of them public. It never does Ed25519ph or Ed25519ctx.
package ed25519

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

const (
	// KeySize is the length of a public key in bytes.
	KeySize = 32
	// SignatureSize is the length of a signature in bytes.
	SignatureSize = 64
)

// The refusals of [NewKey].
var (
	// ErrSize: not KeySize bytes.
	ErrSize = errors.New("ed25519 key is not of 32 bytes")
	// ErrPoint: not the canonical encoding of a point of the curve (RFC 8032 §5.1.3).
	ErrPoint = errors.New("ed25519 key is not a point of the curve")
	// ErrSmallOrder: one of the eight points of small order; for them there are
	// signatures that fit every message.
	ErrSmallOrder = errors.New("ed25519 key is of small order")
)

// oneOff is how many verifications a key does before its table is built: the table costs
// about as much as three of them save.
const oneOff = 3

// Key is a public key made ready: 31 KiB, most of it room for a table that is built by
// one of its first verifications (in less than a millisecond). All of it is taken by
// NewKey, so that verification never allocates. It is not safe for concurrent use: it
// holds scratch space.
type Key struct {
	public  [KeySize]byte
	minus   point // the opposite of the key's point, z = 1
	uses    int
	table   comb
	room    [256]affine
	state   sha2.State
	digest  [sha2.MaxSize]byte
	naf     digits
	scratch workspace
}

// NewKey makes a public key ready. It does not alias public. The first call is not safe
// for concurrent use either: it makes what all keys share.
func NewKey(public []byte) (*Key, error) {
	if len(public) != KeySize {
		return nil, ErrSize
	}
	k := &Key{}
	copy(k.public[:], public)
	if !k.minus.decode(&k.public) {
		return nil, ErrPoint
	}
	if k.minus.smallOrder(&k.scratch.temps) {
		return nil, ErrSmallOrder
	}
	k.minus.x.negate(&k.minus.x)
	k.minus.t.negate(&k.minus.t)
	buildBase(&k.scratch)
	return k, nil
}

// Verify says whether signature is one of message.
func (k *Key) Verify(message string, signature []byte) bool {
	var s, h scalar
	if len(signature) != SignatureSize || !s.load(signature[32:]) {
		return false
	}
	k.state.Reset(sha2.SHA512)
	k.state.Write(signature[:32])
	k.state.Write(k.public[:])
	k.state.WriteString(message)
	k.state.Append(k.digest[:0])
	h.reduce(&k.digest)
	// RFC 8032 §5.1.7 step 3 without the cofactor: S B - H A must encode as R.
	if k.uses == oneOff {
		k.table = comb{shape: keyShape, points: k.room[:]}
		k.table.build(&k.minus, &k.scratch)
	}
	p, w := neutral, &k.scratch.temps
	if k.uses < oneOff {
		k.once(&p, &s, &h)
	} else {
		k.often(&p, &s, &h)
	}
	if k.uses <= oneOff {
		k.uses++
	}
	base.correct(w, &p, &s)
	var encoded [32]byte
	p.encode(&encoded)
	return string(encoded[:]) == string(signature[:32])
}

// often adds s B - h A to p, the neutral point, by the tables of both, but for what
// base.correct takes away.
func (k *Key) often(p *point, s, h *scalar) {
	w := &k.scratch.temps
	for height := keyShape.height() - 1; height >= 0; height-- {
		if height < keyShape.height()-1 { // p is neutral before the first column
			w.double(p, true)
		}
		if height < baseShape.height() {
			base.column(w, p, s, height)
		}
		k.table.column(w, p, h, height)
	}
	k.table.correct(w, p, h)
}

// once does the same without a table of the key: it makes the key's odd multiples up to
// 15 and adds one where a digit of h's width-5 non-adjacent form is not zero.
func (k *Key) once(p *point, s, h *scalar) {
	w := &k.scratch.temps
	q := k.minus
	odd := &k.scratch.odd
	odd[0].set(&q)
	var twice cached
	w.double(&q, true)
	twice.set(&q)
	q = k.minus
	for i := 1; i < len(odd); i++ {
		w.addCached(&q, &twice, false)
		odd[i].set(&q)
	}
	k.naf.set(h)
	for i := len(k.naf) - 1; i >= 0; i-- {
		digit := k.naf[i]
		w.double(p, digit != 0 || i < baseShape.height())
		if digit > 0 {
			w.addCached(p, &odd[digit/2], false)
		} else if digit < 0 {
			w.addCached(p, &odd[-digit/2], true)
		}
		if i < baseShape.height() {
			base.column(w, p, s, i)
		}
	}
}
