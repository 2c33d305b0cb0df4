package jwk

import (
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/kernel/ed25519"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/plugin/kernel/p256"
	"github.com/postern-wasm/postern/plugin/kernel/p384"
	"github.com/postern-wasm/postern/plugin/kernel/p521"
	"github.com/postern-wasm/postern/plugin/kernel/rsa"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// Key is one usable key. It is not safe for concurrent use: it holds scratch space.
type Key struct {
	id     string
	hasID  bool
	family jwa.Family
	alg    jwa.Algorithm

	// Exactly the one of the family is set; of hmac those whose hash is not longer than
	// the secret. A family without its kernel verifies nothing.
	rsa     *rsa.Key
	p256    *p256.Key
	p384    *p384.Key
	p521    *p521.Key
	ed25519 *ed25519.Key
	hmac    [3]*hmac.Key // SHA-256, SHA-384, SHA-512

	thumbprint [32]byte // of a public key

	digest [sha2.MaxSize]byte
	trust  [jwa.SHA512 + 1]trust // of the host, for PKCS #1 v1.5
}

// ID returns the key's kid, and whether it has one.
func (k *Key) ID() (string, bool) { return k.id, k.hasID }

// Family returns the key's only family.
func (k *Key) Family() jwa.Family { return k.family }

// Algorithm returns the only algorithm the key names, or Invalid: any of its family.
func (k *Key) Algorithm() jwa.Algorithm { return k.alg }

// Fits says whether the key may verify signatures of the algorithm: same family, not
// bound to another algorithm, and for HMAC at least as long as the hash (RFC 7518 §3.2).
func (k *Key) Fits(alg jwa.Algorithm) bool {
	if alg.Family() == jwa.NoFamily || alg.Family() != k.family {
		return false // RFC 8725 §3.1: an algorithm of another kind of key, never
	}
	if k.alg != jwa.Invalid && k.alg != alg {
		return false // RFC 7517 §4.4
	}
	return k.family != jwa.Oct || k.mac(alg) != nil
}

// mac returns the key for the algorithm's hash, nil if the secret is shorter than it.
func (k *Key) mac(alg jwa.Algorithm) *hmac.Key {
	switch alg.Hash() {
	case jwa.SHA256:
		return k.hmac[0]
	case jwa.SHA384:
		return k.hmac[1]
	case jwa.SHA512:
		return k.hmac[2]
	case jwa.NoHash:
	}
	return nil
}

// Verify says whether signature is one of input under the algorithm and the key. It is
// false whenever [Key.Fits] is. RSASSA-PKCS1-v1_5 may be left to host; nil verifies
// everything here.
func (k *Key) Verify(host HostRSA, alg jwa.Algorithm, input string, signature []byte) bool {
	if !k.Fits(alg) {
		return false
	}
	// RFC 7518 §3.4 and its kin: exactly this length. RSA's is the modulus' own.
	if size := alg.SignatureSize(); size != 0 && len(signature) != size {
		return false
	}
	switch alg {
	case jwa.RS256, jwa.RS384, jwa.RS512:
		return k.verifyPKCS1(host, alg, input, signature)
	case jwa.PS256, jwa.PS384, jwa.PS512:
		h, digest := k.hash(alg, input)
		return k.rsa.VerifyPSS(h, digest, signature)
	case jwa.ES256:
		_, digest := k.hash(alg, input)
		return k.p256.Verify(digest, signature)
	case jwa.ES384:
		_, digest := k.hash(alg, input)
		return k.p384.Verify(digest, signature)
	case jwa.ES512:
		_, digest := k.hash(alg, input)
		return k.p521.Verify(digest, signature)
	case jwa.EdDSA:
		return k.ed25519.Verify(input, signature)
	case jwa.HS256, jwa.HS384, jwa.HS512:
		return k.mac(alg).Verify(signature, input)
	case jwa.Invalid:
	}
	return false
}

// hash computes the algorithm's digest of input into the key's scratch space.
func (k *Key) hash(alg jwa.Algorithm, input string) (sha2.Hash, []byte) {
	h := hashOf(alg.Hash())
	return h, h.Append(k.digest[:0], input)
}

func hashOf(h jwa.Hash) sha2.Hash {
	switch h {
	case jwa.SHA256:
		return sha2.SHA256
	case jwa.SHA384:
		return sha2.SHA384
	case jwa.SHA512:
		return sha2.SHA512
	case jwa.NoHash:
	}
	return sha2.None
}
