// Package nist verifies ECDSA over the curves P-256, P-384 and P-521.
//
// In: a public point, a digest, a raw signature r || s. Out: yes or no. Spec: FIPS 186-5
// §6.4, SEC 1. The arithmetic is the standard library's; the packages of the curves
// stand in front of it and keep their interface when it is replaced. It never takes DER:
// it writes DER for the library from numbers it has checked.
package nist

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
)

// ErrPoint refuses coordinates that are not of the field's length, not below its prime, or not on the curve.
var ErrPoint = errors.New("not a point of the curve")

// maxDER is the longest DER of a signature: two integers of 67 bytes with their
// headers, and the sequence's.
const maxDER = 3 + 2*(2+67)

// Key is a public key made ready. It is not safe for concurrent use: it holds scratch space.
type Key struct {
	public *ecdsa.PublicKey
	size   int // bytes of a coordinate
	der    [maxDER]byte
}

// NewKey makes the point with these big-endian coordinates ready, each of exactly the
// field's length. It aliases neither.
func NewKey(curve elliptic.Curve, x, y []byte) (*Key, error) {
	size := (curve.Params().BitSize + 7) / 8
	if len(x) != size || len(y) != size {
		return nil, ErrPoint
	}
	point := make([]byte, 0, 1+2*66)
	point = append(point, 4) // SEC 1 §2.3.4: uncompressed
	point = append(append(point, x...), y...)
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, ErrPoint
	}
	return &Key{public: public, size: size}, nil
}

// Verify says whether signature is r || s, each of exactly the field's length, of a
// message with that digest. Range (0 < r, s < n) is the library's first check.
func (k *Key) Verify(digest, signature []byte) bool {
	if len(digest) == 0 || len(signature) != 2*k.size {
		return false
	}
	body := appendInteger(k.der[3:3], signature[:k.size])
	body = appendInteger(body, signature[k.size:])
	// The body stands behind room for the longest header: 30 81 length.
	start := 1
	if len(body) >= 0x80 {
		start = 0
		k.der[1] = 0x81
	}
	k.der[start] = 0x30
	k.der[2] = byte(len(body))
	return ecdsa.VerifyASN1(k.public, digest, k.der[start:3+len(body)])
}

// appendInteger appends the DER INTEGER of big-endian bytes.
func appendInteger(dst, b []byte) []byte {
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	n := len(b)
	if b[0] >= 0x80 { // or it would be negative
		return append(append(dst, 2, byte(n+1), 0), b...)
	}
	return append(append(dst, 2, byte(n)), b...)
}
