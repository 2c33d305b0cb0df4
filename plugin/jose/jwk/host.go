package jwk

import (
	"bytes"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
)

// HostRSA verifies RSASSA-PKCS1-v1_5 outside of the module, where that is faster. What
// may be asked is decided here: hash, size, exponent and padding are those that the own
// kernel takes.
type HostRSA interface {
	// VerifyPKCS1 says whether signature is one of text by the key, a SubjectPublicKeyInfo
	// in DER. answered is false if there is no answer to rely on; valid then says nothing.
	// It keeps none of its arguments.
	VerifyPKCS1(hash jwa.Hash, spki, signature []byte, text string) (valid, answered bool)
}

// trust is what a key's own first good signature has shown about the host, by hash.
type trust uint8

const (
	unknown trust = iota
	agrees        // it says yes to that signature, and no to the same with a bit changed
	differs       // it does not: it is not asked again for this key
)

// verifyPKCS1 asks the host where it has shown, on a good signature by this very key,
// that it answers as the own kernel does. A host that cannot load a key says no to all
// its signatures: without that, nobody could tell this from bad signatures. Until then,
// and where the host gives no answer, the own kernel decides.
func (k *Key) verifyPKCS1(host HostRSA, alg jwa.Algorithm, input string, signature []byte) bool {
	if !k.rsa.InRange(signature) {
		return false
	}
	hash := alg.Hash()
	if host != nil && k.trust[hash] == agrees {
		if valid, answered := host.VerifyPKCS1(hash, k.rsa.SPKI(), signature, input); answered {
			return valid
		}
	}
	h, digest := k.hash(alg, input)
	valid := k.rsa.VerifyPKCS1(h, digest, signature)
	if valid && host != nil && k.trust[hash] == unknown {
		k.trust[hash] = k.compare(host, hash, input, signature)
	}
	return valid
}

// compare asks the host about a signature that is good, and with its lowest bit changed.
func (k *Key) compare(host HostRSA, hash jwa.Hash, input string, signature []byte) trust {
	good, answered := host.VerifyPKCS1(hash, k.rsa.SPKI(), signature, input)
	if !answered {
		return unknown
	}
	changed := bytes.Clone(signature)
	changed[len(changed)-1] ^= 1
	bad, answered := host.VerifyPKCS1(hash, k.rsa.SPKI(), changed, input)
	switch {
	case !answered:
		return unknown
	case good && !bad:
		return agrees
	}
	return differs
}
