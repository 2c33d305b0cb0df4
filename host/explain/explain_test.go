package explain_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/explain"
	"github.com/postern-wasm/postern/host/replay"
)

var (
	key      = ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))
	stranger = ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", ed25519.SeedSize)))
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func jwks(kid string) string {
	return fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}]}`, kid, b64(key.Public().(ed25519.PublicKey)))
}

// sign makes a compact token of two texts.
func sign(k ed25519.PrivateKey, header, claims string) string {
	input := b64([]byte(header)) + "." + b64([]byte(claims))
	return input + "." + b64(ed25519.Sign(k, []byte(input)))
}

const (
	head = `{"alg":"EdDSA","kid":"k1"}`
	body = `{"iss":"https://a.example","aud":"api","sub":"s3cr3t-subject","scope":"read","exp":1800000300}`
)

func good() string { return sign(key, head, body) }

func claims(edit ...string) string {
	return sign(key, head, strings.NewReplacer(edit...).Replace(body))
}

func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// config has two providers of one key and the requirement given.
func config(requirement, extra string) string {
	local := `"local_jwks":{"inline_string":` + quoted(jwks("k1")) + `}`
	return `{"providers":{
		"a":{"issuer":"https://a.example","audiences":["api"],` + local + extra + `},
		"b":{"issuer":"https://b.example","audiences":["api"],` + local + `,"from_headers":[{"name":"x-b"}]}},
		"rules":[{"match":{"prefix":"/api"},"requires":` + requirement + `}]}`
}

// module returns an engine that runs the module; one for all cases of a test, so that it
// is compiled once.
func module(t *testing.T) *replay.Engine {
	t.Helper()
	path := os.Getenv("POSTERN_MODULE")
	if path == "" {
		var err error
		if path, err = filepath.Abs("../../build/postern.wasm"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no module: %v; run make plugin or set POSTERN_MODULE", err)
	}
	e := replay.New(replay.Options{Module: path, Verdicts: true})
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	return e
}

func explained(t *testing.T, e *replay.Engine, config, line string) *explain.Report {
	t.Helper()
	c, err := replay.ParseCase([]byte(`{"now":1800000000,"config":` + config + `,` + line + `}`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := explain.Run(context.Background(), e, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func request(path string, headers ...[2]string) string {
	if headers == nil {
		headers = [][2]string{}
	}
	return `"request":{"path":` + quoted(path) + `,"headers":` + quoted(headers) + `}`
}

func bearer(token string) [2]string { return [2]string{"authorization", "Bearer " + token} }

// failed is the first check that fails, "branch/check", "" if none does.
func failed(r *explain.Report) string {
	for _, c := range r.Request {
		if c.Outcome == explain.Fail {
			return "request/" + c.ID
		}
	}
	for i, b := range r.Branches {
		for _, c := range b.Checks {
			if c.Outcome == explain.Fail {
				return fmt.Sprintf("%d/%s", i, c.ID)
			}
		}
	}
	return ""
}

// Every refusal is named by the check that made it; those before it hold, those after it
// are not reached; and the module says the same.
func TestTheCheckThatRefusesIsNamed(t *testing.T) {
	const a = `{"provider_name":"a"}`
	path := module(t)
	tests := []struct {
		law, requirement, extra, request, want, reason string
	}{
		{"a good token passes every check", a, ``, request("/api", bearer(good())), "", ""},
		{"a path that is not normal", a, ``, request("/api/../x"), "request/path", "path_not_normal"},
		{"a path without a rule", a, ``, request("/other"), "request/rule", "no_rule"},
		{"no credential", a, ``, request("/api"), "0/credential", "missing"},
		{
			"two credentials", a, `,"from_headers":[{"name":"x-1"},{"name":"x-2"}]`,
			request("/api", [2]string{"x-1", good()}, [2]string{"x-2", good()}), "0/credential", "several_credentials",
		},
		{"another scheme", a, ``, request("/api", [2]string{"authorization", "Basic eDp5"}), "0/credential", "unsupported_scheme"},
		{"a scheme without a token", a, ``, request("/api", [2]string{"authorization", "Bearer"}), "0/credential", "token_malformed"},
		{"a long token", a, `,"max_token_bytes":50`, request("/api", bearer(good())), "0/size", "token_too_large"},
		{"two segments", a, ``, request("/api", bearer("a.b")), "0/structure", "token_malformed"},
		{"five segments", a, ``, request("/api", bearer("a.b.c.d.e")), "0/structure", "token_encrypted"},
		{"a header that is no object", a, ``, request("/api", bearer(sign(key, `[]`, body))), "0/header", "header_malformed"},
		{"a crit", a, ``, request("/api", bearer(sign(key, `{"alg":"EdDSA","crit":["exp"]}`, body))), "0/crit", "critical_header"},
		{"alg none", a, ``, request("/api", bearer(sign(key, `{"alg":"none"}`, body))), "0/alg", "algorithm_unsupported"},
		{"no alg", a, ``, request("/api", bearer(sign(key, `{"kid":"k1"}`, body))), "0/alg", "algorithm_missing"},
		{"claims that are no object", a, ``, request("/api", bearer(sign(key, head, `[]`))), "0/payload", "payload_malformed"},
		{
			"an algorithm that is not listed", a, `,"algorithms":["EdDSA"]`,
			request("/api", bearer(sign(key, `{"alg":"ES256"}`, body))), "0/algorithms", "algorithm_not_allowed",
		},
		{"another issuer", a, ``, request("/api", bearer(claims("a.example", "c.example"))), "0/iss", "issuer_mismatch"},
		{"an issuer that is a number", a, ``, request("/api", bearer(claims(`"https://a.example"`, "1"))), "0/iss", "claim_malformed"},
		{"exp is a text", a, ``, request("/api", bearer(claims("1800000300", `"x"`))), "0/dates", "claim_malformed"},
		{"no exp", a, ``, request("/api", bearer(claims(`,"exp":1800000300`, ""))), "0/exp_present", "expiration_missing"},
		{"expired at exp + skew", a, ``, request("/api", bearer(claims("1800000300", "1799999940"))), "0/exp", "expired"},
		{"before nbf - skew", a, ``, request("/api", bearer(claims(`"sub"`, `"nbf":1800000061,"sub"`))), "0/nbf", "not_yet_valid"},
		{"iat ahead", a, ``, request("/api", bearer(claims(`"sub"`, `"iat":1800000061,"sub"`))), "0/iat", "issued_in_future"},
		{"another audience", a, ``, request("/api", bearer(claims(`"api"`, `["x","y"]`))), "0/aud", "audience_mismatch"},
		{"an audience of numbers", a, ``, request("/api", bearer(claims(`"api"`, `[1]`))), "0/aud", "claim_malformed"},
		{"a long life", a, `,"max_lifetime":"60s"`, request("/api", bearer(good())), "0/max_lifetime", "lifetime_too_long"},
		{"jti is a number", a, ``, request("/api", bearer(claims(`"sub"`, `"jti":7,"sub"`))), "0/claim_types", "claim_malformed"},
		{"a type of another use", a, ``, request("/api", bearer(sign(key, `{"alg":"EdDSA","kid":"k1","typ":"dpop+jwt"}`, body))), "0/typ", "type_mismatch"},
		{"a type that is not the profile's", a, `,"profile":"at+jwt"`, request("/api", bearer(good())), "0/typ", "type_mismatch"},
		{
			"the profile's claim is not there", a, `,"profile":"at+jwt"`,
			request("/api", bearer(sign(key, `{"alg":"EdDSA","kid":"k1","typ":"at+jwt"}`, body))), "0/claim_types", "claim_missing",
		},
		{
			"an ID token of another client", a, `,"profile":"id_token"`,
			request("/api", bearer(claims(`"sub"`, `"iat":1799999990,"azp":"other","sub"`))), "0/claim_types", "party_mismatch",
		},
		{
			"authorize: authenticated too long ago", `{"provider_name":"a","authorize":{"max_age":"60s"}}`, ``,
			request("/api", bearer(claims(`"sub"`, `"auth_time":1799990000,"sub"`))), "1/max_age", "step_up_required",
		},
		{"extract_only: a stranger's token", `{"extract_only_without_validation":{}}`, ``, request("/api", bearer(sign(stranger, head, body))), "", ""},
		{"another subject", a, `,"subjects":{"exact":"x"}`, request("/api", bearer(good())), "0/subjects", "subject_mismatch"},
		{"an unknown kid", a, ``, request("/api", bearer(sign(key, `{"alg":"EdDSA","kid":"k9"}`, body))), "0/kid", "key_unknown"},
		{"no key of the family", a, ``, request("/api", bearer(sign(key, `{"alg":"ES256","kid":"k1"}`, body))), "0/key_fits", "key_mismatch"},
		{"a stranger's signature", a, ``, request("/api", bearer(sign(stranger, head, body))), "0/signature", "bad_signature"},
		{
			"the second of two claim rules", a, `,"claims":[{"path":["sub"],"exists":true},{"path":["scope"],"equals":"write"}]`,
			request("/api", bearer(good())), "0/claims[1]", "claim_mismatch",
		},
		{"a scope that is lacking", a, `,"required_scopes":{"all":["write"]}`, request("/api", bearer(good())), "0/required_scopes", "insufficient_scope"},
		{
			"authorize: a scope", `{"provider_name":"a","authorize":{"scopes":{"all":["write"]}}}`, ``,
			request("/api", bearer(good())), "1/required_scopes", "insufficient_scope",
		},
		{
			"authorize: a client", `{"provider_name":"a","authorize":{"clients":["x"]}}`, ``,
			request("/api", bearer(claims(`"sub"`, `"client_id":"y","sub"`))), "1/clients", "client_denied",
		},
		{
			"authorize: a claim", `{"provider_name":"a","authorize":{"claims":[{"path":["role"],"equals":"admin"}]}}`, ``,
			request("/api", bearer(good())), "1/claims[0]", "claim_denied",
		},
		{
			"any: the first good one ends it", `{"requires_any":{"requirements":[{"provider_name":"a"},{"provider_name":"b"}]}}`, ``,
			request("/api", bearer(good())), "", "",
		},
		{
			"all: the second is missing", `{"requires_all":{"requirements":[{"provider_name":"a"},{"provider_name":"b"}]}}`, ``,
			request("/api", bearer(good())), "1/credential", "missing",
		},
		{
			"audiences of the requirement replace the provider's", `{"provider_and_audiences":{"provider_name":"a","audiences":["x"]}}`, ``,
			request("/api", bearer(good())), "0/aud", "audience_mismatch",
		},
		{"allow_missing: a bad token", `{"allow_missing":{}}`, ``, request("/api", bearer(sign(stranger, head, body))), "0/signature", "bad_signature"},
		{"allow_missing: nobody's token", `{"allow_missing":{}}`, ``, request("/api", bearer(claims("a.example", "c.example"))), "0/iss", "issuer_unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			r := explained(t, path, config(tt.requirement, tt.extra), tt.request)
			if !r.Agreed {
				t.Errorf("module and explanation disagree: %s", r.Disagreement)
			}
			if got := failed(r); got != tt.want {
				t.Errorf("the check that fails is %q, want %q\n%s", got, tt.want, r.Text())
			}
			if r.Verdict.Reason != tt.reason || r.Verdict.Allowed != (tt.reason == "") {
				t.Errorf("verdict %+v, want reason %q", r.Verdict, tt.reason)
			}
			for _, b := range r.Branches {
				inOrder(t, b.Checks)
			}
			inOrder(t, r.Request)
		})
	}
}

// inOrder: passes, then at most one failure, then what is not reached.
func inOrder(t *testing.T, checks []explain.Check) {
	t.Helper()
	rank := map[explain.Outcome]int{explain.Pass: 0, explain.NotJudged: 0, explain.Fail: 1, explain.NotReached: 2}
	last, fails := 0, 0
	for _, c := range checks {
		n, ok := rank[c.Outcome]
		if !ok || n < last {
			t.Errorf("check %s is %q after rank %d", c.ID, c.Outcome, last)
		}
		if last = n; c.Outcome == explain.Fail {
			fails++
			if c.Reason == "" {
				t.Errorf("check %s fails without a reason", c.ID)
			}
		}
		if c.Clause == "" {
			t.Errorf("check %s cites nothing", c.ID)
		}
	}
	if fails > 1 {
		t.Errorf("%d checks fail", fails)
	}
}

// After the branch that proves, the others are listed and not reached.
func TestWhatIsNotReachedIsListed(t *testing.T) {
	r := explained(t, module(t), config(`{"requires_any":{"requirements":[{"provider_name":"a"},{"requires_all":{"requirements":[{"provider_name":"b"},{"provider_name":"a"}]}}]}}`, ``),
		request("/api", bearer(good())))
	var got []string
	for _, b := range r.Branches {
		got = append(got, b.Node+" "+b.Provider+" "+string(b.Outcome))
	}
	want := []string{
		"rules[0].requires.requires_any[0] a pass",
		"rules[0].requires.requires_any[1].requires_all[0] b not reached",
		"rules[0].requires.requires_any[1].requires_all[1] a not reached",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A report shows neither the token, nor a segment of it, nor claims that name a person,
// nor control characters of a caller's; F-05: nothing splits a line.
func TestNoCredentialIsShown(t *testing.T) {
	path := module(t)
	evil := sign(stranger, `{"alg":"EdDSA","kid":"k1\u001b[31m\n"}`, strings.Replace(body, `"api"`, `"api\u001b\n"`, 1))
	for _, token := range []string{good(), sign(stranger, head, body), evil} {
		r := explained(t, path, config(`{"provider_name":"a"}`, ``), strings.Replace(request("/api", bearer(token)), `"path":"/api"`, `"path":"/api","query":"access_token=`+token+`"`, 1))
		text := r.Text() + quoted(r)
		for _, segment := range strings.Split(token, ".") {
			if strings.Contains(text, segment) {
				t.Errorf("a segment of the token is shown: %s", text)
			}
		}
		if strings.Contains(text, "s3cr3t-subject") {
			t.Error("the subject is shown")
		}
		if strings.Contains(r.Text(), "\x1b") {
			t.Error("a control character is shown")
		}
	}
}

// JWT-SVID §3.1: the subject is a workload of the trust domain, whatever subjects says.
func TestASubjectThatIsNoWorkload(t *testing.T) {
	const cfg = `{"providers":{"a":{"profile":"jwt-svid","trust_domain":"prod.test","audiences":["api"],"subjects":{"prefix":"s"},
		"remote_jwks":{"http_uri":{"uri":"https://a.example/keys","cluster":"login"}}}},"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"a"}}]}`
	r := explained(t, module(t), cfg, request("/", bearer(sign(key, `{"alg":"ES256","kid":"k1"}`, body))))
	if !r.Agreed || failed(r) != "0/claim_types" || r.Verdict.Reason != "subject_mismatch" {
		t.Errorf("agreed %v (%s), failed %q, verdict %+v\n%s", r.Agreed, r.Disagreement, failed(r), r.Verdict, r.Text())
	}
}

