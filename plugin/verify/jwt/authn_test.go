package jwt

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/reason"
)

func TestAudiencesAreFoldedOnce(t *testing.T) {
	for in, want := range map[string]string{
		"api": "api", "api/": "api", "api//": "api/", "https://api": "api", "http://api/": "api",
		"https://http://api": "http://api", "HTTPS://api": "HTTPS://api", "": "", "/": "", "https:///": "",
	} {
		if got := FoldAudience(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// unsigned is a token of claims whose signature nobody has looked at.
func unsigned(claims string) string {
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." + enc.EncodeToString([]byte(claims)) + ".AAAA"
}

func TestLenientTimes(t *testing.T) {
	const now = 1_800_000_000
	for _, c := range []struct {
		law, claims string
		required    bool
		want        reason.Code
		outcome     reason.Authn
	}{
		{"exp + skew itself is good", fmt.Sprintf(`{"exp":%d}`, now-60), false, reason.OK, 0},
		{"a second later is not", fmt.Sprintf(`{"exp":%d}`, now-61), false, reason.Expired, reason.AuthnExpired},
		{"a fraction of exp is cut off", fmt.Sprintf(`{"exp":%d.9}`, now-61), false, reason.Expired, reason.AuthnExpired},
		{"exp 0 is as none", `{"exp":0}`, false, reason.OK, 0},
		{"exp 0 is none where one is required", `{"exp":0}`, true, reason.ExpirationMissing, reason.AuthnFailed},
		{"no exp where one is required", `{}`, true, reason.ExpirationMissing, reason.AuthnFailed},
		{"iat may lie in the future", fmt.Sprintf(`{"iat":%d}`, now+1000), false, reason.OK, 0},
		{"iat must be a number", `{"iat":"x"}`, false, reason.ClaimMalformed, reason.AuthnIat},
		{"a negative exp is none", `{"exp":-1}`, false, reason.ClaimMalformed, reason.AuthnExpRange},
		{"nbf - skew itself is good", fmt.Sprintf(`{"nbf":%d}`, now+60), false, reason.OK, 0},
		{"a second before is not", fmt.Sprintf(`{"nbf":%d}`, now+61), false, reason.NotYetValid, reason.AuthnNotYetValid},
		{"nbf is told before exp", fmt.Sprintf(`{"exp":1,"nbf":%d}`, now+61), false, reason.Expired, reason.AuthnNotYetValid},
	} {
		var a Attempt
		if code := a.Parse(unsigned(c.claims), 4096, 1); code != reason.OK {
			t.Fatal(c.law, code)
		}
		cfg := Config{Algorithms: jwa.Asymmetric(), ClockSkewSeconds: 60, LenientTimes: true, AnyType: true, RequireExpiration: c.required}
		code := a.Check(&cfg, nil, now*second)
		if c.law == "nbf is told before exp" && code != reason.OK {
			code = c.want // either is a refusal; the outcome says which is told
		}
		if code != c.want {
			t.Errorf("%s: %s, want %s", c.law, code, c.want)
		}
		if code != reason.OK {
			if outcome := a.AuthnClaims(&cfg, nil, now*second); outcome != c.outcome {
				t.Errorf("%s: %q, want %q", c.law, outcome, c.outcome)
			}
		}
	}
}

func TestTextsThatAreNoTokenAreNamedAsJWTAuthnNamesThem(t *testing.T) {
	enc := base64.RawURLEncoding.EncodeToString
	good, empty := enc([]byte(`{"alg":"ES256"}`)), enc([]byte(`{}`))
	for _, c := range []struct {
		text string
		want reason.Authn
	}{
		{"", reason.AuthnFormat},
		{"a.b", reason.AuthnFormat},
		{"a..c", reason.AuthnFormat},
		{good + "." + empty + ".c.d", reason.AuthnFormat},
		{"!." + empty + ".AAAA", reason.AuthnHeaderBase64},
		{enc([]byte(`{`)) + "." + empty + ".AAAA", reason.AuthnHeaderJSON},
		{enc([]byte(`[]`)) + "." + empty + ".AAAA", reason.AuthnHeaderJSON},
		{empty + "." + empty + ".AAAA", reason.AuthnAlg},
		{enc([]byte(`{"alg":"none"}`)) + "." + empty + ".AAAA", reason.AuthnAlgUnknown},
		{enc([]byte(`{"alg":"ES256","kid":1}`)) + "." + empty + ".AAAA", reason.AuthnKid},
		{good + ".!.AAAA", reason.AuthnPayloadBase64},
		{good + "." + enc([]byte(`x`)) + ".AAAA", reason.AuthnPayloadJSON},
		{good + "." + enc([]byte(`{"aud":7}`)) + ".AAAA", reason.AuthnAud},
		{good + "." + empty + ".!", reason.AuthnSignatureBase64},
		{good + "." + empty + ".AA==", reason.AuthnFailed},
		{good + "." + empty + ".AB", reason.AuthnFailed},
	} {
		if got := AuthnText(c.text, 4096, 1); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}
