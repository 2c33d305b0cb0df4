package request

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
)

const unreservedBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~" // RFC 3986 §2.3

// TestEveryByteOfAPath: each byte in a path, as it is and encoded in both cases.
func TestEveryByteOfAPath(t *testing.T) {
	const visible = unreservedBytes + "!\"$%&'()*+,/:;<=>?@[]^`{|}"
	for b := range 256 {
		c := string([]byte{byte(b)})
		// As it is. What follows '?' is the query, so that byte ends the path; '%' needs digits.
		want := strings.Contains(visible, c) && c != "%"
		var v View
		if code := v.Read(get("/a"+c+"b"), PathRefuse); (code == reason.OK) != want {
			t.Errorf("byte %#02x: %s", b, code)
		}
		for _, e := range []string{fmt.Sprintf("%%%02x", b), fmt.Sprintf("%%%02X", b)} {
			want := b >= ' ' && b != 0x7f && c != "/" && c != "\\" && b != 0xc0 && b != 0xc1 && b < 0xf8
			code := v.Read(get("/a"+e+"b"), PathRefuse)
			if (code == reason.OK) != want {
				t.Errorf("%s: %s", e, code)
			}
			path := "/a" + e + "b"
			if strings.Contains(unreservedBytes, c) {
				path = "/a" + c + "b"
			}
			if want && v.Path != path {
				t.Errorf("%s: path %q", e, v.Path)
			}
			if got, ok := AppendDecoded(nil, e); !ok || string(got) != c || !EqualDecoded(e, c) {
				t.Errorf("%s decodes to %q", e, got)
			}
		}
	}
}

// TestEveryByteOfAQuery: only what ends a target or a line is refused there.
func TestEveryByteOfAQuery(t *testing.T) {
	for b := range 256 {
		c := string([]byte{byte(b)})
		want := b > ' ' && b != 0x7f && c != "#"
		var v View
		if code := v.Read(get("/a?b"+c+"c"), PathRefuse); (code == reason.OK) != want {
			t.Errorf("byte %#02x: %s", b, code)
		}
		if want && (v.Query != "b"+c+"c" || !v.HasQuery) {
			t.Errorf("byte %#02x: query %q", b, v.Query)
		}
	}
}

// TestEveryByteOfAnAuthority: RFC 3986 §3.2.2 without '@' and ','.
func TestEveryByteOfAnAuthority(t *testing.T) {
	const legal = unreservedBytes + ":[]%!$&'()*+;="
	for b := range 256 {
		c := string([]byte{byte(b)})
		var v View
		code := v.Read([]Header{{":method", "GET"}, {":authority", "a" + c}, {":path", "/"}}, PathRefuse)
		if (code == reason.OK) != strings.Contains(legal, c) {
			t.Errorf("byte %#02x: %s", b, code)
		}
	}
}

func TestHexDigits(t *testing.T) {
	const digits = "0123456789abcdefABCDEF"
	for b := range 256 {
		c := string([]byte{byte(b)})
		want := strings.Contains(digits, c)
		for _, e := range []string{"%4" + c, "%" + c + "4"} {
			if _, ok := AppendDecoded(nil, e); ok != want {
				t.Errorf("%q: %v", e, ok)
			}
			if got := string(AppendUnreserved(nil, e)); !want && got != e {
				t.Errorf("%q becomes %q", e, got)
			}
		}
	}
}

func TestOverlong(t *testing.T) {
	for _, c := range []struct {
		law, path string
		want      bool
	}{
		{"U+0800 is the first of three bytes", "/%e0%a0%80", true},
		{"below it", "/%e0%9f%bf", false},
		{"U+10000 is the first of four bytes", "/%f0%90%80%80", true},
		{"below it", "/%f0%8f%bf%bf", false},
		{"U+0080 is the first of two bytes", "/%c2%80", true},
		{"below it", "/%c1%bf", false},
		{"five bytes", "/%f8%88%80%80%80", false},
		{"the last plane", "/%f4%8f%bf%bf", true},
		{"other leads are free", "/%e1%80%80%f1%80%80%80", true},
		{"a lead at the end is Latin-1", "/%e0", true},
		{"a lead before something plain", "/%e0ab/%f0-80", true},
	} {
		if got := IsNormal(c.path); got != c.want {
			t.Errorf("%s: %s: %v", c.law, c.path, got)
		}
	}
}

