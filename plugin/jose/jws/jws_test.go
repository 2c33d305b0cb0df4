package jws_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jose/jws"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

const limit = 16384

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// token has a given header, a payload and a signature that nobody checks here.
func token(header string) string { return b64(header) + ".e30." + b64("signature") }

func TestHeaderLaws(t *testing.T) {
	for _, c := range []struct {
		law    string
		header string
		want   error
	}{
		{"an algorithm is enough", `{"alg":"RS256"}`, nil},
		{"white space around members", " {\r\n \"alg\" : \"ES256\" }\n", nil},
		{"unknown members are ignored (RFC 7515 §4)", `{"alg":"RS256","cty":"JWT","foo":[{"bar":null}]}`, nil},
		{"token-supplied keys are not read (J-07, J-08)", `{"alg":"RS256","jwk":{"kty":"oct"},"jku":"https://evil.test/","x5u":"x","x5c":["x"],"x5t":"x","x5t#S256":"x"}`, nil},
		{"Ed25519 (J-19, RFC 9864)", `{"alg":"Ed25519"}`, nil},
		{"escaped characters in alg", `{"alg":"\u0052S256"}`, nil},
		{"the empty kid is a kid", `{"alg":"RS256","kid":""}`, nil},
		{"a kid of 1024 bytes", `{"alg":"RS256","kid":"` + strings.Repeat("k", 1024) + `"}`, nil},
		{"b64 true is what it is anyway (RFC 7797 §3)", `{"alg":"RS256","b64":true}`, nil},
		{"depth 32 (N-10)", `{"alg":"RS256","a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, nil},

		{"alg absent (J-01)", `{"typ":"JWT"}`, jws.ErrAlgorithmMissing},
		{"alg null (J-01)", `{"alg":null}`, jws.ErrAlgorithmMissing},
		{"alg a number (J-01)", `{"alg":256}`, jws.ErrAlgorithmMissing},
		{"alg an array (J-01)", `{"alg":["RS256"]}`, jws.ErrAlgorithmMissing},
		{"only Alg in upper case (N-04)", `{"Alg":"RS256"}`, jws.ErrAlgorithmMissing},
		{"alg none (J-01)", `{"alg":"none"}`, jws.ErrAlgorithmUnsupported},
		{"alg None (J-01)", `{"alg":"None"}`, jws.ErrAlgorithmUnsupported},
		{"alg NONE (J-01)", `{"alg":"NONE"}`, jws.ErrAlgorithmUnsupported},
		{"alg nOnE (J-01)", `{"alg":"nOnE"}`, jws.ErrAlgorithmUnsupported},
		{"alg none with a space (J-01)", `{"alg":"none "}`, jws.ErrAlgorithmUnsupported},
		{"alg empty", `{"alg":""}`, jws.ErrAlgorithmUnsupported},
		{"alg in lower case (J-01)", `{"alg":"rs256"}`, jws.ErrAlgorithmUnsupported},
		{"alg with a NUL (J-01)", `{"alg":"RS256\u0000"}`, jws.ErrAlgorithmUnsupported},
		{"alg of 10 KB (J-01)", `{"alg":"` + strings.Repeat("R", 10000) + `"}`, jws.ErrAlgorithmUnsupported},
		{"alg of a JWE", `{"alg":"RSA-OAEP","enc":"A256GCM"}`, jws.ErrAlgorithmUnsupported},
		{"ES256K is not implemented", `{"alg":"ES256K"}`, jws.ErrAlgorithmUnsupported},
		{"Ed448", `{"alg":"Ed448"}`, jws.ErrAlgorithmUnsupported},

		{"crit names a member that is there (J-09)", `{"alg":"RS256","crit":["exp"],"exp":1}`, jws.ErrCritical},
		{"crit empty (J-09)", `{"alg":"RS256","crit":[]}`, jws.ErrCritical},
		{"crit a string (J-09)", `{"alg":"RS256","crit":"b64","b64":true}`, jws.ErrCritical},
		{"crit b64 true (J-09)", `{"alg":"RS256","crit":["b64"],"b64":true}`, jws.ErrCritical},
		{"crit b64 false (J-09)", `{"alg":"RS256","crit":["b64"],"b64":false}`, jws.ErrCritical},
		{"crit twice the same (J-09)", `{"alg":"RS256","crit":["x","x"],"x":1}`, jws.ErrCritical},
		{"crit names a member of the RFC (J-09)", `{"alg":"RS256","crit":["alg"]}`, jws.ErrCritical},
		{"crit holds a number (J-09)", `{"alg":"RS256","crit":[1]}`, jws.ErrCritical},
		{"crit null (J-09)", `{"alg":"RS256","crit":null}`, jws.ErrCritical},
		{"crit an object (J-09)", `{"alg":"RS256","crit":{}}`, jws.ErrCritical},
		{"crit names an absent member (J-09)", `{"alg":"RS256","crit":["x"]}`, jws.ErrCritical},
		{"b64 false without crit (J-10)", `{"alg":"RS256","b64":false}`, jws.ErrCritical},
		{"b64 null", `{"alg":"RS256","b64":null}`, jws.ErrCritical},
		{"b64 as text", `{"alg":"RS256","b64":"true"}`, jws.ErrCritical},

		{"zip (J-11)", `{"alg":"RS256","zip":"DEF"}`, jws.ErrHeader},
		{"kid a number (J-12)", `{"alg":"RS256","kid":1}`, jws.ErrHeader},
		{"kid an object (J-12)", `{"alg":"RS256","kid":{}}`, jws.ErrHeader},
		{"kid null", `{"alg":"RS256","kid":null}`, jws.ErrHeader},
		{"kid of 1025 bytes (J-12)", `{"alg":"RS256","kid":"` + strings.Repeat("k", 1025) + `"}`, jws.ErrHeader},
		{"typ a number", `{"alg":"RS256","typ":1}`, jws.ErrHeader},
		{"typ null", `{"alg":"RS256","typ":null}`, jws.ErrHeader},
		{"alg twice, good first (N-01)", `{"alg":"RS256","alg":"none"}`, jws.ErrHeader},
		{"alg twice, good last (N-01)", `{"alg":"none","alg":"RS256"}`, jws.ErrHeader},
		{"alg twice, once escaped (N-02)", `{"alg":"RS256","\u0061lg":"none"}`, jws.ErrHeader},
		{"kid twice (N-01)", `{"alg":"RS256","kid":"a","kid":"b"}`, jws.ErrHeader},
		{"crit twice (N-01)", `{"alg":"RS256","crit":["x"],"crit":["x"]}`, jws.ErrHeader},
		{"a member twice inside a member (N-03)", `{"alg":"RS256","x":{"a":1,"a":1}}`, jws.ErrHeader},
		{"bad UTF-8 (N-05)", "{\"alg\":\"RS256\",\"x\":\"\xff\"}", jws.ErrHeader},
		{"lone surrogate (N-06)", `{"alg":"RS256","x":"\ud800"}`, jws.ErrHeader},
		{"depth 33 (N-10)", `{"alg":"RS256","a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, jws.ErrHeader},
		{"trailing text (N-09)", `{"alg":"RS256"}x`, jws.ErrHeader},
		{"byte order mark (N-09)", "\xef\xbb\xbf{\"alg\":\"RS256\"}", jws.ErrHeader},
		{"an array", `[{"alg":"RS256"}]`, jws.ErrHeader},
		{"a string", `"RS256"`, jws.ErrHeader},
		{"null", `null`, jws.ErrHeader},
		{"not JSON", `alg=RS256`, jws.ErrHeader},
	} {
		t.Run(c.law, func(t *testing.T) {
			var tok jws.Token
			if err := tok.Parse(token(c.header), limit, 1); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.header, err, c.want)
			} else if err != nil {
				empty(t, &tok)
			}
		})
	}
}

