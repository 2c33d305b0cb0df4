package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// keyring holds the private keys of the demo, made anew each time.
type keyring struct {
	rsa              *rsa.PrivateKey   // kid "rsa", for RS256 and PS256
	ec, next, forged *ecdsa.PrivateKey // kid "ec"; "next" comes with the rotation; forged is nobody's
	ed               ed25519.PrivateKey
	secret           []byte // shared with the partner, for HS256, and with those who send webhooks
}

func newKeyring() (k keyring, err error) {
	if k.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return k, err
	}
	for _, key := range []**ecdsa.PrivateKey{&k.ec, &k.next, &k.forged} {
		if *key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return k, err
		}
	}
	if _, k.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return k, err
	}
	k.secret = make([]byte, 32)
	_, err = rand.Read(k.secret)
	return k, err
}

// mac is what a sender of webhooks signs text with.
func (k keyring) mac(text string) []byte {
	m := hmac.New(sha256.New, k.secret)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// set returns the JWKS of public keys and shared secrets, by kid.
func set(keys map[string]any) (string, error) {
	s := jwk.NewSet()
	for kid, raw := range keys {
		key, err := jwk.FromRaw(raw)
		if err != nil {
			return "", err
		}
		if err := key.Set(jwk.KeyIDKey, kid); err != nil {
			return "", err
		}
		if err := s.AddKey(key); err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(s)
	return string(b), err
}

// token is a token in the making. Its zero value is good for the provider corp
// once an algorithm and a key are named.
type token struct {
	alg    jwa.SignatureAlgorithm
	kid    string
	key    any
	header map[string]any
	claims map[string]any
}

// segment encodes one segment.
func segment(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // literals of this program
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// input returns the two segments that are signed.
func (t token) input() string {
	header := map[string]any{"alg": t.alg, "kid": t.kid, "typ": "JWT"}
	now := time.Now()
	claims := map[string]any{
		"iss": issuer, "aud": "orders", "sub": "alice",
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
	for name, v := range t.header {
		header[name] = v
	}
	for name, v := range t.claims {
		claims[name] = v
	}
	return segment(header) + "." + segment(claims)
}

// signed returns the compact form.
func (t token) signed() string {
	input := t.input()
	signer, err := jws.NewSigner(t.alg)
	if err != nil {
		panic(err) // the algorithms that rows.go names
	}
	signature, err := signer.Sign([]byte(input), t.key)
	if err != nil {
		panic(err) // the keys that rows.go names
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// unsigned is a token that says alg none, with an empty signature.
func (t token) unsigned() string {
	t.alg = jwa.NoSignature
	return t.input() + "."
}

// withOtherClaims puts other claims under the signature of a good token.
func (t token) withOtherClaims(claims map[string]any) string {
	good := strings.Split(t.signed(), ".")
	t.claims = claims
	return good[0] + "." + strings.Split(t.input(), ".")[1] + "." + good[2]
}

// withOtherSignature flips one bit of the signature.
func (t token) withOtherSignature() string {
	good := t.signed()
	i := strings.LastIndexByte(good, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(good[i:])
	if err != nil {
		panic(err) // just encoded
	}
	signature[len(signature)/2] ^= 1
	return good[:i] + base64.RawURLEncoding.EncodeToString(signature)
}

// confused is the oldest trick: the public key, which everybody has, taken for
// the secret of an HMAC.
func (t token) confused(public *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err) // a key of this program
	}
	t.alg = jwa.HS256
	input := t.input()
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// withOwnKey carries the key that it wants to be verified with.
func (t token) withOwnKey(key *ecdsa.PrivateKey) string {
	public, err := jwk.FromRaw(key.Public())
	if err != nil {
		panic(err) // a key of this program
	}
	t.alg, t.key, t.header = jwa.ES256, key, map[string]any{"jwk": public}
	return t.signed()
}

// encrypted has the five segments of a JWE.
func encrypted() string {
	return segment(map[string]string{"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "rsa"}) + ".a2V5.aXY.dGV4dA.dGFn"
}
