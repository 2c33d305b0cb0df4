package jwk

import (
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/kernel/ed25519"
)

// VerifyDigest says whether signature is one of a message with that digest, made by the
// algorithm's hash: for messages that come in pieces. It is false whenever [Key.Fits] is,
// and for EdDSA and HMAC, which sign no digest.
func (k *Key) VerifyDigest(alg jwa.Algorithm, digest, signature []byte) bool {
	if !k.Fits(alg) || len(digest) != hashOf(alg.Hash()).Size() {
		return false
	}
	if size := alg.SignatureSize(); size != 0 && len(signature) != size {
		return false
	}
	switch alg {
	case jwa.RS256, jwa.RS384, jwa.RS512:
		return k.rsa.VerifyPKCS1(hashOf(alg.Hash()), digest, signature)
	case jwa.PS256, jwa.PS384, jwa.PS512:
		return k.rsa.VerifyPSS(hashOf(alg.Hash()), digest, signature)
	case jwa.ES256:
		return k.p256.Verify(digest, signature)
	case jwa.ES384:
		return k.p384.Verify(digest, signature)
	case jwa.ES512:
		return k.p521.Verify(digest, signature)
	case jwa.EdDSA, jwa.HS256, jwa.HS384, jwa.HS512, jwa.Invalid:
	}
	return false
}

// Ed25519 returns the key of that curve, nil for any other: for messages that come in
// pieces.
func (k *Key) Ed25519() *ed25519.Key {
	if !k.Fits(jwa.EdDSA) {
		return nil
	}
	return k.ed25519
}

// FitsPKCS1SHA1 says whether [Key.VerifyPKCS1SHA1] may be used: an RSA key that names no
// algorithm.
func (k *Key) FitsPKCS1SHA1() bool { return k.family == jwa.RSA && k.alg == jwa.Invalid }

// VerifyPKCS1SHA1 says whether signature is an RSASSA-PKCS1-v1_5 signature of a message with
// that SHA-1 digest. No JOSE algorithm is: it is for signed URLs alone.
func (k *Key) VerifyPKCS1SHA1(digest, signature []byte) bool {
	return k.FitsPKCS1SHA1() && k.rsa.VerifyPKCS1SHA1(digest, signature)
}
