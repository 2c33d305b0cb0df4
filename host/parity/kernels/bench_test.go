package kernels

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/envoy"
	"github.com/postern-wasm/postern/host/parity/kernels/batch"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
)

// benchCases is how many signatures a turn has: enough for the key's reading and the
// comparison of the host on its first signature to weigh little.
const benchCases = 200

// rs256 is a batch of good signatures by a new key.
func rs256(b *testing.B, bits int) []byte {
	b.Helper()
	key := must(rsa.GenerateKey(rand.Reader, bits))
	var cases []byte
	for i := range benchCases {
		c := batch.Case{Algorithm: jwa.RS256, Text: make([]byte, 600)}
		if i == 0 {
			c.Keys = set(`{"kty":"RSA","n":"%s","e":"AQAB"}`, b64(key.N.Bytes()))
		}
		_, _ = rand.Read(c.Text)
		digest := sha256.Sum256(c.Text)
		c.Signature = must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]))
		cases = batch.Append(cases, c)
	}
	return cases
}

// BenchmarkRS256 measures the own kernel and the proxy's verify_signature in turns, in
// the same VM, in Envoy and in wazero: microseconds per signature, of the turn that was
// disturbed least.
func BenchmarkRS256(b *testing.B) {
	for _, bits := range []int{2048, 3072, 4096} {
		config := configuration('t', rs256(b, bits))
		b.Run(fmt.Sprintf("envoy/%d", bits), func(b *testing.B) {
			for range b.N {
				process := envoy.Run(b, envoy.Options{
					Listeners: []envoy.Listener{{Name: "bench", Upstream: "nobody", Plugin: &envoy.Plugin{Wasm: guest(b), Config: config}}},
					Clusters:  []envoy.Cluster{{Name: "nobody", Address: "127.0.0.1:1"}},
				})
				var lines []string
				for _, l := range process.PluginLog("bench") {
					lines = append(lines, l.Text)
				}
				report(b, lines)
			}
		})
		b.Run(fmt.Sprintf("wazero/%d", bits), func(b *testing.B) {
			wasm := must(os.ReadFile(guest(b)))
			for range b.N {
				var lines []string
				h := must(host.New(b.Context(), wasm, host.Options{Log: func(l host.LogEntry) { lines = append(lines, l.Text) }, CallDeadline: -1}))
				if err := h.Configure(b.Context(), config); err != nil {
					b.Fatal(err)
				}
				_ = h.Close(context.Background())
				report(b, lines)
			}
		})
	}
}

// report reads the guest's lines.
func report(b *testing.B, lines []string) {
	b.Helper()
	took := map[string][]int64{}
	for _, line := range lines {
		name, text, ok := strings.Cut(strings.TrimPrefix(line, "@ "), " ")
		nanos, err := strconv.ParseInt(text, 10, 64)
		if !ok || err != nil {
			b.Fatalf("the guest says %q", line)
		}
		took[name] = append(took[name], nanos)
	}
	least := func(name string) float64 { return float64(slices.Min(took[name])) / benchCases / 1000 }
	b.ReportMetric(least("own"), "own-us")
	b.ReportMetric(least("host"), "host-us")
	b.ReportMetric(least("host")/least("own"), "host/own")
	b.ReportMetric(0, "ns/op")
}
