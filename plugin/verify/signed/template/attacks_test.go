package template_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// preset is a provider of a preset with one secret.
func preset(t *testing.T, name string, more ...object) *signed.Config {
	t.Helper()
	return provider(t, with(nil, append(more, object{"preset": name})...))
}

// mustBe judges a call and compares.
func mustBe(t *testing.T, law string, cfg *signed.Config, c *call, want reason.Code) {
	t.Helper()
	state, code, _ := judge(cfg, now, c, 7)
	if code != want || (state == signed.Proved) != (want == reason.OK) {
		t.Errorf("%s: %v %s, want %s", law, state, code, want)
	}
}

const ts = "1767225600"

// TestB01ListedHeaders: absent is refused, empty is empty, two lines are refused.
func TestB01ListedHeaders(t *testing.T) {
	cfg := provider(t, with(plain("{headers:a;b}\n{body}")))
	mustBe(t, "both", cfg, post("/", message, "a", "1", "b", "2", xSig, macHex("a:1\nb:2\n"+message)), reason.OK)
	mustBe(t, "empty", cfg, post("/", message, "a", "1", "b", "", xSig, macHex("a:1\nb:\n"+message)), reason.OK)
	mustBe(t, "absent", cfg, post("/", message, "a", "1", xSig, macHex("a:1\nb:\n"+message)), reason.ComponentMissing)
	mustBe(t, "absent, left out", cfg, post("/", message, "a", "1", xSig, macHex("a:1\n"+message)), reason.ComponentMissing)
	mustBe(t, "two lines", cfg, post("/", message, "a", "1", "b", "2", "b", "2", xSig, macHex("a:1\nb:2\n"+message)), reason.ComponentMissing)
}

// TestB02BordersDoNotMove: a text that was signed as one time and body is no other.
func TestB02BordersDoNotMove(t *testing.T) {
	seconds := provider(t, with(plain("{timestamp}{body}", object{"timestamp": object{"header": "x-ts"}})))
	date := provider(t, with(plain("{timestamp}{body}", object{"timestamp": object{"header": "x-ts", "format": "rfc3339"}})))
	behind := provider(t, with(plain("{body}{timestamp}", object{"timestamp": object{"header": "x-ts", "format": "unix_ms"}})))
	sig := macHex(ts + "1" + message)
	mustBe(t, "as signed", seconds, post("/", "1"+message, "x-ts", ts, xSig, sig), reason.OK)
	mustBe(t, "a digit of the body in the time", seconds, post("/", message, "x-ts", ts+"1", xSig, sig), reason.SignatureInFuture)
	mustBe(t, "a digit of the time in the body", seconds, post("/", "01"+message, "x-ts", ts[:9], xSig, sig), reason.SignatureExpired)
	sig = macHex("2026-01-01T00:00:00Z.5Z")
	mustBe(t, "a date as signed", date, post("/", ".5Z", "x-ts", "2026-01-01T00:00:00Z", xSig, sig), reason.OK)
	mustBe(t, "a date that goes on", date, post("/", "", "x-ts", "2026-01-01T00:00:00Z.5Z", xSig, sig), reason.TimestampMalformed)
	mustBe(t, "a date that ends early", date, post("/", "Z.5Z", "x-ts", "2026-01-01T00:00:00", xSig, sig), reason.TimestampMalformed)
	sig = macHex("71767225600000")
	mustBe(t, "the time behind, as signed", behind, post("/", "7", "x-ts", "1767225600000", xSig, sig), reason.OK)
	mustBe(t, "a digit more of it", behind, post("/", "", "x-ts", "71767225600000", xSig, sig), reason.SignatureInFuture)
	mustBe(t, "a digit less of it", behind, post("/", "71", "x-ts", "767225600000", xSig, sig), reason.SignatureExpired)
}

