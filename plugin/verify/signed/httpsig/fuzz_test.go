package httpsig_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// FuzzRead: whatever the fields and the request, reading does not panic, stays in its
// bounds, comes twice to the same, and what it claims to be signed is a text of as many
// lines as it has components: signed by the key it is proved, by any other it is not.
func FuzzRead(f *testing.F) {
	k := keyring(f)[0]
	seed := func(m message) {
		var input, made, fields string
		for _, h := range m.headers {
			switch h[0] {
			case "signature-input":
				input = h[1]
			case "signature":
				made = h[1]
			default:
				fields += h[0] + ":" + h[1] + "\n"
			}
		}
		f.Add(m.method, m.authority, m.target, input, made, fields, m.body)
	}
	seed(goodPost(k))
	for _, list := range []string{
		`("x-d";key="b" "x-d";bs "x-d";sf "@query-param";name="Pet" "@target-uri" "host")`, `("@method" "@method")`, `("@status");expires=1`,
		`("signature-agent";key="a" "@authority")`, `("content-digest";sf "content-digest";key="sha-256")`, `()`, `("date";tr;req)`, `("@request-target" "@scheme" "@query" "@path")`,
	} {
		seed(post().with("x-d", "a, b=(1 2);q, c=?0").with("signature-agent", `a="https://b"`).signed(k, list+params+`;nonce="n";tag="web-bot-auth"`, ""))
	}
	for _, file := range []string{"rfc9421.json", "web-bot-auth.json"} {
		for _, v := range vectors(f, file) {
			seed(v.message())
		}
	}
	star := post()
	star.method, star.target = "OPTIONS", "*"
	seed(star.signed(k, `("@path" "@target-uri")`+params, ""))
	schemes := []*httpsig.Scheme{}
	for _, cfg := range []httpsig.Config{{}, {Components: []string{}, AllowEmpty: true, BodyOptional: true, CreatedOptional: true}, {WebBotAuth: true, BodyOptional: true}} {
		s, err := httpsig.New(cfg)
		must(f, err)
		schemes = append(schemes, s)
	}
	f.Fuzz(func(t *testing.T, method, authority, target, input, made, fields, body string) {
		m := message{method: method, scheme: "https", authority: authority, target: target, body: body}
		for _, line := range strings.Split(fields, "\n") {
			if name, value, ok := strings.Cut(line, ":"); ok && len(m.headers) < 64 {
				m = m.with(name, value)
			}
		}
		v, ok := m.with("signature-input", input).with("signature", made).view()
		if !ok {
			return
		}
		for n, s := range schemes {
			checkReading(t, s, v)
			if n == 1 {
				checkProof(t, s, k, m, input, v)
			}
		}
	})
}

func checkReading(t *testing.T, s *httpsig.Scheme, v *request.View) {
	var first, second signed.Reading
	r := &signed.Request{View: v, Now: now * 1e9}
	code := s.Read(r, &first)
	if again := s.Read(r, &second); again != code || len(first.Claims()) != len(second.Claims()) {
		t.Fatalf("%s, then %s", code, again)
	}
	if (code == reason.OK) != (len(first.Claims()) > 0) || code == reason.Undecided || code == reason.Internal {
		t.Fatalf("%s with %d claims", code, len(first.Claims()))
	}
	for i, c := range first.Claims() {
		if c.Before != second.Claims()[i].Before || c.After != "" || c.Body != signed.BodyUnused {
			t.Fatalf("%q, then %q", c.Before, second.Claims()[i].Before)
		}
		lines := strings.Split(c.Before, "\n")
		if !strings.HasPrefix(lines[len(lines)-1], `"@signature-params": (`) || len(lines) > httpsig.MaxComponents+1 || len(c.Before) > 192<<10 {
			t.Fatalf("the text %q", c.Before)
		}
		if strings.ContainsFunc(c.Before, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' && r != '\n' }) {
			t.Fatalf("the text %q is not ASCII", c.Before)
		}
		if len(c.Signatures) != 1 || len(c.Signatures[0]) == 0 || c.Stamp < 0 || c.Expires < 0 || c.Named && c.KeyID == "" || c.HasNonce && c.Nonce == "" {
			t.Fatalf("%+v", c)
		}
		for _, d := range c.Digests {
			if len(d.Sum) != d.Hash.Size() {
				t.Fatalf("%d bytes of %d", len(d.Sum), d.Hash)
			}
		}
	}
}

// checkProof signs the text of the only claim anew, by the key and by another one.
func checkProof(t *testing.T, s *httpsig.Scheme, k keyPair, m message, input string, v *request.View) {
	var reading signed.Reading
	if s.Read(&signed.Request{View: v, Now: now * second}, &reading) != reason.OK || len(reading.Claims()) != 1 {
		return
	}
	c := reading.Claims()[0]
	label, _, _ := strings.Cut(strings.Trim(input, " \t"), "=")
	at := now
	if c.Stamped {
		at = c.Stamp / second
	}
	mac := k.sign(c.Before)
	for _, good := range []bool{true, false} {
		if !good {
			mac = bytes.Clone(mac)
			mac[0] ^= 1
		}
		signer := keyPair{sign: func(string) []byte { return mac }}
		v, ok := m.with("signature-input", input).with("signature", label+"="+signer.signText("")).view()
		if !ok {
			return
		}
		p := &signed.Config{Scheme: s, Keys: []*signed.Key{k.key}, Algorithms: s.Traits().Algorithms, Tolerance: 300 * second}
		got := arrive(p, &signed.Request{View: v, Now: at * second}, m.body, 1<<20)
		if got.state == signed.Proved && !good {
			t.Fatalf("%q is proved by a wrong signature", c.Before)
		}
		if good && got.code == reason.SignatureInvalid && c.KeyID == k.id && c.Algorithm == signed.NoAlgorithm {
			t.Fatalf("%q is refused: %s", c.Before, got.code)
		}
	}
}
