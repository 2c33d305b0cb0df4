package parity

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/envoy"
)

// offloadGroup is RSASSA-PKCS1-v1_5 with every hash and size, good tokens and bad ones
// in turn, so that a proxy's verify_signature is in use after the first.
func offloadGroup() *group {
	g := &group{
		name: "offload",
		config: `{"token_cache": {"max_entries": 0}, "providers": {"corp": {"issuer": "https://issuer.test", "audiences": ["api"], "local_jwks": {"inline_string": {{set "main"}}}}},
			"rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]}`,
		provider: "corp",
	}
	for range 3 {
		for _, key := range []string{"rsa", "rsa-3072"} {
			for _, alg := range []string{"RS256", "RS384", "RS512", "PS256"} {
				g.cases = append(g.cases,
					scenario{law: key + " " + alg, send: get("/a", bearer(by(key), with(alg)))},
					scenario{law: key + " " + alg + " flipped", send: get("/a", bearer(by(key), with(alg), segment(2, flipped)))},
					scenario{law: key + " " + alg + " of another payload", send: get("/a", bearer(by(key), with(alg), segment(1, flipped)))},
					scenario{law: key + " " + alg + " with a zero byte in front (M-08)", send: get("/a", bearer(by(key), with(alg), segment(2, bytesOf(func(b []byte) []byte {
						return append([]byte{0}, b...)
					}))))},
				)
			}
		}
	}
	return g
}

// TestOffloadProfilesJudgeAlike: a proxy with verify_signature and proxies without, an
// Envoy among them, come to the same verdicts, which the native rooms have too.
func TestOffloadProfilesJudgeAlike(t *testing.T) {
	keys, g := loadRing(t), offloadGroup()
	wasm, err := os.ReadFile(modulePath())
	if err != nil {
		t.Fatal(err)
	}
	text := g.text(t, keys)
	requests := make([]envoy.Request, len(g.cases))
	for i := range g.cases {
		requests[i] = g.cases[i].request(&mint{keys: keys, now: time.Now()})
	}
	check := func(t *testing.T, send func(*testing.T, envoy.Request) result) {
		t.Helper()
		for i, r := range requests {
			got, good := send(t, r), i%4 == 0
			if got.Allowed != good {
				t.Errorf("%s: allowed %v (%s)", g.cases[i].law, got.Allowed, got.Reason)
			}
		}
	}
	for _, c := range []struct {
		profile host.Profile
		// asks: the host function is called for requests too, not only to be probed.
		asks bool
	}{{host.ProfileEnvoy, true}, {host.ProfileGoogle, false}, {host.ProfileNginx, false}} {
		t.Run(c.profile.String(), func(t *testing.T) {
			calls := 0
			h, err := host.New(t.Context(), wasm, host.Options{Profile: c.profile, Trace: func(e host.TraceEvent) {
				if strings.HasPrefix(e.Text, "proxy_call_foreign_function") {
					calls++
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = h.Close(context.Background()) }()
			if err := h.Configure(t.Context(), []byte(text)); err != nil {
				t.Fatal(err)
			}
			probed := calls
			check(t, (&wazeroSession{host: h}).send)
			if (calls > probed) != c.asks || probed == 0 {
				t.Errorf("verify_signature is called %d times to be probed and %d times for requests", probed, calls-probed)
			}
		})
	}
	t.Run("native", func(t *testing.T) {
		check(t, native{keys, &journal{}}.load(t, g, text).send)
	})
	t.Run("real envoy", func(t *testing.T) {
		d := startEnvoy(t, keys, []*group{g}, nil)
		check(t, d.load(t, g, text).send)
		if strings.Contains(d.logged(), "verify_signature") {
			t.Errorf("a complaint about verify_signature: %s", d.logged())
		}
	})
}

// TestM14EnvoysLaxnessIsNotOurs: Envoy's verify_signature takes moduli of 1024 bits and
// SHA-1; here such a key is refused at configure, and such a token before its signature.
func TestM14EnvoysLaxnessIsNotOurs(t *testing.T) {
	const (
		// A modulus of 1024 bits: RFC 7517's has 2048, this is the first half of it.
		weak   = `{\"kty\":\"RSA\",\"kid\":\"weak\",\"e\":\"AQAB\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-8\"}`
		config = `{"providers": {"corp": {"local_jwks": {"inline_string": "{\"keys\":[` + weak + `]}"}}}, "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]}`
	)
	keys, g := loadRing(t), offloadGroup()
	g.cases = g.cases[:1]
	d := startEnvoy(t, keys, []*group{g}, []*badConfig{{law: "1024 bits (K-01)", config: config}})
	lines := strings.Join(d.refuse(t, &badConfig{}), "\n")
	if !strings.Contains(lines, "2048 to 8192 bits") {
		t.Errorf("a key of 1024 bits (K-01): %q", lines)
	}
	session := d.load(t, g, "")
	m := &mint{keys: keys, now: time.Now()}
	for law, token := range map[string]string{
		"SHA-1":   m.token(segment(0, func(string) string { return b64([]byte(`{"alg":"RS1","kid":"rsa"}`)) })),
		"SHA-224": m.token(segment(0, func(string) string { return b64([]byte(`{"alg":"RS224","kid":"rsa"}`)) })),
	} {
		request := envoy.Request{Method: "GET", Target: "/a", Host: "api.test", Headers: []envoy.Header{{Name: "authorization", Value: "Bearer " + token}}}
		if got := session.send(t, request); got.Allowed || got.Reason != "algorithm_unsupported" {
			t.Errorf("%s: %+v", law, got)
		}
	}
}
