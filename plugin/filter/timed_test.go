package filter

import (
	"encoding/json"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// TestVerificationIsTimed: the histogram of operators gets each token that was new and
// came to its signature, in compat too.
func TestVerificationIsTimed(t *testing.T) {
	set, _ := json.Marshal(keySet("a"))
	rest := `"providers":{"corp":{"issuer":"https://idp.test","local_jwks":{"inline_string":` + string(set) + `}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"corp"}}]}`
	expired := token("a", map[string]any{"iss": "https://idp.test", "exp": start/sec - 7200})
	forged := good("a")[:len(good("a"))-6] + "AAAAAA"
	for name, text := range map[string]string{"strict": "{" + rest, "compat": `{"compat":"jwt_authn",` + rest} {
		p := plugin(t, text)
		took := int64(0)
		p.Clock(func() int64 { return start + took })
		for _, tc := range []struct {
			law, token string
			took, want int64
			code       reason.Code
		}{
			{"a good token that is new", good("a"), 70_000, 70_000, reason.OK},
			{"less than the clock tells is not nothing", token("a", map[string]any{"iss": "https://idp.test", "exp": start/sec + 60}), 0, 1, reason.OK},
			{"a token that was kept", good("a"), 70_000, 0, reason.OK},
			{"a forged signature", forged, 50_000, 50_000, reason.BadSignature},
			{"what does not come to its signature", expired, 50_000, 0, reason.Expired},
		} {
			took = tc.took
			var s Stream
			v := p.Headers(start, &s, get(tc.token))
			algorithm := ""
			if tc.want > 0 {
				algorithm = "EdDSA"
			}
			if v.Reason != tc.code || v.Verified != tc.want || v.Algorithm != algorithm {
				t.Errorf("%s: %s: %s, %d ns of %q", name, tc.law, v.Reason, v.Verified, v.Algorithm)
			}
			p.Release()
		}
	}
}

// TestSignedRequestsAreTimed in the event that decides: with the headers, or when the body
// has come, whether or not the signature is good.
func TestSignedRequestsAreTimed(t *testing.T) {
	label := label{name: "sig1", key: "k1", secret: "first secret", at: start / sec, nonce: "n1"}
	digested, forged, stranger, late := label, label, label, label
	digested.digest, forged.secret, stranger.key, late.at = true, "a stranger's", "k9", start/sec-1000
	for law, c := range map[string]struct {
		config  string
		headers []request.Header
		body    string
		at      int // the callback that decides
		code    reason.Code
		timed   string
	}{
		"by its headers":               {cosigning("", byNonce), cosigned("", label), "", 0, reason.OK, "hmac-sha256"},
		"by its headers, forged":       {cosigning("", byNonce), cosigned("", forged), "", 0, reason.SignatureInvalid, "hmac-sha256"},
		"by a key that is not there":   {cosigning("", byNonce), cosigned("", stranger), "", 0, reason.SignatureInvalid, "hmac-sha256"},
		"with a digest of its body":    {cosigning("", byNonce), cosigned("body", digested), "body", 1, reason.OK, "hmac-sha256"},
		"with its body":                {hooks(""), github("body"), "body", 1, reason.OK, "hmac-sha256"},
		"with its body, forged":        {hooks(""), github("ydob"), "body", 1, reason.SignatureInvalid, "hmac-sha256"},
		"what is refused for its time": {cosigning("", byNonce), cosigned("", late), "", 0, reason.SignatureExpired, ""},
		"what is not signed":           {cosigning("", byNonce), post(), "", 0, reason.Missing, ""},
	} {
		p := newCourier(t, c.config, newMemo())
		reads := 0
		p.p.Clock(func() int64 { reads++; return p.now + 30_000 })
		var pieces []string
		if c.body != "" {
			pieces = []string{c.body}
		}
		v, at := p.send(c.headers, withLast, pieces...)
		want(t, law, v, c.code)
		took, once := int64(0), 0
		if c.timed != "" {
			took, once = 30_000, 1
		}
		if v.Verified != took || v.Algorithm != c.timed || reads != once || at != c.at {
			t.Errorf("%s: %d ns of %q, the clock was read %d times, decided at %d", law, v.Verified, v.Algorithm, reads, at)
		}
	}
}
