package rsa_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	stdrsa "crypto/rsa"
	_ "crypto/sha256" // registers the hashes for the library's side
	_ "crypto/sha512"
	"errors"
	"math/big"
	"strconv"
	"sync"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/rsa"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

var hashes = []struct {
	hash sha2.Hash
	std  crypto.Hash
	name string
}{
	{sha2.SHA256, crypto.SHA256, "SHA-256"},
	{sha2.SHA384, crypto.SHA384, "SHA-384"},
	{sha2.SHA512, crypto.SHA512, "SHA-512"},
}

func hashNamed(name string) sha2.Hash {
	for _, h := range hashes {
		if h.name == name {
			return h.hash
		}
	}
	return sha2.None
}

func keyOf(t *testing.T, g *wycheproof.Group) *rsa.Key {
	t.Helper()
	k, err := rsa.NewKey(wycheproof.Hex(t, g.PublicKey.Modulus), wycheproof.Hex(t, g.PublicKey.PublicExponent))
	if err != nil {
		t.Fatalf("key refused: %v", err)
	}
	return k
}

func TestWycheproofPKCS1(t *testing.T) {
	for _, c := range []struct {
		name    string
		differs map[int]string
	}{
		// "acceptable" in those files is a DigestInfo without NULL parameters; it is refused
		// here (M-10: the whole block is compared).
		{"rsa_signature_2048_sha256", missingNull},
		{"rsa_signature_2048_sha384", missingNull},
		{"rsa_signature_2048_sha512", missingNull},
		{"rsa_signature_3072_sha256", missingNull},
		{"rsa_signature_3072_sha384", missingNull},
		{"rsa_signature_3072_sha512", missingNull},
		{"rsa_signature_4096_sha256", missingNull},
		{"rsa_signature_4096_sha384", missingNull},
		{"rsa_signature_4096_sha512", missingNull},
		{"rsa_signature_8192_sha256", missingNull},
		{"rsa_signature_8192_sha384", missingNull},
		{"rsa_signature_8192_sha512", missingNull},
	} {
		var k *rsa.Key
		var last *wycheproof.Group
		wycheproof.Load(t, c.name).Run(t, c.differs, nil, func(g *wycheproof.Group, test *wycheproof.Case) bool {
			if g != last {
				k, last = keyOf(t, g), g
			}
			h := hashNamed(g.Sha)
			return k.VerifyPKCS1(h, h.Append(nil, string(wycheproof.Hex(t, test.Msg))), wycheproof.Hex(t, test.Sig))
		})
	}
}

var missingNull = map[int]string{8: "NULL parameters are missing"}

func TestWycheproofPSS(t *testing.T) {
	for _, name := range []string{
		"rsa_pss_2048_sha256_mgf1_0", "rsa_pss_2048_sha256_mgf1_32", "rsa_pss_2048_sha256_mgf1sha1_20",
		"rsa_pss_2048_sha384_mgf1_48", "rsa_pss_2048_sha512_mgf1sha256_32_params", "rsa_pss_3072_sha256_mgf1_32",
		"rsa_pss_4096_sha256_mgf1_32", "rsa_pss_4096_sha384_mgf1_48", "rsa_pss_4096_sha512_mgf1_32",
		"rsa_pss_4096_sha512_mgf1_64", "rsa_pss_misc",
	} {
		bound := func(g *wycheproof.Group) string {
			h := hashNamed(g.Sha)
			switch {
			case h == sha2.None:
				return "(not a hash of RFC 7518)"
			case g.Mgf != "MGF1" || g.MgfSha != g.Sha:
				return "(RFC 7518 §3.5: MGF1 over the same hash)"
			case g.SaltLen != h.Size():
				return "(RFC 7518 §3.5: a salt as long as the digest)"
			}
			return ""
		}
		var k *rsa.Key
		var last *wycheproof.Group
		wycheproof.Load(t, name).Run(t, otherSalt[name], bound, func(g *wycheproof.Group, test *wycheproof.Case) bool {
			if g != last {
				k, last = keyOf(t, g), g
			}
			h := hashNamed(g.Sha)
			if h == sha2.None { // try it under each hash there is: none may accept
				for _, h := range hashes {
					if k.VerifyPSS(h.hash, h.hash.Append(nil, string(wycheproof.Hex(t, test.Msg))), wycheproof.Hex(t, test.Sig)) {
						return true
					}
				}
				return false
			}
			return k.VerifyPSS(h, h.Append(nil, string(wycheproof.Hex(t, test.Msg))), wycheproof.Hex(t, test.Sig))
		})
	}
}

