package hmac_test

import (
	"bytes"
	stdhmac "crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"hash"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

var hashes = []struct {
	name  string
	hash  digest.Hash
	std   func() hash.Hash
	files string
}{
	{"SHA-1", digest.SHA1, sha1.New, "hmac_sha1"},
	{"SHA-256", digest.SHA256, sha256.New, "hmac_sha256"},
	{"SHA-384", digest.SHA384, sha512.New384, "hmac_sha384"},
	{"SHA-512", digest.SHA512, sha512.New, "hmac_sha512"},
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
		if got := k.Append([]byte("x"), string(message)); string(got) != "x"+string(mac) {
			t.Fatalf("%s: the MAC is %x, the library's %x", h.name, got, mac)
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
	for _, h := range []digest.Hash{digest.None, digest.MD5} {
		if _, err := hmac.NewKey(h, []byte("secret")); !errors.Is(err, hmac.ErrHash) {
			t.Errorf("%d: got %v", h, err)
		}
	}
}

// RFC 2202 §3 prints HMAC-SHA-1's own.
func TestRFC2202(t *testing.T) {
	for _, c := range []struct {
		secret  []byte
		message string
		want    string
	}{
		{bytes.Repeat([]byte{0x0b}, 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
		{[]byte("Jefe"), "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{bytes.Repeat([]byte{0xaa}, 20), strings.Repeat("\xdd", 50), "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
		{bytes.Repeat([]byte{0x0c}, 20), "Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"},
		{bytes.Repeat([]byte{0xaa}, 80), "Test Using Larger Than Block-Size Key - Hash Key First", "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
	} {
		k, err := hmac.NewKey(digest.SHA1, c.secret)
		if err != nil {
			t.Fatal(err)
		}
		if !k.Verify(wycheproof.Hex(t, c.want), c.message) {
			t.Errorf("%q is refused", c.message)
		}
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
	k, err := hmac.NewKey(digest.SHA256, bytes.Repeat([]byte("k"), 32))
	if err != nil {
		b.Fatal(err)
	}
	mac := make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		k.Verify(mac, message)
	}
}
