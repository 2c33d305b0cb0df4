package jwk_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"sync"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
)

// library is a host that verifies with the standard library, or lies as told.
type library struct {
	asked int
	mute  bool        // never answers
	lie   func() bool // instead of the truth
}

func (l *library) VerifyPKCS1(hash jwa.Hash, spki, signature []byte, text string) (valid, answered bool) {
	l.asked++
	if l.mute {
		return true, false
	}
	if l.lie != nil {
		return l.lie(), true
	}
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return false, true
	}
	h := map[jwa.Hash]crypto.Hash{jwa.SHA256: crypto.SHA256, jwa.SHA384: crypto.SHA384, jwa.SHA512: crypto.SHA512}[hash]
	sum := h.New()
	sum.Write([]byte(text))
	return rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), h, sum.Sum(nil), signature) == nil, true
}

var rsaPrivate = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func rsaKey(t *testing.T) *jwk.Key {
	t.Helper()
	set, _, err := jwk.Parse(fmt.Appendf(nil, `{"keys":[{"kty":"RSA","n":"%s","e":"AQAB"}]}`,
		base64.RawURLEncoding.EncodeToString(rsaPrivate().N.Bytes())), jwk.Limits{MaxBytes: 4096, MaxKeys: 1})
	if err != nil {
		t.Fatal(err)
	}
	return set.Key(0)
}

func signed(t *testing.T, text string) []byte {
	t.Helper()
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, rsaPrivate(), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[100] ^= 4
	return b
}

func TestAHostIsAskedOnceItHasAgreedOnAGoodSignatureOfTheKey(t *testing.T) {
	k, host := rsaKey(t), &library{}
	steps := []struct {
		law   string
		bad   bool
		asked int
		want  bool
	}{
		{"a bad signature first: the own kernel alone", true, 0, false},
		{"the first good one: both, and its twin with a bit changed", false, 2, true},
		{"the second good one: the host alone", false, 1, true},
		{"a bad one after that: the host alone", true, 1, false},
	}
	for i, s := range steps {
		text := fmt.Sprint("text ", i)
		signature := signed(t, text)
		if s.bad {
			signature = flip(signature)
		}
		kept := bytes.Clone(signature)
		host.asked = 0
		if got := k.Verify(host, jwa.RS256, text, signature); got != s.want || host.asked != s.asked {
			t.Errorf("%s: %v, asked %d times", s.law, got, host.asked)
		}
		if !bytes.Equal(signature, kept) {
			t.Errorf("%s: the signature is another one afterwards", s.law)
		}
	}
	host.asked = 0
	digest := crypto.SHA512.New()
	digest.Write([]byte("t"))
	signature, _ := rsa.SignPKCS1v15(nil, rsaPrivate(), crypto.SHA512, digest.Sum(nil))
	if !k.Verify(host, jwa.RS512, "t", signature) || host.asked != 2 {
		t.Errorf("another hash is agreed on by itself: asked %d times", host.asked)
	}
}

func TestM14AHostThatDiffersOrIsSilentChangesNoVerdict(t *testing.T) {
	turn := false
	for law, host := range map[string]*library{
		"true for all":  {lie: func() bool { return true }},
		"false for all": {lie: func() bool { return false }},
		"no, then yes":  {lie: func() bool { turn = !turn; return !turn }},
		"silent":        {mute: true},
	} {
		t.Run(law, func(t *testing.T) {
			k := rsaKey(t)
			for i := range 20 {
				text := fmt.Sprint("text ", i)
				signature := signed(t, text)
				if !k.Verify(host, jwa.RS256, text, signature) {
					t.Fatal("a good signature is refused")
				}
				if k.Verify(host, jwa.RS256, text, flip(signature)) || k.Verify(host, jwa.RS256, text+"x", signature) {
					t.Fatal("a bad signature passes")
				}
			}
			if !host.mute && host.asked != 2 {
				t.Errorf("asked %d times though it differs", host.asked)
			}
		})
	}
}

func TestWhatAHostIsNeverAsked(t *testing.T) {
	k, host := rsaKey(t), &library{}
	good := signed(t, "text")
	for range 2 {
		if !k.Verify(host, jwa.RS256, "text", good) {
			t.Fatal("a good signature is refused")
		}
	}
	host.lie, host.asked = func() bool { return true }, 0
	raised := new(big.Int).Add(new(big.Int).SetBytes(good), rsaPrivate().N)
	for law, signature := range map[string][]byte{
		"none": nil, "one byte": {1}, "a byte short": good[1:], "a zero byte in front": append([]byte{0}, good...),
		"a byte after": append(bytes.Clone(good), 0), "n": rsaPrivate().N.Bytes(), "all ones": bytes.Repeat([]byte{0xff}, 256),
		"s + n": raised.Bytes(),
	} {
		if k.Verify(host, jwa.RS256, "text", signature) {
			t.Errorf("%s (M-08): passes", law)
		}
	}
	for _, alg := range []jwa.Algorithm{jwa.PS256, jwa.PS384, jwa.PS512, jwa.ES256, jwa.EdDSA, jwa.HS256, jwa.Invalid} {
		if k.Verify(host, alg, "text", good) {
			t.Errorf("%s: passes", alg)
		}
	}
	if host.asked != 0 {
		t.Errorf("asked %d times", host.asked)
	}
	// Another hash has to be agreed on first, which no signature over this one does.
	if k.Verify(host, jwa.RS384, "text", good) || k.Verify(host, jwa.RS512, "text", good) || host.asked != 0 {
		t.Errorf("a signature over another hash: asked %d times", host.asked)
	}
}
