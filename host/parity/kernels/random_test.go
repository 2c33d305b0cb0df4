package kernels

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // registers the hashes
	_ "crypto/sha512"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/postern-wasm/postern/host/parity/kernels/batch"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
)

const (
	// usualCount is how many random signatures there are unless POSTERN_DIFFERENTIAL says.
	usualCount = 3000
	batchSize  = 1500
	// progress is told of each time so many are done.
	progress = 20_000
	// keyLife is how many cases have one key: enough for its tables to be built, few
	// enough that many keys are tried without.
	keyLife = 24
)

// signer is a key that signs and knows, by the standard library, what is valid.
type signer struct {
	algorithm jwa.Algorithm
	keys      string
	// order is what r, s and S are numbers below, or an RSA modulus; nil for a MAC.
	order *big.Int
	sign  func(text []byte) []byte
	valid func(text, signature []byte) bool
}

var hashes = map[jwa.Hash]crypto.Hash{jwa.SHA256: crypto.SHA256, jwa.SHA384: crypto.SHA384, jwa.SHA512: crypto.SHA512}

func digest(h crypto.Hash, text []byte) []byte {
	sum := h.New()
	sum.Write(text)
	return sum.Sum(nil)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// rsaPool holds the private keys: making one takes longer than all that is done with it.
type rsaPool []*rsa.PrivateKey

func newRSAPool() rsaPool {
	var pool rsaPool
	for _, size := range []int{2048, 2048, 2049, 2056, 3072, 4096} {
		pool = append(pool, must(rsa.GenerateKey(rand.Reader, size)))
	}
	return pool
}

func (p rsaPool) signer(a jwa.Algorithm, r *mathrand.Rand) *signer {
	key, h := p[0], hashes[a.Hash()]
	if r.IntN(4) == 0 {
		key = p[r.IntN(len(p))]
	}
	s := &signer{algorithm: a, order: key.N, keys: set(`{"kty":"RSA","n":"%s","e":"AQAB"}`, b64(key.N.Bytes()))}
	options := &rsa.PSSOptions{SaltLength: h.Size()}
	if a >= jwa.PS256 {
		s.sign = func(text []byte) []byte { return must(rsa.SignPSS(rand.Reader, key, h, digest(h, text), options)) }
		s.valid = func(text, sig []byte) bool {
			return rsa.VerifyPSS(&key.PublicKey, h, digest(h, text), sig, options) == nil
		}
		return s
	}
	s.sign = func(text []byte) []byte { return must(rsa.SignPKCS1v15(nil, key, h, digest(h, text))) }
	s.valid = func(text, sig []byte) bool {
		return rsa.VerifyPKCS1v15(&key.PublicKey, h, digest(h, text), sig) == nil
	}
	return s
}

func ecSigner(a jwa.Algorithm) *signer {
	curve := map[jwa.Algorithm]elliptic.Curve{jwa.ES256: elliptic.P256(), jwa.ES384: elliptic.P384(), jwa.ES512: elliptic.P521()}[a]
	key, h, size := must(ecdsa.GenerateKey(curve, rand.Reader)), hashes[a.Hash()], a.SignatureSize()/2
	point := must(key.PublicKey.Bytes())[1:]
	return &signer{
		algorithm: a, order: curve.Params().N,
		keys: set(`{"kty":"EC","crv":"%s","x":"%s","y":"%s"}`, curve.Params().Name, b64(point[:size]), b64(point[size:])),
		sign: func(text []byte) []byte {
			r, s, err := ecdsa.Sign(rand.Reader, key, digest(h, text))
			_ = must(0, err)
			return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
		},
		valid: func(text, sig []byte) bool {
			return len(sig) == 2*size && ecdsa.Verify(&key.PublicKey, digest(h, text), new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:]))
		},
	}
}

// order25519 is the order of Ed25519's base point (RFC 8032 §5.1).
var order25519, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

