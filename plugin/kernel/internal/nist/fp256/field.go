// Package fp256 is the field of P-256: the integers modulo 2^256 - 2^224 + 2^192 + 2^96 - 1.
//
// In: numbers below the prime, in limbs. Out: the same, after additions and
// multiplications. Spec: SP 800-186 §3.2.1; Montgomery, "Modular multiplication without
// trial division", 1985. It never checks a bound as it runs: what operands must keep to
// stands at [Element], and tests drive every limb there.
package fp256

//go:generate sh -c "go run ../../../../../tools/fieldgen fp256 >mul.go"

const (
	width = 29 // bits of a limb
	limbs = 9
	mask  = 1<<width - 1
)

// never is no limb's value: what the generated code looks for in the last limbs, to have
// reached them before the others.
const never = -1 << 31

// Element is v R modulo p, with p = 2^256 - 2^224 + 2^192 + 2^96 - 1 and R = 2^261, as a
// sum of limbs times powers of 2^29; limbs may be negative.
//
// Operands of a multiplication must have limbs of at most 2^29 in absolute value: then
// 18 products of two (Cross has so many in a column) are at most 4.5 2^60, the quotients'
// shares less than 2^54, and int64 holds them. MulTwice, MulSum and the square of
// MulSubSquare take results of the other methods only; MulTwice's and MulSum's 9 products
// of limbs of 2^30 and 2^29 come to as much, MulSubSquare's 27 of 2^58 to 6.75 2^60. As p
// is -1 modulo 2^96, the quotient of a Montgomery step is the lowest limb itself, which
// p's last term takes away.
//
// Results have limbs from 0 to 2^29 - 1 but for the last, which holds the sign and is
// small if the value is: for |a| <= A p and |b| <= B p the product lies between
// -(A B/32) p and (1 + A B/32) p, and the last limb is below 2^24 for each p. The
// formulas keep values of operands below 18 p, as a test of package nist proves with
// intervals, so the last limb is at most 18 2^24.
type Element [limbs]int32

var (
	prime  = Element{0x1fffffff, 0x1fffffff, 0x1fffffff, 0x1ff, 0, 0, 0x40000, 0x1fe00000, 0xffffff}
	square = Element{0xc00, 0, 0x1fff0000, 0x1fdfffff, 0x1fbfffff, 0x1fffffff, 0x1fffffff, 0x1ffffffe, 0x13} // R^2 modulo p
	unit   = Element{1}
)

// Limbs returns z's limbs, which alias it, and their width in bits.
func (z *Element) Limbs() ([]int32, int) { return z[:], width }

// Enter takes the number below p in z's limbs into the field.
func (z *Element) Enter() { z.Mul(z, &square) }

// Leave sets z's limbs to the number from 0 to p - 1.
func (z *Element) Leave() {
	z.Mul(z, &unit)
	// |z| was below 2^264, so z/R modulo p now lies between -8 and p + 8.
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
