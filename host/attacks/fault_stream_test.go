package attacks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"
)

const streamConfig = `{"providers":{"p":{"signed_request":{"cavage":{"dialect":"kong"},"body":{"mode":"digest","stream":true},
	"keys":[{"id":"k","secret":{"inline":"a secret of some length"}}]}}},
	"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`

// streamed is a request whose headers carry the signed digest of a body.
func streamed(body string) []byte {
	date := time.Unix(int64(clock/1_000_000_000), 0).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	sum := sha256.Sum256([]byte(body))
	digest := "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
	m := hmac.New(sha256.New, []byte("a secret of some length"))
	m.Write([]byte("@request-target: post /a\ndate: " + date + "\ndigest: " + digest))
	return encode(":method", "POST", ":scheme", "https", ":authority", "api.test", ":path", "/a", "date", date, "digest", digest,
		"authorization", `hmac username="k", algorithm="hmac-sha256", headers="@request-target date digest", signature="`+
			base64.StdEncoding.EncodeToString(m.Sum(nil))+`"`)
}

// upload sends such a request in pieces and returns what the upstream has got of the body,
// and whether that was all.
func (h *fakeHost) upload(id uint32, pairs []byte, pieces []string) (got string, whole bool) {
	h.t.Helper()
	h.answers, h.trace, h.made = nil, nil, 0
	h.call("proxy_on_context_create", uint64(id), rootContext)
	h.pairs[0] = pairs
	if h.call("proxy_on_request_headers", uint64(id), 5, 0) != actionContinue {
		return "", false
	}
	for i, piece := range append(pieces, "") {
		h.sent = []byte(piece)
		ended := uint64(0)
		if i == len(pieces) {
			ended = 1
		}
		if h.call("proxy_on_request_body", uint64(id), uint64(len(piece)), ended) != actionContinue {
			return got, false
		}
		got += string(h.sent)
	}
	return got, true
}

// streaming: a body passes on while it is compared with its signed digest. Whatever fails,
// the upstream gets no complete body but the signed one.
func (f *faults) streaming(t *testing.T) {
	const body = "the body of a request, in pieces"
	pairs := streamed(body)
	for _, c := range []struct {
		law    string
		pieces []string
		good   bool
	}{
		{"as it was signed", []string{body[:1], body[1:20], body[20:]}, true},
		{"a byte changed", []string{body[:1], body[1:20], "X" + body[21:]}, false},
		{"a byte more", []string{body, "X"}, false},
		{"a byte less", []string{body[:31]}, false},
	} {
		at, made := 0, 1
		for ; at <= made; at++ {
			for status := range uint32(statuses) {
				h := start(t)
				if !h.configure(streamConfig) {
					t.Fatal(h.logs)
				}
				h.faultAt, h.fault = at, status
				got, whole := h.upload(2, pairs, c.pieces)
				if at == 0 {
					if whole != c.good || whole && got != body {
						t.Fatalf("%s: %q %v without a fault (%+v)", c.law, got, whole, h.answers)
					}
					made = h.made
					break
				}
				f.tried++
				name := ""
				if at <= len(h.trace) {
					name = h.trace[at-1]
					f.names[name] = true
				}
				// A host that says it has changed its buffer and has not is past help.
				lies := name == "proxy_set_buffer_bytes" && status == statusOK
				if whole && got != body && !lies {
					t.Errorf("%s: the upstream takes %q for the body when host call %d, %s, returns %d", c.law, got, at, name, status)
				}
			}
		}
		f.requests++
	}
}
