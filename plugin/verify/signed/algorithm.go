package signed

import (
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/kernel/digest"
)

// Algorithm is how a signature is made; the zero value verifies nothing.
type Algorithm uint8

// The algorithms.
const (
	NoAlgorithm Algorithm = iota
	HMACSHA1
	HMACSHA256
	HMACSHA384
	HMACSHA512
	Ed25519
	ECDSAP256    // SHA-256, r and s side by side
	ECDSAP256DER // SHA-256, r and s in DER
	ECDSAP384    // SHA-384, r and s side by side
	RSASHA256    // PKCS #1 v1.5
	RSAPSSSHA512 // salt of 64 bytes
	// RSASHA1 is CloudFront's, and no other scheme's.
	RSASHA1
	// MD5Text is the MD5 of a text that holds the secret: nginx's secure_link, and no other
	// scheme's. It is no MAC.
	MD5Text
	lastAlgorithm
)

// facts are what is known of each. mac is the hash of an HMAC; hash that which a public-key
// algorithm signs (Ed25519 takes the text itself); jose is the name in a key's "alg".
var facts = [lastAlgorithm]struct {
	name      string
	mac, hash digest.Hash
	jose      jwa.Algorithm
}{
	HMACSHA1:     {"hmac-sha1", digest.SHA1, digest.None, jwa.Invalid},
	HMACSHA256:   {"hmac-sha256", digest.SHA256, digest.None, jwa.Invalid},
	HMACSHA384:   {"hmac-sha384", digest.SHA384, digest.None, jwa.Invalid},
	HMACSHA512:   {"hmac-sha512", digest.SHA512, digest.None, jwa.Invalid},
	Ed25519:      {"ed25519", digest.None, digest.None, jwa.EdDSA},
	ECDSAP256:    {"ecdsa-p256-sha256", digest.None, digest.SHA256, jwa.ES256},
	ECDSAP256DER: {"ecdsa-p256-sha256-der", digest.None, digest.SHA256, jwa.ES256},
	ECDSAP384:    {"ecdsa-p384-sha384", digest.None, digest.SHA384, jwa.ES384},
	RSASHA256:    {"rsa-v1_5-sha256", digest.None, digest.SHA256, jwa.RS256},
	RSAPSSSHA512: {"rsa-pss-sha512", digest.None, digest.SHA512, jwa.PS512},
	RSASHA1:      {"rsa-v1_5-sha1", digest.None, digest.SHA1, jwa.Invalid},
	MD5Text:      {"md5", digest.None, digest.MD5, jwa.Invalid},
}

// String returns the name that the configuration has for it.
func (a Algorithm) String() string {
	if a >= lastAlgorithm {
		return ""
	}
	return facts[a].name
}

// ParseAlgorithm returns the algorithm of a name, NoAlgorithm if there is none.
func ParseAlgorithm(name string) Algorithm {
	for a := NoAlgorithm + 1; a < lastAlgorithm; a++ {
		if facts[a].name == name {
			return a
		}
	}
	return NoAlgorithm
}

// Symmetric says that whoever can verify it can sign.
func (a Algorithm) Symmetric() bool { return a.mac() != digest.None || a == MD5Text }

func (a Algorithm) mac() digest.Hash { return facts[a].mac }

// Set is a set of algorithms.
type Set uint32

// SetOf returns the set of some algorithms.
func SetOf(list ...Algorithm) Set {
	var s Set
	for _, a := range list {
		s |= 1 << a
	}
	return s
}

// Has says whether the set has the algorithm.
func (s Set) Has(a Algorithm) bool { return a != NoAlgorithm && s&(1<<a) != 0 }

// Only returns the set's algorithm if it has exactly one, else NoAlgorithm.
func (s Set) Only() Algorithm {
	only := NoAlgorithm
	for a := NoAlgorithm + 1; a < lastAlgorithm; a++ {
		if !s.Has(a) {
			continue
		}
		if only != NoAlgorithm {
			return NoAlgorithm
		}
		only = a
	}
	return only
}
