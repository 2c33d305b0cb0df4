package base64url_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/base64url"
)

// strict is the library's decoder, less the line breaks that it skips.
func strict(text string) ([]byte, bool) {
	for i := range len(text) {
		if text[i] == '\n' || text[i] == '\r' {
			return nil, false
		}
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return b, err == nil
}

func check(t *testing.T, text string) {
	t.Helper()
	want, wantOK := strict(text)
	got, ok := base64url.Append([]byte("x"), text)
	if ok != wantOK {
		t.Fatalf("%q: %v, library %v", text, ok, wantOK)
	}
	if got[0] != 'x' || ok && !bytes.Equal(got[1:], want) || !ok && len(got) != 1 {
		t.Fatalf("%q: %x, library %x", text, got[1:], want)
	}
}

// E-10: all lengths from 0 to 260, all 256 bytes at all positions.
func TestEveryLengthEveryByteEveryPlace(t *testing.T) {
	for n := range 261 {
		text := bytes.Repeat([]byte("Az09-_Qg"), 33)[:n]
		check(t, string(text))
		if n > 40 && n%16 > 4 && n < 255 {
			continue // all positions of every tail, long and short, are enough
		}
		for i := range text {
			kept := text[i]
			for c := range 256 {
				text[i] = byte(c)
				check(t, string(text))
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
	f.Fuzz(func(t *testing.T, text string) { check(t, text) })
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
