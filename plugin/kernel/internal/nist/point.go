package nist

// affine is a point other than infinity.
type affine[E any] struct{ x, y E }

// jacobian is the point (x/z^2, y/z^3); infinity has z = 0.
type jacobian[E any] struct{ x, y, z E }

// calc is a sum of points in the making, with the scratch space for it. It starts in
// Jacobian coordinates, which are cheaper to double, and may go on, after extend, in
// extended ones, which are cheaper to add to: (x/zz, y/zzz), where zz^3 = zzz^2.
type calc[E any, P Element[E]] struct {
	jacobian[E]
	zz, zzz  E
	infinite bool // the sum so far is infinity, and the coordinates mean nothing

	t    [6]E
	zero E
	one  E
}

// load sets the sum to a, or to -a.
func (c *calc[E, P]) load(a *affine[E], negative bool) {
	c.x, c.y, c.z = a.x, a.y, c.one
	if negative {
		P(&c.y).Lin(-1, &a.y, 0, &c.zero)
	}
	c.infinite = false
}

// add adds a, or -a, to the sum (mixed Jacobian addition, 8M+3S). It is right unless the
// sum is a or -a: then z becomes 0 modulo p, which double and add leave so.
func (c *calc[E, P]) add(a *affine[E], negative bool) {
	if c.infinite {
		c.load(a, negative)
		return
	}
	h, r, hh, hhh, v, d := &c.t[0], &c.t[1], &c.t[2], &c.t[3], &c.t[4], &c.t[5]
	P(hh).Square(&c.z)
	P(hhh).Mul(hh, &c.z)
	P(h).MulSub(&a.x, hh, &c.x) // the difference of the x, over z1^2
	if negative {
		P(r).MulAdd(&a.y, hhh, &c.y) // the difference of the y, negated
	} else {
		P(r).MulSub(&a.y, hhh, &c.y)
	}
	P(hh).Square(h)
	P(hhh).Mul(h, hh)
	P(v).Mul(&c.x, hh)
	P(&c.x).SquareSub(r, hhh, v)
	P(&c.z).Mul(&c.z, h)
	if negative {
		P(d).Sub(&c.x, v)
	} else {
		P(d).Sub(v, &c.x)
	}
	P(&c.y).Cross(r, d, &c.y, hhh)
}

// double doubles the sum; a = -3 makes 3x^2 + a z^4 a product. There is no point of order
// 2, so it is right for every sum.
func (c *calc[E, P]) double() {
	if c.infinite {
		return
	}
	delta, gamma, alpha, beta := &c.t[0], &c.t[1], &c.t[2], &c.t[3]
	P(delta).Square(&c.z)
	P(gamma).Square(&c.y)
	P(alpha).MulSum(&c.x, delta)
	P(alpha).Lin(3, alpha, 0, alpha)
	P(gamma).Lin(2, gamma, 0, gamma)
	P(beta).Mul(&c.x, gamma) // 2 x y^2
	P(&c.z).MulTwice(&c.y, &c.z)
	P(&c.x).SquareSub4(alpha, beta)
	P(beta).Lin(2, beta, -1, &c.x)
	P(&c.y).MulSubSquare(alpha, beta, gamma) // 8 y^4 = 2 (2 y^2)^2
}

// extend goes over to extended coordinates.
func (c *calc[E, P]) extend() {
	P(&c.zz).Square(&c.z)
	P(&c.zzz).Mul(&c.zz, &c.z)
}

// addExtended is add in extended coordinates (8M+2S); zz becomes 0 where add's z does.
func (c *calc[E, P]) addExtended(a *affine[E], negative bool) {
	if c.infinite {
		c.load(a, negative)
		c.zz, c.zzz = c.one, c.one
		return
	}
	h, r, hh, hhh, v, d := &c.t[0], &c.t[1], &c.t[2], &c.t[3], &c.t[4], &c.t[5]
	P(h).MulSub(&a.x, &c.zz, &c.x)
	if negative {
		P(r).MulAdd(&a.y, &c.zzz, &c.y)
	} else {
		P(r).MulSub(&a.y, &c.zzz, &c.y)
	}
	P(hh).Square(h)
	P(hhh).Mul(h, hh)
	P(v).Mul(&c.x, hh)
	P(&c.zz).Mul(&c.zz, hh)
	P(&c.zzz).Mul(&c.zzz, hhh)
	P(&c.x).SquareSub(r, hhh, v)
	if negative {
		P(d).Sub(&c.x, v)
	} else {
		P(d).Sub(v, &c.x)
	}
	P(&c.y).Cross(r, d, &c.y, hhh)
}

// doubleExtended is double in extended coordinates.
func (c *calc[E, P]) doubleExtended() {
	if c.infinite {
		return
	}
	u, v, w, s, m := &c.t[0], &c.t[1], &c.t[2], &c.t[3], &c.t[4]
	P(u).Lin(2, &c.y, 0, &c.y)
	P(v).Square(u)
	P(w).Mul(u, v)
	P(s).Mul(&c.x, v)
	P(m).MulSum(&c.x, &c.zz)
	P(m).Lin(3, m, 0, m)
	P(&c.zz).Mul(&c.zz, v)
	P(&c.zzz).Mul(&c.zzz, w)
	P(&c.x).SquareSub(m, &c.zero, s)
	P(s).Sub(s, &c.x)
	P(&c.y).Cross(m, s, w, &c.y)
}

// addAny adds a to the sum, whatever they are.
func (c *calc[E, P]) addAny(a *affine[E]) {
	if c.infinite {
		c.load(a, false)
		return
	}
	h, r, zz := &c.t[0], &c.t[1], &c.t[2]
	P(zz).Square(&c.z)
	P(h).MulSub(&a.x, zz, &c.x)
	if !P(h).IsZero() {
		c.add(a, false)
		return
	}
	P(zz).Mul(zz, &c.z)
	P(r).MulSub(&a.y, zz, &c.y)
	if P(r).IsZero() {
		c.double()
		return
	}
	c.infinite = true
}
