package nist

// batch is how many numbers are inverted together.
const batch = 16

// builder makes the multiples of a point that multiplications start from: a window's odd
// ones, and the tables of a comb, one part a step. It is scratch space, 4 to 7 KB, for as
// long as a step takes; between two steps of a key's comb nothing of it is kept.
type builder[E any, P Element[E]] struct {
	calc[E, P]
	comb
	part         int                   // the next to fill
	teeth        [maxTeeth]jacobian[E] // 2^(columns i + depth part) P
	point, twice affine[E]
	scale        E

	factor   [batch]E // what invertBatch inverts
	product  [batch]E
	bytes    [maxBytes]byte
	inverted number
	prime    *modulus
	size     int // bytes of an element
}

func (c *Curve[E, P]) builder() *builder[E, P] {
	return &builder[E, P]{calc: c.calc(), prime: &c.p, size: c.size}
}

// start sets the point.
func (b *builder[E, P]) start(s comb, p *affine[E]) {
	b.comb, b.part = s, 0
	b.teeth[0] = jacobian[E]{p.x, p.y, b.one}
}

// pause leaves the teeth, whose z is 1 after a step, at the table's end, which only the
// last step fills; resume takes them from there.
func (b *builder[E, P]) pause(table []affine[E]) {
	for i, p := range b.teeth[:b.comb.teeth] {
		table[len(table)-b.comb.teeth+i] = affine[E]{p.x, p.y}
	}
}

func (b *builder[E, P]) resume(s comb, part int, table []affine[E]) {
	b.comb, b.part = s, part
	for i, p := range table[len(table)-s.teeth:] {
		b.teeth[i] = jacobian[E]{p.x, p.y, b.one}
	}
}

// step fills one part's table and says whether it was the last. The points met are fixed
// multiples of P, none of them 0, equal or opposite where they are added: see the tests.
func (b *builder[E, P]) step(table []affine[E]) bool {
	teeth := b.teeth[:b.comb.teeth]
	for i := range teeth {
		if b.part > 0 {
			b.doubleTimes(&teeth[i], &teeth[i], b.depth)
		} else if i > 0 {
			b.doubleTimes(&teeth[i], &teeth[i-1], b.columns)
		}
	}
	b.normalise(teeth)
	part := table[b.part*b.entries():][:b.entries()]
	last := &teeth[len(teeth)-1]
	part[0] = affine[E]{last.x, last.y}
	for i := range teeth[:len(teeth)-1] {
		b.point = affine[E]{teeth[i].x, teeth[i].y}
		for from, to := 0, 1<<i; from < to; from += batch {
			n := min(batch, to-from)
			b.plusMinus(part[to+from:][:n], part[from:][:n], &b.point)
		}
	}
	b.part++
	return b.part == parts
}

// doubleTimes sets z to 2^n p.
func (b *builder[E, P]) doubleTimes(z, p *jacobian[E], n int) {
	b.jacobian, b.infinite = *p, false
	for range n {
		b.double()
	}
	*z = b.jacobian
}

// setOdd sets the multiples 3, 5 .. 15 of odd[0] behind it.
func (b *builder[E, P]) setOdd(odd []affine[E]) {
	p := &odd[0]
	b.load(p, false)
	b.double()
	// With x and y of 2p taken as they are, that is on the isomorphic curve where its z is
	// 1, mixed additions do for the others too (they do not see the curve's constants).
	b.twice, b.scale = affine[E]{b.x, b.y}, b.z
	zz, zzz := &b.factor[0], &b.factor[1]
	P(zz).Square(&b.scale)
	P(zzz).Mul(zz, &b.scale)
	P(&b.point.x).Mul(&p.x, zz)
	P(&b.point.y).Mul(&p.y, zzz)
	b.load(&b.point, false)
	points := b.teeth[:oddEntries-1]
	for i := range points {
		b.add(&b.twice, false)
		points[i] = b.jacobian
		P(&points[i].z).Mul(&b.z, &b.scale)
	}
	b.normalise(points)
	for i := range points {
		odd[i+1] = affine[E]{points[i].x, points[i].y}
	}
}

// invertBatch replaces the first n factors, none of them 0, by their inverses, at the cost
// of one inversion and 3(n-1) multiplications (Montgomery's trick).
func (b *builder[E, P]) invertBatch(n int) {
	b.product[0] = b.factor[0]
	for i := 1; i < n; i++ {
		P(&b.product[i]).Mul(&b.product[i-1], &b.factor[i])
	}
	all, bytes := &b.t[0], b.bytes[:b.size]
	*all = b.product[n-1]
	P(all).Leave()
	limbs, width := P(all).Limbs()
	pack(bytes, width, limbs)
	b.prime.load(&b.inverted, bytes)
	b.prime.invert(&b.inverted, &b.inverted)
	pack(bytes, limbBits, b.inverted[:b.prime.limbs])
	setBytes[E, P](all, bytes)
	for i := n - 1; i > 0; i-- {
		P(&b.product[i]).Mul(all, &b.product[i-1])
		P(all).Mul(all, &b.factor[i])
		b.factor[i] = b.product[i]
	}
	b.factor[0] = *all
}

// normalise gives each point, at most batch of them and none infinity, z = 1.
func (b *builder[E, P]) normalise(points []jacobian[E]) {
	for i := range points {
		b.factor[i] = points[i].z
	}
	b.invertBatch(len(points))
	square := &b.t[0]
	for i := range points {
		p, f := &points[i], &b.factor[i]
		P(square).Square(f)
		P(&p.x).Mul(&p.x, square)
		P(square).Mul(square, f)
		P(&p.y).Mul(&p.y, square)
		p.z = b.one
	}
}

// plusMinus sets sums[i] = from[i] + q and from[i] = from[i] - q, for at most batch points
// none of which is q or -q: both need the same inverse.
func (b *builder[E, P]) plusMinus(sums, from []affine[E], q *affine[E]) {
	for i := range from {
		P(&b.factor[i]).Sub(&from[i].x, &q.x)
	}
	b.invertBatch(len(from))
	for i := range from {
		sums[i], from[i] = b.chord(&from[i], q, &b.factor[i], -1), b.chord(&from[i], q, &b.factor[i], 1)
	}
}

// chord returns p + q for k = -1 and p - q for k = 1, where factor is 1/(p.x - q.x).
func (b *builder[E, P]) chord(p, q *affine[E], factor *E, k int32) (sum affine[E]) {
	slope, both := &b.t[0], &b.t[1]
	P(slope).Lin(1, &p.y, k, &q.y)
	P(slope).Mul(slope, factor)
	P(both).Lin(1, &p.x, 1, &q.x)
	P(&b.x).Cross(slope, slope, both, &b.one)
	P(both).Sub(&p.x, &b.x)
	P(&b.y).Cross(slope, both, &p.y, &b.one)
	return affine[E]{b.x, b.y}
}
