package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/verify/signed/template"
)

// presetKey is a key of the form that a preset's vendor writes.
func presetKey(text string) string {
	switch {
	case strings.Contains(text, "ecdsa"):
		return `{"id":"k","public_key":{"text":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="}}`
	case strings.Contains(text, `"ed25519"`) && !strings.Contains(text, "hmac"):
		return `{"id":"k","public_key":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}}`
	}
	return `{"id":"k","secret":{"inline_base64":"c2VjcmV0"}}`
}

// TestDigestsThatNobodyStates: where no request carries a digest, the mode that asks for one
// would refuse each that has a body, and so it is refused itself.
func TestDigestsThatNobodyStates(t *testing.T) {
	const refused = "body.mode: requests of this scheme carry no digest"
	const mode = `,"body":{"mode":"digest"}`
	for _, p := range template.Presets() {
		var want []string
		if p.Name != "azure-appconfig" && p.Name != "twilio" {
			want = []string{refused}
		}
		_, problems := Parse([]byte(signedScheme(`"preset":"`+p.Name+`"`+mode, presetKey(p.Template))), nil)
		if got := said(problems); !slices.Equal(got, want) {
			t.Errorf("%s: %q", p.Name, got)
		}
	}
	const sig = `"template":{"algorithm":"hmac-sha256","signature":{"header":"x-s"},`
	for members, carried := range map[string]bool{
		`"http_message_signatures":{}`:                             true,
		`"cavage":{"dialect":"draft12"}`:                           true,
		`"cavage":{"dialect":"kong"}`:                              true,
		`"cavage":{"dialect":"apisix"}`:                            true,
		`"sigv4":{"region":"r","service":"s"}`:                     true,
		`"aliyun":{}`:                                              true,
		`"signed_url":{"dialect":"google"}`:                        false,
		`"signed_url":{"dialect":"nginx"}`:                         false,
		sig + `"base":"{method} {authority}{target}\n{body}"}`:     false,
		sig + `"base":"{target}\n{body:sha256:hex}"}`:              false,
		sig + `"digest":{"header":"x-d"},"base":"{header:x-d}"}`:   true,
		sig + `"digest":{"query":"d"},"base":"{method} {target}"}`: true,
	} {
		key := textKey
		if strings.Contains(members, "message") || strings.Contains(members, "draft12") {
			key = `{"id":"k","algorithm":"hmac-sha256","secret":{"inline":"secret"}}`
		}
		var want []string
		if !carried {
			want = []string{refused}
		}
		_, problems := Parse([]byte(signedScheme(members+mode, key)), nil)
		if got := said(problems); !slices.Equal(got, want) {
			t.Errorf("%s: %q", members, got)
		}
	}
}
