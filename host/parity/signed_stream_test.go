package parity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

const streamConfig = `{"providers": {"p": {"signed_request": {"cavage": {"dialect": "draft12"}, "client_id_header": "x-client",
  "keys": [{"id": "k1", "client": "acme", "secret": {"inline": "stream secret"}}], "body": {"mode": "digest", "stream": true, "max_bytes": 300000}}}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "p"}}]}`

// digested are the headers of a POST of / whose signature covers a body's digest.
func digested(body string) []envoy.Header { return digestedBy("POST", "/", body) }

func digestedBy(method, target, body string) []envoy.Header {
	date := time.Now().UTC().Format(http.TimeFormat)
	sum := sha256.Sum256([]byte(body))
	digest := "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
	m := hmac.New(sha256.New, []byte("stream secret"))
	m.Write([]byte("(request-target): " + strings.ToLower(method) + " " + target + "\ndate: " + date + "\ndigest: " + digest))
	return []envoy.Header{{Name: "date", Value: date}, {Name: "digest", Value: digest}, {
		Name:  "signature",
		Value: `keyId="k1",algorithm="hmac-sha256",headers="(request-target) date digest",signature="` + base64.StdEncoding.EncodeToString(m.Sum(nil)) + `"`,
	}}
}

// TestY11StreamedBodiesInEnvoy: what passes while it is hashed comes whole, and what is not
// what was signed never ends for the upstream.
func TestY11StreamedBodiesInEnvoy(t *testing.T) {
	e, upstream, _ := holding(t, streamConfig, 2, false)
	address := e.Addr("edge")
	body := strings.Repeat("0123456789", 20)
	long := strings.Repeat("0123456789", 30000)
	for _, c := range []struct {
		law, signed, body string
		send              func([]envoy.Header, string) int
		status            int
	}{
		{"h1, content-length", body, body, overH1(t, address, false), 200},
		{"h1, content-length, the last byte", body, body[:199] + "x", overH1(t, address, false), 401},
		{"h1, content-length, the first byte", body, "x" + body[1:], overH1(t, address, false), 401},
		{"h1, one byte", "a", "a", overH1(t, address, false), 200},
		{"h1, one byte, another", "a", "b", overH1(t, address, false), 401},
		{"h1, chunked, 1-byte chunks", body, body, overH1(t, address, true), 200},
		{"h1, chunked, another", body, body[:199] + "x", overH1(t, address, true), 401},
		{"h1, chunked, a byte more", body, body + "x", overH1(t, address, true), 401},
		{"h1, chunked, a byte less", body, body[:199], overH1(t, address, true), 401},
		{"h1, the limit", long, long, overH1(t, address, false), 200},
		{"h1, the limit, another", long, long[:299999] + "x", overH1(t, address, false), 401},
		{"h1, over it", long + "x", long + "x", overH1(t, address, false), 413},
		{"h2, over it", long + "x", long + "x", h2(t, address, 3, nil), 413},
		{"h2, the limit", long, long, h2(t, address, 5, nil), 200},
		{"h2, 1-byte frames", body, body, h2(t, address, 200, nil), 200},
		{"h2, 1-byte frames, another", body, body[:199] + "x", h2(t, address, 200, nil), 401},
		{"h2, no bytes", "", "", h2(t, address, 1, nil), 200},
		{"h2, no bytes, signed otherwise", body, "", h2(t, address, 1, nil), 401},
		{"h2, a body with trailers", body, body, h2(t, address, 2, http.Header{"X-Sum": {"1"}}), 503},
		{"h2, trailers alone", "", "", h2(t, address, 0, http.Header{"X-Sum": {"1"}}), 200},
		{"h2, trailers alone, signed otherwise", body, "", h2(t, address, 0, http.Header{"X-Sum": {"1"}}), 401},
	} {
		upstream.Take()
		status := c.send(append(digested(c.signed), envoy.Header{Name: "x-client", Value: "root"}), c.body)
		time.Sleep(10 * time.Millisecond)
		seen := upstream.Take()
		switch {
		case status != c.status:
			t.Errorf("%s: %d, want %d", c.law, status, c.status)
		case status != 200 && len(seen) > 0:
			t.Errorf("%s: the upstream has seen it whole: %d bytes", c.law, len(seen[0].Body))
		case status == 200 && (len(seen) != 1 || string(seen[0].Body) != c.body || strings.Join(envoy.Values(seen[0].Headers, "x-client"), ",") != "acme"):
			t.Errorf("%s: the upstream has seen %d", c.law, len(seen))
		}
	}
	// Every split of a body, good and with each byte before the split another.
	for at := 1; at < 200; at += 9 {
		for _, bad := range []int{-1, 0, at - 1, at, 199} {
			b := []byte(body)
			if bad >= 0 {
				b[bad] ^= 1
			}
			upstream.Take()
			status, _ := overH2(t, address, digested(body), []string{string(b[:at]), string(b[at:])}, time.Millisecond, nil)
			time.Sleep(3 * time.Millisecond)
			seen := upstream.Take()
			if bad < 0 && (status != 200 || len(seen) != 1 || string(seen[0].Body) != body) || bad >= 0 && (status != 401 || len(seen) != 0) {
				t.Errorf("split at %d, byte %d: %d, upstream %d", at, bad, status, len(seen))
			}
		}
	}
}
