package sfv_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/base32"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/sfv"
)

// suiteCase is one record of the suite, in its own words.
type suiteCase struct {
	Name       string   `json:"name"`
	Raw        []string `json:"raw"`
	HeaderType string   `json:"header_type"`
	Expected   any      `json:"expected"`
	MustFail   bool     `json:"must_fail"`
	CanFail    bool     `json:"can_fail"`
	Canonical  []string `json:"canonical"`
}

func (c suiteCase) text() string { return strings.Join(c.Raw, ", ") } // RFC 9110 §5.2

// canonical is what the case is written as.
func (c suiteCase) canonical() string {
	if c.Canonical != nil {
		return strings.Join(c.Canonical, ", ")
	}
	return c.text()
}

func readSuite(t testing.TB, name string) []suiteCase {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []suiteCase
	for r := tar.NewReader(unpacked); ; {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(r)
		decoder.UseNumber()
		var cases []suiteCase
		if err := decoder.Decode(&cases); err != nil {
			t.Fatal(entry.Name, err)
		}
		all = append(all, cases...)
	}
}

const suiteFile = "../../testdata/structured-field-tests/tests.tar.gz"

// strict are the texts that the suite leaves to the parser and that this one refuses:
// another text for the same bytes.
var strict = map[string]bool{"bad padding": true, "non-zero pad bits": true}

// D-11: the Structured Fields suite, every case of it: what must fail does, all else
// reads as expected and is written in its canonical form.
func TestStructuredFieldsSuite(t *testing.T) {
	cases := readSuite(t, suiteFile)
	failing := 0
	for _, c := range cases {
		if c.MustFail {
			failing++
		}
		t.Run(c.HeaderType+"/"+c.Name, func(t *testing.T) { runSuiteCase(t, c) })
	}
	if len(cases) != 1549 || failing != 840 {
		t.Errorf("%d cases, %d of which must fail: not the whole suite", len(cases), failing)
	}
}

func runSuiteCase(t *testing.T, c suiteCase) {
	var got any
	var written []byte
	var ok bool
	switch c.HeaderType {
	case "dictionary":
		var d sfv.Dictionary
		d, ok = sfv.ReadDictionary(c.text())
		got, written = dictionary(t, d), d.Append(nil)
	case "list":
		var l sfv.List
		l, ok = sfv.ReadList(c.text())
		got, written = values(t, l.Values()), l.Append(nil)
	case "item":
		var v sfv.Value
		v, ok = sfv.ReadItem(c.text())
		if ok {
			got, written = value(t, v), v.Append(nil)
		}
	default:
		t.Fatalf("a %q", c.HeaderType)
	}
	if want := !c.MustFail && !(c.CanFail && strict[c.Name]); ok != want {
		t.Fatalf("%q: %v", c.text(), ok)
	}
	if !ok {
		return
	}
	if !same(got, c.Expected) {
		t.Errorf("%q\nreads as %v\nwant     %v", c.text(), got, c.Expected)
	}
	if string(written) != c.canonical() {
		t.Errorf("%q is written %q, want %q", c.text(), written, c.canonical())
	}
}

// same compares in the suite's JSON form; that 1 is no 1.0 the canonical form shows.
func same(got, want any) bool {
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}

func typed(name string, value any) any { return map[string]any{"__type": name, "value": value} }

// value is the suite's form of a value with its parameters.
func value(t *testing.T, v sfv.Value) any {
	if v.Kind == sfv.InnerList {
		return []any{values(t, v.Items()), parameters(t, v.Parameters)}
	}
	return []any{bare(t, v), parameters(t, v.Parameters)}
}

func bare(t *testing.T, v sfv.Value) any {
	switch v.Kind {
	case sfv.Integer:
		n, ok := v.Integer()
		must(t, ok)
		return n
	case sfv.Decimal:
		n, ok := v.Thousandths()
		must(t, ok)
		return float64(n) / 1000
	case sfv.String:
		b, ok := v.AppendString(nil)
		must(t, ok)
		if plain, ok := v.Plain(); ok && plain != string(b) || !ok && !strings.Contains(v.Text, `\`) {
			t.Errorf("%s is %q plainly, %q decoded", v.Text, plain, b)
		}
		return string(b)
	case sfv.Token:
		return typed("token", v.Token())
	case sfv.ByteSequence:
		b, ok := v.AppendBytes(nil)
		must(t, ok)
		return typed("binary", base32.StdEncoding.EncodeToString(b))
	case sfv.Boolean:
		b, ok := v.Boolean()
		must(t, ok)
		return b
	case sfv.Date:
		n, ok := v.Date()
		must(t, ok)
		return typed("date", n)
	case sfv.DisplayString:
		b, ok := v.AppendDisplay(nil)
		must(t, ok)
		return typed("displaystring", string(b))
	case sfv.None, sfv.InnerList:
	}
	t.Fatalf("%q is of kind %d", v.Text, v.Kind)
	return nil
}

func must(t *testing.T, ok bool) {
	t.Helper()
	if !ok {
		t.Error("refused")
	}
}

func values(t *testing.T, walk sfv.Values) []any {
	all := []any{}
	for walk.Next() {
		all = append(all, value(t, walk.Value))
	}
	return all
}

// pairs keeps a key's first place and its last value, as the suite does.
type pairs [][]any

func (p *pairs) set(key string, value any) {
	for _, pair := range *p {
		if pair[0] == key {
			pair[1] = value
			return
		}
	}
	*p = append(*p, []any{key, value})
}

func parameters(t *testing.T, p sfv.Parameters) pairs {
	all := pairs{}
	for m := p.Members(); m.Next(); {
		all.set(m.Key, bare(t, m.Value))
	}
	return all
}

func dictionary(t *testing.T, d sfv.Dictionary) pairs {
	all := pairs{}
	for m := d.Members(); m.Next(); {
		all.set(m.Key, value(t, m.Value))
	}
	return all
}