// TestB02QueriesAreNoForms: a query that was signed is not the same text cut in two, of
// which a form is the rest.
func TestB02QueriesAreNoForms(t *testing.T) {
	cfg := provider(t, with(nil, object{"template": object{
		"algorithm": "hmac-sha256", "signature": object{"parameter": "sig"}, "base": "{parameters:minus:sig}",
	}}))
	text := "amount=10&to=bob"
	sig := "sig=" + macHex(text)
	mixed := func(query, body string) *call {
		return post("/?"+query, body, "content-type", "application/x-www-form-urlencoded")
	}
	mustBe(t, "as signed", cfg, mixed(text+"&"+sig, ""), reason.OK)
	mustBe(t, "all of it a form", cfg, mixed(sig, text), reason.OK)
	for cut := 1; cut < len(text); cut++ {
		for _, c := range []*call{mixed(text[:cut]+"&"+sig, text[cut:]), mixed(sig+"&"+text[:cut], text[cut:]), mixed(text[:cut], text[cut:]+"&"+sig)} {
			mustBe(t, text[:cut]+" and "+text[cut:], cfg, c, reason.BodyMalformed)
		}
	}
	sig = "sig=" + macHex("a=1&b=2c=3&d=4")
	mustBe(t, "both, as the vendor has it", cfg, mixed("a=1&b=2&"+sig, "c=3&d=4"), reason.OK)
	mustBe(t, "cut elsewhere", cfg, mixed("a=1&"+sig, "b=2c=3&d=4"), reason.SignatureInvalid)
	sig = "sig=" + macHex("a=b=2")
	mustBe(t, "a value is missing", cfg, mixed("a=&"+sig, "b=2"), reason.OK)
}

// TestB03NamesDoNotHoldTheirEnd: an id, a nonce or a key's id with the separator in it.
func TestB03NamesDoNotHoldTheirEnd(t *testing.T) {
	for _, member := range []string{"id", "nonce", "key_id"} {
		for _, sep := range []string{".", "~", ":", "\n", "::"} {
			list := []object{{"id": "k", "secret": object{"inline": theKey}}}
			if sep != "\n" { // which no key's id has
				list = append(list, object{"id": "k" + sep + "x", "secret": object{"inline": theKey}})
			}
			cfg := provider(t, with(plain("{"+member+"}"+sep+"{body}", object{member: object{"query": "n"}}), object{"keys": list}))
			escaped := strings.NewReplacer("\n", "%0A").Replace(sep)
			mustBe(t, member+" as it should be", cfg, post("/?n=k", "x"+sep+message, xSig, macHex("k"+sep+"x"+sep+message)), reason.OK)
			if state, _, _ := judge(cfg, now, post("/?n=k"+escaped+"x", message, xSig, macHex("k"+sep+"x"+sep+message)), 7); state == signed.Proved {
				t.Errorf("%s with %q in it is taken", member, sep)
			}
		}
	}
	webhook := preset(t, "standard-webhooks", object{"keys": []object{{"id": "k", "secret": object{"inline_base64": base64.StdEncoding.EncodeToString([]byte(theKey))}}}})
	sig := "v1," + base64.StdEncoding.EncodeToString(mac256("a.b."+ts+"."+message))
	mustBe(t, "webhook-id", webhook, post("/", message, "webhook-id", "a.b", "webhook-timestamp", ts, "webhook-signature", sig), reason.SignatureMalformed)
}

// TestB04LineBreaksInHeaders never reach a template: no request has them.
func TestB04LineBreaksInHeaders(t *testing.T) {
	cfg := provider(t, with(plain("{headers:a;b}\n{body}")))
	for _, value := range []string{"1\nb:2", "1\r\nb:2", "1\rb:2", "1\x00"} {
		mustBe(t, value, cfg, post("/", message, "a", value, "b", "2", xSig, macHex("a:"+value+"\nb:2\n"+message)), reason.HeadersUnreadable)
	}
}

// TestB05ValuesAreTrimmedAndNothingElse: what is within them is as received.
func TestB05ValuesAreTrimmedAndNothingElse(t *testing.T) {
	cfg := provider(t, with(plain("{header:a}\n{body}")))
	for value, want := range map[string]string{" 1  2\t3\t ": "1  2\t3", "a, b,c": "a, b,c", "\"q\"": "\"q\"", "": "", "\t": ""} {
		mustBe(t, value, cfg, post("/", message, "a", value, xSig, macHex(want+"\n"+message)), reason.OK)
		if value != want {
			mustBe(t, value+" as it stands", cfg, post("/", message, "a", value, xSig, macHex(value+"\n"+message)), reason.SignatureInvalid)
		}
	}
}

