package explain_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

const signedConfig = `{"providers":{
	"slack":{"signed_request":{"preset":"slack","body":{"max_bytes":100},"keys":[{"id":"k1","client":"acme","secret":{"inline":"the slack secret"}}]}},
	"partner":{"signed_request":{"template":{"algorithm":"hmac-sha256","signature":{"header":"x-signature","encoding":"hex"},"key_id":{"header":"x-key"},
		"timestamp":{"header":"x-timestamp"},"nonce":{"header":"x-nonce"},"base":"{timestamp}.{nonce}"},
		"keys":[{"id":"k1","secret":{"inline":"the partner secret"}}]}}},
	"rules":[{"match":{"path":"/partner"},"requires":{"provider_name":"partner"}},
		{"match":{"path":"/client"},"requires":{"provider_name":"slack"},"authorize":{"clients":["other"]}},
		{"match":{"prefix":"/"},"requires":{"provider_name":"slack"}}]}`

func slack(stamp, text, body string, path string) string {
	m := hmac.New(sha256.New, []byte("the slack secret"))
	m.Write([]byte("v0:" + stamp + ":" + text))
	return `"request":{"method":"POST","path":"` + path + `","headers":[["x-slack-request-timestamp","` + stamp + `"],["x-slack-signature","v0=` +
		hex.EncodeToString(m.Sum(nil)) + `"]],"body_base64":"` + base64.StdEncoding.EncodeToString([]byte(body)) + `"}`
}

func upgrade(line, protocol string) string {
	return strings.Replace(line, `"headers":[`, `"headers":[["connection","upgrade"],["upgrade","`+protocol+`"],`, 1)
}

// TestTheCheckThatRefusesASignedRequestIsNamed, and the module says the same.
func TestTheCheckThatRefusesASignedRequestIsNamed(t *testing.T) {
	e := module(t)
	long := strings.Repeat("x", 101)
	for _, c := range []struct{ law, line, want, reason string }{
		{"a good one", slack("1800000000", "body", "body", "/"), "", ""},
		{"none", `"request":{"path":"/","headers":[]}`, "0/signature_there", "missing"},
		{"a malformed one", `"request":{"path":"/","headers":[["x-slack-request-timestamp","1800000000"],["x-slack-signature","v0=zz"]]}`, "0/form", "signature_malformed"},
		{"a malformed time", slack("18e8", "body", "body", "/"), "0/form", "timestamp_malformed"},
		{"another body", slack("1800000000", "body", "ydob", "/"), "0/mac", "signature_invalid"},
		{"signed long ago", slack("1799999600", "body", "body", "/"), "0/time", "signature_expired"},
		{"signed in the future", slack("1800000301", "body", "body", "/"), "0/time", "signature_in_future"},
		{"a body too long", slack("1800000000", long, long, "/"), "0/body", "body_too_large"},
		{"an upgrade", upgrade(slack("1800000000", "", "", "/"), "websocket"), "0/body", "body_not_allowed"},
		{"an upgrade beside a body", upgrade(slack("1800000000", "body", "body", "/"), "websocket"), "0/body", "body_not_allowed"},
		{"an offer of h2c beside one", upgrade(slack("1800000000", "body", "body", "/"), "h2c"), "", ""},
		{"another client's", slack("1800000000", "body", "body", "/client"), "1/clients", "client_denied"},
	} {
		r := explained(t, e, signedConfig, c.line)
		if got := failed(r); got != c.want || r.Verdict.Reason != c.reason || !r.Agreed {
			t.Errorf("%s: fails at %q with %q (%s), want %q, %q", c.law, got, r.Verdict.Reason, r.Disagreement, c.want, c.reason)
		}
	}
}

// TestTheSignedTextIsShownAndNoMAC: what differs can be found, what would be right cannot
// be read off.
func TestTheSignedTextIsShownAndNoMAC(t *testing.T) {
	r := explained(t, module(t), signedConfig, slack("1800000000", "body", "ydob", "/"))
	text := r.Text()
	sum := sha256.Sum256([]byte("ydob"))
	if !strings.Contains(text, `signed would be "v0:1800000000:" + the body, 4 bytes of SHA-256 `+hex.EncodeToString(sum[:])) {
		t.Errorf("the signed text is not told:\n%s", text)
	}
	if strings.Contains(text, "+  ") || strings.Contains(text, " + ;") || strings.Contains(text, " + ->") {
		t.Errorf("a sum misses a part:\n%s", text)
	}
	for _, signed := range []string{"body", "ydob"} {
		m := hmac.New(sha256.New, []byte("the slack secret"))
		m.Write([]byte("v0:1800000000:" + signed))
		if mac := m.Sum(nil); strings.Contains(text, hex.EncodeToString(mac)) || strings.Contains(text, base64.StdEncoding.EncodeToString(mac)) || strings.Contains(text, "slack secret") {
			t.Errorf("a MAC or the secret is shown:\n%s", text)
		}
	}
}
