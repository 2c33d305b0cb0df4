package hostcall

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
)

// field encodes a length-delimited protobuf field of less than 16 KiB.
func field(n byte, b []byte) []byte {
	out := []byte{n<<3 | 2, byte(len(b)&0x7f) | 0x80, byte(len(b) >> 7)}
	return append(out, b...)
}

func spki(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestVerifySignature(t *testing.T) {
	text := []byte("signed text")
	d256, d384, d512 := sha256.Sum256(text), sha512.Sum384(text), sha512.Sum512(text)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rs256, _ := rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA256, d256[:])
	rs512, _ := rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA512, d512[:])
	ps256, _ := rsa.SignPSS(rand.Reader, rsaKey, crypto.SHA256, d256[:], nil)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	es256, _ := ecdsa.SignASN1(rand.Reader, p256, d256[:])
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	es384, _ := ecdsa.SignASN1(rand.Reader, p384, d384[:])
	edKey, edPriv, _ := ed25519.GenerateKey(rand.Reader)
	rsaDER, p256DER := spki(t, &rsaKey.PublicKey), spki(t, &p256.PublicKey)
	flipped := append([]byte(nil), rs256...)
	flipped[10] ^= 1
	pemKey := func(der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}
	for _, c := range []struct {
		law                 string
		hash                string
		der, pem, sig, text []byte
		want                string // "" for a good one, otherwise part of the error text
		status              abi.Status
	}{
		{"RS256", "sha256", rsaDER, nil, rs256, text, "", abi.StatusOK},
		{"the hash's name in any case", "SHA512", rsaDER, nil, rs512, text, "", abi.StatusOK},
		{"a PEM key", "sha256", nil, pemKey(rsaDER), rs256, text, "", abi.StatusOK},
		{"ES256 in DER", "sha256", p256DER, nil, es256, text, "", abi.StatusOK},
		{"ES384", "sha384", spki(t, &p384.PublicKey), nil, es384, text, "", abi.StatusOK},
		{"a bit flipped", "sha256", rsaDER, nil, flipped, text, "Failed to verify digest", abi.StatusOK},
		{"another text", "sha256", rsaDER, nil, rs256, []byte("other"), "Failed to verify digest", abi.StatusOK},
		{"another hash", "sha384", rsaDER, nil, rs256, text, "Failed to verify digest", abi.StatusOK},
		{"PSS is not verified", "sha256", rsaDER, nil, ps256, text, "Failed to verify digest", abi.StatusOK},
		{"the other key", "sha256", p256DER, nil, rs256, text, "Failed to verify digest", abi.StatusOK},
		{"an empty signature", "sha256", rsaDER, nil, nil, text, "Failed to verify digest", abi.StatusOK},
		{"Ed25519 is not verified", "sha256", spki(t, edKey), nil, ed25519.Sign(edPriv, text), text, "Failed to initialize", abi.StatusOK},
		{"a hash that is none", "md5", rsaDER, nil, rs256, text, "md5 is not supported.", abi.StatusOK},
		{"a key that is none", "sha256", []byte("key"), nil, rs256, text, "Failed to initialize", abi.StatusOK},
		{"a PEM that is none", "sha256", nil, []byte("key"), rs256, text, "Failed to initialize", abi.StatusOK},
		{"no key", "sha256", nil, nil, rs256, text, "", abi.StatusBadArgument},
		{"two keys", "sha256", rsaDER, pemKey(rsaDER), rs256, text, "", abi.StatusBadArgument},
	} {
		t.Run(c.law, func(t *testing.T) {
			var args []byte
			for n, b := range [][]byte{1: []byte(c.hash), 2: c.der, 3: c.sig, 4: c.text, 5: c.pem} {
				if len(b) > 0 {
					args = append(args, field(byte(n), b)...)
				}
			}
			result, status := verifySignature(nil, args)
			switch {
			case status != c.status:
				t.Fatalf("status %v, want %v", status, c.status)
			case status != abi.StatusOK:
			case c.want == "" && string(result) != "\x08\x01":
				t.Errorf("result % x of a good signature", result)
			case c.want != "" && (result[0] != 2<<3|2 || !strings.Contains(string(result[2:]), c.want)):
				t.Errorf("result %q, want an error %q", result, c.want)
			}
		})
	}
	for law, args := range map[string]string{"a cut field": "\x0a\x7fab", "a group": "\x0b", "field number 0": "\x02\x01a"} {
		if _, status := verifySignature(nil, []byte(args)); status != abi.StatusBadArgument {
			t.Errorf("%s: %v", law, status)
		}
	}
}