func edSigner() *signer {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	_ = must(0, err)
	return &signer{
		algorithm: jwa.EdDSA, order: order25519, keys: set(`{"kty":"OKP","crv":"Ed25519","x":"%s"}`, b64(public)),
		sign:  func(text []byte) []byte { return ed25519.Sign(private, text) },
		valid: func(text, sig []byte) bool { return ed25519.Verify(public, text, sig) },
	}
}

func macSigner(a jwa.Algorithm, r *mathrand.Rand) *signer {
	h := hashes[a.Hash()]
	secret := make([]byte, h.Size()+r.IntN(120))
	_, _ = rand.Read(secret)
	sign := func(text []byte) []byte {
		m := hmac.New(h.New, secret)
		m.Write(text)
		return m.Sum(nil)
	}
	return &signer{
		algorithm: a, keys: set(`{"kty":"oct","k":"%s"}`, b64(secret)), sign: sign,
		valid: func(text, sig []byte) bool { return hmac.Equal(sign(text), sig) },
	}
}

// pick returns a signer of a random algorithm; RSA is rarer by as much as it is slower.
func (p rsaPool) pick(r *mathrand.Rand) *signer {
	switch n := r.IntN(20); {
	case n < 5:
		return p.signer([]jwa.Algorithm{jwa.RS256, jwa.RS384, jwa.RS512}[r.IntN(3)], r)
	case n < 7:
		return p.signer([]jwa.Algorithm{jwa.PS256, jwa.PS384, jwa.PS512}[r.IntN(3)], r)
	case n < 11:
		return ecSigner(jwa.ES256)
	case n < 12:
		return ecSigner([]jwa.Algorithm{jwa.ES384, jwa.ES512}[r.IntN(2)])
	case n < 16:
		return edSigner()
	}
	return macSigner([]jwa.Algorithm{jwa.HS256, jwa.HS384, jwa.HS512}[r.IntN(3)], r)
}

// near makes a signature near a valid one: often the valid one itself.
func (s *signer) near(r *mathrand.Rand, text, good, other []byte) (changedText, signature []byte) {
	sig := bytes.Clone(good)
	switch r.IntN(16) {
	case 0, 1, 2:
		sig[r.IntN(len(sig))] ^= 1 << r.IntN(8)
	case 3:
		if len(text) > 0 {
			text = bytes.Clone(text)
			text[r.IntN(len(text))] ^= 1 << r.IntN(8)
		}
	case 4:
		sig = sig[:r.IntN(len(sig))]
	case 5:
		sig = append(make([]byte, r.IntN(3)), append(sig, make([]byte, r.IntN(3))...)...)
	case 6:
		sig = bytes.Clone(other) // a valid one of another text
	case 7:
		_, _ = rand.Read(sig)
	case 8:
		half := len(sig) / 2
		sig = append(bytes.Clone(sig[half:]), sig[:half]...)
	case 9, 10, 11:
		sig = s.number(r, sig)
	}
	return text, sig
}

// number puts a special number in the place of one of the signature's: 0, 1, the order
// and its neighbours, the number's negative, or itself raised by the order.
func (s *signer) number(r *mathrand.Rand, sig []byte) []byte {
	part := sig
	switch {
	case s.order == nil:
		return sig
	case s.algorithm.SignatureSize() != 0 && (s.algorithm == jwa.EdDSA || r.IntN(2) == 0):
		part = sig[len(sig)/2:]
	case s.algorithm.SignatureSize() != 0:
		part = sig[:len(sig)/2]
	}
	if s.algorithm == jwa.EdDSA { // RFC 8032: little-endian
		reverse(part)
		defer reverse(part)
	}
	old := new(big.Int).SetBytes(part)
	special := []*big.Int{
		new(big.Int), big.NewInt(1), big.NewInt(2), s.order,
		new(big.Int).Sub(s.order, big.NewInt(1)), new(big.Int).Add(s.order, big.NewInt(1)),
		new(big.Int).Sub(s.order, new(big.Int).Mod(old, s.order)), new(big.Int).Add(old, s.order),
		new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(8*len(part))), big.NewInt(1)),
	}[r.IntN(9)]
	if special.BitLen() <= 8*len(part) {
		special.FillBytes(part)
	}
	return sig
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

