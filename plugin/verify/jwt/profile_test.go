package jwt_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// object is a JSON object of names and raw values, in order; a raw value of "" is left out.
func object(pairs ...string) string {
	var text []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			text = append(text, strconv.Quote(pairs[i])+":"+pairs[i+1])
		}
	}
	return "{" + strings.Join(text, ",") + "}"
}

// with returns members with others put in their place, or behind them.
func with(members []string, pairs ...string) string {
	out := append([]string(nil), members...)
next:
	for i := 0; i < len(pairs); i += 2 {
		for j := 0; j < len(out); j += 2 {
			if out[j] == pairs[i] {
				out[j+1] = pairs[i+1]
				continue next
			}
		}
		out = append(out, pairs[i], pairs[i+1])
	}
	return object(out...)
}

// judged parses and checks.
func judged(t *testing.T, cfg *jwt.Config, header, claims string) reason.Code {
	t.Helper()
	var a jwt.Attempt
	if code := a.Parse(unsigned(header, claims), 65536, 1); code != reason.OK {
		return code
	}
	return a.Check(cfg, nil, now)
}

// J-16 and the like: without a profile a token may have any type but one of another use.
func TestTypeWithoutProfile(t *testing.T) {
	for typ, want := range map[string]reason.Code{
		"JWT": reason.OK, "jwt": reason.OK, "": reason.OK, "at+jwt": reason.OK, "application/at+jwt": reason.OK,
		"JOSE": reason.OK, "session+jwt": reason.OK, "dpop": reason.OK, "xdpop+jwt": reason.OK, "dpop+jwt ": reason.OK,
		"dpop+jwt": reason.TypeMismatch, "DPoP+JWT": reason.TypeMismatch, "application/dpop+jwt": reason.TypeMismatch,
		"APPLICATION/DPOP+JWT": reason.TypeMismatch, "logout+jwt": reason.TypeMismatch, "secevent+jwt": reason.TypeMismatch,
		"token-introspection+jwt": reason.TypeMismatch, "application/token-introspection+jwt": reason.TypeMismatch,
		"oauth-authz-req+jwt": reason.TypeMismatch, "kb+jwt": reason.TypeMismatch, "entity-statement+jwt": reason.TypeMismatch,
		"trust-mark+jwt": reason.TypeMismatch, "resolve-response+jwt": reason.TypeMismatch, "openid4vci-proof+jwt": reason.TypeMismatch,
	} {
		header := object("alg", `"ES256"`, "typ", strconv.Quote(typ))
		if got := judged(t, strict(), header, claims()); got != want {
			t.Errorf("J-16 typ %q: %v, want %v", typ, got, want)
		}
		any := strict()
		any.AnyType = true
		if got := judged(t, any, header, claims()); got != reason.OK {
			t.Errorf("typ %q where any is taken: %v", typ, got)
		}
	}
	if got := judged(t, strict(), `{"alg":"ES256"}`, claims()); got != reason.OK {
		t.Errorf("no typ: %v", got)
	}
}

// The example of RFC 9068 §2.2 (figure 2), moved to the time of these tests.
var accessToken = []string{
	"iss", `"https://authorization-server.example.com/"`, "sub", `"5ba552d67"`, "aud", `"https://rs.example.com/"`,
	"exp", "1700003600", "iat", "1700000000", "jti", `"dbe39bf3a3ba4238a513f51d6e1691c4"`, "client_id", `"s6BhdRkqt3"`,
	"scope", `"openid profile reademail"`,
}

const accessHeader = `{"typ":"at+JWT","alg":"RS256","kid":"RjEwOwOA"}` // figure 1

func accessConfig() *jwt.Config {
	return &jwt.Config{
		Issuer: "https://authorization-server.example.com/", Audiences: []string{"https://rs.example.com/"},
		Algorithms: jwa.Asymmetric(), ClockSkewSeconds: 60, Profile: jwt.ProfileAccessToken,
	}
}

