package sfv_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-wasm/postern/plugin/sfv"
)

// readers are the three forms of a field by name; each says whether a text has it.
var readers = []struct {
	form string
	read func(string) bool
}{
	{"dictionary", func(s string) bool { _, ok := sfv.ReadDictionary(s); return ok }},
	{"list", func(s string) bool { _, ok := sfv.ReadList(s); return ok }},
	{"item", func(s string) bool { _, ok := sfv.ReadItem(s); return ok }},
}

func TestForms(t *testing.T) {
	for _, c := range []struct {
		law, text              string
		dictionary, list, item bool
	}{
		{"nothing is an empty dictionary and list", "", true, true, false},
		{"spaces are nothing", "   ", true, true, false},
		{"a tab before is refused", "\ta", false, false, false},
		{"a tab behind is white space of a list only", "a\t", true, true, false},
		{"spaces around", "  a  ", true, true, true},
		{"an inner list is no item", "(a)", false, true, false},
		{"a list of bare items", "1, 2", false, true, false},
		{"no white space before parameters", "a ;x", false, false, false},
		{"spaces behind a semicolon", "a;  x", true, true, true},
		{"a tab behind a semicolon", "a;\tx", false, false, false},
		{"no white space around a parameter's =", "a;x =1", false, false, false},
		{"a parameter is a bare item", "a;x=(1)", false, false, false},
		{"a parameter's value is there", "a;x=", false, false, false},
		{"a semicolon alone", "a;", false, false, false},
		{"a trailing comma", "a,", false, false, false},
		{"a comma alone", ",", false, false, false},
		{"a comma before", ",a", false, false, false},
		{"two commas", "a,,b", false, false, false},
		{"members without a comma", "a b", false, false, false},
		{"an inner list in an inner list", "((a))", false, false, false},
		{"an inner list that does not end", "(a", false, false, false},
		{"items of an inner list without a space", `("a""b")`, false, false, false},
		{"a tab in an inner list", "(a\tb)", false, false, false},
		{"a comma in an inner list", "(a, b)", false, false, false},
		{"a line break", "a\n", false, false, false},
		{"a NUL", "a\x00", false, false, false},
		{"a byte over 7F", "\"\xff\"", false, false, false},
		{"a decimal that ends with its point", "1.", false, false, false},
		{"a decimal that begins with it", ".1", false, false, false},
		{"a sign alone", "-", false, false, false},
		{"a plus", "+1", false, false, false},
		{"an exponent", "1e3", false, false, false},
		{"a date that is a decimal", "@1.0", false, false, false},
		{"two signs", "@--1", false, false, false},
		{"an escape of anything but a quote or a backslash", `"\n"`, false, false, false},
		{"a backslash before the end", `"\"`, false, false, false},
		{"a string that does not end", `"a`, false, false, false},
		{"base64 without padding", ":YQ:", false, false, false},
		{"base64 with padding", ":YQ==:", false, true, true},
		{"base64 with other bits behind it (B-10)", ":YR==:", false, false, false},
		{"base64 with other bits behind it, two bytes (B-10)", ":YWF=:", false, false, false},
		{"base64 of the other alphabet (B-10)", ":-_8=:", false, false, false},
		{"base64 with a line break (B-10)", ":YWFh\n:", false, false, false},
		{"padding alone", ":====:", false, false, false},
		{"one character and padding", ":Y===:", false, false, false},
		{"padding in the middle", ":YQ==YWFh:", false, false, false},
		{"a byte sequence that does not end", ":YQ==", false, false, false},
		{"upper-case percent-encoding", `%"%C3%BC"`, false, false, false},
		{"a character cut by the string's end", `%"%c3"`, false, false, false},
		{"a surrogate", `%"%ed%a0%80"`, false, false, false},
		{"an overlong form", `%"%c0%af"`, false, false, false},
		{"an encoded replacement character", `%"%ef%bf%bd"`, false, true, true},
		{"an encoded quote does not end a string", `%"%22`, false, false, false},
		{"a string that ends with a tab", "\"a\t", false, false, false},
		{"a percent sign alone", "%", false, false, false},
		{"a percent sign and spaces", "%  ", false, false, false},
		{"a display string that ends in its escape", `%"%`, false, false, false},
		{"a display string that ends with a tab", "%\"a\t", false, false, false},
		{"a display string that ends in a byte of no character", `%"a%ff`, false, false, false},
		{"a display string that ends in half a character", `%"a%c3`, false, false, false},
		{"a display string that does not end", `%"a`, false, false, false},
		{"half an escape", `%"%2`, false, false, false},
		{"an upper-case key", "A=1", false, false, false},
		{"a key of a dictionary that is a digit", "1=1", false, false, false},
		{"a value that is missing", "a=", false, false, false},
		{"true by being there, with parameters", "a;x=1;y", true, true, true},
		{"a token as the value", "a=b/c:d", true, false, false},
	} {
		for i, want := range []bool{c.dictionary, c.list, c.item} {
			if got := readers[i].read(c.text); got != want {
				t.Errorf("%s: %q as a %s: %v", c.law, c.text, readers[i].form, got)
			}
		}
	}
}

