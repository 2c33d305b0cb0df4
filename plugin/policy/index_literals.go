package policy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/postern-wasm/postern/plugin/re2"
)

// What an expression says of the texts that it matches, for the index: with what they
// begin, and which words they contain. Both may say less than is true, never more:
// whatever they let through the expression itself judges.

// Bounds on what is read out of an expression.
const (
	maxPatternDepth = 64 // of its syntax tree
	maxWordBytes    = 32
)

// literals reads heads, lower case if folded, and words, always lower case, out of a
// parsed expression.
func literals(tree *re2.Node) (heads []head, folded bool, words []string) {
	heads = beginnings(tree, maxPatternDepth)
	if folded = ignoresCase(tree, maxPatternDepth); folded {
		for i := range heads {
			heads[i].text = lower(heads[i].text)
		}
	}
	for _, w := range contents(tree, nil, maxPatternDepth) {
		without := func(h head) bool { return !strings.Contains(lower(h.text), w) }
		// What all heads have says nothing more.
		if !slices.Contains(words, w) && slices.ContainsFunc(heads, without) {
			words = append(words, w)
		}
	}
	return heads, folded, words
}

// anything is what may be said of any expression.
func anything() []head { return []head{{open: true}} }

// beginnings returns a list of heads, at most maxHeadsOfRule, of which one is the
// beginning of whatever the expression matches, and all of it if it is not open.
func beginnings(re *re2.Node, depth int) []head {
	if depth == 0 {
		return anything()
	}
	switch re.Op {
	case re2.Empty, re2.BeginLine, re2.EndLine, re2.BeginText, re2.EndText, re2.WordBoundary, re2.NoWordBoundary:
		return []head{{}} // they take nothing from the text
	case re2.Literal:
		pieces, whole := exact(re)
		if len(pieces) == 0 {
			return anything()
		}
		return []head{{text: pieces[0], open: !whole}}
	case re2.Class:
		return classHeads(re)
	case re2.Repeat:
		if re.Min > 0 {
			return opened(beginnings(re.Subs[0], depth-1))
		}
		if re.Max == 1 {
			return either([]head{{}}, beginnings(re.Subs[0], depth-1))
		}
	case re2.Alternate:
		var all []head
		for _, sub := range re.Subs {
			all = either(all, beginnings(sub, depth-1))
		}
		return all
	case re2.Concat:
		return concatenation(re.Subs, depth)
	case re2.Nothing:
	}
	return anything()
}

// concatenation are the heads of expressions that follow each other.
func concatenation(subs []*re2.Node, depth int) []head {
	heads := []head{{}}
	for _, sub := range subs {
		if !slices.ContainsFunc(heads, func(h head) bool { return !h.open }) {
			break
		}
		next := beginnings(sub, depth-1)
		var longer []head
		for _, h := range heads {
			if h.open {
				longer = append(longer, h)
				continue
			}
			for _, n := range next {
				longer = append(longer, head{h.text + n.text, n.open})
			}
		}
		if len(longer) > maxHeadsOfRule {
			return opened(heads)
		}
		heads = longer
	}
	return heads
}

// either are the heads of one expression or another.
func either(a, b []head) []head {
	if len(a)+len(b) > maxHeadsOfRule {
		return anything()
	}
	return append(a, b...)
}

// opened are heads after which anything may come.
func opened(heads []head) []head {
	for i := range heads {
		heads[i].open = true
	}
	return heads
}

// classHeads are the characters of a small class.
func classHeads(re *re2.Node) []head {
	var heads []head
	for i := 0; i+1 < len(re.Ranges); i += 2 {
		for r := re.Ranges[i]; r <= re.Ranges[i+1]; r++ {
			if len(heads) == maxHeadsOfRule || r == utf8.RuneError {
				return anything()
			}
			heads = append(heads, head{text: string(r)})
		}
	}
	if len(heads) == 0 {
		return anything()
	}
	return heads
}

// exact returns the pieces of a literal that stand in a text byte for byte, but for the
// case of ASCII letters if the literal ignores case; whole says that the only one is the
// whole literal. The first piece is its beginning, and may be empty.
func exact(re *re2.Node) (pieces []string, whole bool) {
	piece := []rune{}
	whole = true
	for _, r := range re.Text {
		// Bytes that are no UTF-8 match U+FFFD; K and S have relatives outside ASCII.
		if r == utf8.RuneError || re.Fold && (r >= utf8.RuneSelf || strings.ContainsRune("kKsS", r)) {
			pieces, piece, whole = append(pieces, string(piece)), piece[:0], false
			continue
		}
		piece = append(piece, r)
	}
	return append(pieces, string(piece)), whole
}

// ignoresCase says that some literal of the expression ignores case.
func ignoresCase(re *re2.Node, depth int) bool {
	if re.Op == re2.Literal {
		return re.Fold
	}
	return depth > 0 && slices.ContainsFunc(re.Subs, func(sub *re2.Node) bool { return ignoresCase(sub, depth-1) })
}

// contents appends words, in lower case, that stand in every text that the expression
// matches.
func contents(re *re2.Node, words []string, depth int) []string {
	if depth == 0 {
		return words
	}
	switch re.Op {
	case re2.Literal:
		pieces, _ := exact(re)
		for _, w := range pieces {
			if len(w) > maxWordBytes {
				w = w[len(w)-maxWordBytes:] // what tells names apart is more often at their end
			}
			if w != "" {
				words = append(words, lower(w))
			}
		}
	case re2.Repeat:
		if re.Min > 0 {
			return contents(re.Subs[0], words, depth-1)
		}
	case re2.Concat:
		for _, sub := range re.Subs {
			words = contents(sub, words, depth-1)
		}
	case re2.Nothing, re2.Empty, re2.Class, re2.BeginText, re2.EndText, re2.BeginLine, re2.EndLine, re2.WordBoundary,
		re2.NoWordBoundary, re2.Alternate:
	}
	return words
}
