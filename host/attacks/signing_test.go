package attacks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/replay"
	"github.com/postern-wasm/postern/host/sign"
)

// signing is when the requests of these tests are signed: 2026-01-01T00:00:00Z.
const signing = 1767225600

// verifier is the module with one provider of signed requests.
type verifier struct {
	t      *testing.T
	engine *replay.Engine
	config json.RawMessage
	now    int64
}

// verifies starts the module with what a provider's signed_request holds.
func verifies(t *testing.T, members string) *verifier {
	t.Helper()
	module := os.Getenv("POSTERN_MODULE")
	if module == "" {
		module = "../../build/postern.wasm"
	}
	engine := replay.New(replay.Options{Module: module, Verdicts: true})
	t.Cleanup(func() { _ = engine.Close(t.Context()) })
	config := fmt.Sprintf(`{"providers":{"p":{"signed_request":{%s}}},"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`, members)
	return &verifier{t: t, engine: engine, config: json.RawMessage(config), now: signing}
}

// send has a request judged: "" if it was let through, or why not. What is refused must be
// so by the module's own answer of 4xx or 503, and must not reach the upstream.
func (v *verifier) send(r *replay.Request) (string, *replay.Answer) {
	v.t.Helper()
	at := time.Unix(v.now, 0)
	a := v.engine.Do(v.t.Context(), &replay.Case{Config: v.config, Now: &at, Request: r})
	v.config = nil
	switch {
	case a.Error != "":
		v.t.Fatal(a.Error)
	case a.Allowed && a.Reason == "" && a.Upstream != nil:
		return "", a
	case a.Allowed || a.Upstream != nil || a.Reason == "" || a.Status == nil:
		v.t.Fatalf("neither allowed nor refused: %+v", a)
	}
	return a.Reason, a
}

// must wants a request let through ("") or refused for a reason.
func (v *verifier) must(law string, r *replay.Request, want string) *replay.Answer {
	v.t.Helper()
	got, a := v.send(r)
	if got != want {
		v.t.Errorf("%s: %q, want %q", law, got, want)
	}
	return a
}

// upstream is what the upstream sees of a header.
func upstream(a *replay.Answer, name string) (values []string) {
	if a.Upstream != nil {
		for _, h := range a.Upstream.Headers {
			if string(h.Name) == name {
				values = append(values, string(h.Value))
			}
		}
	}
	return values
}

// posted is a POST of / with header lines.
func posted(body string, lines ...string) *replay.Request {
	r := &replay.Request{Method: "POST", Authority: "api.test", Path: "/", Body: []byte(body)}
	for i := 0; i < len(lines); i += 2 {
		r.Headers = append(r.Headers, replay.Header{Name: replay.Text(lines[i]), Value: replay.Text(lines[i+1])})
	}
	return r
}

// signs signs a request as a scheme's senders do.
func signs(t *testing.T, scheme, method, url, body string, key sign.Key, o sign.Options) *replay.Request {
	t.Helper()
	s, ok := sign.Lookup(scheme)
	if !ok {
		t.Fatal(scheme)
	}
	r, err := sign.NewRequest(method, url, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if o.Time.IsZero() {
		o.Time = time.Unix(signing, 0)
	}
	if r, err = s.Sign(r, []sign.Key{key}, o); err != nil {
		t.Fatal(err)
	}
	out := &replay.Request{Method: r.Method, Scheme: r.Scheme, Authority: r.Authority, Path: r.Path, Query: r.Query, Body: r.Body}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, replay.Header{Name: replay.Text(h[0]), Value: replay.Text(h[1])})
	}
	return out
}

func macHex(secret, text string) string {
	m := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(m, text)
	return hex.EncodeToString(m.Sum(nil))
}