// TestEveryEscape: of all pairs of bytes behind a percent sign those are taken that are
// lower-case hex digits, and two of them stand for one character of ASCII.
func TestEveryEscape(t *testing.T) {
	const digits = "0123456789abcdef"
	for high := range 256 {
		for low := range 256 {
			text := string([]byte{'%', '"', '%', byte(high), byte(low), '"'})
			h, l := strings.IndexByte(digits, byte(high)), strings.IndexByte(digits, byte(low))
			v, ok := sfv.ReadItem(text)
			if want := h >= 0 && l >= 0 && h < 8; ok != want {
				t.Fatalf("%q: %v", text, ok)
			}
			if got, _ := v.AppendDisplay(nil); ok && string(got) != string([]byte{byte(16*h + l)}) {
				t.Fatalf("%q is %q", text, got)
			}
		}
	}
}

// TestBounds: each bound holds at its number and not one above, in every form.
func TestBounds(t *testing.T) {
	join := func(n int, separator string, part func(int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = part(i)
		}
		return strings.Join(parts, separator)
	}
	for _, c := range []struct {
		what  string
		max   int
		reads []string
		text  func(n int) string
	}{
		{"members", sfv.MaxMembers, []string{"dictionary", "list"}, func(n int) string { return join(n, ",", func(i int) string { return fmt.Sprintf("k%d", i) }) }},
		{"items", sfv.MaxItems, []string{"list"}, func(n int) string { return "(" + join(n, " ", func(int) string { return "1" }) + ")" }},
		{"parameters", sfv.MaxParameters, []string{"dictionary", "list", "item"}, func(n int) string { return "a" + join(n, "", func(i int) string { return fmt.Sprintf(";k%d", i) }) }},
		{"parameters of an inner list's item", sfv.MaxParameters, []string{"list"}, func(n int) string {
			return "(a" + join(n, "", func(i int) string { return fmt.Sprintf(";k%d", i) }) + ")"
		}},
		{"key", sfv.MaxKey, []string{"dictionary"}, func(n int) string { return strings.Repeat("k", n) + "=1" }},
		{"parameter's key", sfv.MaxKey, []string{"dictionary", "list", "item"}, func(n int) string { return "a;" + strings.Repeat("k", n) }},
		{"text", sfv.MaxText, []string{"list", "item"}, func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }},
		{"text of nothing", sfv.MaxText, []string{"dictionary", "list"}, func(n int) string { return strings.Repeat(" ", n) }},
		{"integer", 15, []string{"list", "item"}, func(n int) string { return strings.Repeat("9", n) }},
		{"negative integer", 15, []string{"list", "item"}, func(n int) string { return "-" + strings.Repeat("9", n) }},
		{"date", 15, []string{"list", "item"}, func(n int) string { return "@" + strings.Repeat("9", n) }},
		{"decimal's whole", 12, []string{"list", "item"}, func(n int) string { return strings.Repeat("9", n) + ".5" }},
		{"decimal's fraction", 3, []string{"list", "item"}, func(n int) string { return "0." + strings.Repeat("9", n) }},
	} {
		for _, r := range readers {
			for _, form := range c.reads {
				if r.form != form {
					continue
				}
				if !r.read(c.text(c.max)) {
					t.Errorf("%s as a %s: %d are refused", c.what, r.form, c.max)
				}
				if r.read(c.text(c.max + 1)) {
					t.Errorf("%s as a %s: %d are taken", c.what, r.form, c.max+1)
				}
			}
		}
	}
}

