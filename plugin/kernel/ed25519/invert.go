package ed25519

import "math/bits"

// whole is a signed number of up to 256 bits: limbs from 0 to 2^29 - 1, the last signed.
type whole [9]int64

// steps is a batch of division steps as a matrix: 2^29 (f, g) becomes (u f + v g, q f + r g).
// |u| + |v| and |q| + |r| are at most 2^29.
type steps struct{ u, v, q, r int64 }

const (
	// inverse19 is 1/19 modulo 2^29.
	inverse19 = 0x86bca1b
	// batches bounds the division steps that 256 bits can take, 741 (theorem 11.2).
	batches = (741 + limbBits - 1) / limbBits
)

// invert sets z = 1/a, and 0 for 0, in a time that depends on a: Bernstein and Yang, "Fast
// constant-time gcd computation and modular inversion", 2019, with division steps that
// skip runs of zeros. a is of any size.
//
// f and g begin as p and a and end as 1 or -1 and 0; all along d a = f and e a = g modulo p.
func (z *element) invert(a *element) {
	f := whole{mask - 18, mask, mask, mask, mask, mask, mask, mask, 1<<topBits - 1}
	g := a.canonical()
	var d, e whole
	e[0] = 1
	delta := 1
	for range batches {
		if g == (whole{}) {
			break
		}
		var s steps
		s, delta = divide(delta, uint32(f[0]|f[1]<<limbBits), uint32(g[0]|g[1]<<limbBits))
		s.apply(&f, &g)
		s.applyModulo(&d, &e)
	}
	sign := int64(1)
	if f[8] < 0 {
		sign = -1
	}
	for i := range z {
		z[i] = int32(sign * d[i])
	}
	z.tighten()
}

// divide does 29 division steps on the lowest bits of f and g.
func divide(delta int, f, g uint32) (steps, int) {
	s := steps{u: 1, r: 1}
	for left := limbBits; ; {
		zeros := bits.TrailingZeros32(g | 1<<left)
		g >>= zeros
		s.u <<= zeros
		s.v <<= zeros
		delta += zeros
		if left -= zeros; left == 0 {
			return s, delta
		}
		if delta > 0 {
			delta = -delta
			f, g = g, -f
			s = steps{s.q, s.r, -s.u, -s.v}
		}
		// For the next 1 - delta steps f stays and g takes f where it is odd. w is how often
		// f must be taken to clear that many bits of g, six at most: f (f^2 - 2) is -1/f
		// modulo 64, since f^2 is 1 modulo 8.
		clear := min(1-delta, left, 6)
		w := g * (f * (f*f - 2)) & (1<<clear - 1)
		g += f * w
		s.q += s.u * int64(w)
		s.r += s.v * int64(w)
	}
}

// apply sets (f, g) to what the steps make of them.
func (s *steps) apply(f, g *whole) {
	up := (s.u*f[0] + s.v*g[0]) >> limbBits // without a rest: that is what the steps are for
	uq := (s.q*f[0] + s.r*g[0]) >> limbBits
	up, uq = s.limb(f, g, 1, up, uq) // written out: small code is not unrolled
	up, uq = s.limb(f, g, 2, up, uq)
	up, uq = s.limb(f, g, 3, up, uq)
	up, uq = s.limb(f, g, 4, up, uq)
	up, uq = s.limb(f, g, 5, up, uq)
	up, uq = s.limb(f, g, 6, up, uq)
	up, uq = s.limb(f, g, 7, up, uq)
	up, uq = s.limb(f, g, 8, up, uq)
	f[8], g[8] = up, uq
}

// limb makes the next limb of both and returns what is carried.
//
//go:inline
func (s *steps) limb(f, g *whole, i int, up, uq int64) (int64, int64) {
	up += s.u*f[i] + s.v*g[i]
	uq += s.q*f[i] + s.r*g[i]
	f[i-1], g[i-1] = up&mask, uq&mask
	return up >> limbBits, uq >> limbBits
}

// applyModulo sets (d, e), both above -2 p and below p, to the same modulo p: p is added
// where they are negative and subtracted until 2^29 divides. Both stay in that range.
func (s *steps) applyModulo(d, e *whole) {
	var m, n int64
	if d[8] < 0 {
		m, n = s.u, s.q
	}
	if e[8] < 0 {
		m += s.v
		n += s.r
	}
	up := s.u*d[0] + s.v*e[0]
	uq := s.q*d[0] + s.r*e[0]
	m -= (m - up*inverse19) & mask // p is -19 modulo 2^29
	n -= (n - uq*inverse19) & mask
	up = (up - 19*m) >> limbBits
	uq = (uq - 19*n) >> limbBits
	up, uq = s.limb(d, e, 1, up, uq)
	up, uq = s.limb(d, e, 2, up, uq)
	up, uq = s.limb(d, e, 3, up, uq)
	up, uq = s.limb(d, e, 4, up, uq)
	up, uq = s.limb(d, e, 5, up, uq)
	up, uq = s.limb(d, e, 6, up, uq)
	up, uq = s.limb(d, e, 7, up, uq)
	up, uq = s.limb(d, e, 8, up+(m<<topBits), uq+(n<<topBits))
	d[8], e[8] = up, uq
}
