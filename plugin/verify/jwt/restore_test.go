package jwt_test

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// room is memory of a size, aligned as a cache's is.
func room(size int) []byte {
	words := make([]uint64, size/8+1)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)[:size]
}

// kept proves a token and returns what Save writes of it.
func kept(t testing.TB, a *jwt.Attempt, token string, cfg *jwt.Config, set *jwk.Set) []byte {
	t.Helper()
	if code := prove(a, token, cfg, set); code != reason.OK {
		t.Fatal(code)
	}
	dst := room(a.SavedSize())
	if len(dst) == 0 || !a.Save(dst) {
		t.Fatal("not saved")
	}
	return dst
}

// same says whether two attempts answer every question alike.
func same(t testing.TB, a, b *jwt.Attempt) {
	t.Helper()
	for what, ask := range map[string]func(*jwt.Attempt) (string, bool){
		"kid": (*jwt.Attempt).KeyID, "typ": (*jwt.Attempt).Type, "iss": (*jwt.Attempt).Issuer,
		"sub": (*jwt.Attempt).Subject, "jti": (*jwt.Attempt).TokenID,
	} {
		text, has := ask(a)
		if other, too := ask(b); text != other || has != too {
			t.Fatalf("%s is %q %v, restored %q %v", what, text, has, other, too)
		}
	}
	if a.Algorithm() != b.Algorithm() || a.Claims().Root().Raw() != b.Claims().Root().Raw() {
		t.Fatalf("algorithm %v, claims %s; restored %v, %s", a.Algorithm(), a.Claims().Root().Raw(), b.Algorithm(), b.Claims().Root().Raw())
	}
}

// variations are configurations, audiences and times that tell most tokens apart.
func variations(check func(cfg *jwt.Config, audiences []string, at int64)) {
	other := every()
	other.Issuer, other.Audiences, other.RequireExpiration, other.ClockSkewSeconds = "", nil, false, 0
	wrong := every()
	wrong.Issuer = "https://other.test"
	narrow := every()
	narrow.Algorithms = jwa.Set(0).With(jwa.ES512)
	for _, cfg := range []*jwt.Config{every(), strict(), other, wrong, narrow, {}} {
		for _, audiences := range [][]string{nil, {"api2"}, {"none"}} {
			for _, at := range []int64{0, now - 1e15, now, now + 3600*second, now + 3660*second, 1 << 62} {
				check(cfg, audiences, at)
			}
		}
	}
}

func TestARestoredTokenIsTheOneThatWasProved(t *testing.T) {
	for _, alg := range algorithms {
		set := keySet(t, public(t, alg, 0, nil))
		for _, header := range []map[string]any{nil, {"kid": "k", "typ": "at+jwt"}, {"kid": ""}} {
			token := mint(t, alg, 0, header, claims("jti", `"n\u00e9\n"`, "x", `{"a":[1,"b\\",null]}`, "aud", `["api","z"]`))
			var a, b jwt.Attempt
			saved := kept(t, &a, token, every(), set)
			if !b.Restore(strings.Clone(token), saved, set) {
				t.Fatalf("%s: not restored", alg)
			}
			same(t, &a, &b)
			variations(func(cfg *jwt.Config, audiences []string, at int64) {
				if x, y := a.Check(cfg, audiences, at), b.Check(cfg, audiences, at); x != y {
					t.Fatalf("%s at %d: %v, restored %v", alg, at, x, y)
				}
			})
			if code := b.Check(every(), nil, now); code != reason.OK {
				t.Fatal(code)
			}
			if b.Identity(1) != (identity.Identity{}) {
				t.Error("an identity before Prove")
			}
			if code := b.Prove(set, nil); code != reason.OK {
				t.Errorf("%s: %v", alg, code)
			}
			id := b.Identity(3)
			sub, _ := id.Claims.Root().Member("sub")
			if id.Provider != 3 || id.Payload != strings.Split(token, ".")[1] || sub.Text() != "me" {
				t.Errorf("%s: identity %+v", alg, id)
			}
			if b.SavedSize() != 0 || b.Save(room(len(saved))) {
				t.Error("what was restored is saved again")
			}
		}
	}
}

