package attacks

import (
	"crypto/ed25519"
	"encoding/base64"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/replay"
	"github.com/postern-wasm/postern/host/sign"
)

// TestL04SignedRequestsAreTimedByTheirAlgorithm, good or forged, with a body or without one,
// once each; what a caller says never names a metric.
func TestL04SignedRequestsAreTimedByTheirAlgorithm(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := verifies(t, `"http_message_signatures":{},"keys":[{"id":"ed","public_key":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"`+
		base64.RawURLEncoding.EncodeToString(public)+`"}}},{"id":"mac","secret":{"inline":"a shared secret"}}]`)
	// As another module is run: with what it tells the host, and without what it thinks.
	module := os.Getenv("POSTERN_MODULE")
	if module == "" {
		module = "../../build/postern.wasm"
	}
	engine := replay.New(replay.Options{})
	t.Cleanup(func() { _ = engine.Close(t.Context()) })
	at := time.Unix(signing, 0) // with a configuration each time: metrics begin anew
	edKey, macKey, forger := sign.Key{ID: "ed", Private: private}, sign.Key{ID: "mac", Secret: []byte("a shared secret")}, sign.Key{ID: "mac", Secret: []byte("a stranger's")}
	signed := func(method, body string, key sign.Key) *replay.Request {
		return signs(t, "rfc9421", method, "https://api.test/a", body, key, sign.Options{Label: "sig1"})
	}
	config := v.config
	const mac, ed = "postern_verify_us.algorithm.hmac-sha256", "postern_verify_us.algorithm.ed25519"
	for _, c := range []struct {
		law   string
		r     *replay.Request
		want  string
		timed string
	}{
		{"a MAC", signed("GET", "", macKey), "", mac},
		{"a public key", signed("GET", "", edKey), "", ed},
		{"with a body", signed("POST", "a body", macKey), "", mac},
		{"forged", signed("GET", "", forger), "signature_invalid", mac},
		{"not signed", posted("", "x", "y"), "missing", ""},
		{"an algorithm of its own", posted("", "signature-input", `sig1=("@method" "@authority" "@path" "@query");created=1767225600;keyid="mac";alg="evil"`, "signature", "sig1=:AA==:"), "algorithm_not_allowed", ""},
	} {
		v.must(c.law, c.r, c.want)
		a := engine.Do(t.Context(), &replay.Case{Module: &module, Config: config, Now: &at, Request: c.r})
		if a.Error != "" || a.Details == nil || (a.Upstream != nil) != (c.want == "") {
			t.Fatalf("%s: %+v", c.law, a)
		}
		got := map[string]uint64{}
		for name, value := range a.Metrics {
			if samples, ok := value.(replay.Samples); ok && strings.HasPrefix(name, "postern_verify_us") {
				got[name] = samples.Count
			}
		}
		want := map[string]uint64{}
		if c.timed != "" {
			want[c.timed] = 1
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", c.law, got, want)
		}
		for _, name := range slices.Sorted(maps.Keys(a.Metrics)) {
			if strings.Contains(name, "evil") || strings.Contains(name, "sig1") {
				t.Errorf("a caller names %s", name)
			}
		}
	}
}
