package policy

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
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
func literals(tree *syntax.Regexp) (heads []head, folded bool, words []string) {
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
func beginnings(re *syntax.Regexp, depth int) []head {
	if depth == 0 {
		return anything()
	}
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []head{{}} // they take nothing from the text
	case syntax.OpLiteral:
		pieces, whole := exact(re)
		if len(pieces) == 0 {
			return anything()
		}
		return []head{{text: pieces[0], open: !whole}}
	case syntax.OpCharClass:
		return classHeads(re)
	case syntax.OpCapture:
		return beginnings(re.Sub[0], depth-1)
	case syntax.OpPlus:
		return opened(beginnings(re.Sub[0], depth-1))
	case syntax.OpRepeat:
		if re.Min > 0 {
			return opened(beginnings(re.Sub[0], depth-1))
		}
	case syntax.OpQuest:
		return either([]head{{}}, beginnings(re.Sub[0], depth-1))
	case syntax.OpAlternate:
		var all []head
		for _, sub := range re.Sub {
			all = either(all, beginnings(sub, depth-1))
		}
		return all
	case syntax.OpConcat:
		return concatenation(re.Sub, depth)
	case syntax.OpNoMatch, syntax.OpAnyCharNotNL, syntax.OpAnyChar, syntax.OpStar:
	}
	return anything()
}

// concatenation are the heads of expressions that follow each other.
func concatenation(subs []*syntax.Regexp, depth int) []head {
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
func classHeads(re *syntax.Regexp) []head {
	var heads []head
	for i := 0; i+1 < len(re.Rune); i += 2 {
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
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
func exact(re *syntax.Regexp) (pieces []string, whole bool) {
	piece := []rune{}
	whole = true
	for _, r := range re.Rune {
		// Bytes that are no UTF-8 match U+FFFD; K and S have relatives outside ASCII.
		if r == utf8.RuneError || re.Flags&syntax.FoldCase != 0 && (r >= utf8.RuneSelf || strings.ContainsRune("kKsS", r)) {
			pieces, piece, whole = append(pieces, string(piece)), piece[:0], false
			continue
		}
		piece = append(piece, r)
	}
	return append(pieces, string(piece)), whole
}

// ignoresCase says that some literal of the expression ignores case.
func ignoresCase(re *syntax.Regexp, depth int) bool {
	if re.Op == syntax.OpLiteral {
		return re.Flags&syntax.FoldCase != 0
	}
	return depth > 0 && slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return ignoresCase(sub, depth-1) })
}

// contents appends words, in lower case, that stand in every text that the expression
// matches.
func contents(re *syntax.Regexp, words []string, depth int) []string {
	if depth == 0 {
		return words
	}
	switch re.Op {
	case syntax.OpLiteral:
		pieces, _ := exact(re)
		for _, w := range pieces {
			if len(w) > maxWordBytes {
				w = w[len(w)-maxWordBytes:] // what tells names apart is more often at their end
			}
			if w != "" {
				words = append(words, lower(w))
			}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return contents(re.Sub[0], words, depth-1)
	case syntax.OpRepeat:
		if re.Min > 0 {
			return contents(re.Sub[0], words, depth-1)
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			words = contents(sub, words, depth-1)
		}
	case syntax.OpNoMatch, syntax.OpEmptyMatch, syntax.OpCharClass, syntax.OpAnyCharNotNL, syntax.OpAnyChar,
		syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary,
		syntax.OpNoWordBoundary, syntax.OpStar, syntax.OpQuest, syntax.OpAlternate:
	}
	return words
}
