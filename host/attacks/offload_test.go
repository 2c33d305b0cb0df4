package attacks

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // registers the hashes
	"crypto/x509"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
)

// The answers of a foreign function, as Envoy encodes them.
const (
	yes = "\x08\x01"
	no  = "\x12\x26Failed to verify digest. Error code: 0"
)

var rsaSigner = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

var (
	weakSigner = sync.OnceValue(func() *rsa.PrivateKey {
		// Too short on purpose: the primes are made here, since the library makes none.
		p, _ := rand.Prime(rand.Reader, 512)
		q, _ := rand.Prime(rand.Reader, 512)
		return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}}
	})
	curveSigner = sync.OnceValue(func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return k
	})
)

func rsaJWK(n *big.Int) string {
	return `{"kty":"RSA","kid":"r","n":"` + b64.EncodeToString(n.Bytes()) + `","e":"AQAB"}`
}

// keysConfig is a configuration without a token cache: every signature is verified.
func keysConfig(keys ...string) string {
	quoted, _ := json.Marshal(`{"keys":[` + strings.Join(keys, ",") + `]}`)
	config := provider(`"local_jwks":{"inline_string":` + string(quoted) + `}`)
	return `{"token_cache":{"max_entries":0},` + config[1:]
}

func rsaConfig() string { return keysConfig(rsaJWK(rsaSigner().N)) }

// unsigned is the signing input of a token, different for each n.
func unsigned(alg string, n int) string {
	head, _ := json.Marshal(map[string]string{"alg": alg, "kid": "r"})
	claims, _ := json.Marshal(map[string]any{"iss": "https://idp.test", "sub": "u", "exp": clock/1_000_000_000 + 36_000, "n": n})
	return b64.EncodeToString(head) + "." + b64.EncodeToString(claims)
}

func rsaToken(t *testing.T, alg string, n int) (input string, signature []byte) {
	t.Helper()
	h := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[alg[2:]]
	input = unsigned(alg, n)
	sum := h.New()
	sum.Write([]byte(input))
	var err error
	if alg[:2] == "PS" {
		signature, err = rsa.SignPSS(rand.Reader, rsaSigner(), h, sum.Sum(nil), &rsa.PSSOptions{SaltLength: h.Size()})
	} else {
		signature, err = rsa.SignPKCS1v15(nil, rsaSigner(), h, sum.Sum(nil))
	}
	if err != nil {
		t.Fatal(err)
	}
	return input, signature
}

// proxyRSA is a proxy's verify_signature. It fails the test if it is asked for something
// that the module must not leave to a proxy.
type proxyRSA struct {
	t     *testing.T
	asked []abi.VerifySignatureArguments
	// lie, if set, is what it answers to the n-th question instead.
	lie func(n int, truth bool) (string, uint32)
}

func (p *proxyRSA) call(name string, args []byte) ([]byte, uint32) {
	if name != "verify_signature" {
		p.t.Errorf("foreign function %q is called", name)
		return nil, 1
	}
	a, err := abi.ParseVerifySignature(args)
	if err != nil {
		p.t.Errorf("torn arguments: %v", err)
		return nil, 2
	}
	p.asked = append(p.asked, a)
	truth := p.verify(a)
	if p.lie != nil {
		answer, status := p.lie(len(p.asked), truth)
		return []byte(answer), status
	}
	if truth {
		return []byte(yes), 0
	}
	return []byte(no), 0
}

func (p *proxyRSA) verify(a abi.VerifySignatureArguments) bool {
	h, ok := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}[a.HashFunction]
	if !ok || a.PublicKeyPEM != "" {
		p.t.Errorf("asked for hash %q, PEM %q", a.HashFunction, a.PublicKeyPEM)
		return false
	}
	key, err := x509.ParsePKIXPublicKey(a.PublicKey)
	public, ok := key.(*rsa.PublicKey)
	if err != nil || !ok || public.N.BitLen() < 2048 || public.N.BitLen() > 8192 {
		p.t.Errorf("asked about a key that is none for a proxy: %T %v", key, err)
		return false
	}
	sum := h.New()
	sum.Write(a.Text)
	return rsa.VerifyPKCS1v15(public, h, sum.Sum(nil), a.Signature) == nil
}

// offloading starts a host with a proxy's function, and a configuration.
func offloading(t *testing.T, config string) (*fakeHost, *proxyRSA) {
	t.Helper()
	h, p := start(t), &proxyRSA{t: t}
	h.foreign = p.call
	if !h.configure(config) {
		t.Fatal(h.logs)
	}
	return h, p
}