// S-05: what was proved with one set says nothing about another, nor about none.
func TestARestoredSignatureCountsForItsKeysAlone(t *testing.T) {
	text := public(t, "ES256", 0, nil)
	set, twin := keySet(t, text), keySet(t, text)
	token := mint(t, "ES256", 0, nil, claims())
	var a, b jwt.Attempt
	saved := kept(t, &a, token, every(), set)
	if b.Restore(token, saved, nil) || b.Claims() != nil {
		t.Error("restored without keys")
	}
	for _, keys := range []*jwk.Set{twin, nil} {
		if !b.Restore(token, saved, set) || b.Check(every(), nil, now) != reason.OK {
			t.Fatal("not restored")
		}
		if code := b.Prove(keys, nil); code != reason.Internal || b.Identity(0) != (identity.Identity{}) {
			t.Errorf("other keys: %v, %+v", code, b.Identity(0))
		}
	}
	// Without Check no Prove, as for any token; and the next token starts from nothing.
	if b.Restore(token, saved, set); b.Prove(set, nil) != reason.Internal {
		t.Error("proved without Check")
	}
	forged := mint(t, "ES256", 1, nil, claims())
	if b.Restore(token, saved, set); prove(&b, forged, every(), set) != reason.BadSignature {
		t.Error("a forged token is proved where another was restored")
	}
}

func TestOnlyWhatIsProvedIsSaved(t *testing.T) {
	set := keySet(t, public(t, "ES256", 0, nil))
	token := mint(t, "ES256", 0, nil, claims())
	var a jwt.Attempt
	steps := []func(){
		func() {},
		func() { a.Parse(token, 16384, 1) },
		func() { a.Check(every(), nil, now) },
		func() { prove(&a, mint(t, "ES256", 1, nil, claims()), every(), set) },
		func() { prove(&a, token, every(), set); a.Check(every(), nil, now) },
	}
	for i, step := range steps {
		if step(); a.SavedSize() != 0 || a.Save(room(500)) {
			t.Errorf("step %d: saved", i)
		}
	}
	saved := kept(t, &a, token, every(), set)
	if a.Save(room(len(saved)-1)) || a.Save(room(len(saved)+1)) || a.Save(room(len(saved) + 1)[1:]) {
		t.Error("saved where it does not fit")
	}
	var b jwt.Attempt
	for n := range len(saved) {
		if b.Restore(token, saved[:n], set) || b.Claims() != nil || b.Algorithm() != jwa.Invalid {
			t.Fatalf("restored from %d of %d bytes", n, len(saved))
		}
	}
	if b.Restore(token[:20], saved, set) || b.Restore(token, append(bytes.Clone(saved), 0), set) {
		t.Error("restored from what was not saved")
	}
}

func TestExpires(t *testing.T) {
	set := keySet(t, public(t, "ES256", 0, nil))
	for _, c := range []struct {
		exp  string
		skew int64
		want int64
	}{
		{"1700003600", 60, 1700003660 * second},
		{"1700003600.25", 0, 1700003600*second + second/4},
		{"", 60, math.MaxInt64},
		{"9007199254740992", 60, math.MaxInt64},
		{"9223372036", 0, math.MaxInt64},
		{"9223372035", 0, 9223372035 * second},
	} {
		cfg := every()
		cfg.RequireExpiration, cfg.ClockSkewSeconds = false, c.skew
		var a jwt.Attempt
		if code := prove(&a, mint(t, "ES256", 0, nil, claims("exp", c.exp)), cfg, set); code != reason.OK {
			t.Fatal(code)
		}
		got := a.Expires(cfg)
		if got != c.want {
			t.Errorf("exp %s: %d, want %d", c.exp, got, c.want)
		}
		if got != math.MaxInt64 && (a.Check(cfg, nil, got-1) != reason.OK || a.Check(cfg, nil, got) != reason.Expired) {
			t.Errorf("exp %s: Check does not change at %d", c.exp, got)
		}
	}
}

// FuzzRestore: whatever claims were proved, what was saved and restored is judged alike
// and reads alike.
func FuzzRestore(f *testing.F) {
	f.Add([]byte(claims()))
	f.Add([]byte(claims("aud", `["a","api"]`, "jti", `"\u0041"`, "exp", "1700003600.5")))
	f.Add([]byte(`{"exp":17e8,"exp\u0000":1,"a":{"iss":"x"},"iss":"https://issuer.test"}`))
	f.Add([]byte(`{"sub":"","nbf":0,"iat":1e9,"i\u0073s":"y"}`))
	set := keySet(f, public(f, "HS256", 0, nil))
	open := every()
	open.Issuer, open.Audiences, open.RequireExpiration, open.ClockSkewSeconds = "", nil, false, 1<<53
	var a, b jwt.Attempt
	f.Fuzz(func(t *testing.T, payload []byte) {
		token := mint(t, "HS256", 0, map[string]any{"kid": "k"}, string(payload))
		if prove(&a, token, open, set) != reason.OK {
			return
		}
		saved := room(a.SavedSize())
		if !a.Save(saved) || !b.Restore(token, saved, set) {
			t.Fatal("not saved or not restored")
		}
		same(t, &a, &b)
		if !identical(a.Claims().Root(), b.Claims().Root()) {
			t.Fatal("other claims")
		}
		variations(func(cfg *jwt.Config, audiences []string, at int64) {
			if x, y := a.Check(cfg, audiences, at), b.Check(cfg, audiences, at); x != y {
				t.Fatalf("%s at %d: %v, restored %v", payload, at, x, y)
			}
		})
	})
}

