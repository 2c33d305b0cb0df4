package template_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
)

// TestD21Twilio: its URL with and without the port, its form, its digest of other bodies.
func TestD21Twilio(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	cfg := preset(t, "twilio", object{"public_base_url": "https://h.example"})
	digest := func(body string) string { sum := sha256.Sum256([]byte(body)); return hex.EncodeToString(sum[:]) }
	twilio := func(target, body, kind, text string) *call {
		return post(target, body, "content-type", kind, "x-twilio-signature", mac1Base64(text))
	}
	sum := digest(message)
	for _, c := range []struct {
		law  string
		c    *call
		want reason.Code
	}{
		{"without a port", twilio("/s", "a=1", form, "https://h.example/sa1"), reason.OK},
		{"with the port", twilio("/s", "a=1", form, "https://h.example:443/sa1"), reason.OK},
		{"with another port", twilio("/s", "a=1", form, "https://h.example:80/sa1"), reason.SignatureInvalid},
		{"another scheme", twilio("/s", "a=1", form, "http://h.example/sa1"), reason.SignatureInvalid},
		{"user information", twilio("/s", "a=1", form, "https://u:p@h.example/sa1"), reason.SignatureInvalid},
		{"equal pairs once", twilio("/s", "a=1&a=1", form, "https://h.example/sa1"), reason.OK},
		{"equal pairs twice", twilio("/s", "a=1&a=1", form, "https://h.example/sa1a1"), reason.SignatureInvalid},
		{"a plus", twilio("/s", "a=x+y", form, "https://h.example/sax y"), reason.OK},
		{"a percent", twilio("/s", "a=x%20y", form, "https://h.example/sax y"), reason.OK},
		{"an encoded plus", twilio("/s", "a=x%2By", form, "https://h.example/sax+y"), reason.OK},
		{"query and form", twilio("/s?b=2", "a=1", form, "https://h.example/s?b=2a1"), reason.OK},
		{"the query among the form", twilio("/s?b=2", "a=1", form, "https://h.example/sa1b2"), reason.SignatureInvalid},
		{"a digest", twilio("/s?bodySHA256="+sum, message, "application/json", "https://h.example/s?bodySHA256="+sum), reason.OK},
		{"another body", twilio("/s?bodySHA256="+sum, message+" ", "application/json", "https://h.example/s?bodySHA256="+sum), reason.DigestMismatch},
		{"the digest twice", twilio("/s?bodySHA256="+sum+"&bodySHA256="+sum, message, "application/json", "https://h.example/s?bodySHA256="+sum+"&bodySHA256="+sum), reason.DigestUnsupported},
		{"half a digest", twilio("/s?bodySHA256="+sum[:32], message, "application/json", "https://h.example/s?bodySHA256="+sum[:32]), reason.DigestUnsupported},
		{"no digest", twilio("/s", message, "application/json", "https://h.example/s"), reason.DigestMissing},
		{"a form that is said to be something else", twilio("/s", "a=1", "text/plain", "https://h.example/sa1"), reason.DigestMissing},
		{"a form's digest, the form another", twilio("/s?bodySHA256="+sum, "a=1", form, "https://h.example/s?bodySHA256="+sum), reason.DigestMismatch},
	} {
		mustBe(t, c.law, cfg, c.c, c.want)
	}
	own := preset(t, "twilio")
	ported := twilio("/s", "a=1", form, "https://h.example/sa1")
	ported.Authority = "h.example:443"
	mustBe(t, "the request's port, which was not signed", own, ported, reason.OK)
}

// TestD22TimesAndMessagesWithoutASignature: a fresh time beside the body proves nothing.
func TestD22TimesAndMessagesWithoutASignature(t *testing.T) {
	old := `{"webhookTimestamp":1767225539000}`
	mustBe(t, "Linear: a fresh header, an old body", preset(t, "linear"), post("/", old, "linear-signature", macHex(old), "linear-timestamp", "1767225600000"), reason.SignatureExpired)
	fresh := `{"webhookTimestamp":1767225600000}`
	mustBe(t, "Linear: a fresh body, an old header", preset(t, "linear"), post("/", fresh, "linear-signature", macHex(fresh), "linear-timestamp", "1"), reason.OK)
	mustBe(t, "Linear: another body", preset(t, "linear"), post("/", fresh, "linear-signature", macHex(old)), reason.SignatureInvalid)
	mustBe(t, "Zoom: the validation of a URL", preset(t, "zoom"), post("/", `{"event":"endpoint.url_validation"}`), reason.Missing)
	public, _, _ := ed25519.GenerateKey(nil)
	discord := provider(t, object{"preset": "discord", "keys": []object{{"id": "k", "public_key": object{"text": hex.EncodeToString(public)}}}})
	mustBe(t, "Discord: a PING", discord, post("/", `{"type":1}`), reason.Missing)
	mustBe(t, "Discord: a PING with any signature", discord, post("/", `{"type":1}`, "x-signature-timestamp", ts, "x-signature-ed25519", strings.Repeat("00", 64)), reason.SignatureInvalid)
}

