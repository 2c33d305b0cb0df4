package config

import (
	"strings"
	"testing"
)

// TestSenderConstraints: what asks for nothing is taken, whatever asks for more is refused.
func TestSenderConstraints(t *testing.T) {
	signed := signedText(`"preset":"github"`)
	bearer := `{"providers":{"p":{"issuer":"i","local_jwks":{"environment_variable":"KEYS"}}},"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`
	const path = "providers.p.sender_constraint"
	for text, want := range map[string]string{
		`{"dpop":"off","mtls":"off"}`:      "",
		`{"dpop":"off"}`:                   "",
		`{"mtls":false}`:                   "", // off in YAML
		`{}`:                               "",
		`{"dpop":"if_bound"}`:              path + ".dpop: is not supported by this version",
		`{"dpop":"off","mtls":"required"}`: path + ".mtls: is not supported by this version",
		`{"mtls":true}`:                    path + ".mtls: is not supported by this version",
		`{"dpop":"Off"}`:                   path + ".dpop: is not supported by this version",
		`{"dpop":{}}`:                      path + ".dpop: is not supported by this version",
		`{"x5t":"off"}`:                    path + ".x5t: unknown key",
		`"off"`:                            path + ": want an object, not a string",
	} {
		for _, whole := range []string{signed, bearer} {
			cfg, problems := Parse([]byte(strings.Replace(whole, `{"p":{`, `{"p":{"sender_constraint":`+text+`,`, 1)), environ)
			got := ""
			for _, p := range problems {
				got += p.String()
			}
			if got != want || (cfg == nil) != (want != "") {
				t.Errorf("%s: %q", text, got)
			}
		}
	}
}