// judged sends a token and says whether it is let through.
func (h *fakeHost) judged(id *uint32, input string, signature []byte) bool {
	h.t.Helper()
	*id++
	refusals := len(h.answers)
	allowed := h.request(*id, bearer(input+"."+b64.EncodeToString(signature))) == actionContinue
	if allowed != (len(h.answers) == refusals) {
		h.t.Errorf("allowed %v with %d answers", allowed, len(h.answers)-refusals)
	}
	if !allowed && h.lastDetails() != "bad_signature" {
		h.t.Errorf("refused for another reason: %s", h.lastDetails())
	}
	h.call("proxy_on_delete", uint64(*id))
	return allowed
}

func about(logs []string) (n int) {
	for _, line := range logs {
		if strings.Contains(line, "verify_signature") {
			n++
		}
	}
	return n
}

func TestAProxysRSAIsUsedOnceItHasShownThatItWorks(t *testing.T) {
	h, p := offloading(t, rsaConfig())
	if len(p.asked) < 18 {
		t.Errorf("%d known answers at configure", len(p.asked))
	}
	id := uint32(10)
	for _, alg := range []string{"RS256", "RS384", "RS512"} {
		for n := range 5 {
			p.asked = nil
			input, signature := rsaToken(t, alg, n)
			if !h.judged(&id, input, signature) {
				t.Fatalf("%s: a good token is refused: %v", alg, h.logs)
			}
			// The first is compared, with its twin; the others are the proxy's alone.
			if want := max(1, 2-n); len(p.asked) != want || string(p.asked[0].Text) != input || !bytes.Equal(p.asked[0].Signature, signature) {
				t.Errorf("%s token %d: asked %d times", alg, n, len(p.asked))
			}
			signature[n] ^= 1
			if h.judged(&id, input, signature) || h.judged(&id, input, signature[1:]) {
				t.Errorf("%s: a bad signature passes", alg)
			}
		}
	}
	if n := about(h.logs); n != 0 {
		t.Errorf("log %q", h.logs)
	}
}