func TestAccessTokenProfile(t *testing.T) {
	for _, c := range []struct {
		law, typ string
		want     reason.Code
	}{
		{"J-15 at+jwt", `"at+jwt"`, reason.OK},
		{"J-15 AT+JWT", `"AT+JWT"`, reason.OK},
		{"J-15 application/at+jwt", `"application/at+jwt"`, reason.OK},
		{"J-15 application/AT+JWT", `"application/AT+JWT"`, reason.OK},
		{"J-15 APPLICATION/at+jwt", `"APPLICATION/at+jwt"`, reason.OK},
		{"J-15 escaped it is the same text", `"at\u002bjwt"`, reason.OK},
		{"J-15 absent", "", reason.TypeMismatch},
		{"J-15 empty", `""`, reason.TypeMismatch},
		{"J-15, C-07 JWT: an ID token", `"JWT"`, reason.TypeMismatch},
		{"J-15 a space before", `" at+jwt"`, reason.TypeMismatch},
		{"J-15 a space behind", `"at+jwt "`, reason.TypeMismatch},
		{"J-15 a parameter", `"at+jwt;v=1"`, reason.TypeMismatch},
		{"J-15 application/at+jwt2", `"application/at+jwt2"`, reason.TypeMismatch},
		{"J-15 a NUL behind", `"at+jwt\u0000"`, reason.TypeMismatch},
		{"J-15 text/at+jwt", `"text/at+jwt"`, reason.TypeMismatch},
		{"J-15 application/ twice", `"application/application/at+jwt"`, reason.TypeMismatch},
		{"J-15 application/ alone", `"application/"`, reason.TypeMismatch},
		{"J-16 dpop+jwt", `"dpop+jwt"`, reason.TypeMismatch},
		{"J-15 a number", `7`, reason.HeaderMalformed},
		{"J-15 a list", `["at+jwt"]`, reason.HeaderMalformed},
	} {
		if got := judged(t, accessConfig(), object("alg", `"RS256"`, "typ", c.typ), object(accessToken...)); got != c.want {
			t.Errorf("%s: %v, want %v", c.law, got, c.want)
		}
	}
	for _, c := range []struct {
		law   string
		pairs []string
		want  reason.Code
	}{
		{"RFC 9068's own example", nil, reason.OK},
		{"iss absent", []string{"iss", ""}, reason.IssuerMismatch},
		{"sub absent", []string{"sub", ""}, reason.ClaimMissing},
		{"sub empty", []string{"sub", `""`}, reason.ClaimMissing},
		{"sub a number", []string{"sub", "5"}, reason.ClaimMalformed},
		{"aud absent", []string{"aud", ""}, reason.AudienceMismatch},
		{"aud another's", []string{"aud", `"https://other.example.com/"`}, reason.AudienceMismatch},
		{"exp absent, though the provider does not ask for it", []string{"exp", ""}, reason.ExpirationMissing},
		{"exp past", []string{"exp", "1699990000"}, reason.Expired},
		{"iat absent", []string{"iat", ""}, reason.ClaimMissing},
		{"iat in the future", []string{"iat", "1700000061"}, reason.IssuedInFuture},
		{"jti absent", []string{"jti", ""}, reason.ClaimMissing},
		{"jti empty", []string{"jti", `""`}, reason.ClaimMissing},
		{"client_id absent", []string{"client_id", ""}, reason.ClaimMissing},
		{"client_id empty", []string{"client_id", `""`}, reason.ClaimMissing},
		{"client_id a number", []string{"client_id", "7"}, reason.ClaimMalformed},
		{"client_id null", []string{"client_id", "null"}, reason.ClaimMalformed},
		{"client_id in other case is another claim", []string{"client_id", "", "Client_id", `"x"`}, reason.ClaimMissing},
		{"azp does not stand for client_id", []string{"client_id", "", "azp", `"x"`}, reason.ClaimMissing},
	} {
		if got := judged(t, accessConfig(), accessHeader, with(accessToken, c.pairs...)); got != c.want {
			t.Errorf("%s: %v, want %v", c.law, got, c.want)
		}
	}
	open := accessConfig()
	open.Issuer, open.Audiences = "", nil
	for _, c := range []struct {
		law   string
		pairs []string
		want  reason.Code
	}{
		{"nobody in particular: iss must be there", []string{"iss", ""}, reason.ClaimMissing},
		{"nobody in particular: aud must be there", []string{"aud", ""}, reason.ClaimMissing},
		{"nobody in particular: aud must name somebody", []string{"aud", "[]"}, reason.ClaimMissing},
		{"nobody in particular: aud must not be empty", []string{"aud", `""`}, reason.ClaimMissing},
		{"nobody in particular: anybody", nil, reason.OK},
	} {
		if got := judged(t, open, accessHeader, with(accessToken, c.pairs...)); got != c.want {
			t.Errorf("%s: %v, want %v", c.law, got, c.want)
		}
	}
}