func TestAppendUnreserved(t *testing.T) {
	for path, want := range map[string]string{
		"/%41%2f%2E": "/A%2f.", "/%4": "/%4", "/%": "/%", "/a%41": "/aA", "/%zz%41": "/%zzA", "/%2541": "/%2541", "": "", "%7e": "~", "/%20": "/%20",
	} {
		if got := string(AppendUnreserved([]byte("kept:"), path)); got != "kept:"+want {
			t.Errorf("%s becomes %s", path, got)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		law, in, want string
		mode          PathMode
	}{
		{"nothing to decode", "a+b", "a+b", PathRefuse},
		{"once", "%41%2541", "A%41", PathRefuse},
		{"malformed stays", "%41%4", "%41%4", PathNormalize},
		{"raw stays", "%41", "%41", PathRaw},
		{"empty", "", "", PathRefuse},
	} {
		v := View{mode: c.mode}
		if got := v.Decode(c.in); got != c.want {
			t.Errorf("%s: %q", c.law, got)
		}
		if got, want := v.IsParameter(c.in, c.want), c.in != "%41%4"; got != want {
			t.Errorf("%s as a name: %v", c.law, got)
		}
	}
	raw := View{mode: PathRaw}
	if raw.IsParameter("%41", "A") {
		t.Error("raw names stay")
	}
}

// TestLongTextsAreReadLikeShortOnes: what looks at several bytes at a time sees every
// byte at every place: in a path, in a query, in a header's value and in its name.
func TestLongTextsAreReadLikeShortOnes(t *testing.T) {
	const filler = "ghijklmnopqrstuvwxyz-_~GHIJKLMNOPQRSTUVWXYZghijklmnopqrstuvwxyz" // no hex digit
	for b := range 256 {
		c := string([]byte{byte(b)})
		var v View
		path := v.Read(get("/a"+c+"b"), PathRefuse)
		raw := v.Read(get("/a"+c+"b"), PathRaw)
		query := v.Read(get("/?a"+c+"b"), PathRefuse)
		value := v.Read(append(get("/"), Header{"x", "a" + c}), PathRefuse)
		name := v.Read(append(get("/"), Header{"a" + c, "x"}), PathRefuse)
		for place := range len(filler) {
			text := filler[:place] + c + filler[place:]
			for _, in := range []struct {
				what string
				got  reason.Code
				want reason.Code
			}{
				{"path", v.Read(get("/"+text), PathRefuse), path},
				{"raw path", v.Read(get("/"+text), PathRaw), raw},
				{"query", v.Read(get("/?"+text), PathRefuse), query},
				{"value", v.Read(append(get("/"), Header{"x", text}), PathRefuse), value},
				{"name", v.Read(append(get("/"), Header{text, "x"}), PathRefuse), name},
			} {
				if place == 0 && in.what == "path" && (c == "/" || c == "?") {
					continue // a path of two slashes, or of one
				}
				if in.got != in.want {
					t.Errorf("byte %#02x at %d of a %s: %s, in a short one %s", b, place, in.what, in.got, in.want)
				}
			}
		}
	}
}

// TestEveryNameIsFound: whatever is set aside by its length and ends is looked for in
// vain only if it is not there.
func TestEveryNameIsFound(t *testing.T) {
	lines := get("/")
	for i := range 300 {
		lines = append(lines, Header{fmt.Sprintf("X-%c%d-%s%c", 'a'+i%26, i, strings.Repeat("n", i%70), 'A'+i%26), "v"})
	}
	var v View
	if code := v.Read(lines, PathRefuse); code != reason.OK {
		t.Fatal(code)
	}
	for i, h := range lines {
		for _, name := range []string{h.Name, strings.ToLower(h.Name), strings.ToUpper(h.Name)} {
			if at, ok := v.Next(name, 0); !ok || at != i {
				t.Errorf("%s is found at %d, %v; want %d", name, at, ok, i)
			}
		}
		if _, ok := v.Next(h.Name+"x", 0); ok {
			t.Errorf("%sx is found", h.Name)
		}
	}
	if _, ok := v.Next("", 0); ok {
		t.Error("the empty name is found")
	}
}

// TestCleanSeesEveryByte puts each byte that must not be there, and its neighbours, at
// every place of texts of every length up to 70.
func TestCleanSeesEveryByte(t *testing.T) {
	for n := range 71 {
		text := bytes.Repeat([]byte{'x'}, n)
		if !clean(string(text)) {
			t.Fatalf("%d bytes x are not clean", n)
		}
		for i := range n {
			for c, dirty := range map[byte]bool{0: true, '\n': true, '\r': true, 1: false, '\t': false, 0x0b: false, 0x0e: false, 0x80: false, 0xff: false} {
				text[i] = c
				if clean(string(text)) == dirty {
					t.Fatalf("byte %#x at %d of %d: clean is %v", c, i, n, !dirty)
				}
			}
			text[i] = 'x'
		}
	}
}
