package nist

// The window of a multiple of a point without a comb: digits are odd, below 2^(width-1) in
// absolute value, and at least width places apart (wNAF).
const (
	width      = 5
	oddEntries = 1 << (width - 2)
)

// digits is a scalar in wNAF, the least place first.
type digits [maxBytes*8 + 1]int8

// set recodes w, a number of at most bits bits, and returns how many places it takes.
func (d *digits) set(w *words, bits int) int {
	*d = digits{}
	length := 0
	carry := uint32(0)
	for i := 0; i <= bits; {
		if w.bit(i) == carry {
			i++
			continue
		}
		v := carry
		for j := range width {
			v += w.bit(i+j) << j
		}
		// v is odd; from 2^(width-1) on it is taken 2^width lower and carried.
		carry = v >> (width - 1)
		d[i] = int8(int32(v) - int32(carry)<<width)
		length = i + 1
		i += width
	}
	return length
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
