package effect

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
)

// F-04, F-07, F-08: what each encoding writes, and what it refuses to write.
func TestEncodings(t *testing.T) {
	const refused = "\x00refused"
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct{ claim, plain, csv, json, base64 string }{
		{`"alice"`, "alice", "alice", `"alice"`, b64(`"alice"`)},
		{`"a b"`, "a b", "a b", `"a b"`, b64(`"a b"`)},
		{`""`, "", refused, `""`, b64(`""`)},
		{`"a,b"`, "a,b", refused, `"a,b"`, b64(`"a,b"`)},
		{`"a\"b"`, `a"b`, refused, `"a\"b"`, b64(`"a\"b"`)},
		{`"\\"`, `\`, `\`, `"\\"`, b64(`"\\"`)},
		{`"é"`, refused, refused, `"\u00e9"`, b64(`"é"`)},
		{`"😀"`, refused, refused, `"\ud83d\ude00"`, b64(`"😀"`)},
		{`"\ud83d\ude00"`, refused, refused, `"\ud83d\ude00"`, b64(`"\ud83d\ude00"`)},
		{"\"\x7f\"", refused, refused, `"\u007f"`, b64("\"\x7f\"")},
		{`"a\r\nx-admin: 1"`, refused, refused, `"a\r\nx-admin: 1"`, b64(`"a\r\nx-admin: 1"`)},
		{`"a\u0000"`, refused, refused, `"a\u0000"`, b64(`"a\u0000"`)},
		{`" a"`, refused, refused, `" a"`, b64(`" a"`)},
		{`9007199254740993`, "9007199254740993", "9007199254740993", "9007199254740993", b64("9007199254740993")},
		{`1e3`, "1e3", "1e3", "1e3", b64("1e3")},
		{`false`, "false", "false", "false", b64("false")},
		{`null`, "", "", "", ""},
		{`["a","b"]`, b64(`["a","b"]`), "a,b", `["a","b"]`, b64(`["a","b"]`)},
		{`["a", 7 , true ]`, b64(`["a", 7 , true ]`), "a,7,true", `["a",7,true]`, b64(`["a", 7 , true ]`)},
		{"[\n\t1,\r\n2 ]", b64("[\n\t1,\r\n2 ]"), "1,2", "[1,2]", b64("[\n\t1,\r\n2 ]")},
		{`[]`, b64(`[]`), "", "[]", b64(`[]`)},
		{`["a,b","c\r\nd"]`, b64(`["a,b","c\r\nd"]`), refused, `["a,b","c\r\nd"]`, b64(`["a,b","c\r\nd"]`)},
		{`["a",""]`, b64(`["a",""]`), refused, `["a",""]`, b64(`["a",""]`)},
		{`["a",null]`, b64(`["a",null]`), refused, `["a",null]`, b64(`["a",null]`)},
		{`["a",["b"]]`, b64(`["a",["b"]]`), refused, `["a",["b"]]`, b64(`["a",["b"]]`)},
		{`["a",{"b":1}]`, b64(`["a",{"b":1}]`), refused, `["a",{"b":1}]`, b64(`["a",{"b":1}]`)},
		{`["a","b "]`, b64(`["a","b "]`), refused, `["a","b "]`, b64(`["a","b "]`)},
		{`{"a" : "x y" , "é":[ ]}`, b64(`{"a" : "x y" , "é":[ ]}`), refused, `{"a":"x y","\u00e9":[]}`, b64(`{"a" : "x y" , "é":[ ]}`)},
	} {
		doc := claims(t, `{"c":`+c.claim+`}`)
		for e, want := range []string{c.plain, c.csv, c.json, c.base64} {
			cfg := &Config{Providers: []Provider{{ClaimHeaders: []ClaimHeader{{Header: "x-c", Path: []string{"c"}, Encoding: Encoding(e)}}}}}
			var w Writer
			v := view(t, "/")
			w.Begin(cfg, v)
			code := w.Grant(cfg, &identity.Identity{Claims: doc}, nil)
			got := "" // no header
			if ops := w.Ops(v); len(ops) == 1 && ops[0].Kind == Set && ops[0].Name == "x-c" {
				got = ops[0].Value
			} else if len(ops) > 0 {
				t.Fatalf("%s: %v", c.claim, ops)
			}
			if want == refused {
				if code != reason.ClaimUnwritable || got != "" {
					t.Errorf("%s, encoding %d: %q, %v, want it refused", c.claim, e, got, code)
				}
				continue
			}
			if code != reason.OK || got != want {
				t.Errorf("%s, encoding %d: %q, %v, want %q", c.claim, e, got, code, want)
			}
		}
	}
}

// F-07: 4,000 roles are refused where they are too long for a header, in time and memory
// that grow with them and no faster.
func TestEncodingsAreBounded(t *testing.T) {
	for _, n := range []int{1000, 4000, 100000} {
		list := "[" + strings.Repeat(`"r-12345",`, n-1) + `"r-12345"]`
		v, _ := claims(t, `{"c":`+list+`}`).Root().Member("c")
		for e := EncodingString; e <= EncodingBase64JSON; e++ {
			var w Writer
			text, ok := w.encode(e, v)
			if fits := e == EncodingCSV && 8*n-1 <= maxHeaderValue; ok != fits || len(text) > maxHeaderValue {
				t.Errorf("%d roles, encoding %d: %v, %d bytes", n, e, ok, len(text))
			}
			if cap(w.buf) > 4*maxHeaderValue {
				t.Errorf("%d roles, encoding %d: a buffer of %d bytes", n, e, cap(w.buf))
			}
		}
	}
	for size, want := range map[int]bool{maxHeaderValue - 2: true, maxHeaderValue - 1: false} {
		v, _ := claims(t, `{"c":"`+strings.Repeat("x", size)+`"}`).Root().Member("c")
		var w Writer
		if text, ok := w.encode(EncodingJSON, v); ok != want || ok && len(text) != size+2 {
			t.Errorf("a JSON text of %d bytes: %v", size+2, ok)
		}
	}
	for size, want := range map[int]bool{maxHeaderValue: true, maxHeaderValue + 1: false} {
		half := strings.Repeat("x", size/2)
		v, _ := claims(t, `{"c":["`+half+`","`+strings.Repeat("y", size-1-len(half))+`"]}`).Root().Member("c")
		var w Writer
		if text, ok := w.encode(EncodingCSV, v); ok != want || ok && len(text) != size {
			t.Errorf("a list of %d bytes: %v", size, ok)
		}
	}
}

// FuzzEncodings: a value is printable ASCII; JSON forms mean what the token said; a list
// split at its commas is the token's list.
func FuzzEncodings(f *testing.F) {
	for _, seed := range []string{`"a"`, `["a","b,c"]`, `{"é":"\u00e9\\\""}`, "[ 1 ,\n\"😀\"]", `["\u002c"]`, `[1.50,true]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var doc jsonx.Doc
		if doc.Parse([]byte(text), jsonx.Limits{MaxBytes: 1 << 14, MaxDepth: 32}) != nil {
			return
		}
		var w Writer
		for e := EncodingString; e <= EncodingBase64JSON; e++ {
			got, ok := w.encode(e, doc.Root())
			if !ok || got == "" {
				continue
			}
			for i := range len(got) {
				if got[i] < ' ' || got[i] > '~' {
					t.Fatalf("%q, encoding %d: %q", text, e, got)
				}
			}
			switch e {
			case EncodingString:
			case EncodingJSON:
				alike(t, got, text)
			case EncodingBase64JSON:
				plain, err := base64.StdEncoding.DecodeString(got)
				if err != nil {
					t.Fatal(err)
				}
				alike(t, string(plain), text)
			case EncodingCSV:
				parts := strings.Split(got, ",")
				var list []any
				if json.Unmarshal([]byte(text), &list) == nil && len(list) != len(parts) {
					t.Fatalf("%q: %q", text, got)
				}
				for i, item := range list {
					if s, is := item.(string); is && s != parts[i] {
						t.Fatalf("%q: %q", text, got)
					}
				}
			}
		}
	})
}

