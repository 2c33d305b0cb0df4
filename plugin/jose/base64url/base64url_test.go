package base64url_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/base64url"
)

var library = base64.RawURLEncoding.Strict()

// checker compares with the library's strict decoder, which skips line breaks: a text
// with one is to be refused whatever the library says.
type checker struct{ want, got [256]byte }

func (c *checker) check(t *testing.T, text []byte) {
	t.Helper()
	n, err := library.Decode(c.want[:], text)
	ok := err == nil && bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0
	c.got[0] = 'x'
	got, gotOK := base64url.Append(c.got[:1], string(text))
	if gotOK != ok {
		t.Fatalf("%q: %v, library %v", text, gotOK, ok)
	}
	if got[0] != 'x' || ok && !bytes.Equal(got[1:], c.want[:n]) || !ok && len(got) != 1 {
		t.Fatalf("%q: %x, library %x", text, got[1:], c.want[:n])
	}
}

// E-10: all lengths from 0 to 260, and all 256 bytes at all positions of the shortest
// and the longest, four of each tail.
func TestEveryLengthEveryByteEveryPlace(t *testing.T) {
	var c checker
	for n := range 261 {
		text := bytes.Repeat([]byte("Az09-_Qg"), 33)[:n]
		c.check(t, text)
		if n > 16 && n < 245 {
			continue
		}
		for i := range text {
			kept := text[i]
			for b := range 256 {
				text[i] = byte(b)
				c.check(t, text)
			}
			text[i] = kept
		}
	}
}

func TestLaws(t *testing.T) {
	for _, c := range []struct {
		law  string
		text string
		want string
		ok   bool
	}{
		{"nothing decodes to nothing", "", "", true},
		{"two characters", "Zg", "f", true},
		{"three characters", "Zm8", "fo", true},
		{"four characters", "Zm9v", "foo", true},
		{"both special characters", "-_-_", "\xfb\xff\xbf", true},
		{"one character (E-02)", "Z", "", false},
		{"length 1 modulo 4 (E-02)", "Zm9vZ", "", false},
		{"padding (E-01)", "Zg==", "", false},
		{"one padding character (E-01)", "Zm8=", "", false},
		{"encoded padding (E-01)", "Zg%3D%3D", "", false},
		{"the other alphabet's plus (E-02)", "+_-_", "", false},
		{"the other alphabet's slash (E-02)", "-/-_", "", false},
		{"trailing bits of a tail of two (E-04)", "Zh", "", false},
		{"trailing bits of a tail of three (E-04)", "Zm9", "", false},
		{"a space (E-03)", "Zm 9v", "", false},
		{"a line break (E-03)", "Zm9v\r\n", "", false},
		{"a line break inside (E-03)", "Zm\n9v", "", false},
		{"a NUL", "Zm9\x00", "", false},
		{"a byte over 7F (E-08)", "Zm9\xff", "", false},
		{"a full-width letter", "Zm9ｖ", "", false},
	} {
		got, ok := base64url.Append(nil, c.text)
		if ok != c.ok || ok && string(got) != c.want {
			t.Errorf("%s: Append(%q) = %q, %v", c.law, c.text, got, ok)
		}
	}
}

func TestRoomIsUsed(t *testing.T) {
	room := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(20, func() {
		if _, ok := base64url.Append(room, "Zm9vYmFy"); !ok {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for n := range 300 {
		if got, want := base64url.DecodedLen(n), base64.RawURLEncoding.DecodedLen(n); got != want {
			t.Fatalf("DecodedLen(%d) = %d, want %d", n, got, want)
		}
	}
}

func FuzzBase64URL(f *testing.F) {
	for _, s := range []string{"", "Zg", "Zm8", "Zm9v", "Zg==", "Zh", "-_+/", "Zm\n9v"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c checker
		if len(text) <= 256 {
			c.check(t, []byte(text))
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	text := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte("x"), 768))
	room := make([]byte, 0, 1024)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		base64url.Append(room, text)
	}
}
