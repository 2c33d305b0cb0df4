// Package p256 verifies ECDSA signatures over NIST P-256.
//
// In: a public point, a digest, a raw signature r || s. Out: yes or no. Spec: FIPS 186-5
// §6.4, RFC 7518 §3.4. Points off the curve are refused when a key is made, r and s out
// of range when a signature is judged. Its running time depends on its operands, all of
// them public. It never takes DER, another length, or a compressed point.
package p256

import (
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp256"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// Size is the length in bytes of a coordinate, of r and of s.
const Size = 32

// ErrPoint refuses coordinates that are not of Size bytes each, not below the field's prime, or
// not on the curve.
var ErrPoint = nist.ErrPoint

// parameters are those of SP 800-186 §3.2.1.
var parameters = nist.Parameters{
	P:     "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
	N:     "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
	B:     "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
	X:     "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296",
	Y:     "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
	Teeth: 9, KeyTeeth: 8,
}

// curve is made when the first key is, once for all keys.
var curve *nist.Curve[fp256.Element, *fp256.Element]

// Key is a public key made ready; the zero value refuses. It takes 2 KB, and 36 KB more for
// a table that its first uses fill, in steps of less than a millisecond. It is not safe for
// concurrent use: it holds scratch space.
type Key struct {
	key *nist.Key[fp256.Element, *fp256.Element]
}

// NewKey makes the point with these big-endian coordinates ready. It aliases neither. The
// key's table is built in room; without room every verification takes three to four times as
// long. The first call makes the curve ready too, for which it is not safe for concurrent use.
func NewKey(x, y []byte, room *tables.Room) (*Key, error) {
	if curve == nil {
		curve = nist.NewCurve[fp256.Element](&parameters)
	}
	k, err := curve.NewKey(x, y, room)
	if err != nil {
		return nil, err
	}
	return &Key{k}, nil
}

// Verify says whether signature, r || s of Size bytes each, is one of a message with
// that digest (SHA-256's, or another hash's: the leftmost 256 bits of it count).
func (k *Key) Verify(digest, signature []byte) bool { return k.key.Verify(digest, signature) }
