package lint_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/lint"
)

const (
	ecKey = `{"kty":"EC","crv":"P-256","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`
	// remote is a provider with nothing to find.
	remote = `"issuer":"https://a.example","audiences":["api"],"remote_jwks":{"http_uri":{"uri":"https://a.example/keys","cluster":"c"}}`
	ask    = `{"match":{"prefix":"/"},"requires":{"provider_name":"a"}}`
)

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func local(keys ...string) string {
	return `"issuer":"https://a.example","audiences":["api"],"local_jwks":{"inline_string":` + quoted(`{"keys":[`+strings.Join(keys, ",")+`]}`) + `}`
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func rsaKey(t *testing.T, bits int) (jwk, text string) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return `{"kty":"RSA","kid":"r","e":"AQAB","n":"` + b64(k.N.Bytes()) + `"}`, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func oct(kid string, secret []byte) string {
	return `{"kty":"oct","kid":"` + kid + `","k":"` + b64(secret) + `"}`
}

// withPrivate is a key pair in one JWK.
func withPrivate(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return `{"kty":"OKP","crv":"Ed25519","kid":"p","x":"` + b64(public) + `","d":"` + b64(private.Seed()) + `"}`
}

// Every lint is found where it is, alone, and not where the one thing is put right.
func TestEachLint(t *testing.T) {
	small, smallPEM := rsaKey(t, 2048)
	large, largePEM := rsaKey(t, 3072)
	random := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}
	fromEnv := strings.Replace(local(ecKey), `"inline_string":`+quoted(`{"keys":[`+ecKey+`]}`), `"environment_variable":"KEYS"`, 1)
	none := strings.Replace(remote, `"audiences":["api"],`, "", 1)
	long := func(name string) string { return remote + `,` + name }
	hook := func(preset, secret string) string {
		return `"signed_request":{"preset":"` + preset + `","keys":[{"id":"k","secret":{` + secret + `}}]}`
	}
	set := func(extra string) string {
		return strings.Replace(remote, `"cluster":"c"}`, `"cluster":"c"},`+extra, 1)
	}
	tests := []struct {
		id, provider, rule, top, path string
		// good is the same put right: a provider, a rule and a top of its own.
		goodProvider, goodRule, goodTop string
	}{
		{"default-allow", remote, ask, `"default":"allow"`, "default", remote, ask, `"default":"deny"`},
		{"report-mode", remote, ask, `"mode":"report"`, "mode", remote, ask, `"mode":"enforce"`},
		{"report-mode", remote, strings.Replace(ask, "{", `{"mode":"report",`, 1), "", "rules[0]", remote, ask, ""},
		{"paths-raw", remote, ask, `"paths":"raw"`, "paths", remote, ask, `"paths":"normalize"`},
		{"allow-missing-or-failed", remote, `{"match":{"prefix":"/"},"requires":{"allow_missing_or_failed":{}}}`, "", "rules[0]", remote, ask, ""},
		{"allow-missing", remote, `{"match":{"prefix":"/"},"requires":{"requires_any":{"requirements":[{"provider_name":"a"},{"allow_missing":{}}]}}}`, "", "rules[0]", remote, ask, ""},
		{"extract-only", remote, `{"match":{"prefix":"/"},"requires":{"extract_only_without_validation":{}}}`, "", "rules[0]", remote, ask, ""},
		{"no-audience", none, ask, "", "providers.a", none, `{"match":{"prefix":"/"},"requires":{"provider_and_audiences":{"provider_name":"a","audiences":["x"]}}}`, ""},
		{"hmac-beside-public", long(`"algorithms":["ES256","HS256"]`), ask, "", "providers.a", long(`"algorithms":["HS256"]`), ask, ""},
		{"expiration-optional", long(`"require_expiration":false`), ask, "", "providers.a", long(`"require_expiration":false,"max_lifetime":"3600s"`), ask, ""},
		{"long-skew", long(`"clock_skew_seconds":301`), ask, "", "providers.a", long(`"clock_skew_seconds":300`), ask, ""},
		{"token-in-query", long(`"from_params":["t"]`), ask, "", "providers.a", long(`"from_headers":[{"name":"x-t"}]`), ask, ""},
		{"token-in-cookie", long(`"from_cookies":["t"]`), ask, "", "providers.a", long(`"from_headers":[{"name":"x-t"}]`), ask, ""},
		{"forward", long(`"forward":true`), ask, "", "providers.a", long(`"forward":false`), ask, ""},
		{"on-unavailable-allow", set(`"on_unavailable":"allow"`), ask, "", "providers.a", set(`"on_unavailable":"deny_401"`), ask, ""},
		{"stale-keys", set(`"stale_if_error":"86401s"`), ask, "", "providers.a", set(`"stale_if_error":"86400s"`), ask, ""},
		{"plain-http", strings.Replace(remote, "https://a.example/keys", "http://a.example/keys", 1), ask, "", "providers.a", strings.Replace(remote, "https://a.example/keys", "http://127.0.0.1:9000/keys", 1), ask, ""},
		{"rsa-2048", local(small), ask, "", "providers.a.local_jwks", local(large), ask, ""},
		{"rsa-2048", strings.Replace(local(), quoted(`{"keys":[]}`), quoted(smallPEM), 1), ask, "", "providers.a.local_jwks", strings.Replace(local(), quoted(`{"keys":[]}`), quoted(largePEM), 1), ask, ""},
		{"key-without-kid", local(ecKey, strings.Replace(ecKey, `"kid":"1",`, "", 1)), ask, "", "providers.a.local_jwks", local(strings.Replace(ecKey, `"kid":"1",`, "", 1)), ask, ""},
		{"private-key", local(withPrivate(t)), ask, "", "providers.a.local_jwks", local(ecKey), ask, ""},
		{"hmac-inline", local(oct("h", random)) + `,"algorithms":["HS256"]`, ask, "", "providers.a.local_jwks", fromEnv + `,"algorithms":["HS256"]`, ask, ""},
		{"secret-inline", hook("slack", `"inline":"s"`), ask, "", "providers.a.signed_request.keys", hook("slack", `"env":"SECRET"`), ask, ""},
		{"untimed", hook("github", `"env":"SECRET"`), ask, "", "providers.a", hook("slack", `"env":"SECRET"`), ask, ""},
	}
	for _, good := range []string{`"max_bytes":1048576`, `"mode":"digest","stream":true,"max_bytes":1048577`, `"mode":"reject","max_bytes":1048577`, `"max_bytes":1048577,"delivery":"before_upstream"`} {
		const cavage = `"signed_request":{"cavage":{"dialect":"draft12"},"keys":[{"id":"k","secret":{"env":"SECRET"}}],"body":{`
		row := tests[0]
		row.id, row.top, row.goodTop, row.path = "buffer-limit", "", "", "providers.a.signed_request.body.max_bytes"
		row.provider, row.goodProvider = cavage+`"max_bytes":1048577}}`, cavage+good+`}}`
		tests = append(tests, row)
	}
	env := map[string]string{"SECRET": "s", "KEYS": `{"keys":[` + oct("h", random) + `]}`}
	seen := map[string]bool{"forward-any-audience": true, "hmac-passphrase": true, "fail-open": true, "route-disabled": true} // below
	for _, tt := range tests {
		t.Run(tt.id+" "+tt.path, func(t *testing.T) {
			seen[tt.id] = true
			if got := found(t, tt.provider, tt.rule, tt.top, env); !slices.Equal(got, []string{tt.id + " " + tt.path}) {
				t.Errorf("got %q, want it alone", got)
			}
			if got := found(t, tt.goodProvider, tt.goodRule, tt.goodTop, env); len(got) > 0 {
				t.Errorf("put right: got %q", got)
			}
		})
	}
	if got := found(t, none+`,"forward":true`, ask, "", nil); !slices.Equal(got, []string{"no-audience providers.a", "forward-any-audience providers.a"}) {
		t.Errorf("got %q", got)
	}
	env["KEYS"] = `{"keys":[` + oct("h", []byte("correct horse battery staple, correct horse")) + `]}`
	if got := found(t, fromEnv+`,"algorithms":["HS256"]`, ask, "", env); !slices.Equal(got, []string{"hmac-passphrase providers.a.local_jwks"}) {
		t.Errorf("got %q", got)
	}
	for _, k := range lint.Kinds {
		if !seen[k.ID] {
			t.Errorf("no test for %s", k.ID)
		}
	}
}

