package re2

import (
	"math/bits"
	"unicode/utf8"
)

// Bounds on a table. What does not fit goes by steps.
const (
	maxStates = 256
	maxTable  = 4096    // bytes
	maxEffort = 1 << 16 // steps looked at while it is made
)

const (
	dead = 0
	born = 1 // the state before the text
)

// state is all that matters at a place in a text.
type state struct {
	set    stepSet
	before side
}

// tabulate makes the table of all states that texts can lead to, unless it is too large.
func (p *Program) tabulate(s *steps) bool {
	states := make([]state, 0, 16)
	states = append(states, state{before: other}, state{s.first, s.beside(&s.first, edge)})
	effort := 0
	for at := 0; at < len(states); at++ {
		from := states[at]
		for class := range p.classes {
			var next state
			s.advance(&from.set, from.before, uint8(class), &next.set)
			next.before = s.beside(&next.set, s.sides[class])
			number := find(states, &next)
			if number == len(states) {
				states = append(states, next)
			}
			p.table = append(p.table, uint8(number))
			effort += size(&from.set, s.words)
			if len(states) > maxStates || len(p.table) > maxTable || effort > maxEffort {
				return false
			}
		}
		if s.accepted(&from.set, from.before) {
			p.ends[at/32] |= 1 << (at % 32)
		}
	}
	return true
}

// find is the number of a state, or of none.
func find(states []state, want *state) int {
	for i := range states {
		if have := &states[i]; have.set[0] == want.set[0] && have.before == want.before && have.set == want.set {
			return i
		}
	}
	return len(states)
}

func size(set *stepSet, words int) int {
	n := 1
	for w := range words {
		n += bits.OnesCount32(set[w])
	}
	return n
}

// class is the class of the character at text[i], and i behind it. A byte that is no
// UTF-8 is U+FFFD.
func (p *Program) class(text string, i int) (uint8, int) {
	if c := text[i]; c < utf8.RuneSelf {
		return p.ascii[c], i + 1
	}
	r, n := utf8.DecodeRuneInString(text[i:])
	return p.wide[last(p.starts, r)], i + n
}

// Match says whether the expression matches the whole text.
func (p *Program) Match(text string) bool {
	if p.table == nil {
		return p.steps != nil && p.follow(text)
	}
	at := uint(born)
	for i := 0; i < len(text); {
		var class uint8
		class, i = p.class(text, i)
		if at = uint(p.table[at*uint(p.classes)+uint(class)]); at == dead {
			return false
		}
	}
	return p.ends[at/32]>>(at%32)&1 != 0
}

// follow is Match without a table.
func (p *Program) follow(text string) bool {
	s := p.steps
	from, before := s.first, edge
	for i := 0; i < len(text); {
		var class uint8
		var to stepSet
		class, i = p.class(text, i)
		s.advance(&from, before, class, &to)
		if to == (stepSet{}) {
			return false
		}
		from, before = to, s.sides[class]
	}
	return s.accepted(&from, before)
}
