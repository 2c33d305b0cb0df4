package re2

import (
	"strings"
	"testing"
)

func TestWholeTexts(t *testing.T) {
	for _, c := range []struct {
		law, source string
		yes, no     []string
	}{
		{"an empty expression is the empty text", "", []string{""}, []string{"a"}},
		{"the whole text counts", "a|ab", []string{"a", "ab"}, []string{"", "abc", "xa", "b"}},
		{"alternatives are whole too", "^a|b$", []string{"a", "b"}, []string{"ax", "xb"}},
		{"what an expression encloses cannot leave it", "a|b", []string{"a"}, []string{"ab"}},
		{"the text's end is not before a line's end", "a$", []string{"a"}, []string{"a\n"}},
		{"(?m) $ is before a line's end", "(?m)a$\n^b", []string{"a\nb"}, []string{"ab", "a\n\nb"}},
		{". is no line's end", "a.b", []string{"axb", "a\u00e9b", "a\xffb"}, []string{"a\nb", "ab", "a\u00e9\u00e9b", "a\xff\xffb"}},
		{"(?s) . is one", "(?s:a.)b", []string{"a\nb"}, []string{"a\n"}},
		{"flags end with their group", "(?:(?i)a)b", []string{"ab", "Ab"}, []string{"aB"}},
		{"flags can be taken back", "(?i)a(?-i)b(?i:c)", []string{"ab" + "c", "AbC"}, []string{"aBc"}},
		{"case folds beyond ASCII", "(?i)ks", []string{"KS", "\u212a\u017f"}, []string{"\u212b\u017f"}},
		{"a class folds before it is negated", "(?i)[^k]", []string{"a", "\u00e9"}, []string{"k", "K", "\u212a"}},
		{"all but ASCII folds", `(?i)[\x80-\x{10ffff}]`, []string{"\u00e9", "k", "S"}, []string{"a"}},
		{"H-26 bytes that are no text are U+FFFD", "[^a]\ufffd", []string{"\xff\xfe", "b\xff", "\xed\ufffd"}, []string{"\xff", "a\xff"}},
		{"a surrogate is three bytes that are no text", "...", []string{"\xed\xa0\x80"}, nil},
		{"counts", "(?:ab){2,3}", []string{"abab", "ababab"}, []string{"ab", "abababab"}},
		{"zero times", "a{0}b", []string{"b"}, []string{"ab"}},
		{"at least", "a{2,}", []string{"aa", "aaaa"}, []string{"a"}},
		{"a brace that is no count", "a{,2}{x", []string{"a{,2}{x"}, []string{"aa"}},
		{"shortest matches are whole too", "a*?b??", []string{"aaab", ""}, []string{"ba"}},
		{"a loop of nothing ends", "(?:|a|(?:)*)*", []string{"", "aaa"}, []string{"b"}},
		{"word boundaries", `\bab\b.\Bc|x\B`, []string{}, []string{"ab c", "ab-c", "x"}},
		{"between words", `a\b-\bb\B`, nil, []string{"a-b"}},
		{"at words", `a\b.\Bb?`, []string{"a-"}, []string{"ab", "a-b"}},
		{"the class of nothing", `[^\x00-\x{10FFFF}]|a`, []string{"a"}, []string{"", "b"}},
		{"brackets in classes", "[]a][^]a][[a][a-][-a]", []string{"]b[--"}, []string{"]][--"}},
		{"named classes", "[[:upper:][:^ascii:]]+", []string{"A\u00e9"}, []string{"a"}},
		{"quotation", `\Q.*\E.\Q[`, []string{".*x["}, []string{"aax["}},
		{"numbers of characters", `\x41\x{1F600}\101\0`, []string{"A\U0001F600A\x00"}, nil},
		{"names of groups", "(?P<a1_>x)(?<b>y)", []string{"xy"}, nil},
	} {
		p, err := program(c.source)
		if err != nil {
			t.Errorf("%s: %v", c.law, err)
			continue
		}
		for _, how := range []*Program{p, p.Clone(), slow(t, c.source)} {
			for _, text := range c.yes {
				if !how.Match(text) {
					t.Errorf("%s: %q does not match %q", c.law, c.source, text)
				}
			}
			for _, text := range c.no {
				if how.Match(text) {
					t.Errorf("%s: %q matches %q", c.law, c.source, text)
				}
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ law, source, want string }{
		{"an open group", "a(b", "there is no ) for the (: (b at byte 1"},
		{"a group that was never opened", "a)|(b", "there is no ( for the ): ) at byte 1"},
		{"nothing to repeat", "a|*", "there is nothing to repeat: * at byte 2"},
		{"nothing to repeat in a group", "(+a)", "there is nothing to repeat: + at byte 1"},
		{"repetitions of repetitions", "ab**", "a repetition of a repetition needs a group: ** at byte 2"},
		{"possessive ones too", "a{2}+", "a repetition of a repetition needs a group: {2}+ at byte 1"},
		{"H-26 large counts", "a{2,1001}", "a count is more than 1000, or the second less than the first: {2,1001} at byte 1"},
		{"H-26 counts beyond numbers", "a{99999999999999999999}", "a count is more than 1000, or the second less than the first: {99999999999999999999} at byte 1"},
		{"counts the wrong way round", "a{2,1}", "a count is more than 1000, or the second less than the first: {2,1} at byte 1"},
		{"H-26 large products", "(a{1000}){2}", "counts within each other multiply to more than 1000: {2} at byte 9"},
		{"H-26 products of nothing", "((((){100}){100}){100}){100}", "counts within each other multiply to more than 1000: {100} at byte 11"},
		{"H-26 large programs", "a{500}", "compiles to more than 500 steps"},
		{"H-26 all of the alphabet", letters(1, 256), "tells more than 256 kinds of characters apart"},
		{"H-26 deep groups", strings.Repeat("(a|b", 60) + "c" + strings.Repeat(")*", 60), "go too deep: "},
		{"back references", `(a)\1`, `not an escape that is known or supported: \1 at byte 3`},
		{"unknown escapes", `\y`, `not an escape that is known or supported: \y at byte 0`},
		{"single bytes", `\C`, `not an escape that is known or supported: \C at byte 0`},
		{"characters beyond Unicode", `\x{110000}`, "not an escape that is known or supported"},
		{"a backslash at the end", `a\`, `nothing follows the backslash: \ at byte 1`},
		{"classes of Unicode", `a\pL`, `classes of Unicode are not supported, list the characters instead: \p at byte 1`},
		{"classes of Unicode in brackets", `[a\P{Greek}]`, "classes of Unicode are not supported"},
		{"letters whose case is not known", "(?i)a\u00e9", "under (?i) letters must be ASCII: \u00e9 at byte 5"},
		{"classes whose case is not known", "(?i)[a\u00e0-\u00ff]", "under (?i) letters must be ASCII: [a\u00e0-\u00ff] at byte 4"},
		{"quoted letters whose case is not known", "(?i)\\Qa\u00e9\\E", "under (?i) letters must be ASCII"},
		{"an open class", "a[b", "there is no ] for the [: [b at byte 1"},
		{"a class that ends in an escape", `[a\`, "nothing follows the backslash"},
		{"a range the wrong way round", "[a-c-a]x[z-y]", "a range ends before it begins: z-y at byte 9"},
		{"a range to a class", `[a-\d]`, "not an escape that is known or supported"},
		{"unknown names of classes", "[[:nope:]]", "not the name of a class: [:nope:] at byte 1"},
		{"look ahead", "(?=a)", "not known or not supported: (?= at byte 0"},
		{"look behind", "(?<=a)", "a group's name is letters, digits and _ between < and >: (?< at byte 0"},
		{"names with other characters", "(?P<a-b>c)", "a group's name is letters, digits and _ between < and >: (?P<a at byte 0"},
		{"flags without end", "a(?i", "there is no end of the group: (?i at byte 1"},
		{"flags that take nothing back", "(?i-)", "not known or not supported: (?i-) at byte 0"},
		{"other than UTF-8", "a\xff", "is not UTF-8"},
		{"long texts are quoted in part", "(" + strings.Repeat("\u00e9", 40), "there is no ) for the (: (" + strings.Repeat("\u00e9", 15) + "... at byte 0"},
	} {
		_, err := program(c.source)
		if err == nil {
			t.Errorf("%s: %q is accepted", c.law, c.source)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q: %v, want %s", c.law, c.source, err, c.want)
		}
	}
}

func TestZeroValuesMatchNothing(t *testing.T) {
	compiled, err := Compile(&Node{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Program{{}, compiled} {
		for _, text := range []string{"", "a", "\x00"} {
			if p.Match(text) {
				t.Errorf("%q matches", text)
			}
		}
	}
}

// TestListsShareWhatTheyBeginWith: a list of paths costs what a tree of them does.
func TestListsShareWhatTheyBeginWith(t *testing.T) {
	var paths []string
	for _, service := range []string{"users", "orders", "invoices", "items", "stock", "prices", "health"} {
		for _, what := range []string{"create", "change", "delete", "list"} {
			paths = append(paths, "/api/v1/"+service+"/"+what)
		}
	}
	source := strings.Join(paths, "|")
	p, err := program(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if !p.Match(path) || p.Match(path+"s") || p.Match(path[1:]) {
			t.Error(path)
		}
	}
}
