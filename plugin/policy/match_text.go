package policy

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/memory"
)

// TextKind is the kind of a condition on a text; the zero value matches nothing.
type TextKind uint8

// The kinds, by the names of Envoy's StringMatcher.
const (
	// NoText is the zero value.
	NoText TextKind = iota
	// TextExact is the text itself.
	TextExact
	// TextPrefix is every text that begins so.
	TextPrefix
	// TextSuffix is every text that ends so.
	TextSuffix
	// TextContains is every text with this in it.
	TextContains
	// TextRegex is every text that Pattern matches whole.
	TextRegex
)

// TextMatch is a condition on a text.
type TextMatch struct {
	// Kind says which of the other fields count.
	Kind TextKind
	// Text of all kinds but TextRegex.
	Text string
	// Fold compares Text without the case of ASCII letters (ignore_case). It does not
	// apply to TextRegex, as in Envoy.
	Fold bool
	// Pattern of TextRegex.
	Pattern *Pattern
}

// Matches says whether the condition holds for a text.
func (t *TextMatch) Matches(s string) bool { return t.matches(s) }

func (t *TextMatch) matches(s string) bool {
	switch t.Kind {
	case NoText:
		return false
	case TextExact:
		return equal(s, t.Text, t.Fold)
	case TextPrefix:
		return hasPrefix(s, t.Text, t.Fold)
	case TextSuffix:
		return hasSuffix(s, t.Text, t.Fold)
	case TextContains:
		return contains(s, t.Text, t.Fold)
	case TextRegex:
		return t.Pattern.matches(s)
	}
	return false
}

// contains is quadratic in the worst case, where fold is set: text is the operator's and
// short, s is bounded by the host's header limit.
func contains(s, text string, fold bool) bool {
	if !fold {
		return strings.Contains(s, text)
	}
	for i := 0; i+len(text) <= len(s); i++ {
		if equal(s[i:i+len(text)], text, true) {
			return true
		}
	}
	return false
}

// Bounds on a pattern. Matching takes time in proportion to the program's size and the
// text's length, so the first bounds what a request can cost.
const (
	// MaxPatternBytes is the longest pattern.
	MaxPatternBytes = 1024
	// MaxProgram is the most instructions that it may compile to.
	MaxProgram = 500
)

// Pattern is a compiled RE2 expression that matches whole texts; nil matches nothing.
type Pattern struct {
	source string
	re     *regexp.Regexp

	// What the index knows of it: see literals.
	heads  []head
	folded bool
	words  []string
}

// Package syntax makes a table of character classes when it first needs it and keeps it
// for ever: it is made here when the module starts, in memory that lasts as long, and not
// in that of the first configuration.
var _, _ = syntax.Parse(`\p{Letter}`, syntax.Perl)

var errPatternEmpty = errors.New("must not be empty")

// CompilePattern compiles an RE2 expression. The error says what is wrong with it.
func CompilePattern(source string) (*Pattern, error) {
	if source == "" {
		return nil, errPatternEmpty
	}
	if len(source) > MaxPatternBytes {
		return nil, errors.New("is " + strconv.Itoa(len(source)) + " bytes long, more than " + strconv.Itoa(MaxPatternBytes))
	}
	p := &Pattern{source: source}
	scratch := memory.New()
	before := memory.Enter(scratch)
	// Parsed alone first: within the anchors below, "a)|(b" would be a legal expression.
	tree, err := syntax.Parse(source, syntax.Perl)
	var heads []head
	var words []string
	size := 0
	if err == nil {
		heads, p.folded, words = literals(tree)
		var program *syntax.Prog
		if program, err = syntax.Compile(tree.Simplify()); err == nil {
			size = len(program.Inst)
		}
	}
	memory.Leave(before)
	for _, h := range heads {
		p.heads = append(p.heads, head{strings.Clone(h.text), h.open})
	}
	for _, w := range words {
		p.words = append(p.words, strings.Clone(w))
	}
	if err != nil {
		err = notRE2(err)
	}
	scratch.Free()
	if err != nil {
		return nil, err
	}
	if size > MaxProgram {
		return nil, errors.New("compiles to " + strconv.Itoa(size) + " steps, more than " + strconv.Itoa(MaxProgram))
	}
	if p.re, err = regexp.Compile(`\A(?:` + source + `)\z`); err != nil {
		return nil, notRE2(err)
	}
	return p, nil
}

// notRE2 copies what an error says: nothing of it is needed any more.
func notRE2(err error) error { return errors.New("is not an RE2 expression: " + err.Error()) }

// matches runs the expression. What package regexp keeps between two matches, it keeps
// for all expressions and for ever.
func (p *Pattern) matches(s string) bool {
	if p == nil {
		return false
	}
	before := memory.Enter(memory.Eternal())
	ok := p.re.MatchString(s)
	memory.Leave(before)
	return ok
}