// empty: after a refusal nothing of the token may be read.
func empty(t *testing.T, tok *jws.Token) {
	t.Helper()
	_, hasKid := tok.KeyID()
	_, hasTyp := tok.Type()
	if tok.Algorithm() != jwa.Invalid || hasKid || hasTyp || tok.SigningInput() != "" || tok.PayloadText() != "" ||
		len(tok.Payload()) != 0 || len(tok.Signature()) != 0 || tok.Header().Root().Len() != 0 {
		t.Error("a refused token still shows something")
	}
}

func TestStructureLaws(t *testing.T) {
	h, p, s := b64(`{"alg":"RS256"}`), "e30", b64("signature!")
	good := h + "." + p + "." + s
	for _, c := range []struct {
		law  string
		raw  string
		want error
	}{
		{"three segments", good, nil},
		{"nothing (E-05)", "", jws.ErrMalformed},
		{"one segment (E-05)", h, jws.ErrMalformed},
		{"two segments (E-05)", h + "." + p, jws.ErrMalformed},
		{"four segments (E-05)", good + "." + s, jws.ErrMalformed},
		{"five segments are encrypted (J-18)", h + "." + p + "." + s + "." + s + "." + s, jws.ErrEncrypted},
		{"five segments, the second empty: alg dir (J-18)", h + ".." + s + "." + s + "." + s, jws.ErrEncrypted},
		{"six segments (E-05)", h + strings.Repeat("."+s, 5), jws.ErrMalformed},
		{"seven segments", h + strings.Repeat("."+s, 6), jws.ErrMalformed},
		{"leading dot (E-05)", "." + good, jws.ErrMalformed},
		{"trailing dot (E-05)", good + ".", jws.ErrMalformed},
		{"two dots in a row (E-05)", h + ".." + p + "." + s, jws.ErrMalformed},
		{"empty header (E-05)", "." + p + "." + s, jws.ErrMalformed},
		{"empty payload (E-05)", h + ".." + s, jws.ErrMalformed},
		{"empty signature (E-05, J-01)", h + "." + p + ".", jws.ErrMalformed},
		{"only two dots (E-05)", "..", jws.ErrMalformed},
		{"15 KB of dots (E-06)", strings.Repeat(".", 15<<10), jws.ErrMalformed},
		{"padding after the header (E-01)", h + "=." + p + "." + s, jws.ErrMalformed},
		{"padding after the payload (E-01)", h + "." + p + "=." + s, jws.ErrMalformed},
		{"padding after the signature (E-01)", good + "==", jws.ErrMalformed},
		{"encoded padding (E-01)", good + "%3D", jws.ErrMalformed},
		{"plus (E-02)", h + "." + p + ".++++", jws.ErrMalformed},
		{"slash (E-02)", h + "." + p + ".////", jws.ErrMalformed},
		{"a segment of length 1 modulo 4 (E-02)", h + "." + p + ".AAAAA", jws.ErrMalformed},
		{"a space before (E-03)", " " + good, jws.ErrMalformed},
		{"a space after (E-03)", good + " ", jws.ErrMalformed},
		{"a line break inside (E-03)", h + "." + p + ".\r\n" + s, jws.ErrMalformed},
		{"a tab inside the header (E-03)", h[:4] + "\t" + h[4:] + "." + p + "." + s, jws.ErrMalformed},
		{"a vertical tab inside the payload (E-03)", h + ".e3\v0." + s, jws.ErrMalformed},
		{"trailing bits of the payload (E-04)", h + ".e31." + s, jws.ErrMalformed},
		{"trailing bits of a tail of two (E-04)", h + "." + p + ".AB", jws.ErrMalformed},
		{"trailing bits of a tail of three (E-04)", h + "." + p + ".AAB", jws.ErrMalformed},
		{"trailing comma (E-08)", good + ",", jws.ErrMalformed},
		{"trailing semicolon (E-08)", good + ";", jws.ErrMalformed},
		{"in quotes (E-08)", `"` + good + `"`, jws.ErrMalformed},
		{"an encoded dot (E-08)", h + "%2E" + p + "%2E" + s, jws.ErrMalformed},
		{"a full-width dot (E-08)", h + "\uff0e" + p + "\uff0e" + s, jws.ErrMalformed},
		{"a one-dot leader (E-08)", h + "\u2024" + p + "\u2024" + s, jws.ErrMalformed},
		{"a byte over 7F (E-08)", good + "\x80", jws.ErrMalformed},
		{"general JSON serialization (J-17)", `{"payload":"e30","signatures":[{"protected":"` + h + `","signature":"` + s + `"}]}`, jws.ErrMalformed},
		{"flattened JSON serialization in base64url (J-17)", b64(`{"payload":"e30","protected":"` + h + `","signature":"` + s + `"}`), jws.ErrMalformed},
	} {
		t.Run(c.law, func(t *testing.T) {
			var tok jws.Token
			if err := tok.Parse(c.raw, limit, 1); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			} else if err != nil {
				empty(t, &tok)
			}
		})
	}
}

