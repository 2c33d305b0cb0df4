package parity

import (
	"testing"

	"github.com/postern-wasm/postern/host/envoy"
)

// BenchmarkEnvoyStart is the time from exec to a listener that serves, without a
// filter and with the module, and the module's memory once it is configured.
func BenchmarkEnvoyStart(b *testing.B) {
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = upstream.Close() }()
	for name, plugin := range map[string]*envoy.Plugin{
		"plain":   nil,
		"postern": {Wasm: modulePath(), Config: []byte("{}")},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				e, err := envoy.Start(b.Context(), envoy.Options{
					Listeners: []envoy.Listener{{Name: "edge", Upstream: "up", Plugin: plugin}},
					Clusters:  []envoy.Cluster{{Name: "up", Address: upstream.Addr()}},
				})
				if err != nil {
					b.Fatal(err)
				}
				m, err := e.Memory(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				if m.Guests > 0 {
					b.ReportMetric(float64(m.Guest)/float64(m.Guests)/(1<<20), "guest-MiB/vm")
				}
				if err := e.Stop(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
