package re2

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// oracle is what Go's regexp makes of an expression, or nil.
func oracle(source string) *regexp.Regexp {
	re, err := regexp.Compile(source)
	if err != nil {
		return nil
	}
	re.Longest()
	return re
}

// whole says that the leftmost-longest match is the whole text, which it is if the whole
// text can be matched.
func whole(re *regexp.Regexp, text string) bool {
	loc := re.FindStringIndex(text)
	return loc != nil && loc[0] == 0 && loc[1] == len(text)
}

// refusedHere says that err is one of the refusals that this package adds, and that the
// expression may give cause to it.
func refusedHere(source string, err error) bool {
	text, large := err.Error(), len(source) > 250
	switch {
	case strings.Contains(text, "classes of Unicode"):
		return strings.ContainsAny(source, "pP")
	case strings.Contains(text, "under (?i) letters must be ASCII"):
		return strings.Contains(source, "i")
	case strings.Contains(text, "compiles to more than"):
		return large || strings.Contains(source, "{")
	case strings.Contains(text, "too deep"), strings.Contains(text, "kinds of characters"):
		return large
	}
	return false
}

func program(source string) (*Program, error) {
	tree, err := Parse(source)
	if err != nil {
		return nil, err
	}
	return Compile(tree)
}

// agree fails unless this package and Go's agree on an expression and texts. It says
// whether the expression was accepted, and how many of the texts it matches.
func agree(t *testing.T, source string, texts ...string) (accepted bool, matched int) {
	t.Helper()
	want := oracle(source)
	p, err := program(source)
	if err != nil {
		if want != nil && !refusedHere(source, err) {
			t.Fatalf("%q is refused: %v", source, err)
		}
		return false, 0
	}
	if want == nil {
		t.Fatalf("%q is accepted", source)
	}
	steps := slow(t, source)
	for _, text := range texts {
		is := whole(want, text)
		if got := p.Match(text); got != is {
			t.Fatalf("%q matches %q: %v", source, text, got)
		}
		if got := p.Clone().Match(text); got != is {
			t.Fatalf("%q copied matches %q: %v", source, text, got)
		}
		if got := steps.Match(text); got != is {
			t.Fatalf("%q by steps matches %q: %v", source, text, got)
		}
		if is {
			matched++
		}
	}
	return true, matched
}

// slow is the program without its table.
func slow(t *testing.T, source string) *Program {
	t.Helper()
	tree, err := Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	c := compiler{steps: new(steps)}
	start := c.node(tree, c.emit(step{kind: accept}))
	p := new(Program)
	if !p.classify(&c) {
		t.Fatal("classes")
	}
	c.words = (len(c.list) + 31) / 32
	c.first.add(start)
	c.expand(&c.first, other, other, false)
	p.steps = c.steps
	return p
}

// writer makes expressions and texts of a seed.
type writer struct{ *rand.Rand }

func (w writer) of(list ...string) string { return list[w.IntN(len(list))] }

