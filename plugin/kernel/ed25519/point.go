package ed25519

// The curve is -x^2 + y^2 = 1 + d x^2 y^2, the formulas those of Hisil, Wong, Carter and
// Dawson, "Twisted Edwards curves revisited", 2008, §3.1 and §3.3. As -1 is a square and
// d is none, they are complete: every sum of two points of the curve comes out right,
// doublings, opposites, the neutral point and points of small order included.

// point is (x/z, y/z) with t = x y / z, all tight.
type point struct{ x, y, z, t element }

// affine is a point with z = 1 in the form in which it is added: y+x, y-x, 2 d x y. Tight.
type affine struct{ sum, difference, product element }

// cached is the same of a point with any z, which is doubled. Tight.
type cached struct{ sum, difference, product, twiceZ element }

var neutral = point{y: one, z: one}

// temps are the intermediate values of an addition. They are not locals because the
// compiler of the module would clear them each time.
type temps struct{ a, b, c, d, e, f, g, h element }

// double sets p = 2 p. Without whole, t is not computed: the next step must double again.
func (w *temps) double(p *point, whole bool) {
	w.a.square(&p.x)
	w.b.square(&p.y)
	w.c.square(&p.z)
	w.c.add(&w.c, &w.c)
	w.h.add(&w.a, &w.b) // 2 T
	w.e.add(&p.x, &p.y)
	w.e.square(&w.e)
	w.e.sub(&w.h, &w.e) // 3 T
	w.g.sub(&w.a, &w.b) // 2 T
	w.f.add(&w.c, &w.g) // 4 T
	p.x.mul(&w.e, &w.f)
	p.y.mul(&w.g, &w.h)
	p.z.mul(&w.f, &w.g)
	if whole {
		p.t.mul(&w.e, &w.h)
	}
}

// addAffine sets p = p + q, or p - q.
func (w *temps) addAffine(p *point, q *affine, minus bool) {
	w.d.add(&p.z, &p.z)
	w.add(p, &q.sum, &q.difference, &q.product, minus)
}

// addCached sets p = p + q, or p - q.
func (w *temps) addCached(p *point, q *cached, minus bool) {
	w.d.mul(&p.z, &q.twiceZ)
	w.add(p, &q.sum, &q.difference, &q.product, minus)
}

// add is what both additions share; w.d holds twice the product of the z, within 2 T.
func (w *temps) add(p *point, sum, difference, product *element, minus bool) {
	w.a.sub(&p.y, &p.x)
	w.b.add(&p.y, &p.x)
	w.c.mul(&p.t, product)
	f, g := &w.f, &w.g
	if minus { // the opposite has y+x and y-x exchanged and the product negated
		sum, difference = difference, sum
		f, g = g, f
	}
	w.a.mul(&w.a, difference)
	w.b.mul(&w.b, sum)
	w.e.sub(&w.b, &w.a) // 2 T
	w.h.add(&w.b, &w.a) // 2 T
	f.sub(&w.d, &w.c)   // 3 T
	g.add(&w.d, &w.c)   // 3 T
	p.x.mul(&w.e, &w.f)
	p.y.mul(&w.g, &w.h)
	p.z.mul(&w.f, &w.g)
	p.t.mul(&w.e, &w.h)
}

func (q *cached) set(p *point) {
	q.sum.add(&p.y, &p.x)
	q.sum.tighten()
	q.difference.sub(&p.y, &p.x)
	q.difference.tighten()
	q.product.mul(&p.t, &twiceD)
	q.twiceZ.add(&p.z, &p.z)
	q.twiceZ.tighten()
}

// set makes the affine form of a point whose 1/z is known.
func (q *affine) set(x, y, inverse *element) {
	var px, py element
	px.mul(x, inverse)
	py.mul(y, inverse)
	q.sum.add(&py, &px)
	q.sum.tighten()
	q.difference.sub(&py, &px)
	q.difference.tighten()
	q.product.mul(&px, &py)
	q.product.mul(&q.product, &twiceD)
}

// decode reads a point as RFC 8032 §5.1.3 says and says whether it is one. As in Go's
// library x = 0 may come with the sign set; the two points with x = 0 are of small order.
func (p *point) decode(in *[32]byte) bool {
	if !p.y.load(in) {
		return false // step 1: y >= p
	}
	// x^2 = (y^2 - 1) / (d y^2 + 1); the divisor is never 0, for -1/d is no square.
	var u, v element
	u.square(&p.y)
	v.mul(&u, &curveD)
	u.sub(&u, &one)
	v.add(&v, &one)
	if !p.x.root(&u, &v) {
		return false
	}
	if in[31]>>7 == 1 {
		p.x.negate(&p.x)
	}
	p.z = one
	p.t.mul(&p.x, &p.y)
	return true
}

// encode writes the point as RFC 8032 §5.1.2 says.
func (p *point) encode(out *[32]byte) {
	var inverse, x, y element
	inverse.invert(&p.z)
	x.mul(&p.x, &inverse)
	y.mul(&p.y, &inverse)
	y.bytes(out)
	if x.isOdd() {
		out[31] |= 0x80
	}
}

// smallOrder says whether 8 p is the neutral point.
func (p *point) smallOrder(w *temps) bool {
	q := *p
	for range 3 {
		w.double(&q, false)
	}
	q.y.sub(&q.y, &q.z)
	return q.x.isZero() && q.y.isZero()
}