// What nobody judges is not said to be good.
func TestExtractionIsNotJudged(t *testing.T) {
	e := module(t)
	for _, compat := range []string{"", `"compat":"jwt_authn",`} {
		cfg := strings.Replace(config(`{"extract_only_without_validation":{}}`, ``), `{"providers"`, `{`+compat+`"providers"`, 1)
		r := explained(t, e, cfg, request("/api", bearer(sign(stranger, head, body))))
		if !r.Agreed || !r.Verdict.Allowed || len(r.Branches) != 1 || r.Branches[0].Outcome != explain.NotJudged ||
			len(r.Branches[0].Checks) != 1 || r.Branches[0].Checks[0].Outcome != explain.NotJudged || !strings.Contains(r.Text(), "not judged") {
			t.Errorf("%+v\n%s", r, r.Text())
		}
	}
}

// Remote sets come from the line's callouts.
func TestRemoteKeySets(t *testing.T) {
	path := module(t)
	const cfg = `{"providers":{"a":{"issuer":"https://a.example","remote_jwks":{"http_uri":{"uri":"https://a.example/keys","cluster":"login","timeout":"5s"}}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"a"}}]}`
	keys := func(kid string) string { return `{"status":200,"body":` + quoted(jwks(kid)) + `}` }
	tests := []struct{ law, callouts, want, reason string }{
		{"a set that is there", keys("k1"), "", ""},
		{"a set that is not there", `{"status":500}`, "0/keys", "keys_unavailable"},
		{"a set that never comes", `{"reset":true}`, "0/keys", "keys_unavailable"},
		{"a set without the kid", keys("k2"), "0/kid", "key_unknown"},
		{"a set that gets the kid when asked again", `[` + keys("k2") + `,` + keys("k1") + `]`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			r := explained(t, path, cfg, `"callouts":{"login https://a.example/keys":`+tt.callouts+`},`+request("/", bearer(good())))
			if !r.Agreed || failed(r) != tt.want || r.Verdict.Reason != tt.reason {
				t.Errorf("agreed %v (%s), failed %q, verdict %+v\n%s", r.Agreed, r.Disagreement, failed(r), r.Verdict, r.Text())
			}
			if len(r.KeySets) == 0 {
				t.Error("nothing is said about the key set")
			}
		})
	}
}