// TestB06ListsOfSignedHeaders: lower case, each once, not too many, the required among them.
func TestB06ListsOfSignedHeaders(t *testing.T) {
	cfg := provider(t, with(plain("{signed_headers:lines}\n{body}", object{
		"signed_headers": object{"header": "x-signed", "required": []string{"a"}},
	})))
	many := make([]string, 500)
	for i := range many {
		many[i] = "h" + strings.Repeat("x", i)
	}
	for list, want := range map[string]reason.Code{
		"a;b":                   reason.OK,
		"b;a":                   reason.OK,
		"b":                     reason.ComponentNotCovered,
		"A;b":                   reason.SignatureMalformed,
		"a;B":                   reason.SignatureMalformed,
		"a;a":                   reason.SignatureMalformed,
		"a;":                    reason.SignatureMalformed,
		"":                      reason.SignatureMalformed,
		"a; b":                  reason.SignatureMalformed,
		"a;c":                   reason.ComponentMissing,
		"a;two":                 reason.ComponentMissing,
		strings.Join(many, ";"): reason.SignaturesTooMany,
	} {
		var lines []string
		for name := range strings.SplitSeq(list, ";") {
			lines = append(lines, name+":"+map[string]string{"a": "1", "b": "2"}[name])
		}
		sig := macHex(strings.Join(lines, "\n") + "\n" + message)
		mustBe(t, list, cfg, post("/", message, "a", "1", "b", "2", "two", "1", "two", "1", "x-signed", list, xSig, sig), want)
	}
	mustBe(t, "no list", cfg, post("/", message, "a", "1", xSig, macHex("\n"+message)), reason.SignatureMalformed)
}

// TestB07TargetsAreSignedAsReceived, byte for byte.
func TestB07TargetsAreSignedAsReceived(t *testing.T) {
	cfg := provider(t, with(plain("{target}\n{body}")))
	targets := []string{
		"/a%20b", "/a+b", "/a%2Fb", "/a%2fb", "//", "/./", "/", "/?", "/?&&", "/?a=&a", "/?a&a=", "/?b=1&a=2", "/?a=2&b=1", "/?a=1&a=2", "/?a=2&a=1", "/%61",
	}
	for _, signedAs := range targets {
		for _, sent := range targets {
			want := reason.SignatureInvalid
			if sent == signedAs {
				want = reason.OK
			}
			mustBe(t, signedAs+" sent as "+sent, cfg, post(sent, message, xSig, macHex(signedAs+"\n"+message)), want)
		}
	}
}

// TestB08TheURLIsTheRequestsOrConfigured: what a client writes into X-Forwarded-* counts for
// nothing.
func TestB08TheURLIsTheRequestsOrConfigured(t *testing.T) {
	forwarded := []string{"x-forwarded-proto", "http", "x-forwarded-host", "evil.example.com", "x-forwarded-port", "80", "forwarded", "host=evil.example.com;proto=http"}
	own := provider(t, with(plain("{url}\n{body}")))
	based := provider(t, with(plain("{url}\n{body}"), object{"public_base_url": "https://hooks.example.com/in"}))
	whole := provider(t, with(plain("{url}\n{body}"), object{"notification_url": "https://hooks.example.com/x?y=1"}))
	for _, c := range []struct {
		law  string
		cfg  *signed.Config
		text string
		want reason.Code
	}{
		{"its own", own, "https://edge.example.com/a?b=1", reason.OK},
		{"the header's", own, "http://evil.example.com/a?b=1", reason.SignatureInvalid},
		{"the configured base", based, "https://hooks.example.com/in/a?b=1", reason.OK},
		{"its own beside the configured", based, "https://edge.example.com/a?b=1", reason.SignatureInvalid},
		{"the configured whole", whole, "https://hooks.example.com/x?y=1", reason.OK},
	} {
		mustBe(t, c.law, c.cfg, post("/a?b=1", message, append(forwarded, xSig, macHex(c.text+"\n"+message))...), c.want)
	}
	upper := post("/a?b=1", message, xSig, macHex("https://edge.example.com/a?b=1\n"+message))
	upper.Scheme = "HTTPS"
	mustBe(t, "the scheme in upper case", own, upper, reason.OK)
	missing := post("/a?b=1", message, xSig, macHex("://edge.example.com/a?b=1\n"+message))
	missing.Scheme = ""
	mustBe(t, "no scheme", own, missing, reason.ComponentMissing)
}

