package jwt_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// prove runs all three steps.
func prove(a *jwt.Attempt, token string, cfg *jwt.Config, set *jwk.Set) reason.Code {
	if code := a.Parse(token, 16384, 1); code != reason.OK {
		return code
	}
	if code := a.Check(cfg, nil, now); code != reason.OK {
		return code
	}
	return a.Prove(set, nil)
}

func TestEveryAlgorithm(t *testing.T) {
	var a jwt.Attempt // one attempt for all: nothing of the former token may stay
	for _, alg := range algorithms {
		right, wrong := keySet(t, public(t, alg, 0, nil)), keySet(t, public(t, alg, 1, nil))
		token := mint(t, alg, 0, map[string]any{"kid": "k"}, claims())
		if got := prove(&a, token, every(), right); got != reason.OK {
			t.Errorf("%s: %v", alg, got)
		}
		id := a.Identity(3)
		if id.Provider != 3 || id.Claims == nil || id.Payload != strings.Split(token, ".")[1] {
			t.Errorf("%s: identity %+v", alg, id)
		} else if sub, _ := id.Claims.Root().Member("sub"); sub.Text() != "me" {
			t.Errorf("%s: sub %q", alg, sub.Text())
		}
		if got := prove(&a, token, every(), wrong); got != reason.BadSignature || a.Identity(3) != (identity.Identity{}) {
			t.Errorf("%s with another key: %v, %+v", alg, got, a.Identity(3))
		}
		// J-05, J-06, AN D1: every other algorithm's key, alone, fits nothing.
		for _, other := range algorithms {
			if kind(other) == kind(alg) {
				continue
			}
			if got := prove(&a, token, every(), keySet(t, public(t, other, 0, nil))); got != reason.KeyUnknown && got != reason.KeyMismatch {
				t.Errorf("%s with a key for %s: %v", alg, other, got)
			}
		}
	}
}

// J-05: the header says one algorithm, the key is bound to another of its family.
func TestKeyBoundToAnotherAlgorithm(t *testing.T) {
	var a jwt.Attempt
	for _, bound := range algorithms {
		set := keySet(t, public(t, bound, 0, map[string]any{"alg": bound}))
		for _, alg := range algorithms {
			want := reason.KeyMismatch
			if alg == bound {
				want = reason.OK
			}
			if got := prove(&a, mint(t, alg, 0, nil, claims()), every(), set); got != want {
				t.Errorf("%s with a key bound to %s: %v, want %v", alg, bound, got, want)
			}
		}
	}
}

// J-05 once more: the signature is right, under another algorithm than the header says.
func TestHeaderOfAnotherAlgorithm(t *testing.T) {
	var a jwt.Attempt
	e := base64.RawURLEncoding.EncodeToString
	for _, pair := range [][2]string{{"RS256", "PS256"}, {"PS256", "RS256"}, {"RS256", "RS384"}, {"RS512", "RS256"}, {"PS512", "PS256"}, {"HS512", "HS256"}, {"HS256", "HS512"}} {
		parts := strings.Split(mint(t, pair[0], 0, nil, claims()), ".")
		token := e([]byte(`{"alg":"`+pair[1]+`"}`)) + "." + parts[1] + "." + parts[2]
		if got := prove(&a, token, every(), keySet(t, public(t, pair[0], 0, nil))); got != reason.BadSignature {
			t.Errorf("%s under the header of %s: %v", pair[0], pair[1], got)
		}
	}
}

// J-02: HS256 keyed with the public key in every form it is known in.
func TestPublicKeyAsSecret(t *testing.T) {
	set := keySet(t, public(t, "RS256", 0, map[string]any{"kid": "k"}))
	jwkText := public(t, "RS256", 0, nil)
	var parts struct{ N string }
	if err := json.Unmarshal(jwkText, &parts); err != nil {
		t.Fatal(err)
	}
	modulus, err := base64.RawURLEncoding.DecodeString(parts.N)
	if err != nil {
		t.Fatal(err)
	}
	spki, pkcs1 := publicDER(t)
	block := func(name string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: name, Bytes: der}))
	}
	forms := map[string]string{
		"SPKI PEM": block("PUBLIC KEY", spki), "SPKI PEM without the last newline": strings.TrimSpace(block("PUBLIC KEY", spki)),
		"SPKI PEM with CRLF": strings.ReplaceAll(block("PUBLIC KEY", spki), "\n", "\r\n"), "PKCS #1 PEM": block("RSA PUBLIC KEY", pkcs1),
		"SPKI DER": string(spki), "PKCS #1 DER": string(pkcs1), "modulus": string(modulus), "modulus as text": parts.N,
		"JWK": string(jwkText), "base64 of the SPKI": base64.StdEncoding.EncodeToString(spki),
	}
	var a jwt.Attempt
	for name, form := range forms {
		for _, header := range []map[string]any{nil, {"kid": "k"}, {"kid": "other"}} {
			for _, alg := range []string{"HS256", "HS384", "HS512"} {
				token := mintWith(t, alg, []byte(form), header, claims())
				if got := prove(&a, token, every(), set); got != reason.KeyMismatch && got != reason.KeyUnknown {
					t.Errorf("%s, %s: %v", alg, name, got)
				}
				if got := prove(&a, token, strict(), set); got != reason.AlgorithmNotAllowed {
					t.Errorf("%s, %s, not listed: %v", alg, name, got)
				}
			}
		}
	}
}

