package attacks

import (
	"crypto/ed25519"
	"encoding/base64"
	"testing"

	"github.com/postern-wasm/postern/host/replay"
	"github.com/postern-wasm/postern/host/sign"
)

// together is a request with the signatures of several, in their order (RFC 9421 §4.1: the
// fields are dictionaries).
func together(list ...*replay.Request) *replay.Request {
	r := *list[0]
	r.Headers = append([]replay.Header(nil), r.Headers...)
	for _, other := range list[1:] {
		for i, h := range r.Headers {
			for _, more := range other.Headers {
				if h.Name == more.Name && (h.Name == "signature" || h.Name == "signature-input") {
					r.Headers[i].Value += ", " + more.Value
				}
			}
		}
	}
	return &r
}

// TestP05ASignatureLeftOut: a request that two keys have signed is one request, whichever of
// its signatures is sent again, and however it is called; what is only beside it is not.
func TestP05ASignatureLeftOut(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := `"keys":[{"id":"ed","public_key":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}}},{"id":"mac","secret":{"inline":"a shared secret"}}]`
	edKey, macKey := sign.Key{ID: "ed", Private: private}, sign.Key{ID: "mac", Secret: []byte("a shared secret")}
	for _, c := range []struct{ by, body string }{{"nonce", ""}, {"signature", ""}, {"nonce", "a body"}, {"signature", "a body"}} {
		method := "GET"
		if c.body != "" {
			method = "POST"
		}
		signed := func(label, nonce string, key sign.Key) *replay.Request {
			return signs(t, "rfc9421", method, "https://api.test/a", c.body, key, sign.Options{Label: label, Nonce: nonce})
		}
		v := verifies(t, `"http_message_signatures":{},"replay":{"by":"`+c.by+`"},`+keys)
		pair := func(nonce string) (one, two *replay.Request) {
			return signed("sig1", nonce+"-1", edKey), signed("sig2", nonce+"-2", macKey)
		}
		for law, part := range map[string]func(nonce string) *replay.Request{
			"the first":               func(nonce string) *replay.Request { one, _ := pair(nonce); return one },
			"the second":              func(nonce string) *replay.Request { _, two := pair(nonce); return two },
			"both":                    func(nonce string) *replay.Request { return together(pair(nonce)) },
			"the other way round":     func(nonce string) *replay.Request { one, two := pair(nonce); return together(two, one) },
			"under the other's label": func(nonce string) *replay.Request { return signed("sig1", nonce+"-2", macKey) },
			"beside a new one": func(nonce string) *replay.Request {
				return together(signed("sig1", nonce+"-3", edKey), signed("sig2", nonce+"-2", macKey))
			},
		} {
			v.must(c.by+": "+law+", by itself", part(law+" alone"), "")
			v.must(c.by+": both", together(pair(law)), "")
			v.must(c.by+": "+law, part(law), "replayed")
		}
		one, two := pair("good")
		forged := signed("sig2", "good-2", sign.Key{ID: "mac", Secret: []byte("a stranger's")})
		v.must(c.by+": beside a forged one", together(one, forged), "")
		v.must(c.by+": which burns nothing (P-03)", two, "")
	}
}
