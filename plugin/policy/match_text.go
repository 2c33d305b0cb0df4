package policy

import (
	"errors"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/re2"
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

// MaxPatternBytes is the longest pattern. What it may compile to is bounded by package
// re2: together they bound what a request can cost.
const MaxPatternBytes = 1024

// Pattern is a compiled RE2 expression that matches whole texts; nil matches nothing.
type Pattern struct {
	source  string
	program *re2.Program

	// What the index knows of it: see literals.
	heads  []head
	folded bool
	words  []string
}

var errPatternEmpty = errors.New("must not be empty")

// CompilePattern compiles an RE2 expression. The error says what is wrong with it.
func CompilePattern(source string) (*Pattern, error) {
	if source == "" {
		return nil, errPatternEmpty
	}
	if len(source) > MaxPatternBytes {
		return nil, errors.New("is " + strconv.Itoa(len(source)) + " bytes long, more than " + strconv.Itoa(MaxPatternBytes))
	}
	// All but the result is gone when it returns.
	scratch := memory.New()
	before := memory.Enter(scratch)
	var p Pattern
	tree, err := re2.Parse(source)
	if err != nil {
		err = errors.New("is not an RE2 expression: " + err.Error())
	} else if p.program, err = re2.Compile(tree); err == nil {
		p.heads, p.folded, p.words = literals(tree)
	}
	memory.Leave(before)
	var kept *Pattern
	if err != nil {
		err = errors.New(strings.Clone(err.Error()))
	} else {
		kept = p.copied(source)
	}
	scratch.Free()
	return kept, err
}

// copied is p with nothing of the memory that it was made in.
func (p *Pattern) copied(source string) *Pattern {
	c := &Pattern{source: source, program: p.program.Clone(), folded: p.folded}
	for _, h := range p.heads {
		c.heads = append(c.heads, head{strings.Clone(h.text), h.open})
	}
	for _, w := range p.words {
		c.words = append(c.words, strings.Clone(w))
	}
	return c
}

func (p *Pattern) matches(s string) bool { return p != nil && p.program.Match(s) }
