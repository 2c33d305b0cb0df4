package jsonx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"github.com/postern-wasm/postern/plugin/jsonx"
)

const claims = `{"iss":"https://issuer.example.test/","sub":"user|5f7c8ec7c33c6c004bbafe82","aud":["https://api.example.test","https://other.example.test/userinfo"],"iat":1700000000,"exp":1700003600,"nbf":1700000000,"azp":"my_client_id","scope":"openid profile email read:things write:things","jti":"0f9a2c1e-2b0c-4b9e-8f1d-3c1f0a9b8d7e","https://example.test/roles":["admin","editor","viewer"],"realm_access":{"roles":["offline_access","uma_authorization"]},"name":"J\u00fcrgen Example","email_verified":true,"org":{"id":9007199254740993,"tier":null}}`

// value rebuilds v as encoding/json would, numbers as json.Number.
func value(v jsonx.Value) any {
	switch v.Kind() {
	case jsonx.True:
		return true
	case jsonx.False:
		return false
	case jsonx.Number:
		return json.Number(v.Raw())
	case jsonx.String:
		return v.Text()
	case jsonx.Array:
		list := []any{}
		for e, ok := v.First(); ok; e, ok = e.Next() {
			list = append(list, value(e))
		}
		if len(list) != v.Len() {
			panic("Len disagrees with the walk")
		}
		return list
	case jsonx.Object:
		members := map[string]any{}
		for m, ok := v.First(); ok; m, ok = m.Next() {
			members[m.Name()] = value(m)
			if same, ok := v.Member(m.Name()); !ok || same != m {
				panic("Member disagrees with the walk")
			}
		}
		if len(members) != v.Len() {
			panic("a name twice, or Len disagrees with the walk")
		}
		return members
	case jsonx.Null, jsonx.Invalid:
	}
	return nil
}

func reference(text []byte) (v any, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil {
		return nil, false
	}
	_, err := decoder.Token()
	return v, err != nil && err.Error() == "EOF"
}

// FuzzParse holds the scanner against encoding/json: what it takes, that takes too, with
// the same values; what it refuses, that refuses too, unless the refusal is one of the
// rules that encoding/json lacks.
func FuzzParse(f *testing.F) {
	for _, c := range laws {
		f.Add([]byte(c.text))
	}
	f.Add([]byte(claims))
	var reused jsonx.Doc
	f.Fuzz(func(t *testing.T, text []byte) {
		lim := jsonx.Limits{MaxBytes: 1 << 16, MaxDepth: 64, Seed: uint64(len(text))}
		err := reused.Parse(text, lim)
		want, ok := reference(text)
		switch {
		case err == nil:
			if !ok || !utf8.Valid(text) {
				t.Fatalf("%q taken", text)
			}
			if got := value(reused.Root()); !reflect.DeepEqual(got, want) {
				t.Fatalf("%q read as %v, want %v", text, got, want)
			}
			walkSeconds(t, reused.Root())
		case errors.Is(err, jsonx.ErrDuplicate), errors.Is(err, jsonx.ErrSurrogate), errors.Is(err, jsonx.ErrUTF8):
		case errors.Is(err, jsonx.ErrDepth), errors.Is(err, jsonx.ErrSize):
		case ok:
			t.Fatalf("%q refused: %v", text, err)
		}
		if reused.Offset() > len(text) {
			t.Fatalf("offset %d of %d", reused.Offset(), len(text))
		}
		if _, readErr := jsonx.Read(text, lim); (readErr == nil) != (err == nil) {
			t.Fatalf("%q: Read %v, Parse %v", text, readErr, err)
		}
		if err == nil {
			secondOpinion(t, text, reused.Root())
		}
	})
}

// secondOpinion: whatever is taken fastjson takes too, and reads as the same.
func secondOpinion(t *testing.T, text []byte, v jsonx.Value) {
	tree, err := fastjson.ParseBytes(text)
	if err != nil {
		if strings.Contains(err.Error(), "too big depth") {
			return
		}
		t.Fatalf("%q is taken; fastjson: %v", text, err)
	}
	same(t, tree, v)
}

