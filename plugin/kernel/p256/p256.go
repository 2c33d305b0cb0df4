// Package p256 verifies ECDSA signatures over NIST P-256.
//
// In: a public point, a digest, a raw signature r || s. Out: yes or no. Spec: FIPS 186-5
// §6.4, RFC 7518 §3.4. Points off the curve are refused when a key is made, r and s out
// of range when a signature is judged. Its running time depends on its operands, all of
// them public. It never takes DER, another length, or a compressed point.
package p256

import (
	"crypto/elliptic"

	"github.com/postern-wasm/postern/plugin/kernel/internal/nist"
)

// Size is the length in bytes of a coordinate, of r and of s.
const Size = 32

// ErrPoint refuses coordinates that are not of Size bytes each, not below the field's prime, or
// not on the curve.
var ErrPoint = nist.ErrPoint

// Key is a public key made ready. It is not safe for concurrent use: it holds scratch space.
type Key struct{ key *nist.Key }

// NewKey makes the point with these big-endian coordinates ready. It aliases neither.
func NewKey(x, y []byte) (*Key, error) {
	k, err := nist.NewKey(elliptic.P256(), x, y)
	if err != nil {
		return nil, err
	}
	return &Key{k}, nil
}

// Verify says whether signature, r || s of Size bytes each, is one of a message with
// that digest (SHA-256's, or another hash's: the leftmost 256 bits of it count).
func (k *Key) Verify(digest, signature []byte) bool { return k.key.Verify(digest, signature) }
