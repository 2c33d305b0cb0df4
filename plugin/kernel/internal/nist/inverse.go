package nist

import "math/bits"

// matrix is the effect of limbBits divsteps on (f, g), times 2^limbBits.
type matrix struct{ u, v, q, r int64 }

// invert sets z = start / a modulo m, for a from 1 to m-1. z may be a.
//
// Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", 2019:
// divsteps on the low bits of f = m and g = a, limbBits at a time, their effect applied to
// the whole numbers at once. Since a is public, steps that only halve are taken together,
// and it ends as soon as g is 0; then f is 1 or -1.
//
// Throughout, f = d a/start and g = e a/start modulo m.
func (m *modulus) invert(z, a *number) {
	f, g, d, e := m.m, *a, number{}, m.start
	length := m.limbs
	delta := int32(1)
	for {
		var t matrix
		t, delta = divsteps(delta, uint32(f[0])|uint32(f[1])<<limbBits, uint32(g[0])|uint32(g[1])<<limbBits)
		m.apply(&t, &d, &e)
		if shift(&t, &f, &g, length) {
			break
		}
		// The sign moves to the limb below when the last limbs have nothing else.
		if top := length - 1; top > 1 && (f[top] == 0 || f[top] == -1) && (g[top] == 0 || g[top] == -1) {
			f[top-1] |= f[top] << limbBits
			g[top-1] |= g[top] << limbBits
			length = top
		}
	}
	if f[length-1] < 0 {
		var carry int32
		for i := range m.limbs {
			v := carry - d[i]
			if i < m.limbs-1 {
				carry = v >> limbBits
				v &= limbMask
			}
			d[i] = v
		}
	}
	for d[m.limbs-1] < 0 {
		m.addScaled(&d, 1)
	}
	for !m.below(&d) {
		m.addScaled(&d, -1)
	}
	*z = d
}

// divsteps takes limbBits steps. A step is, with f odd:
//
//	delta > 0 and g odd:  (delta, f, g) = (1-delta, g, (g-f)/2)
//	otherwise:            (delta, f, g) = (1+delta, f, (g + (g mod 2) f)/2)
//
// Instead of halving g in the rows of the matrix, the row of f is doubled. The entries of
// a row sum up, in absolute value, to at most 2^limbBits.
func divsteps(delta int32, f, g uint32) (matrix, int32) {
	var u, v, q, r int32 = 1, 0, 0, 1
	left := limbBits
	for {
		// As many halvings as g has zeros at its end.
		zeros := bits.TrailingZeros32(g | ^uint32(0)<<left)
		g >>= zeros
		u <<= zeros
		v <<= zeros
		delta += int32(zeros)
		left -= zeros
		if left == 0 {
			return matrix{int64(u), int64(v), int64(q), int64(r)}, delta
		}
		if delta > 0 {
			delta = -delta
			f, g = g, -f
			u, q = q, -u
			v, r = r, -v
		}
		// The next 1-delta steps do not swap, so as many low bits of g can be cleared at
		// once by a multiple of f: f (f^2 - 2) is -1/f modulo 64, as f^2 is 1 modulo 8.
		clear := min(int(1-delta), left, 6)
		w := g * f * (f*f - 2) & (1<<clear - 1)
		g += w * f
		q += int32(w) * u
		r += int32(w) * v
	}
}

// shift applies the matrix to f and g, whose low limbBits bits it clears and which then
// are shifted out, and says whether g is 0.
func shift(t *matrix, f, g *number, length int) bool {
	// |f|, |g| < 2^30 a limb: a sum is below 2^60 in absolute value, and a carry below 2^31.
	a := (t.u*int64(f[0]) + t.v*int64(g[0])) >> limbBits
	b := (t.q*int64(f[0]) + t.r*int64(g[0])) >> limbBits
	var all int32
	for i := 1; i < length; i++ {
		x, y := int64(f[i]), int64(g[i])
		a += t.u*x + t.v*y
		b += t.q*x + t.r*y
		f[i-1], g[i-1] = int32(a&limbMask), int32(b&limbMask)
		all |= g[i-1]
		a >>= limbBits
		b >>= limbBits
	}
	f[length-1], g[length-1] = int32(a), int32(b)
	return all|g[length-1] == 0
}

// apply applies the matrix to d and e, divided by 2^limbBits modulo m: a multiple of m
// of at most 2^29 m in absolute value makes the low bits 0. So neither grows by more than
// m/2, and m.limbs limbs hold the m/2 of each of the at most 51 rounds.
func (m *modulus) apply(t *matrix, d, e *number) {
	a := t.u*int64(d[0]) + t.v*int64(e[0])
	b := t.q*int64(d[0]) + t.r*int64(e[0])
	i, j := m.multiple(a), m.multiple(b)
	a = (a + i*int64(m.m[0])) >> limbBits
	b = (b + j*int64(m.m[0])) >> limbBits
	last := m.limbs - 1
	for k := 1; k <= last; k++ {
		x, y, n := int64(d[k]), int64(e[k]), int64(m.m[k])
		a += t.u*x + t.v*y + i*n
		b += t.q*x + t.r*y + j*n
		d[k-1], e[k-1] = int32(a&limbMask), int32(b&limbMask)
		a >>= limbBits
		b >>= limbBits
	}
	d[last], e[last] = int32(a), int32(b)
}

// multiple returns how often m must be added to v for its low limbBits bits to be 0, the
// smallest such number in absolute value.
func (m *modulus) multiple(v int64) int64 {
	return int64(int32(-uint32(v)*m.inverse<<2) >> 2)
}
