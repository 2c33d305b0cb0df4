package policy

import (
	"slices"
	"strings"

	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/request"
)

// The index finds the first rule without asking every one. A rule is filed once, under
// what its path begins with ([Pattern.heads] where it is an expression), or under its
// hosts where fewer rules share those. A request's path, its path without case and its
// host, read from the end, each lead to the rules filed under what they begin with, in
// the rules' order; these are merged, and the first that matches is the answer. Of the
// expressions among them only those run whose longest rare word ([Pattern.words]) the
// path contains: all words are searched in one pass.
//
// Residual, that is, asked on every request that gets so far: rules that say nothing of
// path and host, and expressions that begin with anything and need no word.

// linear is the number of rules up to which they are asked one after the other.
const linear = 8

// index is built once and never changes; it belongs to its table's region.
type index struct {
	path, fold, host space
	// lists are the spaces' lists of rules.
	lists []uint16
	words words
	rules []indexed
	// bare are the rules that may match a request without a path.
	bare []uint16
}

// indexed is what the index knows of a rule.
type indexed struct {
	// word is the number of the word that its expression needs, plus one, or 0.
	word uint16
	// settled says that the place where it is filed has answered for its path.
	settled bool
	// alone says that its expression begins with a literal, and so may be the only one
	// left: it is tried before all words are searched.
	alone bool
}

// Index prepares the table for [Table.Find]; the rules must not change after. It is
// meant for configuration time: it takes time in proportion to the rules' texts. What
// stays is about a hundred bytes a rule beside its heads and its word.
func (t *Table) Index() {
	t.index = nil
	if len(t.Rules) <= linear || len(t.Rules) > maxIndexed {
		return
	}
	scratch := memory.New()
	before := memory.Enter(scratch)
	b := indexer{rules: t.Rules, byText: map[string]int{}, byHost: map[string]int{}}
	b.gather()
	x := b.settle()
	memory.Leave(before)
	t.index = x.clone()
	scratch.Free()
}

// maxIndexed bounds the table: a rule's number has 16 bits.
const maxIndexed = 1 << 12

// find is Table.Find by the index.
func (x *index) find(rules []Rule, v *request.View) (rule int, ok bool) {
	if v.Path == "" {
		for _, i := range x.bare {
			if rules[i].Match.Matches(v) {
				return int(i), true
			}
		}
		return 0, false
	}
	m := merge{lists: x.lists}
	m.add(&x.path, v.Path)
	m.add(&x.fold, v.Path)
	if len(x.host.heads) > 0 {
		m.add(&x.host, v.Host())
	}
	var found wordSet
	tried, searched := false, false
	for i, more := m.next(); more; i, more = m.next() {
		in, match := x.rules[i], &rules[i].Match
		if in.word > 0 && searched && !found.has(in.word) {
			continue
		}
		if !match.matchesMethod(v.Method) || !match.matchesHost(v) {
			continue
		}
		switch {
		case in.word == 0 || searched:
		case in.alone && !tried:
			tried = true
		default:
			x.words.search(&found, v.Path)
			searched = true
			if !found.has(in.word) {
				continue
			}
		}
		if (in.settled || match.Path.matches(v.Path)) && match.matchesLines(v) {
			return i, true
		}
	}
	return 0, false
}

// maxHeadsOfRule bounds what one rule is filed under: with maxIndexed, the numbers of
// heads have 16 bits.
const maxHeadsOfRule = 8

// head is a text under which a rule is filed.
type head struct {
	text string
	// open says that what is looked up may go on after it.
	open bool
}

// indexer builds an index. Everything it holds is scratch memory.
type indexer struct {
	rules []Rule
	// heads are each rule's by its path, hosts by its hosts; folded says that the
	// first are to be looked up without case.
	heads, hosts [][]head
	folded       []bool
	// byText and byHost count the rules that share a head.
	byText, byHost map[string]int
}

// gather reads the heads of all rules and counts them.
func (b *indexer) gather() {
	n := len(b.rules)
	b.heads, b.hosts, b.folded = make([][]head, n), make([][]head, n), make([]bool, n)
	for i := range b.rules {
		m := &b.rules[i].Match
		b.heads[i], b.folded[i] = m.Path.heads()
		if len(m.Hosts) <= maxHeadsOfRule {
			for j := range m.Hosts {
				if h := &m.Hosts[j]; h.Name != "" {
					b.hosts[i] = append(b.hosts[i], head{text: reverse(h.Name), open: h.Suffix})
				}
			}
		}
		for _, h := range b.heads[i] {
			b.byText[h.text]++
		}
		for _, h := range b.hosts[i] {
			b.byHost[h.text]++
		}
	}
}

// settle files every rule where fewer others are, and makes the index of it.
func (b *indexer) settle() *index {
	n := len(b.rules)
	x := &index{rules: make([]indexed, n)}
	path, fold, host := make([][]head, n), make([][]head, n), make([][]head, n)
	for i := range b.rules {
		p := &b.rules[i].Match.Path
		switch {
		case len(b.hosts[i]) > 0 && most(b.hosts[i], b.byHost) < most(b.heads[i], b.byText):
			host[i] = b.hosts[i]
		case b.folded[i]:
			fold[i] = b.heads[i]
			x.rules[i].settled = p.Kind != PathRegex
		default:
			path[i] = b.heads[i]
			x.rules[i].settled = p.Kind != PathRegex
		}
		x.rules[i].alone = p.Kind == PathRegex && !slices.ContainsFunc(b.heads[i], func(h head) bool { return len(h.text) < 2 })
		if len(b.rules[i].Match.Methods) > 0 && p.everything() {
			x.bare = append(x.bare, uint16(i))
		}
	}
	x.lists = x.path.build(b.rules, path, asIs, []uint16{endOfList})
	x.lists = x.fold.build(b.rules, fold, withoutCase, x.lists)
	x.lists = x.host.build(b.rules, host, fromTheEnd, x.lists)
	x.words.build(b.rules, x.rules)
	return x
}

// clone copies what was made in scratch memory.
func (x *index) clone() *index {
	return &index{
		path: x.path.clone(), fold: x.fold.clone(), host: x.host.clone(),
		lists: slices.Clone(x.lists), rules: slices.Clone(x.rules), bare: slices.Clone(x.bare),
		words: words{states: slices.Clone(x.words.states), first: x.words.first},
	}
}

// most is how many rules share the most shared of a rule's heads.
func most(heads []head, count map[string]int) int {
	n := 0
	for _, h := range heads {
		n = max(n, count[h.text])
	}
	return n
}

// heads returns the texts with which every path begins that p matches; folded says that
// they are lower case and to be looked up so.
func (p *PathMatch) heads() (heads []head, folded bool) {
	text := p.Text
	if p.Fold {
		text = lower(text)
	}
	switch p.Kind {
	case NoPath:
	case AnyPath:
		return []head{{open: true}}, false
	case PathPrefix:
		return []head{{text, true}}, p.Fold
	case PathExact:
		return []head{{text, false}}, p.Fold
	case PathSeparated:
		return []head{{text, false}, {text + "/", true}}, p.Fold
	case PathRegex:
		if p.Pattern != nil {
			return p.Pattern.heads, p.Pattern.folded
		}
	}
	return nil, false
}

func lower(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(request.Lower(s[i]))
	}
	return b.String()
}

func reverse(s string) string {
	b := make([]byte, len(s))
	for i := range b {
		b[i] = s[len(s)-1-i]
	}
	return string(b)
}