// J-04: oct and RSA in one set. Which one verifies follows the algorithm, never the other.
func TestMixedSet(t *testing.T) {
	set := keySet(t, public(t, "RS256", 0, nil), public(t, "HS256", 0, nil))
	var a jwt.Attempt
	for _, alg := range algorithms {
		want := reason.KeyMismatch
		if kind(alg) == "RS" || kind(alg) == "HS" {
			want = reason.OK
		}
		if got := prove(&a, mint(t, alg, 0, nil, claims()), every(), set); got != want {
			t.Errorf("%s: %v, want %v", alg, got, want)
		}
	}
	if got := prove(&a, mint(t, "HS256", 0, nil, claims()), strict(), set); got != reason.AlgorithmNotAllowed {
		t.Errorf("HS256 not listed: %v", got)
	}
}

func TestKeyChoice(t *testing.T) {
	const alg = "ES256"
	key := func(which int, kid any) json.RawMessage {
		if kid == nil {
			return public(t, alg, which, nil)
		}
		return public(t, alg, which, map[string]any{"kid": kid})
	}
	rsaKey := func(kid string) json.RawMessage { return public(t, "RS256", 0, map[string]any{"kid": kid}) }
	repeat := func(n int, k json.RawMessage) (list []json.RawMessage) {
		for range n {
			list = append(list, k)
		}
		return list
	}
	kid := func(s string) map[string]any { return map[string]any{"kid": s} }
	for _, c := range []struct {
		law    string
		header map[string]any
		keys   []json.RawMessage
		want   reason.Code
	}{
		{"kid and the key that has it", kid("a"), []json.RawMessage{key(1, "b"), key(0, "a")}, reason.OK},
		{"kid of another key: that key alone is tried", kid("b"), []json.RawMessage{key(1, "b"), key(0, "a")}, reason.BadSignature},
		{"a kid that no key has", kid("c"), []json.RawMessage{key(1, "b"), key(0, "a")}, reason.KeyUnknown},
		{"kid in other case (J-13)", kid("A"), []json.RawMessage{key(0, "a")}, reason.KeyUnknown},
		{"kid with a space behind (J-13)", kid("a "), []json.RawMessage{key(0, "a")}, reason.KeyUnknown},
		{"kid is a prefix (J-13)", kid("a"), []json.RawMessage{key(0, "ab")}, reason.KeyUnknown},
		{"kid in another normal form (J-13)", kid("e\u0301"), []json.RawMessage{key(0, "\u00e9")}, reason.KeyUnknown},
		{"the empty kid is none of a named key (J-13)", kid(""), []json.RawMessage{key(0, "a")}, reason.KeyUnknown},
		{"the key with the kid is of another family", kid("a"), []json.RawMessage{rsaKey("a")}, reason.KeyMismatch},
		{"two keys with one kid, of two families (K-08)", kid("a"), []json.RawMessage{rsaKey("a"), key(0, "a")}, reason.OK},
		{"two keys with one kid, both fit, second signs (K-08)", kid("a"), []json.RawMessage{key(1, "a"), key(0, "a")}, reason.OK},
		{"a key without kid fits any kid", kid("a"), []json.RawMessage{key(1, "b"), key(0, nil)}, reason.OK},
		{"a key without kid that does not verify", kid("a"), []json.RawMessage{key(1, nil)}, reason.BadSignature},
		{"an unknown kid and a key without kid of another family", kid("a"), []json.RawMessage{public(t, "RS256", 0, nil)}, reason.KeyUnknown},
		{"no kid in the token: all keys are tried", nil, []json.RawMessage{key(1, "b"), rsaKey("c"), key(0, "a")}, reason.OK},
		{"no kid in the token, none verifies", nil, []json.RawMessage{key(1, "b"), rsaKey("c")}, reason.BadSignature},
		{"no kid in the token, none fits", nil, []json.RawMessage{rsaKey("c")}, reason.KeyMismatch},
		{"the eighth that fits is tried (K-12)", nil, append(repeat(7, key(1, nil)), key(0, nil)), reason.OK},
		{"the ninth that fits is not (K-12)", nil, append(repeat(8, key(1, nil)), key(0, nil)), reason.BadSignature},
		{"keys that do not fit do not count", nil, append(repeat(8, rsaKey("r")), key(0, nil)), reason.OK},
		{"the ninth with one kid is not tried", kid("a"), append(repeat(8, key(1, "a")), key(0, "a")), reason.BadSignature},
	} {
		t.Run(c.law, func(t *testing.T) {
			var a jwt.Attempt
			if got := prove(&a, mint(t, alg, 0, c.header, claims()), every(), keySet(t, c.keys...)); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	var a jwt.Attempt
	if got := prove(&a, mint(t, alg, 0, nil, claims()), every(), nil); got != reason.KeyMismatch {
		t.Errorf("no set: %v", got)
	}
	if got := prove(&a, mint(t, alg, 0, kid("a"), claims()), every(), nil); got != reason.KeyUnknown {
		t.Errorf("no set, a kid: %v", got)
	}
}

// J-07, J-08: keys that the token brings along are never used.
func TestKeysInTheToken(t *testing.T) {
	var a jwt.Attempt
	set := keySet(t, public(t, "ES256", 0, map[string]any{"kid": "k"}))
	attacker := string(public(t, "ES256", 1, nil))
	for _, header := range []string{
		`{"alg":"ES256","jwk":` + attacker + `}`, `{"alg":"ES256","kid":"k","jwk":` + attacker + `}`, `{"alg":"ES256","kid":"new","jwk":` + attacker + `}`,
		`{"alg":"ES256","jku":"https://evil.test/jwks"}`, `{"alg":"ES256","x5u":"https://evil.test/c"}`, `{"alg":"ES256","x5c":["MIIB"],"x5t":"x"}`,
	} {
		var raw map[string]any
		if err := json.Unmarshal([]byte(header), &raw); err != nil {
			t.Fatal(err)
		}
		token := signHeader(t, header, claims(), 1)
		if got := prove(&a, token, every(), set); got != reason.BadSignature && got != reason.KeyUnknown {
			t.Errorf("%s: %v", header, got)
		}
		if got := prove(&a, signHeader(t, header, claims(), 0), every(), set); raw["kid"] != "new" && got != reason.OK {
			t.Errorf("%s with the right key: %v: such members have no effect", header, got)
		}
	}
}

// M-13: every bit of every signature flipped, every truncation, each algorithm.
func TestSignatureBitsAndLengths(t *testing.T) {
	var a jwt.Attempt
	e := base64.RawURLEncoding
	for _, alg := range algorithms {
		set := keySet(t, public(t, alg, 0, nil))
		token := mint(t, alg, 0, nil, claims())
		dot := strings.LastIndexByte(token, '.') + 1
		signature, err := e.DecodeString(token[dot:])
		if err != nil {
			t.Fatal(err)
		}
		if got := prove(&a, token, every(), set); got != reason.OK {
			t.Fatalf("%s: %v", alg, got)
		}
		for bit := range 8 * len(signature) {
			signature[bit/8] ^= 1 << (bit % 8)
			if got := prove(&a, token[:dot]+e.EncodeToString(signature), every(), set); got != reason.BadSignature {
				t.Fatalf("%s, bit %d flipped: %v", alg, bit, got)
			}
			signature[bit/8] ^= 1 << (bit % 8)
		}
		for n := range len(signature) {
			want := reason.BadSignature
			if n == 0 {
				want = reason.TokenMalformed
			}
			if got := prove(&a, token[:dot]+e.EncodeToString(signature[:n]), every(), set); got != want {
				t.Fatalf("%s, cut to %d bytes: %v", alg, n, got)
			}
		}
		if got := prove(&a, token[:dot]+e.EncodeToString(append(signature, 0)), every(), set); got != reason.BadSignature {
			t.Fatalf("%s, one byte more: %v", alg, got)
		}
		// E-04: the text of the signature has one form only.
		last := token[len(token)-1]
		for c := byte(1); c < 128; c++ {
			other := token[:len(token)-1] + string(c)
			if got := prove(&a, other, every(), set); c != last && got == reason.OK {
				t.Fatalf("%s: last character %q for %q accepted", alg, c, last)
			}
		}
		// S-02: other claims under the same signature.
		parts := strings.Split(token, ".")
		forged := parts[0] + "." + e.EncodeToString([]byte(claims("sub", `"root"`))) + "." + parts[2]
		if got := prove(&a, forged, every(), set); got != reason.BadSignature {
			t.Fatalf("%s, claims changed: %v (S-02)", alg, got)
		}
	}
}

// J-20: a bad token yields nothing at any step, and the steps cannot be skipped.
func TestStepsInOrder(t *testing.T) {
	set := keySet(t, public(t, "ES256", 0, nil))
	nothing := identity.Identity{}
	var a jwt.Attempt
	if a.Prove(set, nil) != reason.Internal || a.Check(every(), nil, now) != reason.Internal || a.Identity(0) != nothing {
		t.Error("the zero attempt proves something")
	}
	good := mint(t, "ES256", 0, nil, claims())
	if a.Parse(good, 16384, 1) != reason.OK || a.Prove(set, nil) != reason.Internal || a.Identity(0) != nothing {
		t.Error("Prove without Check")
	}
	if a.Check(every(), nil, now) != reason.OK || a.Identity(0) != nothing {
		t.Error("an identity before Prove")
	}
	if a.Prove(set, nil) != reason.OK || a.Identity(0) == nothing {
		t.Error("the good way is refused")
	}
	if a.Check(every(), []string{"other"}, now) != reason.AudienceMismatch || a.Identity(0) != nothing || a.Prove(set, nil) != reason.Internal {
		t.Error("a failed Check leaves the proof standing")
	}
	if a.Check(every(), nil, now) != reason.OK || a.Identity(0) != nothing || a.Prove(set, nil) != reason.OK {
		t.Error("Check forgets the proof, Prove renews it")
	}
	if a.Prove(keySet(t, public(t, "ES256", 1, nil)), nil) != reason.BadSignature || a.Identity(0) != nothing {
		t.Error("a failed Prove leaves the former one standing")
	}
	if a.Prove(set, nil) != reason.OK || a.Parse("x", 16384, 1) == reason.OK || a.Identity(0) != nothing {
		t.Error("a failed Parse leaves the proof standing")
	}
	both := mint(t, "ES256", 1, nil, claims("exp", "1"))
	if prove(&a, both, every(), set) != reason.Expired || a.Identity(0) != nothing {
		t.Error("expired and badly signed: one refusal (J-20)")
	}
}

func TestUnprovedReading(t *testing.T) {
	var a jwt.Attempt
	if a.Parse(mint(t, "ES256", 0, map[string]any{"kid": "k", "typ": "at+jwt"}, claims("jti", `"7"`)), 16384, 1) != reason.OK {
		t.Fatal("refused")
	}
	iss, ok1 := a.Issuer()
	jti, ok2 := a.TokenID()
	sub, ok3 := a.Subject()
	kid, ok4 := a.KeyID()
	typ, ok5 := a.Type()
	if got := fmt.Sprintln(iss, jti, sub, kid, typ, a.Algorithm(), ok1 && ok2 && ok3 && ok4 && ok5); got != "https://issuer.test 7 me k at+jwt ES256 true\n" {
		t.Error(got)
	}
	a.Parse(unsigned(`{"alg":"ES256"}`, `{"iss":1}`), 16384, 1)
	if iss, ok := a.Issuer(); ok || iss != "" {
		t.Errorf("iss %q of a number", iss)
	}
}

// RFC 7515's examples that hold claims, at a time when they were good.
func TestRFCVectors(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/rfc/jws.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Source, Token string
		Claims        bool
		Key           json.RawMessage
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, v := range vectors {
		var a jwt.Attempt
		if !v.Claims {
			if got := a.Parse(v.Token, 16384, 1); got != reason.PayloadMalformed {
				t.Errorf("%s holds no claims: %v", v.Source, got)
			}
			continue
		}
		judged++
		cfg := every()
		cfg.Issuer, cfg.Audiences, cfg.ClockSkewSeconds = "joe", nil, 0
		for when, want := range map[int64]reason.Code{1300819379: reason.OK, 1300819380: reason.Expired} {
			if code := a.Parse(v.Token, 16384, 1); code != reason.OK {
				t.Fatal(v.Source, code)
			}
			got := a.Check(cfg, nil, when*second)
			if got == reason.OK {
				got = a.Prove(keySet(t, v.Key), nil)
			}
			if got != want {
				t.Errorf("%s at %d: %v, want %v", v.Source, when, got, want)
			}
		}
	}
	if judged != 3 {
		t.Errorf("%d examples with claims", judged)
	}
}

func publicDER(t *testing.T) (spki, pkcs1 []byte) {
	t.Helper()
	public := rsaPublic()
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return spki, x509.MarshalPKCS1PublicKey(public)
}
