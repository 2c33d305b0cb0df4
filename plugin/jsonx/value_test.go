package jsonx_test

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jsonx"
)

func parse(t testing.TB, text string) *jsonx.Doc {
	t.Helper()
	var d jsonx.Doc
	if err := d.Parse([]byte(text), wide); err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return &d
}

func TestValues(t *testing.T) {
	d := parse(t, ` { "iss" : "a\u0062\"", "n" : -1.50e+2, "" : [ true, false, null, "", {"x":[]} ], "\u0061\/b":{}, "E":"é€𝄞\ud834\udd1e" } `)
	root := d.Root()
	if root.Kind() != jsonx.Object || root.Len() != 5 {
		t.Fatalf("root: kind %v, %d members", root.Kind(), root.Len())
	}
	var seen []string
	for m, ok := root.First(); ok; m, ok = m.Next() {
		seen = append(seen, fmt.Sprintf("%q %d %q %q", m.Name(), m.Kind(), m.Raw(), m.Text()))
	}
	want := []string{
		`"iss" 5 "\"a\\u0062\\\"\"" "ab\""`,
		`"n" 4 "-1.50e+2" ""`,
		`"" 6 "[ true, false, null, \"\", {\"x\":[]} ]" ""`,
		`"a/b" 7 "{}" ""`,
		`"E" 5 "\"é€𝄞\\ud834\\udd1e\"" "é€𝄞𝄞"`,
	}
	if got := strings.Join(seen, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("members:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	list, ok := root.Member("")
	if !ok {
		t.Fatal("the empty name is a name")
	}
	var kinds []jsonx.Kind
	for e, ok := list.First(); ok; e, ok = e.Next() {
		kinds = append(kinds, e.Kind())
		if e.Name() != "" {
			t.Errorf("an element has name %q", e.Name())
		}
	}
	if want := []jsonx.Kind{jsonx.True, jsonx.False, jsonx.Null, jsonx.String, jsonx.Object}; !slices.Equal(kinds, want) {
		t.Errorf("elements %v, want %v", kinds, want)
	}
	for _, name := range []string{"ISS", "is", "isss", "iss ", "i", "x", "a\\/b", "\\u0061/b", "N"} {
		if _, ok := root.Member(name); ok {
			t.Errorf("Member(%q) found: names are matched exactly", name)
		}
	}
	if m, ok := root.Member("a/b"); !ok || m.Kind() != jsonx.Object {
		t.Error("Member compares the unescaped name")
	}
	if _, ok := list.Member("x"); ok {
		t.Error("an array has no members")
	}
	if v, ok := root.Next(); ok {
		t.Errorf("the root has a sibling %q", v.Raw())
	}
}

func TestNothing(t *testing.T) {
	var v jsonx.Value
	if _, ok := v.Member("a"); ok || v.Kind() != jsonx.Invalid || v.Len() != 0 || v.Name()+v.Raw()+v.Text() != "" {
		t.Error("the zero value must answer with nothing")
	}
	if _, ok := v.First(); ok {
		t.Error("First of nothing")
	}
	if _, ok := v.Next(); ok {
		t.Error("Next of nothing")
	}
	if _, _, ok := v.Seconds(); ok {
		t.Error("Seconds of nothing")
	}
	var d jsonx.Doc
	if d.Root().Kind() != jsonx.Invalid {
		t.Error("a document never parsed has a root")
	}
	if d.Parse([]byte(`{"a":1}`), wide) != nil || d.Parse([]byte(`{`), wide) == nil {
		t.Fatal("setup")
	}
	if d.Root().Kind() != jsonx.Invalid {
		t.Error("after a refusal the former text's root is still there")
	}
}

// A value kept too long may lie, but must not leave the document or panic.
func TestStaleValueStaysInside(t *testing.T) {
	var d jsonx.Doc
	if err := d.Parse([]byte(`{"a":[1,2,{"b":"\u0063"}],"d":"e"}`), wide); err != nil {
		t.Fatal(err)
	}
	var kept []jsonx.Value
	var walk func(v jsonx.Value)
	walk = func(v jsonx.Value) {
		kept = append(kept, v)
		for c, ok := v.First(); ok; c, ok = c.Next() {
			walk(c)
		}
	}
	walk(d.Root())
	for _, next := range []string{`1`, `"\u0061"`, `[]`, `{"x":{"y":[null]}}`, `{`} {
		_ = d.Parse([]byte(next), wide)
		for _, v := range kept {
			v.Member("a")
			v.Next()
			v.First()
			_ = v.Name() + v.Raw() + v.Text()
			v.Seconds()
		}
	}
}

func TestSeconds(t *testing.T) {
	zeros := strings.Repeat("0", 40)
	for _, c := range []struct {
		law          string
		text         string
		whole, nanos int64
		ok           bool
	}{
		{"zero", `0`, 0, 0, true},
		{"an integer", `1700000000`, 1700000000, 0, true},
		{"an exponent counts by value (T-03)", `18e8`, 1800000000, 0, true},
		{"a fraction and an exponent (T-03)", `1.8e9`, 1800000000, 0, true},
		{"an exponent with plus and zeros", `1.7E+0009`, 1700000000, 0, true},
		{"a negative exponent", `17000000005e-1`, 1700000000, 500000000, true},
		{"half a second", `1700000000.5`, 1700000000, 500000000, true},
		{"one nanosecond", `0.000000001`, 0, 1, true},
		{"less than a nanosecond is rounded up", `0.0000000001`, 0, 1, true},
		{"rounding up carries", `1.9999999999`, 2, 0, true},
		{"nine nines do not carry", `1.999999999`, 1, 999999999, true},
		{"zeros after nine digits do not round", `1.5000000000000`, 1, 500000000, true},
		{"the least exponent form", `1e-30`, 0, 1, true},
		{"zero with an exponent", `0e5`, 0, 0, true},
		{"zero with a fraction", `0.000`, 0, 0, true},
		{"2^53", `9007199254740992`, 1 << 53, 0, true},
		{"2^53 as exponent form", `9.007199254740992e15`, 1 << 53, 0, true},
		{"2^53 + 1 (T-02)", `9007199254740993`, 0, 0, false},
		{"just over 2^53", `9007199254740992.0000000001`, 0, 0, false},
		{"just under 2^53", `9007199254740991.999999999`, 1<<53 - 1, 999999999, true},
		{"rounding up to 2^53", `9007199254740991.9999999999`, 1 << 53, 0, true},
		{"2^63", `9223372036854775808`, 0, 0, false},
		{"2^64 + now", `18446744075409551616`, 0, 0, false},
		{"1e300", `1e300`, 0, 0, false},
		{"1e16", `1e16`, 0, 0, false},
		{"1e15", `1e15`, 1_000_000_000_000_000, 0, true},
		{"leading zeros of a fraction move the point", `0.0017e12`, 1700000000, 0, true},
		{"an absurd exponent (N-08)", `1e999999999`, 0, 0, false},
		{"an absurd negative exponent (N-08)", `1e-999999999`, 0, 0, false},
		{"an absurd exponent of zero", `0e999999999`, 0, 0, false},
		{"an exponent beyond int64", `1e99999999999999999999`, 0, 0, false},
		{"64 bytes", `1.` + zeros + strings.Repeat("0", 21) + `1`, 0, 0, false}, // 2+40+21+1 = 64: see below
		{"65 bytes", `1.` + zeros + strings.Repeat("0", 23), 0, 0, false},
		{"10,000 digits (N-08)", strings.Repeat("1", 10000), 0, 0, false},
		{"minus one", `-1`, 0, 0, false},
		{"minus zero", `-0`, 0, 0, false},
		{"minus a fraction", `-0.5`, 0, 0, false},
		{"a string", `"1700000000"`, 0, 0, false},
		{"true", `true`, 0, 0, false},
		{"null", `null`, 0, 0, false},
		{"an array", `[1]`, 0, 0, false},
		{"an object", `{}`, 0, 0, false},
	} {
		t.Run(c.law, func(t *testing.T) {
			if c.law == "64 bytes" {
				c.whole, c.nanos, c.ok = 1, 1, true
			}
			whole, nanos, ok := parse(t, c.text).Root().Seconds()
			if whole != c.whole || nanos != c.nanos || ok != c.ok {
				t.Errorf("%s = %d s %d ns %v, want %d s %d ns %v", c.text, whole, nanos, ok, c.whole, c.nanos, c.ok)
			}
		})
	}
}

// Against exact rational arithmetic.
func checkSeconds(t *testing.T, v jsonx.Value) {
	t.Helper()
	whole, nanos, ok := v.Seconds()
	raw := v.Raw()
	if v.Kind() != jsonx.Number || len(raw) > 64 || raw[0] == '-' {
		if ok {
			t.Fatalf("%q taken as a date", raw)
		}
		return
	}
	if e := strings.IndexAny(raw, "eE"); e >= 0 {
		if n, fine := new(big.Int).SetString(strings.TrimPrefix(raw[e+1:], "+"), 10); !fine || n.CmpAbs(big.NewInt(400)) > 0 {
			if ok {
				t.Fatalf("%q taken as a date", raw)
			}
			return
		}
	}
	exact, fine := new(big.Rat).SetString(raw)
	if !fine {
		t.Fatalf("big.Rat refuses %q", raw)
	}
	if limit := new(big.Rat).SetInt64(1 << 53); exact.Cmp(limit) > 0 {
		if ok {
			t.Fatalf("%q over 2^53 taken", raw)
		}
		return
	}
	scaled := new(big.Rat).Mul(exact, new(big.Rat).SetInt64(1e9))
	up, rest := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	if rest.Sign() != 0 {
		up.Add(up, big.NewInt(1))
	}
	got := new(big.Int).Add(new(big.Int).Mul(big.NewInt(whole), big.NewInt(1e9)), big.NewInt(nanos))
	if !ok || got.Cmp(up) != 0 || nanos < 0 || nanos > 999_999_999 {
		t.Fatalf("%q = %d s %d ns %v, want %v ns", raw, whole, nanos, ok, up)
	}
}

func TestReadSaysWhere(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"{\n \"a\": 1,\n  \"\\u0061\": 2}", `line 3, column 3: duplicate name "a"`},
		{"{\"a\":\n tru}", `line 2, column 2: not valid json`},
		{"{} x", `line 1, column 4: text after the value`},
		{"[\"\xff\"]", `line 1, column 3: not valid utf-8`},
		{"", `line 1, column 1: not valid json`},
	} {
		_, err := jsonx.Read([]byte(c.text), wide)
		var where *jsonx.Error
		if !errors.As(err, &where) || err.Error() != c.want {
			t.Errorf("Read(%q): %v, want %s", c.text, err, c.want)
		}
	}
	root, err := jsonx.Read([]byte(`{"a":"\u0063"}`), wide)
	if a, ok := root.Member("a"); err != nil || !ok || a.Text() != "c" {
		t.Errorf("%v, %v", root, err)
	}
}

func TestWarmParseAllocatesNothing(t *testing.T) {
	var d jsonx.Doc
	text := []byte(claims)
	if n := testing.AllocsPerRun(100, func() {
		if err := d.Parse(text, wide); err != nil {
			t.Fatal(err)
		}
		if v, ok := d.Root().Member("exp"); ok {
			v.Seconds()
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