// otherSalt: a signature with a salt of 32 bytes is wrong in a file about salts of none,
// and right by RFC 7518.
var otherSalt = map[string]map[int]string{"rsa_pss_2048_sha256_mgf1_0": {69: "salt of 32 bytes"}}

// keys of sizes that matter: 2048, and 2049 and 2050, whose PSS blocks start otherwise.
var keys = sync.OnceValue(func() (list []*stdrsa.PrivateKey) {
	for _, size := range []int{2048, 2049, 2050, 3072} {
		k, err := stdrsa.GenerateKey(rand.Reader, size)
		for err == nil && k.N.Bit(size-2) == 0 { // room for blocks above the usual ones
			k, err = stdrsa.GenerateKey(rand.Reader, size)
		}
		if err != nil {
			panic(err)
		}
		list = append(list, k)
	}
	return list
})

func made(t testing.TB, k *stdrsa.PrivateKey) *rsa.Key {
	t.Helper()
	key, err := rsa.NewKey(k.N.Bytes(), big.NewInt(int64(k.E)).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAgainstLibrary(t *testing.T) {
	for _, private := range keys() {
		k := made(t, private)
		for _, h := range hashes {
			digest := h.hash.Append(nil, "message")
			signature, err := stdrsa.SignPKCS1v15(nil, private, h.std, digest)
			if err != nil || !k.VerifyPKCS1(h.hash, digest, signature) {
				t.Errorf("%d bits %s: PKCS #1 refused %v", k.Bits(), h.name, err)
			}
			if k.VerifyPSS(h.hash, digest, signature) {
				t.Error("PKCS #1 passes as PSS")
			}
			for _, other := range hashes {
				if other != h && k.VerifyPKCS1(other.hash, other.hash.Append(nil, "message"), signature) {
					t.Errorf("a signature over %s passes as %s", h.name, other.name)
				}
			}
			size := h.hash.Size()
			for salt, want := range map[int]bool{size: true, stdrsa.PSSSaltLengthAuto: false, 1: false, 20: false, size - 1: false, size + 1: false} {
				signature, err := stdrsa.SignPSS(rand.Reader, private, h.std, digest, &stdrsa.PSSOptions{SaltLength: salt})
				if err != nil {
					t.Fatal(err)
				}
				if got := k.VerifyPSS(h.hash, digest, signature); got != want {
					t.Errorf("%d bits %s: PSS with salt %d: %v (M-11)", k.Bits(), h.name, salt, got)
				}
				if want && k.VerifyPKCS1(h.hash, digest, signature) {
					t.Error("PSS passes as PKCS #1")
				}
			}
		}
	}
}

func TestSignatureRange(t *testing.T) {
	private := keys()[0]
	k := made(t, private)
	digest := sha2.SHA256.Append(nil, "m")
	signature, err := stdrsa.SignPKCS1v15(nil, private, crypto.SHA256, digest)
	if err != nil {
		t.Fatal(err)
	}
	size := len(signature)
	raw := func(v *big.Int) []byte { return v.FillBytes(make([]byte, size)) }
	one := big.NewInt(1)
	minusOne := new(big.Int).Sub(private.N, one)
	raised := new(big.Int).Add(new(big.Int).SetBytes(signature), private.N)
	for law, bad := range map[string][]byte{
		"no bytes":                 nil,
		"s = 0 (M-08)":             raw(new(big.Int)),
		"s = 1 (M-08)":             raw(one),
		"s = n - 1 (M-08)":         raw(minusOne),
		"s = n (M-08)":             raw(private.N),
		"s + n, one byte longer":   raised.FillBytes(make([]byte, size+1)),
		"a zero in front (M-08)":   append([]byte{0}, signature...),
		"a zero behind (M-08)":     append(bytes.Clone(signature), 0),
		"all ones":                 bytes.Repeat([]byte{0xff}, size),
		"the first byte cut":       signature[1:],
		"the last byte cut (M-13)": signature[:size-1],
	} {
		if k.VerifyPKCS1(sha2.SHA256, digest, bad) || k.VerifyPSS(sha2.SHA256, digest, bad) {
			t.Errorf("%s: accepted", law)
		}
	}
	if k.VerifyPKCS1(sha2.SHA256, digest[:31], signature) || k.VerifyPKCS1(sha2.None, nil, signature) || k.VerifyPSS(sha2.None, nil, signature) {
		t.Error("accepted without a whole digest")
	}
	if !k.VerifyPKCS1(sha2.SHA256, digest, signature) {
		t.Error("the good one is refused after the bad ones")
	}
}

// Blocks of every wrong form, signed with the private key (M-09, M-10).
func TestForgedBlocks(t *testing.T) {
	private := keys()[0]
	k := made(t, private)
	digest := sha2.SHA256.Append(nil, "m")
	info := append([]byte("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"), digest...)
	size := len(private.N.Bytes())
	sign := func(block []byte) []byte {
		m := new(big.Int).SetBytes(block)
		return m.Exp(m, private.D, private.N).FillBytes(make([]byte, size))
	}
	block := func(head string, fill int, tail []byte) []byte {
		b := append([]byte(head), bytes.Repeat([]byte{0xff}, fill)...)
		b = append(append(b, 0), tail...)
		return append(b, make([]byte, max(0, size-len(b)))...)[:size]
	}
	full := size - 3 - len(info)
	noNull := append([]byte("\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20"), digest...)
	long := append([]byte("\x30\x81\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"), digest...)
	sha512_256 := append([]byte("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x06\x05\x00\x04\x20"), digest...)
	for _, c := range []struct {
		law   string
		block []byte
		ok    bool
	}{
		{"the one right block", block("\x00\x01", full, info), true},
		{"garbage after the digest (M-09)", append(block("\x00\x01", 8, info)[:size-10], "garbagexxx"...), false},
		{"only eight FF and zeros behind (M-09)", block("\x00\x01", 8, info), false},
		{"block type 2", block("\x00\x02", full, info), false},
		{"block type 0", block("\x00\x00", full, info), false},
		{"first byte 1", block("\x01\x01", full, info), false},
		{"no NULL (M-10)", block("\x00\x01", size-3-len(noNull), noNull), false},
		{"BER long length (M-10)", block("\x00\x01", size-3-len(long), long), false},
		{"another hash of equal length (M-10)", block("\x00\x01", full, sha512_256), false},
		{"the bare digest", block("\x00\x01", size-3-len(digest), digest), false},
		{"one FF is another byte", append(append([]byte("\x00\x01\xfe"), bytes.Repeat([]byte{0xff}, full-1)...), append([]byte{0}, info...)...), false},
	} {
		if len(c.block) != size {
			t.Fatalf("%s: block of %d bytes", c.law, len(c.block))
		}
		signature := sign(c.block)
		if bytes.Compare(c.block, private.N.Bytes()) >= 0 {
			continue // a first byte above the modulus' cannot be reached at all
		}
		if got := k.VerifyPKCS1(sha2.SHA256, digest, signature); got != c.ok {
			t.Errorf("%s: %v", c.law, got)
		}
	}
}

// A modulus of 2049 bits leaves PSS a whole byte that must be zero (M-11).
func TestPSSByteAboveTheBlock(t *testing.T) {
	private := keys()[1]
	k := made(t, private)
	digest := sha2.SHA256.Append(nil, "m")
	high := new(big.Int).Lsh(big.NewInt(1), 2048)
	for range 1000 {
		signature, err := stdrsa.SignPSS(rand.Reader, private, crypto.SHA256, digest, &stdrsa.PSSOptions{SaltLength: 32})
		if err != nil {
			t.Fatal(err)
		}
		block := new(big.Int).SetBytes(signature)
		block.Exp(block, big.NewInt(int64(private.E)), private.N)
		if block.Or(block, high).Cmp(private.N) >= 0 {
			continue // another salt
		}
		forged := block.Exp(block, private.D, private.N).FillBytes(make([]byte, 257))
		if !k.VerifyPSS(sha2.SHA256, digest, signature) || k.VerifyPSS(sha2.SHA256, digest, forged) {
			t.Error("the byte above the block is not looked at")
		}
		return
	}
	t.Fatal("no salt leaves room for the forgery")
}

func TestKeyBounds(t *testing.T) {
	n := keys()[0].N
	number := func(bits int, low int64) []byte { // 2^(bits-1) + low
		v := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return v.Add(v, big.NewInt(low)).Bytes()
	}
	f4 := []byte{1, 0, 1}
	for _, c := range []struct {
		law  string
		n, e []byte
		want error
	}{
		{"a usual key", n.Bytes(), f4, nil},
		{"leading zeros of n do not count", append(make([]byte, 3), n.Bytes()...), f4, nil},
		{"e = 3 (K-02)", n.Bytes(), []byte{3}, nil},
		{"e = 2^32 + 1", n.Bytes(), []byte{1, 0, 0, 0, 1}, nil},
		{"e = 2^33 - 1", n.Bytes(), []byte{1, 0xff, 0xff, 0xff, 0xff}, nil},
		{"e = 2^33 + 1", n.Bytes(), []byte{2, 0, 0, 0, 1}, rsa.ErrExponent},
		{"e = 0 (K-02)", n.Bytes(), []byte{0}, rsa.ErrExponent},
		{"e = 1 (K-02)", n.Bytes(), []byte{1}, rsa.ErrExponent},
		{"e = 2 (K-02)", n.Bytes(), []byte{2}, rsa.ErrExponent},
		{"e even (K-02)", n.Bytes(), []byte{1, 0, 0}, rsa.ErrExponent},
		{"e with leading zeros (K-02)", n.Bytes(), []byte{0, 1, 0, 1}, rsa.ErrExponent},
		{"e >= n (K-02)", n.Bytes(), number(2049, 1), rsa.ErrExponent},
		{"e of 2,048 bits (K-02)", n.Bytes(), number(2048, 1), rsa.ErrExponent},
		{"no e", n.Bytes(), nil, rsa.ErrExponent},
		{"no n", nil, f4, rsa.ErrSize},
		{"n = 0", make([]byte, 256), f4, rsa.ErrSize},
		{"1024 bits (K-01)", number(1024, 1), f4, rsa.ErrSize},
		{"1024 bits padded to 256 bytes (K-01)", append(make([]byte, 128), number(1024, 1)...), f4, rsa.ErrSize},
		{"2047 bits (K-01)", number(2047, 1), f4, rsa.ErrSize},
		{"2048 bits", number(2048, 1), f4, nil},
		{"8192 bits", number(8192, 1), f4, nil},
		{"8193 bits", number(8193, 1), f4, rsa.ErrSize},
		{"even n (K-03)", number(2048, 2), f4, rsa.ErrModulus},
		{"n a power of two (K-03)", number(2048, 0), f4, rsa.ErrModulus},
		{"n a square (K-03): taken, its signatures are nobody's", new(big.Int).Mul(number1025(), number1025()).Bytes(), f4, nil},
		{"all ones", bytes.Repeat([]byte{0xff}, 256), f4, nil},
	} {
		t.Run(c.law, func(t *testing.T) {
			k, err := rsa.NewKey(c.n, c.e)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err == nil && k.VerifyPKCS1(sha2.SHA256, make([]byte, 32), make([]byte, (k.Bits()+7)/8)) {
				t.Error("zeros verify")
			}
		})
	}
}

func number1025() *big.Int {
	v := new(big.Int).Lsh(big.NewInt(3), 1023)
	return v.Add(v, big.NewInt(1))
}

func TestWarmVerifyAllocatesNothing(t *testing.T) {
	private := keys()[0]
	k := made(t, private)
	digest := sha2.SHA256.Append(nil, "m")
	pkcs, err := stdrsa.SignPKCS1v15(nil, private, crypto.SHA256, digest)
	if err != nil {
		t.Fatal(err)
	}
	pss, err := stdrsa.SignPSS(rand.Reader, private, crypto.SHA256, digest, &stdrsa.PSSOptions{SaltLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(10, func() {
		if !k.VerifyPKCS1(sha2.SHA256, digest, pkcs) || !k.VerifyPSS(sha2.SHA256, digest, pss) {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzRSA holds the kernel against the library: any modulus, exponent, signature.
func FuzzRSA(f *testing.F) {
	private := keys()[0]
	digest := sha2.SHA256.Append(nil, "m")
	pkcs, err := stdrsa.SignPKCS1v15(nil, private, crypto.SHA256, digest)
	if err != nil {
		f.Fatal(err)
	}
	pss, err := stdrsa.SignPSS(rand.Reader, private, crypto.SHA256, digest, &stdrsa.PSSOptions{SaltLength: 32})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(private.N.Bytes(), []byte{1, 0, 1}, []byte("m"), pkcs)
	f.Add(private.N.Bytes(), []byte{1, 0, 1}, []byte("m"), pss)
	f.Add(private.N.Bytes(), []byte{3}, []byte("m"), pss)
	f.Add(bytes.Repeat([]byte{0xff}, 257), []byte{0x7f, 0xff, 0xff, 0xff}, []byte{}, bytes.Repeat([]byte{0xfe}, 257))
	for _, name := range []string{"rsa_signature_2048_sha256", "rsa_pss_2048_sha256_mgf1_32"} {
		for _, g := range wycheproof.Load(f, name).Groups {
			for i, c := range g.Tests {
				if i%8 == 0 {
					f.Add(wycheproof.Hex(f, g.PublicKey.Modulus), wycheproof.Hex(f, g.PublicKey.PublicExponent), wycheproof.Hex(f, c.Msg), wycheproof.Hex(f, c.Sig))
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, modulus, exponent, message, signature []byte) {
		k, err := rsa.NewKey(modulus, exponent)
		if err != nil {
			return
		}
		e := new(big.Int).SetBytes(exponent)
		if e.Cmp(big.NewInt(1<<31-1)) > 0 {
			return // beyond the library
		}
		public := &stdrsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(e.Int64())}
		for _, h := range hashes {
			digest := h.hash.Append(nil, string(message))
			want := stdrsa.VerifyPKCS1v15(public, h.std, digest, signature) == nil
			if got := k.VerifyPKCS1(h.hash, digest, signature); got != want {
				t.Fatalf("PKCS #1 %s: %v, library %v", h.name, got, want)
			}
			want = stdrsa.VerifyPSS(public, h.std, digest, signature, &stdrsa.PSSOptions{SaltLength: h.hash.Size()}) == nil
			if got := k.VerifyPSS(h.hash, digest, signature); got != want {
				t.Fatalf("PSS %s: %v, library %v", h.name, got, want)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, private := range []*stdrsa.PrivateKey{keys()[0], keys()[3]} {
		k := made(b, private)
		digest := sha2.SHA256.Append(nil, "m")
		signature, err := stdrsa.SignPKCS1v15(nil, private, crypto.SHA256, digest)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strconv.Itoa(k.Bits()), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !k.VerifyPKCS1(sha2.SHA256, digest, signature) {
					b.Fatal("refused")
				}
			}
		})
	}
}
