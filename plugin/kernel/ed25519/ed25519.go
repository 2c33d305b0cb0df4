// Package ed25519 verifies Ed25519 signatures.
//
// In: a public key, a message, a signature. Out: yes or no. Spec: RFC 8032 §5.1.7, with
// the choices of Go's crypto/ed25519: no cofactor in the equation, R compared as bytes
// (so only its canonical form passes), S below the group's order. Stricter than that
// library, a key that is not canonical, not on the curve or of small order is refused
// when it is made. Keys of mixed order are taken, as there. Its running time depends on
// its operands, all of them public. It never does Ed25519ph or Ed25519ctx.
package ed25519

import (
	"crypto/ed25519"
	"errors"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/kernel/internal/mont"
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

// Key is a public key made ready.
type Key struct{ public ed25519.PublicKey }

// NewKey makes a public key ready. It does not alias public.
func NewKey(public []byte) (*Key, error) {
	if len(public) != KeySize {
		return nil, ErrSize
	}
	if err := check(public); err != nil {
		return nil, err
	}
	return &Key{append(ed25519.PublicKey(nil), public...)}, nil
}

// Verify says whether signature is one of message.
func (k *Key) Verify(message string, signature []byte) bool {
	if len(signature) != SignatureSize {
		return false
	}
	// The library only reads the message.
	return ed25519.Verify(k.public, unsafe.Slice(unsafe.StringData(message), len(message)), signature)
}

// Big-endian numbers: the field's prime 2^255-19, (prime-1)/2, and the curve's constant d.
const (
	prime = "\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xed"
	half = "\x3f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xf6"
	curveD = "\x52\x03\x6c\xee\x2b\x6f\xfe\x73\x8c\xc7\x40\x79\x77\x79\xe8\x98" +
		"\x00\x70\x0a\x4d\x41\x41\xd8\xab\x75\xeb\x4d\xca\x13\x59\x78\xa3"
)

// The y of the points of order 8, little-endian; those of order 1, 2 and 4 are 1, -1, 0.
const (
	order8a = "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0" +
		"\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"
	order8b = "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f" +
		"\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"
)

// check refuses keys that are no canonical point of the curve, or one of small order.
func check(public []byte) error {
	var encoded [KeySize]byte
	copy(encoded[:], public)
	encoded[KeySize-1] &= 0x7f // the sign of x
	if y := string(encoded[:]); y == order8a || y == order8b {
		return ErrSmallOrder
	}
	for i := range KeySize / 2 {
		encoded[i], encoded[KeySize-1-i] = encoded[KeySize-1-i], encoded[i]
	}
	m, err := mont.New([]byte(prime))
	if err != nil {
		return ErrPoint
	}
	space := make([]uint32, 5*m.Limbs())
	cut := func() []uint32 {
		part := space[:m.Limbs():m.Limbs()]
		space = space[m.Limbs():]
		return part
	}
	y, d, u, v, power := cut(), cut(), cut(), cut(), cut()
	if !m.Load(y, encoded[:]) || !m.Load(d, []byte(curveD)) {
		return ErrPoint // RFC 8032 §5.1.3 step 1: y >= p
	}
	if zero(y) {
		return ErrSmallOrder
	}
	// x^2 = (y^2 - 1) / (d y^2 + 1) = u / v must have a root: u v must be a square,
	// which Euler's criterion tells. v is never 0, for -1 is a square and d is none.
	m.To(y, y)
	m.To(d, d)
	m.Mul(y, y, y)
	m.Sub(u, y, m.One())
	m.Mul(v, y, d)
	m.Add(v, v, m.One())
	m.Mul(u, u, v)
	if zero(u) { // y is 1 or -1
		return ErrSmallOrder
	}
	m.Exp(power, u, []byte(half))
	m.Sub(power, power, m.One())
	if !zero(power) {
		return ErrPoint
	}
	return nil
}

func zero(x []uint32) bool {
	for _, limb := range x {
		if limb != 0 {
			return false
		}
	}
	return true
}
