package jwk_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"testing"

	lestrrat "github.com/lestrrat-go/jwx/v2/jwk"

	"github.com/postern-wasm/postern/plugin/jose/jwk"
)

// TestThumbprint: the examples of RFC 7638 §3.1 and RFC 8037 A.3, a secret has none, and
// random keys have the one that another implementation finds, also read as PEM.
func TestThumbprint(t *testing.T) {
	for _, c := range []struct{ law, key, want string }{
		{"RFC 7638 §3.1", `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{"RFC 8037 A.3", `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
		{"a secret has none", `{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, ""},
	} {
		if got := parseOne(t, c.key).Thumbprint(); got != c.want {
			t.Errorf("%s: %s", c.law, got)
		}
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		for range 8 {
			k, err := ecdsa.GenerateKey(curve, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			sameThumbprint(t, &k.PublicKey)
		}
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sameThumbprint(t, public)
}

func parseOne(t *testing.T, text string) *jwk.Key {
	t.Helper()
	if text[0] == '{' {
		text = `{"keys":[` + text + `]}`
	}
	set, _, err := jwk.Parse([]byte(text), jwk.Limits{MaxBytes: 8192, MaxKeys: 1})
	if err != nil {
		t.Fatal(err)
	}
	return set.Key(0)
}

func sameThumbprint(t *testing.T, public any) {
	t.Helper()
	theirs, err := lestrrat.FromRaw(public)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := theirs.Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(theirs)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	want := base64.RawURLEncoding.EncodeToString(sum)
	for _, form := range []string{string(text), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))} {
		if got := parseOne(t, form).Thumbprint(); got != want {
			t.Errorf("%s has the thumbprint %s, want %s", form, got, want)
		}
	}
}
