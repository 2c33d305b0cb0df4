package httpsig_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/sign"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// dearest covers as much as may be covered, four times.
func dearest(k keyPair) message {
	m := post()
	var list []string
	for i := range httpsig.MaxComponents {
		m = m.with(fmt.Sprintf("x-%d", i), strings.Repeat("v", 400)).with(fmt.Sprintf("x-%d", i), "w")
		list = append(list, fmt.Sprintf(`"x-%d"`, i))
	}
	var inputs, macs []string
	for i := range 4 {
		inputs = append(inputs, fmt.Sprintf("s%d=(%s)%s", i, strings.Join(list, " "), params))
		macs = append(macs, fmt.Sprintf("s%d=%s", i, k.signText("x")))
	}
	return m.with("signature-input", strings.Join(inputs, ", ")).with("signature", strings.Join(macs, ", "))
}

// TestAgainstTheSigner: what the signer of `postern sign`, written for itself from the
// specifications, signs is proved, whatever it covers, and not after a change.
func TestAgainstTheSigner(t *testing.T) {
	all := []string{
		"@method", "@authority", "@path", "@query", "@target-uri", "@request-target", "@scheme", "content-digest", "date", "x-list", "x-empty",
		`x-dict;key="a"`, `x-dict;key="b"`, `x-dict;key="d"`, "x-list;bs", "x-dict;bs", `@query-param;name="q"`, `@query-param;name="a%20b"`, `@query-param;name="e"`,
	}
	secretValue := []byte("a secret of some length, and then some")
	p := provider(t, lenient(), secret(t, "k1", secretValue))
	random := rand.New(rand.NewSource(9421))
	scheme, ok := sign.Lookup("rfc9421")
	if !ok {
		t.Fatal("the signer has another name for it")
	}
	for range 300 {
		components := slices.Clone(all)
		random.Shuffle(len(components), func(i, j int) { components[i], components[j] = components[j], components[i] })
		components = components[:1+random.Intn(len(components))]
		r, err := sign.NewRequest([]string{"POST", "PUT", "get"}[random.Intn(3)], []string{"https", "http"}[random.Intn(2)]+"://api.example.com"+[]string{"", ":8443"}[random.Intn(2)]+"/a%2Fb/c?q=1%2B+x&a+b=%c3%a9&e", []byte("body"))
		must(t, err)
		for _, h := range []sign.Header{{"date", "Tue, 20 Apr 2021 02:07:55 GMT"}, {"x-list", " a, b "}, {"x-list", "c"}, {"x-empty", ""}, {"x-dict", `a=1, b=(1 "x, y");q, d`}} {
			r.Add(h[0], h[1])
		}
		made, err := scheme.Sign(r, []sign.Key{{ID: "k1", Secret: secretValue}}, sign.Options{
			Time: time.Unix(now, 0), Components: components, Digest: []string{"sha-256", "sha-512"}[random.Intn(2)], Nonce: "n", WithAlgorithm: random.Intn(2) == 0,
		})
		must(t, err)
		m := message{method: made.Method, scheme: made.Scheme, authority: made.Authority, target: made.Target(), body: string(made.Body)}
		for _, h := range made.Headers {
			m = m.with(h[0], h[1])
		}
		expect(t, strings.Join(components, " "), judge(t, p, m, now), reason.OK)
		m.method += "X"
		if got := judge(t, p, m, now); slices.Contains(components, "@method") && got.code != reason.SignatureInvalid {
			t.Errorf("%v: the method may be changed: %s", components, got.code)
		}
	}
}
