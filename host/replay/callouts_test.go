package replay

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/upstream"
)

func call(cluster, scheme, authority, path string) *upstream.Request {
	r := &upstream.Request{Cluster: cluster, Headers: []abi.Pair{
		{Name: ":method", Value: "GET"}, {Name: ":path", Value: path}, {Name: ":authority", Value: authority},
	}}
	if scheme != "" {
		r.Headers = append(r.Headers, abi.Pair{Name: ":scheme", Value: scheme})
	}
	return r
}

func TestTargetFits(t *testing.T) {
	tests := []struct {
		law, key string
		req      *upstream.Request
		want     int
	}{
		{"the URI as configured is the call", "c https://h/k", call("c", "https", "h", "/k"), 4},
		{"a module need not say the scheme", "c https://h/k", call("c", "", "h", "/k"), 3},
		{"another cluster is another call", "d https://h/k", call("c", "https", "h", "/k"), 0},
		{"another host is another call", "c https://i/k", call("c", "https", "h", "/k"), 0},
		{"another path is another call", "c https://h/", call("c", "https", "h", "/k"), 0},
		{"a query belongs to the path", "c https://h/k?a=1", call("c", "https", "h", "/k?a=1"), 4},
		{"a query that is not there is missed", "c https://h/k?a=1", call("c", "https", "h", "/k"), 0},
		{"a path has letter case", "c https://h/K", call("c", "https", "h", "/k"), 0},
		{"a host has none", "c HTTPS://H/k", call("c", "https", "h", "/k"), 4},
		{"https's port may be said", "c https://h:443/k", call("c", "https", "h", "/k"), 4},
		{"https's port may be said by the call", "c https://h/k", call("c", "https", "h:443", "/k"), 4},
		{"another port is another host", "c https://h:8443/k", call("c", "https", "h", "/k"), 0},
		{"no path is the root", "c https://h", call("c", "https", "h", "/"), 4},
		{"no path and a query", "c https://h?a=1", call("c", "https", "h", "/?a=1"), 4},
		{"a fragment is not sent", "c https://h/k#f", call("c", "https", "h", "/k"), 4},
		{"a URI without a scheme", "c h/k", call("c", "https", "h", "/k"), 3},
		{"a path alone is any host's", "c /k", call("c", "https", "h", "/k"), 2},
		{"a cluster alone is any call", "c", call("c", "https", "h", "/k"), 1},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			target, err := parseTarget(tt.key)
			if err != nil {
				t.Fatal(err)
			}
			if got := target.fits(tt.req); got != tt.want {
				t.Errorf("%q fits %v by %d, want %d", tt.key, tt.req.Headers, got, tt.want)
			}
		})
	}
}

// table makes services of a line's callouts.
func table(t *testing.T, callouts string) *services {
	t.Helper()
	rows, err := decodeCallouts([]byte(callouts))
	if err != nil {
		t.Fatal(err)
	}
	s := &services{record: true}
	s.replace(rows)
	return s
}

// answers makes n calls and writes down what they were given.
func answers(s *services, req *upstream.Request, n int) string {
	var got []string
	for range n {
		s.Call(context.Background(), req, func(a *upstream.Answer) {
			if a.Reset {
				got = append(got, "reset")
				return
			}
			got = append(got, value(a.Headers, ":status")+" "+string(a.Body))
		})
	}
	return strings.Join(got, "|")
}

func TestServices(t *testing.T) {
	tests := []struct {
		law, callouts string
		n             int
		want          string
	}{
		{"one answer stays", `{"c https://h/k": {"body": "a"}}`, 3, "200 a|200 a|200 a"},
		{"a list goes on, and its last answer stays", `{"c https://h/k": [{"body": "a"}, {"status": 500}, {"reset": true}]}`, 4, "200 a|500 |reset|reset"},
		{"a body may be base64", `{"c https://h/k": {"body_base64": "YWI="}}`, 1, "200 ab"},
		{"the most exact key answers", `{"c": {"status": 201}, "c /k": {"status": 202}, "c https://h/k": {"status": 203}, "c http://h/k": {"status": 204}}`, 1, "203 "},
		{"a call that no key names finds no service", `{"c https://h/other": {}}`, 1, "503 no healthy upstream"},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			s := table(t, tt.callouts)
			if got := answers(s, call("c", "https", "h", "/k"), tt.n); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if len(s.calls) != tt.n {
				t.Errorf("%d calls recorded, want %d", len(s.calls), tt.n)
			}
		})
	}
}

func TestServicesKeepDelayAndHeaders(t *testing.T) {
	s := table(t, `{"c https://h/k": {"status": 404, "headers": [["Cache-Control", "max-age=5"], ["x", "y"]], "body": "no", "delay_ms": 1500}}`)
	a, _ := s.pick(call("c", "https", "h", "/k"))
	want := []abi.Pair{{Name: ":status", Value: "404"}, {Name: "cache-control", Value: "max-age=5"}, {Name: "x", Value: "y"}}
	if a.Delay != 1500*time.Millisecond || len(a.Headers) != len(want) {
		t.Fatalf("got %+v", a)
	}
	for i := range want {
		if a.Headers[i] != want[i] {
			t.Errorf("header %d is %v, want %v", i, a.Headers[i], want[i])
		}
	}
}

func TestServicesKnow(t *testing.T) {
	s := table(t, `{"listed https://h/k": {}}`)
	s.configure(
		`{"providers": {"p": {"remote_jwks": {"http_uri": {"uri": "https://h/k", "cluster": "jwks"}}, "x": [{"cluster": "deep"}], "cluster": 7}}}`,
		`no JSON`,
	)
	for cluster, want := range map[string]bool{"jwks": true, "deep": true, "listed": true, "other": false, "": false} {
		if got := s.Known(cluster); got != want {
			t.Errorf("Known(%q) = %v, want %v", cluster, got, want)
		}
	}
	s.replace(nil)
	if s.Known("listed") {
		t.Error("a cluster that only the table before named is still known")
	}
	s.configure(`{}`)
	if s.Known("jwks") {
		t.Error("a cluster that only the configuration before named is still known")
	}
}
