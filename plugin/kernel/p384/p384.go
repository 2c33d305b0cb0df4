// Package p384 verifies ECDSA signatures over NIST P-384.
//
// In: a public point, a digest, a raw signature r || s. Out: yes or no. Spec: FIPS 186-5
// §6.4, RFC 7518 §3.4. Points off the curve are refused when a key is made, r and s out
// of range when a signature is judged. Its running time depends on its operands, all of
// them public. It never takes DER, another length, or a compressed point.
package p384

import (
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp384"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// Size is the length in bytes of a coordinate, of r and of s.
const Size = 48

// ErrPoint refuses coordinates that are not of Size bytes each, not below the field's prime, or
// not on the curve.
var ErrPoint = nist.ErrPoint

// parameters are those of SP 800-186 §3.2.1.
var parameters = nist.Parameters{
	P:     "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF",
	N:     "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
	B:     "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF",
	X:     "AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7",
	Y:     "3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F",
	Teeth: 8, KeyTeeth: 7,
}

// curve is made when the first key is, once for all keys.
var curve *nist.Curve[fp384.Element, *fp384.Element]

// Key is a public key made ready; the zero value refuses. It takes 3 KB, and 28 KB more for
// a table that its first uses fill, in steps of less than a millisecond. It is not safe for
// concurrent use: it holds scratch space.
type Key struct {
	key *nist.Key[fp384.Element, *fp384.Element]
}

// NewKey makes the point with these big-endian coordinates ready. It aliases neither. The
// key's table is built in room; without room every verification takes three to four times as
// long. The first call makes the curve ready too, for which it is not safe for concurrent use.
func NewKey(x, y []byte, room *tables.Room) (*Key, error) {
	if curve == nil {
		curve = nist.NewCurve[fp384.Element](&parameters)
	}
	k, err := curve.NewKey(x, y, room)
	if err != nil {
		return nil, err
	}
	return &Key{k}, nil
}

// Verify says whether signature, r || s of Size bytes each, is one of a message with
// that digest (SHA-384's, or another hash's: the leftmost 384 bits of it count).
func (k *Key) Verify(digest, signature []byte) bool { return k.key.Verify(digest, signature) }
