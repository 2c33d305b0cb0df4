package sha1_test

import (
	"bytes"
	std "crypto/sha1"
	"encoding"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/sha1"
)

// after is the library's state after whole blocks, which it tells in its marshalled form:
// four bytes of name, then the words.
func after(t *testing.T, p []byte) [5]uint32 {
	t.Helper()
	h := std.New()
	h.Write(p)
	marshalled, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil || !bytes.HasPrefix(marshalled, []byte("sha\x01")) {
		t.Fatalf("%.4q, %v", marshalled, err)
	}
	var words [5]uint32
	for i := range words {
		words[i] = binary.BigEndian.Uint32(marshalled[4+4*i:])
	}
	return words
}

func TestStatesAreTheLibrarysAfterEveryBlock(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	p := make([]byte, 32*sha1.BlockSize)
	for range 20 {
		_, _ = random.Read(p) // never fails
		state := sha1.Initial()
		for n := 0; n < len(p); n += sha1.BlockSize {
			if state != after(t, p[:n]) {
				t.Fatalf("%x after %d bytes", state, n)
			}
			sha1.Blocks(&state, p[n:n+sha1.BlockSize])
		}
		at := sha1.Initial()
		sha1.Blocks(&at, p)
		if at != state || at != after(t, p) {
			t.Fatal("many blocks differ from one by one")
		}
	}
}

func TestBytesAfterTheLastBlockAreLeft(t *testing.T) {
	p := bytes.Repeat([]byte{7}, 3*sha1.BlockSize)
	for n := range p {
		state := sha1.Initial()
		sha1.Blocks(&state, p[:n])
		if want := after(t, p[:n/sha1.BlockSize*sha1.BlockSize]); state != want {
			t.Fatalf("%d bytes: %x, want %x", n, state, want)
		}
	}
}

func TestSizes(t *testing.T) {
	if sha1.Size != std.Size || sha1.BlockSize != std.BlockSize {
		t.Errorf("%d and %d", sha1.Size, sha1.BlockSize)
	}
}

func FuzzBlocks(f *testing.F) {
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0}, 64))
	f.Add(bytes.Repeat([]byte{0xff}, 200))
	f.Fuzz(func(t *testing.T, p []byte) {
		state := sha1.Initial()
		sha1.Blocks(&state, p)
		if want := after(t, p[:len(p)/sha1.BlockSize*sha1.BlockSize]); state != want {
			t.Fatalf("%x, want %x", state, want)
		}
	})
}

func BenchmarkBlocks(b *testing.B) {
	p := make([]byte, 8192)
	state := sha1.Initial()
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		sha1.Blocks(&state, p)
	}
}
