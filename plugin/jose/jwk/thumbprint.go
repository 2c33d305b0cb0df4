package jwk

import (
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// Thumbprint returns the RFC 7638 SHA-256 thumbprint of a public key, in base64url; "" for
// a shared secret, whose hash would help to guess it.
func (k *Key) Thumbprint() string {
	if k.family == jwa.NoFamily || k.family == jwa.Oct {
		return ""
	}
	return string(appendBase64URL(nil, k.thumbprint[:]))
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
	text := appendBase64URL([]byte(a), first)
	text = appendBase64URL(append(text, b...), second)
	sha2.SHA256.Append(sum[:0], string(append(text, c...)))
	return sum
}

func minimal(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// appendBase64URL writes RFC 4648 §5 without padding.
func appendBase64URL(dst, b []byte) []byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for ; len(b) >= 3; b = b[3:] {
		dst = append(dst, digits[b[0]>>2], digits[b[0]&3<<4|b[1]>>4], digits[b[1]&15<<2|b[2]>>6], digits[b[2]&63])
	}
	switch len(b) {
	case 1:
		dst = append(dst, digits[b[0]>>2], digits[b[0]&3<<4])
	case 2:
		dst = append(dst, digits[b[0]>>2], digits[b[0]&3<<4|b[1]>>4], digits[b[1]&15<<2])
	}
	return dst
}
