package form_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// TestB10HexIsOfEitherCase and of nothing else.
func TestB10HexIsOfEitherCase(t *testing.T) {
	for s, want := range map[string]string{"": "", "00ff": "\x00\xff", "AbCd": "\xab\xcd"} {
		if got, ok := form.Hex(nil, s); !ok || string(got) != want {
			t.Errorf("%q: %x %v", s, got, ok)
		}
	}
	for _, s := range []string{"0", "0x00", "0g", "g0", " 0", "00 ", "0\n", "00f", "é"} {
		if got, ok := form.Hex([]byte("kept"), s); ok || string(got) != "kept" {
			t.Errorf("%q is taken: %x", s, got)
		}
	}
}

// TestB10Base64HasOneText: padding as the alphabet has it, no white space, no trailing bits.
func TestB10Base64HasOneText(t *testing.T) {
	for _, c := range []struct {
		s        string
		alphabet form.Alphabet
		want     string
		ok       bool
	}{
		{"", form.Std, "", true},
		{"", form.StdPadded, "", true},
		{"+/8", form.Std, "\xfb\xff", true},
		{"+/8=", form.StdPadded, "\xfb\xff", true},
		{"+/8=", form.StdAny, "\xfb\xff", true},
		{"+/8", form.StdAny, "\xfb\xff", true},
		{"-_8", form.URL, "\xfb\xff", true},
		{"-_8=", form.URLPadded, "\xfb\xff", true},
		{"-_8=", form.URLAny, "\xfb\xff", true},
		{"-_8", form.URLAny, "\xfb\xff", true},
		{"+/8=", form.Std, "", false},
		{"+/8", form.StdPadded, "", false},
		{"-_8", form.Std, "", false},
		{"+/8", form.URL, "", false},
		{"-_8", form.URLPadded, "", false},
		{"+/9=", form.StdAny, "", false}, // trailing bits
		{"AB", form.StdAny, "", false},
		{"AA==", form.StdAny, "\x00", true},
		{"AA=", form.StdAny, "", false},
		{"A===", form.StdAny, "", false},
		{"A", form.StdAny, "", false},
		{"=", form.StdAny, "", false},
		{"==", form.StdAny, "", false},
		{"====", form.StdAny, "", false},
		{"AAAA==", form.StdAny, "", false},
		{"AAAA====", form.StdAny, "", false},
		{"AA==AA==", form.StdAny, "", false},
		{"AA =", form.StdAny, "", false},
		{"AAA\n", form.StdAny, "", false},
		{"AAAA\n", form.StdAny, "", false},
		{"AAAA", form.Alphabet(9), "", false},
	} {
		got, ok := form.Base64([]byte("."), c.s, c.alphabet)
		if ok != c.ok || string(got) != "."+c.want {
			t.Errorf("%q %d: %x %v", c.s, c.alphabet, got, ok)
		}
	}
}

