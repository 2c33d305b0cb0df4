package filter

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/reason"
)

// ruled is a configuration of one provider and these rules.
func ruled(rules string) string {
	set, _ := json.Marshal(keySet("a"))
	return `{"disclose_scopes":true,"providers":{"corp":{"issuer":"https://idp.test","local_jwks":{"inline_string":` + string(set) +
		`},"claim_to_headers":[{"header_name":"x-user","claim_name":"sub"}]}},"rules":[` + rules + `]}`
}

// S-04: what a hit of the cache saves is the signature; what the rule asks is judged
// anew, in any order of asking.
func TestAHitIsJudgedByTheRuleOfThisRequest(t *testing.T) {
	p := plugin(t, ruled(`{"match":{"path":"/a"},"requires":{"provider_name":"corp"}},
		{"match":{"path":"/read"},"requires":{"provider_name":"corp"},"authorize":{"scopes":{"all":["read"]}}},
		{"match":{"path":"/write"},"requires":{"provider_name":"corp"},"authorize":{"scopes":{"any":["write"]}}},
		{"match":{"path":"/tenant"},"requires":{"provider_name":"corp"},"authorize":{"claims":[{"path":["tenant"],"equals":"t1"}]}}`))
	tok := token("a", map[string]any{"iss": "https://idp.test", "sub": "u", "exp": start/sec + 7200, "scope": "read", "tenant": "t2"})
	want := map[string]reason.Code{"/a": reason.OK, "/read": reason.OK, "/write": reason.InsufficientScope, "/tenant": reason.ClaimDenied}
	for round := range 3 {
		for _, path := range []string{"/write", "/a", "/tenant", "/read", "/write", "/tenant", "/a"} {
			h := get(tok)
			h[3].Value = path
			var s Stream
			v := p.Headers(start, &s, h)
			if v.Reason != want[path] || (v.Action == Continue) != (want[path] == reason.OK) {
				t.Errorf("round %d, %s: %s", round, path, v.Reason)
			}
			for _, op := range v.Ops {
				if v.Action != Continue && op.Kind == effect.Set {
					t.Errorf("%s: one who is refused writes %s", path, op.Name)
				}
			}
			p.Release()
		}
	}
	if hits := p.CacheStats().Hits; hits < 20 {
		t.Errorf("%d hits: nothing is proved", hits)
	}
}

// What passes because its keys are not there is nobody's: it meets no authorize.
func TestWhatIsExcusedIsNotAuthorized(t *testing.T) {
	text := strings.Replace(remoteConfig, `"cache_duration"`, `"on_unavailable":"allow","cache_duration"`, 1)
	for _, c := range []struct {
		law, authorize string
		want           reason.Code
	}{
		{"without authorize it passes", "", reason.OK},
		{"with authorize it waits for better times", `,"authorize":{"claims":[{"path":["iss"],"exists":true}]}`, reason.KeysUnavailable},
		{"a claim that must be absent is not proved to be", `,"authorize":{"claims":[{"path":["act"],"exists":false}]}`, reason.KeysUnavailable},
	} {
		h := &host{t: t, p: plugin(t, strings.Replace(text, `{"provider_name":"corp"}`, `{"provider_name":"corp"}`+c.authorize, 1)), now: start}
		var s Stream
		h.request(&s, get(good("a")))
		h.answer(jwks.Answer{})
		if v := h.p.Resume(h.now, &s, get(good("a"))); v.Reason != c.want {
			t.Errorf("%s: %s", c.law, v.Reason)
		}
	}
}

// The scopes that are told are those of the refusal that is told.
func TestDisclosedScopesBelongToTheRefusal(t *testing.T) {
	p := plugin(t, ruled(`{"match":{"prefix":"/"},"requires":{"requires_any":{"requirements":[
		{"provider_name":"corp","authorize":{"scopes":{"all":["one"]}}},
		{"provider_name":"corp","authorize":{"scopes":{"all":["two","three"]}}},
		{"provider_name":"corp","authorize":{"clients":["app"]}}]}}}`))
	for claims, want := range map[string]string{
		`{"scope":"x","client_id":"x"}`:      "client_denied",
		`{"scope":"two three"}`:              "ok",
		`{"scope":"one"}`:                    "ok",
		`{"scope":"two","client_id":"app"}`:  "ok",
		`{"scope":"four","client_id":"web"}`: "client_denied",
	} {
		m := map[string]any{"iss": "https://idp.test", "exp": start/sec + 7200}
		if err := json.Unmarshal([]byte(claims), &m); err != nil {
			t.Fatal(err)
		}
		var s Stream
		v := p.Headers(start, &s, get(token("a", m)))
		if v.Reason.String() != want {
			t.Errorf("%s: %s, want %s", claims, v.Reason, want)
		}
		if v.Answer != nil && strings.Contains(strconv.Quote(string(v.Answer.Body)), "two") {
			t.Errorf("%s: the body names a scope", claims)
		}
		if v.Answer != nil {
			for _, line := range v.Answer.Headers {
				if line.Name == "www-authenticate" {
					t.Errorf("%s: %s", claims, line.Value)
				}
			}
		}
	}
}
