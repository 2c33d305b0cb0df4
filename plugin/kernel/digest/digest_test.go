package digest_test

import (
	"bytes"
	stdmd5 "crypto/md5"
	stdsha1 "crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"strings"
	"testing"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

var all = []struct {
	name string
	hash digest.Hash
	std  func() hash.Hash
}{
	{"MD5", digest.MD5, stdmd5.New},
	{"SHA-1", digest.SHA1, stdsha1.New},
	{"SHA-256", digest.SHA256, sha256.New},
	{"SHA-384", digest.SHA384, sha512.New384},
	{"SHA-512", digest.SHA512, sha512.New},
}

func reference(std func() hash.Hash, message []byte) []byte {
	h := std()
	h.Write(message)
	return h.Sum(nil)
}

// The examples that the specifications print.
func TestPublishedExamples(t *testing.T) {
	million := strings.Repeat("a", 1_000_000)
	eighty := strings.Repeat("1234567890", 8)
	letters := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for _, c := range []struct {
		source  string
		hash    digest.Hash
		message string
		want    string
	}{
		{"RFC 1321 A.5", digest.MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
		{"RFC 1321 A.5", digest.MD5, "a", "0cc175b9c0f1b6a831c399e269772661"},
		{"RFC 1321 A.5", digest.MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
		{"RFC 1321 A.5", digest.MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{"RFC 1321 A.5", digest.MD5, "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
		{"RFC 1321 A.5", digest.MD5, letters, "d174ab98d277d9f5a5611c2c9f419d9f"},
		{"RFC 1321 A.5", digest.MD5, eighty, "57edf4a22be3c955ac49da2e2107b67a"},
		{"RFC 3174 §7.3 test 1", digest.SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"RFC 3174 §7.3 test 2", digest.SHA1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
		{"RFC 3174 §7.3 test 3", digest.SHA1, million, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
		{"RFC 3174 §7.3 test 4", digest.SHA1, strings.Repeat("0123456701234567012345670123456701234567012345670123456701234567", 10), "dea356a2cddd90c7a7ecedc5ebb563934f460452"},
		{"FIPS 180-2 B.1", digest.SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"FIPS 180-2 B.3", digest.SHA256, million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
		{"FIPS 180-2 D.1", digest.SHA384, "abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
		{"FIPS 180-2 C.1", digest.SHA512, "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
	} {
		if got := hex.EncodeToString(c.hash.Append(nil, c.message)); got != c.want {
			t.Errorf("%s, %.20q: %s, want %s", c.source, c.message, got, c.want)
		}
	}
}

// pattern is bytes that no block repeats.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

func TestEveryLengthOverTwoBlocks(t *testing.T) {
	message := pattern(300)
	for _, h := range all {
		for n := range len(message) {
			if got := h.hash.Append([]byte("x"), string(message[:n])); string(got) != "x"+string(reference(h.std, message[:n])) {
				t.Fatalf("%s of %d bytes differs", h.name, n)
			}
		}
	}
}

func TestEverySplitInTwoAndThree(t *testing.T) {
	message := pattern(280)
	for _, h := range all {
		want := reference(h.std, message)
		for first := range len(message) + 1 {
			for _, second := range []int{first, min(first+1, len(message)), min(first+63, len(message)), (first + len(message)) / 2, len(message)} {
				var s digest.State
				s.Reset(h.hash)
				s.Write(message[:first])
				s.WriteString(string(message[first:second]))
				s.Write(message[second:])
				if got := s.Append(nil); !bytes.Equal(got, want) {
					t.Fatalf("%s split at %d and %d differs", h.name, first, second)
				}
			}
		}
	}
}

func TestACopyGoesItsOwnWay(t *testing.T) {
	message := pattern(200)
	for _, h := range all {
		var s digest.State
		s.Reset(h.hash)
		for i := range message {
			if i > 0 {
				copied := s
				copied.WriteString("other")
				if got, want := copied.Append(nil), reference(h.std, append(bytes.Clone(message[:i]), "other"...)); !bytes.Equal(got, want) {
					t.Fatalf("%s: the copy after %d bytes differs", h.name, i)
				}
			}
			s.Write(message[i : i+1])
		}
		if got := s.Append(nil); !bytes.Equal(got, reference(h.std, message)) {
			t.Errorf("%s byte by byte differs", h.name)
		}
	}
}

// What was hashed may be a secret, and a state waits in memory that outlives a request.
func TestADigestLeavesNothingInItsState(t *testing.T) {
	for _, h := range all {
		var s digest.State
		s.Reset(h.hash)
		if s.Hash() != h.hash {
			t.Errorf("%s: the state says %d", h.name, s.Hash())
		}
		s.WriteString("secret")
		s.Append(nil)
		if s != (digest.State{}) {
			t.Errorf("%s: the state is not wiped", h.name)
		}
		s.WriteString("more")
		if got := s.Append([]byte("x")); string(got) != "x" {
			t.Errorf("%s: a state that is used up has the digest %x", h.name, got)
		}
	}
}

func TestNoneIsEmpty(t *testing.T) {
	var s digest.State
	s.WriteString("a")
	if got := digest.None.Append([]byte("x"), "abc"); string(got) != "x" || len(s.Append(nil)) != 0 || digest.None.Size() != 0 || digest.None.BlockSize() != 0 {
		t.Errorf("%q", got)
	}
	var m digest.Middle
	s.Resume(&m)
	s.WriteString("a")
	if got := s.Append(nil); len(got) != 0 || s.Middle() != (digest.Middle{}) {
		t.Errorf("the zero Middle has the digest %x", got)
	}
}

func TestSizesAreThoseOfTheLibrary(t *testing.T) {
	for _, h := range all {
		std := h.std()
		if h.hash.Size() != std.Size() || h.hash.BlockSize() != std.BlockSize() || std.Size() > digest.MaxSize || std.BlockSize() > digest.MaxBlockSize {
			t.Errorf("%s: %d and %d, library %d and %d", h.name, h.hash.Size(), h.hash.BlockSize(), std.Size(), std.BlockSize())
		}
	}
	if n := unsafe.Sizeof(digest.State{}); n > 208 {
		t.Errorf("a stream keeps %d bytes of state", n)
	}
}

func TestTheFamilyOfSHA2(t *testing.T) {
	for h, want := range map[digest.Hash]sha2.Hash{
		digest.None: sha2.None, digest.MD5: sha2.None, digest.SHA1: sha2.None,
		digest.SHA256: sha2.SHA256, digest.SHA384: sha2.SHA384, digest.SHA512: sha2.SHA512,
	} {
		if got := h.SHA2(); got != want || got.Size() != 0 && got.Size() != h.Size() {
			t.Errorf("%d is %d", h, got)
		}
	}
}

// A Middle goes on where whole blocks ended, as often as it is taken up, whatever the
// state was used for meanwhile; of a block begun it knows nothing.
func TestMiddle(t *testing.T) {
	message := pattern(640)
	for _, h := range all {
		for blocks := range 3 {
			for _, begun := range []int{0, 1, h.hash.BlockSize() - 1} {
				whole := blocks * h.hash.BlockSize()
				var s digest.State
				s.Reset(h.hash)
				s.Write(message[:whole+begun])
				middle := s.Middle()
				for range 2 {
					s.Resume(&middle)
					s.Write(message[whole:])
					if got := s.Append(nil); !bytes.Equal(got, reference(h.std, message)) {
						t.Errorf("%s after %d blocks and %d bytes differs", h.name, blocks, begun)
					}
				}
			}
		}
	}
}

func TestEqual(t *testing.T) {
	for n := range 70 {
		a := pattern(n)
		if !digest.Equal(a, bytes.Clone(a)) {
			t.Errorf("%d bytes differ from themselves", n)
		}
		if digest.Equal(a, append(bytes.Clone(a), 0)) || digest.Equal(append(bytes.Clone(a), 0), a) {
			t.Errorf("%d bytes equal one more", n)
		}
		for bit := range 8 * n {
			b := bytes.Clone(a)
			b[bit/8] ^= 1 << (bit % 8)
			if digest.Equal(a, b) {
				t.Errorf("%d bytes: bit %d makes no difference", n, bit)
			}
		}
	}
}

func TestNoAllocation(t *testing.T) {
	dst := make([]byte, 0, digest.MaxSize)
	for _, h := range all {
		if n := testing.AllocsPerRun(50, func() { h.hash.Append(dst, "a", "b") }); n != 0 {
			t.Errorf("%s: %v allocations", h.name, n)
		}
	}
}

// FuzzDigest cuts a message in three, and the first piece of it in blocks by a Middle.
func FuzzDigest(f *testing.F) {
	f.Add([]byte(""), 0, 0)
	f.Add(bytes.Repeat([]byte("a"), 119), 55, 56)
	f.Add(bytes.Repeat([]byte{0xff}, 256), 63, 128)
	f.Add(pattern(240), 111, 112)
	f.Fuzz(func(t *testing.T, message []byte, first, second int) {
		first, second = min(max(first, 0), len(message)), min(max(second, 0), len(message))
		if first > second {
			first, second = second, first
		}
		for _, h := range all {
			want := reference(h.std, message)
			var s digest.State
			s.Reset(h.hash)
			s.Write(message[:first])
			middle := s.Middle()
			s.WriteString(string(message[first:second]))
			s.Write(message[second:])
			if got := s.Append(nil); !bytes.Equal(got, want) {
				t.Fatalf("%s of %d bytes cut at %d and %d differs", h.name, len(message), first, second)
			}
			s.Resume(&middle)
			s.Write(message[first/h.hash.BlockSize()*h.hash.BlockSize():])
			if got := s.Append(nil); !bytes.Equal(got, want) {
				t.Fatalf("%s of %d bytes resumed after %d differs", h.name, len(message), first)
			}
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	message := strings.Repeat("x", 8192)
	dst := make([]byte, 0, digest.MaxSize)
	for _, h := range all {
		b.Run(h.name, func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			b.ReportAllocs()
			for b.Loop() {
				h.hash.Append(dst, message)
			}
		})
	}
}
