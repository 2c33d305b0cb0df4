package nist

import "math/bits"

const (
	limbBits = 30
	limbMask = 1<<limbBits - 1
	// maxLimbs holds 540 bits: the 521 of the largest curve and what an inversion adds.
	maxLimbs = 18
)

// number is an integer in limbs of limbBits bits, the least first. All lie in
// [0, 2^limbBits) but the last in use, which has the sign.
type number [maxLimbs]int32

// modulus is an odd prime made ready: a field's, or the order of a curve's group.
type modulus struct {
	m       number
	limbs   int    // in use
	bits    int    // of the prime
	inverse uint32 // of m, modulo 2^limbBits
	start   number // what invert starts from: 1, or R modulo m
}

// setUp reads the prime. With montgomery, invert gives R/a modulo m, where R is
// 2^(limbBits*limbs), so that mul of it and b is b/a; otherwise 1/a.
func (m *modulus) setUp(b []byte, montgomery bool) {
	m.limbs = (8*len(b) + limbBits - 1) / limbBits
	unpack(m.m[:m.limbs], limbBits, b)
	m.bits = 8*(len(b)-1) + bits.Len8(b[0])
	// Newton's iteration: each step doubles the valid bits; m is its own inverse modulo 8.
	low := uint32(m.m[0])
	m.inverse = low
	for range 4 {
		m.inverse *= 2 - low*m.inverse
	}
	m.start[0] = 1
	if !montgomery {
		return
	}
	for range limbBits * m.limbs {
		m.double(&m.start)
	}
}

// double sets z = 2 z modulo m.
func (m *modulus) double(z *number) {
	carry := int32(0)
	for i := range m.limbs {
		v := z[i]<<1 + carry
		z[i], carry = v&limbMask, v>>limbBits
	}
	m.reduceOnce(z)
}

// load reads big-endian bytes and says whether the number is below m.
func (m *modulus) load(z *number, b []byte) bool {
	unpack(z[:m.limbs], limbBits, b)
	return m.below(z)
}

// below says whether z, not negative, is below m.
func (m *modulus) below(z *number) bool { return less(z, &m.m, m.limbs) }

// less says whether the first limbs of a are a smaller number than those of b.
func less(a, b *number, limbs int) bool {
	for i := limbs - 1; i >= 0; i-- {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// isZero says whether z is 0.
func (m *modulus) isZero(z *number) bool {
	var all int32
	for _, limb := range z[:m.limbs] {
		all |= limb
	}
	return all == 0
}

// addScaled sets z += k m, for k of 1 or -1.
func (m *modulus) addScaled(z *number, k int32) {
	carry := int32(0)
	last := m.limbs - 1
	for i := range last {
		v := z[i] + k*m.m[i] + carry
		z[i], carry = v&limbMask, v>>limbBits
	}
	z[last] += k*m.m[last] + carry
}

// reduceOnce subtracts m once if z is not below it.
func (m *modulus) reduceOnce(z *number) {
	if !m.below(z) {
		m.addScaled(z, -1)
	}
}

// mul sets z = a b / R modulo m, for a below R and b below m (Montgomery's method, row by
// row). z may be a or b.
func (m *modulus) mul(z, a, b *number) {
	var t [maxLimbs]uint32
	last := m.limbs - 1
	for i := range m.limbs {
		x := uint64(a[i])
		v := uint64(t[0]) + x*uint64(b[0])
		q := uint64(-uint32(v) * m.inverse & limbMask)
		carry := (v + q*uint64(m.m[0])) >> limbBits
		// Each sum is below 2^30 + 2 2^60 + 2^32.
		for j := 1; j <= last; j++ {
			v = uint64(t[j]) + x*uint64(b[j]) + q*uint64(m.m[j]) + carry
			t[j-1] = uint32(v) & limbMask
			carry = v >> limbBits
		}
		t[last] = uint32(carry)
	}
	for i := range m.limbs {
		z[i] = int32(t[i])
	}
	m.reduceOnce(z)
}

// words is a scalar in 32-bit words, the least first; as many of them as make an index of
// five bits safe.
type words [32]uint32

// set cuts z, not negative, into words.
func (w *words) set(z *number) {
	var held uint64
	count, next := 0, 0
	for i := range maxLimbs {
		for count < 32 && next < maxLimbs {
			held |= uint64(z[next]) << count
			count += limbBits
			next++
		}
		w[i] = uint32(held)
		held >>= 32
		count -= 32
	}
}

// bit returns one bit.
func (w *words) bit(i int) uint32 { return w[i>>5&31] >> (i & 31) & 1 }
