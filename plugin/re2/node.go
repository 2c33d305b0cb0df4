package re2

import "unicode/utf8"

// Op is the kind of a node; the zero value matches nothing.
type Op uint8

// The kinds of nodes.
const (
	// Nothing is the zero value.
	Nothing Op = iota
	// Empty is the empty text.
	Empty
	// Literal is Text itself.
	Literal
	// Class is one character of Ranges.
	Class
	// BeginText is where the text begins: ^, \A.
	BeginText
	// EndText is where it ends: $, \z.
	EndText
	// BeginLine is where a line begins: ^ under (?m).
	BeginLine
	// EndLine is where one ends: $ under (?m).
	EndLine
	// WordBoundary is between an ASCII word character and something else: \b.
	WordBoundary
	// NoWordBoundary is everywhere else: \B.
	NoWordBoundary
	// Concat is all Subs, one after the other.
	Concat
	// Alternate is one of Subs.
	Alternate
	// Repeat is Subs[0], Min to Max times.
	Repeat
)

// Node is a part of an expression. Groups are not kept: what a group matched is never
// asked for.
type Node struct {
	// Op says which of the other fields count.
	Op Op
	// Fold of a Literal: ASCII letters match without case.
	Fold bool
	// Text of a Literal, at least one character.
	Text []rune
	// Ranges of a Class: first and last of each, in order and apart from each other.
	Ranges []rune
	// Subs of a Concat or an Alternate, at least two; of a Repeat, one.
	Subs []*Node
	// Min and Max of a Repeat; a Max of -1 is without end.
	Min, Max int

	height int
}

// join makes a node of kind op with subs below it.
func join(op Op, subs []*Node) *Node {
	n := &Node{Op: op, Subs: subs}
	for _, sub := range subs {
		n.height = max(n.height, sub.height+1)
	}
	return n
}

// concat is items one after the other: literals that meet become one.
func concat(items []*Node) *Node {
	var subs []*Node
	for _, n := range items {
		if n.Op == Empty {
			continue
		}
		if k := len(subs) - 1; k >= 0 && n.Op == Literal && subs[k].Op == Literal && subs[k].Fold == n.Fold {
			text := append(append([]rune{}, subs[k].Text...), n.Text...)
			subs[k] = &Node{Op: Literal, Fold: n.Fold, Text: text}
			continue
		}
		subs = append(subs, n)
	}
	switch len(subs) {
	case 0:
		return &Node{Op: Empty}
	case 1:
		return subs[0]
	}
	return join(Concat, subs)
}

// alternate is one of items. Neighbours that begin with the same text share it, and
// single characters become a class, so that a list of words is a small program.
func alternate(items []*Node) *Node {
	var subs []*Node
	for i := 0; i < len(items); {
		prefix, last := head(items[i]), i+1
		for ; last < len(items) && len(prefix.Text) > 0; last++ {
			n := common(prefix, head(items[last]))
			if n == 0 {
				break
			}
			prefix.Text = prefix.Text[:n]
		}
		if last-i > 1 {
			rest := make([]*Node, 0, last-i)
			for _, n := range items[i:last] {
				rest = append(rest, without(n, len(prefix.Text)))
			}
			subs = append(subs, concat([]*Node{&prefix, alternate(rest)}))
		} else {
			subs = append(subs, items[i])
		}
		i = last
	}
	subs = merged(subs)
	if len(subs) == 1 {
		return subs[0]
	}
	return join(Alternate, subs)
}

// head is the literal with which n begins; its text is empty if there is none.
func head(n *Node) Node {
	if n.Op == Concat {
		n = n.Subs[0]
	}
	if n.Op != Literal {
		return Node{Op: Literal}
	}
	return Node{Op: Literal, Fold: n.Fold, Text: n.Text}
}

// common is how many characters two literals begin with in common.
func common(a, b Node) int {
	n := 0
	for a.Fold == b.Fold && n < len(a.Text) && n < len(b.Text) && a.Text[n] == b.Text[n] {
		n++
	}
	return n
}

// without is what follows the first k characters of n, which its head has.
func without(n *Node, k int) *Node {
	switch {
	case n.Op == Concat:
		return concat(append([]*Node{without(n.Subs[0], k)}, n.Subs[1:]...))
	case k == len(n.Text):
		return &Node{Op: Empty}
	}
	return &Node{Op: Literal, Fold: n.Fold, Text: n.Text[k:]}
}

// merged makes one class of single characters that are neighbours.
func merged(items []*Node) []*Node {
	var out []*Node
	for _, n := range items {
		if k := len(out) - 1; k >= 0 && single(n) && single(out[k]) {
			out[k] = &Node{Op: Class, Ranges: tidy(append(append([]rune{}, characters(out[k])...), characters(n)...))}
			continue
		}
		out = append(out, n)
	}
	return out
}

// single says that n matches exactly one character.
func single(n *Node) bool { return n.Op == Class || n.Op == Literal && len(n.Text) == 1 }

// characters are the ranges of what a single node matches.
func characters(n *Node) []rune {
	if n.Op == Class {
		return n.Ranges
	}
	return letter(n.Text[0], n.Fold)
}

// letter are the characters that match r.
func letter(r rune, fold bool) []rune {
	if !fold {
		return []rune{r, r}
	}
	return folded([]rune{r, r})
}

// repeat is n, least to most times.
func repeat(n *Node, least, most int) *Node {
	if most == 0 {
		return &Node{Op: Empty}
	}
	r := join(Repeat, []*Node{n})
	r.Min, r.Max = least, most
	return r
}

// copies is how often the most repeated part of n stands in the program, which is at
// most bound, or more than it.
func copies(n *Node, bound int) int {
	most := 1
	for _, sub := range n.Subs {
		most = max(most, copies(sub, bound))
	}
	if n.Op == Repeat {
		times := max(n.Min, n.Max)
		if most *= max(times, 1); most > bound {
			return bound + 1
		}
	}
	return most
}

// Case folds of ASCII letters outside ASCII.
const (
	longS  = '\u017f'
	kelvin = '\u212a'
)

const lastRune = utf8.MaxRune