// atoms are parts of expressions, some of them not legal everywhere.
var atoms = []string{
	"a", "b", "k", "K", "s", "/", "-", "_", "1", " ", "\n", "\u00e9", "\u017f", "\u212a", "\ufffd", "ab", "abc", "abd", "]", "}", "{", ",", "^", "$", ".", "|", "(", ")",
	`\A`, `\z`, `\b`, `\B`, `\d`, `\D`, `\w`, `\W`, `\s`, `\S`, `\n`, `\t`, `\.`, `\_`, `\-`, `\x41`, `\x{e9}`, `\x{}`, `\x{110000}`, `\101`, `\0`, `\1`, `\12`, `\8`, `\Q.*\E`, `\Qa`, `\E`, `\q`, `\C`, `\Z`, `\é`, `\`,
	"[ab]", "[^a]", "[a-c]", "[^a-z]", "[c-a]", "[]a]", "[^]a]", "[a-]", "[-a]", `[\d-z]`, `[a-\d]`, `[\]]`, `[\x41-\x{e9}]`, "[[:alpha:]]", "[[:^word:]k]", "[^[:space:]]", "[[:nope:]]", "[[:alpha:", "[[:]", "[a", "[", "[\u00e9-\u0100]", `[^\x00-\x{10ffff}]`, `[\W\d]`, `[^\Wk]`, `[\x80-\x{10ffff}]`, "[^\n]", `[\b]`, `[\pN]`,
	"(?i)", "(?s)", "(?m)", "(?U)", "(?-i)", "(?i-s)", "(?is:", "(?:", "(?P<x>", "(?<y1>", "(?<>", "(?P<a-b>", "(?=", "(?!", "(?<=a)", "(?-)", "(?", "(?)", "(?#a)", "(?i-:",
	"*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{1,2}", "{0,1}", "{2,}", "{0,}?", "{,2}", "{2,1}", "{1001}", "{a}", "{1,02}", "{01}", "{999999999999}", `\pL`, `\P{Greek}`, `\p`,
}

func (w writer) expression() string {
	var b strings.Builder
	for open := 0; ; {
		switch k := w.IntN(12); {
		case k == 0:
			for ; open > 0; open-- {
				b.WriteString(")")
			}
			return b.String()
		case k == 1:
			b.WriteString(w.of("(", "(?:", "(?i:", "(?s:", "(?m:", "(?i)("))
			open++
		case k == 2 && open > 0:
			b.WriteString(")" + w.of("", "", "*", "+", "?", "{2}", "{1,3}", "{2,}"))
			open--
		case k < 6:
			b.WriteString(w.of("a", "b", "ab", "/", "k", "s", "[ab]", ".", "[^/]+", "a*", "b?", "|", "|", "^", "$", `\b`, `\w`))
		default:
			b.WriteString(atoms[w.IntN(len(atoms))])
		}
	}
}

func (w writer) text() string {
	var b strings.Builder
	for range w.IntN(7) {
		b.WriteString(w.of("a", "b", "c", "k", "K", "s", "S", "ab", "/", "-", "_", "1", " ", "\n", "\u00e9", "\u00c9", "\u017f", "\u212a", "\ufffd", "\xff", "\xc3", "\xed\xa0\x80", "\x00", "A", "]", "*", "."))
	}
	return b.String()
}

// TestAgreesWithGo writes expressions by chance. Both ways: what Go's regexp refuses is
// refused, what it accepts is accepted but for the differences that the package states,
// and both match the same texts, by table and by steps.
func TestAgreesWithGo(t *testing.T) {
	rounds := 30000
	if testing.Short() {
		rounds = 6000
	}
	accepted, matched := 0, 0
	for seed := range rounds {
		w := writer{rand.New(rand.NewPCG(uint64(seed), 7))}
		source := w.expression()
		texts := make([]string, 12)
		for i := range texts {
			texts[i] = w.text()
		}
		if ok, n := agree(t, source, texts...); ok {
			accepted++
			matched += n
		}
	}
	if accepted < rounds/4 || matched < rounds/4 {
		t.Errorf("of %d expressions %d were accepted, and matched %d texts: the test proves little", rounds, accepted, matched)
	}
}

// FuzzAgreesWithGo is the same for whatever a fuzzer thinks of.
func FuzzAgreesWithGo(f *testing.F) {
	for _, source := range atoms {
		f.Add(source, "ab\u212a/1\n")
	}
	f.Add("(?i)k[^s]", "\u212aS")
	f.Add("(?m)^a$\n^b$", "a\nb")
	f.Add(`(a|b)*?\b.{2,3}(?:|x)+`, "ab-x")
	f.Fuzz(func(t *testing.T, source, text string) {
		if len(source) > 1024 {
			return
		}
		agree(t, source, text, source, strings.ToUpper(text), strings.Repeat(text, 2))
		if !utf8.ValidString(source) {
			if _, err := Parse(source); err == nil {
				t.Fatal("not UTF-8, and accepted")
			}
		}
	})
}
