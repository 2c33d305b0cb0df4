package sign

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
)

// Thumbprint is the JWK thumbprint of a key's public half (RFC 7638, RFC 8037): the
// keyid of Web Bot Auth.
func Thumbprint(k Key) (string, error) {
	var text string
	switch p := k.Private.(type) {
	case ed25519.PrivateKey:
		text = `{"crv":"Ed25519","kty":"OKP","x":"` + urlSafe(p.Public().(ed25519.PublicKey)) + `"}`
	case *rsa.PrivateKey:
		text = `{"e":"` + urlSafe(big.NewInt(int64(p.E)).Bytes()) + `","kty":"RSA","n":"` + urlSafe(p.N.Bytes()) + `"}`
	case *ecdsa.PrivateKey:
		point, err := p.PublicKey.Bytes()
		if err != nil {
			return "", err
		}
		size := (len(point) - 1) / 2
		text = `{"crv":"` + p.Curve.Params().Name + `","kty":"EC","x":"` + urlSafe(point[1:1+size]) +
			`","y":"` + urlSafe(point[1+size:]) + `"}`
	default:
		return "", errKey
	}
	sum := sha256.Sum256([]byte(text))
	return urlSafe(sum[:]), nil
}
