package httpsig_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

const (
	now    = int64(1767225600)
	second = int64(1e9)
)

// message is a request as a test writes it.
type message struct {
	method, scheme, authority, target string
	headers                           [][2]string
	body                              string
}

// post is the request that most tests start from.
func post() message {
	const body = `{"hello": "world"}`
	return message{
		"POST", "https", "example.com", "/foo?param=Value&Pet=dog",
		[][2]string{
			{"date", "Tue, 20 Apr 2021 02:07:55 GMT"},
			{"content-type", "application/json"},
			{"content-digest", sha256Digest(body)},
			{"content-length", "18"},
		},
		body,
	}
}

func sha256Digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func sha512Digest(body string) string {
	sum := sha512.Sum512([]byte(body))
	return "sha-512=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// with returns the request with one header line more.
func (m message) with(name, value string) message {
	m.headers = append(append([][2]string(nil), m.headers...), [2]string{name, value})
	return m
}

// without returns it without the lines of a name.
func (m message) without(name string) message {
	var kept [][2]string
	for _, h := range m.headers {
		if h[0] != name {
			kept = append(kept, h)
		}
	}
	m.headers = kept
	return m
}

// bodiless returns it without its body and what is said of it.
func (m message) bodiless() message {
	m.body = ""
	return m.without("content-digest").without("content-length").without("content-type")
}

// view reads the request as a host hands it; false if it is not even a request.
func (m message) view() (*request.View, bool) {
	list := []request.Header{{Name: ":method", Value: m.method}, {Name: ":authority", Value: m.authority}}
	if m.scheme != "" {
		list = append(list, request.Header{Name: ":scheme", Value: m.scheme})
	}
	if m.target != "" {
		list = append(list, request.Header{Name: ":path", Value: m.target})
	}
	for _, h := range m.headers {
		list = append(list, request.Header{Name: h[0], Value: h[1]})
	}
	v := new(request.View)
	return v, v.Read(list, request.PathRaw) == reason.OK
}

// signed returns the request with a signature: params is what follows the label's "=" in
// Signature-Input, base the text, written by the test, that comes before its last line.
func (m message) signed(k keyPair, params, base string) message {
	text := base + `"@signature-params": ` + params
	return m.with("signature-input", "sig1="+params).with("signature", "sig1="+k.signText(text))
}

// keyPair is a key with which a test signs, by the standard library.
type keyPair struct {
	id   string
	alg  signed.Algorithm
	key  *signed.Key
	sign func(text string) []byte
}

func (k keyPair) signText(text string) string {
	return ":" + base64.StdEncoding.EncodeToString(k.sign(text)) + ":"
}

func public(t testing.TB, id string, key any, alg signed.Algorithm) *signed.Key {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return spki(t, id, der, alg)
}

func spki(t testing.TB, id string, der []byte, alg signed.Algorithm) *signed.Key {
	t.Helper()
	set, _, err := jwk.Parse(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), jwk.Limits{MaxBytes: 8192, MaxKeys: 1})
	if err != nil {
		t.Fatal(err)
	}
	k, err := signed.NewPublic(set.Key(0), signed.SetOf(alg))
	if err != nil {
		t.Fatal(err)
	}
	k.ID = id
	return k
}

func secret(t testing.TB, id string, value []byte) *signed.Key {
	t.Helper()
	k, err := signed.NewSecret(value, signed.SetOf(signed.HMACSHA256))
	if err != nil {
		t.Fatal(err)
	}
	k.ID = id
	return k
}