// A duplicate key's last value counts, and who asks is told of the others (D-04).
func TestDuplicates(t *testing.T) {
	d, ok := sfv.ReadDictionary(`a=1, b=(x y);q=1;q=2, a=2, a;z`)
	if !ok {
		t.Fatal("refused")
	}
	for _, c := range []struct {
		key, raw string
		times    int
	}{{"a", ";z", 3}, {"b", "(x y);q=1;q=2", 1}, {"c", "", 0}, {"", "", 0}} {
		if v, times := d.Get(c.key); v.Raw != c.raw || times != c.times {
			t.Errorf("%s: %q, %d times", c.key, v.Raw, times)
		}
	}
	b, _ := d.Get("b")
	q, times := b.Parameters.Get("q")
	if n, ok := q.Integer(); n != 2 || !ok || times != 2 {
		t.Errorf("q: %v, %d times", q, times)
	}
	if got := string(d.Append(nil)); got != "a;z, b=(x y);q=2" {
		t.Errorf("canonical: %s", got)
	}
}

// RFC 9421 §2.3 signs an inner list byte for byte as it was received (D-07).
func TestRawIsAsReceived(t *testing.T) {
	for _, raw := range []string{
		`("@method"  "@path" );created=1;  keyid="k"`, `(  "a";key="x";  bs   b/c );q=007`, `()`, `1.50; a`, `:YQ==:`,
	} {
		text := "  sig=" + raw + "  ,\tother=1 "
		d, ok := sfv.ReadDictionary(text)
		if !ok {
			t.Fatalf("%q is refused", text)
		}
		v, _ := d.Get("sig")
		if v.Raw != raw || v.Text+v.Parameters.String() != raw {
			t.Errorf("%q is %q and %q, in all %q", raw, v.Text, v.Parameters, v.Raw)
		}
	}
}

func TestOtherKindsGiveNothing(t *testing.T) {
	for text, kind := range map[string]sfv.Kind{
		"1": sfv.Integer, "1.5": sfv.Decimal, `"a\""`: sfv.String, "a": sfv.Token, ":YQ==:": sfv.ByteSequence, "?1": sfv.Boolean, "@1": sfv.Date, `%"a"`: sfv.DisplayString, "(a)": sfv.InnerList,
	} {
		l, ok := sfv.ReadList(text)
		walk := l.Values()
		if !ok || !walk.Next() || walk.Kind != kind {
			t.Fatalf("%s is of kind %d", text, walk.Kind)
		}
		v := walk.Value
		_, integer := v.Integer()
		_, date := v.Date()
		_, thousandths := v.Thousandths()
		_, boolean := v.Boolean()
		_, plain := v.Plain()
		_, chars := v.AppendString(nil)
		_, bytes := v.AppendBytes(nil)
		_, display := v.AppendDisplay(nil)
		items := v.Items()
		for _, c := range []struct {
			what      string
			got, want bool
		}{
			{"integer", integer, kind == sfv.Integer},
			{"date", date, kind == sfv.Date},
			{"number", thousandths, kind == sfv.Integer || kind == sfv.Decimal},
			{"boolean", boolean, kind == sfv.Boolean},
			{"plain string", plain, false}, // it has an escape
			{"string", chars, kind == sfv.String},
			{"bytes", bytes, kind == sfv.ByteSequence},
			{"display string", display, kind == sfv.DisplayString},
			{"token", v.Token() != "", kind == sfv.Token},
			{"inner list", items.Next(), kind == sfv.InnerList},
		} {
			if c.got != c.want {
				t.Errorf("%s as a %s: %v", text, c.what, c.got)
			}
		}
		if walk.Next() {
			t.Errorf("%s has a second member", text)
		}
	}
	var none sfv.Value
	if got := none.Append(nil); len(got) != 0 {
		t.Errorf("no value is written %q", got)
	}
}

