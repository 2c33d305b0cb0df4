package filter

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// S-01, S-03 to S-05: a random history of requests, tokens, rules and times is judged
// alike whether the cache's word is taken for all of a token or its claims are judged anew.
func TestWhatIsKnownIsJudgedLikeWhatIsRecalled(t *testing.T) {
	provider := func(more string) string {
		return idp + `,"audiences":["api"]` + more
	}
	text := bare(t, map[string]string{
		"plain": provider(""), "strict": provider(`,"clock_skew_seconds":0,"max_lifetime":"1800s"`), "lax": provider(`,"require_expiration":false`),
		"kept": provider(`,"forward":true,"clear_route_cache":true`), "scoped": provider(`,"required_scopes":{"all":["read"]}`),
		"claimed": provider(`,"claims":[{"path":["tier"],"equals":"gold"}]`), "subject": provider(`,"subjects":{"exact":"alice"}`),
		"passed": provider(`,"claim_to_headers":[{"header_name":"x-sub","claim_name":"sub"}]`), "payload": provider(`,"forward_payload_header":"x-payload"`),
	}, []string{
		`"requires":{"provider_and_audiences":{"provider_name":"plain","audiences":["other"]}}`,
		`"requires":{"provider_name":"plain"},"authorize":{"scopes":{"all":["read"]}}`,
		`"requires":{"provider_name":"plain"},"authorize":{"claims":[{"path":["tier"],"equals":"gold"}]}`,
		`"requires":{"requires_any":{"requirements":[{"provider_name":"strict"},{"provider_name":"plain"}]}}`,
		`"requires":{"requires_all":{"requirements":[{"provider_name":"plain"},{"provider_name":"passed"}]}}`,
		`"requires":{"allow_missing":{}}`,
	})
	short, long := plugin(t, text), plugin(t, text)
	clear(long.tokens.brief)
	order := rand.New(rand.NewPCG(3, 5))
	var tokens []string
	for i := range 40 {
		claims := map[string]any{"exp": start/sec + order.Int64N(4000), "n": i}
		for name, v := range map[string]any{"nbf": start/sec + order.Int64N(800) - 200, "iat": start/sec + order.Int64N(800) - 200, "tier": "gold", "scope": "read write"} {
			if order.IntN(2) == 0 {
				claims[name] = v
			}
		}
		if order.IntN(4) == 0 {
			delete(claims, "exp")
		}
		if order.IntN(3) == 0 {
			claims["aud"] = []string{"api", "other"}
		}
		tokens = append(tokens, token("a", claimsOf([]string{"alice", "bob"}[order.IntN(2)], claims)))
	}
	paths := make([]string, 0, 16)
	for _, r := range short.cfg.Policy.Rules {
		paths = append(paths, r.Match.Path.Text)
	}
	now, seen := start, map[string]int{}
	for i := range int64(20_000) {
		hour := start/sec + i*3600/20_000 // time goes on, and back a little: what is over stays over
		switch order.IntN(20) {
		case 0:
			now = (hour-60)*sec + order.Int64N(60*sec)
		case 1:
			now = (hour + order.Int64N(30) - 30) * sec
		case 2:
			now += order.Int64N(3) - 1
		}
		tok, path := tokens[order.IntN(len(tokens))], paths[order.IntN(len(paths))]
		if order.IntN(10) == 0 {
			tok = tok[:len(tok)-order.IntN(3)] + "A"
		}
		h := append(get(), bearer(tok))
		h[3].Value = path
		a, b := short.Headers(now, new(Stream), slices.Clone(h)), long.Headers(now, new(Stream), slices.Clone(h))
		if told(a) != told(b) {
			t.Fatalf("%s at %d:\n%s\n%s", path, now-start, told(a), told(b))
		}
		if short.CacheStats() != long.CacheStats() {
			t.Fatalf("%s: the caches differ: %+v, %+v", path, short.CacheStats(), long.CacheStats())
		}
		way := "judged"
		if slot := short.work.judge.slots[0]; a.Action == Continue && short.work.judge.proved == 1 && slot.identity.Claims == nil {
			way = "known"
		}
		if slot := long.work.judge.slots[0]; a.Action == Continue && slot.identity.Claims == nil {
			t.Fatalf("%s: the other one took the cache's word", path)
		}
		seen[path+" "+way+" "+a.Reason.String()]++
		short.Release()
		long.Release()
	}
	for path, want := range map[string]bool{"/plain": true, "/strict": true, "/lax": true, "/kept": true} {
		if n := seen[path+" known "+reason.OK.String()]; (n > 100) != want {
			t.Errorf("%s: %d known", path, n)
		}
	}
	for what, n := range seen {
		path, rest, _ := strings.Cut(what, " ")
		if strings.HasPrefix(rest, "known") && !slices.Contains([]string{"/plain", "/strict", "/lax", "/kept"}, path) {
			t.Errorf("%s: %d times, where claims are asked for", what, n)
		}
	}
	for _, c := range []reason.Code{reason.Expired, reason.NotYetValid, reason.IssuedInFuture, reason.LifetimeTooLong} {
		if seen["/strict judged "+c.String()] == 0 {
			t.Errorf("no request was refused as %s", c)
		}
	}
}