func TestUnixTimesAreDigits(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1767225600": 1767225600e9, "01": 1e9, "99999999999": math.MaxInt64, "9223372036": 9223372036e9, "9223372037": math.MaxInt64,
	} {
		if got, ok := form.Unix(s); !ok || got != want {
			t.Errorf("%q: %d %v", s, got, ok)
		}
	}
	for s, want := range map[string]int64{"1767225600123": 1767225600123e6, "99999999999999": math.MaxInt64} {
		if got, ok := form.UnixMilli(s); !ok || got != want {
			t.Errorf("%q: %d %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "+1", "-1", " 1", "1 ", "1.0", "1e9", "0x1", "１", "1767225600123456", strings.Repeat("9", 40),
		"18446744073709551617", "1_0", "a", "/", ":",
	} {
		if got, ok := form.Unix(s); ok {
			t.Errorf("%q is taken: %d", s, got)
		}
		if got, ok := form.UnixMilli(s); ok {
			t.Errorf("%q is taken in ms: %d", s, got)
		}
	}
	if _, ok := form.Unix("176722560012"); ok {
		t.Error("twelve digits are taken")
	}
}

// TestDatesAreThoseOfTheCalendar: every day that there is, and no other.
func TestDatesAreThoseOfTheCalendar(t *testing.T) {
	at := time.Date(1970, 1, 1, 23, 59, 58, 0, time.UTC)
	for ; at.Year() < 2262; at = at.AddDate(0, 0, 1) {
		want := at.UnixNano()
		for layout, read := range map[string]func(string) (int64, bool){
			time.RFC3339: form.RFC3339, http.TimeFormat: form.HTTPDate, "20060102T150405Z": form.ISOBasic,
		} {
			if got, ok := read(at.Format(layout)); !ok || got != want {
				t.Fatalf("%s: %d %v, want %d", at.Format(layout), got, ok, want)
			}
		}
	}
}

func TestRFC3339(t *testing.T) {
	for s, want := range map[string]string{
		"2021-03-25T05:09:27Z":                "2021-03-25T05:09:27Z",
		"2021-03-25T05:09:27.1Z":              "2021-03-25T05:09:27.1Z",
		"2021-03-25T05:09:27.000000001Z":      "2021-03-25T05:09:27.000000001Z",
		"2021-03-25T05:09:27+02:30":           "2021-03-25T02:39:27Z",
		"2021-03-25T05:09:27.123456789-23:59": "2021-03-26T05:08:27.123456789Z",
		"2021-03-25T05:09:27+00:00":           "2021-03-25T05:09:27Z",
		"1970-01-01T00:00:00Z":                "1970-01-01T00:00:00Z",
		"2000-02-29T00:00:00Z":                "2000-02-29T00:00:00Z",
	} {
		at, err := time.Parse(time.RFC3339Nano, want)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := form.RFC3339(s); !ok || got != at.UnixNano() {
			t.Errorf("%s: %d %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "2021-03-25", "2021-03-25T05:09:27", "2021-03-25t05:09:27Z", "2021-03-25T05:09:27z", "2021-03-25 05:09:27Z",
		"2021-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2021-04-31T00:00:00Z", "2021-13-01T00:00:00Z", "2021-00-01T00:00:00Z",
		"2021-01-00T00:00:00Z", "2021-01-01T24:00:00Z", "2021-01-01T00:60:00Z", "2016-12-31T23:59:60Z", "2021-01-01T00:00:00.Z",
		"2021-01-01T00:00:00.1234567890Z", "2021-01-01T00:00:00,5Z", "2021-01-01T00:00:00+24:00", "2021-01-01T00:00:00+0000",
		"2021-01-01T00:00:00+00:60", "2021-01-01T00:00:00+00", "2021-01-01T00:00:00+00:00 ", " 2021-01-01T00:00:00Z", "2021-01-01T00:00:00ZZ",
		"1969-12-31T23:59:59Z", "2262-01-01T00:00:00Z", "1970-01-01T00:00:00+00:01", "21-01-01T00:00:00Z", "+2021-01-01T00:00:00Z", "2021-1-1T0:0:0Z",
		"2021-01-01T00:00:00", "2021-01-01T00:00:00.5", "2021-01-01T00:00",
	} {
		if got, ok := form.RFC3339(s); ok {
			t.Errorf("%q is taken: %d", s, got)
		}
	}
}

func TestDatesHaveOneForm(t *testing.T) {
	for _, s := range []string{
		"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 +0000", "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun,06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT",
		"Sun, 06 Nov 1994 08:49:37GMT", "Xxx, 06 Nov 1994 08:49:37 GMT", "unM, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994", "Su",
	} {
		if got, ok := form.HTTPDate(s); ok {
			t.Errorf("%q is taken: %d", s, got)
		}
	}
	if got, ok := form.HTTPDate("Mon, 09 Sep 2011 23:36:00 GMT"); !ok || got != 1315611360e9 {
		t.Errorf("SigV4's examples have a Friday that is called Monday: %d %v", got, ok)
	}
	for _, s := range []string{
		"", "2013-05-24T00:00:00Z", "20130524T000000", "20130524t000000Z", "20130524T000000z", "20130524T000000ZZ", "20130524T0000Z",
		"20130524T000000+00", "20130532T000000Z", "20130524T240000Z", " 20130524T000000Z", "20130524",
	} {
		if got, ok := form.ISOBasic(s); ok {
			t.Errorf("%q is taken: %d", s, got)
		}
	}
}

func TestPercentEncoding(t *testing.T) {
	if got := form.AppendEscaped(nil, "aZ09-._~ /+%\x00é"); string(got) != "aZ09-._~%20%2F%2B%25%00%C3%A9" {
		t.Errorf("%s", got)
	}
	for _, s := range []string{"%", "%4", "%4g", "%g4", "a%", "%%41", "% 1"} {
		if got, ok := form.Unescape([]byte("kept"), s); ok || string(got) != "kept" {
			t.Errorf("%q is taken: %s", s, got)
		}
		if _, ok := form.UnescapeForm(nil, s); ok {
			t.Errorf("%q is taken in a form", s)
		}
	}
	if got, ok := form.Unescape(nil, "a+b%2b%2B%20"); !ok || string(got) != "a+b++ " {
		t.Errorf("%q", got)
	}
	if got, ok := form.UnescapeForm(nil, "a+b%2b%2B%20"); !ok || string(got) != "a b++ " {
		t.Errorf("%q", got)
	}
}

// TestPairsAreThePiecesBetweenAmpersands: nothing of the text is lost.
func TestPairsAreThePiecesBetweenAmpersands(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "a": {"a|a|-"}, "a=": {"a=|a|"}, "a=b=c": {"a=b=c|a|b=c"}, "=b": {"=b||b"}, "&": {"||-", "||-"},
		"a&": {"a|a|-", "||-"}, "&&a=1": {"||-", "||-", "a=1|a|1"}, "a;b=1": {"a;b=1|a;b|1"},
	} {
		var got []string
		for p := form.Walk(text); p.Next(); {
			value := "-"
			if p.HasValue {
				value = p.Value
			}
			got = append(got, p.Text+"|"+p.Name+"|"+value)
			if text[p.At:p.At+len(p.Text)] != p.Text {
				t.Errorf("%q: %q is not at %d", text, p.Text, p.At)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestD25NamesAreDecoded: %53ignature is Signature, once decoded and not twice.
func TestD25NamesAreDecoded(t *testing.T) {
	for _, c := range []struct {
		text, name, value string
		n                 int
	}{
		{"Signature=a", "Signature", "a", 1},
		{"%53ignature=a&Signature=b", "Signature", "a", 2},
		{"%2553ignature=a", "Signature", "", 0},
		{"signature=a", "Signature", "", 0},
		{"Signature", "Signature", "", 1},
		{"Signatures=a&Sig=b&=c", "Signature", "", 0},
		{"x=Signature=a", "Signature", "", 0},
		{"Signature=%41", "Signature", "%41", 1},
	} {
		if value, n := form.Find(c.text, c.name); value != c.value || n != c.n {
			t.Errorf("%q: %q %d", c.text, value, n)
		}
	}
}

func TestOneCountsLines(t *testing.T) {
	var v request.View
	v.Read([]request.Header{
		{Name: ":method", Value: "GET"}, {Name: ":path", Value: "/"}, {Name: "X-A", Value: "1"}, {Name: "x-a", Value: "2"}, {Name: "x-b", Value: ""},
	}, request.PathRaw)
	for name, want := range map[string]string{"x-a": "1/2", "x-b": "/1", "x-c": "/0"} {
		value, n := form.One(&v, name)
		if got := value + "/" + string(rune('0'+n)); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestLetters(t *testing.T) {
	if got := form.Trim(" \t a\t b \t"); got != "a\t b" || form.Trim(" \t") != "" || form.Trim("\na\v") != "\na\v" {
		t.Errorf("%q", got)
	}
	if got := form.Upper(form.Lower([]byte("x"), "AZaz@[É"), "AZaz`{é"); string(got) != "xazaz@[ÉAZAZ`{é" {
		t.Errorf("%s", got)
	}
	if form.Bytes(nil) != "" || form.Bytes([]byte("a")) != "a" {
		t.Error("bytes")
	}
}

func FuzzEncodings(f *testing.F) {
	for _, s := range []string{"", "00", "AA==", "-_8", "+/8=", "=", "a=b", "%41+", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		check := func(name string, got []byte, ok bool, want []byte, err error) {
			if ok != (err == nil) || ok && !bytes.Equal(got, want) {
				t.Fatalf("%s %q: %x %v, want %x %v", name, s, got, ok, want, err)
			}
		}
		got, ok := form.Hex(nil, s)
		want, err := hex.DecodeString(s)
		check("hex", got, ok, want, err)
		for alphabet, e := range map[form.Alphabet]*base64.Encoding{
			form.Std: base64.RawStdEncoding, form.StdPadded: base64.StdEncoding, form.URL: base64.RawURLEncoding, form.URLPadded: base64.URLEncoding,
		} {
			got, ok := form.Base64(nil, s, alphabet)
			want, err := e.Strict().DecodeString(s)
			if err == nil && strings.ContainsAny(s, "\r\n") { // the library passes over line breaks
				err = base64.CorruptInputError(0)
			}
			check("base64", got, ok, want, err)
		}
		got, ok = form.Unescape(nil, s)
		path, err := url.PathUnescape(s)
		check("percent", got, ok, []byte(path), err)
		got, ok = form.UnescapeForm(nil, s)
		query, err := url.QueryUnescape(s)
		check("form", got, ok, []byte(query), err)
		back, ok := form.Unescape(nil, string(form.AppendEscaped(nil, s)))
		if !ok || string(back) != s {
			t.Fatalf("%q is not itself when escaped and back: %q", s, back)
		}
	})
}

func FuzzTimes(f *testing.F) {
	for _, s := range []string{"2021-03-25T05:09:27.1+02:30", "Sun, 06 Nov 1994 08:49:37 GMT", "20130524T000000Z", "1767225600"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for layout, read := range map[string]func(string) (int64, bool){
			time.RFC3339Nano: form.RFC3339, "Mon, 02 Jan 2006 15:04:05 GMT": form.HTTPDate, "20060102T150405Z": form.ISOBasic,
		} {
			got, ok := read(s)
			if !ok {
				continue
			}
			want, err := time.Parse(layout, s)
			if err != nil || want.UnixNano() != got {
				t.Fatalf("%q: %d, want %v %v", s, got, want, err)
			}
		}
	})
}

func FuzzPairs(f *testing.F) {
	for _, s := range []string{"", "b=2&a=1&a=0&b", "&&=&=a", "a=1&a=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var texts []string
		var list []form.Pair
		for p := form.Walk(s); p.Next(); {
			texts = append(texts, p.Text)
			list = append(list, form.Pair{Key: p.Name, Value: p.Value, At: p.At})
		}
		if strings.Join(texts, "&") != s {
			t.Fatalf("%q is cut into %q", s, texts)
		}
		want := slices.Clone(list)
		sort.SliceStable(want, func(i, j int) bool { return want[i].Key < want[j].Key })
		form.SortByKey(list)
		if !slices.Equal(list, want) {
			t.Fatalf("%q by key: %v", s, list)
		}
		sort.SliceStable(want, func(i, j int) bool {
			return want[i].Key < want[j].Key || want[i].Key == want[j].Key && want[i].Value < want[j].Value
		})
		form.Sort(list)
		if !slices.Equal(list, want) {
			t.Fatalf("%q: %v", s, list)
		}
	})
}

// BenchmarkSort is the dearest form that a request can bring.
func BenchmarkSort(b *testing.B) {
	list := make([]form.Pair, form.MaxPairs)
	for b.Loop() {
		for i := range list {
			list[i] = form.Pair{Key: "Parameter" + string(rune('a'+i*7%26)), Value: strings.Repeat("x", i%50), At: i}
		}
		form.Sort(list)
	}
}
