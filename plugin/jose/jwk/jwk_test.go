package jwk_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
)

var wide = jwk.Limits{MaxBytes: 1 << 16, MaxKeys: 64, Seed: 1}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

type members map[string]any

// with returns a copy with pairs set; a nil value removes the member.
func (m members) with(pairs ...any) members {
	c := members{}
	for k, v := range m {
		c[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(c, pairs[i].(string))
		} else {
			c[pairs[i].(string)] = pairs[i+1]
		}
	}
	return c
}

func set(keys ...any) []byte {
	b, err := json.Marshal(members{"keys": keys})
	if err != nil {
		panic(err)
	}
	return b
}

var good = sync.OnceValue(func() map[string]members {
	out := map[string]members{}
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	out["RSA"] = members{"kty": "RSA", "n": b64(k.N.Bytes()), "e": "AQAB"}
	for name, c := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			panic(err)
		}
		p, err := k.PublicKey.Bytes()
		if err != nil {
			panic(err)
		}
		size := len(p) / 2
		out[name] = members{"kty": "EC", "crv": name, "x": b64(p[1 : 1+size]), "y": b64(p[1+size:])}
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	out["Ed25519"] = members{"kty": "OKP", "crv": "Ed25519", "x": b64(public)}
	out["oct"] = members{"kty": "oct", "k": b64(bytes.Repeat([]byte{7}, 64))}
	return out
})

