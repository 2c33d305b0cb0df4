package parity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// hookConfig signs bodies alone; partnerConfig the time, a nonce and the body.
const (
	hookConfig = `{"providers": {"gh": {"signed_request": {"preset": "github", "client_id_header": "x-client",
  "keys": [{"id": "k1", "client": "octo", "secret": {"inline": "hook secret"}}], "body": {"max_bytes": 4096}}}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "gh"}}]}`
	partnerConfig = `{"providers": {"partner": {"signed_request": {"template": {"algorithm": "hmac-sha256",
  "signature": {"header": "x-signature", "encoding": "hex"}, "key_id": {"header": "x-key"}, "timestamp": {"header": "x-timestamp"},
  "nonce": {"header": "x-nonce"}, "base": "{timestamp}.{nonce}.{method}.{target}.{body}"},
  "keys": [{"id": "k1", "client": "acme", "secret": {"inline": "partner secret"}}]%s}}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "partner"}}]}`
)

func macOf(secret, text string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil))
}

func hookLine(text string) envoy.Header {
	return envoy.Header{Name: "x-hub-signature-256", Value: "sha256=" + macOf("hook secret", text)}
}

// partnerRequest is a signed POST of /.
func partnerRequest(at time.Time, nonce, body string) envoy.Request {
	stamp := strconv.FormatInt(at.Unix(), 10)
	r := envoy.Request{Method: "POST", Target: "/", Host: "api.test", Headers: []envoy.Header{
		{Name: "x-key", Value: "k1"},
		{Name: "x-timestamp", Value: stamp},
		{Name: "x-nonce", Value: nonce},
		{Name: "x-signature", Value: macOf("partner secret", stamp+"."+nonce+".POST./."+body)},
	}}
	if body != "" {
		r.Body = []byte(body)
	} else {
		r.Headers = append(r.Headers, envoy.Header{Name: "content-length", Value: "0"})
	}
	return r
}

// holding is an Envoy whose plugin may hold headers, and its upstream.
func holding(t *testing.T, config string, workers int, hold bool) (*envoy.Envoy, *envoy.Upstream, envoy.Listener) {
	t.Helper()
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	l := listener("edge", config, nil)
	l.Upstream, l.Plugin.HoldBody = "up", hold
	return envoy.Run(t, envoy.Options{
		Concurrency: workers, Listeners: []envoy.Listener{l},
		Clusters: []envoy.Cluster{{Name: "up", Address: upstream.Addr()}},
	}), upstream, l
}

