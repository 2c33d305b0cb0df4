package parity

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// TestSameVerdictOverHTTP2 sends the table's requests over h2, where cookies arrive
// joined and names in lower case: status, reason and challenge must be those of the
// table. What a correct h2 client cannot put on the wire is counted, not sent.
func TestSameVerdictOverHTTP2(t *testing.T) {
	keys := loadRing(t)
	var groups []*group
	for _, g := range table() {
		if len(g.clusters) == 0 {
			groups = append(groups, g)
		}
	}
	d := startEnvoy(t, keys, groups, nil)
	sent, unsendable := 0, 0
	for _, g := range groups {
		now := time.Now() // what is signed twice is signed at the same time
		for i := range g.cases {
			s := &g.cases[i]
			r := s.request(&mint{keys: keys, now: now})
			status, header, local, err := overHTTP2(d.process.Addr(g.name), r)
			if err != nil {
				unsendable++
				continue
			}
			sent++
			record, err := d.process.Access(t.Context(), g.name, local)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := s.want.checkVerdict(s.door != "", status, header, record); wrong != "" {
				t.Errorf("%s/%s: %s", g.name, s.law, wrong)
			}
		}
	}
	fmt.Printf("over h2: %d requests, %d that h2 cannot carry\n", sent, unsendable)
	if sent < 450 {
		t.Errorf("only %d requests were sent", sent)
	}
}

// checkVerdict compares what does not depend on how headers are laid out.
func (w want) checkVerdict(door bool, got int, header http.Header, record envoy.Access) string {
	if w.reason == "" {
		if record.Details != "via_upstream" || got != 200 {
			return fmt.Sprintf("%d %s, want it allowed", got, record.Details)
		}
		return ""
	}
	if record.Details == "via_upstream" {
		return "passed, though it must be refused: " + w.reason
	}
	if door {
		return ""
	}
	status := w.status
	if w.grpc != "" {
		status = 200
	}
	if !slices.Contains(strings.Split(w.reason, "|"), reasonOf(record.Details)) || got != status {
		return fmt.Sprintf("%d %s, want %d %s", got, record.Details, status, w.reason)
	}
	if challenges := header.Values("www-authenticate"); len(challenges) != map[bool]int{true: max(1, len(w.schemes))}[w.hasChallenge()] {
		return fmt.Sprintf("challenges %q on a %d", challenges, w.status)
	}
	return ""
}

// overHTTP2 sends r over an h2 connection of its own, with prior knowledge.
func overHTTP2(address string, r envoy.Request) (status int, header http.Header, local string, err error) {
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: protocols,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err == nil {
				local = conn.LocalAddr().String()
			}
			return conn, err
		},
	}
	defer transport.CloseIdleConnections()
	path, query, _ := strings.Cut(r.Target, "?")
	request := &http.Request{
		Method: r.Method, Host: r.Host, Header: http.Header{}, ContentLength: int64(len(r.Body)),
		// Opaque goes to :path as it is, which a parsed path would not.
		URL: &url.URL{Scheme: "http", Host: r.Host, Opaque: path, RawQuery: query, ForceQuery: strings.HasSuffix(r.Target, "?")},
	}
	if strings.HasPrefix(path, "//") {
		return 0, nil, "", fmt.Errorf("net/url reads %q as an authority", path)
	}
	if r.Body != nil {
		request.Body = io.NopCloser(bytes.NewReader(r.Body))
	}
	for _, h := range r.Headers {
		request.Header[http.CanonicalHeaderKey(h.Name)] = append(request.Header[http.CanonicalHeaderKey(h.Name)], h.Value)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	response, err := transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return 0, nil, local, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.ProtoMajor != 2 {
		return 0, nil, local, fmt.Errorf("%s, not HTTP/2", response.Proto)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Header, local, err
}
