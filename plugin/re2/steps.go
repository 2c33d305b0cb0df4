package re2

import "math/bits"

// steps is an expression as a machine (Thompson, "Regular expression search algorithm",
// 1968): a set of them is where it stands in a text.
type steps struct {
	list  []step
	first stepSet // where it stands before the text
	// splits and looks are the steps that take no character.
	splits, looks stepSet
	looking       bool
	byLine        bool // some look is for lines
	byWord        bool // or for words
	words         int  // of a set that are in use
	// members are the classes of the characters that a step takes.
	members []classSet
	// sides are what the characters of each class are to a step that looks.
	sides []side
}

// step takes a character, goes on in two ways, or looks, by its kind.
type step struct {
	kind stepKind
	look Op     // BeginText to NoWordBoundary
	set  uint16 // in members
	to   uint16
	or   uint16 // of a split
}

type stepKind uint8

const (
	accept stepKind = iota // step 0, and no other
	take
	split
	look
)

// side is what stands beside a place in a text.
type side uint8

const (
	edge side = iota // the text's end
	newline
	wordChar
	other
)

type (
	stepSet  [(MaxSteps + 31) / 32]uint32
	classSet [MaxClasses / 32]uint32
)

func (s *stepSet) add(i uint16)      { s[i/32] |= 1 << (i % 32) }
func (s *classSet) add(i uint8)      { s[i/32] |= 1 << (i % 32) }
func (s *classSet) has(i uint8) bool { return s[i/32]>>(i%32)&1 != 0 }

// sideOf is what r is to a step that looks.
func (s *steps) sideOf(r rune) side {
	switch {
	case s.byLine && r == '\n':
		return newline
	case s.byWord && isWord(r):
		return wordChar
	}
	return other
}

// beside is before, if a step of the set looks at it; otherwise it does not matter.
func (s *steps) beside(set *stepSet, before side) side {
	for w := range s.words {
		if set[w]&s.looks[w] != 0 {
			return before
		}
	}
	return other
}

// holds says whether a look holds between two sides.
func (op Op) holds(before, after side) bool {
	switch op {
	case BeginText:
		return before == edge
	case EndText:
		return after == edge
	case BeginLine:
		return before == edge || before == newline
	case EndLine:
		return after == edge || after == newline
	case WordBoundary:
		return (before == wordChar) != (after == wordChar)
	case NoWordBoundary:
		return (before == wordChar) == (after == wordChar)
	case Nothing, Empty, Literal, Class, Concat, Alternate, Repeat:
	}
	return false
}

// expand goes on from all steps of the set that take no character, and leaves out what
// is of no use any more: those that look are passed only if looking is set, and stay
// otherwise until what follows is known. Each step is passed once.
func (s *steps) expand(set *stepSet, before, after side, looking bool) {
	var done stepSet
	for w := s.words - 1; w >= 0; {
		open := s.splits[w]
		if looking {
			open |= s.looks[w]
		}
		open &= set[w] &^ done[w]
		if open == 0 {
			w--
			continue
		}
		bit := bits.TrailingZeros32(open)
		done[w] |= 1 << bit
		at := s.list[w*32+bit]
		if at.kind == split {
			set.add(at.or)
			w = max(w, int(at.or/32))
		} else if !at.look.holds(before, after) {
			continue
		}
		set.add(at.to)
		w = max(w, int(at.to/32))
	}
	for w := range s.words {
		set[w] &^= done[w]
	}
}

// advance is where a character of a class leads from a set; before is what stands before
// it.
func (s *steps) advance(from *stepSet, before side, class uint8, to *stepSet) {
	now := *from
	if s.looking {
		s.expand(&now, before, s.sides[class], true)
	}
	*to = stepSet{}
	for w := range s.words {
		for open := now[w]; open != 0; open &= open - 1 {
			at := s.list[w*32+bits.TrailingZeros32(open)]
			if at.kind == take && s.members[at.set].has(class) {
				to.add(at.to)
			}
		}
	}
	s.expand(to, other, other, false)
}

// accepted says whether the text may end at a set.
func (s *steps) accepted(set *stepSet, before side) bool {
	now := *set
	if s.looking {
		s.expand(&now, before, edge, true)
	}
	return now[0]&1 != 0
}
