package ed25519

// element is a number modulo p = 2^255 - 19: the sum of element[i] 2^(29 i), with signed
// limbs and many forms for one number. Nine limbs of 29 bits span 261 bits, and
// 2^261 = 64 * 2^255 = 64 * 19 = 1216 modulo p, which folds the upper half of a product.
//
// Limbs grow by sums and shrink by products. Write T = 2^28 + 2^17. What carry, mul and
// square leave is tight: every limb within T of zero. A sum or a difference of elements
// within i T and j T is within (i + j) T. mul takes elements within i T and j T if
// i j <= 12, square one within 3 T: a column holds at most nine products, and
//
//	9 * 12 * T^2 < 2^62.76,
//
// which leaves room below 2^63 for the carries (below 2^36) and the folded limbs (below
// 2^46). The tests drive every limb to these bounds, with both signs.
type element [9]int32

const (
	limbBits = 29
	mask     = 1<<limbBits - 1
	half     = 1 << (limbBits - 1)
	fold     = 1216
	topBits  = 255 - 8*limbBits // of the last limb, in a number below 2^255
)

var (
	zero element
	one  = element{1}
	// The curve's constant -121665/121666 and twice that (RFC 8032 §5.1).
	curveD = element{-212240221, 257584721, -260691235, 1350275, -24543225, 3980221, -103927011, -37392896, 5374829}
	twiceD = element{112390489, -21701471, 15488443, 2700549, -49086450, 7960442, -207854022, -74785792, 2361050}
	// A square root of -1: 2^((p-1)/4).
	rootOfMinusOne = element{168730800, 124836154, 200875569, 103812442, -42306828, 5021438, -64180940, -267782084, 2851621}
)

// carry splits a column: a limb within half of zero, and what goes to the next column.
func carry(c int64) (limb, up int64) {
	c += half
	return c&mask - half, c >> limbBits
}

// add sets z = a + b. This and the next are written out because small code is not
// unrolled where the module is built for size.
//
//go:inline
func (z *element) add(a, b *element) {
	z[8], z[7], z[6] = a[8]+b[8], a[7]+b[7], a[6]+b[6]
	z[5], z[4], z[3] = a[5]+b[5], a[4]+b[4], a[3]+b[3]
	z[2], z[1], z[0] = a[2]+b[2], a[1]+b[1], a[0]+b[0]
}

// sub sets z = a - b.
//
//go:inline
func (z *element) sub(a, b *element) {
	z[8], z[7], z[6] = a[8]-b[8], a[7]-b[7], a[6]-b[6]
	z[5], z[4], z[3] = a[5]-b[5], a[4]-b[4], a[3]-b[3]
	z[2], z[1], z[0] = a[2]-b[2], a[1]-b[1], a[0]-b[0]
}

func (z *element) negate(a *element) { z.sub(&zero, a) }

// tighten brings limbs of any size within T of zero.
func (z *element) tighten() {
	var up int64
	for i := range z {
		var limb int64
		limb, up = carry(int64(z[i]) + up)
		z[i] = int32(limb)
	}
	// up is at most 4, and 4 * 1216 < 2^13.
	limb, up := carry(int64(z[0]) + fold*up)
	z[0] = int32(limb)
	z[1] += int32(up)
}

// power sets z = a^(2^n), for n of at least 1.
func (z *element) power(a *element, n int) {
	z.square(a)
	for range n - 1 {
		z.square(z)
	}
}

// power58 sets z = a^((p-5)/8) = a^(2^252 - 3). a is tight.
func (z *element) power58(a *element) {
	var t, b5, b10, b50 element
	t.square(a)       // 2
	b5.power(&t, 2)   // 8
	b5.mul(&b5, a)    // 9
	t.mul(&t, &b5)    // 11
	t.square(&t)      // 22
	b5.mul(&t, &b5)   // 2^5 - 1
	t.power(&b5, 5)   //
	b10.mul(&t, &b5)  // 2^10 - 1
	t.power(&b10, 10) //
	b50.mul(&t, &b10) // 2^20 - 1
	t.power(&b50, 20) //
	t.mul(&t, &b50)   // 2^40 - 1
	t.power(&t, 10)   //
	b50.mul(&t, &b10) // 2^50 - 1
	t.power(&b50, 50) //
	b10.mul(&t, &b50) // 2^100 - 1
	t.power(&b10, 100)
	t.mul(&t, &b10) // 2^200 - 1
	t.power(&t, 50) //
	t.mul(&t, &b50) // 2^250 - 1
	t.power(&t, 2)  // 2^252 - 4
	z.mul(&t, a)
}

