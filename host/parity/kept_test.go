package parity

import (
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// TestKeptTokensInEnvoy (S-04, S-05): a token that a running Envoy has let pass expires
// there, and does not outlive a reload that asks for something else. Two workers, a
// connection for each request.
func TestKeptTokensInEnvoy(t *testing.T) {
	keys := loadRing(t)
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = upstream.Close() }()
	listeners := func(more string) []envoy.Listener {
		l := listener("edge", expand(t, keys, `{
  "providers": {"corp": {"issuer": "https://issuer.test", "clock_skew_seconds": 0`+more+`, "local_jwks": {"inline_string": {{set "main"}}}}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`), nil)
		l.Upstream = "up"
		return []envoy.Listener{l}
	}
	e := envoy.Run(t, envoy.Options{
		Listeners: listeners(""), Concurrency: 2,
		Clusters: []envoy.Cluster{{Name: "up", Address: upstream.Addr()}},
	})
	request := func(mods ...mod) envoy.Request {
		return (&scenario{send: get("/", bearer(mods...))}).request(&mint{keys: keys, now: time.Now()})
	}
	expect := func(when string, r envoy.Request, status int) {
		t.Helper()
		for range 8 {
			response, _, err := envoy.Once(e.Addr("edge"), patience, r)
			if err != nil {
				t.Fatal(err)
			}
			if response.Status != status {
				t.Fatalf("%s: status %d, want %d: %s", when, response.Status, status, response.Body)
			}
		}
	}
	const life = 4
	brief, long := request(at("exp", life)), request(by("p256"))
	expect("while it lasts", brief, 200)
	time.Sleep((life + 1) * time.Second)
	expect("when it has expired", brief, 401)
	expect("another one", long, 200)
	for _, more := range []string{`, "audiences": ["other"]`, `, "algorithms": ["RS256"]`, `, "max_token_bytes": 100`} {
		if err := e.Update(t.Context(), listeners(more)); err != nil {
			t.Fatal(err)
		}
		expect("after a reload with"+more, long, 401)
		if err := e.Update(t.Context(), listeners("")); err != nil {
			t.Fatal(err)
		}
		expect("after the reload back", long, 200)
	}
}
