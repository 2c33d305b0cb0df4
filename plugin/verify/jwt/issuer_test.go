package jwt_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

func pattern(t testing.TB, text string, bound map[string][]string) *jwt.IssuerPattern {
	t.Helper()
	p, err := jwt.ParseIssuerPattern(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range bound {
		if !p.Bind(name, values) {
			t.Fatalf("%s has no %s", text, name)
		}
	}
	return p
}

// C-05: the whole issuer, to the byte, with the token's own claims in it.
func TestIssuerPattern(t *testing.T) {
	const login = "https://login.example/{tid}/v2.0"
	tenants := map[string][]string{"tid": {"t1", "b2c.t-2_~"}}
	for _, c := range []struct {
		law, pattern string
		bound        map[string][]string
		claims       string
		want         bool
	}{
		{"an allowed tenant", login, tenants, `{"iss":"https://login.example/t1/v2.0","tid":"t1"}`, true},
		{"another allowed tenant", login, tenants, `{"iss":"https://login.example/b2c.t-2_~/v2.0","tid":"b2c.t-2_~"}`, true},
		{"a tenant that is not allowed", login, tenants, `{"iss":"https://login.example/t3/v2.0","tid":"t3"}`, false},
		{"any tenant", login, nil, `{"iss":"https://login.example/t3/v2.0","tid":"t3"}`, true},
		{"C-05 the claim is another one", login, nil, `{"iss":"https://login.example/t1/v2.0","tid":"t2"}`, false},
		{"C-05 the claim is not there", login, nil, `{"iss":"https://login.example/t1/v2.0"}`, false},
		{"C-05 the claim is longer", login, nil, `{"iss":"https://login.example/t1/v2.0","tid":"t11"}`, false},
		{"C-05 the claim is shorter", login, nil, `{"iss":"https://login.example/t11/v2.0","tid":"t1"}`, false},
		{"C-05 the claim is in other case", login, nil, `{"iss":"https://login.example/t1/v2.0","tid":"T1"}`, false},
		{"C-05 the claim is a number", login, nil, `{"iss":"https://login.example/7/v2.0","tid":7}`, false},
		{"C-05 the claim is a list", login, nil, `{"iss":"https://login.example/t1/v2.0","tid":["t1"]}`, false},
		{"C-05 the claim is null, its place empty", login, nil, `{"iss":"https://login.example//v2.0","tid":null}`, false},
		{"C-05 empty", login, nil, `{"iss":"https://login.example//v2.0","tid":""}`, false},
		{"C-05 a slash", login, nil, `{"iss":"https://login.example/a/b/v2.0","tid":"a/b"}`, false},
		{"C-05 a dot segment", login, nil, `{"iss":"https://login.example/../v2.0","tid":".."}`, false},
		{"C-05 a single dot", login, nil, `{"iss":"https://login.example/./v2.0","tid":"."}`, false},
		{"C-05 two dots within", login, nil, `{"iss":"https://login.example/a..b/v2.0","tid":"a..b"}`, false},
		{"C-05 one dot within is a character", login, nil, `{"iss":"https://login.example/a.b/v2.0","tid":"a.b"}`, true},
		{"C-05 %2f", login, nil, `{"iss":"https://login.example/a%2fb/v2.0","tid":"a%2fb"}`, false},
		{"C-05 a line feed", login, nil, `{"iss":"https://login.example/a\nb/v2.0","tid":"a\nb"}`, false},
		{"C-05 a NUL", login, nil, `{"iss":"https://login.example/a\u0000/v2.0","tid":"a\u0000"}`, false},
		{"C-05 a backslash", login, nil, `{"iss":"https://login.example/a\\b/v2.0","tid":"a\\b"}`, false},
		{"C-05 a query", login, nil, `{"iss":"https://login.example/a?/v2.0","tid":"a?"}`, false},
		{"C-05 a fragment", login, nil, `{"iss":"https://login.example/a#/v2.0","tid":"a#"}`, false},
		{"C-05 beyond ASCII", login, nil, `{"iss":"https://login.example/é/v2.0","tid":"é"}`, false},
		{"C-05 a dot of the pattern is a dot", login, nil, `{"iss":"https://loginxexample/t1/v2.0","tid":"t1"}`, false},
		{"C-05 another host", login, nil, `{"iss":"https://evil.example/t1/v2.0","tid":"t1"}`, false},
		{"C-05 another host behind", login, nil, `{"iss":"https://login.example.evil/t1/v2.0","tid":"t1"}`, false},
		{"C-05 text before", login, nil, `{"iss":"xhttps://login.example/t1/v2.0","tid":"t1"}`, false},
		{"C-05 text behind", login, nil, `{"iss":"https://login.example/t1/v2.0/","tid":"t1"}`, false},
		{"C-05 cut short", login, nil, `{"iss":"https://login.example/t1","tid":"t1"}`, false},
		{"C-05 the end is missing", login, nil, `{"iss":"https://login.example/t1/v2.","tid":"t1"}`, false},
		{"the pattern itself", login, nil, `{"iss":"https://login.example/{tid}/v2.0","tid":"{tid}"}`, false},
		{"a claim at the end", "https://login.example/{tid}", nil, `{"iss":"https://login.example/t1","tid":"t1"}`, true},
		{"a claim at the end, and more", "https://login.example/{tid}", nil, `{"iss":"https://login.example/t1/x","tid":"t1"}`, false},
		{"a claim at the beginning", "{tid}.login.example", nil, `{"iss":"t1.login.example","tid":"t1"}`, true},
		{"a host of one's own is no tenant", "https://{tid}.login.example/", nil, `{"iss":"https://evil.test/.login.example/","tid":"evil.test/"}`, false},
		{"nothing but a claim", "{iss}", nil, `{"iss":"t1"}`, true},
		{"two claims", "https://{org}.example/{tid}/", nil, `{"iss":"https://a.example/b/","org":"a","tid":"b"}`, true},
		{"two claims, one wrong", "https://{org}.example/{tid}/", nil, `{"iss":"https://a.example/b/","org":"a","tid":"c"}`, false},
		{"two claims that could be divided otherwise", "{a}-{b}", nil, `{"iss":"x-y-z","a":"x-y","b":"z"}`, true},
		{"and are", "{a}-{b}", nil, `{"iss":"x-y-z","a":"x","b":"y-z"}`, true},
		{"but not so", "{a}-{b}", nil, `{"iss":"x-y-z","a":"x","b":"z"}`, false},
		{"a claim's name with dots", "https://login.example/{https://x.test/tid}", nil, `{"iss":"https://login.example/t1","https://x.test/tid":"t1"}`, true},
		{"a nested claim is another one", "https://login.example/{a.b}", nil, `{"iss":"https://login.example/t1","a":{"b":"t1"}}`, false},
		{"no issuer", login, nil, `{"tid":"t1"}`, false},
	} {
		cfg := &jwt.Config{Algorithms: jwa.Asymmetric(), IssuerPattern: pattern(t, c.pattern, c.bound)}
		want := reason.IssuerMismatch
		if c.want {
			want = reason.OK
		}
		if got := judged(t, cfg, `{"alg":"ES256"}`, c.claims); got != want {
			t.Errorf("%s: %v, want %v", c.law, got, want)
		}
		var a jwt.Attempt
		a.Parse(unsigned(`{"alg":"ES256"}`, c.claims), 16384, 1)
		if a.IssuedFor(cfg) != c.want {
			t.Errorf("%s: IssuedFor says %v", c.law, !c.want)
		}
	}
}

func TestIssuerList(t *testing.T) {
	cfg := &jwt.Config{Algorithms: jwa.Asymmetric(), Issuers: []string{"https://a.test", "b.test"}}
	for claims, want := range map[string]reason.Code{
		`{"iss":"https://a.test"}`: reason.OK, `{"iss":"b.test"}`: reason.OK,
		`{"iss":"https://b.test"}`: reason.IssuerMismatch, `{"iss":"https://a.test/"}`: reason.IssuerMismatch,
		`{"iss":"https://A.test"}`: reason.IssuerMismatch, `{"iss":""}`: reason.IssuerMismatch, `{}`: reason.IssuerMismatch,
		`{"iss":["https://a.test"]}`: reason.ClaimMalformed, `{"iss":["https://a.test","b.test"]}`: reason.ClaimMalformed, // C-04
		`{"iss":"https://a.test@evil"}`: reason.IssuerMismatch, `{"iss":"https://a.test.evil"}`: reason.IssuerMismatch,
		`{"iss":"https%3a//a.test"}`: reason.IssuerMismatch,
	} {
		if got := judged(t, cfg, `{"alg":"ES256"}`, claims); got != want {
			t.Errorf("%s: %v, want %v", claims, got, want)
		}
	}
	if (&jwt.Config{}).AnyIssuer() != true || cfg.AnyIssuer() || (&jwt.Config{Issuer: "x"}).AnyIssuer() {
		t.Error("who asks for an issuer and who does not")
	}
	var a jwt.Attempt
	a.Parse(unsigned(`{"alg":"ES256"}`, `{}`), 16384, 1)
	if a.IssuedFor(&jwt.Config{}) {
		t.Error("a token without issuer is nobody's, also where nobody is asked for")
	}
}

func TestPatternsThatHaveNoMeaning(t *testing.T) {
	for _, text := range []string{"", "https://a.test/", "{", "}", "{}", "a{", "a}b{c}", "{a", "{a}{b}", "{a}x{a}", "{a{b}}", "{a}}", "{{a}"} {
		if p, err := jwt.ParseIssuerPattern(text); err == nil {
			t.Errorf("%q: %q", text, p.Claims())
		}
	}
}

// FuzzIssuerPattern: an accepted issuer is the pattern with the claims in it and nothing
// else, and each of them is one part of one segment.
func FuzzIssuerPattern(f *testing.F) {
	f.Add("https://login.example/{tid}/v2.0", "https://login.example/t1/v2.0", "t1")
	f.Add("{tid}", "..", "..")
	f.Add("a{tid}b{x}", "aab", "a")
	f.Fuzz(func(t *testing.T, text, issuer, value string) {
		p, err := jwt.ParseIssuerPattern(text)
		if err != nil {
			return
		}
		names := p.Claims()
		if len(names) != 1 || names[0] == "iss" {
			return
		}
		for _, s := range []string{text, issuer, value} {
			if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
				return // would not stand in JSON as it is
			}
		}
		cfg := &jwt.Config{Algorithms: jwa.Asymmetric(), IssuerPattern: p}
		claims := object("iss", strconv.Quote(issuer), names[0], strconv.Quote(value))
		ok := judged(t, cfg, `{"alg":"ES256"}`, claims) == reason.OK
		put := strings.Replace(text, "{"+names[0]+"}", value, 1)
		harmless := value != "" && value != "." && !strings.Contains(value, "..") && !strings.ContainsAny(value, "/%\\?#@:{} \"")
		if ok && (issuer != put || !harmless) {
			t.Fatalf("%q accepts %q with %q", text, issuer, value)
		}
		if !ok && issuer == put && jwt.CanFill(value) {
			t.Fatalf("%q refuses %q with %q", text, issuer, value)
		}
	})
}
