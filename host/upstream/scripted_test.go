package upstream

import (
	"context"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
)

func get(cluster, authority, path string) *Request {
	return &Request{Cluster: cluster, Headers: []abi.Pair{
		{Name: ":method", Value: "GET"}, {Name: ":authority", Value: authority}, {Name: ":path", Value: path},
	}}
}

func TestScripted(t *testing.T) {
	var s Scripted
	body := func(b string) Answer { return Answer{Body: []byte(b)} }
	s.AddCluster("empty")
	s.Set(Route{"idp", "/keys"}, body("first"), body("second"))
	s.Set(Route{"idp", "https://a.example/keys"}, body("exact"))
	s.Set(Route{"any", ""}, body("any"))
	for _, c := range []struct {
		law                      string
		cluster, authority, path string
		want                     string
	}{
		{"one after the other", "idp", "b.example", "/keys", "first"},
		{"the last stays", "idp", "b.example", "/keys", "second"},
		{"the last stays", "idp", "b.example", "/keys", "second"},
		{"the whole URI goes before the path", "idp", "a.example", "/keys", "exact"},
		{"another path", "idp", "b.example", "/other", "no healthy upstream"},
		{"every path", "any", "b.example", "/other", "any"},
		{"a cluster without routes", "empty", "a", "/", "no healthy upstream"},
	} {
		var got []string
		s.Call(context.Background(), get(c.cluster, c.authority, c.path), func(a *Answer) { got = append(got, string(a.Body)) })
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %q, want %q", c.law, got, c.want)
		}
	}
	for cluster, want := range map[string]bool{"idp": true, "empty": true, "any": true, "nobody": false} {
		if s.Known(cluster) != want {
			t.Errorf("known %s: %v", cluster, !want)
		}
	}
	s.Record(true)
	s.Call(context.Background(), get("idp", "a", "/x"), func(*Answer) {})
	if calls := s.Calls(); len(calls) != 1 || calls[0].Request.Header(":path") != "/x" || string(calls[0].Answer.Body) != "no healthy upstream" {
		t.Errorf("calls %+v", calls)
	}
	if calls := s.Calls(); len(calls) != 0 {
		t.Errorf("calls are kept: %+v", calls)
	}
	s.Reset()
	s.Call(context.Background(), get("any", "a", "/x"), func(a *Answer) {
		if string(a.Body) != "no healthy upstream" || a.Headers[0].Value != "503" {
			t.Errorf("after a reset: %+v", a)
		}
	})
	if !s.Known("any") {
		t.Error("a reset forgets clusters")
	}
}

func TestTimeoutIsEnvoys(t *testing.T) {
	a := UpstreamTimeout()
	if len(a.Headers) != 3 || a.Headers[0].Value != "504" || len(a.Body) != 24 || a.Headers[1].Value != "24" {
		t.Errorf("%+v", a)
	}
}
