package signed_test

import (
	"bytes"
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
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

const (
	now    = int64(1767225600) * second
	second = int64(1e9)
)

// fake is a scheme whose claims a test writes.
type fake struct {
	claims []signed.Claim
	finish func(c *signed.Claim, body string) reason.Code
}

func (f *fake) Read(_ *signed.Request, out *signed.Reading) reason.Code {
	for i := range f.claims {
		*out.Claim() = f.claims[i]
	}
	return reason.OK
}

func (f *fake) Finish(_ *signed.Request, c *signed.Claim, body string) reason.Code {
	return f.finish(c, body)
}

func (f *fake) Traits() signed.Traits { return signed.Traits{} }

// signer makes signatures with the standard library.
type signer struct {
	alg  signed.Algorithm
	key  *signed.Key
	sign func(text string) []byte
}

func signers(t *testing.T) []signer {
	t.Helper()
	secret := []byte("a secret of some length, long enough")
	ed, edKey, _ := ed25519.GenerateKey(nil)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ec3, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	rs, _ := rsa.GenerateKey(rand.Reader, 2048)
	raw := func(k *ecdsa.PrivateKey, sum []byte, size int) []byte {
		r, s, _ := ecdsa.Sign(rand.Reader, k, sum)
		return append(fill(r, size), fill(s, size)...)
	}
	return []signer{
		{signed.HMACSHA256, secretKey(t, secret, signed.HMACSHA256), func(text string) []byte {
			m := hmac.New(sha256.New, secret)
			m.Write([]byte(text))
			return m.Sum(nil)
		}},
		{signed.HMACSHA512, secretKey(t, secret, signed.HMACSHA512), func(text string) []byte {
			m := hmac.New(sha512.New, secret)
			m.Write([]byte(text))
			return m.Sum(nil)
		}},
		{signed.Ed25519, publicKey(t, ed, signed.Ed25519), func(text string) []byte { return ed25519.Sign(edKey, []byte(text)) }},
		{signed.ECDSAP256, publicKey(t, &ec.PublicKey, signed.ECDSAP256), func(text string) []byte {
			sum := sha256.Sum256([]byte(text))
			return raw(ec, sum[:], 32)
		}},
		{signed.ECDSAP256DER, publicKey(t, &ec.PublicKey, signed.ECDSAP256DER), func(text string) []byte {
			sum := sha256.Sum256([]byte(text))
			sig, _ := ecdsa.SignASN1(rand.Reader, ec, sum[:])
			return sig
		}},
		{signed.ECDSAP384, publicKey(t, &ec3.PublicKey, signed.ECDSAP384), func(text string) []byte {
			sum := sha512.Sum384([]byte(text))
			return raw(ec3, sum[:], 48)
		}},
		{signed.RSASHA256, publicKey(t, &rs.PublicKey, signed.RSASHA256), func(text string) []byte {
			sum := sha256.Sum256([]byte(text))
			sig, _ := rsa.SignPKCS1v15(nil, rs, crypto.SHA256, sum[:])
			return sig
		}},
		{signed.RSAPSSSHA512, publicKey(t, &rs.PublicKey, signed.RSAPSSSHA512), func(text string) []byte {
			sum := sha512.Sum512([]byte(text))
			sig, _ := rsa.SignPSS(rand.Reader, rs, crypto.SHA512, sum[:], &rsa.PSSOptions{SaltLength: 64})
			return sig
		}},
	}
}

func fill(n *big.Int, size int) []byte { return n.FillBytes(make([]byte, size)) }

func secretKey(t *testing.T, secret []byte, algs ...signed.Algorithm) *signed.Key {
	t.Helper()
	k, err := signed.NewSecret(secret, signed.SetOf(algs...))
	if err != nil {
		t.Fatal(err)
	}
	k.ID = "k"
	return k
}

func publicKey(t *testing.T, public any, algs ...signed.Algorithm) *signed.Key {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := jwk.Parse(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), jwk.Limits{MaxBytes: 4096, MaxKeys: 1})
	if err != nil {
		t.Fatal(err)
	}
	k, err := signed.NewPublic(set.Key(0), signed.SetOf(algs...))
	if err != nil {
		t.Fatal(err)
	}
	k.ID = "k"
	return k
}