// keyring has a key of each algorithm; "shared" comes first.
func keyring(t testing.TB) []keyPair {
	t.Helper()
	value := []byte("a secret of some length, and then some")
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	raw := func(k *ecdsa.PrivateKey, sum []byte, size int) []byte {
		x, y, err := ecdsa.Sign(rand.Reader, k, sum)
		must(t, err)
		return append(x.FillBytes(make([]byte, size)), y.FillBytes(make([]byte, size))...)
	}
	return []keyPair{
		{"shared", signed.HMACSHA256, secret(t, "shared", value), func(text string) []byte {
			mac := hmac.New(sha256.New, value)
			mac.Write([]byte(text))
			return mac.Sum(nil)
		}},
		{"ed", signed.Ed25519, public(t, "ed", edPublic, signed.Ed25519), func(text string) []byte { return ed25519.Sign(edPrivate, []byte(text)) }},
		{"p256", signed.ECDSAP256, public(t, "p256", &p256.PublicKey, signed.ECDSAP256), func(text string) []byte {
			sum := sha256.Sum256([]byte(text))
			return raw(p256, sum[:], 32)
		}},
		{"p384", signed.ECDSAP384, public(t, "p384", &p384.PublicKey, signed.ECDSAP384), func(text string) []byte {
			sum := sha512.Sum384([]byte(text))
			return raw(p384, sum[:], 48)
		}},
		{"rsa15", signed.RSASHA256, public(t, "rsa15", &r.PublicKey, signed.RSASHA256), func(text string) []byte {
			sum := sha256.Sum256([]byte(text))
			signature, err := rsa.SignPKCS1v15(nil, r, crypto.SHA256, sum[:])
			must(t, err)
			return signature
		}},
		{"pss", signed.RSAPSSSHA512, public(t, "pss", &r.PublicKey, signed.RSAPSSSHA512), func(text string) []byte {
			sum := sha512.Sum512([]byte(text))
			signature, err := rsa.SignPSS(rand.Reader, r, crypto.SHA512, sum[:], &rsa.PSSOptions{SaltLength: 64})
			must(t, err)
			return signature
		}},
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// provider makes a provider of keys and a scheme.
func provider(t testing.TB, cfg httpsig.Config, keys ...*signed.Key) *signed.Config {
	t.Helper()
	s, err := httpsig.New(cfg)
	must(t, err)
	return &signed.Config{Scheme: s, Keys: keys, Algorithms: s.Traits().Algorithms, Tolerance: 300 * second, NeedsText: true}
}

// verdict is what came of a request.
type verdict struct {
	state  signed.State
	code   reason.Code
	key    string
	nonce  string
	prints string
}

// judge lets a request arrive in every way that a host may bring it, and demands the same
// verdict of all: its body in pieces, in one, with the headers' end told or not.
func judge(t testing.TB, p *signed.Config, m message, now int64) verdict {
	t.Helper()
	v, ok := m.view()
	if !ok {
		return verdict{code: reason.HeadersUnreadable}
	}
	r := &signed.Request{View: v, Now: now * second}
	first := arrive(p, r, m.body, 7)
	for _, size := range []int{1 << 20, 1} {
		if again := arrive(p, r, m.body, size); again != first {
			t.Fatalf("%+v in pieces of 7, %+v of %d", first, again, size)
		}
	}
	if m.body == "" {
		var a signed.Attempt
		state, code := a.Judge(p, r, &signed.Body{Ended: true})
		if again := concluded(&a, state, code); again != first {
			t.Fatalf("%+v with an empty body, %+v without one", first, again)
		}
	}
	return first
}

func arrive(p *signed.Config, r *signed.Request, body string, size int) verdict {
	var a signed.Attempt
	taps := new(signed.Taps)
	state, code := a.Judge(p, r, &signed.Body{Taps: taps})
	if state == signed.NeedsBody {
		for rest := body; rest != ""; {
			n := min(size, len(rest))
			taps.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		state, code = a.Judge(p, r, &signed.Body{Ended: true, Size: int64(len(body)), Taps: taps})
	}
	return concluded(&a, state, code)
}

func concluded(a *signed.Attempt, state signed.State, code reason.Code) verdict {
	v := verdict{state: state, code: code}
	if state == signed.Proved {
		v.key, v.nonce, v.prints = a.Key().ID, strings.Clone(a.Claim().Nonce), string(a.Proofs()[0].Fingerprint())
	}
	return v
}

// expect demands a verdict by its reason; reason.OK, or none, is proved.
func expect(t testing.TB, law string, got verdict, want reason.Code) {
	t.Helper()
	if want == reason.Undecided {
		want = reason.OK
	}
	if (got.state == signed.Proved) != (want == reason.OK) || got.code != want {
		t.Errorf("%s: %s, want %s", law, got.code, want)
	}
}