// TestB12Downgrades: another version or another header's weaker signature is none.
func TestB12Downgrades(t *testing.T) {
	mustBe(t, "the header of SHA-1 alone", preset(t, "github"), post("/", message, "x-hub-signature", "sha1="+mac1Base64(message)), reason.Missing)
	mustBe(t, "v0 alone", preset(t, "stripe"), post("/", message, "stripe-signature", "t="+ts+",v0="+macHex(ts+"."+message)), reason.SignatureMalformed)
	mustBe(t, "v0 for v1", preset(t, "stripe"), post("/", message, "stripe-signature", "t="+ts+",v1x="+macHex(ts+"."+message)), reason.SignatureMalformed)
}

// TestB14KeysAreThoseThatAreNamed: one key's MAC under another's id is not good.
func TestB14KeysAreThoseThatAreNamed(t *testing.T) {
	cfg := provider(t, object{
		"template": plain("{key_id}\n{body}", object{"key_id": object{"header": "x-key"}}),
		"keys":     []object{{"id": "a", "secret": object{"inline": theKey}}, {"id": "b", "secret": object{"inline": "another"}}},
	})
	mustBe(t, "its own", cfg, post("/", message, "x-key", "a", xSig, macHex("a\n"+message)), reason.OK)
	mustBe(t, "another's", cfg, post("/", message, "x-key", "b", xSig, macHex("b\n"+message)), reason.SignatureInvalid)
	mustBe(t, "nobody's", cfg, post("/", message, "x-key", "c", xSig, macHex("c\n"+message)), reason.SignatureInvalid)
	mustBe(t, "none", cfg, post("/", message, xSig, macHex("\n"+message)), reason.SignatureMalformed)
	mustBe(t, "an empty one", cfg, post("/", message, "x-key", "", xSig, macHex("\n"+message)), reason.SignatureMalformed)
}

// TestB15PublicKeysMakeNoMACs: neither as v1 nor as v1a.
func TestB15PublicKeysMakeNoMACs(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(nil)
	text := "msg_1." + ts + "." + message
	m := hmac.New(sha256.New, public)
	m.Write([]byte(text))
	forged := base64.StdEncoding.EncodeToString(m.Sum(nil))
	good := base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(text)))
	cfg := provider(t, object{"preset": "standard-webhooks", "keys": []object{{"id": "k", "public_key": object{"text": "whpk_" + base64.StdEncoding.EncodeToString(public)}}}})
	for value, want := range map[string]reason.Code{
		"v1a," + good:                     reason.OK,
		"v1," + forged + " v1a," + good:   reason.OK,
		"v1," + good:                      reason.SignatureInvalid,
		"v1," + forged:                    reason.SignatureInvalid,
		"v1a," + forged:                   reason.SignatureInvalid,
		"v1," + forged + " v1a," + forged: reason.SignatureInvalid,
	} {
		mustBe(t, value, cfg, post("/", message, "webhook-id", "msg_1", "webhook-timestamp", ts, "webhook-signature", value), want)
	}
}

