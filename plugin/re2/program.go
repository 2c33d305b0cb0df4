package re2

import (
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Bounds on a program.
const (
	// MaxSteps is the most steps of an expression. Where there is no table, a character
	// of a text costs time in proportion to them.
	MaxSteps = 500
	// MaxClasses is the most kinds of characters that it may tell apart.
	MaxClasses = 256
)

// Program is a compiled expression. Matching does not change it, so that several may use
// it at once; the zero value matches nothing.
type Program struct {
	// Characters that no part of the expression tells apart are of one class: that of
	// an ASCII character, and of others that of the last of starts that is not behind it.
	ascii  [utf8.RuneSelf]uint8
	starts []rune
	wide   []uint8

	// table is where a state goes by a class, in rows of so many classes, and ends
	// whether a text may end there. State dead is that nothing can match any more.
	table   []uint8
	classes int
	ends    [maxStates / 32]uint32

	// steps are followed all at once where the table would be too large.
	steps *steps
}

// compiler makes steps of a tree, from its end to its beginning: each part is told where
// to go on.
type compiler struct {
	*steps
	sets [][]rune // that steps take, each once
	full bool
}

// Compile makes the program of a tree.
func Compile(tree *Node) (*Program, error) {
	c := compiler{steps: new(steps)}
	start := c.node(tree, c.emit(step{kind: accept}))
	if c.full {
		return nil, errors.New("compiles to more than " + strconv.Itoa(MaxSteps) + " steps")
	}
	p := new(Program)
	if !p.classify(&c) {
		return nil, errors.New("tells more than " + strconv.Itoa(MaxClasses) + " kinds of characters apart")
	}
	c.words = (len(c.list) + 31) / 32
	c.first.add(start)
	c.expand(&c.first, other, other, false)
	if !p.tabulate(c.steps) {
		p.table, p.ends, p.steps = nil, [maxStates / 32]uint32{}, c.steps
	}
	return p, nil
}

// Clone copies a program, and nothing that it took to make it.
func (p *Program) Clone() *Program {
	q := *p
	q.starts, q.wide, q.table = slices.Clone(p.starts), slices.Clone(p.wide), slices.Clone(p.table)
	if p.steps != nil {
		s := *p.steps
		s.list, s.members, s.sides = slices.Clone(s.list), slices.Clone(s.members), slices.Clone(s.sides)
		q.steps = &s
	}
	return &q
}

func (c *compiler) emit(s step) uint16 {
	if len(c.list) == MaxSteps {
		c.full = true
		return 0
	}
	i := uint16(len(c.list))
	c.list = append(c.list, s)
	switch s.kind {
	case split:
		c.splits.add(i)
	case look:
		c.looks.add(i)
		c.looking = true
		c.byLine = c.byLine || s.look == BeginLine || s.look == EndLine
		c.byWord = c.byWord || s.look == WordBoundary || s.look == NoWordBoundary
	case take, accept:
	}
	return i
}

// node returns where n begins if what follows it begins at next.
func (c *compiler) node(n *Node, next uint16) uint16 {
	if c.full {
		return 0
	}
	switch n.Op {
	case Nothing:
		return c.take(nil, next)
	case Empty:
	case Literal:
		for i := len(n.Text) - 1; i >= 0; i-- {
			next = c.take(letter(n.Text[i], n.Fold), next)
		}
	case Class:
		return c.take(n.Ranges, next)
	case BeginText, EndText, BeginLine, EndLine, WordBoundary, NoWordBoundary:
		return c.emit(step{kind: look, look: n.Op, to: next})
	case Concat:
		for i := len(n.Subs) - 1; i >= 0; i-- {
			next = c.node(n.Subs[i], next)
		}
	case Alternate:
		at := c.node(n.Subs[len(n.Subs)-1], next)
		for i := len(n.Subs) - 2; i >= 0; i-- {
			at = c.emit(step{kind: split, to: c.node(n.Subs[i], next), or: at})
		}
		return at
	case Repeat:
		return c.repeat(n, next)
	}
	return next
}

func (c *compiler) repeat(n *Node, next uint16) uint16 {
	sub, times := n.Subs[0], n.Min
	if n.Max < 0 {
		loop := c.emit(step{kind: split, or: next})
		body := c.node(sub, loop)
		if c.full {
			return 0
		}
		c.list[loop].to = body
		if next = loop; times > 0 {
			next, times = body, times-1 // the loop's own body is one of them
		}
	} else {
		end := next
		for range n.Max - n.Min {
			next = c.emit(step{kind: split, to: c.node(sub, next), or: end})
		}
	}
	for range times {
		next = c.node(sub, next)
	}
	return next
}

func (c *compiler) take(ranges []rune, next uint16) uint16 {
	for i, set := range c.sets {
		if slices.Equal(set, ranges) {
			return c.emit(step{kind: take, set: uint16(i), to: next})
		}
	}
	c.sets = append(c.sets, ranges)
	return c.emit(step{kind: take, set: uint16(len(c.sets) - 1), to: next})
}

// classify divides all characters into classes, as few as the steps need.
func (p *Program) classify(c *compiler) bool {
	sets := c.sets
	if c.byLine {
		sets = append(sets, newRow)
	}
	if c.byWord {
		sets = append(sets, wordly)
	}
	starts := []rune{0, utf8.RuneSelf}
	for _, set := range sets {
		for i, r := range set {
			starts = with(starts, r+rune(i&1)) // behind the last of a range another begins
		}
	}
	of, classes := make([]uint8, len(starts)), 1
	numbers := make([]uint16, 2*MaxClasses) // of those in a class that the set has, or not
	for _, set := range sets {
		clear(numbers)
		classes = 0
		for i, k := 0, 0; i < len(starts) && starts[i] <= lastRune; i++ {
			for k < len(set) && set[k+1] < starts[i] {
				k += 2
			}
			old := 2 * int(of[i])
			if k < len(set) && set[k] <= starts[i] {
				old++
			}
			if numbers[old] == 0 {
				if classes++; classes > MaxClasses {
					return false
				}
				numbers[old] = uint16(classes)
			}
			of[i] = uint8(numbers[old] - 1)
		}
	}
	p.classes = classes
	c.members = make([]classSet, len(c.sets))
	c.sides = make([]side, classes)
	for i, first := range starts {
		if first > lastRune {
			break
		}
		for k, set := range c.sets {
			if holds(set, first) {
				c.members[k].add(of[i])
			}
		}
		c.sides[of[i]] = c.sideOf(first)
		if first >= utf8.RuneSelf && (first == utf8.RuneSelf || of[i] != p.wide[len(p.wide)-1]) {
			p.starts, p.wide = append(p.starts, first), append(p.wide, of[i])
		}
	}
	for r, at := rune(0), 0; r < utf8.RuneSelf; r++ {
		if starts[at+1] <= r {
			at++
		}
		p.ascii[r] = of[at]
	}
	return true
}

// with adds r to a sorted list that has each but once.
func with(list []rune, r rune) []rune {
	at := last(list, r)
	if list[at] == r {
		return list
	}
	return slices.Insert(list, at+1, r)
}

// last is the place of the last that is not behind r; the first one never is.
func last(list []rune, r rune) int {
	lo, hi := 0, len(list)
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) / 2); list[mid] <= r {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

func holds(ranges []rune, r rune) bool {
	for i := 0; i < len(ranges); i += 2 {
		if ranges[i] <= r && r <= ranges[i+1] {
			return true
		}
	}
	return false
}