// TestK11KeysInTheirTime: both ends of a key's time are in it, where two overlap both are
// good, and after the last none is.
func TestK11KeysInTheirTime(t *testing.T) {
	v := verifies(t, `"preset":"github","key_id_header":"x-key-id","keys":[
		{"id":"old","secret":{"inline":"old secret"},"not_before":1767225600,"not_after":1767225700},
		{"id":"new","secret":{"inline":"new secret"},"not_before":1767225650,"not_after":1767225800}]`)
	for _, c := range []struct {
		after    int64
		old, new bool
	}{{-1, false, false}, {0, true, false}, {49, true, false}, {50, true, true}, {100, true, true}, {101, false, true}, {200, false, true}, {201, false, false}} {
		v.now = signing + c.after
		for key, good := range map[string]bool{"old": c.old, "new": c.new} {
			want := "signature_invalid"
			if good {
				want = ""
			}
			a := v.must(fmt.Sprintf("%s after %d s", key, c.after), posted("body", "x-hub-signature-256", "sha256="+macHex(key+" secret", "body")), want)
			if got := fmt.Sprint(upstream(a, "x-key-id")); good && got != "["+key+"]" {
				t.Errorf("%s after %d s: told as %s", key, c.after, got)
			}
		}
	}
}

// TestT05StampsOfWebhooks: a time is digits, few, and alone; all of these are well signed.
func TestT05StampsOfWebhooks(t *testing.T) {
	v := verifies(t, `"preset":"slack","keys":[{"id":"k","secret":{"inline":"slack secret"}}]`)
	at := func(stamp string) *replay.Request {
		return posted("body", "x-slack-request-timestamp", stamp, "x-slack-signature", "v0="+macHex("slack secret", "v0:"+stamp+":body"))
	}
	now := strconv.Itoa(signing)
	for _, stamp := range []string{
		"+" + now, "1_767225600", "１７６７２２５６００", strings.Repeat("1", 40), "-1", "-" + now, "0", "", "1.7e9", now + ".0", "0x6955b900",
		"00" + now, now + "000", now + "," + now, now + ";", now + "\u00a0", "NaN", " " + now, now + " ", "\t" + now,
	} {
		if got, a := v.send(at(stamp)); got == "" || *a.Status != 401 && *a.Status != 400 {
			t.Errorf("%q: %q", stamp, got)
		}
	}
	for after, want := range map[int]string{-301: "signature_expired", -300: "", 300: "", 301: "signature_in_future"} {
		v.must(fmt.Sprint(after, " s"), at(strconv.Itoa(signing+after)), want)
	}
}

// TestB08ForwardedHeadersAreNotTheURL: a signed URL is the request's own or the configured
// one, whatever a client says of it.
func TestB08ForwardedHeadersAreNotTheURL(t *testing.T) {
	const keys = `"keys":[{"id":"k","secret":{"inline_base64":"MDEyMzQ1Njc4OWFiY2RlZg=="}}]`
	key := sign.Key{ID: "k", Secret: []byte("0123456789abcdef")}
	own := verifies(t, `"signed_url":{"dialect":"google"},`+keys)
	based := verifies(t, `"signed_url":{"dialect":"google"},"public_base_url":"https://cdn.test",`+keys)
	for _, c := range []struct {
		law, url   string
		own, based string
	}{
		{"the request's own", "https://api.test/a", "", "signature_invalid"},
		{"the configured", "https://cdn.test/a", "signature_invalid", ""},
		{"what is forwarded", "http://evil.test:8080/a", "signature_invalid", "signature_invalid"},
		{"its port written", "https://api.test:443/a", "signature_invalid", "signature_invalid"},
	} {
		r := signs(t, "google", "GET", c.url, "", key, sign.Options{Expires: time.Minute})
		r.Scheme, r.Authority = "https", "api.test"
		for name, value := range map[string]string{
			"x-forwarded-host": "evil.test:8080", "x-forwarded-proto": "http", "x-forwarded-port": "8080",
			"forwarded": "host=evil.test:8080;proto=http", "x-original-host": "evil.test:8080",
		} {
			r.Headers = append(r.Headers, replay.Header{Name: replay.Text(name), Value: replay.Text(value)})
		}
		own.must(c.law, r, c.own)
		based.must(c.law+", another configured", r, c.based)
	}
	upper := signs(t, "google", "GET", "https://api.test/a", "", key, sign.Options{Expires: time.Minute})
	upper.Scheme = "HTTPS"
	own.must("the scheme in upper case, which nobody signs", upper, "")
	bad := verifies(t, `"signed_url":{"dialect":"google"},"public_base_url":"https://user@cdn.test",`+keys)
	if a := bad.engine.Do(t.Context(), &replay.Case{Config: bad.config}); a.Reason != replay.ReasonConfig {
		t.Errorf("a base with a user: %+v", a)
	}
}

