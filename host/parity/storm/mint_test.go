//go:build !race

package storm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"sync"
)

var b64 = base64.RawURLEncoding

// signer is a private key with its published form.
type signer struct {
	kid, alg string
	key      crypto.Signer
	jwk      map[string]string
}

func edKey(kid string) *signer {
	seed := sha256.Sum256([]byte(kid))
	key := ed25519.NewKeyFromSeed(seed[:])
	return &signer{kid, "EdDSA", key, map[string]string{
		"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64.EncodeToString(key.Public().(ed25519.PublicKey)),
	}}
}

// ecKey is the same for the same kid: a seed of a storm says everything.
func ecKey(kid, alg, crv string, curve elliptic.Curve) *signer {
	size := (curve.Params().BitSize + 7) / 8
	seed := sha512.Sum512([]byte(kid))
	scalar := make([]byte, size)
	copy(scalar[size-min(size, 24):], seed[:]) // less than any order
	key, err := ecdsa.ParseRawPrivateKey(curve, scalar)
	if err != nil {
		panic(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return &signer{kid, alg, key, map[string]string{
		"kty": "EC", "crv": crv, "kid": kid,
		"x": b64.EncodeToString(point[1 : 1+size]), "y": b64.EncodeToString(point[1+size:]),
	}}
}

func rsaKey(kid string) *signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return &signer{kid, "RS256", key, map[string]string{
		"kty": "RSA", "kid": kid, "n": b64.EncodeToString(key.N.Bytes()), "e": "AQAB",
	}}
}

// inlineKeys are those of the provider "in".
var inlineKeys = sync.OnceValue(func() []*signer {
	return []*signer{
		edKey("in-ed"), ecKey("in-p256", "ES256", "P-256", elliptic.P256()), rsaKey("in-rsa"),
		ecKey("in-p384", "ES384", "P-384", elliptic.P384()), ecKey("in-p521", "ES512", "P-521", elliptic.P521()),
	}
})

func keySet(signers ...*signer) string {
	keys := make([]any, len(signers))
	for i, s := range signers {
		keys[i] = s.jwk
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// sign returns a JWS signature; deterministic for every kind of key.
func (s *signer) sign(input string) []byte {
	hash := crypto.SHA256
	var digest []byte
	switch s.alg {
	case "EdDSA":
		hash, digest = 0, []byte(input)
	case "ES384":
		d := sha512.Sum384([]byte(input))
		hash, digest = crypto.SHA384, d[:]
	case "ES512":
		d := sha512.Sum512([]byte(input))
		hash, digest = crypto.SHA512, d[:]
	default:
		d := sha256.Sum256([]byte(input))
		digest = d[:]
	}
	signature, err := s.key.Sign(nil, digest, hash)
	if err != nil {
		panic(err)
	}
	key, ok := s.key.(*ecdsa.PrivateKey)
	if !ok {
		return signature
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &rs); err != nil {
		panic(err)
	}
	size := (key.Params().BitSize + 7) / 8
	raw := make([]byte, 2*size)
	rs.R.FillBytes(raw[:size])
	rs.S.FillBytes(raw[size:])
	return raw
}

// token is a credential and all that is known of it.
type token struct {
	text    string
	payload string // its second segment
	subject string
	groups  string // JSON text
	alg     string
	set     string // whose keys signed it: "in", or a key server's path
	version int    // of the key, where they rotate
	issuer  string
	exp     int64 // seconds
	nbf     int64
	aud     string
	// flaw is the reason for which no configuration can take it, "" if there is none.
	flaw string
}

// mark is in every subject and every padding, and nowhere else.
const mark = "zq"

// exposed returns a piece of a token that stands in a text which should hold none.
func exposed(text string) string {
	for _, piece := range []string{mark, "eyJ"} {
		if at := strings.Index(text, piece); at >= 0 {
			return text[at:min(len(text), at+24)]
		}
	}
	return ""
}

// mint makes the token's text.
func (t *token) mint(s *signer, pad int) {
	t.alg = s.alg
	t.groups = fmt.Sprintf(`["%s","of-%s"]`, "readers", t.subject)
	padding := ""
	if pad > 0 {
		padding = `,"pad":"` + strings.Repeat(t.subject+"-", pad/(len(t.subject)+1)) + `"`
	}
	nbf := ""
	if t.nbf > 0 {
		nbf = fmt.Sprintf(`,"nbf":%d`, t.nbf)
	}
	claims := fmt.Sprintf(`{"iss":"%s","sub":"%s","aud":"%s","exp":%d%s,"groups":%s%s}`, t.issuer, t.subject, t.aud, t.exp, nbf, t.groups, padding)
	t.payload = b64.EncodeToString([]byte(claims))
	input := b64.EncodeToString([]byte(fmt.Sprintf(`{"alg":"%s","kid":"%s"}`, s.alg, s.kid))) + "." + t.payload
	t.text = input + "." + b64.EncodeToString(s.sign(input))
}

// flipped is the token with the last byte of its signature changed.
func (t *token) flipped() *token {
	at := strings.LastIndexByte(t.text, '.') + 1
	signature, err := b64.DecodeString(t.text[at:])
	if err != nil {
		panic(err)
	}
	signature[len(signature)-1] ^= 1
	other := *t
	other.text = t.text[:at] + b64.EncodeToString(signature)
	other.flaw = "bad_signature"
	return &other
}