func TestSize(t *testing.T) {
	raw := token(`{"alg":"RS256"}`)
	var tok jws.Token
	if err := tok.Parse(raw, len(raw), 1); err != nil {
		t.Errorf("as long as allowed: %v (E-07)", err)
	}
	if err := tok.Parse(raw, len(raw)-1, 1); !errors.Is(err, jws.ErrTooLarge) {
		t.Errorf("one byte more: %v (E-07)", err)
	}
	empty(t, &tok)
	if err := tok.Parse(strings.Repeat(".", 60<<10), 64<<10, 1); !errors.Is(err, jws.ErrMalformed) {
		t.Errorf("60 KB of dots: %v (E-06)", err)
	}
}

func TestParts(t *testing.T) {
	var tok jws.Token
	raw := b64(`{"alg":"Ed25519","kid":"a\u0062","typ":"at+JWT","x":[1]}`) + "." + b64(`{"sub":"me"}`) + "." + b64("\x00\xff\x10")
	for range 2 {
		if err := tok.Parse(raw, limit, 1); err != nil {
			t.Fatal(err)
		}
		kid, hasKid := tok.KeyID()
		typ, hasTyp := tok.Type()
		if tok.Algorithm() != jwa.EdDSA || kid != "ab" || !hasKid || typ != "at+JWT" || !hasTyp {
			t.Errorf("alg %v kid %q typ %q", tok.Algorithm(), kid, typ)
		}
		if string(tok.Payload()) != `{"sub":"me"}` || tok.PayloadText() != b64(`{"sub":"me"}`) || string(tok.Signature()) != "\x00\xff\x10" {
			t.Errorf("payload %q signature %x", tok.Payload(), tok.Signature())
		}
		if tok.SigningInput()+"."+b64("\x00\xff\x10") != raw || tok.Header().Root().Len() != 4 {
			t.Errorf("signing input %q", tok.SigningInput())
		}
		if err := tok.Parse("x", limit, 1); err == nil {
			t.Error("taken")
		}
		empty(t, &tok)
	}
	if err := tok.Parse(token(`{"alg":"RS256"}`), limit, 1); err != nil {
		t.Fatal(err)
	}
	if _, ok := tok.KeyID(); ok {
		t.Error("a kid from nowhere")
	}
}