func TestGoodKeys(t *testing.T) {
	families := map[string]jwa.Family{"RSA": jwa.RSA, "P-256": jwa.P256, "P-384": jwa.P384, "P-521": jwa.P521, "Ed25519": jwa.Ed25519, "oct": jwa.Oct}
	algorithms := map[string][]string{
		"RSA": {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, "P-256": {"ES256"}, "P-384": {"ES384"},
		"P-521": {"ES512"}, "Ed25519": {"EdDSA", "Ed25519"}, "oct": {"HS256", "HS384", "HS512"},
	}
	for name, key := range good() {
		s, notes, err := jwk.Parse(set(key.with("kid", "a", "use", "sig", "key_ops", []string{"verify"}, "x5t", "ignored", "ext", true)), wide)
		if err != nil || len(notes) != 0 || s.Len() != 1 {
			t.Fatalf("%s: %v %v", name, notes, err)
		}
		k := s.Key(0)
		if id, ok := k.ID(); id != "a" || !ok || k.Family() != families[name] || k.Algorithm() != jwa.Invalid {
			t.Errorf("%s: kid %q, family %v, alg %v", name, id, k.Family(), k.Algorithm())
		}
		for f := jwa.NoFamily; f <= jwa.Oct; f++ {
			if s.Has(f) != (f == families[name]) {
				t.Errorf("%s: Has(%d) = %v", name, f, s.Has(f))
			}
		}
		// J-04, J-06: a key without alg fits the algorithms of its family and no other.
		fits := map[jwa.Algorithm]bool{}
		for _, a := range algorithms[name] {
			fits[jwa.Parse(a)] = true
		}
		for a := jwa.Invalid; a <= jwa.HS512+1; a++ {
			if k.Fits(a) != fits[a] {
				t.Errorf("%s: Fits(%v) = %v", name, a, k.Fits(a))
			}
			if k.Verify(nil, a, "x", make([]byte, 64)) || k.Verify(nil, a, "x", nil) {
				t.Errorf("%s: zeros verify under %v", name, a)
			}
		}
		// J-05: a key with alg fits that one alone; another family's makes it unusable.
		for other, names := range algorithms {
			for _, a := range names {
				s, _, err := jwk.Parse(set(key.with("alg", a)), wide)
				if (err == nil) != (other == name) {
					t.Errorf("%s with alg %s: %v", name, a, err)
				}
				if err != nil {
					continue
				}
				for b := jwa.RS256; b <= jwa.HS512; b++ {
					if s.Key(0).Fits(b) != (b == jwa.Parse(a)) {
						t.Errorf("%s bound to %s: Fits(%v) = %v", name, a, b, s.Key(0).Fits(b))
					}
				}
			}
		}
	}
}

func TestUnusableKeys(t *testing.T) {
	g := good()
	n, err := base64.RawURLEncoding.DecodeString(g["RSA"]["n"].(string))
	if err != nil {
		t.Fatal(err)
	}
	even := bytes.Clone(n)
	even[255] ^= 1
	x, err := base64.RawURLEncoding.DecodeString(g["P-256"]["x"].(string))
	if err != nil {
		t.Fatal(err)
	}
	p256p := elliptic.P256().Params().P
	zero32 := b64(make([]byte, 32))
	short := func(n int) string { return b64(bytes.Repeat([]byte{1}, n)) }
	for _, c := range []struct {
		law string
		key any
		why string
	}{
		{"not an object", "a key", "not an object"},
		{"null", nil, "not an object"},
		{"an array", []any{}, "not an object"},
		{"no kty", g["RSA"].with("kty", nil), `no string "kty"`},
		{"kty a number", g["RSA"].with("kty", 1), `no string "kty"`},
		{"unknown kty (RFC 7517 §5)", g["RSA"].with("kty", "XYZ"), "kty"},
		{"kty in lower case", g["RSA"].with("kty", "rsa"), "kty"},
		{"oct in upper case", g["oct"].with("kty", "OCT"), "kty"},
		{"kid a number", g["RSA"].with("kid", 1), "kid"},
		{"kid too long", g["RSA"].with("kid", strings.Repeat("k", 1025)), "kid"},
		{"use enc (K-07)", g["RSA"].with("use", "enc"), "use"},
		{"use x509-svid (K-07)", g["RSA"].with("use", "x509-svid"), "use"},
		{"use empty", g["RSA"].with("use", ""), "use"},
		{"use an array", g["RSA"].with("use", []string{"sig"}), "use"},
		{"key_ops sign (K-07)", g["RSA"].with("key_ops", []string{"sign"}), "key_ops"},
		{"key_ops a string (K-07)", g["RSA"].with("key_ops", "verify"), "key_ops"},
		{"key_ops empty", g["RSA"].with("key_ops", []string{}), "key_ops"},
		{"key_ops verify twice (RFC 7517 §4.3)", g["RSA"].with("key_ops", []string{"verify", "verify"}), "key_ops"},
		{"key_ops verify and encrypt (K-07)", g["RSA"].with("key_ops", []string{"verify", "encrypt"}), "key_ops"},
		{"use sig, key_ops encrypt: in conflict (K-07)", g["RSA"].with("use", "sig", "key_ops", []string{"encrypt"}), "key_ops"},
		{"use enc, key_ops verify: in conflict (K-07)", g["RSA"].with("use", "enc", "key_ops", []string{"verify"}), "use"},
		{"alg RSA-OAEP (K-07)", g["RSA"].with("alg", "RSA-OAEP"), "alg"},
		{"alg none", g["RSA"].with("alg", "none"), "alg"},
		{"alg a number", g["RSA"].with("alg", 256), "alg"},
		{"alg empty", g["RSA"].with("alg", ""), "alg"},
		{"alg of another curve (J-06)", g["P-256"].with("alg", "ES384"), "alg"},
		{"HS256 on an RSA key (J-04)", g["RSA"].with("alg", "HS256"), "alg"},

		{"RSA without n", g["RSA"].with("n", nil), `"n"`},
		{"RSA without e", g["RSA"].with("e", nil), `"e"`},
		{"n empty", g["RSA"].with("n", ""), `"n"`},
		{"n a number", g["RSA"].with("n", 65537), `"n"`},
		{"n padded", g["RSA"].with("n", g["RSA"]["n"].(string)+"=="), "base64url"},
		{"n in the other alphabet", g["RSA"].with("n", "++++"), "base64url"},
		{"e padded", g["RSA"].with("e", "AQAB="), "base64url"},
		{"1024 bits (K-01)", g["RSA"].with("n", b64(n[128:])), "2048"},
		{"1024 bits padded to 256 bytes (K-01)", g["RSA"].with("n", b64(append(make([]byte, 128), n[128:]...))), "2048"},
		{"2047 bits (K-01)", g["RSA"].with("n", b64(append([]byte{n[0] & 0x7f}, n[1:]...))), "2048"},
		{"even n (K-03)", g["RSA"].with("n", b64(even)), "even"},
		{"e = 1 (K-02)", g["RSA"].with("e", "AQ"), "exponent"},
		{"e = 0 (K-02)", g["RSA"].with("e", "AA"), "exponent"},
		{"e even (K-02)", g["RSA"].with("e", "AQAA"), "exponent"},
		{"e with a leading zero (K-02)", g["RSA"].with("e", "AAEAAQ"), "exponent"},
		{"e = n (K-02)", g["RSA"].with("e", g["RSA"]["n"]), "exponent"},

		{"EC without crv", g["P-256"].with("crv", nil), "crv"},
		{"EC with another curve's name (K-04)", g["P-256"].with("crv", "P-384"), "point"},
		{"secp256k1", g["P-256"].with("crv", "secp256k1"), "crv"},
		{"crv in lower case", g["P-256"].with("crv", "p-256"), "crv"},
		{"EC without y", g["P-256"].with("y", nil), `"y"`},
		{"EC without x", g["P-256"].with("x", nil), `"x"`},
		{"x of 31 bytes (K-04)", g["P-256"].with("x", b64(x[1:])), "point"},
		{"x of 33 bytes (K-04)", g["P-256"].with("x", b64(append([]byte{0}, x...))), "point"},
		{"off the curve (K-04)", g["P-256"].with("y", g["P-256"]["x"]), "point"},
		{"(0,0) (K-04)", g["P-256"].with("x", zero32, "y", zero32), "point"},
		{"x = p (K-04)", g["P-256"].with("x", b64(p256p.Bytes())), "point"},

		{"X25519 (J-19)", g["Ed25519"].with("crv", "X25519"), "crv"},
		{"Ed448 (J-19)", g["Ed25519"].with("crv", "Ed448"), "crv"},
		{"OKP without crv", g["Ed25519"].with("crv", nil), "crv"},
		{"OKP without x", g["Ed25519"].with("x", nil), `"x"`},
		{"x of 31 bytes (K-05)", g["Ed25519"].with("x", short(31)), "32 bytes"},
		{"x of 33 bytes (K-05)", g["Ed25519"].with("x", short(33)), "32 bytes"},
		{"small order (K-05)", g["Ed25519"].with("x", zero32), "small order"},
		{"y not below p (K-05)", g["Ed25519"].with("x", b64(append(bytes.Repeat([]byte{0xff}, 31), 0x7f))), "point"},

		{"oct without k (K-06)", g["oct"].with("k", nil), `"k"`},
		{"k empty (K-06)", g["oct"].with("k", ""), `"k"`},
		{"k padded (K-06)", g["oct"].with("k", g["oct"]["k"].(string)+"="), "base64url"},
		{"k of 31 bytes (K-06)", g["oct"].with("k", short(31)), "32 bytes"},
		{"HS256 with 31 bytes (K-06)", g["oct"].with("k", short(31), "alg", "HS256"), "32 bytes"},
		{"HS384 with 47 bytes (K-06)", g["oct"].with("k", short(47), "alg", "HS384"), "shorter"},
		{"HS512 with 63 bytes (K-06)", g["oct"].with("k", short(63), "alg", "HS512"), "shorter"},
		{"RS256 on a secret (J-04)", g["oct"].with("alg", "RS256"), "alg"},
		{"a PEM as secret (J-03)", g["oct"].with("k", b64([]byte(" # x\n\x00-----BEGIN PUBLIC KEY-----\nMIIB...\n"))), "pem"},
	} {
		t.Run(c.law, func(t *testing.T) {
			// Alone: an error. Beside a good key: left out with a note, the good one stays.
			if s, _, err := jwk.Parse(set(c.key), wide); !errors.Is(err, jwk.ErrNoUsableKey) || s != nil {
				t.Errorf("alone: %v, %v", s, err)
			}
			s, notes, err := jwk.Parse(set(g["P-384"].with("kid", "first"), c.key, g["P-521"].with("kid", "last")), wide)
			if err != nil || s.Len() != 2 || s.Key(0).Family() != jwa.P384 || s.Key(1).Family() != jwa.P521 {
				t.Fatalf("in company: %v", err)
			}
			if len(notes) != 1 || !strings.HasPrefix(notes[0], "keys[1]") || !strings.Contains(notes[0], c.why) {
				t.Errorf("notes %q, want one on keys[1] that says %q", notes, c.why)
			}
		})
	}
}

func TestDocuments(t *testing.T) {
	key, err := json.Marshal(good()["P-256"])
	if err != nil {
		t.Fatal(err)
	}
	k := string(key)
	many := func(n int) string { return `{"keys":[` + strings.TrimSuffix(strings.Repeat(k+",", n), ",") + `]}` }
	for _, c := range []struct {
		law      string
		document string
		want     error
	}{
		{"one key", `{"keys":[` + k + `]}`, nil},
		{"other members beside keys", `{"a":{"b":[]},"keys":[` + k + `],"z":1}`, nil},
		{"nothing", ``, jwk.ErrDocument},
		{"HTML (R-03)", `<html></html>`, jwk.ErrDocument},
		{"an empty object (R-03)", `{}`, jwk.ErrDocument},
		{"keys an object (R-03)", `{"keys":{}}`, jwk.ErrDocument},
		{"keys null", `{"keys":null}`, jwk.ErrDocument},
		{"a bare key", k, jwk.ErrDocument},
		{"a bare array", `[` + k + `]`, jwk.ErrDocument},
		{"Keys in upper case", `{"Keys":[` + k + `]}`, jwk.ErrDocument},
		{"no keys", `{"keys":[]}`, jwk.ErrNoUsableKey},
		{"half a document (R-03)", many(2)[:200], jwk.ErrDocument},
		{"keys twice (N-13)", `{"keys":[` + k + `],"keys":[` + k + `]}`, jwk.ErrDocument},
		{"a member twice in a key (K-09)", `{"keys":[` + strings.Replace(k, `"crv"`, `"x":"AA","crv"`, 1) + `]}`, jwk.ErrDocument},
		{"bad UTF-8 (N-13)", `{"keys":[` + k + `],"a":"` + "\xff" + `"}`, jwk.ErrDocument},
		{"too deep (N-13)", `{"keys":[` + k + `],"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, jwk.ErrDocument},
		{"text after it", many(1) + "x", jwk.ErrDocument},
		{"64 keys (K-12)", many(64), nil},
		{"65 keys (K-12)", many(65), jwk.ErrTooManyKeys},
		{"10,000 entries (R-03)", `{"keys":[` + strings.Repeat("0,", 9999) + `0]}`, jwk.ErrTooManyKeys},
		{"over the size (R-03)", many(1) + strings.Repeat(" ", 1<<16), jwk.ErrDocument},
	} {
		t.Run(c.law, func(t *testing.T) {
			s, _, err := jwk.Parse([]byte(c.document), wide)
			if !errors.Is(err, c.want) || (err == nil) != (s != nil) {
				t.Errorf("%v, %v; want %v", s, err, c.want)
			}
		})
	}
	if _, _, err := jwk.Parse([]byte(many(1)), jwk.Limits{}); err == nil {
		t.Error("the zero limits take something")
	}
}

func TestNotes(t *testing.T) {
	g := good()
	s, notes, err := jwk.Parse(set(g["P-256"].with("d", b64(make([]byte, 32)), "kid", "a\r\nb\x1b"+strings.Repeat("k", 100))), wide)
	if err != nil || s.Len() != 1 || len(notes) != 1 || !strings.Contains(notes[0], "private") {
		t.Fatalf("private members: %v %v (K-09)", notes, err)
	}
	if strings.ContainsAny(notes[0], "\r\n\x1b") || len(notes[0]) > 300 {
		t.Errorf("note %q: a kid must be quoted and cut", notes[0])
	}
	secret := bytes.Repeat([]byte("sEcr"), 7)
	_, notes, err = jwk.Parse(set(g["oct"].with("k", b64(secret))), wide)
	if err == nil || strings.Contains(fmt.Sprint(notes, err), b64(secret)) || strings.Contains(fmt.Sprint(notes, err), "sEcr") {
		t.Errorf("a secret in %v, %v", notes, err)
	}
	var crowd []any
	for range 9 {
		crowd = append(crowd, g["Ed25519"])
	}
	if _, notes, err = jwk.Parse(set(crowd...), wide); err != nil || len(notes) != 1 || !strings.Contains(notes[0], "9 keys") {
		t.Errorf("nine keys without kid: %v, %v (DESIGN: a warning at load)", notes, err)
	}
	if _, notes, err = jwk.Parse(set(crowd[:8]...), wide); err != nil || len(notes) != 0 {
		t.Errorf("eight keys without kid: %v, %v", notes, err)
	}
}

func TestNilSet(t *testing.T) {
	var s *jwk.Set
	if s.Len() != 0 || s.Key(0) != nil || s.Has(jwa.RSA) {
		t.Error("a nil set holds something")
	}
	full, _, err := jwk.Parse(set(good()["RSA"]), wide)
	if err != nil || full.Key(-1) != nil || full.Key(1) != nil {
		t.Error("a key outside the set", err)
	}
}

// The set outlives the document: the host's buffer is reused.
func TestSetDoesNotAliasTheDocument(t *testing.T) {
	document := set(good()["P-256"].with("kid", "kept"))
	s, _, err := jwk.Parse(document, wide)
	if err != nil {
		t.Fatal(err)
	}
	for i := range document {
		document[i] = 'x'
	}
	if id, ok := s.Key(0).ID(); id != "kept" || !ok {
		t.Errorf("kid %q", id)
	}
}

func TestEmptyKid(t *testing.T) {
	s, _, err := jwk.Parse(set(good()["P-256"].with("kid", "")), wide)
	if err != nil {
		t.Fatal(err)
	}
	if id, ok := s.Key(0).ID(); id != "" || !ok {
		t.Error(`"" is a kid; it is not the absence of one`)
	}
}

func FuzzParse(f *testing.F) {
	for _, key := range good() {
		f.Add(set(key.with("kid", "a", "alg", "RS256")))
		f.Add(set(key.with("use", "sig"), key.with("key_ops", []string{"verify"})))
	}
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQ","e":"Aw"}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		s, notes, err := jwk.Parse(document, jwk.Limits{MaxBytes: 1 << 14, MaxKeys: 8})
		if (err == nil) != (s.Len() > 0) || s.Len() > 8 || len(notes) > 16 {
			t.Fatalf("%d keys, %d notes, %v", s.Len(), len(notes), err)
		}
		if err == nil && !json.Valid(document) && !bytes.HasPrefix(bytes.TrimLeft(document, " \t\r\n"), []byte("-----BEGIN PUBLIC KEY-----")) {
			t.Fatal("taken, but neither JSON nor PEM")
		}
		for i := range s.Len() {
			k := s.Key(i)
			if k.Family() == jwa.NoFamily {
				t.Fatal("a key without family")
			}
			if k.Algorithm() != jwa.Invalid && !k.Fits(k.Algorithm()) {
				t.Fatal("a key does not fit its own algorithm")
			}
			for a := jwa.Invalid; a <= jwa.HS512; a++ {
				for _, size := range []int{0, 32, 64, 96, 132, 256} {
					if k.Verify(nil, a, "input", make([]byte, size)) {
						t.Fatalf("zeros verify under %v", a)
					}
				}
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"RSA", "P-256", "P-384", "P-521", "Ed25519", "oct"} {
		document := set(good()[name])
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := jwk.Parse(document, wide); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	largest := new(big.Int).Lsh(big.NewInt(1), 8191)
	document := set(members{"kty": "RSA", "e": "AQAB", "n": b64(largest.Add(largest, big.NewInt(1)).Bytes())})
	b.Run("RSA-8192", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := jwk.Parse(document, wide); err != nil {
				b.Fatal(err)
			}
		}
	})
}
