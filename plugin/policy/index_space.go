package policy

import (
	"slices"
	"sort"
	"strings"

	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/word"
)

// reading is how a text is read when it is looked up.
type reading uint8

const (
	asIs reading = iota
	withoutCase
	fromTheEnd
)

// at returns byte i of s in that reading.
func (r reading) at(s string, i int) byte {
	switch r {
	case asIs:
		return s[i]
	case withoutCase:
		return request.Lower(s[i])
	case fromTheEnd:
		return s[len(s)-1-i]
	}
	return 0
}

// space files rules under heads, and leads from a text to the rules under those heads
// with which it begins.
//
// The heads are sorted, so that those which begin with one of them stand behind it. Each
// has two points: 2i for the texts that are head i, 2i+1 for those that go on, but not
// to a longer head. A rule under an open head i covers all points up to the next head
// that does not begin with i, and one under a closed head the point 2i alone: intervals,
// kept in a segment tree (Bentley, "Solutions to Klee's rectangle problems", 1977) whose
// nodes list their rules in order. The nodes above a point are few, whatever the number
// of rules, and their lists hold exactly the rules that are looked for.
type space struct {
	reading reading
	heads   []string
	// parent is the longest other head with which a head begins, jump one further up: a
	// logarithm of steps leads to any (Myers, "An applicative random-access stack", 1983).
	// Head 0 is "", the root.
	parent, jump []uint16
	// lists[n] is where node n's list stands in index.lists; 0 is the empty one.
	lists []uint32
}

// endOfList is behind every list.
const endOfList = 1<<16 - 1

// build files rule i under heads[i] and appends the lists.
func (s *space) build(rules []Rule, heads [][]head, r reading, lists []uint16) []uint16 {
	s.reading = r
	all := []string{""}
	for i := range heads {
		for _, h := range heads[i] {
			all = append(all, h.text)
		}
	}
	if len(all) == 1 {
		return lists
	}
	slices.Sort(all)
	s.heads = slices.Compact(all)
	s.climb()
	f := filing{space: s, rules: rules, heads: heads}
	s.lists = make([]uint32, 4*len(s.heads))
	f.each(func(node, _ int) { s.lists[node]++ })
	end := uint32(len(lists))
	for node, n := range s.lists {
		if n > 0 {
			s.lists[node] = end
			end += n + 1
		}
	}
	lists = append(lists, make([]uint16, int(end)-len(lists))...)
	next := slices.Clone(s.lists)
	f.each(func(node, rule int) {
		lists[next[node]] = uint16(rule)
		next[node]++
		lists[next[node]] = endOfList
	})
	return lists
}

// filing walks through what stands in the nodes of a space's tree.
type filing struct {
	space *space
	rules []Rule
	heads [][]head
}

// each calls put for every node and each rule of its list, rule by rule.
func (f *filing) each(put func(node, rule int)) {
	points := 2 * len(f.space.heads)
	full := make([]bool, 2*points)
	for i := range f.heads {
		sure := f.rules[i].Match.sure()
		for j, h := range f.heads[i] {
			if slices.Contains(f.heads[i][:j], h) {
				continue
			}
			from, to := f.space.interval(h)
			for from, to = from+points, to+points; from < to; from, to = (from+1)/2, to/2 {
				for _, node := range [...]int{from * (from & 1), (to - 1) * (to & 1)} {
					if node > 0 && !full[node] {
						put(node, i)
						full[node] = sure // no rule behind it is ever the first
					}
				}
			}
		}
	}
}

// sure says that the path alone decides, which its place in the index knows.
func (m *Match) sure() bool {
	return m.Path.Kind != PathRegex && len(m.Methods)+len(m.Hosts)+len(m.Headers)+len(m.Query) == 0
}

