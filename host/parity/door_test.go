package parity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// TestAttacksAtEnvoysDoor: rows of the attack catalogue whose outcome Envoy and the
// module make together, so that only a real Envoy can tell it.
func TestAttacksAtEnvoysDoor(t *testing.T) {
	keys := loadRing(t)
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = upstream.Close() }()
	l := listener("door", expand(t, keys, effectsGroup.config), nil)
	l.Upstream, l.MaxHeaders = "up", 4000
	e := envoy.Run(t, envoy.Options{
		Listeners: []envoy.Listener{l},
		Clusters:  []envoy.Cluster{{Name: "up", Address: upstream.Addr()}},
	})
	for _, tc := range []struct {
		law  string
		send build
		// status that the client must get; 0 is any refusal.
		status int
		// user is what the upstream must see in x-user.
		user []string
	}{
		{"F-03: Connection cannot name a header away that the module writes", get("/", bearer(payload(plain)), line("connection", "x-user")), 200, []string{"alice"}},
		{"F-03: nor among others", get("/", bearer(payload(plain)), line("connection", "keep-alive, X-User")), 200, []string{"alice"}},
		{"H-10: user information in the host is refused or changes nothing", get("/", authority("admin@api.test")), 0, nil},
		{"H-12: an absolute target is judged by its path", get("http://api.test/open/../x"), 400, nil},
		{"H-12: an absolute target of an open path passes", get("http://api.test/open"), 200, nil},
		{"H-12: an absolute target without a path is the root", get("http://api.test"), 401, nil},
		{"H-12: CONNECT is refused", call("CONNECT", "api.test:443"), 0, nil},
		{"H-13: a method in other case is refused or judged as another", call("get", "/"), 0, nil},
		{"H-21: 1,100 headers are no request without credentials", get("/optional", lines(1100)), 400, nil},
		{"H-21: 900 headers are judged", get("/optional", lines(900)), 200, nil},
		{"H-21: 900 headers are judged: a bad token is found behind them", get("/optional", lines(900), bearer(segment(2, flipped))), 401, nil},
		{"H-24: gRPC in other case is refused", call("POST", "/a/b", line("content-type", "Application/gRPC"), body("")), 0, nil},
		{"F-02: an identity header under underscores is another header", get("/open", line("x_user", "root")), 200, nil},
	} {
		t.Run(tc.law, func(t *testing.T) {
			s := &scenario{send: tc.send}
			response, local, err := envoy.Once(e.Addr("door"), patience, s.request(&mint{keys: keys, now: time.Now()}))
			if err != nil {
				t.Fatal(err)
			}
			seen := upstream.Take()
			if tc.status == 0 {
				if len(seen) > 0 {
					t.Fatalf("passed: the upstream saw %+v", seen)
				}
				return
			}
			if response.Status != tc.status || (len(seen) == 1) != (tc.status == 200) {
				record, _ := e.Access(t.Context(), "door", local)
				t.Fatalf("status %d, want %d: %+v; the upstream saw %d requests", response.Status, tc.status, record, len(seen))
			}
			if len(seen) == 1 && fmt.Sprint(envoy.Values(seen[0].Headers, "x-user")) != fmt.Sprint(tc.user) {
				t.Errorf("x-user %q, want %q", envoy.Values(seen[0].Headers, "x-user"), tc.user)
			}
		})
	}
	t.Run("L-04: refusals in numbers do not flood the log", func(t *testing.T) {
		floodLog(t, e, keys)
	})
}

// lines adds n header lines.
func lines(n int) build {
	return func(b *builder) {
		for i := range n {
			line(fmt.Sprintf("x-line-%d", i), "v")(b)
		}
	}
}

// floodLog sends refusals, each with another kid, faster than a log should grow.
func floodLog(t *testing.T, e *envoy.Envoy, keys ring) {
	const refusals = 2000
	before := len(e.PluginLog("door"))
	client, err := envoy.Dial(e.Addr("door"), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	m := &mint{keys: keys, now: time.Now()}
	begin := time.Now()
	for i := range refusals {
		s := &scenario{send: get("/", bearer(by("ed"), head("kid", fmt.Sprintf("k\r\n\"%d", i))))}
		response, err := client.Do(s.request(m))
		if err != nil || response.Status != 401 {
			t.Fatalf("refusal %d: %v, %v", i, response, err)
		}
	}
	took := time.Since(begin)
	log := e.PluginLog("door")[before:]
	// Fifty at once and ten a second after that, and some room for the clock.
	if most := 50 + 10*int(took.Seconds()+2); len(log) > most {
		t.Errorf("%d lines for %d refusals in %v, want at most %d", len(log), refusals, took, most)
	}
	if len(log) == 0 {
		t.Error("no refusal was logged")
	}
	for _, l := range log {
		if !strings.HasPrefix(l.Text, "{") || !strings.HasSuffix(l.Text, "}") || strings.Contains(l.Text, "\r") {
			t.Fatalf("not one JSON object on one line: %q", l.Text)
		}
	}
}