// alike compares two JSON texts by what they mean.
func alike(t *testing.T, a, b string) {
	t.Helper()
	var x, y any
	for text, to := range map[string]*any{a: &x, b: &y} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(to); err != nil {
			t.Fatal(strconv.Quote(text), err)
		}
	}
	if a != b && !reflect.DeepEqual(x, y) {
		t.Fatalf("%q is not %q", a, b)
	}
}

// A claim that is refused half-way leaves nothing behind (S-07), and one that is written
// takes no memory of its own.
func TestEncodingsInAWritersOwnMemory(t *testing.T) {
	doc := claims(t, `{"bad":["secret","a,b"],"json":"secret\u00e9é`+strings.Repeat("x", 100)+`","long":"`+strings.Repeat("y", maxHeaderValue)+`","good":["a","b"]}`)
	var w Writer
	w.Reserve()
	for _, name := range []string{"bad", "json", "long", "good"} {
		v, _ := doc.Root().Member(name)
		for e := EncodingString; e <= EncodingBase64JSON; e++ {
			w.encode(e, v)
			w.Wipe()
			if w.home.buf != [len(w.home.buf)]byte{} {
				t.Fatalf("%s, encoding %d: %q is left", name, e, w.home.buf[:40])
			}
		}
	}
	v, _ := doc.Root().Member("good")
	if n := testing.AllocsPerRun(100, func() {
		for e := EncodingString; e <= EncodingBase64JSON; e++ {
			if _, ok := w.encode(e, v); !ok {
				t.Error("refused")
			}
		}
		w.Wipe()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