// overH2 sends a body of pieces over h2, without a content-length, each piece a frame of
// its own; trailers too if there are any.
func overH2(t *testing.T, address string, headers []envoy.Header, pieces []string, pause time.Duration, trailers http.Header) (int, string) {
	t.Helper()
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	read, write := io.Pipe()
	request := &http.Request{
		Method: "POST", Host: "api.test", Header: http.Header{}, ContentLength: -1, Body: read,
		URL: &url.URL{Scheme: "http", Host: "api.test", Path: "/"}, Trailer: trailers,
	}
	for _, h := range headers {
		request.Header.Add(h.Name, h.Value)
	}
	go func() {
		for _, p := range pieces {
			time.Sleep(pause)
			if _, err := write.Write([]byte(p)); err != nil {
				return
			}
		}
		time.Sleep(pause)
		_ = write.Close()
	}()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	response, err := transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// TestY01BodiesInEnvoy: every way in which a body comes and ends, good and bad. Of what is
// refused the upstream sees nothing.
func TestY01BodiesInEnvoy(t *testing.T) {
	e, upstream, _ := holding(t, hookConfig, 2, true)
	address := e.Addr("edge")
	long := strings.Repeat("0123456789abcdef", 256) // 4096 bytes
	for _, c := range []struct {
		law    string
		signed string
		body   string
		send   func(headers []envoy.Header, body string) int
		status int
	}{
		{"h1, content-length", "body", "body", overH1(t, address, false), 200},
		{"h1, content-length, another body", "body", "ydob", overH1(t, address, false), 401},
		{"h1, content-length 0", "", "", overH1(t, address, false), 200},
		{"h1, chunked", "some body", "some body", overH1(t, address, true), 200},
		{"h1, chunked, another body", "some body", "Some body", overH1(t, address, true), 401},
		{"h1, the limit", long, long, overH1(t, address, false), 200},
		{"h1, the limit, chunked", long, long, overH1(t, address, true), 200},
		{"h1, a byte more", long + "x", long + "x", overH1(t, address, false), 413},
		{"h1, a byte more, chunked", long + "x", long + "x", overH1(t, address, true), 413},
		{"h2, no length", "some body", "some body", h2(t, address, 3, nil), 200},
		{"h2, no length, another body", "some body", "Some body", h2(t, address, 3, nil), 401},
		{"h2, no bytes", "", "", h2(t, address, 1, nil), 200},
		{"h2, no bytes, signed otherwise", "x", "", h2(t, address, 1, nil), 401},
		{"h2, 1-byte frames", "some body", "some body", h2(t, address, 9, nil), 200},
		{"h2, a byte more", long + "x", long + "x", h2(t, address, 2, nil), 413},
		{"h2 with trailers", "some body", "some body", h2(t, address, 2, http.Header{"X-Sum": {"1"}}), 200},
		{"h2 with trailers, another body", "some body", "Some body", h2(t, address, 2, http.Header{"X-Sum": {"1"}}), 401},
		{"h2 with trailers alone", "", "", h2(t, address, 0, http.Header{"X-Sum": {"1"}}), 200},
		{"h2 with trailers alone, signed otherwise", "x", "", h2(t, address, 0, http.Header{"X-Sum": {"1"}}), 401},
	} {
		upstream.Take()
		headers := []envoy.Header{hookLine(c.signed), {Name: "x-client", Value: "root"}}
		status := c.send(headers, c.body)
		seen := upstream.Take()
		switch {
		case status != c.status:
			t.Errorf("%s: %d, want %d", c.law, status, c.status)
		case status != 200 && len(seen) > 0:
			t.Errorf("%s: the upstream has seen it", c.law)
		case status == 200 && (len(seen) != 1 || string(seen[0].Body) != c.body || fmt.Sprint(envoy.Values(seen[0].Headers, "x-client")) != "[octo]"):
			t.Errorf("%s: the upstream has seen %+v", c.law, seen)
		}
	}
}

func overH1(t *testing.T, address string, chunked bool) func([]envoy.Header, string) int {
	return func(headers []envoy.Header, body string) int {
		r := envoy.Request{Method: "POST", Target: "/", Host: "api.test", Headers: headers, Body: []byte(body)}
		if chunked {
			r.Body = nil
			for _, b := range []byte(body) {
				r.Chunks = append(r.Chunks, []byte{b})
			}
		}
		response, _, err := envoy.Once(address, patience, r)
		if err != nil {
			t.Error(err)
			return 0
		}
		return response.Status
	}
}

func h2(t *testing.T, address string, frames int, trailers http.Header) func([]envoy.Header, string) int {
	return func(headers []envoy.Header, body string) int {
		var pieces []string
		for n := frames; n > 0; n-- {
			at := len(body) / n
			pieces, body = append(pieces, body[:at]), body[at:]
		}
		status, _ := overH2(t, address, headers, pieces, 5*time.Millisecond, trailers)
		return status
	}
}

// TestP01OneOfAThousandInEnvoy: the same request a thousand times at once over four
// workers passes once, and not again after a reload (P-08).
func TestP01OneOfAThousandInEnvoy(t *testing.T) {
	e, upstream, l := holding(t, fmt.Sprintf(partnerConfig, ""), 4, true)
	r := partnerRequest(time.Now(), "n1", "body")
	got := atOnce(t, e.Addr("edge"), r, 1000)
	if got[200] != 1 || got[401] != 999 {
		t.Errorf("%v, want one 200 and 401 for the rest", got)
	}
	if seen := upstream.Take(); len(seen) != 1 {
		t.Errorf("the upstream has seen %d", len(seen))
	}
	l.Plugin.Config = []byte(fmt.Sprintf(partnerConfig, `, "client_id_header": "x-client"`))
	if err := e.Update(t.Context(), []envoy.Listener{l}); err != nil {
		t.Fatal(err)
	}
	if got := atOnce(t, e.Addr("edge"), r, 40); got[401] != 40 {
		t.Errorf("after a reload: %v", got)
	}
	if got := atOnce(t, e.Addr("edge"), partnerRequest(time.Now(), "n2", "body"), 40); got[200] != 1 || got[401] != 39 {
		t.Errorf("another one: %v", got)
	}
}

// atOnce sends a request on many connections and counts the answers by status.
func atOnce(t *testing.T, address string, r envoy.Request, times int) map[int]int {
	t.Helper()
	var wait sync.WaitGroup
	var mu sync.Mutex
	got := map[int]int{}
	gate := make(chan struct{}, 100)
	for range times {
		wait.Add(1)
		gate <- struct{}{}
		go func() {
			defer wait.Done()
			defer func() { <-gate }()
			response, _, err := envoy.Once(address, patience, r)
			status := 0
			if err == nil {
				status = response.Status
			}
			mu.Lock()
			got[status]++
			mu.Unlock()
		}()
	}
	wait.Wait()
	return got
}

// TestY05WithoutTheKnobInEnvoy: a proxy that delivers no bodies answers within two seconds
// and says why.
func TestY05WithoutTheKnobInEnvoy(t *testing.T) {
	e, upstream, _ := holding(t, hookConfig, 1, false)
	begun := time.Now()
	status := overH1(t, e.Addr("edge"), false)([]envoy.Header{hookLine("body")}, "body")
	if took := time.Since(begun); status != 503 || took > 3*time.Second {
		t.Errorf("%d after %s", status, took)
	}
	if seen := upstream.Take(); len(seen) > 0 {
		t.Error("the upstream has seen it")
	}
	said := 0
	for _, line := range e.PluginLog("") {
		if strings.Contains(line.Text, "allow_on_headers_stop_iteration") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("said so %d times", said)
	}
	if status := overH1(t, e.Addr("edge"), false)(nil, "body"); status != 401 {
		t.Errorf("without a signature: %d", status)
	}
}
