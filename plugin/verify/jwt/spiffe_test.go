package jwt_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

var svid = []string{"sub", `"spiffe://prod.test/ns/a/sa/b"`, "aud", `"api"`, "exp", "1700003600"}

func svidConfig() *jwt.Config {
	return &jwt.Config{
		Audiences: []string{"api"}, Algorithms: jwt.SVIDAlgorithms(), ClockSkewSeconds: 60,
		Profile: jwt.ProfileSVID, TrustDomain: "prod.test",
	}
}

func TestSVIDProfile(t *testing.T) {
	for header, want := range map[string]reason.Code{
		`{"alg":"ES256"}`:                       reason.OK,
		`{"alg":"ES256","typ":"JWT"}`:           reason.OK,
		`{"alg":"ES256","typ":"JOSE"}`:          reason.OK,
		`{"alg":"ES256","typ":"jwt"}`:           reason.TypeMismatch,
		`{"alg":"ES256","typ":"at+jwt"}`:        reason.TypeMismatch,
		`{"alg":"ES256","typ":""}`:              reason.TypeMismatch,
		`{"alg":"ES256","typ":"JWT","kid":"x"}`: reason.OK,
		`{"alg":"EdDSA"}`:                       reason.AlgorithmNotAllowed,
		`{"alg":"HS256"}`:                       reason.AlgorithmNotAllowed,
	} {
		if got := judged(t, svidConfig(), header, object(svid...)); got != want {
			t.Errorf("C-10 %s: %v, want %v", header, got, want)
		}
	}
	for _, alg := range algorithms {
		want := kind(alg) != "EdDSA" && kind(alg) != "HS"
		if got := jwt.SVIDAlgorithms().Has(jwa.Parse(alg)); got != want {
			t.Errorf("%s for an SVID: %v", alg, got)
		}
	}
	for _, c := range []struct {
		law   string
		pairs []string
		want  reason.Code
	}{
		{"sub, aud and exp are enough", nil, reason.OK},
		{"C-10 aud absent", []string{"aud", ""}, reason.AudienceMismatch},
		{"another's aud", []string{"aud", `"other"`}, reason.AudienceMismatch},
		{"exp absent", []string{"exp", ""}, reason.ExpirationMissing},
		{"exp past", []string{"exp", "1699999000"}, reason.Expired},
		{"sub absent", []string{"sub", ""}, reason.ClaimMissing},
		{"sub a list", []string{"sub", `["spiffe://prod.test/a"]`}, reason.ClaimMalformed},
		{"any issuer", []string{"iss", `"https://oidc.prod.test"`}, reason.OK},
	} {
		if got := judged(t, svidConfig(), `{"alg":"ES256"}`, with(svid, c.pairs...)); got != c.want {
			t.Errorf("%s: %v, want %v", c.law, got, c.want)
		}
	}
}

