package sha2_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

func reference(h sha2.Hash, message []byte) []byte {
	switch h {
	case sha2.SHA256:
		sum := sha256.Sum256(message)
		return sum[:]
	case sha2.SHA384:
		sum := sha512.Sum384(message)
		return sum[:]
	case sha2.SHA512:
		sum := sha512.Sum512(message)
		return sum[:]
	case sha2.None:
	}
	return nil
}

var all = []sha2.Hash{sha2.SHA256, sha2.SHA384, sha2.SHA512}

// FIPS 180-4's examples, as published in FIPS 180-2 appendices B to D.
func TestPublishedExamples(t *testing.T) {
	for _, c := range []struct {
		hash      sha2.Hash
		message   string
		wantStart string
	}{
		{sha2.SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{sha2.SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{sha2.SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{sha2.SHA384, "abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
		{sha2.SHA512, "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{sha2.SHA256, strings.Repeat("a", 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
	} {
		if got := hex.EncodeToString(c.hash.Append(nil, c.message)); got != c.wantStart {
			t.Errorf("%v of %.20q: %s, want %s", c.hash, c.message, got, c.wantStart)
		}
	}
}

func TestEveryLengthOverTwoBlocks(t *testing.T) {
	message := make([]byte, 300)
	for i := range message {
		message[i] = byte(i * 7)
	}
	for _, h := range all {
		for n := range len(message) {
			if got := h.Append(nil, string(message[:n])); !bytes.Equal(got, reference(h, message[:n])) {
				t.Fatalf("%v of %d bytes differs", h, n)
			}
		}
	}
}

func TestPiecesMakeNoDifference(t *testing.T) {
	message := bytes.Repeat([]byte("0123456789abcde"), 20)
	for _, h := range all {
		want := reference(h, message)
		for cut := range len(message) {
			if got := h.Append([]byte("x"), string(message[:cut]), "", string(message[cut:])); string(got) != "x"+string(want) {
				t.Fatalf("%v cut at %d differs", h, cut)
			}
		}
		var s sha2.State
		s.Reset(h)
		for i := range message {
			copied := s // a copy goes its own way
			copied.WriteString("other")
			s.Write(message[i : i+1])
		}
		if got := s.Append(nil); !bytes.Equal(got, want) {
			t.Errorf("%v byte by byte differs", h)
		}
	}
}

func TestNoneIsEmpty(t *testing.T) {
	var s sha2.State
	s.WriteString("a")
	if got := sha2.None.Append([]byte("x"), "abc"); string(got) != "x" || len(s.Append(nil)) != 0 || sha2.None.Size() != 0 {
		t.Errorf("%q", got)
	}
}

func TestNoAllocation(t *testing.T) {
	dst := make([]byte, 0, sha2.MaxSize)
	for _, h := range all {
		if n := testing.AllocsPerRun(50, func() { h.Append(dst, "a", "b") }); n != 0 {
			t.Errorf("%v: %v allocations", h, n)
		}
	}
}

func FuzzSHA2(f *testing.F) {
	f.Add([]byte(""), 0)
	f.Add(bytes.Repeat([]byte("a"), 119), 64)
	f.Add(bytes.Repeat([]byte{0xff}, 256), 128)
	f.Fuzz(func(t *testing.T, message []byte, cut int) {
		if cut < 0 || cut > len(message) {
			cut = 0
		}
		for _, h := range all {
			if got := h.Append(nil, string(message[:cut]), string(message[cut:])); !bytes.Equal(got, reference(h, message)) {
				t.Fatalf("%v of %d bytes cut at %d differs", h, len(message), cut)
			}
		}
	})
}

func BenchmarkSHA2(b *testing.B) {
	message := strings.Repeat("x", 8192)
	dst := make([]byte, 0, sha2.MaxSize)
	for _, c := range []struct {
		name string
		hash sha2.Hash
	}{{"SHA256", sha2.SHA256}, {"SHA384", sha2.SHA384}, {"SHA512", sha2.SHA512}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			b.ReportAllocs()
			for b.Loop() {
				c.hash.Append(dst, message)
			}
		})
	}
}

// A Middle goes on where whole blocks ended, as often as it is taken up, whatever the state
// was used for meanwhile; of a block begun it knows nothing.
func TestMiddle(t *testing.T) {
	message := bytes.Repeat([]byte("0123456789abcdef"), 40)
	for _, h := range all {
		for blocks := range 3 {
			for _, begun := range []int{0, 1, h.BlockSize() - 1} {
				whole := blocks * h.BlockSize()
				var s sha2.State
				s.Reset(h)
				s.Write(message[:whole+begun])
				middle := s.Middle()
				for range 2 {
					s.Resume(&middle)
					s.Write(message[whole:])
					if got := s.Append(nil); !bytes.Equal(got, reference(h, message)) {
						t.Errorf("%v after %d blocks and %d bytes differs", h, blocks, begun)
					}
				}
			}
		}
	}
	var s sha2.State
	s.Reset(sha2.SHA256)
	s.Resume(&sha2.Middle{})
	if got := s.Append(nil); len(got) != 0 {
		t.Errorf("the zero Middle has a digest of %d bytes", len(got))
	}
}