// verify is a reader's whole work below the claims.
func verify(t testing.TB, document []byte, raw string) bool {
	t.Helper()
	set, _, err := jwk.Parse(document, jwk.Limits{MaxBytes: 1 << 16, MaxKeys: 64})
	if err != nil {
		return false
	}
	var tok jws.Token
	if tok.Parse(raw, limit, 1) != nil {
		return false
	}
	for i := range set.Len() {
		k := set.Key(i)
		kid, hasKid := tok.KeyID()
		if id, ok := k.ID(); ok && hasKid && id != kid {
			continue
		}
		if k.Verify(nil, tok.Algorithm(), tok.SigningInput(), tok.Signature()) {
			return true
		}
	}
	return false
}

func keySet(key json.RawMessage) []byte {
	if strings.Contains(string(key), `"keys"`) {
		return key
	}
	return append(append([]byte(`{"keys":[`), key...), "]}"...)
}

func TestRFCVectors(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/rfc/jws.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Source string          `json:"source"`
		Key    json.RawMessage `json:"key"`
		Token  string          `json:"token"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		if !verify(t, keySet(v.Key), v.Token) {
			t.Errorf("%s is refused", v.Source)
		}
		other := vectors[(i+1)%len(vectors)]
		if string(v.Key) != string(other.Key) && verify(t, keySet(other.Key), v.Token) {
			t.Errorf("%s passes with the key of %s", v.Source, other.Source)
		}
		dot := strings.LastIndexByte(v.Token, '.')
		if verify(t, keySet(v.Key), v.Token[:dot+1]+"A"+v.Token[dot+2:]) && v.Token[dot+1] != 'A' {
			t.Errorf("%s with another signature passes", v.Source)
		}
	}
	if len(vectors) != 9 {
		t.Errorf("%d vectors", len(vectors))
	}
	t.Logf("%d vectors of RFC 7515, 7520 and 8037", len(vectors))
}

// Where Wycheproof's opinion on JOSE and ours differ, and why.
var differs = map[string]map[int]string{
	"json_web_signature": {
		259: emptyPayload, 264: emptyPayload, 268: emptyPayload, 272: emptyPayload, 320: emptyPayload, 325: emptyPayload,
		346: otherAlg, 350: otherAlg,
		347: noSuchAlg, 351: noSuchAlg,
		367: sameText, 370: sameText,
		372: badCharacter, 373: badCharacter,
	},
	"json_web_key": {
		1: mixed,
		4: "two keys with one kid: both are tried (K-08)",
	},
	"json_web_crypto": {
		47: mixed,
		50: jwe, 67: jwe,
	},
}

const (
	emptyPayload = "a payload of no bytes: refused, it could hold no claims (E-05)"
	otherAlg     = "the key says PS256, the token PS384 (RFC 7517 §4.4)"
	noSuchAlg    = "the key says ES521, which does not exist"
	sameText     = "the text is that of case 357, which is valid: it carries no padding at all"
	badCharacter = "a character outside the alphabet: refused rather than skipped (RFC 7515 §2)"
	mixed        = "HMAC and public keys in one set: the provider's algorithms decide, not the set (J-04)"
	jwe          = "a JWE"
)

func TestWycheproofJOSE(t *testing.T) {
	for name, exceptions := range differs {
		wycheproof.Load(t, name).Run(t, exceptions, nil, func(g *wycheproof.Group, c *wycheproof.Case) bool {
			key := g.Public
			if key == nil {
				key = g.Private
			}
			var raw string
			if json.Unmarshal(c.JWS, &raw) != nil {
				raw = string(c.JWS) // JSON serialization
			}
			return verify(t, keySet(key), raw)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(token(`{"alg":"RS256","kid":"k","typ":"JWT"}`))
	f.Add(token(`{"alg":"none"}`))
	f.Add("a.b.c")
	f.Add("....")
	f.Add(b64(`{"alg":"EdDSA","crit":["x"]}`) + ".e30.AA")
	f.Fuzz(func(t *testing.T, raw string) {
		var tok jws.Token
		if err := tok.Parse(raw, 4096, 1); err != nil {
			empty(t, &tok)
			return
		}
		// What passes is exactly the canonical text of its parts.
		header := raw[:strings.IndexByte(raw, '.')]
		again := header + "." + base64.RawURLEncoding.EncodeToString(tok.Payload()) + "." + base64.RawURLEncoding.EncodeToString(tok.Signature())
		if again != raw || tok.SigningInput() != raw[:strings.LastIndexByte(raw, '.')] {
			t.Fatalf("%q is not canonical", raw)
		}
		text, err := base64.RawURLEncoding.Strict().DecodeString(header)
		var members map[string]any
		if err != nil || json.Unmarshal(text, &members) != nil {
			t.Fatalf("header %q taken", text)
		}
		if alg, ok := members["alg"].(string); !ok || jwa.Parse(alg) != tok.Algorithm() || tok.Algorithm() == jwa.Invalid {
			t.Fatalf("alg %v read as %v", members["alg"], tok.Algorithm())
		}
		if _, ok := members["crit"]; ok {
			t.Fatal("crit passes")
		}
	})
}
