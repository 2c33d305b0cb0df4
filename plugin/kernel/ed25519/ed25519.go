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

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
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

// oneOff is how many verifications a key does before its table is begun: the table costs
// about as much as six of them save.
const oneOff = 3

// Key is a public key made ready. It takes 3 KB, and 54 KB more for a table that some of
// its first verifications build, in steps of less than half a millisecond. It is not safe
// for concurrent use: it holds scratch space.
type Key struct {
	public [KeySize]byte
	minus  point        // the opposite of the key's point, z = 1
	room   *tables.Room // for the table; nil where there is none
	uses   int          // before the table was begun
	table  comb
	state  digest.State
	hash   [digest.MaxSize]byte
	naf    digits
	odd    [8]cached
	rows   [2]rows // of S and of the hash
	temps  temps
}

// NewKey makes a public key ready. It does not alias public. The key's table is built in
// room; without room every verification takes three times as long. The first call is not
// safe for concurrent use either: it makes what all keys share.
func NewKey(public []byte, room *tables.Room) (*Key, error) {
	if len(public) != KeySize {
		return nil, ErrSize
	}
	k := &Key{room: room}
	copy(k.public[:], public)
	if !k.minus.decode(&k.public) {
		return nil, ErrPoint
	}
	if k.minus.smallOrder(&k.temps) {
		return nil, ErrSmallOrder
	}
	k.minus.x.negate(&k.minus.x)
	k.minus.t.negate(&k.minus.t)
	if base.points == nil {
		buildBase()
	}
	return k, nil
}

// Verify says whether signature is one of message.
func (k *Key) Verify(message string, signature []byte) bool {
	if !k.Begin(&k.state, signature) {
		return false
	}
	k.state.WriteString(message)
	return k.Finish(&k.state, signature)
}

// Begin makes s ready to take a message that comes in pieces. It returns false for a
// signature that fits no message: one of another length or whose S is not below the
// group's order; s then takes every byte and keeps none.
func (k *Key) Begin(s *digest.State, signature []byte) bool {
	var number scalar
	if len(signature) != SignatureSize || !number.load(signature[32:]) {
		s.Reset(digest.None)
		return false
	}
	s.Reset(digest.SHA512)
	s.Write(signature[:32])
	s.Write(k.public[:])
	return true
}

// Finish says whether signature is one of what was written to s since [Key.Begin] of the
// same key, and wipes s. The signature must be the very one that Begin was given: its R
// is hashed there and compared here, and whoever could exchange it in between could make
// signatures. A state that was not begun, or has been finished, has no signature.
func (k *Key) Finish(s *digest.State, signature []byte) bool {
	var number, h scalar
	if s.Hash() != digest.SHA512 || len(signature) != SignatureSize || !number.load(signature[32:]) {
		*s = digest.State{}
		return false
	}
	s.Append(k.hash[:0])
	h.reduce(&k.hash)
	// RFC 8032 §5.1.7 step 3 without the cofactor: S B - H A must encode as R.
	p := neutral
	if k.ready() {
		k.often(&p, &number, &h)
	} else {
		k.once(&p, &number, &h)
	}
	base.correct(&k.temps, &p, &number)
	var encoded [32]byte
	p.encode(&encoded)
	return string(encoded[:]) == string(signature[:32])
}

// ready says whether the key has its table. After a few uses it is begun, if there is room,
// and each use fills a part. Uses count whether the signature is good or not, for a bad one
// is not to cost more.
func (k *Key) ready() bool {
	if k.table.whole() {
		return true
	}
	if k.uses <= oneOff {
		if k.uses++; k.uses > oneOff {
			if points := tables.Take[affine](k.room, blocks*size); points != nil {
				k.table.begin(points, &k.minus, new(workspace))
			}
		}
	}
	if k.table.points != nil {
		k.table.grow(new(workspace))
	}
	return k.table.whole()
}

// often adds s B - h A to p, the neutral point, by the tables of both, but for what
// base.correct takes away.
func (k *Key) often(p *point, s, h *scalar) {
	w, ofS, ofH := &k.temps, &k.rows[0], &k.rows[1]
	ofS.set(s)
	ofH.set(h)
	for at := height - 1; at >= 0; at-- {
		if at < height-1 { // p is neutral before the first column
			w.double(p, true)
		}
		base.column(w, p, ofS, at)
		k.table.column(w, p, ofH, at)
	}
	k.table.correct(w, p, h)
}

// once does the same without a table of the key: it makes the key's odd multiples up to
// 15 and adds one where a digit of h's width-5 non-adjacent form is not zero.
func (k *Key) once(p *point, s, h *scalar) {
	w := &k.temps
	q := k.minus
	odd := &k.odd
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
	ofS := &k.rows[0]
	ofS.set(s)
	for i := len(k.naf) - 1; i >= 0; i-- {
		digit := k.naf[i]
		w.double(p, digit != 0 || i < height)
		if digit > 0 {
			w.addCached(p, &odd[digit/2], false)
		} else if digit < 0 {
			w.addCached(p, &odd[-digit/2], true)
		}
		if i < height {
			base.column(w, p, ofS, i)
		}
	}
}