// drawn is a random batch with what the standard library says.
type drawn struct {
	all, left drawnBatch
}

// drawnBatch is a batch, its cases, and the library's verdicts.
type drawnBatch struct {
	cases []byte
	list  []batch.Case
	want  []bool
}

func (b *drawnBatch) add(c batch.Case, keys string, want bool) {
	if len(b.list) > 0 && b.list[len(b.list)-1].Keys == keys {
		b.cases = batch.Append(b.cases, batch.Case{Algorithm: c.Algorithm, Text: c.Text, Signature: c.Signature})
	} else {
		b.cases = batch.Append(b.cases, c)
	}
	b.list, b.want = append(b.list, c), append(b.want, want)
}

// draw makes n cases. Those that a host may be left are in a batch of their own too.
func (p rsaPool) draw(r *mathrand.Rand, n int) *drawn {
	d := &drawn{}
	for len(d.all.list) < n {
		s := p.pick(r)
		var texts, signatures [3][]byte
		for i := range texts {
			texts[i] = make([]byte, r.IntN(700))
			_, _ = rand.Read(texts[i])
			signatures[i] = s.sign(texts[i])
		}
		for range keyLife {
			i := r.IntN(len(texts))
			text, signature := s.near(r, texts[i], signatures[i], signatures[(i+1)%len(texts)])
			c := batch.Case{Algorithm: s.algorithm, Keys: s.keys, Text: text, Signature: signature}
			want := s.valid(text, signature)
			d.all.add(c, s.keys, want)
			if s.algorithm <= jwa.RS512 {
				d.left.add(c, s.keys, want)
			}
		}
	}
	return d
}

// judge compares verdicts with the library's.
func (b *drawnBatch) judge(t *testing.T, where, verdicts string) {
	t.Helper()
	for i, c := range b.list {
		if batch.Says(verdicts[i]) != b.want[i] || verdicts[i] == batch.NoKey {
			t.Errorf("%s says %c, the library %v: %s\nkeys %s\ntext %x\nsignature %x", where, verdicts[i], b.want[i], c.Algorithm, c.Keys, c.Text, c.Signature)
		}
	}
}

// TestM15RandomSignaturesAreJudgedAlikeEverywhere: natively, in wazero, by wazero's
// host, and by the standard library, which says what is right.
func TestM15RandomSignaturesAreJudgedAlikeEverywhere(t *testing.T) {
	count := usualCount
	if text := os.Getenv("POSTERN_DIFFERENTIAL"); text != "" {
		count = must(strconv.Atoi(text))
	}
	wazero, pool := newWazero(t), newRSAPool()
	r := mathrand.New(mathrand.NewPCG(mathrand.Uint64(), 0))
	done, valid, theirs := 0, 0, 0
	for done < count && !t.Failed() {
		d := pool.draw(r, min(batchSize, count-done))
		d.all.judge(t, "native", native(t, d.all.cases))
		d.all.judge(t, "wazero", wazero.run(t, own, d.all.cases, len(d.all.list)))
		if len(d.left.list) > 0 {
			verdicts := wazero.run(t, hosted, d.left.cases, len(d.left.list))
			d.left.judge(t, "wazero's verify_signature", verdicts)
			for _, v := range verdicts {
				if v == batch.HostValid || v == batch.HostInvalid {
					theirs++
				}
			}
		}
		for _, want := range d.all.want {
			if want {
				valid++
			}
		}
		if !t.Failed() && done/progress < (done+len(d.all.list))/progress {
			t.Logf("%d signatures so far, all judged alike", done+len(d.all.list))
		}
		done += len(d.all.list)
	}
	if theirs == 0 || valid < done/5 || valid > done*4/5 {
		t.Errorf("of %d signatures %d are valid and %d were left to the host", done, valid, theirs)
	}
	t.Logf("note: %d random signatures, %d of them valid, judged alike natively, in wazero and by the standard library; %d by wazero's verify_signature too", done, valid, theirs)
}
