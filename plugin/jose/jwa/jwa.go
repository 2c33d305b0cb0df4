// Package jwa is the table of JWS algorithms (RFC 7518 §3.1, RFC 8037, RFC 9864).
//
// In: a JWS "alg" name. Out: an [Algorithm] with its key family, hash and signature
// size. "none" is not in the table and never will be. It does no arithmetic.
package jwa

// MaxKeyIDBytes is the longest kid taken, in keys and in tokens alike.
const MaxKeyIDBytes = 1024

// Algorithm is one JWS algorithm; the zero value is none that exists.
type Algorithm uint8

// The algorithms.
const (
	// Invalid is the zero value; nothing verifies under it.
	Invalid Algorithm = iota
	RS256
	RS384
	RS512
	PS256
	PS384
	PS512
	ES256
	ES384
	ES512
	EdDSA // also spelt "Ed25519" (RFC 9864)
	HS256
	HS384
	HS512
	count
)

// Family is the kind of key an algorithm needs; a key belongs to exactly one.
type Family uint8

// The families.
const (
	// NoFamily is the zero value; no key has it.
	NoFamily Family = iota
	RSA
	P256
	P384
	P521
	Ed25519
	Oct
)

// Hash is the digest an algorithm signs.
type Hash uint8

// The hashes. Ed25519 hashes within the scheme and has NoHash.
const (
	NoHash Hash = iota
	SHA256
	SHA384
	SHA512
)

type row struct {
	name   string
	family Family
	hash   Hash
	// size is the exact signature size in bytes; 0 where the key gives it (RSA).
	size int
}

var table = [count]row{
	RS256: {"RS256", RSA, SHA256, 0},
	RS384: {"RS384", RSA, SHA384, 0},
	RS512: {"RS512", RSA, SHA512, 0},
	PS256: {"PS256", RSA, SHA256, 0},
	PS384: {"PS384", RSA, SHA384, 0},
	PS512: {"PS512", RSA, SHA512, 0},
	ES256: {"ES256", P256, SHA256, 64},
	ES384: {"ES384", P384, SHA384, 96},
	ES512: {"ES512", P521, SHA512, 132},
	EdDSA: {"EdDSA", Ed25519, NoHash, 64},
	HS256: {"HS256", Oct, SHA256, 32},
	HS384: {"HS384", Oct, SHA384, 48},
	HS512: {"HS512", Oct, SHA512, 64},
}

// Parse returns the algorithm of an exact "alg" name, or Invalid.
func Parse(name string) Algorithm {
	if name == "Ed25519" { // RFC 9864 §2.2: the fully-specified name of EdDSA with Ed25519
		return EdDSA
	}
	for a := RS256; a < count; a++ {
		if table[a].name == name {
			return a
		}
	}
	return Invalid
}

// String returns the JWS name; "" for Invalid.
func (a Algorithm) String() string {
	if a >= count {
		return ""
	}
	return table[a].name
}

// Family returns the key family the algorithm needs.
func (a Algorithm) Family() Family {
	if a >= count {
		return NoFamily
	}
	return table[a].family
}

// Hash returns the digest the algorithm signs.
func (a Algorithm) Hash() Hash {
	if a >= count {
		return NoHash
	}
	return table[a].hash
}

// SignatureSize returns the exact size of a signature in bytes, or 0 where the key's
// size decides (RSA).
func (a Algorithm) SignatureSize() int {
	if a >= count {
		return 0
	}
	return table[a].size
}

// Set is a set of algorithms.
type Set uint32

// With returns the set with a in it; Invalid is never in a set.
func (s Set) With(a Algorithm) Set {
	if a == Invalid || a >= count {
		return s
	}
	return s | 1<<a
}

// Has says whether a is in the set.
func (s Set) Has(a Algorithm) bool { return a != Invalid && a < count && s&(1<<a) != 0 }

// Asymmetric is every algorithm that verifies with a public key: the default.
func Asymmetric() Set {
	var s Set
	for a := RS256; a < count; a++ {
		if table[a].family != Oct {
			s = s.With(a)
		}
	}
	return s
}

// Symmetric says whether the set holds an HMAC algorithm.
func (s Set) Symmetric() bool { return s&^Asymmetric() != 0 }
