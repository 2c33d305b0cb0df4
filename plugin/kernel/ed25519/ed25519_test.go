package ed25519_test

import (
	"bytes"
	"crypto"
	std "crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/ed25519"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

func TestWycheproof(t *testing.T) {
	wycheproof.Load(t, "ed25519").Run(t, nil, nil, func(g *wycheproof.Group, c *wycheproof.Case) bool {
		k, err := ed25519.NewKey(wycheproof.Hex(t, g.PublicKey.PK), tables.New(tables.Limit))
		return err == nil && k.Verify(string(wycheproof.Hex(t, c.Msg)), wycheproof.Hex(t, c.Sig))
	})
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		law  string
		key  string
		want error
	}{
		{"RFC 8032 §7.1 test 1", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", nil},
		{"31 bytes (K-05)", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751", ed25519.ErrSize},
		{"33 bytes (K-05)", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a00", ed25519.ErrSize},
		{"no bytes", "", ed25519.ErrSize},
		{"order 1: y = 1", "0100000000000000000000000000000000000000000000000000000000000000", ed25519.ErrSmallOrder},
		{"order 1 with the sign set", "0100000000000000000000000000000000000000000000000000000000000080", ed25519.ErrSmallOrder},
		{"order 2: y = -1", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", ed25519.ErrSmallOrder},
		{"order 2 with the sign set", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", ed25519.ErrSmallOrder},
		{"order 4: y = 0", "0000000000000000000000000000000000000000000000000000000000000000", ed25519.ErrSmallOrder},
		{"order 4 with the sign set", "0000000000000000000000000000000000000000000000000000000000000080", ed25519.ErrSmallOrder},
		{"order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", ed25519.ErrSmallOrder},
		{"order 8 with the sign set", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", ed25519.ErrSmallOrder},
		{"order 8, the other y", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", ed25519.ErrSmallOrder},
		{"order 8, the other y with the sign set", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", ed25519.ErrSmallOrder},
		{"y = p, not canonical", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", ed25519.ErrPoint},
		{"y = p + 1, not canonical", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", ed25519.ErrPoint},
		{"y = 2^255 - 1, not canonical", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", ed25519.ErrPoint},
		{"y = p with the sign set", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", ed25519.ErrPoint},
		{"y = 2: off the curve", "0200000000000000000000000000000000000000000000000000000000000000", ed25519.ErrPoint},
		{"y = 3: on the curve", "0300000000000000000000000000000000000000000000000000000000000000", nil},
	} {
		t.Run(c.law, func(t *testing.T) {
			raw, err := hex.DecodeString(c.key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ed25519.NewKey(raw, tables.New(tables.Limit)); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// On the curve or not, against arithmetic of the library's big numbers.
func TestCurveMembership(t *testing.T) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d := new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), p))
	d.Mod(d, p)
	one, on := big.NewInt(1), 0
	for i := range int64(200) {
		y := new(big.Int).Mul(big.NewInt(i+2), big.NewInt(0x123456789abcdef))
		y.Exp(y, big.NewInt(5), p)
		y2 := new(big.Int).Mul(y, y)
		u := new(big.Int).Sub(y2, one)
		v := new(big.Int).Add(new(big.Int).Mul(d, y2), one)
		x2 := new(big.Int).Mul(u, new(big.Int).ModInverse(v.Mod(v, p), p))
		want := big.Jacobi(x2.Mod(x2, p), p) == 1
		raw := y.FillBytes(make([]byte, 32))
		for a, b := 0, 31; a < b; a, b = a+1, b-1 {
			raw[a], raw[b] = raw[b], raw[a]
		}
		_, err := ed25519.NewKey(raw, tables.New(tables.Limit))
		if (err == nil) != want {
			t.Fatalf("y = %x: %v, on the curve: %v", y, err, want)
		}
		if want {
			on++
		}
	}
	if on < 50 || on > 150 {
		t.Errorf("%d of 200 on the curve: the test sees one side only", on)
	}
}

func sign(seed byte, message []byte) (public, signature []byte) {
	private := std.NewKeyFromSeed(bytes.Repeat([]byte{seed}, std.SeedSize))
	return private.Public().(std.PublicKey), std.Sign(private, message)
}

func TestBitsLengthsAndMalleability(t *testing.T) {
	message := []byte("a message")
	public, signature := sign(7, message)
	k, err := ed25519.NewKey(public, tables.New(tables.Limit))
	if err != nil || !k.Verify(string(message), signature) {
		t.Fatal("the library's signature is refused", err)
	}
	for bit := range 8 * len(signature) {
		bad := bytes.Clone(signature)
		bad[bit/8] ^= 1 << (bit % 8)
		if k.Verify(string(message), bad) {
			t.Errorf("bit %d flipped and accepted (M-13)", bit)
		}
	}
	for n := range len(signature) {
		if k.Verify(string(message), signature[:n]) {
			t.Errorf("cut to %d bytes and accepted", n)
		}
	}
	if k.Verify(string(message), append(bytes.Clone(signature), 0)) {
		t.Error("65 bytes accepted (M-06)")
	}
	// S + L: the same point, another text (M-06).
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := make([]byte, 32)
	for i := range s {
		s[i] = signature[63-i]
	}
	raised := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	bad := bytes.Clone(signature)
	for i := range 32 {
		bad[63-i] = raised[i]
	}
	if k.Verify(string(message), bad) {
		t.Error("S + L accepted (M-06)")
	}
	private := std.NewKeyFromSeed(bytes.Repeat([]byte{7}, std.SeedSize))
	other, err := private.Sign(nil, message, &std.Options{Context: "c"})
	if err != nil || k.Verify(string(message), other) {
		t.Error("Ed25519ctx accepted (M-06)", err)
	}
	digest := sha512.Sum512(message)
	other, err = private.Sign(nil, digest[:], &std.Options{Hash: crypto.SHA512})
	if err != nil || k.Verify(string(message), other) || k.Verify(string(digest[:]), other) {
		t.Error("Ed25519ph accepted (M-06)", err)
	}
}

// FuzzEd25519 holds the kernel against the library: equal answers for every key that
// the kernel takes, and no key refused that the library can verify with unless it is of
// small order or not canonical.
func FuzzEd25519(f *testing.F) {
	public, signature := sign(1, []byte("m"))
	f.Add(public, []byte("m"), signature)
	f.Add(make([]byte, 32), []byte{}, make([]byte, 64))
	for _, g := range wycheproof.Load(f, "ed25519").Groups {
		for _, c := range g.Tests {
			f.Add(wycheproof.Hex(f, g.PublicKey.PK), wycheproof.Hex(f, c.Msg), wycheproof.Hex(f, c.Sig))
		}
	}
	f.Fuzz(func(t *testing.T, public, message, signature []byte) {
		k, err := ed25519.NewKey(public, tables.New(tables.Limit))
		if err != nil {
			return
		}
		want := len(signature) == std.SignatureSize && std.Verify(public, message, signature)
		if got := k.Verify(string(message), signature); got != want {
			t.Fatalf("%x: %v, library %v", public, got, want)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	message := bytes.Repeat([]byte("x"), 600)
	public, signature := sign(1, message)
	k, err := ed25519.NewKey(public, tables.New(tables.Limit))
	if err != nil {
		b.Fatal(err)
	}
	text := string(message)
	b.ReportAllocs()
	for b.Loop() {
		k.Verify(text, signature)
	}
}
