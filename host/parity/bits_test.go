package parity

import (
	"fmt"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// bitsConfig has a provider for each kind of key, and caches what it has seen.
const bitsConfig = `{
  "providers": {
    "keys": {"issuer": "https://issuer.test", "audiences": ["api"], "local_jwks": {"inline_string": {{set "main"}}}},
    "secrets": {"issuer": "https://issuer.test", "audiences": ["api"], "algorithms": ["HS256", "HS384", "HS512"], "local_jwks": {"inline_string": {{set "secrets"}}}}
  },
  "rules": [
    {"match": {"path": "/secrets"}, "requires": {"provider_name": "secrets"}},
    {"match": {"path": "/keys"}, "requires": {"provider_name": "keys"}}
  ]
}`

var bitsGroup = group{name: "bits", config: bitsConfig}

// TestEveryBit: a good token of each algorithm is let through, and with any one of its
// bits the other way round it is not (M-13, S-02): header, payload, signature and dots,
// once its own verdict is in the cache. In the rooms and in wazero every bit is tried, in
// Envoy every 97th.
func TestEveryBit(t *testing.T) {
	keys := loadRing(t)
	drivers := []driver{native{keys, &journal{}}, newWazero(t, keys), startEnvoy(t, keys, []*group{&bitsGroup}, nil)}
	text := bitsGroup.text(t, keys)
	m := &mint{keys: keys, now: time.Now()}
	for _, d := range drivers {
		session := d.load(t, &bitsGroup, text)
		flips, step := 0, bitStep
		if d.name() == "envoy" {
			step = 97
		}
		for _, c := range []struct{ alg, key string }{
			{"RS256", "rsa"},
			{"RS384", "rsa"},
			{"RS512", "rsa"},
			{"PS256", "rsa"},
			{"PS384", "rsa"},
			{"PS512", "rsa"},
			{"ES256", "p256"},
			{"ES384", "p384"},
			{"ES512", "p521"},
			{"EdDSA", "ed"},
			{"Ed25519", "ed"},
			{"HS256", "hs256"},
			{"HS384", "hs384"},
			{"HS512", "hs512"},
		} {
			target := "/keys"
			if c.alg[0] == 'H' {
				target = "/secrets"
			}
			token := m.token(by(c.key), with(c.alg), payload(`{"iss":"https://issuer.test","aud":"api","exp":4000000000}`))
			ask := func(token string) result {
				return session.send(t, envoy.Request{
					Method: "GET", Target: target, Host: "api.test",
					Headers: []envoy.Header{{Name: "authorization", Value: "Bearer " + token}},
				})
			}
			for range 3 { // the last time from the cache
				if got := ask(token); !got.Allowed {
					t.Fatalf("%s: a good %s token: %+v", d.name(), c.alg, got)
				}
			}
			for bit := 0; bit < 8*len(token); bit += step {
				flipped := []byte(token)
				flipped[bit/8] ^= 1 << (bit % 8)
				if c := flipped[bit/8]; d.name() == "envoy" && (c < ' ' || c == 0x7f) {
					continue // no HTTP message (RFC 9110 §5.5)
				}
				flips++
				if got := ask(string(flipped)); got.Allowed {
					t.Errorf("%s: %s with bit %d of character %d the other way round is allowed: %q", d.name(), c.alg, bit%8, bit/8, flipped)
				}
			}
			if got := ask(token); !got.Allowed {
				t.Errorf("%s: the good %s token afterwards: %+v", d.name(), c.alg, got)
			}
		}
		fmt.Printf("every bit: %s %d flips, all refused: %v\n", d.name(), flips, !t.Failed())
	}
}
