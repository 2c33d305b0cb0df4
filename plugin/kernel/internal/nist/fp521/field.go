// Package fp521 is the field of P-521: the integers modulo 2^521 - 1.
//
// In: numbers below the prime, in limbs. Out: the same, after additions and
// multiplications. Spec: SP 800-186 §3.2.1. It never checks a bound as it runs: what
// operands must keep to stands at [Element], and tests drive every limb there.
package fp521

//go:generate sh -c "go run ../../../../../tools/fieldgen fp521 >mul.go"

const (
	width   = 29 // bits of a limb
	limbs   = 18
	mask    = 1<<width - 1
	topMask = 1<<(width-1) - 1 // of the last limb: 17 * 29 + 28 = 521
)

// never is no limb's value: what the generated code looks for in the last limbs, to have
// reached them before the others.
const never = -1 << 31

// Element is v modulo p = 2^521 - 1, as a sum of limbs times powers of 2^29; limbs may be
// negative.
//
// Operands of a multiplication must have limbs of at most 2^29 + 2^7 in absolute value:
// then the 18 products of a column are below 4.6 2^60, and int64 holds them with the high
// half's share. The high half counts twice (2^522 is 2), 18 limbs lower.
//
// Results have limbs from 0 to 2^29 - 1, the last to 2^28 - 1, but for the limb beside the
// lowest, which takes a last carry from it: what stood above 2^521, at most 2^35, added to
// a limb. It lies between -2^6 and 2^29 + 2^6. Differences of two results are operands.
type Element [limbs]int32

var prime = Element{mask, mask, mask, mask, mask, mask, mask, mask, mask, mask, mask, mask, mask, mask, mask, mask, mask, topMask}

// Limbs returns z's limbs, which alias it, and their width in bits.
func (z *Element) Limbs() ([]int32, int) { return z[:], width }

// Enter takes the number below p in z's limbs into the field.
func (z *Element) Enter() {}

// Leave sets z's limbs to the number from 0 to p - 1.
func (z *Element) Leave() { *z = z.canonical() }

// IsZero says whether z is 0 modulo p.
func (z *Element) IsZero() bool { return z.canonical() == Element{} }

// canonical returns z as a number from 0 to p - 1. An operand's value is below 5 p in
// absolute value, so that the first pass leaves less than 8 above 2^521 or below 0, and
// each of the others one carry that runs through at most.
func (z *Element) canonical() Element {
	v := *z
	for range 3 {
		v.Lin(1, &v, 0, &v)
	}
	if v == prime {
		return Element{}
	}
	return v
}

// Cross sets z = a b - c d. Two columns of products do not fit into one, so they are
// multiplied one after the other.
func (z *Element) Cross(a, b, c, d *Element) {
	var v Element
	v.Mul(c, d)
	z.MulSub(a, b, &v)
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
