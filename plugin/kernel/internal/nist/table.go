package nist

// comb is the geometry of a table of multiples of one point (Lim and Lee, "More flexible
// exponentiation with precomputation", 1994; signed as in Hamburg, "Fast and compact
// elliptic-curve cryptography", 2012, §3.3). A scalar is written in teeth rows of columns
// bits, all of them 1 or -1; the entry for a column is the sum of the teeth's points
// 2^(columns i) P with the signs of that column, the last tooth's always 1: the negative
// serves the other half. The columns fall into parts of depth columns each, with a
// table of their own, so that a multiplication takes depth-1 doublings and columns additions.
type comb struct{ teeth, columns, depth int }

const (
	parts    = 4
	maxTeeth = 10
)

func newComb(bits, teeth int) comb {
	columns := (bits + teeth - 1) / teeth
	return comb{teeth, columns, (columns + parts - 1) / parts}
}

// entries is the length of a part's table.
func (s comb) entries() int { return 1 << (s.teeth - 1) }

// recode sets w to the signs, 1 for 1 and 0 for -1, of an odd number k below
// 2^(teeth columns): k = 2 w - (2^(teeth columns) - 1).
func (s comb) recode(w *words, k *number) {
	w.set(k)
	for i := range maxLimbs - 1 {
		w[i] = w[i]>>1 | w[i+1]<<31
	}
	w[maxLimbs-1] >>= 1
	last := s.teeth*s.columns - 1
	w[last>>5&31] |= 1 << (last & 31)
}

// digit returns the place of a column's entry in its table, and whether to subtract it.
func (s comb) digit(w *words, column int) (entry int, negative bool) {
	var signs uint32
	for i, bit := 0, column; i < s.teeth; i, bit = i+1, bit+s.columns {
		signs |= w[bit>>5&31] >> (bit & 31) & 1 << i
	}
	top := uint32(s.entries())
	if signs&top == 0 {
		return int(^signs & (top - 1)), true
	}
	return int(signs & (top - 1)), false
}

// summand is a point to add, or to subtract.
type summand[E any] struct {
	point    *affine[E]
	negative bool
}

// pick puts a scalar's entries for one of the depth columns of each part behind the first
// n that are picked, and returns how many there are now. It looks at each, so that what is
// in no cache of the processor's arrives while the sum is doubled.
func (k *Key[E, P]) pick(n int, s *comb, table []affine[E], w *words, round int, opposite bool) int {
	if round >= s.depth {
		return n
	}
	for column := round; column < s.columns; column += s.depth {
		entry, negative := s.digit(w, column)
		point := &table[entry]
		x, _ := P(&point.x).Limbs()
		y, _ := P(&point.y).Limbs()
		k.seen |= x[0] | y[len(y)-1]
		k.picked[n&(2*parts-1)] = summand[E]{point, negative != opposite}
		n++
		table = table[s.entries():]
	}
	return n
}