// signature is what most requests with a signature carry.
const signature = `sig1=("@method" "@authority" "@path" "@query" "content-digest");created=1767225595;keyid="shared";nonce="7f0f2a";tag="app", sig2=:OTpFQBRxkBUhQRIqvW3416s/zbX1ycv/BKOYg2vKR7w=:`

func TestReadingAllocatesNothing(t *testing.T) {
	room := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(20, func() {
		d, ok := sfv.ReadDictionary(signature)
		first, _ := d.Get("sig1")
		second, times := d.Get("sig2")
		for item := first.Items(); item.Next(); {
			if _, plain := item.Plain(); !plain {
				ok = false
			}
		}
		created, _ := first.Parameters.Get("created")
		at, number := created.Integer()
		mac, bytes := second.AppendBytes(room)
		if !ok || times != 1 || !number || !bytes || at != 1767225595 || len(mac) != 32 {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzRead: what is read is written canonically, what is canonical is read to the same
// and written to itself, the spans lie in the text, and nothing panics.
func FuzzRead(f *testing.F) {
	for i, c := range readSuite(f, suiteFile) {
		if i%7 == 0 || len(c.text()) < 64 && !strings.Contains(c.Name, "0x") {
			f.Add(c.text())
		}
	}
	f.Add(signature)
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := sfv.ReadDictionary(text); ok {
			for m := d.Members(); m.Next(); {
				checkSpan(t, text, m.Value)
				if v, times := d.Get(m.Key); times == 0 || v.Kind == sfv.None {
					t.Fatalf("%q is there and is not", m.Key)
				}
			}
			once := string(d.Append(nil))
			again, ok := sfv.ReadDictionary(once)
			if !ok && len(once) <= sfv.MaxText || ok && string(again.Append(nil)) != once {
				t.Fatalf("%q is written %q, and that %q", text, once, again.Append(nil))
			}
		}
		if l, ok := sfv.ReadList(text); ok {
			for v := l.Values(); v.Next(); {
				checkSpan(t, text, v.Value)
			}
			once := string(l.Append(nil))
			again, ok := sfv.ReadList(once)
			if !ok && len(once) <= sfv.MaxText || ok && string(again.Append(nil)) != once {
				t.Fatalf("%q is written %q, and that %q", text, once, again.Append(nil))
			}
		}
		if v, ok := sfv.ReadItem(text); ok {
			checkSpan(t, text, v)
			if l, ok := sfv.ReadList(text); !ok || string(l.Append(nil)) != string(v.Append(nil)) {
				t.Fatalf("%q is an item, and a list %v of something else", text, ok)
			}
		}
	})
}

func checkSpan(t *testing.T, text string, v sfv.Value) {
	if !strings.Contains(text, v.Raw) || v.Raw != v.Text+v.Parameters.String() || v.Kind == sfv.None {
		t.Fatalf("%q in %q", v.Raw, text)
	}
	for item := v.Items(); item.Next(); {
		checkSpan(t, v.Text, item.Value)
	}
	if b, ok := v.AppendDisplay(nil); ok && !utf8.Valid(b) {
		t.Fatalf("%q decodes to %q", v.Text, b)
	}
}

func BenchmarkSignature(b *testing.B) {
	b.SetBytes(int64(len(signature)))
	b.ReportAllocs()
	for b.Loop() {
		d, _ := sfv.ReadDictionary(signature)
		d.Get("sig1")
		d.Get("sig2")
	}
}
