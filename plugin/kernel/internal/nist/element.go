package nist

// Element is an element of a curve's prime field: E holds the limbs, *E the operations.
//
// The receiver may be any of the operands. The operands' limbs and values must lie within
// the bounds that the field's package states; results of all methods but Sub do, and Sub
// does when its operands are results of the others.
type Element[E any] interface {
	*E
	// Limbs returns z's limbs, which alias it, and their width in bits.
	Limbs() ([]int32, int)
	// Enter takes the number below the prime in z's limbs into the field.
	Enter()
	// Leave sets z's limbs to the number from 0 to the prime - 1.
	Leave()
	// IsZero says whether z is 0 modulo the prime.
	IsZero() bool
	// Mul sets z = a b.
	Mul(a, b *E)
	// MulAdd sets z = a b + c.
	MulAdd(a, b, c *E)
	// MulSub sets z = a b - c.
	MulSub(a, b, c *E)
	// Square sets z = a^2.
	Square(a *E)
	// SquareSub sets z = a^2 - b - 2 c.
	SquareSub(a, b, c *E)
	// Cross sets z = a b - c d.
	Cross(a, b, c, d *E)
	// SquareSub4 sets z = a^2 - 4 b.
	SquareSub4(a, b *E)
	// MulTwice sets z = 2 a b.
	MulTwice(a, b *E)
	// MulSum sets z = (a + b) (a - b), for results of the others (Sub but) a and b.
	MulSum(a, b *E)
	// MulSubSquare sets z = a b - 2 c^2, for a result c.
	MulSubSquare(a, b, c *E)
	// Lin sets z = k a + m b, carried; k and m are of at most 4.
	Lin(k int32, a *E, m int32, b *E)
	// Sub sets z = a - b, not carried.
	Sub(a, b *E)
}

// setBytes sets z to a big-endian number below the prime.
func setBytes[E any, P Element[E]](z *E, b []byte) {
	limbs, width := P(z).Limbs()
	unpack(limbs, width, b)
	P(z).Enter()
}

// unpack cuts a big-endian number into limbs of width bits, the least first.
func unpack(limbs []int32, width int, b []byte) {
	var held uint64
	count, next := 0, 0
	for i := len(b) - 1; i >= 0; i-- {
		held |= uint64(b[i]) << count
		count += 8
		if count >= width && next < len(limbs) {
			limbs[next] = int32(held & (1<<width - 1))
			held >>= width
			count -= width
			next++
		}
	}
	for ; next < len(limbs); next++ {
		limbs[next] = int32(held & (1<<width - 1))
		held >>= width
	}
}

// pack fills b with the big-endian number of these limbs of width bits, each within them.
func pack(b []byte, width int, limbs []int32) {
	var held uint64
	count, next := 0, 0
	for i := len(b) - 1; i >= 0; i-- {
		if count < 8 && next < len(limbs) {
			held |= uint64(limbs[next]) << count
			count += width
			next++
		}
		b[i] = byte(held)
		held >>= 8
		count -= 8
	}
}