func same(t *testing.T, tree *fastjson.Value, v jsonx.Value) {
	kinds := map[fastjson.Type]jsonx.Kind{
		fastjson.TypeNull: jsonx.Null, fastjson.TypeTrue: jsonx.True, fastjson.TypeFalse: jsonx.False, fastjson.TypeNumber: jsonx.Number,
		fastjson.TypeString: jsonx.String, fastjson.TypeArray: jsonx.Array, fastjson.TypeObject: jsonx.Object,
	}
	if kinds[tree.Type()] != v.Kind() {
		t.Fatalf("%s read as kind %v", tree, v.Kind())
	}
	switch v.Kind() {
	case jsonx.String:
		if string(tree.GetStringBytes()) != v.Text() {
			t.Fatalf("%s read as %q", tree, v.Text())
		}
	case jsonx.Number:
		if tree.String() != v.Raw() {
			t.Fatalf("%s read as %s", tree, v.Raw())
		}
	case jsonx.Array:
		children := tree.GetArray()
		if len(children) != v.Len() {
			t.Fatalf("%s read as %d elements", tree, v.Len())
		}
		child, _ := v.First()
		for _, c := range children {
			same(t, c, child)
			child, _ = child.Next()
		}
	case jsonx.Object:
		children := tree.GetObject()
		if children.Len() != v.Len() {
			t.Fatalf("%s read as %d members", tree, v.Len())
		}
		child, _ := v.First()
		children.Visit(func(name []byte, c *fastjson.Value) {
			if child.Name() != string(name) {
				t.Fatalf("%s: member %q read as %q", tree, name, child.Name())
			}
			same(t, c, child)
			child, _ = child.Next()
		})
	case jsonx.Invalid, jsonx.Null, jsonx.True, jsonx.False:
	}
}

func walkSeconds(t *testing.T, v jsonx.Value) {
	checkSeconds(t, v)
	for c, ok := v.First(); ok; c, ok = c.Next() {
		walkSeconds(t, c)
	}
}

// FuzzSeconds holds NumericDate against rational arithmetic.
func FuzzSeconds(f *testing.F) {
	for _, s := range []string{"0", "1.5", "17e8", "9007199254740992.5", "0.00000000049e1", "1e-400", "99999999999999999e-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d jsonx.Doc
		if d.Parse([]byte(text), wide) == nil {
			checkSeconds(t, d.Root())
		}
	})
}

// Names by the hundred: every duplicate is found, wherever it stands, and nothing else.
func TestDuplicatesAmongMany(t *testing.T) {
	for _, n := range []int{2, 7, 8, 9, 10, 16, 17, 100, 1500} {
		names := make([]string, n)
		for i := range names {
			names[i] = strconv.Itoa(i * 7919)
		}
		text := func() []byte {
			return []byte(`{"` + strings.Join(names, `":0,"`) + `":0}`)
		}
		var d jsonx.Doc
		for seed := range uint64(4) {
			lim := jsonx.Limits{MaxBytes: 1 << 20, MaxDepth: 1, Seed: seed * 0x9e3779b97f4a7c15}
			if err := d.Parse(text(), lim); err != nil {
				t.Fatalf("%d distinct names: %v", n, err)
			}
			for _, pair := range [][2]int{{0, n - 1}, {0, 1}, {n / 2, n - 1}, {n - 2, n - 1}} {
				kept := names[pair[1]]
				names[pair[1]] = names[pair[0]]
				if pair[0] != pair[1] && !errors.Is(d.Parse(text(), lim), jsonx.ErrDuplicate) {
					t.Errorf("%d names, %d and %d alike: taken", n, pair[0], pair[1])
				}
				names[pair[1]] = kept
			}
		}
	}
}

// L-02: 16 KiB of each shape that makes careless parsers slow; run with -benchmem and
// compare the 16K and 32K rows: time must not much more than double.
func BenchmarkShapes(b *testing.B) {
	shapes := map[string]func(n int) string{
		"members": func(n int) string {
			var s strings.Builder
			for i := 0; s.Len() < n-20; i++ {
				fmt.Fprintf(&s, `,"%x":0`, i)
			}
			return "{" + s.String()[1:] + "}"
		},
		"digits":   func(n int) string { return strings.Repeat("7", n) },
		"escapes":  func(n int) string { return `"` + strings.Repeat(`\u0041`, n/6) + `"` },
		"brackets": func(n int) string { return "[" + strings.Repeat("[],", n/3-1) + "0]" },
		"pairs":    func(n int) string { return "[" + strings.Repeat(`{"a":0,"b":0},`, n/14-1) + "0]" },
		"claims":   func(n int) string { return "[" + strings.Repeat(claims+",", n/len(claims)) + "0]" },
	}
	for _, name := range []string{"members", "digits", "escapes", "brackets", "pairs", "claims"} {
		for _, size := range []int{16 << 10, 32 << 10} {
			text := []byte(shapes[name](size))
			b.Run(fmt.Sprintf("%s/%dK", name, size>>10), func(b *testing.B) {
				var d jsonx.Doc
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					if err := d.Parse(text, wide); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkClaims(b *testing.B) {
	var d jsonx.Doc
	text := []byte(claims)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Parse(text, wide); err != nil {
			b.Fatal(err)
		}
	}
}
