package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/big"
)

// Key signs. Either Secret or Private is set.
type Key struct {
	// ID names the key, where the scheme says which one signed.
	ID string
	// Secret is a shared secret's bytes.
	Secret []byte
	// Private is an Ed25519, ECDSA or RSA private key.
	Private crypto.Signer
}

// macs are the hashes of the HMAC algorithms.
var macs = map[string]func() hash.Hash{
	"hmac-sha1": newSHA1, "hmac-sha256": sha256.New, "hmac-sha384": sha512.New384, "hmac-sha512": sha512.New,
}

// errKey is said where a key does not fit its algorithm.
var errKey = errors.New("the key is not one for this algorithm")

// Algorithm is what the key signs with where nothing else is asked for: the name that
// RFC 9421 §6.2.2 gives it, or "" for a key that no scheme takes.
func (k Key) Algorithm() string {
	switch p := k.Private.(type) {
	case ed25519.PrivateKey:
		return "ed25519"
	case *rsa.PrivateKey:
		return "rsa-pss-sha512"
	case *ecdsa.PrivateKey:
		switch p.Curve {
		case elliptic.P256():
			return "ecdsa-p256-sha256"
		case elliptic.P384():
			return "ecdsa-p384-sha384"
		}
		return ""
	case nil:
		return "hmac-sha256"
	}
	return ""
}

// choose is the algorithm that the options ask for, or the key's own.
func choose(o *Options) func(Key) string {
	return func(k Key) string {
		if o.Algorithm != "" {
			return o.Algorithm
		}
		return k.Algorithm()
	}
}

// sign signs a message. What is random in a signature is taken from the system, but
// ECDSA is deterministic (RFC 6979).
func (k Key) sign(algorithm string, message []byte) ([]byte, error) {
	if newHash := macs[algorithm]; newHash != nil {
		if len(k.Secret) == 0 {
			return nil, errKey
		}
		return mac(newHash, k.Secret, message), nil
	}
	switch algorithm {
	case "md5": // nginx: the secret stands in the message
		return md5Sum(message), nil
	case "ed25519":
		p, ok := k.Private.(ed25519.PrivateKey)
		if !ok {
			return nil, errKey
		}
		return ed25519.Sign(p, message), nil
	case "ecdsa-p256-sha256", "ecdsa-p256-sha256-der":
		sum := sha256.Sum256(message)
		return k.ecdsa(elliptic.P256(), sum[:], algorithm == "ecdsa-p256-sha256-der")
	case "ecdsa-p384-sha384":
		sum := sha512.Sum384(message)
		return k.ecdsa(elliptic.P384(), sum[:], false)
	}
	p, ok := k.Private.(*rsa.PrivateKey)
	if !ok {
		return nil, errKey
	}
	switch algorithm {
	case "rsa-pss-sha512":
		sum := sha512.Sum512(message)
		return rsa.SignPSS(rand.Reader, p, crypto.SHA512, sum[:], &rsa.PSSOptions{SaltLength: 64})
	case "rsa-v1_5-sha256":
		sum := sha256.Sum256(message)
		return rsa.SignPKCS1v15(nil, p, crypto.SHA256, sum[:])
	case "rsa-v1_5-sha1":
		return rsa.SignPKCS1v15(nil, p, crypto.SHA1, sha1Sum(message))
	}
	return nil, fmt.Errorf("no algorithm %q", algorithm)
}

// ecdsa signs a hash: r and s, each as long as the curve's order, or their DER.
func (k Key) ecdsa(curve elliptic.Curve, sum []byte, der bool) ([]byte, error) {
	p, ok := k.Private.(*ecdsa.PrivateKey)
	if !ok || p.Curve != curve {
		return nil, errKey
	}
	hashes := map[int]crypto.Hash{sha256.Size: crypto.SHA256, sha512.Size384: crypto.SHA384}
	signed, err := p.Sign(nil, sum, hashes[len(sum)])
	if err != nil || der {
		return signed, err
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signed, &rs); err != nil {
		return nil, err
	}
	size := (curve.Params().BitSize + 7) / 8
	raw := make([]byte, 2*size)
	rs.R.FillBytes(raw[:size])
	rs.S.FillBytes(raw[size:])
	return raw, nil
}

func mac(newHash func() hash.Hash, secret, message []byte) []byte {
	m := hmac.New(newHash, secret)
	m.Write(message)
	return m.Sum(nil)
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// random is text that has not been used before.
func random() string { return rand.Text() }
