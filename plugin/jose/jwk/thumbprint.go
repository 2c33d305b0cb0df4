package jwk

import (
	"github.com/postern-wasm/postern/plugin/base64"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// Thumbprint returns the RFC 7638 SHA-256 thumbprint of a public key, in base64url; "" for
// a shared secret, whose hash would help to guess it.
func (k *Key) Thumbprint() string {
	if k.family == jwa.NoFamily || k.family == jwa.Oct {
		return ""
	}
	return string(base64.Append(nil, base64.URL, string(k.thumbprint[:])))
}

// thumbprintRSA hashes the members that RFC 7638 §3.2 names, each integer without leading
// zeros (RFC 7518 §6.3.1).
func thumbprintRSA(n, e []byte) [32]byte {
	return sumMembers(`{"e":"`, minimal(e), `","kty":"RSA","n":"`, minimal(n), `"}`)
}

// thumbprintEC takes coordinates of the field's full length (RFC 7518 §6.2.1.2).
func thumbprintEC(family jwa.Family, x, y []byte) [32]byte {
	crv := "P-256"
	switch family {
	case jwa.P384:
		crv = "P-384"
	case jwa.P521:
		crv = "P-521"
	case jwa.P256, jwa.NoFamily, jwa.RSA, jwa.Ed25519, jwa.Oct:
	}
	return sumMembers(`{"crv":"`+crv+`","kty":"EC","x":"`, x, `","y":"`, y, `"}`)
}

// thumbprintOKP is RFC 8037 §2.
func thumbprintOKP(x []byte) [32]byte {
	return sumMembers(`{"crv":"Ed25519","kty":"OKP","x":"`, x, `"}`, nil, "")
}

func sumMembers(a string, first []byte, b string, second []byte, c string) (sum [32]byte) {
	text := base64.Append([]byte(a), base64.URL, string(first))
	text = base64.Append(append(text, b...), base64.URL, string(second))
	sha2.SHA256.Append(sum[:0], string(append(text, c...)))
	return sum
}

func minimal(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}
