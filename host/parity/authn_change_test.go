package parity

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// TestAgainstJWTAuthnInChange: what changes while both run, the issuer's keys and the
// configuration, changes for the module in compat mode as for Envoy's own filter.
func TestAgainstJWTAuthnInChange(t *testing.T) {
	keys := loadRing(t)
	w := newWorld(t, keys, &group{name: "change", clusters: keysFrom(serve("rsa"))})
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	both := func(audience, claimed string) []envoy.Listener {
		a := &authnConfig{filter: object{
			"providers": object{"corp": object{
				"issuer": "https://issuer.test", "audiences": list{audience}, "claim_to_headers": list{object{"header_name": "x-user", "claim_name": claimed}},
				"remote_jwks": object{"http_uri": object{"uri": "http://keys.test/jwks.json", "cluster": "change-keys", "timeout": "2s"}, "cache_duration": "1s"},
			}},
			"rules": list{object{"match": object{"prefix": "/"}, "requires": object{"provider_name": "corp"}}},
		}}
		return []envoy.Listener{
			{Name: "native", Upstream: "upstream", Filters: []json.RawMessage{nativeFilter(a)}},
			{Name: "module", Upstream: "upstream", Plugin: &envoy.Plugin{Wasm: modulePath(), VMID: "change", Config: a.text(object{"compat": "jwt_authn"})}},
		}
	}
	d := &inEnvoy{upstream: upstream, process: envoy.Run(t, envoy.Options{
		Listeners: both("api", "sub"), Concurrency: 2,
		Clusters: []envoy.Cluster{{Name: "upstream", Address: upstream.Addr()}, {Name: "change-keys", Address: w.servers["keys"].upstream.Addr()}},
	})}
	requests := map[string]build{
		"the first key": bearer(), "the next key": bearer(by("rsa-next")), "a stranger's key": bearer(by("rsa-stranger")), "another audience": bearer(claim("aud", "web")),
		"the next key, another audience": bearer(by("rsa-next"), claim("aud", "web")), "expired": bearer(at("exp", -3600)), "nothing": func(*builder) {},
	}
	m := &mint{keys: keys, now: time.Now()}
	sent := func(what, listener string) exchanged {
		return d.exchange(t, listener, (&scenario{send: get("/a", requests[what])}).request(m))
	}
	// A change reaches each worker of each filter at its own moment: here both show it.
	shows := func(what string, allowed bool) {
		t.Helper()
		for _, listener := range []string{"native", "module"} {
			streak := 0
			for until := time.Now().Add(patience); streak < 12; time.Sleep(20 * time.Millisecond) { // as many connections as find both workers
				if streak++; sent(what, listener).Allowed != allowed {
					streak = 0
				}
				if time.Now().After(until) {
					t.Fatalf("%s: %s is not allowed: %v", listener, what, !allowed)
				}
			}
		}
	}
	same := func(when string) {
		t.Helper()
		for what := range requests {
			if theirs, ours := sent(what, "native"), sent(what, "module"); !reflect.DeepEqual(theirs, ours) {
				t.Errorf("%s: %s:\n\tnative %+v\n\tmodule %+v", when, what, theirs, ours)
			}
		}
	}

	shows("the first key", true)
	same("at first")
	w.now("keys", serve("rotated"))
	shows("the next key", true)
	same("both keys are published")
	w.now("keys", serve("replaced"))
	shows("the first key", false)
	same("the first key is withdrawn")
	if err := d.process.Update(t.Context(), both("web", "aud")); err != nil {
		t.Fatal(err)
	}
	shows("the next key, another audience", true)
	same("another configuration")
	w.now("keys", serve("rsa"))
	shows("another audience", true)
	same("the first key is back")
}
