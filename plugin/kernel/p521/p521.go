// Package p521 verifies ECDSA signatures over NIST P-521.
//
// In: a public point, a digest, a raw signature r || s. Out: yes or no. Spec: FIPS 186-5
// §6.4, RFC 7518 §3.4. Points off the curve are refused when a key is made, r and s out
// of range when a signature is judged. Its running time depends on its operands, all of
// them public. It never takes DER, another length, or a compressed point.
package p521

import (
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp521"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// Size is the length in bytes of a coordinate, of r and of s.
const Size = 66

// ErrPoint refuses coordinates that are not of Size bytes each, not below the field's prime, or
// not on the curve.
var ErrPoint = nist.ErrPoint

// parameters are those of SP 800-186 §3.2.1.
var parameters = nist.Parameters{
	P:     "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
	N:     "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
	B:     "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00",
	X:     "00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66",
	Y:     "011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650",
	Teeth: 8, KeyTeeth: 7,
}

// curve is made when the first key is, once for all keys.
var curve *nist.Curve[fp521.Element, *fp521.Element]

// Key is a public key made ready; the zero value refuses. It takes 4 KB, and 36 KB more for
// a table that its first uses fill, in steps of less than a millisecond. It is not safe for
// concurrent use: it holds scratch space.
type Key struct {
	key *nist.Key[fp521.Element, *fp521.Element]
}

// NewKey makes the point with these big-endian coordinates ready. It aliases neither. The
// key's table is built in room; without room every verification takes three to four times as
// long. The first call makes the curve ready too, for which it is not safe for concurrent use.
func NewKey(x, y []byte, room *tables.Room) (*Key, error) {
	if curve == nil {
		curve = nist.NewCurve[fp521.Element](&parameters)
	}
	k, err := curve.NewKey(x, y, room)
	if err != nil {
		return nil, err
	}
	return &Key{k}, nil
}

// Verify says whether signature, r || s of Size bytes each, is one of a message with
// that digest (SHA-512's, or another hash's: the leftmost 521 bits of it count).
func (k *Key) Verify(digest, signature []byte) bool { return k.key.Verify(digest, signature) }