// root sets z to the square root of u/v that is even, or says that there is none (RFC
// 8032 §5.1.3 steps 2 and 3). u is within 2 T, v too and not 0.
func (z *element) root(u, v *element) bool {
	var v3, r, check element
	v3.square(v)
	v3.mul(&v3, v)
	r.square(&v3)
	r.mul(&r, v)
	r.mul(&r, u)
	r.power58(&r) // (u v^7)^((p-5)/8)
	r.mul(&r, &v3)
	r.mul(&r, u)
	check.square(&r)
	check.mul(&check, v) // v r^2 is u, -u, or no such
	var difference, sum element
	difference.sub(&check, u)
	sum.add(&check, u)
	if !difference.isZero() {
		if !sum.isZero() {
			return false
		}
		r.mul(&r, &rootOfMinusOne)
	}
	if r.isOdd() {
		r.negate(&r)
	}
	*z = r
	return true
}

// canonical returns the number's one form from 0 to p-1.
func (z *element) canonical() (limbs whole) {
	t := *z
	t.tighten()
	// Now within 2^260.1 of zero; plus 64 p = 2^261 - 1216 it is positive, below 2^262.
	up := int64(-fold + 1)
	for i := range t {
		up += int64(t[i]) + mask
		limbs[i] = up & mask
		up >>= limbBits
	}
	limbs[8] += up << limbBits
	// What stands above 2^255 counts 19 times: now below 2^255 + 19 * 2^7.
	limbs.settle(limbs[8] >> topBits)
	// It is p or more, but below 2 p, if 19 more reach 2^255; minus p is plus 19 minus 2^255.
	up = 19
	for _, limb := range limbs[:8] {
		up = (up + limb) >> limbBits
	}
	limbs.settle((up + limbs[8]) >> topBits)
	limbs[8] &= 1<<topBits - 1
	return limbs
}

// bytes writes the canonical form, little-endian, the last bit free.
func (z *element) bytes(out *[32]byte) {
	limbs := z.canonical()
	var bits uint64
	have, next := 0, 0
	for i := range out {
		if have < 8 && next < len(limbs) {
			bits |= uint64(limbs[next]) << have
			have += limbBits
			next++
		}
		out[i] = byte(bits)
		bits >>= 8
		have -= 8
	}
}

// settle replaces what stands above 2^255 by 19 top and carries; the last limb may
// overflow its bits again.
func (limbs *whole) settle(top int64) {
	limbs[8] &= 1<<topBits - 1
	up := 19 * top
	for i := range limbs[:8] {
		up += limbs[i]
		limbs[i] = up & mask
		up >>= limbBits
	}
	limbs[8] += up
}

// load reads a number below 2^255, little-endian, the last bit ignored; the limbs are
// tight. It says whether the number is below p.
func (z *element) load(in *[32]byte) bool {
	var bits uint64
	have, next := 0, 0
	for i := range z {
		for have < limbBits && next < len(in) {
			c := in[next]
			if next == len(in)-1 {
				c &= 0x7f
			}
			bits |= uint64(c) << have
			have += 8
			next++
		}
		z[i] = int32(bits & mask)
		bits >>= limbBits
		have -= limbBits
	}
	z.tighten()
	var canonical [32]byte
	z.bytes(&canonical)
	canonical[31] |= in[31] & 0x80
	return canonical == *in
}

func (z *element) isZero() bool { return z.canonical() == whole{} }

func (z *element) isOdd() bool { return z.canonical()[0]&1 == 1 }