const partner = `"template":{"algorithm":"hmac-sha256","signature":{"header":"x-signature"},"key_id":{"header":"x-key"},
	"timestamp":{"header":"x-timestamp"},"nonce":{"header":"x-nonce"},"base":"{timestamp}.{nonce}.{body}"},
	"client_id_header":"x-client","key_id_header":"x-key-id",
	"keys":[{"id":"a","client":"acme","secret":{"inline":"secret of a"}},{"id":"b","client":"bolt","secret":{"inline":"secret of b"}}]`

// called is a partner's request with a key's id and a secret.
func called(id, secret, nonce string) *replay.Request {
	stamp := strconv.Itoa(signing)
	return posted("body", "x-key", id, "x-timestamp", stamp, "x-nonce", nonce, "x-signature", macHex(secret, stamp+"."+nonce+".body"), "x-client", "root", "x-key-id", "root")
}

// TestB14WhoSignedIsWhoseKeyItIs: one client's secret is good under its own id alone, and
// what a request says of its client is nothing.
func TestB14WhoSignedIsWhoseKeyItIs(t *testing.T) {
	v := verifies(t, partner)
	for i, c := range []struct{ id, secret, client, want string }{
		{"a", "secret of a", "acme", ""},
		{"b", "secret of b", "bolt", ""},
		{"b", "secret of a", "", "signature_invalid"},
		{"a", "secret of b", "", "signature_invalid"},
		{"acme", "secret of a", "", "signature_invalid"},
		{"A", "secret of a", "", "signature_invalid"},
	} {
		a := v.must(c.id+" with the "+c.secret, called(c.id, c.secret, fmt.Sprint(i)), c.want)
		if c.want == "" && (fmt.Sprint(upstream(a, "x-client")) != "["+c.client+"]" || fmt.Sprint(upstream(a, "x-key-id")) != "["+c.id+"]") {
			t.Errorf("%s: told as %q, %q", c.id, upstream(a, "x-client"), upstream(a, "x-key-id"))
		}
	}
}

// TestP04NoncesOfEachKey: with every scheme that has one, a nonce is its key's own and
// compared as it is; it has a length.
func TestP04NoncesOfEachKey(t *testing.T) {
	const keys = `"keys":[{"id":"a","secret":{"inline":"secret of a, long enough"}},{"id":"b","secret":{"inline":"secret of b, long enough"}}]`
	for scheme, c := range map[string]struct {
		members string
		send    func(id, nonce string) *replay.Request
	}{
		"template": {partner, func(id, nonce string) *replay.Request { return called(id, "secret of "+id, nonce) }},
		"aliyun": {`"aliyun":{},"replay":{"by":"nonce"},` + keys, func(id, nonce string) *replay.Request {
			return signs(t, "aliyun", "GET", "https://api.test/a", "", sign.Key{ID: id, Secret: []byte("secret of " + id + ", long enough")}, sign.Options{
				Nonce: nonce, Components: []string{"x-ca-key", "x-ca-nonce", "x-ca-timestamp", "x-ca-signature-method"},
			})
		}},
		"rfc9421": {`"http_message_signatures":{},"replay":{"by":"nonce"},` + keys, func(id, nonce string) *replay.Request {
			return signs(t, "rfc9421", "GET", "https://api.test/a", "", sign.Key{ID: id, Secret: []byte("secret of " + id + ", long enough")}, sign.Options{Nonce: nonce})
		}},
	} {
		v := verifies(t, c.members)
		v.must(scheme+": a's", c.send("a", "nonce-1"), "")
		v.must(scheme+": the same of b", c.send("b", "nonce-1"), "")
		v.must(scheme+": a's again", c.send("a", "nonce-1"), "replayed")
		v.must(scheme+": b's again", c.send("b", "nonce-1"), "replayed")
		v.must(scheme+": in another case", c.send("a", "NONCE-1"), "")
		v.must(scheme+": a part of it", c.send("a", "nonce-"), "")
		if got, _ := v.send(c.send("a", strings.Repeat("n", 10<<10))); got == "" || got == "replayed" {
			t.Errorf("%s: a nonce of 10 KB: %q", scheme, got)
		}
	}
}