func found(t *testing.T, provider, rule, top string, env map[string]string) []string {
	t.Helper()
	if top != "" {
		top = "," + top
	}
	text := `{"providers":{"a":{` + provider + `}},"rules":[` + rule + `]` + top + `}`
	findings, err := lint.Config([]byte(text), env, 1<<20)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return lines(findings)
}

func lines(findings []lint.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.ID+" "+f.Path)
	}
	return list
}

// How Envoy runs the module, in both of its spellings, and per route.
func TestBootstrap(t *testing.T) {
	for text, want := range map[string][]string{
		`{"a":[{"config":{"fail_open":true,"vm_config":{}}}]}`:       {"fail-open a[0].config"},
		`{"config":{"failurePolicy":"FAIL_OPEN","vmConfig":{}}}`:     {"fail-open config"},
		`{"config":{"failure_policy":"FAIL_RELOAD","vm_config":{}}}`: nil,
		`{"fail_open":true}`: nil,
		"typed_per_filter_config:\n  wasm:\n    \"@type\": x/envoy.config.route.v3.FilterConfig\n    disabled: true": {"route-disabled typed_per_filter_config.wasm"},
	} {
		got, err := lint.Bootstrap([]byte(text))
		if err != nil || !slices.Equal(lines(got), want) {
			t.Errorf("%s: got %q, %v, want %q", text, lines(got), err, want)
		}
	}
	for _, text := range []string{"", "a: [", "a: 1\na: 2"} {
		if _, err := lint.Bootstrap([]byte(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// A secret is never quoted, and a refused configuration has no findings.
func TestNoSecretIsQuoted(t *testing.T) {
	const secret = "correct horse battery staple, correct horse"
	text := `{"providers":{"a":{` + local(oct("h", []byte(secret))) + `,"algorithms":["HS256"]}},"rules":[` + ask + `]}`
	findings, err := lint.Config([]byte(text), nil, 1<<20)
	if err != nil || len(findings) == 0 {
		t.Fatal(findings, err)
	}
	for _, f := range findings {
		if strings.Contains(f.String(), secret) || strings.Contains(f.String(), b64([]byte(secret))) {
			t.Errorf("quoted: %s", f)
		}
	}
	if _, err := lint.Config([]byte(`{"nope":1}`), nil, 1<<20); err == nil {
		t.Error("a refused configuration has findings")
	}
}

// The README has a row for each, with its level, in the same order.
func TestReadmeHasEachLint(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, k := range lint.Kinds {
		row := "| `" + k.ID + "` | " + string(k.Level) + " | "
		i := strings.Index(string(text), row)
		if i < at {
			t.Errorf("no row %q in its place", row)
			continue
		}
		at = i
	}
}