func identical(a, b jsonx.Value) bool {
	if a.Kind() != b.Kind() || a.Len() != b.Len() || a.Name() != b.Name() || a.Text() != b.Text() || a.Raw() != b.Raw() {
		return false
	}
	v, more := a.First()
	w, _ := b.First()
	for ; more; v, more = v.Next() {
		if !identical(v, w) {
			return false
		}
		w, _ = w.Next()
	}
	return true
}

// TestFactsAreTheNamedClaims: each registered claim is found by its exact name and at
// the top alone, wherever it stands.
func TestFactsAreTheNamedClaims(t *testing.T) {
	cfg := every()
	for _, c := range []struct {
		law, payload string
		want         reason.Code
	}{
		{"names with escapes are names", `{"i\u0073s":"https://issuer.test","\u0061ud":"api","\u0065xp":1700003600}`, reason.OK},
		{"nested claims are not claims", `{"a":{"iss":"https://issuer.test"},"aud":"api","exp":1700003600}`, reason.IssuerMismatch},
		{"an expiration in an object is none", `{"iss":"https://issuer.test","aud":"api","x":{"exp":1700003600}}`, reason.ExpirationMissing},
		{"upper case is another name", `{"ISS":"x","iss":"https://issuer.test","aud":"api","exp":1700003600,"EXP":1}`, reason.OK},
		{"names of three bytes that are none of these", `{"iss":"https://issuer.test","aud":"api","exp":1700003600,"exq":1,"azp":1,"nbg":9e9,"ats":[],"\u00e9a":2}`, reason.OK},
		{"the last member counts like the first", `{"x":[{"exp":1}],"aud":"api","exp":1700003600,"iss":"https://issuer.test"}`, reason.OK},
		{"sub is a string", `{"iss":"https://issuer.test","aud":"api","exp":1700003600,"sub":1}`, reason.ClaimMalformed},
		{"jti is a string", `{"iss":"https://issuer.test","aud":"api","exp":1700003600,"jti":null}`, reason.ClaimMalformed},
		{"nbf is a date", `{"iss":"https://issuer.test","aud":"api","exp":1700003600,"nbf":"1"}`, reason.ClaimMalformed},
	} {
		var a jwt.Attempt
		if code := a.Parse(unsigned(`{"alg":"ES256"}`, c.payload), 16384, 1); code != reason.OK {
			t.Fatalf("%s: %v", c.law, code)
		}
		if got := a.Check(cfg, nil, now); got != c.want {
			t.Errorf("%s: %v, want %v", c.law, got, c.want)
		}
	}
}

func BenchmarkCheckRestored(b *testing.B) {
	set := keySet(b, public(b, "ES256", 0, nil))
	token := mint(b, "ES256", 0, map[string]any{"kid": "k"}, claims("jti", `"0f9a2c1e-2b0c-4b9e-8f1d-3c1f0a9b8d7e"`, "aud", `["api","other"]`))
	var a jwt.Attempt
	saved, cfg := kept(b, &a, token, every(), set), strict()
	for b.Loop() {
		if !a.Restore(token, saved, set) || a.Check(cfg, nil, now) != reason.OK || a.Prove(set, nil) != reason.OK {
			b.Fatal("refused")
		}
	}
	b.ReportMetric(float64(len(saved)), "saved-B")
}

func BenchmarkParseAndCheck(b *testing.B) {
	token := mint(b, "ES256", 0, map[string]any{"kid": "k"}, claims("jti", `"0f9a2c1e-2b0c-4b9e-8f1d-3c1f0a9b8d7e"`, "aud", `["api","other"]`))
	var a jwt.Attempt
	cfg := strict()
	for b.Loop() {
		if a.Parse(token, 16384, 1) != reason.OK || a.Check(cfg, nil, now) != reason.OK {
			b.Fatal("refused")
		}
	}
}