// climb sets parent and jump.
func (s *space) climb() {
	n := len(s.heads)
	s.parent, s.jump = make([]uint16, n), make([]uint16, n)
	depth := make([]int, n)
	for i := 1; i < n; i++ {
		p := i - 1
		for !strings.HasPrefix(s.heads[i], s.heads[p]) {
			p = int(s.parent[p])
		}
		depth[i] = depth[p] + 1
		s.parent[i] = uint16(p)
		s.jump[i] = uint16(p)
		if j := int(s.jump[p]); depth[p]-depth[j] == depth[j]-depth[s.jump[j]] {
			s.jump[i] = s.jump[j]
		}
	}
}

// interval returns the points that a head covers.
func (s *space) interval(h head) (from, to int) {
	i, _ := slices.BinarySearch(s.heads, h.text)
	if !h.open {
		return 2 * i, 2*i + 1
	}
	behind := sort.Search(len(s.heads)-i, func(n int) bool { return !strings.HasPrefix(s.heads[i+n], h.text) })
	return 2 * i, 2 * (i + behind)
}

// point returns the point of a text: that of the longest head with which it begins.
func (s *space) point(text string) int {
	// The last head that is not behind the text; low and high remember how many bytes
	// the heads at both ends have in common with it, which those between have too.
	from, to, low, high := 0, len(s.heads), 0, 0
	for to-from > 1 {
		middle := int(uint(from+to) / 2)
		n, behind := s.common(s.heads[middle], text, min(low, high))
		if behind {
			to, high = middle, n
		} else {
			from, low = middle, n
		}
	}
	for len(s.heads[from]) > low { // it is not in the text whole, but one above it is
		if j := int(s.jump[from]); len(s.heads[j]) > low {
			from = j
			continue
		}
		from = int(s.parent[from])
	}
	if len(s.heads[from]) == len(text) {
		return 2 * from
	}
	return 2*from + 1
}

// common returns how many bytes head and text have in common, of which n are known to
// be, and whether head sorts behind text.
func (s *space) common(head, text string, n int) (common int, behind bool) {
	end := min(len(head), len(text))
	for s.reading == asIs && n+8 <= end && word.At(head, n) == word.At(text, n) {
		n += 8
	}
	for ; n < end; n++ {
		if c := s.reading.at(text, n); c != head[n] {
			return n, head[n] > c
		}
	}
	return n, len(head) > n
}

// clone copies a space, its heads into one text.
func (s *space) clone() space {
	c := space{reading: s.reading, parent: slices.Clone(s.parent), jump: slices.Clone(s.jump), lists: slices.Clone(s.lists)}
	all := strings.Join(s.heads, "")
	c.heads = make([]string, len(s.heads))
	for i, h := range s.heads {
		c.heads[i], all = all[:len(h)], all[len(h):]
	}
	return c
}

// merge yields the rules of several lists in order, each once.
type merge struct {
	lists []uint16
	at    [maxLists]uint32
	count int
	from  uint16 // no rule before it is left
}

// maxLists: a tree of 2^17 points has 18 nodes above each, and there are three.
const maxLists = 3 * 18

// add adds the lists of all nodes above the point of a text.
func (m *merge) add(s *space, text string) {
	if len(s.heads) == 0 {
		return
	}
	for node := s.point(text) + 2*len(s.heads); node > 0; node /= 2 {
		if at := s.lists[node]; at > 0 {
			m.at[m.count] = at
			m.count++
		}
	}
}

// next returns the next rule.
func (m *merge) next() (rule int, ok bool) {
	if m.count == 1 { // the usual case: nothing to choose from
		r := m.lists[m.at[0]]
		if r != endOfList {
			m.at[0]++
		}
		return int(r), r != endOfList
	}
	first := uint16(endOfList)
	for i := range m.at[:m.count] {
		r := m.lists[m.at[i]]
		for r < m.from { // yielded already: of this list, or of another with the same rule
			m.at[i]++
			r = m.lists[m.at[i]]
		}
		first = min(first, r)
	}
	m.from = first + 1
	return int(first), first != endOfList
}