// run judges a request whose body comes in pieces, as a host delivers it.
func run(t *testing.T, cfg *signed.Config, pieces ...string) (signed.State, reason.Code, *signed.Attempt) {
	t.Helper()
	var a signed.Attempt
	r := &signed.Request{Now: now}
	taps := new(signed.Taps)
	state, code := a.Judge(cfg, r, &signed.Body{Taps: taps})
	if state != signed.NeedsBody {
		return state, code, &a
	}
	body := ""
	for _, p := range pieces {
		body += p
		taps.Write([]byte(p))
	}
	state, code = a.Judge(cfg, r, &signed.Body{
		Ended: true, Size: int64(len(body)), Taps: taps,
		Each:  func(f func([]byte)) bool { f([]byte(body)); return true },
		Whole: func() (string, bool) { return body, true },
	})
	if state == signed.NeedsBody {
		t.Fatal("still needs the body when it is complete")
	}
	return state, code, &a
}

func config(alg signed.Algorithm, claims []signed.Claim, keys ...*signed.Key) *signed.Config {
	return &signed.Config{Scheme: &fake{claims: claims}, Keys: keys, Algorithms: signed.SetOf(alg), Tolerance: 300 * second}
}

// TestEveryAlgorithmOverEverySplit: what stands around a body, the body in two pieces at
// every place, tapped or read again, and every bit of the signature.
func TestEveryAlgorithmOverEverySplit(t *testing.T) {
	body := string(bytes.Repeat([]byte("0123456789"), 20))
	for _, s := range signers(t) {
		claim := signed.Claim{Before: "v0:", After: ":end", Body: signed.BodyRaw, Signatures: [][]byte{s.sign("v0:" + body + ":end")}}
		for at := range len(body) + 1 {
			if at%20 != 0 && !s.alg.Symmetric() {
				continue
			}
			cfg := config(s.alg, []signed.Claim{claim}, s.key)
			cfg.NeedsText = true
			state, code, a := run(t, cfg, body[:at], body[at:])
			if state != signed.Proved || a.Key() != s.key || a.Algorithm() != s.alg {
				t.Fatalf("%s, split at %d: %v %s", s.alg, at, state, code)
			}
			want := sha256.Sum256([]byte("v0:" + body + ":end"))
			if s.alg.Symmetric() {
				copy(want[:], claim.Signatures[0])
			}
			if got := a.Proofs()[0].Fingerprint(); !bytes.Equal(got[:32], want[:]) {
				t.Errorf("%s: the fingerprint is %x, want %x", s.alg, got, want)
			}
			if state, code, _ := run(t, cfg, body[:at], body[at:], "x"); state != signed.Refused || code != reason.SignatureInvalid {
				t.Fatalf("%s, a byte more: %v %s", s.alg, state, code)
			}
		}
		for bit := 0; bit < len(claim.Signatures[0])*8; bit += 7 {
			bad := bytes.Clone(claim.Signatures[0])
			bad[bit/8] ^= 1 << (bit % 8)
			other := claim
			other.Signatures = [][]byte{bad}
			if state, code, _ := run(t, config(s.alg, []signed.Claim{other}, s.key), body); state != signed.Refused || code != reason.SignatureInvalid {
				t.Fatalf("%s, bit %d: %v %s", s.alg, bit, state, code)
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	s := signers(t)[0]
	sum := sha256.Sum256([]byte("body"))
	otherKey := secretKey(t, []byte("another secret"), signed.HMACSHA256)
	good := func(edit func(*signed.Claim)) []signed.Claim {
		c := signed.Claim{Before: "a", Body: signed.BodyRaw, Signatures: [][]byte{s.sign("abody")}}
		edit(&c)
		return []signed.Claim{c}
	}
	headersOnly := func(edit func(*signed.Claim)) []signed.Claim {
		c := signed.Claim{Before: "abody", Signatures: [][]byte{s.sign("abody")}}
		edit(&c)
		return []signed.Claim{c}
	}
	hashed := func(form signed.Form, text string) []signed.Claim {
		return []signed.Claim{{Before: "a", Body: signed.BodyHashed, BodyHash: digest.SHA256, BodyForm: form, Signatures: [][]byte{s.sign("a" + text)}}}
	}
	nothing := func(*signed.Claim) {}
	for law, c := range map[string]struct {
		claims []signed.Claim
		change func(*signed.Config)
		body   string
		want   reason.Code
	}{
		"good":                                 {good(nothing), nil, "body", reason.OK},
		"another body":                         {good(nothing), nil, "bodx", reason.SignatureInvalid},
		"a named key":                          {good(func(c *signed.Claim) { c.Named, c.KeyID = true, "k" }), nil, "body", reason.OK},
		"B-13 an unknown key":                  {good(func(c *signed.Claim) { c.Named, c.KeyID = true, "x" }), nil, "body", reason.SignatureInvalid},
		"an algorithm that is not taken":       {good(func(c *signed.Claim) { c.Algorithm = signed.HMACSHA1 }), nil, "body", reason.AlgorithmNotAllowed},
		"no signature":                         {good(func(c *signed.Claim) { c.Signatures = nil }), nil, "body", reason.SignatureMalformed},
		"B-09 an empty signature":              {good(func(c *signed.Claim) { c.Signatures = [][]byte{{}} }), nil, "body", reason.SignatureInvalid},
		"B-11 the 16th of a list":              {good(func(c *signed.Claim) { c.Signatures = append(make([][]byte, 15), c.Signatures...) }), nil, "body", reason.OK},
		"B-11 the 17th of a list":              {good(func(c *signed.Claim) { c.Signatures = append(make([][]byte, 16), c.Signatures...) }), nil, "body", reason.SignaturesTooMany},
		"the tolerance to the second, past":    {good(func(c *signed.Claim) { c.Stamped, c.Stamp = true, now-300*second }), nil, "body", reason.OK},
		"a second more":                        {good(func(c *signed.Claim) { c.Stamped, c.Stamp = true, now-301*second }), nil, "body", reason.SignatureExpired},
		"the tolerance to the second, to come": {good(func(c *signed.Claim) { c.Stamped, c.Stamp = true, now+300*second }), nil, "body", reason.OK},
		"a second more to come":                {good(func(c *signed.Claim) { c.Stamped, c.Stamp = true, now+301*second }), nil, "body", reason.SignatureInFuture},
		"a time that wraps":                    {good(func(c *signed.Claim) { c.Stamped, c.Stamp = true, -1<<63 }), nil, "body", reason.SignatureExpired},
		"lasting":                              {good(func(c *signed.Claim) { c.Stamped, c.Lasting, c.Stamp = true, true, now-5000*second }), nil, "body", reason.OK},
		"expires now":                          {good(func(c *signed.Claim) { c.Expires = now }), nil, "body", reason.OK},
		"has expired":                          {good(func(c *signed.Claim) { c.Expires = now - 1*second }), nil, "body", reason.SignatureExpired},
		"starts later":                         {good(func(c *signed.Claim) { c.Starts = now + second }), nil, "body", reason.SignatureInFuture},
		"the second key":                       {good(nothing), func(c *signed.Config) { c.Keys = []*signed.Key{otherKey, s.key} }, "body", reason.OK},
		"no key":                               {good(nothing), func(c *signed.Config) { c.Keys = nil }, "body", reason.SignatureInvalid},
		"B-14 another client's key":            {good(func(c *signed.Claim) { c.Named, c.KeyID = true, "other" }), func(c *signed.Config) { otherKey.ID = "other"; c.Keys = []*signed.Key{s.key, otherKey} }, "body", reason.SignatureInvalid},
		"Y-09 a body that nothing covers":      {headersOnly(nothing), nil, "body", reason.BodyNotCovered},
		"no body, and nothing covers it":       {headersOnly(nothing), nil, "", reason.OK},
		"anything may be the body":             {headersOnly(func(c *signed.Claim) { c.BodyFree = true }), nil, "any", reason.OK},
		"its digest":                           {headersOnly(func(c *signed.Claim) { c.Digests[0] = signed.Digest{Hash: digest.SHA256, Sum: sum[:]} }), nil, "body", reason.OK},
		"Y-08 another digest":                  {headersOnly(func(c *signed.Claim) { c.Digests[0] = signed.Digest{Hash: digest.SHA256, Sum: sum[:]} }), nil, "bodx", reason.DigestMismatch},
		"Y-08 the empty body's digest":         {headersOnly(func(c *signed.Claim) { c.Digests[0] = signed.Digest{Hash: digest.SHA256, Sum: sum[:]} }), nil, "", reason.DigestMismatch},
		"Y-08 one of two digests": {headersOnly(func(c *signed.Claim) {
			c.Digests[0] = signed.Digest{Hash: digest.SHA256, Sum: sum[:]}
			c.Digests[1] = signed.Digest{Hash: digest.SHA512, Sum: make([]byte, 64)}
		}), nil, "body", reason.DigestMismatch},
		"a torn digest":             {headersOnly(func(c *signed.Claim) { c.Digests[0] = signed.Digest{Hash: digest.SHA256, Sum: sum[:31]} }), nil, "body", reason.DigestMismatch},
		"a digest is needed":        {good(nothing), func(c *signed.Config) { c.Body = signed.BodyDigest }, "body", reason.DigestMissing},
		"no body is taken":          {good(nothing), func(c *signed.Config) { c.Body = signed.BodyReject }, "body", reason.BodyNotAllowed},
		"the body's hash in hex":    {hashed(signed.Hex, hex.EncodeToString(sum[:])), nil, "body", reason.OK},
		"the body's hash in base64": {hashed(signed.Base64, "Iw2DWNxOiJChuMRWPjM68gJI+YAjpvLWYCcVp73Va8Y="), nil, "body", reason.SignatureInvalid},
		"one of two claims":         {append(good(func(c *signed.Claim) { c.Signatures = [][]byte{{1}} }), good(nothing)...), nil, "body", reason.OK},
		"two bad claims":            {append(good(func(c *signed.Claim) { c.Signatures = [][]byte{{1}} }), good(func(c *signed.Claim) { c.Before = "b" })...), nil, "body", reason.SignatureInvalid},
		"one late, one good":        {append(good(func(c *signed.Claim) { c.Expires = 1 }), good(nothing)...), nil, "body", reason.OK},
	} {
		t.Run(law, func(t *testing.T) {
			cfg := config(s.alg, c.claims, s.key)
			if c.change != nil {
				c.change(cfg)
			}
			state, code, a := run(t, cfg, c.body)
			if code != c.want || (state == signed.Proved) != (c.want == reason.OK) || (a.Key() != nil) != (c.want == reason.OK) {
				t.Errorf("%v %s, want %s", state, code, c.want)
			}
		})
	}
}

// TestKeysAreUsedInTheirTime: both ends included (K-11).
func TestKeysAreUsedInTheirTime(t *testing.T) {
	s := signers(t)[0]
	for _, c := range []struct {
		from, to int64
		want     bool
	}{{0, 0, true}, {now / second, now / second, true}, {now/second + 1, 0, false}, {0, now/second - 1, false}} {
		s.key.NotBefore, s.key.NotAfter = c.from, c.to
		claim := signed.Claim{Before: "a", Signatures: [][]byte{s.sign("a")}}
		if state, _, _ := run(t, config(s.alg, []signed.Claim{claim}, s.key)); (state == signed.Proved) != c.want {
			t.Errorf("%+v: %v", c, state)
		}
	}
}

// TestB15PublicKeysAreNoSecrets: a key is of one kind, whatever it is offered for.
func TestB15PublicKeysAreNoSecrets(t *testing.T) {
	if _, err := signed.NewSecret([]byte("x"), signed.SetOf(signed.Ed25519, signed.RSASHA256)); err == nil {
		t.Error("a secret is taken for a public key")
	}
	if _, err := signed.NewSecret(nil, signed.SetOf(signed.HMACSHA256)); err == nil {
		t.Error("an empty secret is taken")
	}
	public, _, _ := ed25519.GenerateKey(nil)
	k := publicKey(t, public, signed.Ed25519, signed.HMACSHA256)
	if k.Algorithms() != signed.SetOf(signed.Ed25519) {
		t.Errorf("a public key is used with %b", k.Algorithms())
	}
	m := hmac.New(sha256.New, public)
	m.Write([]byte("a"))
	claim := signed.Claim{Before: "a", Algorithm: signed.HMACSHA256, Signatures: [][]byte{m.Sum(nil)}}
	cfg := config(signed.Ed25519, []signed.Claim{claim}, k)
	cfg.Algorithms |= signed.SetOf(signed.HMACSHA256)
	if state, code, _ := run(t, cfg); state != signed.Refused {
		t.Errorf("%v %s", state, code)
	}
}

// TestAWholeBodyIsFinishedByItsScheme: and a scheme that does not is refused.
func TestAWholeBodyIsFinishedByItsScheme(t *testing.T) {
	s := signers(t)[0]
	claim := signed.Claim{Body: signed.BodyWhole, Signatures: [][]byte{s.sign("sorted:b=1")}}
	for law, c := range map[string]struct {
		finish func(*signed.Claim, string) reason.Code
		want   reason.Code
	}{
		"finished": {func(c *signed.Claim, body string) reason.Code {
			c.Before, c.Body, c.BodyFree = "sorted:"+body, signed.BodyUnused, true
			return reason.OK
		}, reason.OK},
		"malformed": {func(*signed.Claim, string) reason.Code { return reason.BodyMalformed }, reason.BodyMalformed},
		"forgotten": {func(*signed.Claim, string) reason.Code { return reason.OK }, reason.Internal},
	} {
		cfg := config(s.alg, []signed.Claim{claim}, s.key)
		cfg.Scheme.(*fake).finish = c.finish
		if _, code, _ := run(t, cfg, "b=1"); code != c.want {
			t.Errorf("%s: %s, want %s", law, code, c.want)
		}
	}
}