// told is all that a verdict says.
func told(v *Verdict) string {
	text := fmt.Sprint(v.Action, v.Reason, v.Provider, v.By, v.Ops, v.ClearRoute, v.States, v.Log, v.Reported)
	if v.Answer != nil {
		text += fmt.Sprint(v.Answer.Status, v.Answer.Headers, string(v.Answer.Body))
	}
	return text
}

// bare is a configuration of providers with the usual keys, a rule for each by its name,
// and more rules by their number.
func bare(t *testing.T, providers map[string]string, rules []string) string {
	t.Helper()
	var list, own []string
	for name, members := range providers {
		list = append(list, fmt.Sprintf(`%q:{%s,"local_jwks":{"inline_string":%q}}`, name, members, keySet("a")))
		own = append(own, fmt.Sprintf(`{"match":{"path":"/%s"},"requires":{"provider_name":%q}}`, name, name))
	}
	slices.Sort(list)
	slices.Sort(own)
	for i, r := range rules {
		own = append(own, fmt.Sprintf(`{"match":{"path":"/rule-%d"},%s}`, i, r))
	}
	return `{"providers":{` + strings.Join(list, ",") + `},"rules":[` + strings.Join(own, ",") + `]}`
}

// What a token is asked for beside being good keeps the cache's word from being enough: a
// field that is new here has to be looked at in brief, and then named.
func TestBriefKnowsAllThatIsAskedOfTokens(t *testing.T) {
	for _, c := range []struct {
		of    reflect.Type
		names []string
	}{
		{reflect.TypeFor[config.Provider](), []string{
			"Name", "Signed", "Places", "JWT", "Subjects", "Claims", "Scopes", "Inline", "Remote", "OnUnavailable", "RefetchUnknownKid", "ClearRouteCache", "Cache",
		}},
		{reflect.TypeFor[effect.Provider](), []string{
			"Name", "Forward", "PayloadHeader", "PadPayload", "ClaimHeaders", "ClientHeader", "KeyIDHeader",
		}},
		{reflect.TypeFor[policy.Requirement](), []string{"Kind", "Provider", "Audiences", "StatusHeader", "Children", "Authorize"}},
		{reflect.TypeFor[policy.Rule](), []string{"Match", "Requirement", "Report", "Challenges"}},
	} {
		var names []string
		for i := range c.of.NumField() {
			names = append(names, c.of.Field(i).Name)
		}
		if !slices.Equal(names, c.names) {
			t.Errorf("%v has the fields\n%q, of which brief knows\n%q", c.of, names, c.names)
		}
	}
}

// A request with a known token leaves nothing behind in the plugin's memory, and none of
// the header's bytes.
func TestAKnownTokenLeavesNothingBehind(t *testing.T) {
	p := plugin(t, bare(t, map[string]string{"a": idp}, nil))
	tok := token("a", claimsOf("alice", nil))
	for i := range 2 {
		h := append(get(), request.Header{Name: "authorization", Value: "Bearer " + tok})
		h[3].Value = "/a"
		if v := p.Headers(start, new(Stream), h); v.Action != Continue {
			t.Fatal(v.Reason)
		}
		s := p.work.judge.slots[0]
		if known := s.identity.Claims == nil; known != (i == 1) || s.attempt.Claims() != nil == known {
			t.Errorf("request %d: known is %v", i, known)
		}
		p.Release()
		if s.key.Token != "" || s.place != nil || p.own.judge.proved != 0 {
			t.Errorf("request %d: %+v", i, s)
		}
	}
}
