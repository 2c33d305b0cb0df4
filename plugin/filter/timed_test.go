package filter

import (
	"encoding/json"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
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
