package rsa_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	stdrsa "crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

func TestSHA1AgainstLibrary(t *testing.T) {
	for _, private := range keys() {
		k := made(t, private)
		digest := sha1.Sum([]byte("message"))
		signature, err := stdrsa.SignPKCS1v15(nil, private, crypto.SHA1, digest[:])
		if err != nil || !k.VerifyPKCS1SHA1(digest[:], signature) {
			t.Fatalf("%d bits: the library's signature is refused: %v", k.Bits(), err)
		}
		for bit := range 8 * len(signature) {
			if bit%61 != 0 && bit > 64 {
				continue
			}
			bad := bytes.Clone(signature)
			bad[bit/8] ^= 1 << (bit % 8)
			if k.VerifyPKCS1SHA1(digest[:], bad) {
				t.Errorf("%d bits: bit %d flipped and accepted", k.Bits(), bit)
			}
		}
		for bit := range 8 * len(digest) {
			digest[bit/8] ^= 1 << (bit % 8)
			if k.VerifyPKCS1SHA1(digest[:], signature) {
				t.Errorf("%d bits: the signature fits another digest, bit %d", k.Bits(), bit)
			}
			digest[bit/8] ^= 1 << (bit % 8)
		}
		for law, bad := range map[string][]byte{
			"no bytes": nil, "a byte cut (M-13)": signature[1:], "a zero in front (M-08)": append([]byte{0}, signature...), "a zero behind (M-08)": append(bytes.Clone(signature), 0),
		} {
			if k.VerifyPKCS1SHA1(digest[:], bad) {
				t.Errorf("%s: accepted", law)
			}
		}
	}
}

// SHA-1 is let in by its own door only, and nothing else by it.
func TestSHA1HasADoorOfItsOwn(t *testing.T) {
	private := keys()[0]
	k := made(t, private)
	weak := sha1.Sum([]byte("message"))
	strong := sha256.Sum256([]byte("message"))
	byWeak, err := stdrsa.SignPKCS1v15(nil, private, crypto.SHA1, weak[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hashes {
		if k.VerifyPKCS1(h.hash, weak[:], byWeak) || k.VerifyPKCS1(h.hash, h.hash.Append(nil, "message"), byWeak) || k.VerifyPSS(h.hash, weak[:], byWeak) {
			t.Errorf("a signature over SHA-1 passes as %s", h.name)
		}
	}
	if k.VerifyPKCS1(sha2.None, weak[:], byWeak) {
		t.Error("a signature over SHA-1 passes as one over nothing")
	}
	byStrong, err := stdrsa.SignPKCS1v15(nil, private, crypto.SHA256, strong[:])
	if err != nil {
		t.Fatal(err)
	}
	bare, err := stdrsa.SignPKCS1v15(nil, private, crypto.Hash(0), weak[:]) // no DigestInfo
	if err != nil {
		t.Fatal(err)
	}
	salted, err := stdrsa.SignPSS(rand.Reader, private, crypto.SHA1, weak[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	for law, c := range map[string][2][]byte{
		"over SHA-256":                {strong[:], byStrong},
		"over SHA-256, its beginning": {strong[:20], byStrong},
		"over nothing":                {nil, byWeak},
		"over a bare digest":          {weak[:], bare},
		"by PSS":                      {weak[:], salted},
	} {
		if k.VerifyPKCS1SHA1(c[0], c[1]) {
			t.Errorf("%s: accepted as SHA-1", law)
		}
	}
}

// A text that is no digest has no signature, though a signer may be talked into one.
func TestSHA1DigestsAreOfTwentyBytes(t *testing.T) {
	private := keys()[0]
	k := made(t, private)
	size := len(private.N.Bytes())
	for _, n := range []int{0, 1, 19, 20, 21, 32, 200} {
		digest := bytes.Repeat([]byte{7}, n)
		tail := append([]byte("\x00\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"), digest...)
		block := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-2-len(tail))...)
		block = append(block, tail...)
		signature := new(big.Int).Exp(new(big.Int).SetBytes(block), private.D, private.N).FillBytes(make([]byte, size))
		if got := k.VerifyPKCS1SHA1(digest, signature); got != (n == 20) {
			t.Errorf("%d bytes: %v", n, got)
		}
	}
}

// Blocks of every wrong form, signed with the private key (M-09, M-10).
func TestSHA1ForgedBlocks(t *testing.T) {
	private := keys()[0]
	k := made(t, private)
	digest := sha1.Sum([]byte("m"))
	size := len(private.N.Bytes())
	// RFC 8017 §9.2 note 1 for the right one.
	info := append([]byte("\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"), digest[:]...)
	noNull := append([]byte("\x30\x1f\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a\x04\x14"), digest[:]...)
	long := append([]byte("\x30\x81\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"), digest[:]...)
	ripemd := append([]byte("\x30\x21\x30\x09\x06\x05\x2b\x24\x03\x02\x01\x05\x00\x04\x14"), digest[:]...)
	block := func(kind byte, fill int, tail []byte) []byte {
		b := append([]byte{0, kind}, bytes.Repeat([]byte{0xff}, fill)...)
		b = append(append(b, 0), tail...)
		return append(b, make([]byte, size-len(b))...)
	}
	for _, c := range []struct {
		law   string
		block []byte
		ok    bool
	}{
		{"the one right block", block(1, size-3-len(info), info), true},
		{"zeros behind (M-09)", block(1, 8, info), false},
		{"one FF too few (M-09)", block(1, size-4-len(info), info), false},
		{"block type 2", block(2, size-3-len(info), info), false},
		{"no NULL (M-10)", block(1, size-3-len(noNull), noNull), false},
		{"BER long length (M-10)", block(1, size-3-len(long), long), false},
		{"another hash of equal length (M-10)", block(1, size-3-len(ripemd), ripemd), false},
		{"the bare digest", block(1, size-3-len(digest), digest[:]), false},
	} {
		signature := new(big.Int).Exp(new(big.Int).SetBytes(c.block), private.D, private.N).FillBytes(make([]byte, size))
		if got := k.VerifyPKCS1SHA1(digest[:], signature); got != c.ok {
			t.Errorf("%s: %v", c.law, got)
		}
	}
}
