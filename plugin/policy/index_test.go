package policy

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/request"
)

// dice draws from a fixed sequence of bytes or, behind its end, from a seeded source.
type dice struct {
	script []byte
	more   *rand.Rand
}

func (d *dice) roll(n int) int {
	if len(d.script) > 0 {
		b := d.script[0]
		d.script = d.script[1:]
		return int(b) % n
	}
	if d.more == nil {
		return 0
	}
	return d.more.IntN(n)
}

func (d *dice) of(list ...string) string { return list[d.roll(len(list))] }

// text is a path of few letters, so that rules and requests meet often.
func (d *dice) text() string {
	var b strings.Builder
	for range d.roll(5) {
		b.WriteString("/")
		b.WriteString(d.of("a", "b", "A", "ab", "aB", "k", "s", "item", "\u00e9", "\u017f", "\u212a", "", "a.b", "\ufffd", "\xff"))
	}
	if d.roll(4) == 0 {
		b.WriteString("/")
	}
	return b.String()
}

// expression is a RE2 expression, mostly legal.
func (d *dice) expression() string {
	var b strings.Builder
	if d.roll(6) == 0 {
		b.WriteString("(?i)")
	}
	for range 1 + d.roll(4) {
		switch d.roll(9) {
		case 0, 1, 2:
			b.WriteString(d.text())
		case 3:
			b.WriteString("/" + d.of("[ab]", "[^/]+", "[a-z]*", ".*", "(a|b)", "(?:ab|item)+", "a?", "(?i:k)", "(?i)s", "a{1,2}", "[\u017f\u212a]", "(?:/b){0,2}", "\\pL+", "[[:upper:]]"))
		case 4:
			b.WriteString("(" + d.text() + "|" + d.text() + ")" + d.of("", "?", "*", "+", "{2}"))
		case 5:
			b.WriteString(d.of("^", "$", `\b`, `\B`, ".", "(?s:.)", "()", "(?:|a)"))
		case 6:
			b.WriteString("(?:" + d.text() + ")")
		case 7:
			b.WriteString("(?:" + d.text() + d.of("/[ab]", "|.*", "/.") + ")" + d.of("", "?", "+"))
		case 8:
			b.WriteString(".*" + d.text())
		}
	}
	return b.String()
}

// rule is a rule of any shape.
func (d *dice) rule() Rule {
	var m Match
	switch m.Path.Kind = PathKind(d.roll(6)); m.Path.Kind {
	case PathRegex:
		m.Path.Pattern, _ = CompilePattern(d.expression()) // nil, matching nothing, if it is not legal
	case PathPrefix, PathExact, PathSeparated:
		m.Path.Text, m.Path.Fold = d.text(), d.roll(3) == 0
	case NoPath, AnyPath:
	}
	for range max(0, d.roll(6)-3) {
		m.Methods = append(m.Methods, d.of("GET", "PUT", "CONNECT", "OPTIONS"))
	}
	for range max(0, d.roll(6)-2) {
		m.Hosts = append(m.Hosts, HostMatch{Name: d.of("a.test", "b.test", ".test", "test", ""), Suffix: d.roll(3) == 0})
	}
	if d.roll(5) == 0 {
		m.Headers = []HeaderMatch{{Name: "x", Kind: HeaderText, Text: TextMatch{Kind: TextExact, Text: d.of("1", "2")}}}
	}
	if d.roll(5) == 0 {
		m.Query = []QueryMatch{{Name: "q", Text: TextMatch{Kind: TextExact, Text: d.of("1", "%")}}}
	}
	return Rule{Match: m}
}

// view is a request of any shape, in any mode.
func (d *dice) view() *request.View {
	method, path := d.of("GET", "PUT", "OPTIONS", "CONNECT"), d.text()+d.of("", "", "?q=1", "?q=%31&q=2", "#a")
	if method == "OPTIONS" && d.roll(2) == 0 {
		path = "*"
	}
	list := []request.Header{
		{Name: ":method", Value: method},
		{Name: ":authority", Value: d.of("a.test", "B.test", "x.a.test:443", "test", "other", "")},
		{Name: "x", Value: d.of("1", "2", "3")},
	}
	if method != "CONNECT" {
		list = append(list, request.Header{Name: ":path", Value: path})
	}
	v := new(request.View)
	v.Read(list, request.PathMode(d.roll(3))) // refused or not, Find must agree with itself
	return v
}

// agree fails unless the table finds by its index what asking every rule finds.
func agree(t *testing.T, rules []Rule, v *request.View) {
	t.Helper()
	plain, indexed := Table{Rules: rules}, Table{Rules: rules}
	indexed.Index()
	disagreement(t, &plain, &indexed, v)
}

func disagreement(t *testing.T, plain, indexed *Table, v *request.View) {
	t.Helper()
	want, found := plain.Find(v)
	if got, ok := indexed.Find(v); got != want || ok != found {
		detail := ""
		for _, i := range []int{got, want} {
			m := &plain.Rules[i].Match
			detail += "\n" + strconv.Itoa(i) + ": " + strconv.Quote(m.Path.Text)
			if m.Path.Pattern != nil {
				detail += strconv.Quote(m.Path.Pattern.source)
			}
		}
		t.Fatalf("%s %q at %q: rule %d, %v by the index; %d, %v by asking all%s", v.Method, v.Path, v.Authority, got, ok, want, found, detail)
	}
}

