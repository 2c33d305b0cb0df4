package jwt_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// TestParse: what the room jws does not see. Its own laws stand there.
func TestParse(t *testing.T) {
	header := `{"alg":"ES256"}`
	deep := func(n int) string { return `{"x":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}" }
	for _, c := range []struct {
		law   string
		token string
		want  reason.Code
	}{
		{"claims are an object", unsigned(header, `{}`), reason.OK},
		{"depth 32 (N-10)", unsigned(header, deep(32)), reason.OK},
		{"depth 33 (N-10)", unsigned(header, deep(33)), reason.PayloadMalformed},
		{"null (N-09)", unsigned(header, `null`), reason.PayloadMalformed},
		{"true (N-09)", unsigned(header, `true`), reason.PayloadMalformed},
		{"a number (N-09)", unsigned(header, `1`), reason.PayloadMalformed},
		{"a string (N-09)", unsigned(header, `"{}"`), reason.PayloadMalformed},
		{"an array (N-09)", unsigned(header, `[{}]`), reason.PayloadMalformed},
		{"two objects (N-09)", unsigned(header, `{}{}`), reason.PayloadMalformed},
		{"trailing NUL (N-09)", unsigned(header, "{}\x00"), reason.PayloadMalformed},
		{"a nested token (J-17)", unsigned(`{"alg":"ES256","cty":"JWT"}`, unsigned(header, `{}`)), reason.PayloadMalformed},
		{"deflated bytes (J-11)", unsigned(header, "\xab\xae\x05\x00"), reason.PayloadMalformed},
		{"bad UTF-8 in a value (N-05)", unsigned(header, "{\"sub\":\"\xff\"}"), reason.PayloadMalformed},
		{"overlong UTF-8 in a name (N-05)", unsigned(header, "{\"\xc0\xaf\":1}"), reason.PayloadMalformed},
		{"lone surrogate (N-06)", unsigned(header, `{"sub":"\ud800"}`), reason.PayloadMalformed},
		{"exp twice (N-01)", unsigned(header, `{"exp":1700003600,"exp":1}`), reason.PayloadMalformed},
		{"iss twice, good last (N-01)", unsigned(header, `{"iss":"evil","iss":"https://issuer.test"}`), reason.PayloadMalformed},
		{"aud twice (N-01)", unsigned(header, `{"aud":"api","aud":"x"}`), reason.PayloadMalformed},
		{"exp twice, once escaped (N-02)", unsigned(header, `{"exp":1700003600,"\u0065xp":1}`), reason.PayloadMalformed},
		{"a name twice in a claim (N-03)", unsigned(header, `{"cnf":{"jkt":"a","jkt":"b"}}`), reason.PayloadMalformed},
		{"NaN (N-07)", unsigned(header, `{"exp":NaN}`), reason.PayloadMalformed},
		{"01 (N-07)", unsigned(header, `{"exp":01}`), reason.PayloadMalformed},

		{"no token", "", reason.TokenMalformed},
		{"two segments", "e30.e30", reason.TokenMalformed},
		{"encrypted (J-18)", "a.b.c.d.e", reason.TokenEncrypted},
		{"too large", unsigned(header, `{"x":"`+strings.Repeat("x", 16384)+`"}`), reason.TokenTooLarge},
		{"header no JSON", unsigned(`x`, `{}`), reason.HeaderMalformed},
		{"no alg (J-01)", unsigned(`{}`, `{}`), reason.AlgorithmMissing},
		{"alg none with a signature left in place (J-01)", unsigned(`{"alg":"none"}`, `{}`), reason.AlgorithmUnsupported},
		{"crit (J-09)", unsigned(`{"alg":"ES256","crit":["b64"],"b64":true}`, `{}`), reason.CriticalHeader},
	} {
		t.Run(c.law, func(t *testing.T) {
			var a jwt.Attempt
			if got := a.Parse(c.token, 16384, 1); got != c.want {
				t.Fatalf("%v, want %v", got, c.want)
			}
			if c.want == reason.OK {
				return
			}
			_, hasKid := a.KeyID()
			_, hasTyp := a.Type()
			_, hasIss := a.Issuer()
			if a.Algorithm() != jwa.Invalid || a.Claims() != nil || hasKid || hasTyp || hasIss {
				t.Error("a refused token still shows something")
			}
			if code := a.Check(every(), nil, now); code != reason.Internal {
				t.Errorf("Check after a refused Parse: %v", code)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	for _, c := range []struct {
		law    string
		claims string
		want   reason.Code
	}{
		{"a good token", claims(), reason.OK},

		// iss (C-04, RFC 7519 §4.1.1).
		{"iss absent", claims("iss", ""), reason.IssuerMismatch},
		{"iss with a slash more (C-04)", claims("iss", `"https://issuer.test/"`), reason.IssuerMismatch},
		{"iss in other case (C-04)", claims("iss", `"https://Issuer.test"`), reason.IssuerMismatch},
		{"iss of a longer host (C-04)", claims("iss", `"https://issuer.test.evil"`), reason.IssuerMismatch},
		{"iss with userinfo (C-04)", claims("iss", `"https://issuer.test@evil"`), reason.IssuerMismatch},
		{"iss percent-encoded (C-04)", claims("iss", `"https%3A%2F%2Fissuer.test"`), reason.IssuerMismatch},
		{"iss empty", claims("iss", `""`), reason.IssuerMismatch},
		{"iss escaped is the same text", claims("iss", `"https:\/\/issuer\u002etest"`), reason.OK},
		{"iss an array of ours (C-04)", claims("iss", `["https://issuer.test"]`), reason.ClaimMalformed},
		{"iss an array of ours and another (C-04)", claims("iss", `["https://issuer.test","x"]`), reason.ClaimMalformed},
		{"iss null", claims("iss", `null`), reason.ClaimMalformed},
		{"iss a number", claims("iss", `1`), reason.ClaimMalformed},
		{"iss an object", claims("iss", `{}`), reason.ClaimMalformed},

		// aud (C-01 to C-03, RFC 7519 §4.1.3).
		{"aud absent (C-03)", claims("aud", ""), reason.AudienceMismatch},
		{"aud the second of ours", claims("aud", `"api2"`), reason.OK},
		{"aud an array with ours last", claims("aud", `["x","y","api"]`), reason.OK},
		{"aud an array without ours (C-01)", claims("aud", `["x","y"]`), reason.AudienceMismatch},
		{"aud an empty array (C-01)", claims("aud", `[]`), reason.AudienceMismatch},
		{"aud ours and a number (C-01)", claims("aud", `["api",7]`), reason.ClaimMalformed},
		{"aud a number and ours", claims("aud", `[7,"api"]`), reason.ClaimMalformed},
		{"aud nested (C-01)", claims("aud", `[["api"]]`), reason.ClaimMalformed},
		{"aud an object (C-01)", claims("aud", `{"api":true}`), reason.ClaimMalformed},
		{"aud null", claims("aud", `null`), reason.ClaimMalformed},
		{"aud a number", claims("aud", `1`), reason.ClaimMalformed},
		{"aud true", claims("aud", `true`), reason.ClaimMalformed},
		{"aud empty (C-01)", claims("aud", `""`), reason.AudienceMismatch},
		{"aud longer (C-02)", claims("aud", `"api3"`), reason.AudienceMismatch},
		{"aud shorter (C-02)", claims("aud", `"ap"`), reason.AudienceMismatch},
		{"aud in other case (C-02)", claims("aud", `"API"`), reason.AudienceMismatch},
		{"aud with a slash (C-02)", claims("aud", `"api/"`), reason.AudienceMismatch},
		{"aud with a scheme (C-02)", claims("aud", `"https://api"`), reason.AudienceMismatch},
		{"aud joined by a comma (C-02)", claims("aud", `"x,api"`), reason.AudienceMismatch},
		{"aud joined by a space (C-02)", claims("aud", `"api x"`), reason.AudienceMismatch},
		{"aud http:// (C-02)", claims("aud", `"http://"`), reason.AudienceMismatch},

		// exp (T-01 to T-03). Skew is 60 s.
		{"exp one second in the future of the skew (T-01)", claims("exp", "1699999941"), reason.OK},
		{"exp + skew is now (T-01)", claims("exp", "1699999940"), reason.Expired},
		{"exp + skew was a second ago (T-01)", claims("exp", "1699999939"), reason.Expired},
		{"exp + skew is half a second away", claims("exp", "1699999940.5"), reason.OK},
		{"exp + skew is a nanosecond away", claims("exp", "1699999940.000000001"), reason.OK},
		{"exp + skew is less than a nanosecond away", claims("exp", "1699999940.0000000001"), reason.OK},
		{"exp + skew was a nanosecond ago", claims("exp", "1699999939.999999999"), reason.Expired},
		{"exp + skew was less than a nanosecond ago: judged at now", claims("exp", "1699999939.9999999999"), reason.Expired},
		{"exp by exponent (T-03)", claims("exp", "18e8"), reason.OK},
		{"exp by fraction and exponent (T-03)", claims("exp", "1.8e9"), reason.OK},
		{"exp absent", claims("exp", ""), reason.ExpirationMissing},
		{"only Exp in upper case (N-04)", strings.Replace(claims(), `"exp"`, `"Exp"`, 1), reason.ExpirationMissing},
		{"exp 0 (T-02)", claims("exp", "0"), reason.Expired},
		{"exp as text (T-02)", claims("exp", `"1800000000"`), reason.ClaimMalformed},
		{"exp true (T-02)", claims("exp", `true`), reason.ClaimMalformed},
		{"exp null (T-02)", claims("exp", `null`), reason.ClaimMalformed},
		{"exp an array (T-02)", claims("exp", `[]`), reason.ClaimMalformed},
		{"exp an object (T-02)", claims("exp", `{}`), reason.ClaimMalformed},
		{"exp -1 (T-02)", claims("exp", `-1`), reason.ClaimMalformed},
		{"exp -0 (T-02)", claims("exp", `-0`), reason.ClaimMalformed},
		{"exp 1e300 (T-02)", claims("exp", `1e300`), reason.ClaimMalformed},
		{"exp 2^53 is the last one taken", claims("exp", `9007199254740992`), reason.OK},
		{"exp 2^53 + 1 (T-02)", claims("exp", `9007199254740993`), reason.ClaimMalformed},
		{"exp 2^63 (T-02)", claims("exp", `9223372036854775808`), reason.ClaimMalformed},
		{"exp 2^64 + now (T-02)", claims("exp", `18446744075409551616`), reason.ClaimMalformed},
		{"exp of 10,000 digits (N-08)", claims("exp", strings.Repeat("1", 10000)), reason.ClaimMalformed},
		{"exp 1e999999999 (N-08)", claims("exp", "1e999999999"), reason.ClaimMalformed},
		{"exp 1e-999999999 (N-08)", claims("exp", "1e-999999999"), reason.ClaimMalformed},
		{"exp in milliseconds is a far future", claims("exp", "1700003600000"), reason.OK},

		// nbf and iat (T-01).
		{"nbf one second beyond the skew (T-01)", claims("nbf", "1700000061"), reason.NotYetValid},
		{"nbf - skew is now (T-01)", claims("nbf", "1700000060"), reason.OK},
		{"nbf - skew is a nanosecond away", claims("nbf", "1700000060.000000001"), reason.NotYetValid},
		{"nbf absent", claims("nbf", ""), reason.OK},
		{"nbf as text", claims("nbf", `"1700000000"`), reason.ClaimMalformed},
		{"nbf null", claims("nbf", `null`), reason.ClaimMalformed},
		{"nbf negative", claims("nbf", `-1`), reason.ClaimMalformed},
		{"nbf 0", claims("nbf", `0`), reason.OK},
		{"iat is now + skew (T-01)", claims("iat", "1700000060"), reason.OK},
		{"iat one second beyond (T-01)", claims("iat", "1700000061"), reason.IssuedInFuture},
		{"iat a nanosecond beyond", claims("iat", "1700000060.0000000001"), reason.IssuedInFuture},
		{"iat absent", claims("iat", ""), reason.OK},
		{"iat as text", claims("iat", `"1700000000"`), reason.ClaimMalformed},
		{"iat true", claims("iat", `true`), reason.ClaimMalformed},
		{"iat long ago", claims("iat", "0"), reason.OK},

		// sub, jti (RFC 7519 §4.1.2, §4.1.7).
		{"sub absent", claims("sub", ""), reason.OK},
		{"sub empty", claims("sub", `""`), reason.OK},
		{"sub a number", claims("sub", `1`), reason.ClaimMalformed},
		{"sub null", claims("sub", `null`), reason.ClaimMalformed},
		{"sub an array", claims("sub", `["me"]`), reason.ClaimMalformed},
		{"jti a string", claims("jti", `"1"`), reason.OK},
		{"jti a number", claims("jti", `1`), reason.ClaimMalformed},
		{"other claims are free", claims("x", `{"exp":"x","aud":7}`), reason.OK},
	} {
		t.Run(c.law, func(t *testing.T) {
			var a jwt.Attempt
			if code := a.Parse(unsigned(`{"alg":"ES256"}`, c.claims), 16384, 1); code != reason.OK {
				t.Fatal(code)
			}
			if got := a.Check(strict(), nil, now); got != c.want {
				t.Errorf("%s: %v, want %v", c.claims, got, c.want)
			}
		})
	}
}

func TestConfigurations(t *testing.T) {
	good := unsigned(`{"alg":"ES256"}`, claims())
	bare := unsigned(`{"alg":"ES256"}`, `{}`)
	for _, c := range []struct {
		law       string
		token     string
		change    func(*jwt.Config)
		audiences []string
		now       int64
		want      reason.Code
	}{
		{"the zero configuration accepts no algorithm", good, func(c *jwt.Config) { *c = jwt.Config{} }, nil, now, reason.AlgorithmNotAllowed},
		{"an algorithm not listed", good, func(c *jwt.Config) { c.Algorithms = jwa.Set(0).With(jwa.ES384) }, nil, now, reason.AlgorithmNotAllowed},
		{"HS256 is not among the asymmetric ones (J-04)", unsigned(`{"alg":"HS256"}`, claims()), func(*jwt.Config) {}, nil, now, reason.AlgorithmNotAllowed},
		{"no issuer configured accepts any", unsigned(`{"alg":"ES256"}`, claims("iss", `"x"`)), func(c *jwt.Config) { c.Issuer = "" }, nil, now, reason.OK},
		{"no issuer configured accepts none", unsigned(`{"alg":"ES256"}`, claims("iss", "")), func(c *jwt.Config) { c.Issuer = "" }, nil, now, reason.OK},
		{"no issuer configured still judges its type", unsigned(`{"alg":"ES256"}`, claims("iss", "1")), func(c *jwt.Config) { c.Issuer = "" }, nil, now, reason.ClaimMalformed},
		{"no audiences configured accepts any", unsigned(`{"alg":"ES256"}`, claims("aud", `"x"`)), func(c *jwt.Config) { c.Audiences = nil }, nil, now, reason.OK},
		{"no audiences configured still judges the type", unsigned(`{"alg":"ES256"}`, claims("aud", `["x",1]`)), func(c *jwt.Config) { c.Audiences = nil }, nil, now, reason.ClaimMalformed},
		{"a requirement's audiences replace the provider's", good, func(*jwt.Config) {}, []string{"other"}, now, reason.AudienceMismatch},
		{"a requirement's audiences alone count", unsigned(`{"alg":"ES256"}`, claims("aud", `"other"`)), func(*jwt.Config) {}, []string{"other"}, now, reason.OK},
		{"exp not required", bare, func(c *jwt.Config) { *c = jwt.Config{Algorithms: c.Algorithms} }, nil, now, reason.OK},
		{"skew 0 means 0: exp is now", good, func(c *jwt.Config) { c.ClockSkewSeconds = 0 }, nil, 1700003600 * second, reason.Expired},
		{"skew 0 means 0: a nanosecond before", good, func(c *jwt.Config) { c.ClockSkewSeconds = 0 }, nil, 1700003600*second - 1, reason.OK},
		{"skew 0 means 0: nbf is now", good, func(c *jwt.Config) { c.ClockSkewSeconds = 0 }, nil, now, reason.OK},
		{"skew 0 means 0: a nanosecond before nbf", good, func(c *jwt.Config) { c.ClockSkewSeconds = 0 }, nil, now - 1, reason.NotYetValid},
		{"half a second before exp with .5 (T-03)", unsigned(`{"alg":"ES256"}`, claims("exp", "1700003600.5")), func(c *jwt.Config) { c.ClockSkewSeconds = 0 }, nil, 1700003600*second + second/2 - 1, reason.OK},
		{"exactly at exp with .5 (T-03)", unsigned(`{"alg":"ES256"}`, claims("exp", "1700003600.5")), func(c *jwt.Config) { c.ClockSkewSeconds = 0 }, nil, 1700003600*second + second/2, reason.Expired},
		{"a negative skew is none", good, func(c *jwt.Config) { c.ClockSkewSeconds = -1 << 62 }, nil, 1700003600*second - 1, reason.OK},
		{"a negative skew is none at exp", good, func(c *jwt.Config) { c.ClockSkewSeconds = -1 << 62 }, nil, 1700003600 * second, reason.Expired},
		{"a huge skew does not wrap (T-02)", unsigned(`{"alg":"ES256"}`, claims("exp", "9007199254740992")), func(c *jwt.Config) { c.ClockSkewSeconds = 1<<63 - 1 }, nil, now, reason.OK},
		{"the last instant int64 holds", unsigned(`{"alg":"ES256"}`, claims("exp", "9223372036")), func(c *jwt.Config) { c.ClockSkewSeconds = 0 }, nil, 1<<63 - 1, reason.Expired},
		{"a clock at zero (T-04)", good, func(*jwt.Config) {}, nil, 0, reason.ClockUnset},
		{"a clock before 1970", good, func(*jwt.Config) {}, nil, -now, reason.ClockUnset},
		{"a clock in its first minute", good, func(*jwt.Config) {}, nil, 60*second - 1, reason.ClockUnset},
		{"a clock after its first minute is a clock", good, func(*jwt.Config) {}, nil, 60 * second, reason.NotYetValid},
	} {
		t.Run(c.law, func(t *testing.T) {
			var a jwt.Attempt
			if code := a.Parse(c.token, 16384, 1); code != reason.OK {
				t.Fatal(code)
			}
			cfg := strict()
			c.change(cfg)
			if got := a.Check(cfg, c.audiences, c.now); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestFirstReasonByOrder(t *testing.T) {
	// Everything is wrong; mended one by one, the reasons come in the order of the steps.
	wrong := []string{"iss", `"x"`, "exp", "1", "nbf", "1800000000", "iat", "1800000000", "aud", `"x"`, "sub", "1"}
	want := []reason.Code{
		reason.IssuerMismatch, reason.Expired, reason.NotYetValid, reason.IssuedInFuture, reason.AudienceMismatch, reason.ClaimMalformed, reason.OK,
	}
	for i, code := range want {
		var a jwt.Attempt
		a.Parse(unsigned(`{"alg":"ES256"}`, claims(wrong[2*i:]...)), 16384, 1)
		if got := a.Check(strict(), nil, now); got != code {
			t.Errorf("step %d: %v, want %v", i, got, code)
		}
	}
}

// L-03: 4,000 audiences are read once each.
func TestManyAudiences(t *testing.T) {
	var list []string
	for i := range 1500 {
		list = append(list, strconv.Quote("https://api-"+strconv.Itoa(i)))
	}
	var a jwt.Attempt
	token := unsigned(`{"alg":"ES256"}`, claims("aud", "["+strings.Join(list, ",")+`,"api"]`))
	if code := a.Parse(token, 65536, 1); code != reason.OK {
		t.Fatal(code)
	}
	if got := a.Check(strict(), nil, now); got != reason.OK {
		t.Error(got)
	}
}
