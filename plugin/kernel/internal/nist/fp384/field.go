// Package fp384 is the field of P-384: the integers modulo 2^384 - 2^128 - 2^96 + 2^32 - 1.
//
// In: numbers below the prime, in limbs. Out: the same, after additions and
// multiplications. Spec: SP 800-186 §3.2.1; Montgomery, "Modular multiplication without
// trial division", 1985. It never checks a bound as it runs: what operands must keep to
// stands at [Element], and tests drive every limb there.
package fp384

//go:generate sh -c "go run ../../../../../tools/fieldgen fp384 >mul.go"

const (
	width = 28 // bits of a limb
	limbs = 14
	mask  = 1<<width - 1
)

// never is no limb's value: what the generated code looks for in the last limbs, to have
// reached them before the others.
const never = -1 << 31

// Element is v R modulo p, with p = 2^384 - 2^128 - 2^96 + 2^32 - 1 and R = 2^392, as a
// sum of limbs times powers of 2^28; limbs may be negative.
//
// Operands of a multiplication must have limbs of at most 2^28 in absolute value (2^29
// would do): then 28 products of two (Cross has so many in a column) are at most 28 2^56,
// the quotients' shares less than 2^50, and int64 holds them. As p is -1 modulo 2^32, the
// quotient of a Montgomery step is the lowest limb itself, which p's last term takes away.
//
// Results have limbs from 0 to 2^28 - 1 but for the last, which holds the sign and is
// small if the value is: for |a| <= A p and |b| <= B p the product lies between
// -(A B/256) p and (1 + A B/256) p, and the last limb is below 2^20 for each p. The
// formulas keep values of operands below 18 p, as a test of package nist proves with
// intervals, so the last limb is at most 18 2^20.
type Element [limbs]int32

var (
	prime  = Element{0xfffffff, 0xf, 0, 0xffff000, 0xffeffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffff}
	square = Element{0x10000, 0xfe00000, 0xffffff, 0, 2, 0, 0xffffe00, 0xfff, 0x20000, 0x100000} // R^2 modulo p
	unit   = Element{1}
)

// Limbs returns z's limbs, which alias it, and their width in bits.
func (z *Element) Limbs() ([]int32, int) { return z[:], width }

// Enter takes the number below p in z's limbs into the field.
func (z *Element) Enter() { z.Mul(z, &square) }

// Leave sets z's limbs to the number from 0 to p - 1.
func (z *Element) Leave() {
	z.Mul(z, &unit)
	// |z| was below 2^395, so z/R modulo p now lies between -8 and p + 8.
	if z[limbs-1] < 0 {
		z.Lin(1, z, 1, &prime)
	}
	var less Element
	if less.Lin(1, z, -1, &prime); less[limbs-1] >= 0 {
		*z = less
	}
}

// IsZero says whether z is 0 modulo p.
func (z *Element) IsZero() bool {
	var v Element
	v.Mul(z, &unit)
	// See Leave: v is a number from -8 to p + 8, in the one form that carried limbs have.
	return v == Element{} || v == prime
}

// MulTwice sets z = 2 a b.
func (z *Element) MulTwice(a, b *Element) {
	z.Mul(a, b)
	z.Lin(2, z, 0, z)
}

// MulSum sets z = (a + b) (a - b).
func (z *Element) MulSum(a, b *Element) {
	var sum, difference Element
	sum.Lin(1, a, 1, b)
	difference.Sub(a, b)
	z.Mul(&sum, &difference)
}

// MulSubSquare sets z = a b - 2 c^2.
func (z *Element) MulSubSquare(a, b, c *Element) {
	var v Element
	v.Square(c)
	v.Lin(2, &v, 0, &v)
	z.MulSub(a, b, &v)
}