func TestTheIndexFindsWhatAskingAllFinds(t *testing.T) {
	tables, requests, found := 400, 300, 0
	if testing.Short() {
		tables = 40
	}
	for seed := range tables {
		d := &dice{more: rand.New(rand.NewPCG(uint64(seed), 5))}
		plain := Table{}
		for range 1 + d.roll(120) {
			plain.Rules = append(plain.Rules, d.rule())
		}
		indexed := Table{Rules: plain.Rules}
		indexed.Index()
		if (indexed.index != nil) != (len(plain.Rules) > linear) {
			t.Fatal("an index where there should be none, or none")
		}
		for range requests {
			v := d.view()
			disagreement(t, &plain, &indexed, v)
			if rule, _ := plain.Find(v); rule > 0 {
				found++
			}
		}
	}
	if found < tables*requests/4 {
		t.Errorf("only %d requests met a rule behind the first: the tables prove little", found)
	}
}

// FuzzIndex: whatever the table and the request, the index agrees.
func FuzzIndex(f *testing.F) {
	f.Add([]byte{30, 1, 2, 3}, uint64(1))
	f.Add([]byte{9, 5, 5, 5, 5, 4, 4, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8}, uint64(2))
	f.Fuzz(func(t *testing.T, script []byte, seed uint64) {
		d := &dice{script: script, more: rand.New(rand.NewPCG(seed, 6))}
		var rules []Rule
		for range linear + 1 + d.roll(20) {
			rules = append(rules, d.rule())
		}
		for range 4 {
			agree(t, rules, d.view())
		}
	})
}

// FuzzLiterals: what is read out of an expression holds for whatever it matches.
func FuzzLiterals(f *testing.F) {
	f.Add("/a(b|c)?/(?i:items)/[0-9]+", "/ab/ITEMS/7")
	f.Add("(?i)/k\u017f", "/\u212aS")
	f.Add("/\ufffd+x", "/\xff\xfex")
	f.Add("(?:/a|/b|/c|/d){2,3}.*/x", "/a/b/q/x")
	f.Add("^(?:)*$|\\b/", "")
	f.Fuzz(func(t *testing.T, source, text string) {
		p, err := CompilePattern(source)
		if err != nil || !p.matches(text) {
			return
		}
		if len(p.heads) > maxHeadsOfRule {
			t.Fatalf("%d heads", len(p.heads))
		}
		read, folded, begins := text, lower(text), false
		if p.folded {
			read = folded
		}
		for _, h := range p.heads {
			begins = begins || read == h.text || h.open && strings.HasPrefix(read, h.text)
		}
		if !begins {
			t.Errorf("%q matches %q, which begins with none of %v", source, text, p.heads)
		}
		for _, w := range p.words {
			if !strings.Contains(folded, w) {
				t.Errorf("%q matches %q, in which there is no %q", source, text, w)
			}
		}
	})
}

func TestLiterals(t *testing.T) {
	many := "/api/" + strings.Repeat("x", 40)
	for _, c := range []struct {
		source string
		heads  string // those that are not open end in $
		words  string
	}{
		{"/a/b", "/a/b$", ""},
		{"/a/[0-9]+", "/a/", ""},
		{"/a/[0-9]+/items", "/a/", "/items"},
		{"/(users|orders)/[^/]+/x", "/orders/ /users/", "/x"},
		{"/v[12]/x.*", "/v1/x /v2/x", ""},
		{"/v[0-9]/x", "/v", "/x"},
		{"(?i)/Api/.*", "/api/", ""},
		{"(?i)/Books/.*/Tea", "/boo", "/tea"},
		{".*[.]json", "", ".json"},
		{"/a?b", "/ab$ /b$", ""},
		{"(/a){2,}/b", "/a", "/b"},
		{"/a|/b/c|", "$ /a$ /b/c$", ""},
		{"^/a$", "/a$", ""},
		{"[^a].*", "", ""},
		{many + "[0-9]/" + strings.Repeat("y", 40), many, strings.Repeat("y", 32)},
	} {
		p := mustPattern(t, c.source)
		var heads []string
		for _, h := range p.heads {
			if !h.open {
				h.text += "$"
			}
			heads = append(heads, h.text)
		}
		if got, want := sorted(heads), sorted(strings.Split(c.heads, " ")); got != want {
			t.Errorf("%s begins with %s, want %s", c.source, got, want)
		}
		if got := strings.Join(p.words, " "); got != c.words {
			t.Errorf("%s has the words %q, want %q", c.source, got, c.words)
		}
	}
}

func sorted(list []string) string {
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestWordsAreFoundWhereverTheyStand(t *testing.T) {
	list := []string{"he", "she", "his", "hers", "e", "/x/she/y", "ers/"}
	var w words
	w.states = make([]state, 1)
	for i, word := range list {
		w.insert(word, uint16(i)+1)
	}
	w.link()
	for _, text := range []string{"", "USHERS", "/x/she", "/x/she/y", "shis", "hhe", "hers/she", "x"} {
		var found wordSet
		w.search(&found, text)
		for i, word := range list {
			if got, want := found.has(uint16(i)+1), strings.Contains(lower(text), word); got != want {
				t.Errorf("%q in %q: %v", word, text, got)
			}
		}
	}
}

func TestBytesThatAreNoTextMatchWhatStandsForThem(t *testing.T) {
	var rules []Rule
	for range linear {
		rules = append(rules, Rule{})
	}
	for _, source := range []string{"/[a\ufffd]x", "/\ufffdx", "/(?:b|\ufffd)x", "/.\ufffdy"} {
		table := append(rules[:linear:linear], Rule{Match: Match{Path: PathMatch{Kind: PathRegex, Pattern: mustPattern(t, source)}}})
		for _, path := range []string{"/\xffx", "/\ufffdx", "/z\xfey"} {
			agree(t, table, &request.View{Method: "GET", Path: path})
		}
	}
}