// TestWhatIsNoSignatureIsNone: of one version it does not spoil a good one of another.
func TestWhatIsNoSignatureIsNone(t *testing.T) {
	cfg := preset(t, "standard-webhooks", object{"keys": []object{{"id": "k", "secret": object{"inline_base64": base64.StdEncoding.EncodeToString([]byte(theKey))}}}})
	good := base64.StdEncoding.EncodeToString(mac256("msg_1." + ts + "." + message))
	for value, want := range map[string]reason.Code{
		"v1a,? v1," + good:         reason.OK,
		"v1," + good + " v1a, v2,": reason.OK,
		"v1a,?":                    reason.SignatureMalformed,
		"v1,? v1a,?":               reason.SignatureMalformed,
		"v1,":                      reason.SignatureMalformed,
	} {
		mustBe(t, value, cfg, post("/", message, "webhook-id", "msg_1", "webhook-timestamp", ts, "webhook-signature", value), want)
	}
	twice := post("/", message, "webhook-id", "msg_1", "webhook-timestamp", ts, "webhook-signature", "v1a,?", "webhook-signature", "v1,"+good)
	mustBe(t, "two lines", cfg, twice, reason.SeveralCredentials)
}

// TestY06BodiesAreBytes: what means the same in JSON is another body.
func TestY06BodiesAreBytes(t *testing.T) {
	cfg := preset(t, "github")
	sig := "sha256=" + macHex(`{"a":"é","b":1}`)
	for _, body := range []string{`{"b":1,"a":"é"}`, `{"a":"\u00e9","b":1}`, `{"a": "é","b":1}`, `{"a":"é","b":1}` + "\n", "\ufeff" + `{"a":"é","b":1}`, ""} {
		mustBe(t, body, cfg, post("/", body, "x-hub-signature-256", sig), reason.SignatureInvalid)
	}
	for _, body := range []string{`{"a":"é","b":1}`, "\x00\xff\xfe", "\r\n", "", strings.Repeat("\x80", 1<<16)} {
		mustBe(t, "any bytes", cfg, post("/", body, "x-hub-signature-256", "sha256="+macHex(body)), reason.OK)
	}
}

// TestY09BodiesThatNothingCovers are refused, unless that is configured.
func TestY09BodiesThatNothingCovers(t *testing.T) {
	bare := plain("{method}\n{target}")
	mustBe(t, "a body", provider(t, with(bare)), post("/", message, xSig, macHex("POST\n/")), reason.BodyNotAllowed)
	mustBe(t, "a body where one is held", provider(t, with(bare, object{"body": object{"mode": "hold"}})), post("/", message, xSig, macHex("POST\n/")), reason.BodyNotCovered)
	mustBe(t, "none", provider(t, with(bare)), post("/", "", xSig, macHex("POST\n/")), reason.OK)
	mustBe(t, "any", provider(t, with(bare, object{"require": object{"body": false}})), post("/", message, xSig, macHex("POST\n/")), reason.OK)
}