// TestP05OneSignedTextPassesOnce, whatever is written otherwise about its signature.
func TestP05OneSignedTextPassesOnce(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	public, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	if err != nil {
		t.Fatal(err)
	}
	v := verifies(t, `"http_message_signatures":{},"replay":{"by":"signature"},"keys":[{"id":"k","public_key":{"pem":`+string(public)+`}}]`)
	first := signs(t, "rfc9421", "GET", "https://api.test/a", "", sign.Key{ID: "k", Private: private}, sign.Options{Label: "sig1", Nonce: "n1"})
	change := func(edit func(name, value string) string) *replay.Request {
		r := *first
		r.Headers = nil
		for _, h := range first.Headers {
			r.Headers = append(r.Headers, replay.Header{Name: h.Name, Value: replay.Text(edit(string(h.Name), string(h.Value)))})
		}
		return &r
	}
	negated := change(func(name, value string) string {
		if !strings.EqualFold(name, "signature") {
			return value
		}
		head, text, _ := strings.Cut(value, "=:")
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(text, ":"))
		if err != nil || len(raw) != 64 {
			t.Fatal(value, err)
		}
		s := new(big.Int).SetBytes(raw[32:])
		s.Sub(private.Params().N, s).FillBytes(raw[32:])
		return head + "=:" + base64.StdEncoding.EncodeToString(raw) + ":"
	})
	relabelled := change(func(_, value string) string { return strings.Replace(value, "sig1=", "other=", 1) })
	// Each is a good signature by itself: a verifier that has seen none lets it through.
	for law, r := range map[string]*replay.Request{"(r, n-s)": negated, "another label": relabelled} {
		fresh := &verifier{t: t, engine: v.engine, config: v.config, now: signing}
		fresh.must(law+", first", r, "")
	}
	v.must("as it was signed", first, "")
	v.must("again", first, "replayed")
	v.must("(r, n-s)", negated, "replayed")
	v.must("another label", relabelled, "replayed")
	second := signs(t, "rfc9421", "GET", "https://api.test/a", "", sign.Key{ID: "k", Private: private}, sign.Options{Label: "sig1", Nonce: "n2"})
	v.must("another text", second, "")
}

// TestP07OneKeyFillsItsOwnShare: what one client sends leaves the other's memory alone.
func TestP07OneKeyFillsItsOwnShare(t *testing.T) {
	v := verifies(t, partner+`,"replay":{"by":"nonce","capacity":64}`)
	full := 0
	for i := range 10000 {
		if got, _ := v.send(called("a", "secret of a", fmt.Sprint("n", i))); got == "replay_full" {
			full++
		} else if got != "" {
			t.Fatalf("the %d.: %q", i, got)
		}
	}
	if full == 0 {
		t.Error("10,000 requests fit where 64 do")
	}
	v.must("one that passed, again", called("a", "secret of a", "n0"), "replayed")
	v.must("the other client", called("b", "secret of b", "n0"), "")
}

// TestH23EarlyDataOfAnUpgrade: what comes behind the headers of a request that would leave
// HTTP has no end, and is not let on by a signature of a body, whether it is held or passes.
func TestH23EarlyDataOfAnUpgrade(t *testing.T) {
	held := verifies(t, `"preset":"github","keys":[{"id":"k","secret":{"inline":"hook secret"}}]`)
	passes := verifies(t, `"cavage":{"dialect":"draft12"},"body":{"mode":"digest","stream":true},"keys":[{"id":"k","secret":{"inline":"hook secret"}}]`)
	key := sign.Key{ID: "k", Secret: []byte("hook secret")}
	for law, early := range map[string]string{"early data": "GET /admin HTTP/1.1\r\n\r\n", "one byte": "x"} {
		for _, method := range []string{"GET", "POST"} {
			for _, signed := range []string{"", early} {
				hook := posted(early, "x-hub-signature-256", "sha256="+macHex("hook secret", signed))
				hook.Method = method
				digest := signs(t, "cavage", method, "https://api.test/", signed, key, sign.Options{})
				digest.Body = []byte(early)
				for v, r := range map[*verifier]*replay.Request{held: hook, passes: digest} {
					if got, _ := v.send(r); signed == early && got != "" {
						t.Errorf("%s by %s, signed: %q", law, method, got)
					}
					r.Headers = append(r.Headers, replay.Header{Name: "connection", Value: "Upgrade"}, replay.Header{Name: "upgrade", Value: "websocket"})
					v.must(fmt.Sprintf("%s by %s, %d bytes signed", law, method, len(signed)), r, "body_not_allowed")
				}
			}
		}
	}
}