// wrongs are the answers that are none, or are lies.
var wrongs = []struct {
	law string
	// lies is false for an answer that cannot be mistaken for one.
	lies   bool
	answer func(truth bool) (string, uint32)
}{
	{"true for all", true, func(bool) (string, uint32) { return yes, 0 }},
	{"false for all", true, func(bool) (string, uint32) { return no, 0 }},
	{"the opposite", true, func(truth bool) (string, uint32) { return map[bool]string{true: no, false: yes}[truth], 0 }},
	{"nothing", false, func(bool) (string, uint32) { return "", 0 }},
	{"result 0", false, func(bool) (string, uint32) { return "\x08\x00", 0 }},
	{"result 2", false, func(bool) (string, uint32) { return "\x08\x02", 0 }},
	{"result 1 in three bytes", false, func(bool) (string, uint32) { return "\x08\x81\x80\x00", 0 }},
	{"result 2^64 - 1", false, func(bool) (string, uint32) { return "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0 }},
	{"a varint without an end", false, func(bool) (string, uint32) { return "\x08" + strings.Repeat("\xff", 40), 0 }},
	{"a torn error", false, func(bool) (string, uint32) { return no[:20], 0 }},
	{"yes and an error", false, func(bool) (string, uint32) { return yes + no, 0 }},
	{"yes and an unknown field", false, func(bool) (string, uint32) { return yes + "\x48\x01", 0 }},
	{"yes twice", false, func(bool) (string, uint32) { return yes + yes, 0 }},
	{"no result, an empty error", false, func(bool) (string, uint32) { return "\x12\x00", 0 }},
	{"garbage", false, func(bool) (string, uint32) { return "\xde\xad\xbe\xef", 0 }},
	{"a megabyte", false, func(bool) (string, uint32) { return yes + strings.Repeat("\x00", 1<<20), 0 }},
	{"seventeen megabytes", false, func(bool) (string, uint32) { return strings.Repeat(yes, 17<<19), 0 }},
	{"yes with status NOT_FOUND", false, func(bool) (string, uint32) { return yes, 1 }},
	{"yes with status BAD_ARGUMENT", false, func(bool) (string, uint32) { return yes, 2 }},
	{"yes with status SERIALIZATION_FAILURE", false, func(bool) (string, uint32) { return yes, 3 }},
	{"yes with status INVALID_MEMORY_ACCESS", false, func(bool) (string, uint32) { return yes, 6 }},
	{"yes with status INTERNAL_FAILURE", false, func(bool) (string, uint32) { return yes, 10 }},
	{"yes with status UNIMPLEMENTED", false, func(bool) (string, uint32) { return yes, 12 }},
	{"yes with a status that does not exist", false, func(bool) (string, uint32) { return yes, 1 << 31 }},
}

// verdicts sends good and bad tokens of each kind; all must be judged as the own kernel
// does, whatever the proxy says.
func verdicts(t *testing.T, h *fakeHost, id *uint32, rounds int) {
	t.Helper()
	for n := range rounds {
		for _, alg := range []string{"RS256", "RS384", "RS512", "PS256"} {
			input, signature := rsaToken(t, alg, n)
			if !h.judged(id, input, signature) {
				t.Fatalf("%s: a good token is refused", alg)
			}
			signature[200] ^= 0x10
			if h.judged(id, input, signature) || h.judged(id, input, make([]byte, 256)) || h.judged(id, input, rsaSigner().N.Bytes()) {
				t.Fatalf("%s: a bad signature passes", alg)
			}
		}
	}
}

func TestM14AProxyThatAnswersWronglyFromTheStartIsNotUsed(t *testing.T) {
	for _, w := range wrongs {
		t.Run(w.law, func(t *testing.T) {
			h, p := start(t), &proxyRSA{t: t}
			p.lie = func(_ int, truth bool) (string, uint32) { return w.answer(truth) }
			h.foreign = p.call
			if !h.configure(rsaConfig()) {
				t.Fatalf("the configuration is refused: %v", h.logs)
			}
			probed, id := len(p.asked), uint32(10)
			if probed > 6 {
				t.Errorf("%d questions to a proxy that has failed", probed)
			}
			verdicts(t, h, &id, 2)
			if len(p.asked) != probed || about(h.logs) != 1 {
				t.Errorf("asked %d times more; log %q", len(p.asked)-probed, h.logs)
			}
		})
	}
}

func TestM14AProxyThatStopsAnsweringChangesNoVerdict(t *testing.T) {
	for _, w := range wrongs {
		if w.lies {
			continue // the proxy itself, once believed, is believed
		}
		t.Run(w.law, func(t *testing.T) {
			h, p := offloading(t, rsaConfig())
			id := uint32(10)
			verdicts(t, h, &id, 1)
			p.lie, p.asked = func(_ int, truth bool) (string, uint32) { return w.answer(truth) }, nil
			verdicts(t, h, &id, 6)
			if len(p.asked) != 8 {
				t.Errorf("asked %d times after it has stopped to answer, want 8", len(p.asked))
			}
			if about(h.logs) != 1 {
				t.Errorf("not logged once: %q", h.logs)
			}
			// Another configuration begins anew.
			p.lie, p.asked = nil, nil
			if !h.configure(rsaConfig()) || len(p.asked) < 18 {
				t.Errorf("a new configuration asks %d times", len(p.asked))
			}
		})
	}
}

// TestM14AProxyThatLiesAboutAKeyIsNotUsedForIt: known answers right, all else wrong.
func TestM14AProxyThatLiesAboutAKeyIsNotUsedForIt(t *testing.T) {
	for _, w := range wrongs {
		if !w.lies {
			continue
		}
		t.Run(w.law, func(t *testing.T) {
			h, p := offloading(t, rsaConfig())
			p.lie, p.asked = func(_ int, truth bool) (string, uint32) { return w.answer(truth) }, nil
			id := uint32(10)
			verdicts(t, h, &id, 4)
			if len(p.asked) != 6 {
				t.Errorf("asked %d times, want 2 for each hash", len(p.asked))
			}
		})
	}
}

// TestM14WhatIsNeverLeftToAProxy: a proxy takes SHA-1, 1024 bits and any hash with any
// curve. proxyRSA fails the test if one of these reaches it.
func TestM14WhatIsNeverLeftToAProxy(t *testing.T) {
	curve := curveSigner()
	point, err := curve.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	ec := `{"kty":"EC","crv":"P-256","kid":"e","x":"` + b64.EncodeToString(point[1:33]) + `","y":"` + b64.EncodeToString(point[33:]) + `"}`
	weak := weakSigner()
	h, p := offloading(t, keysConfig(rsaJWK(rsaSigner().N), rsaJWK(weak.N), ec, strings.TrimSuffix(strings.TrimPrefix(keySet(), `{"keys":[`), `]}`)))
	id := uint32(10)
	verdicts(t, h, &id, 1) // the proxy is in use
	p.asked = nil

	send := func(law, alg string, signature []byte) {
		id++
		if h.request(id, bearer(unsigned(alg, 1)+"."+b64.EncodeToString(signature))) != actionPause {
			t.Errorf("%s: passes", law)
		}
		if len(p.asked) > 0 {
			t.Errorf("%s: the proxy is asked", law)
		}
	}
	digest := sha256.Sum256([]byte(unsigned("RS256", 1)))
	asn1, err := ecdsa.SignASN1(rand.Reader, curve, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range []string{"RS1", "RS224", "rs256", "none", "RSA-OAEP", "HS256"} {
		send("alg "+alg, alg, make([]byte, 256))
	}
	send("an ECDSA signature as RS256", "RS256", asn1)
	send("a signature of 128 bytes, K-01", "RS256", make([]byte, 128))
	send("a signature of 257 bytes, M-08", "RS256", make([]byte, 257))
	send("s = n, M-08", "RS256", rsaSigner().N.Bytes())
	send("no signature", "RS256", []byte{})
	if h.configure(keysConfig(rsaJWK(weak.N))) {
		t.Error("a key set of nothing but 1024 bits is accepted (K-01)")
	}
}

func TestAProxyWithoutForeignFunctionsJudgesTheSame(t *testing.T) {
	h := start(t)
	if !h.configure(rsaConfig()) {
		t.Fatal(h.logs)
	}
	id := uint32(10)
	verdicts(t, h, &id, 3)
	if about(h.logs) != 1 {
		t.Errorf("not logged once: %q", h.logs)
	}
	h.fail["proxy_call_foreign_function"] = 12
	if !h.configure(rsaConfig()) {
		t.Fatal(h.logs)
	}
	verdicts(t, h, &id, 3)
}

func TestAConfigurationWithoutRSANeedsNoProxysRSA(t *testing.T) {
	config := strings.Replace(inline(), `"issuer"`, `"algorithms":["EdDSA","PS256"],"issuer"`, 1)
	h, p := offloading(t, config)
	if len(p.asked) != 0 || about(h.logs) != 0 {
		t.Errorf("asked %d times; log %q", len(p.asked), h.logs)
	}
	if h.request(11, bearer(good())) != actionContinue {
		t.Error("a good token is refused")
	}
}

// TestM14ASetThatIsReplacedWhileTheProxyIsAsked: what judges the request is still there
// when the answer comes, also if a key set arrived meanwhile.
func TestM14ASetThatIsReplacedWhileTheProxyIsAsked(t *testing.T) {
	nameless := func(n *big.Int) string { return strings.Replace(rsaJWK(n), `"kid":"r",`, "", 1) }
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := `{"keys":[` + nameless(rsaSigner().N) + "," + nameless(other.N) + `]}`
	h, p := offloading(t, `{"token_cache":{"max_entries":0},`+strings.Replace(remote(), `"http_uri"`, `"cache_duration":"300s","http_uri"`, 1)[1:])
	h.call("proxy_on_tick", rootContext)
	h.callout(rootContext, h.calls, "200", keys)
	id := uint32(10)
	for n := range 2 { // the proxy is believed about the first key
		if input, signature := rsaToken(t, "RS256", n); !h.judged(&id, input, signature) {
			t.Fatal("a good token is refused")
		}
	}
	for n := range 5 {
		// The set is about to expire: the request asks for another, which comes while the
		// proxy says that the signature is not by the first key.
		h.clock += 290 * 1_000_000_000
		fetched, replaced := h.calls, false
		p.lie = func(_ int, truth bool) (string, uint32) {
			if h.calls > fetched && !replaced {
				replaced = true
				h.callout(rootContext, h.calls, "200", keys)
			}
			return tellTruth(truth), 0
		}
		if n > 0 { // a new set: the proxy has to be believed again
			if input, signature := rsaToken(t, "RS256", 100+n); !h.judged(&id, input, signature) {
				t.Fatal("a good token is refused")
			}
			replaced, fetched = false, h.calls
			h.clock += 290 * 1_000_000_000
		}
		input := unsigned("RS256", n)
		digest := sha256.Sum256([]byte(input))
		signature, err := rsa.SignPKCS1v15(nil, other, crypto.SHA256, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		if !h.judged(&id, input, signature) {
			t.Errorf("a good token is refused")
		}
		if !replaced {
			t.Error("no key set came while the proxy was asked")
		}
	}
}

func tellTruth(valid bool) string {
	if valid {
		return yes
	}
	return no
}

// TestM14AnswersDoNotLeak: memory is flat over many answers, however large.
func TestM14AnswersDoNotLeak(t *testing.T) {
	h, p := offloading(t, rsaConfig())
	id := uint32(10)
	input, signature := rsaToken(t, "RS256", 1)
	var sizes []uint32
	for round := range 4 {
		p.lie = nil
		if !h.configure(rsaConfig()) {
			t.Fatal(h.logs)
		}
		for n := range 200 {
			if n == 100 {
				p.lie = func(int, bool) (string, uint32) { return yes + strings.Repeat("x", 100_000), 0 }
			}
			if !h.judged(&id, input, signature) {
				t.Fatal("a good token is refused")
			}
		}
		if round > 0 {
			sizes = append(sizes, h.mod.Memory().Size())
		}
	}
	if slices.Max(sizes) != sizes[0] {
		t.Errorf("memory grows: %d", sizes)
	}
}
