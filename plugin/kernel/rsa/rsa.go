// Package rsa verifies RSA signatures: PKCS #1 v1.5 and PSS.
//
// In: a public key's modulus and exponent, a digest, a signature. Out: yes or no. Spec:
// RFC 8017 §8.1.2, §8.2.2; RFC 7518 §3.3, §3.5. It takes moduli of 2048 to 8192 bits
// only. Its running time depends on its operands, all of them public. It never decrypts,
// never parses an encoding (the expected block is written and compared whole), and never
// says why a signature is bad.
package rsa

import (
	"bytes"
	"errors"
	"math/bits"

	"github.com/postern-wasm/postern/plugin/kernel/internal/mont"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// The bounds of a key.
const (
	// MinBits is the shortest modulus taken (RFC 7518 §3.3).
	MinBits = 2048
	// MaxBits is the longest: beyond, one verification would stall the proxy.
	MaxBits = 8192
	// maxExponentBits bounds the exponent for the same reason; it lets every e below 2^33 through.
	maxExponentBits = 33
)

// The refusals of [NewKey].
var (
	// ErrSize: the modulus is shorter than MinBits or longer than MaxBits.
	ErrSize = errors.New("rsa modulus is not of 2048 to 8192 bits")
	// ErrModulus: the modulus is even.
	ErrModulus = errors.New("rsa modulus is even")
	// ErrExponent: the exponent is even, below 3, over 2^33 or has leading zeros.
	ErrExponent = errors.New("rsa exponent is not an odd number from 3 to 2^33")
	// ErrWeak: the modulus has the mark of a generator whose keys can be factored (CVE-2017-15361).
	ErrWeak = errors.New("rsa modulus comes from a broken generator (CVE-2017-15361)")
)

// Key is a public key made ready. It is not safe for concurrent use: it holds scratch space.
type Key struct {
	modulus  *mont.Modulus
	spki     []byte // the key in DER
	number   []byte // the modulus within it
	size     int    // bytes of the modulus
	bits     int
	exponent uint64
	x, form  []uint32 // the signature, and in Montgomery form
	y        []uint32 // its power
	block    []byte   // the encoded message
	state    sha2.State
	digest   [sha2.MaxSize]byte
}

// NewKey makes a public key ready, from the big-endian bytes of its modulus, whose
// leading zeros do not count, and of its exponent, which must have none. It aliases
// neither.
func NewKey(modulus, exponent []byte) (*Key, error) {
	for len(modulus) > 0 && modulus[0] == 0 {
		modulus = modulus[1:]
	}
	if len(modulus) == 0 {
		return nil, ErrSize
	}
	length := 8*(len(modulus)-1) + bits.Len8(modulus[0])
	if length < MinBits || length > MaxBits {
		return nil, ErrSize
	}
	if modulus[len(modulus)-1]&1 == 0 {
		return nil, ErrModulus
	}
	e, ok := exponentOf(exponent)
	if !ok {
		return nil, ErrExponent
	}
	if broken(modulus) {
		return nil, ErrWeak
	}
	m, err := mont.New(modulus)
	if err != nil {
		return nil, ErrModulus
	}
	spki, number := encode(modulus, exponent)
	return &Key{
		modulus: m, spki: spki, number: number, size: len(modulus), bits: length, exponent: e,
		x: make([]uint32, m.Limbs()), form: make([]uint32, m.Limbs()), y: make([]uint32, m.Limbs()),
		block: make([]byte, len(modulus)),
	}, nil
}

func exponentOf(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 5 || b[0] == 0 {
		return 0, false
	}
	var e uint64
	for _, c := range b {
		e = e<<8 | uint64(c)
	}
	return e, e >= 3 && e&1 == 1 && bits.Len64(e) <= maxExponentBits
}

// Bits returns the modulus' length in bits.
func (k *Key) Bits() int { return k.bits }

// SPKI returns the key as the DER of a SubjectPublicKeyInfo (RFC 5280 §4.1). It aliases
// the key and must not be changed.
func (k *Key) SPKI() []byte { return k.spki }

// InRange says whether a signature has the modulus' length (RFC 8017 §8.1.2, §8.2.2 step
// 1) and is a number below it (§5.2.2 step 1); no other can be valid.
func (k *Key) InRange(signature []byte) bool {
	return len(signature) == k.size && bytes.Compare(signature, k.number) < 0
}

// open raises the signature to the exponent and leaves the block in k.block. It refuses
// signatures that are not as long as the modulus (RFC 8017 §8.1.2 step 1) or not below
// it (§5.2.2 step 1).
func (k *Key) open(signature []byte) bool {
	if len(signature) != k.size || !k.modulus.Load(k.x, signature) {
		return false
	}
	k.modulus.To(k.form, k.x)
	copy(k.y, k.form)
	for i := bits.Len64(k.exponent) - 2; i > 0; i-- {
		k.modulus.Square(k.y, k.y)
		if k.exponent>>i&1 == 1 {
			k.modulus.Mul(k.y, k.y, k.form)
		}
	}
	// The exponent is odd: its last factor is the signature out of Montgomery form, which
	// brings the product out of it too.
	k.modulus.Square(k.y, k.y)
	k.modulus.Mul(k.y, k.y, k.x)
	k.modulus.Reduce(k.y)
	mont.Store(k.block, k.y)
	return true
}

// The DER of a DigestInfo up to its digest (RFC 8017 §9.2 note 1), NULL parameters included.
const (
	prefix256 = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
	prefix384 = "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
	prefix512 = "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
)

func prefixOf(h sha2.Hash) string {
	switch h {
	case sha2.SHA256:
		return prefix256
	case sha2.SHA384:
		return prefix384
	case sha2.SHA512:
		return prefix512
	case sha2.None:
	}
	return ""
}

// prefix1 is SHA-1's, which no algorithm of RFC 7518 has.
const prefix1 = "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"

// size1 is the length of SHA-1's digests in bytes.
const size1 = 20

// VerifyPKCS1 says whether signature is the RSASSA-PKCS1-v1_5 signature of a message
// with that digest.
func (k *Key) VerifyPKCS1(h sha2.Hash, digest, signature []byte) bool {
	prefix := prefixOf(h)
	return prefix != "" && len(digest) == h.Size() && k.verifyPKCS1(prefix, digest, signature)
}

// VerifyPKCS1SHA1 is VerifyPKCS1 of a SHA-1 digest. It is for CloudFront's signed URLs
// alone, whose RSA signatures are of nothing else: SHA-1 resists no collisions, so a
// signer who signs texts that others have a say in signs more than he sees.
func (k *Key) VerifyPKCS1SHA1(digest, signature []byte) bool {
	return len(digest) == size1 && k.verifyPKCS1(prefix1, digest, signature)
}

// verifyPKCS1 opens the signature and compares all of its block with what RFC 8017 §9.2
// makes of the digest: 00 01, FF to fill, 00, DigestInfo. No byte is left to a forger
// (CVE-2006-4339 and its kin). The shortest key has 256 bytes and the longest tail 83: at
// least eight FF are always there.
func (k *Key) verifyPKCS1(prefix string, digest, signature []byte) bool {
	if !k.open(signature) {
		return false
	}
	b := k.block
	fill := len(b) - 3 - len(prefix) - len(digest)
	good := b[0] == 0 && b[1] == 1
	for _, c := range b[2 : 2+fill] {
		good = good && c == 0xff
	}
	b = b[2+fill:]
	return good && b[0] == 0 && string(b[1:1+len(prefix)]) == prefix && string(b[1+len(prefix):]) == string(digest)
}
