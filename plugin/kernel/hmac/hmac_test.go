package hmac_test

import (
	"bytes"
	stdhmac "crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"hash"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

var hashes = []struct {
	name  string
	hash  sha2.Hash
	std   func() hash.Hash
	files string
}{
	{"SHA-256", sha2.SHA256, sha256.New, "hmac_sha256"},
	{"SHA-384", sha2.SHA384, sha512.New384, "hmac_sha384"},
	{"SHA-512", sha2.SHA512, sha512.New, "hmac_sha512"},
}

func TestWycheproof(t *testing.T) {
	for _, h := range hashes {
		// Those files also hold MACs cut short, which this kernel refuses whole (M-12).
		cut := func(g *wycheproof.Group) string {
			if g.TagSize != 8*h.hash.Size() {
				return "(a MAC has the hash's full length)"
			}
			return ""
		}
		wycheproof.Load(t, h.files).Run(t, nil, cut, func(_ *wycheproof.Group, c *wycheproof.Case) bool {
			k, err := hmac.NewKey(h.hash, wycheproof.Hex(t, c.Key))
			return err == nil && k.Verify(wycheproof.Hex(t, c.Tag), string(wycheproof.Hex(t, c.Msg)))
		})
	}
}

func check(t *testing.T, secret, message []byte) {
	t.Helper()
	for _, h := range hashes {
		m := stdhmac.New(h.std, secret)
		m.Write(message)
		mac := m.Sum(nil)
		k, err := hmac.NewKey(h.hash, secret)
		if len(secret) == 0 {
			if !errors.Is(err, hmac.ErrEmpty) {
				t.Fatalf("empty secret: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		cut := len(message) / 3
		for range 2 { // the key is reusable
			if !k.Verify(mac, string(message[:cut]), string(message[cut:])) {
				t.Fatalf("%s: the library's MAC is refused (secret of %d bytes)", h.name, len(secret))
			}
		}
		for bit := range 8 * len(mac) {
			bad := bytes.Clone(mac)
			bad[bit/8] ^= 1 << (bit % 8)
			if k.Verify(bad, string(message)) {
				t.Fatalf("%s: bit %d flipped and accepted", h.name, bit)
			}
		}
		for n := range len(mac) {
			if k.Verify(mac[:n], string(message)) {
				t.Fatalf("%s: cut to %d bytes and accepted (M-12)", h.name, n)
			}
		}
		if k.Verify(append(bytes.Clone(mac), 0), string(message)) {
			t.Fatalf("%s: one byte more and accepted (M-12)", h.name)
		}
	}
}

func TestSecretsAroundTheBlock(t *testing.T) {
	for _, n := range []int{0, 1, 31, 32, 63, 64, 65, 127, 128, 129, 200} {
		check(t, bytes.Repeat([]byte{0x0b}, n), []byte("Hi There"))
	}
}

func TestNoHashNoKey(t *testing.T) {
	if _, err := hmac.NewKey(sha2.None, []byte("secret")); !errors.Is(err, hmac.ErrHash) {
		t.Errorf("got %v", err)
	}
}

func FuzzHMAC(f *testing.F) {
	f.Add([]byte("key"), []byte("The quick brown fox jumps over the lazy dog"))
	f.Add([]byte{}, []byte{})
	f.Add(bytes.Repeat([]byte{0xaa}, 131), []byte("larger than block-size key"))
	for _, g := range wycheproof.Load(f, "hmac_sha256").Groups {
		for _, c := range g.Tests[:min(20, len(g.Tests))] {
			f.Add(wycheproof.Hex(f, c.Key), wycheproof.Hex(f, c.Msg))
		}
	}
	f.Fuzz(check)
}

func BenchmarkHMAC(b *testing.B) {
	message := string(bytes.Repeat([]byte("x"), 600))
	k, err := hmac.NewKey(sha2.SHA256, bytes.Repeat([]byte("k"), 32))
	if err != nil {
		b.Fatal(err)
	}
	mac := make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		k.Verify(mac, message)
	}
}