// C-10: one spelling, one trust domain. The first ones are the standard's own examples
// (SPIFFE-ID §2.2), with its domains put in.
func TestSPIFFEID(t *testing.T) {
	for _, c := range []struct {
		domain, id string
		want       bool
	}{
		{"staging.example.com", "spiffe://staging.example.com/payments/mysql", true},
		{"staging.example.com", "spiffe://staging.example.com/payments/web-fe", true},
		{"k8s-west.example.com", "spiffe://k8s-west.example.com/ns/staging/sa/default", true},
		{"example.com", "spiffe://example.com/9eebccd2-12bf-40a6-b262-65fe0487d453", true},
		{"prod.test", "spiffe://prod.test/A.b_c-d/9", true},
		{"prod.test", "spiffe://prod.test/...", true},
		{"prod.test", "spiffe://prod.test.evil/a", false},
		{"prod.test", "spiffe://evil.prod.test/a", false},
		{"prod.test", "SPIFFE://prod.test/a", false},
		{"prod.test", "spiffe://PROD.test/a", false},
		{"prod.test", "spiffe://user@prod.test/a", false},
		{"prod.test", "spiffe://prod.test@evil.test/a", false},
		{"prod.test", "spiffe://prod.test:8443/a", false},
		{"prod.test", "spiffe://prod.test/a?b=c", false},
		{"prod.test", "spiffe://prod.test/a#b", false},
		{"prod.test", "spiffe://prod.test//a", false},
		{"prod.test", "spiffe://prod.test/a//b", false},
		{"prod.test", "spiffe://prod.test/a/../b", false},
		{"prod.test", "spiffe://prod.test/..", false},
		{"prod.test", "spiffe://prod.test/./a", false},
		{"prod.test", "spiffe://prod.test/a/.", false},
		{"prod.test", "spiffe://prod.test/a%2fb", false},
		{"prod.test", "spiffe://prod.test/a\\b", false},
		{"prod.test", "spiffe://prod.test/a b", false},
		{"prod.test", "spiffe://prod.test/é", false},
		{"prod.test", "spiffe://prod.test/a\n", false},
		{"prod.test", "spiffe://prod.test/a\x00", false},
		{"prod.test", "spiffe://prod.test", false},
		{"prod.test", "spiffe://prod.test/", false},
		{"prod.test", "spiffe://prod.test/a/", false},
		{"prod.test", "spiffe:/prod.test/a", false},
		{"prod.test", "spiffe:///a", false},
		{"prod.test", "https://prod.test/a", false},
		{"prod.test", "//prod.test/a", false},
		{"prod.test", "", false},
		{"", "spiffe:///a", false},
		{"prod.test", "spiffe://prod.test/" + strings.Repeat("a", 2048-len("spiffe://prod.test/")), true},
		{"prod.test", "spiffe://prod.test/" + strings.Repeat("a", 2049-len("spiffe://prod.test/")), false},
	} {
		cfg := svidConfig()
		cfg.TrustDomain = c.domain
		want := reason.SubjectMismatch
		switch {
		case c.want:
			want = reason.OK
		case c.id == "":
			want = reason.ClaimMissing
		}
		sub := strings.ReplaceAll(strings.ReplaceAll(strconv.Quote(c.id), `\x00`, `\u0000`), `\u00e9`, `é`)
		if got := judged(t, cfg, `{"alg":"ES256"}`, with(svid, "sub", sub)); got != want {
			t.Errorf("%q in %q: %v, want %v", c.id, c.domain, got, want)
		}
	}
}

func TestTrustDomain(t *testing.T) {
	for name, want := range map[string]bool{
		"example.org": true, "prod_1-a.test": true, "a": true, "10.0.0.1": true, strings.Repeat("a", 255): true,
		"": false, "Prod.test": false, "a/b": false, "a:1": false, "spiffe://a": false, "a b": false, "ä": false, "u@a": false,
		"a%41": false, strings.Repeat("a", 256): false,
	} {
		if got := jwt.IsTrustDomain(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// FuzzSPIFFEID: what is accepted is a URI that says the same to a URI parser.
func FuzzSPIFFEID(f *testing.F) {
	for _, seed := range []string{"spiffe://prod.test/a", "spiffe://prod.test/a/../b", "spiffe://prod.test/%61", "spiffe://prod.test.evil/a", "spiffe://prod.test/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
			return // would not stand in the JSON text below as it is
		}
		if judged(t, svidConfig(), `{"alg":"ES256"}`, with(svid, "sub", `"`+id+`"`)) != reason.OK {
			return
		}
		u, err := url.Parse(id)
		if err != nil || u.Scheme != "spiffe" || u.Host != "prod.test" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.String() != id {
			t.Fatalf("%q is read as %+v, %v", id, u, err)
		}
		if joined := u.JoinPath(); joined.String() != id || len(u.Path) < 2 {
			t.Fatalf("%q is not clean: %s", id, joined)
		}
	})
}