// TestP05OneMessageHasOneFingerprint, however its signature is written; P-06 another time is
// another message, and what is not signed changes nothing.
func TestP05OneMessageHasOneFingerprint(t *testing.T) {
	fingerprint := func(cfg *signed.Config, c *call) []byte {
		_, code, a := judge(cfg, now, c, 7)
		if code != reason.OK {
			t.Fatal(code)
		}
		return bytes.Clone(a.Proofs()[0].Fingerprint())
	}
	sig, other := macHex(ts+"."+message), macHex("x")
	cfg := preset(t, "stripe", object{"replay": object{"by": "signature"}})
	first := fingerprint(cfg, post("/", message, "stripe-signature", "t="+ts+",v1="+sig))
	for _, value := range []string{"v1=" + sig + ",t=" + ts, "t=" + ts + ",v1=" + other + ",v1=" + sig, "t=" + ts + ",v1=" + strings.ToUpper(sig)} {
		if !bytes.Equal(first, fingerprint(cfg, post("/", message, "stripe-signature", value))) {
			t.Errorf("%s is another message", value)
		}
	}
	// P-06: a sender's retry has another time.
	if bytes.Equal(first, fingerprint(cfg, post("/", message, "stripe-signature", "t=1767225601,v1="+macHex("1767225601."+message)))) {
		t.Error("a retry is the same message")
	}
	// P-06: a delivery's id that is not signed tells no repetition apart.
	github := preset(t, "github", object{"replay": object{"by": "id"}})
	a := fingerprint(github, post("/", message, "x-hub-signature-256", "sha256="+macHex(message), "x-github-delivery", "1"))
	if !bytes.Equal(a, fingerprint(github, post("/", message, "x-hub-signature-256", "sha256="+macHex(message), "x-github-delivery", "2"))) {
		t.Error("an unsigned id changes the fingerprint")
	}
	// For public keys it is the text's, not the signature's: (r, s) and (r, n-s) are both good.
	private, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	der, _ := x509.MarshalPKIXPublicKey(&private.PublicKey)
	sendgrid := provider(t, object{"preset": "sendgrid", "replay": object{"by": "signature"}, "keys": []object{
		{"id": "k", "public_key": object{"text": base64.StdEncoding.EncodeToString(der)}},
	}})
	r, s := signDER(t, private, ts+message)
	mirrored := new(big.Int).Sub(elliptic.P256().Params().N, s)
	send := func(s *big.Int) *call {
		return post("/", message, "x-twilio-email-event-webhook-timestamp", ts,
			"x-twilio-email-event-webhook-signature", base64.StdEncoding.EncodeToString(sequence(integer(r), integer(s))))
	}
	if !bytes.Equal(fingerprint(sendgrid, send(s)), fingerprint(sendgrid, send(mirrored))) {
		t.Error("(r, n-s) is another message")
	}
}

// TestEveryBitCounts: of the signature, the time, the covered headers, the target and the
// body.
func TestEveryBitCounts(t *testing.T) {
	cfg := provider(t, with(plain("{method}\n{target}\n{timestamp}\n{headers:a;b}\n{body}", object{"timestamp": object{"header": "x-ts"}})))
	text := "POST\n/p?q=1\n" + ts + "\na:1\nb:two\n" + message
	fresh := func() *call { return post("/p?q=1", message, "a", "1", "b", "two", "x-ts", ts, xSig, macHex(text)) }
	mustBe(t, "as signed", cfg, fresh(), reason.OK)
	flip := func(name, s string, set func(c *call, s string)) {
		for i := range 8 * len(s) {
			raw := []byte(s)
			raw[i/8] ^= 1 << (i % 8)
			if name == xSig && strings.EqualFold(string(raw), s) {
				continue // hex in either case
			}
			c := fresh()
			set(c, string(raw))
			if state, _, _ := judge(cfg, now, c, 7); state == signed.Proved {
				t.Errorf("bit %d of %s does not count", i, name)
			}
		}
	}
	for n, h := range fresh().Headers {
		flip(h[0], h[1], func(c *call, s string) { c.Headers[n][1] = s })
	}
	flip("the method", "POST", func(c *call, s string) { c.Method = s })
	flip("the path", "/p", func(c *call, s string) { c.Path = s })
	flip("the query", "q=1", func(c *call, s string) { c.Query = &s })
	flip("the body", message, func(c *call, s string) { c.Body = []byte(s) })
}

// TestBoundsHoldWhateverComes: a request whose every part is as large as a host lets it be.
func TestBoundsHoldWhateverComes(t *testing.T) {
	long := strings.Repeat("a", 60000)
	cfg := provider(t, with(plain("{id}.{nonce}.{query:sorted}{body}", object{"id": object{"header": "x-id"}, "nonce": object{"header": "x-nonce"}})))
	mustBe(t, "an id", cfg, post("/", "", "x-id", long, "x-nonce", "n", xSig, macHex("")), reason.SignaturesTooMany)
	mustBe(t, "a nonce", cfg, post("/", "", "x-id", "i", "x-nonce", long, xSig, macHex("")), reason.SignaturesTooMany)
	mustBe(t, "parameters", cfg, post("/?"+strings.Repeat("a&", 1024), "", "x-id", "i", "x-nonce", "n", xSig, macHex("")), reason.SignaturesTooMany)
	mustBe(t, "a signature", cfg, post("/", "", "x-id", "i", "x-nonce", "n", xSig, long), reason.SignatureInvalid)
}
