package policy

import "github.com/postern-wasm/postern/plugin/request"

// words finds which of many words a text contains, ASCII letters without case, in one
// pass (Aho and Corasick, "Efficient string matching", 1975).
type words struct {
	// states, of which 0 is the start, and where it goes by the first letter.
	states []state
	first  [256]uint16
}

// state is the longest beginning of a word with which the text read so far ends.
type state struct {
	// child is the first of the states that are one letter longer, next the next one of
	// the same length, 0 none.
	child, next uint16
	// fail is the longest other beginning of a word with which it ends.
	fail uint16
	// word is the number of the word that it is, plus one, or 0; above is the next state
	// by fail that is a word.
	word, above uint16
	letter      byte
}

// wordBits is the number of words that are told apart: a word's bit is its number modulo
// this. Two that share one let an expression run in vain.
const wordBits = 2048

// wordSet are words by their bits.
type wordSet [wordBits / 32]uint32

func (s *wordSet) has(word uint16) bool { return s[word%wordBits/32]>>(word%32)&1 != 0 }

// maxStates bounds the states, whose numbers have 16 bits. An expression whose word does
// not fit any more goes without.
const maxStates = 1<<16 - 1

// build chooses a word for every rule that has some, the one that the fewest rules
// share, and makes the automaton.
func (w *words) build(rules []Rule, of []indexed) {
	count := map[string]int{}
	for i := range rules {
		for _, word := range rules[i].Match.Path.words() {
			count[word]++
		}
	}
	if len(count) == 0 {
		return
	}
	numbers := map[string]uint16{}
	w.states = make([]state, 1)
	for i := range rules {
		best := ""
		for _, word := range rules[i].Match.Path.words() {
			if best == "" || count[word] < count[best] || count[word] == count[best] && len(word) > len(best) {
				best = word
			}
		}
		if best == "" || len(w.states)+len(best) > maxStates {
			continue
		}
		if numbers[best] == 0 {
			numbers[best] = uint16(len(numbers)) + 1
			w.insert(best, numbers[best])
		}
		of[i].word = numbers[best]
	}
	w.link()
}

// words are those that every path contains that p matches.
func (p *PathMatch) words() []string {
	if p.Kind != PathRegex || p.Pattern == nil {
		return nil
	}
	return p.Pattern.words
}

func (w *words) insert(word string, number uint16) {
	at := uint16(0)
	for i := 0; i < len(word); i++ {
		to := w.longer(at, word[i])
		if to == 0 {
			to = uint16(len(w.states))
			w.states = append(w.states, state{next: w.states[at].child, letter: word[i]})
			w.states[at].child = to
			if at == 0 {
				w.first[word[i]] = to
			}
		}
		at = to
	}
	w.states[at].word = number
}

// longer returns the state one letter longer, or 0.
func (w *words) longer(at uint16, letter byte) uint16 {
	for to := w.states[at].child; to != 0; to = w.states[to].next {
		if w.states[to].letter == letter {
			return to
		}
	}
	return 0
}

// walk returns the state after a letter.
func (w *words) walk(at uint16, letter byte) uint16 {
	for at != 0 {
		s := &w.states[at]
		for to := s.child; to != 0; {
			t := &w.states[to]
			if t.letter == letter {
				return to
			}
			to = t.next
		}
		at = s.fail
	}
	return w.first[letter]
}

// link sets fail and above, shorter states first.
func (w *words) link() {
	queue := make([]uint16, 1, len(w.states))
	for n := 0; n < len(queue); n++ {
		at := queue[n]
		for to := w.states[at].child; to != 0; to = w.states[to].next {
			queue = append(queue, to)
			s := &w.states[to]
			if at != 0 {
				s.fail = w.walk(w.states[at].fail, s.letter)
			}
			if s.above = s.fail; w.states[s.fail].word == 0 {
				s.above = w.states[s.fail].above
			}
		}
	}
}

// search sets the bits of the words that text contains. Its time is that of the text,
// whatever the words.
func (w *words) search(found *wordSet, text string) {
	at := uint16(0)
	for i := 0; i < len(text); i++ {
		c := request.Lower(text[i])
		if at == 0 {
			if at = w.first[c]; at == 0 {
				continue // most letters begin no word
			}
		} else if at = w.walk(at, c); at == 0 {
			continue
		}
		for s := at; s != 0; s = w.states[s].above {
			if n := w.states[s].word; n != 0 {
				found[n%wordBits/32] |= 1 << (n % 32)
			}
		}
	}
}
