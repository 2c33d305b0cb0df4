package parity

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// TestBootstrapFile starts the bootstrap that the README shows, with nothing changed
// but ports and the module's path, and sends a good and bad requests through it.
func TestBootstrapFile(t *testing.T) {
	keys := loadRing(t)
	text, err := os.ReadFile("../../testdata/envoy/bootstrap.yaml")
	if err != nil {
		t.Fatal(err)
	}
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = upstream.Close() }()
	published, err := envoy.NewUpstream(func(*envoy.Seen) envoy.Answer { return serve("rsa")(keys) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = published.Close() }()
	module, err := filepath.Abs(modulePath())
	if err != nil {
		t.Fatal(err)
	}
	config := string(text)
	for from, to := range map[string]string{
		"port_value: 9901": "port_value: 0", "port_value: 8080": "port_value: 0",
		"port_value: 9000": "port_value: " + port(upstream), "port_value: 9001": "port_value: " + port(published),
		"filename: build/postern.wasm": fmt.Sprintf("filename: %q", module),
	} {
		if strings.Count(config, from) != 1 {
			t.Fatalf("the file says %q %d times, want once", from, strings.Count(config, from))
		}
		config = strings.Replace(config, from, to, 1)
	}
	e := envoy.Run(t, envoy.Options{Bootstrap: []byte(config)})

	m := &mint{keys: keys, now: time.Now()}
	good := []mod{claim("iss", "https://login.example.com"), claim("aud", "orders")}
	for _, tc := range []struct {
		law    string
		send   build
		status int
		user   []string
	}{
		{"a good token passes and says who it is", get("/orders", bearer(good...), line("x-user", "root")), 200, []string{"alice"}},
		{"another good token passes, and is timed", get("/orders", bearer(append(good, claim("jti", "2"))...)), 200, []string{"alice"}},
		{"no token is refused", get("/orders"), 401, nil},
		{"an expired token is refused", get("/orders", bearer(append(good, at("exp", -3600))...)), 401, nil},
		{"another audience is refused", get("/orders", bearer(good[0])), 401, nil},
		{"the open path is open, and nobody is anybody there", get("/healthz", line("x-user", "root")), 200, nil},
		{"a path is judged as the upstream would read it", get("/healthz/../orders"), 401, nil},
		{"an escaped slash is refused by Envoy", get("/healthz%2f..%2forders"), 400, nil},
	} {
		t.Run(tc.law, func(t *testing.T) {
			s := &scenario{send: tc.send}
			response, _, err := envoy.Once(e.Addr("edge"), patience, s.request(m))
			if err != nil {
				t.Fatal(err)
			}
			seen := upstream.Take()
			if response.Status != tc.status || len(seen) != map[bool]int{true: 1}[tc.status == 200] {
				t.Fatalf("status %d, want %d; the upstream saw %+v", response.Status, tc.status, seen)
			}
			if len(seen) == 1 && fmt.Sprint(envoy.Values(seen[0].Headers, "x-user")) != fmt.Sprint(tc.user) {
				t.Errorf("x-user %q, want %q", envoy.Values(seen[0].Headers, "x-user"), tc.user)
			}
		})
	}
	checkMetrics(t, e, []string{
		`postern_allowed{provider="corp"} 2`,
		`postern_allowed{} 1`,
		`postern_denied{reason="missing",provider="corp"} 2`,
		`postern_denied{reason="expired",provider="corp"} 1`,
		`postern_denied{reason="audience_mismatch",provider="corp"} 1`,
		`postern_key_set_fetch_success{key_set="keys"} 1`,
		`postern_key_set_keys{key_set="keys"} 1`,
		`postern_key_set_generation{key_set="keys"} 1`,
		`postern_key_set_age_seconds{key_set="keys"} `,
		`postern_waiting_requests{} 0`,
		`postern_verify_us_count{algorithm="RS256"} 1`,
		`postern_token_cache_misses{} `,
	})
}

func port(u *envoy.Upstream) string {
	_, port, _ := strings.Cut(u.Addr(), ":")
	return port
}