// idToken has the claims of the example in OpenID Connect Core §2.
var idToken = []string{
	"iss", `"https://server.example.com"`, "sub", `"24400320"`, "aud", `"s6BhdRkqt3"`, "nonce", `"n-0S6_WzA2Mj"`,
	"exp", "1700003600", "iat", "1700000000", "auth_time", "1699999999", "acr", `"urn:mace:incommon:iap:silver"`,
}

func TestIDTokenProfile(t *testing.T) {
	cfg := func() *jwt.Config {
		return &jwt.Config{
			Issuer: "https://server.example.com", Audiences: []string{"s6BhdRkqt3", "mobile"},
			Algorithms: jwa.Asymmetric(), ClockSkewSeconds: 60, Profile: jwt.ProfileIDToken,
		}
	}
	for typ, want := range map[string]reason.Code{
		"": reason.OK, `"JWT"`: reason.OK, `"jwt"`: reason.OK, `"application/jwt"`: reason.OK,
		`"at+jwt"`: reason.TypeMismatch, `"application/at+jwt"`: reason.TypeMismatch, `"logout+jwt"`: reason.TypeMismatch, `"JOSE"`: reason.TypeMismatch,
	} {
		if got := judged(t, cfg(), object("alg", `"RS256"`, "typ", typ), object(idToken...)); got != want {
			t.Errorf("C-07 typ %s: %v, want %v", typ, got, want)
		}
	}
	for _, c := range []struct {
		law   string
		pairs []string
		want  reason.Code
	}{
		{"OpenID Connect Core's own example", nil, reason.OK},
		{"iss absent", []string{"iss", ""}, reason.IssuerMismatch},
		{"sub absent", []string{"sub", ""}, reason.ClaimMissing},
		{"exp absent", []string{"exp", ""}, reason.ExpirationMissing},
		{"iat absent", []string{"iat", ""}, reason.ClaimMissing},
		{"aud absent", []string{"aud", ""}, reason.AudienceMismatch},
		{"another client's", []string{"aud", `"other"`}, reason.AudienceMismatch},
		{"a list of one", []string{"aud", `["s6BhdRkqt3"]`}, reason.OK},
		{"C-07 two audiences and no azp", []string{"aud", `["s6BhdRkqt3","other"]`}, reason.PartyMismatch},
		{"C-07 two audiences, both ours, and no azp", []string{"aud", `["s6BhdRkqt3","mobile"]`}, reason.PartyMismatch},
		{"two audiences and azp ours", []string{"aud", `["s6BhdRkqt3","other"]`, "azp", `"s6BhdRkqt3"`}, reason.OK},
		{"two audiences and azp another client of ours", []string{"aud", `["s6BhdRkqt3","other"]`, "azp", `"mobile"`}, reason.OK},
		{"C-07 two audiences and a foreign azp among them", []string{"aud", `["s6BhdRkqt3","other"]`, "azp", `"other"`}, reason.PartyMismatch},
		{"C-07 a foreign azp", []string{"azp", `"other"`}, reason.PartyMismatch},
		{"azp ours", []string{"azp", `"s6BhdRkqt3"`}, reason.OK},
		{"C-07 azp empty", []string{"azp", `""`}, reason.PartyMismatch},
		{"azp a list", []string{"azp", `["s6BhdRkqt3"]`}, reason.ClaimMalformed},
		{"azp null", []string{"azp", `null`}, reason.ClaimMalformed},
		{"the nonce is the client's, not ours", []string{"nonce", ""}, reason.OK},
	} {
		if got := judged(t, cfg(), `{"alg":"RS256"}`, with(idToken, c.pairs...)); got != c.want {
			t.Errorf("%s: %v, want %v", c.law, got, c.want)
		}
	}
	open := cfg()
	open.Audiences = nil
	for _, c := range []struct {
		law   string
		pairs []string
		want  reason.Code
	}{
		{"without audiences azp must be one of the token's", []string{"azp", `"s6BhdRkqt3"`}, reason.OK},
		{"of a list too", []string{"aud", `["a","b"]`, "azp", `"b"`}, reason.OK},
		{"and no other", []string{"aud", `["a","b"]`, "azp", `"c"`}, reason.PartyMismatch},
		{"and no other of one", []string{"azp", `"c"`}, reason.PartyMismatch},
		{"aud must be there", []string{"aud", ""}, reason.ClaimMissing},
	} {
		if got := judged(t, open, `{"alg":"RS256"}`, with(idToken, c.pairs...)); got != c.want {
			t.Errorf("%s: %v, want %v", c.law, got, c.want)
		}
	}
}