// Compat judges every token, and all must be good.
func TestCompat(t *testing.T) {
	path := module(t)
	cfg := strings.Replace(config(`{"provider_name":"a"}`, ``), `{"providers"`, `{"compat":"jwt_authn","providers"`, 1)
	tests := []struct{ law, request, want, reason string }{
		{"a good token", request("/api", bearer(good())), "", ""},
		{"no rule is no refusal", request("/x"), "", ""},
		{"no exp is no refusal", request("/api", bearer(claims(`,"exp":1800000300`, ""))), "", ""},
		{"no token", request("/api"), "0/credential", "missing"},
		{"an expired one", request("/api", bearer(claims("1800000300", "1799999939"))), "0/exp", "expired"},
		{"exactly at exp + skew is good", request("/api", bearer(claims("1800000300", "1799999940"))), "", ""},
		{"of two the second is bad", request("/api?access_token="+good(), bearer(sign(stranger, head, body))), "1/signature", "bad_signature"},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			r := explained(t, path, cfg, strings.Replace(tt.request, `"path":"/api?`, `"path":"/api","query":"`, 1))
			if !r.Agreed || failed(r) != tt.want || r.Verdict.Reason != tt.reason {
				t.Errorf("agreed %v (%s), failed %q, verdict %+v\n%s", r.Agreed, r.Disagreement, failed(r), r.Verdict, r.Text())
			}
		})
	}
}

// In report mode what is refused is let through, and the check is named all the same.
func TestReportMode(t *testing.T) {
	cfg := strings.Replace(config(`{"provider_name":"a"}`, ``), `{"providers"`, `{"mode":"report","providers"`, 1)
	e := module(t)
	for request, want := range map[string]string{
		request("/api", bearer(sign(stranger, head, body))): "bad_signature", request("/x"): "no_rule", request("/a/../b"): "path_not_normal",
	} {
		r := explained(t, e, cfg, request)
		if !r.Agreed || !r.Reported || !r.Verdict.Allowed || r.Verdict.Reason != want || failed(r) == "" {
			t.Errorf("agreed %v (%s), reported %v, verdict %+v, want %s", r.Agreed, r.Disagreement, r.Reported, r.Verdict, want)
		}
	}
}

// A configuration that is refused is no report.
func TestARefusedConfiguration(t *testing.T) {
	c, err := replay.ParseCase([]byte(`{"config":{"nope":1},` + request("/") + `}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = explain.Run(context.Background(), module(t), c)
	var refused *explain.Refused
	if !errors.As(err, &refused) || !strings.Contains(refused.Problems, "nope: unknown key") {
		t.Errorf("got %v", err)
	}
}
