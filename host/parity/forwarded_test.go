package parity

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/envoy"
)

// TestP12TheClientInTheLog: behind a trusted hop a refusal's line names whom that hop was
// called by, whether the proxy adds the connection's own address, as Envoy does, or not;
// without one nothing that a client writes counts.
func TestP12TheClientInTheLog(t *testing.T) {
	keys := loadRing(t)
	refusal := (&scenario{send: get("/", line("x-forwarded-for", "6.6.6.6, 203.0.113.7"))}).request(&mint{keys: keys, now: time.Now()})
	trusting := strings.Replace(oneProvider, "{", `{"xff_trusted_hops": 1,`, 1)
	check := func(t *testing.T, log, want string) {
		t.Helper()
		if !strings.Contains(log, `"client":"`+want) || strings.Contains(log, `"client":"6.6.6.6`) {
			t.Errorf("no client %s in the log: %s", want, log)
		}
	}
	for name, tc := range map[string]struct{ config, want string }{
		"none":   {oneProvider, "127.0.0.1:"},
		"one":    {trusting, `203.0.113.7"`},
		"twenty": {strings.Replace(trusting, "1", "20", 1), "127.0.0.1:"},
	} {
		behindLoopback := strings.Replace(tc.config, `hops": 1,`, `hops": 2,`, 1) // where Envoy adds its own address
		t.Run("wazero, "+name, func(t *testing.T) {
			d := newWazero(t, keys)
			if err := d.host.Configure(t.Context(), []byte(expand(t, keys, tc.config))); err != nil {
				t.Fatal(err)
			}
			stream := d.host.NewStream(host.StreamOptions{Properties: map[string][]byte{"source.address": []byte("127.0.0.1:50000")}})
			defer stream.Close()
			stream.RequestHeaders(arrive(refusal), true)
			check(t, d.logged(), tc.want)
		})
		t.Run("envoy, "+name, func(t *testing.T) {
			upstream, err := envoy.NewUpstream(nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = upstream.Close() }()
			l := listener("forwarded", expand(t, keys, behindLoopback), nil)
			l.Upstream = "up"
			e := envoy.Run(t, envoy.Options{Listeners: []envoy.Listener{l}, Clusters: []envoy.Cluster{{Name: "up", Address: upstream.Addr()}}})
			if _, _, err := envoy.Once(e.Addr("forwarded"), patience, refusal); err != nil {
				t.Fatal(err)
			}
			var log string
			for until := time.Now().Add(patience); time.Now().Before(until) && !strings.Contains(log, `"client":`); time.Sleep(20 * time.Millisecond) {
				for _, l := range e.PluginLog("forwarded") {
					log += l.Text + "\n"
				}
			}
			check(t, log, tc.want)
		})
	}
}
