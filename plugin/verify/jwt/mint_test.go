package jwt_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	jwxjwa "github.com/lestrrat-go/jwx/v2/jwa"
	jwxjwk "github.com/lestrrat-go/jwx/v2/jwk"
	jwxjws "github.com/lestrrat-go/jwx/v2/jws"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// algorithms are all that are implemented, by the JWS name.
var algorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512",
}

const (
	second = int64(1_000_000_000)
	// at is the time of all tests, in seconds.
	at  = int64(1_700_000_000)
	now = at * second
)

// secrets are two private keys per kind, so that there is always a wrong one.
var secrets = sync.OnceValue(func() map[string][2]any {
	must := func(k any, err error) any {
		if err != nil {
			panic(err)
		}
		return k
	}
	out := map[string][2]any{}
	two := func(kind string, make func() any) { out[kind] = [2]any{make(), make()} }
	two("RS", func() any { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	two("ES256", func() any { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	two("ES384", func() any { return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) })
	two("ES512", func() any { return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)) })
	two("EdDSA", func() any {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		return must(k, err)
	})
	seed := byte(0)
	two("HS", func() any { seed++; return bytes.Repeat([]byte{seed}, 64) })
	return out
})

// kind names the kind of key an algorithm needs.
func kind(alg string) string {
	switch alg[:2] {
	case "RS", "PS":
		return "RS"
	case "HS":
		return "HS"
	}
	return alg
}

// secret returns the first or second private key for an algorithm.
func secret(alg string, which int) any { return secrets()[kind(alg)][which] }

// public returns the JWK of one private key, with extra members.
func public(t testing.TB, alg string, which int, extra map[string]any) json.RawMessage {
	t.Helper()
	k, err := jwxjwk.FromRaw(secret(alg, which))
	if err != nil {
		t.Fatal(err)
	}
	if kind(alg) != "HS" {
		if k, err = k.PublicKey(); err != nil {
			t.Fatal(err)
		}
	}
	for name, v := range extra {
		if err := k.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// keySet makes a set of JWKs.
func keySet(t testing.TB, keys ...json.RawMessage) *jwk.Set {
	t.Helper()
	document, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	set, notes, err := jwk.Parse(document, jwk.Limits{MaxBytes: 1 << 16, MaxKeys: 64})
	if err != nil || len(notes) > 1 {
		t.Fatal(notes, err)
	}
	return set
}

// mint signs a payload, any text, under a header made of header and alg.
func mint(t testing.TB, alg string, which int, header map[string]any, payload string) string {
	t.Helper()
	return mintWith(t, alg, secret(alg, which), header, payload)
}

func mintWith(t testing.TB, alg string, key any, header map[string]any, payload string) string {
	t.Helper()
	h := jwxjws.NewHeaders()
	for name, v := range header {
		if err := h.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	token, err := jwxjws.Sign([]byte(payload), jwxjws.WithKey(jwxjwa.SignatureAlgorithm(alg), key, jwxjws.WithProtectedHeaders(h)))
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

// claims returns a good set of claims with members put in place of, or beside, the
// usual ones: each a name and a raw value, "" to leave it out.
func claims(pairs ...string) string {
	members := map[string]string{
		"iss": `"https://issuer.test"`, "aud": `"api"`, "sub": `"me"`, "exp": "1700003600", "iat": "1700000000", "nbf": "1700000000",
	}
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i]] = pairs[i+1]
	}
	var text []string
	for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "x"} {
		if v := members[name]; v != "" {
			text = append(text, `"`+name+`":`+v)
		}
	}
	return "{" + strings.Join(text, ",") + "}"
}

// unsigned is a token whose signature is no signature: enough for Parse and Check.
func unsigned(header, payload string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(header)) + "." + e([]byte(payload)) + "." + e([]byte("signature"))
}

// strict is a provider's usual configuration.
func strict() *jwt.Config {
	return &jwt.Config{
		Issuer: "https://issuer.test", Audiences: []string{"api", "api2"}, Algorithms: jwa.Asymmetric(),
		ClockSkewSeconds: 60, RequireExpiration: true, MaxTokenBytes: 16384,
	}
}

// every accepts all algorithms.
func every() *jwt.Config {
	c := strict()
	for _, a := range algorithms {
		c.Algorithms = c.Algorithms.With(jwa.Parse(a))
	}
	return c
}

func rsaPublic() *rsa.PublicKey { return &secret("RS256", 0).(*rsa.PrivateKey).PublicKey }

// signHeader signs with ES256 under a header given as text, to the byte.
func signHeader(t testing.TB, header, payload string, which int) string {
	t.Helper()
	e := base64.RawURLEncoding.EncodeToString
	input := e([]byte(header)) + "." + e([]byte(payload))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, secret("ES256", which).(*ecdsa.PrivateKey), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + e(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}
