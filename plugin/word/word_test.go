package word_test

import (
	"bytes"
	"encoding/binary"
	"math/rand"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/word"
)

func TestAtIsLittleEndianEverywhere(t *testing.T) {
	text := make([]byte, 40)
	rand.New(rand.NewSource(1)).Read(text)
	for i := range len(text) - 7 {
		if got, want := word.At(string(text), i), binary.LittleEndian.Uint64(text[i:]); got != want {
			t.Errorf("at %d: %#x, want %#x", i, got, want)
		}
	}
}

// TestEveryByteAtEveryPlace holds the tests on whole words to the byte by byte answer,
// for every byte at every place, beside neighbours from which a borrow could come.
func TestEveryByteAtEveryPlace(t *testing.T) {
	for _, filler := range []byte{0, 1, 0x0d, 0x0e, 0x20, 0x7f, 0x80, 0xff} {
		for place := range 8 {
			for c := range 256 {
				text := bytes.Repeat([]byte{filler}, 8)
				text[place] = byte(c)
				x := word.At(string(text), 0)
				for _, n := range []byte{1, 0x0e, 0x21, 0x80} {
					want := bytes.IndexFunc(latin(text), func(r rune) bool { return r < rune(n) }) >= 0
					if got := word.Below(x, n) != 0; got != want {
						t.Fatalf("%x below %#x: %v", text, n, got)
					}
				}
				for _, n := range []byte{0, 0x1f, 0x7e, 0x7f} {
					want := bytes.IndexFunc(latin(text), func(r rune) bool { return r > rune(n) }) >= 0
					if got := word.Above(x, n) != 0; got != want {
						t.Fatalf("%x above %#x: %v", text, n, got)
					}
				}
				for _, b := range []byte{byte(c), filler, '.', 0, 0x7f, 0x80} {
					if got, want := word.Has(x, b) != 0, bytes.IndexByte(text, b) >= 0; got != want {
						t.Fatalf("%x has %#x: %v", text, b, got)
					}
				}
			}
		}
	}
}

// latin makes one rune of each byte.
func latin(b []byte) []byte {
	var out []byte
	for _, c := range b {
		out = append(out, string(rune(c))...)
	}
	return out
}

func TestShortHasEveryByte(t *testing.T) {
	for _, text := range []string{"abcd", "abcde", "abcdef", "abcdefg"} {
		want := text[:4] + text[len(text)-4:]
		if got := word.Short(text); got != word.At(want, 0) {
			t.Errorf("%q: %#x, want those of %q", text, got, want)
		}
	}
}

func TestEqualSeesEveryByte(t *testing.T) {
	for n := range 40 {
		a := strings.Repeat("x", n)
		if !word.Equal(a, string(append([]byte(nil), a...))) {
			t.Errorf("%d bytes are not equal to themselves", n)
		}
		if word.Equal(a, a+"x") || word.Equal(a+"x", a) {
			t.Errorf("%d bytes equal one more", n)
		}
		for i := range n {
			if b := a[:i] + "y" + a[i+1:]; word.Equal(a, b) || word.Equal(b, a) {
				t.Errorf("%d bytes: byte %d is not seen", n, i)
			}
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add("", byte(0))
	f.Add("abcdefgh.ijklmnop.", byte('.'))
	f.Add("\x01\x00\x00\x01\x00\x00\x00\x00", byte(1))
	f.Add("-.........", byte('.'))
	f.Fuzz(func(t *testing.T, s string, c byte) {
		if got, want := word.Index(s, c), strings.IndexByte(s, c); got != want {
			t.Errorf("%q in %q: %d, want %d", c, s, got, want)
		}
	})
}
