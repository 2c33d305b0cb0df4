package jsonx_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jsonx"
)

var wide = jsonx.Limits{MaxBytes: 1 << 20, MaxDepth: 32, Seed: 1}

// The laws of RFC 8259 and of this room, one name each. want nil: the text is taken.
var laws = []struct {
	law  string
	text string
	want error
}{
	// RFC 8259 §2: one value, white space around it.
	{"an object", `{}`, nil},
	{"an array", `[]`, nil},
	{"a string alone", `"a"`, nil},
	{"a number alone", `0`, nil},
	{"true alone", `true`, nil},
	{"false alone", `false`, nil},
	{"null alone", `null`, nil},
	{"the four white space bytes anywhere between tokens", " \t\r\n{ \"a\"\t:\n[ 1 , 2 ]\r} \n", nil},
	{"nothing is no value", ``, jsonx.ErrSyntax},
	{"white space is no value", " \n", jsonx.ErrSyntax},
	{"vertical tab is no white space", "\v1", jsonx.ErrSyntax},
	{"form feed is no white space", "1\f", jsonx.ErrTrailing},
	{"no-break space is no white space", "\u00a01", jsonx.ErrSyntax},
	{"two values", `{}{}`, jsonx.ErrTrailing},
	{"text after the value", `{}x`, jsonx.ErrTrailing},
	{"a NUL after the value", "{}\x00", jsonx.ErrTrailing},
	{"a comma after the value", `{},`, jsonx.ErrTrailing},
	{"a bracket after the value", `[]]`, jsonx.ErrTrailing},
	{"byte order mark", "\xef\xbb\xbf{}", jsonx.ErrSyntax},
	{"UTF-16", "\xff\xfe{\x00}\x00", jsonx.ErrSyntax},
	{"UTF-16 without a mark", "{\x00}\x00", jsonx.ErrSyntax},
	{"UTF-32", "{\x00\x00\x00}\x00\x00\x00", jsonx.ErrSyntax},
	{"line comment", "{}//x", jsonx.ErrTrailing},
	{"block comment inside", `{/*x*/}`, jsonx.ErrSyntax},
	{"hash comment", "#x\n{}", jsonx.ErrSyntax},

	// §3 literals.
	{"literals are lower case", `TRUE`, jsonx.ErrSyntax},
	{"a cut literal", `tru`, jsonx.ErrSyntax},
	{"a literal with a tail", `truex`, jsonx.ErrTrailing},
	{"nul", `[nul]`, jsonx.ErrSyntax},
	{"NaN", `NaN`, jsonx.ErrSyntax},
	{"nan", `[nan]`, jsonx.ErrSyntax},
	{"Infinity", `[Infinity]`, jsonx.ErrSyntax},
	{"minus Infinity", `[-Infinity]`, jsonx.ErrNumber},
	{"undefined", `[undefined]`, jsonx.ErrSyntax},

	// §4, §5 containers.
	{"nested", `{"a":{"b":[{},[],""]}}`, nil},
	{"the empty name", `{"":1}`, nil},
	{"trailing comma in an object", `{"a":1,}`, jsonx.ErrSyntax},
	{"trailing comma in an array", `[1,]`, jsonx.ErrSyntax},
	{"leading comma", `[,1]`, jsonx.ErrSyntax},
	{"only a comma", `[,]`, jsonx.ErrSyntax},
	{"two commas", `[1,,2]`, jsonx.ErrSyntax},
	{"two commas in an object", `{"a":1,,"b":2}`, jsonx.ErrSyntax},
	{"no comma", `[1 2]`, jsonx.ErrSyntax},
	{"no comma in an object", `{"a":1 "b":2}`, jsonx.ErrSyntax},
	{"colon in an array", `["a":1]`, jsonx.ErrSyntax},
	{"comma for a colon", `{"a",1}`, jsonx.ErrSyntax},
	{"two colons", `{"a"::1}`, jsonx.ErrSyntax},
	{"a name without a value", `{"a"}`, jsonx.ErrSyntax},
	{"a colon without a value", `{"a":}`, jsonx.ErrSyntax},
	{"a value without a name", `{:1}`, jsonx.ErrSyntax},
	{"a number as name", `{1:1}`, jsonx.ErrSyntax},
	{"null as name", `{null:1}`, jsonx.ErrSyntax},
	{"a name without quotes", `{a:1}`, jsonx.ErrSyntax},
	{"single quotes", `{'a':1}`, jsonx.ErrSyntax},
	{"brackets crossed", `[{]}`, jsonx.ErrSyntax},
	{"array closed as object", `[1}`, jsonx.ErrSyntax},
	{"object closed as array", `{"a":1]`, jsonx.ErrSyntax},
	{"unclosed object", `{"a":1`, jsonx.ErrSyntax},
	{"unclosed array", `[[`, jsonx.ErrSyntax},
	{"closed before opened", `]`, jsonx.ErrSyntax},

	// §6 numbers.
	{"every number form", `[0,-0,10,1.5,-1.05,1e5,1E5,1e+5,1e-5,0e0,1.0e10]`, nil},
	{"minus alone", `-`, jsonx.ErrNumber},
	{"minus and a letter", `[-a]`, jsonx.ErrNumber},
	{"leading zero", `[01]`, jsonx.ErrSyntax},
	{"leading zero alone", `01`, jsonx.ErrTrailing},
	{"leading zero after minus", `[-01]`, jsonx.ErrSyntax},
	{"leading plus", `+1`, jsonx.ErrSyntax},
	{"nothing before the dot", `.5`, jsonx.ErrSyntax},
	{"nothing after the dot", `1.`, jsonx.ErrNumber},
	{"an exponent right after the dot", `1.e1`, jsonx.ErrNumber},
	{"an exponent without digits", `1e`, jsonx.ErrNumber},
	{"an exponent with only a sign", `1e+`, jsonx.ErrNumber},
	{"a fraction in an exponent", `[1e1.5]`, jsonx.ErrSyntax},
	{"hexadecimal", `0x10`, jsonx.ErrTrailing},
	{"underscore", `1_0`, jsonx.ErrTrailing},
	{"full-width digits", "\uff11", jsonx.ErrSyntax},
	{"two dots", `[1.2.3]`, jsonx.ErrSyntax},
	{"two minuses", `--1`, jsonx.ErrNumber},

	// §7 strings.
	{"every escape", `"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac"`, nil},
	{"a surrogate pair", `"\ud834\udd1e"`, nil},
	{"an escaped NUL", `"\u0000"`, nil},
	{"DEL", "\"\x7f\"", nil},
	{"raw two, three and four byte characters", "\"é€𝄞\"", nil},
	{"U+FFFD itself", "\"\ufffd\"", nil},
	{"non-characters", "\"\uffff\U0010ffff\"", nil},
	{"raw NUL", "\"\x00\"", jsonx.ErrControl},
	{"raw newline", "\"\n\"", jsonx.ErrControl},
	{"raw tab", "\"\t\"", jsonx.ErrControl},
	{"raw 1F", "\"\x1f\"", jsonx.ErrControl},
	{"raw control byte in a name", "{\"\x01\":1}", jsonx.ErrControl},
	{"unknown escape", `"\a"`, jsonx.ErrEscape},
	{"escaped single quote", `"\'"`, jsonx.ErrEscape},
	{"x escape", `"\x41"`, jsonx.ErrEscape},
	{"upper case U", `"\U0041"`, jsonx.ErrEscape},
	{"escape of a raw newline", "\"\\\n\"", jsonx.ErrEscape},
	{"three hexadecimal digits", `"\u004"`, jsonx.ErrEscape},
	{"no hexadecimal digit", `"\u00g1"`, jsonx.ErrEscape},
	{"cut in an escape", `"\`, jsonx.ErrEscape},
	{"cut in a unicode escape", `"\u00`, jsonx.ErrEscape},
	{"unclosed string", `"a`, jsonx.ErrSyntax},
	{"an escaped quote does not close", `"a\"`, jsonx.ErrSyntax},
	{"lone high surrogate", `"\ud800"`, jsonx.ErrSurrogate},
	{"lone low surrogate", `"\udc00"`, jsonx.ErrSurrogate},
	{"surrogates swapped", `"\udc00\ud800"`, jsonx.ErrSurrogate},
	{"high surrogate and a letter", `"\ud800\u0041"`, jsonx.ErrSurrogate},
	{"high surrogate twice", `"\ud800\ud800"`, jsonx.ErrSurrogate},
	{"high surrogate and another escape", `"\ud800\n"`, jsonx.ErrSurrogate},
	{"high surrogate and a cut escape", `"\ud800\u00"`, jsonx.ErrEscape},
	{"lone surrogate in a name", `{"\ud800":1}`, jsonx.ErrSurrogate},

	// §8.1, RFC 3629.
	{"byte FF", "\"\xff\"", jsonx.ErrUTF8},
	{"overlong slash", "\"\xc0\xaf\"", jsonx.ErrUTF8},
	{"overlong in three bytes", "\"\xe0\x80\xaf\"", jsonx.ErrUTF8},
	{"an encoded surrogate", "\"\xed\xa0\x80\"", jsonx.ErrUTF8},
	{"beyond U+10FFFF", "\"\xf4\x90\x80\x80\"", jsonx.ErrUTF8},
	{"a continuation byte alone", "\"\x80\"", jsonx.ErrUTF8},
	{"a cut sequence before the quote", "\"\xe2\x82\"", jsonx.ErrUTF8},
	{"a cut sequence at the end", "\"\xf0\x9f", jsonx.ErrUTF8},
	{"bad UTF-8 in a name", "{\"\xff\":1}", jsonx.ErrUTF8},
	{"bad UTF-8 outside strings", "[\xff]", jsonx.ErrSyntax},

	// Duplicate names (N-01 to N-03).
	{"a name twice", `{"exp":1,"exp":1}`, jsonx.ErrDuplicate},
	{"a name twice with others between", `{"a":1,"b":2,"c":3,"a":4}`, jsonx.ErrDuplicate},
	{"a name and its escaped form", `{"exp":1,"\u0065xp":2}`, jsonx.ErrDuplicate},
	{"two escaped forms of one name", `{"a\/b":1,"a\u002fb":2}`, jsonx.ErrDuplicate},
	{"the empty name twice", `{"":1,"":2}`, jsonx.ErrDuplicate},
	{"a name twice in a nested object", `{"cnf":{"jkt":1,"jkt":2}}`, jsonx.ErrDuplicate},
	{"a name twice in an object in an array", `[{"a":1},{"a":1,"a":2}]`, jsonx.ErrDuplicate},
	{"a name twice around containers", `{"a":[{"a":{}}],"b":{},"a":1}`, jsonx.ErrDuplicate},
	{"the ninth name twice", `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"i":2}`, jsonx.ErrDuplicate},
	{"nine names, first and last alike", `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"\u0061":1}`, jsonx.ErrDuplicate},
	{"one name in two objects", `{"a":{"x":1},"b":{"x":1}}`, nil},
	{"a name equal to its parent's", `{"a":{"a":{"a":1}}}`, nil},
	{"names that differ by case", `{"exp":1,"Exp":2,"EXP":3}`, nil},
	{"names that only fold to one (long s, Kelvin)", "{\"sub\":1,\"ſub\":2,\"kid\":3,\"\u212aid\":4}", nil},
	{"names that differ by normal form", "{\"\u00e9\":1,\"e\u0301\":2}", nil},
	{"a name and its prefix", `{"a":1,"aa":2,"aaa":3,"b":4,"bb":5,"c":6,"cc":7,"d":8,"dd":9,"":10}`, nil},
}

func TestLaws(t *testing.T) {
	var reused jsonx.Doc
	for _, c := range laws {
		t.Run(c.law, func(t *testing.T) {
			var fresh jsonx.Doc
			for name, d := range map[string]*jsonx.Doc{"fresh": &fresh, "reused": &reused} {
				err := d.Parse([]byte(c.text), wide)
				if !errors.Is(err, c.want) {
					t.Errorf("%s: Parse(%q) = %v, want %v", name, c.text, err, c.want)
				}
				if got := d.Root().Kind(); (got == jsonx.Invalid) != (c.want != nil) {
					t.Errorf("%s: root kind %v after %v", name, got, err)
				}
			}
			if _, err := jsonx.Read([]byte(c.text), wide); !errors.Is(err, c.want) {
				t.Errorf("Read(%q) = %v, want %v", c.text, err, c.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	deepObject := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, c := range []struct {
		law  string
		text string
		lim  jsonx.Limits
		want error
	}{
		{"the zero limits take nothing", `1`, jsonx.Limits{}, jsonx.ErrSize},
		{"as many bytes as allowed", `[1]`, jsonx.Limits{MaxBytes: 3, MaxDepth: 1}, nil},
		{"one byte more", `[1]`, jsonx.Limits{MaxBytes: 2, MaxDepth: 1}, jsonx.ErrSize},
		{"a scalar has depth 0", `1`, jsonx.Limits{MaxBytes: 9}, nil},
		{"an array has depth 1", `[]`, jsonx.Limits{MaxBytes: 9}, jsonx.ErrDepth},
		{"depth 32 (N-10)", deep(32), wide, nil},
		{"depth 33 (N-10)", deep(33), wide, jsonx.ErrDepth},
		{"object depth 32", deepObject(32), wide, nil},
		{"object depth 33", deepObject(33), wide, jsonx.ErrDepth},
		{"depth counts what is open, not what was", strings.Repeat("[[]],", 100), wide, jsonx.ErrTrailing},
		{"8,000 brackets (N-10)", strings.Repeat("[", 8000), wide, jsonx.ErrDepth},
		{"8,000 brackets under a lax limit", strings.Repeat("[", 8000), jsonx.Limits{MaxBytes: 1 << 20, MaxDepth: 1 << 20}, jsonx.ErrSyntax},
		{"2,000 objects (N-10)", strings.Repeat(`{"a":`, 2000), wide, jsonx.ErrDepth},
		{"100,000 levels under a lax limit", deep(100_000), jsonx.Limits{MaxBytes: 1 << 20, MaxDepth: 1 << 20}, nil},
	} {
		t.Run(c.law, func(t *testing.T) {
			var d jsonx.Doc
			if err := d.Parse([]byte(c.text), c.lim); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	t.Run("siblings do not add to the depth", func(t *testing.T) {
		var d jsonx.Doc
		text := "[" + strings.Repeat("[[]],", 100) + "[]]"
		if err := d.Parse([]byte(text), jsonx.Limits{MaxBytes: 1 << 20, MaxDepth: 3}); err != nil {
			t.Error(err)
		}
	})
}
