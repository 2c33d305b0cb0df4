package authorize

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
)

// T-07: only who was authenticated not long ago, and says when.
func TestMaxAge(t *testing.T) {
	const now = 1_700_000_000
	rules := Rules{MaxAge: 300}
	for _, c := range []struct {
		law, claims string
		skew        int64
		want        reason.Code
	}{
		{"just now", `{"auth_time":1700000000}`, 0, reason.OK},
		{"as long ago as is allowed", `{"auth_time":1699999700}`, 0, reason.OK},
		{"a second longer", `{"auth_time":1699999699}`, 0, reason.StepUp},
		{"a second longer, within the skew", `{"auth_time":1699999699}`, 1, reason.OK},
		{"beyond the skew", `{"auth_time":1699999698}`, 1, reason.StepUp},
		{"absent", `{}`, 60, reason.StepUp},
		{"iat does not stand for it", `{"iat":1700000000}`, 60, reason.StepUp},
		{"another spelling is another claim", `{"Auth_time":1700000000}`, 60, reason.StepUp},
		{"text", `{"auth_time":"1700000000"}`, 60, reason.StepUp},
		{"null", `{"auth_time":null}`, 60, reason.StepUp},
		{"true", `{"auth_time":true}`, 60, reason.StepUp},
		{"a list", `{"auth_time":[1700000000]}`, 60, reason.StepUp},
		{"an object", `{"auth_time":{}}`, 60, reason.StepUp},
		{"in the future", `{"auth_time":1700000001}`, 0, reason.StepUp},
		{"in the future within the skew", `{"auth_time":1700000060}`, 60, reason.OK},
		{"in the future beyond the skew", `{"auth_time":1700000061}`, 60, reason.StepUp},
		{"in the far future", `{"auth_time":9007199254740992}`, 60, reason.StepUp},
		{"too large", `{"auth_time":9223372036854775808}`, 60, reason.StepUp},
		{"fractional", `{"auth_time":1699999999.5}`, 60, reason.StepUp},
		{"whole, with a point", `{"auth_time":1700000000.0}`, 60, reason.OK},
		{"whole, with an exponent", `{"auth_time":17e8}`, 60, reason.OK},
		{"negative", `{"auth_time":-1}`, 60, reason.StepUp},
		{"milliseconds", `{"auth_time":1700000000000}`, 60, reason.StepUp},
		{"0", `{"auth_time":0}`, 60, reason.StepUp},
	} {
		if got := rules.Judge(parse(t, c.claims), now*second, c.skew); got != c.want {
			t.Errorf("T-07 %s: %v, want %v", c.law, got, c.want)
		}
	}
	if got := rules.Judge(jsonx.Value{}, now*second, 60); got != reason.StepUp {
		t.Errorf("no claims: %v", got)
	}
	old := parse(t, `{"auth_time":1}`)
	if got := (&Rules{}).Judge(old, now*second, 0); got != reason.OK {
		t.Errorf("nothing is asked: %v", got)
	}
	both := Rules{MaxAge: 300, Clients: NewSet([]string{"app"})}
	if got := both.Judge(old, now*second, 0); got != reason.ClientDenied {
		t.Errorf("whom authenticating anew would not help is told so: %v", got)
	}
}
