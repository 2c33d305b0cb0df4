package jwt_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	jwxjwa "github.com/lestrrat-go/jwx/v2/jwa"
	jwxjws "github.com/lestrrat-go/jwx/v2/jws"

	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// FuzzAttempt: what is proved, another library proves too, and its claims are those that
// encoding/json reads.
func FuzzAttempt(f *testing.F) {
	var keys []json.RawMessage
	for _, alg := range []string{"RS256", "ES256", "EdDSA", "HS256"} {
		f.Add(mint(f, alg, 0, map[string]any{"kid": "k"}, claims()))
		f.Add(mint(f, alg, 1, nil, claims("exp", "1e9")))
		keys = append(keys, public(f, alg, 0, nil))
	}
	f.Add("..")
	f.Add(unsigned(`{"alg":"none"}`, claims()))
	set := keySet(f, keys...)
	var a jwt.Attempt
	f.Fuzz(func(t *testing.T, token string) {
		if prove(&a, token, every(), set) != reason.OK {
			if a.Identity(0) != (identity.Identity{}) {
				t.Fatal("an identity without a proof")
			}
			return
		}
		alg := a.Algorithm().String()
		payload, err := jwxjws.Verify([]byte(token), jwxjws.WithKey(jwxjwa.SignatureAlgorithm(alg), verifying(alg)))
		if err != nil {
			t.Fatalf("%s: proved here, there %v", token, err)
		}
		var members struct{ Iss, Sub string }
		sub, _ := a.Subject()
		if json.Unmarshal(payload, &members) != nil || members.Iss != "https://issuer.test" || members.Sub != sub {
			t.Fatalf("claims %s read as sub %q", payload, sub)
		}
	})
}

func verifying(alg string) any {
	if k, ok := secret(alg, 0).(crypto.Signer); ok {
		return k.Public()
	}
	return secret(alg, 0)
}

// FuzzTimes holds the boundary rules against rational arithmetic.
func FuzzTimes(f *testing.F) {
	f.Add("1700000000", "1699999999.5", "17e8", int64(60), now)
	f.Add("1699999940.0000000001", "1700000060", "1700000060.1", int64(60), now)
	f.Add("9007199254740992", "0", "1", int64(0), int64(1)<<62)
	f.Fuzz(func(t *testing.T, exp, nbf, iat string, skew, clock int64) {
		var a jwt.Attempt
		if a.Parse(unsigned(`{"alg":"ES256"}`, fmt.Sprintf(`{"exp":%s,"nbf":%s,"iat":%s}`, exp, nbf, iat)), 16384, 1) != reason.OK {
			return
		}
		if skew < 0 || skew > 1<<40 || clock < 60*second || a.Claims().Root().Len() != 3 {
			return
		}
		got := a.Check(&jwt.Config{Algorithms: every().Algorithms, ClockSkewSeconds: skew}, nil, clock)
		if got == reason.ClaimMalformed {
			return // which dates are taken is the room jsonx' law
		}
		value := func(name string) *big.Rat {
			v, _ := a.Claims().Root().Member(name)
			r, ok := new(big.Rat).SetString(v.Raw())
			if !ok {
				t.Fatalf("%s is no number: %q", name, v.Raw())
			}
			return r
		}
		at := new(big.Rat).SetFrac64(clock, second)
		slack := new(big.Rat).SetInt64(skew)
		later := new(big.Rat).Add(at, slack)
		want := reason.OK
		switch {
		case at.Cmp(new(big.Rat).Add(value("exp"), slack)) >= 0:
			want = reason.Expired
		case later.Cmp(value("nbf")) < 0:
			want = reason.NotYetValid
		case later.Cmp(value("iat")) < 0:
			want = reason.IssuedInFuture
		}
		if got != want {
			t.Fatalf("exp %s nbf %s iat %s skew %d clock %d: %v, want %v", exp, nbf, iat, skew, clock, got, want)
		}
	})
}

func TestParseAndCheckAllocateNothing(t *testing.T) {
	for _, alg := range algorithms {
		token := mint(t, alg, 0, map[string]any{"kid": "k"}, claims())
		set, cfg := keySet(t, public(t, alg, 0, nil)), every()
		var a jwt.Attempt
		var code reason.Code
		if n := testing.AllocsPerRun(20, func() {
			code = a.Parse(token, 16384, 1)
			if code == reason.OK {
				code = a.Check(cfg, nil, now)
			}
		}); n != 0 || code != reason.OK {
			t.Errorf("%s: %v allocations, %v", alg, n, code)
		}
		if strings.HasPrefix(alg, "ES") {
			continue // the standard library's curves allocate
		}
		if n := testing.AllocsPerRun(20, func() { code = prove(&a, token, cfg, set) }); n != 0 || code != reason.OK {
			t.Errorf("%s: %v allocations with Prove, %v", alg, n, code)
		}
	}
}

// BenchmarkAttempt: "check" is Parse and Check, "prove" all three steps.
func BenchmarkAttempt(b *testing.B) {
	payload := claims("x", `{"roles":["admin","editor"],"name":"J\u00fcrgen","email":"j@example.test","scope":"openid profile email read:things"}`)
	for _, alg := range algorithms {
		token := mint(b, alg, 0, map[string]any{"kid": "k"}, payload)
		set, cfg := keySet(b, public(b, alg, 0, nil)), every()
		var a jwt.Attempt
		for _, part := range []struct {
			name string
			run  func() reason.Code
		}{
			{"check", func() reason.Code {
				if code := a.Parse(token, 16384, 1); code != reason.OK {
					return code
				}
				return a.Check(cfg, nil, now)
			}},
			{"prove", func() reason.Code { return prove(&a, token, cfg, set) }},
		} {
			b.Run(alg+"/"+part.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if code := part.run(); code != reason.OK {
						b.Fatal(code)
					}
				}
			})
		}
	}
}

// L-01: the dearest token that can be sent: no kid, as many fitting keys as are tried.
func BenchmarkDearest(b *testing.B) {
	largest := new(big.Int).Lsh(big.NewInt(1), 8191)
	modulus := largest.Add(largest, big.NewInt(1)).Bytes()
	e := base64.RawURLEncoding.EncodeToString
	key := `{"kty":"RSA","e":"Af____8","n":"` + e(modulus) + `"}`
	document := `{"keys":[` + strings.Repeat(key+",", 7) + key + `]}`
	set, _, err := jwk.Parse([]byte(document), jwk.Limits{MaxBytes: 1 << 16, MaxKeys: 64})
	if err != nil {
		b.Fatal(err)
	}
	token := e([]byte(`{"alg":"RS256"}`)) + "." + e([]byte(claims())) + "." + e(append([]byte{1}, make([]byte, 1023)...))
	var a jwt.Attempt
	for b.Loop() {
		if code := prove(&a, token, every(), set); code != reason.BadSignature {
			b.Fatal(code)
		}
	}
}