// TestD23SignaturesInDER: one form of each.
func TestD23SignaturesInDER(t *testing.T) {
	private, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	der, _ := x509.MarshalPKIXPublicKey(&private.PublicKey)
	cfg := provider(t, object{"preset": "sendgrid", "keys": []object{{"id": "k", "public_key": object{"text": base64.StdEncoding.EncodeToString(der)}}}})
	r, s := signDER(t, private, ts+message)
	good := sequence(integer(r), integer(s))
	padded := integer(r)
	padded = append([]byte{2, padded[1] + 1, 0}, padded[2:]...)
	negative := integer(r)
	negative[2] |= 0x80
	for law, c := range map[string]struct {
		der  []byte
		want reason.Code
	}{
		"as it should be":      {good, reason.OK},
		"a trailing byte":      {append(slices.Clone(good), 0), reason.SignatureInvalid},
		"a length in BER":      {append([]byte{0x30, 0x81, good[1]}, good[2:]...), reason.SignatureInvalid},
		"an endless length":    {append([]byte{0x30, 0x80}, good[2:]...), reason.SignatureInvalid},
		"a zero before r":      {sequence(padded, integer(s)), reason.SignatureInvalid},
		"r below zero":         {sequence(negative, integer(s)), reason.SignatureInvalid},
		"r and s side by side": {append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), reason.SignatureInvalid},
		"r alone":              {sequence(integer(r)), reason.SignatureInvalid},
		"r and s exchanged":    {sequence(integer(s), integer(r)), reason.SignatureInvalid},
		"zeros":                {sequence([]byte{2, 1, 0}, []byte{2, 1, 0}), reason.SignatureInvalid},
	} {
		mustBe(t, law, cfg, post("/", message, "x-twilio-email-event-webhook-timestamp", ts,
			"x-twilio-email-event-webhook-signature", base64.StdEncoding.EncodeToString(c.der)), c.want)
	}
}

// signDER signs with the standard library and takes the signature apart.
func signDER(t *testing.T, private *ecdsa.PrivateKey, text string) (r, s *big.Int) {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	for {
		var err error
		if r, s, err = ecdsa.Sign(rand.Reader, private, sum[:]); err != nil {
			t.Fatal(err)
		}
		if r.BitLen() == 255 && s.BitLen() == 255 { // no zero is needed before either
			return r, s
		}
	}
}

// integer is a positive number in DER.
func integer(n *big.Int) []byte {
	raw := n.Bytes()
	if len(raw) > 0 && raw[0]&0x80 != 0 {
		raw = append([]byte{0}, raw...)
	}
	return append([]byte{2, byte(len(raw))}, raw...)
}

func sequence(parts ...[]byte) []byte {
	raw := bytes.Join(parts, nil)
	return append([]byte{0x30, byte(len(raw))}, raw...)
}

// TestD24Azure: host, time and the body's hash are signed, whatever else is; the time is the
// one that is signed.
func TestD24Azure(t *testing.T) {
	cfg := provider(t, object{"preset": "azure-appconfig", "keys": []object{{"id": "cred", "secret": object{"inline": base64.StdEncoding.EncodeToString([]byte(theKey))}}}})
	sum := sha256.Sum256([]byte(message))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	const date, stale = "Thu, 01 Jan 2026 00:00:00 GMT", "Wed, 31 Dec 2025 00:00:00 GMT"
	for law, c := range map[string]struct {
		names, values string
		more          []string
		want          reason.Code
	}{
		"as Azure's clients":        {"x-ms-date;host;x-ms-content-sha256", date + ";edge.example.com;" + hash, []string{"x-ms-date", date}, reason.OK},
		"date for x-ms-date":        {"date;host;x-ms-content-sha256", date + ";edge.example.com;" + hash, []string{"date", date}, reason.OK},
		"in another order":          {"host;x-ms-content-sha256;x-ms-date", "edge.example.com;" + hash + ";" + date, []string{"x-ms-date", date}, reason.OK},
		"more than that":            {"x-ms-date;host;x-ms-content-sha256;x-more", date + ";edge.example.com;" + hash + ";m", []string{"x-ms-date", date, "x-more", "m"}, reason.OK},
		"no host":                   {"x-ms-date;x-ms-content-sha256", date + ";" + hash, []string{"x-ms-date", date}, reason.ComponentNotCovered},
		"no hash":                   {"x-ms-date;host", date + ";edge.example.com", []string{"x-ms-date", date}, reason.ComponentNotCovered},
		"no time":                   {"host;x-ms-content-sha256", "edge.example.com;" + hash, []string{"x-ms-date", date}, reason.TimestampMissing},
		"a fresh unsigned time":     {"x-ms-date;host;x-ms-content-sha256", stale + ";edge.example.com;" + hash, []string{"x-ms-date", stale, "date", date}, reason.SignatureExpired},
		"another fresh one":         {"date;host;x-ms-content-sha256", stale + ";edge.example.com;" + hash, []string{"x-ms-date", date, "date", stale}, reason.SignatureExpired},
		"two times that disagree":   {"date;x-ms-date;host;x-ms-content-sha256", stale + ";" + date + ";edge.example.com;" + hash, []string{"x-ms-date", date, "date", stale}, reason.TimestampMalformed},
		"a listed header is absent": {"x-ms-date;host;x-ms-content-sha256;x-more", date + ";edge.example.com;" + hash + ";", []string{"x-ms-date", date}, reason.ComponentMissing},
	} {
		sig := base64.StdEncoding.EncodeToString(mac256("POST\n/kv?a=1\n" + c.values))
		r := post("/kv?a=1", message, append(c.more, "x-ms-content-sha256", hash, "authorization", "HMAC-SHA256 Credential=cred&SignedHeaders="+c.names+"&Signature="+sig)...)
		mustBe(t, law, cfg, r, c.want)
		if c.want == reason.OK {
			r.Body = []byte(message + " ")
			mustBe(t, law+", another body", cfg, r, reason.DigestMismatch)
		}
	}
}
