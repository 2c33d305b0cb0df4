package parity

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// TestBadReloadKeepsTheFormer (W-12): a configuration with five mistakes, given to a
// running Envoy, is refused with a line for each, and the former one goes on serving.
func TestBadReloadKeepsTheFormer(t *testing.T) {
	keys := loadRing(t)
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = upstream.Close() }()
	withConfig := func(config string) []envoy.Listener {
		l := listener("edge", expand(t, keys, config), nil)
		l.Upstream = "up"
		return []envoy.Listener{l}
	}
	e := envoy.Run(t, envoy.Options{
		Listeners: withConfig(oneProvider), Concurrency: 2,
		Clusters: []envoy.Cluster{{Name: "up", Address: upstream.Addr()}},
	})
	m := &mint{keys: keys, now: time.Now()}
	expect := func(when string, good, other int) {
		t.Helper()
		for _, r := range []struct {
			what   string
			send   build
			status int
		}{
			{"a good token", get("/", bearer()), good},
			{"a token of another audience", get("/", bearer(claim("aud", "other"))), other},
			{"no token", get("/"), 401},
		} {
			// Several connections, so that both workers are asked.
			for range 6 {
				response, _, err := envoy.Once(e.Addr("edge"), patience, (&scenario{send: r.send}).request(m))
				if err != nil {
					t.Fatal(err)
				}
				if response.Status != r.status {
					t.Fatalf("%s: %s gets %d, want %d", when, r.what, response.Status, r.status)
				}
			}
		}
	}
	expect("at first", 200, 401)

	var five *badConfig
	for _, c := range badConfigs(t, keys) {
		if c.law == "five mistakes are five lines" {
			five = c
		}
	}
	err = e.Update(t.Context(), withConfig(five.config))
	var refused *envoy.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("five mistakes: %v", err)
	}
	said := slices.Clone(refused.Plugin)
	for i := range said {
		said[i] = problem(said[i])
	}
	if wrong := five.check(said); wrong != "" {
		t.Errorf("%s\n%s", wrong, said)
	}
	expect("after the bad one", 200, 401)

	// Empty, larger than a module takes, and one mistake three times over: none traps,
	// none replaces anything.
	again := `{"default": "maybe"}`
	for i, config := range []string{
		"", `{"realm": "` + strings.Repeat("x", 10<<20) + `"}`, again, again + " ", again + "  ",
	} {
		if err := e.Update(t.Context(), withConfig(config)); !errors.As(err, &refused) || len(refused.Plugin) == 0 {
			t.Errorf("bad configuration %d: %v", i, err)
		}
		expect("after a bad one", 200, 401)
	}

	other := `{
  "providers": {"corp": {"issuer": "https://issuer.test", "audiences": ["other"], "local_jwks": {"inline_string": {{set "main"}}}}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`
	if err := e.Update(t.Context(), withConfig(other)); err != nil {
		t.Fatal(err)
	}
	expect("after a good one", 401, 200)
	stats, err := e.Stats(t.Context(), "update_rejected")
	if err != nil || stats["listener_manager.lds.update_rejected"] != 6 {
		t.Errorf("statistics %v, %v: want 6 refused updates", stats, err)
	}
}
