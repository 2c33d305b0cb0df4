package nist

import "github.com/postern-wasm/postern/plugin/kernel/tables"

// Key is a public key made ready. It is not safe for concurrent use: it holds scratch space.
type Key[E any, P Element[E]] struct {
	curve  *Curve[E, P]
	room   *tables.Room // for the comb; nil where there is none
	uses   int          // before the comb was whole
	parts  int          // of the comb that are filled
	sum    calc[E, P]
	odd    [oddEntries]affine[E] // the point, and from the first use its odd multiples
	table  []affine[E]
	g, q   words
	digits digits
	picked [2 * parts]summand[E] // of one round
	seen   int32                 // a word of each, for nothing
	x, r   E
}

// NewKey makes the point with these big-endian coordinates ready, each of exactly the
// field's length. It aliases neither. The key's comb is built from use, if room has
// place for it; without one every verification takes three to four times as long.
func (c *Curve[E, P]) NewKey(x, y []byte, room *tables.Room) (*Key[E, P], error) {
	var v number
	if len(x) != c.size || len(y) != c.size || !c.p.load(&v, x) || !c.p.load(&v, y) {
		return nil, ErrPoint
	}
	k := &Key[E, P]{curve: c, room: room, sum: c.calc()}
	q := &k.odd[0]
	setBytes[E, P](&q.x, x)
	setBytes[E, P](&q.y, y)
	if !c.on(q) {
		return nil, ErrPoint
	}
	return k, nil
}

// Verify says whether signature is r || s, each of exactly the field's length, of a
// message with that digest.
func (k *Key[E, P]) Verify(digest, signature []byte) bool {
	if k == nil || k.curve == nil || len(digest) == 0 || len(signature) != 2*k.curve.size {
		return false
	}
	c := k.curve
	var r, s, u1, u2 number
	// FIPS 186-5 §6.4.2: r and s are integers in the interval [1, n-1].
	if !c.n.load(&r, signature[:c.size]) || !c.n.load(&s, signature[c.size:]) || c.n.isZero(&r) || c.n.isZero(&s) {
		return false
	}
	c.scalar(&u1, digest)
	c.n.invert(&s, &s)
	c.n.mul(&u1, &u1, &s)
	c.n.mul(&u2, &r, &s)

	k.prepare()
	sum := &k.sum
	k.add(&u1, &u2)
	if sum.infinite {
		return false
	}
	if P(&sum.zz).IsZero() {
		k.addCarefully(&u1, &u2)
		if sum.infinite {
			return false
		}
	}
	// x(R) = r modulo n: as x(R) is below p, it is r or, if that is below p, r + n (p is
	// below 2n). x(R) is x/zz.
	setBytes[E, P](&k.r, signature[:c.size])
	if k.matches() {
		return true
	}
	if !less(&r, &c.gap, c.p.limbs) {
		return false
	}
	P(&k.r).Lin(1, &k.r, 1, &c.nElement)
	return k.matches()
}

// matches says whether x is r times zz.
func (k *Key[E, P]) matches() bool {
	sum := &k.sum
	P(&k.x).MulSub(&k.r, &sum.zz, &sum.x)
	return P(&k.x).IsZero()
}

// scalar sets z to the leftmost bits of the digest, as many as n has (FIPS 186-5 §6.4.2,
// step 2), which may be n or more.
func (c *Curve[E, P]) scalar(z *number, digest []byte) {
	if len(digest) > c.size {
		digest = digest[:c.size]
	}
	unpack(z[:c.n.limbs], limbBits, digest)
	if excess := 8*len(digest) - c.n.bits; excess > 0 {
		for i := range c.n.limbs {
			next := int32(0)
			if i+1 < c.n.limbs {
				next = z[i+1]
			}
			z[i] = (z[i]>>excess | next<<(limbBits-excess)) & limbMask
		}
	}
}

// ready says whether the comb is whole.
func (k *Key[E, P]) ready() bool { return k.parts == parts }

// prepare makes the window at the first use, and from the one after patience on one part
// of the comb at each, if there is room for it. Uses count whether the signature is good
// or not, for a bad one is not to cost more.
func (k *Key[E, P]) prepare() {
	if k.ready() || k.uses > patience && k.table == nil {
		return
	}
	switch {
	case k.uses == 0:
		k.curve.builder().setOdd(k.odd[:])
	case k.uses == patience:
		if k.table = tables.Take[affine[E]](k.room, parts*k.curve.keyComb.entries()); k.table != nil {
			k.grow()
		}
	case k.uses > patience:
		k.grow()
	}
	k.uses++
}

// grow fills the next part of the comb.
func (k *Key[E, P]) grow() {
	b := k.curve.builder()
	if k.parts == 0 {
		b.start(k.curve.keyComb, &k.odd[0])
	} else {
		b.resume(k.curve.keyComb, k.parts, k.table)
	}
	if !b.step(k.table) {
		b.pause(k.table)
	}
	k.parts = b.part
}

// add makes the sum u1 G + u2 Q, right unless its zz is 0.
func (k *Key[E, P]) add(u1, u2 *number) {
	c, sum := k.curve, &k.sum
	withG, rounds := !c.n.isZero(u1), 0
	var negativeG, negativeQ bool
	if withG {
		rounds = c.comb.depth
		negativeG = c.recode(&k.g, u1, c.comb)
	}
	if k.ready() {
		rounds = max(rounds, c.keyComb.depth)
		negativeQ = c.recode(&k.q, u2, c.keyComb)
	} else {
		k.q.set(u2)
		rounds = max(rounds, k.digits.set(&k.q, c.n.bits))
	}
	sum.infinite = true
	// The window's places above the comb's rounds have many doublings for one addition.
	for ; rounds > c.comb.depth && !k.ready(); rounds-- {
		sum.double()
		if d := k.digits[rounds-1]; d != 0 {
			sum.add(k.multiple(d), d < 0)
		}
	}
	sum.extend()
	for i := rounds - 1; i >= 0; i-- {
		n := 0
		if k.ready() {
			n = k.pick(n, &c.keyComb, k.table, &k.q, i, negativeQ)
		} else if d := k.digits[i]; d != 0 {
			k.picked[0], n = summand[E]{k.multiple(d), d < 0}, 1
		}
		if withG {
			n = k.pick(n, &c.comb, c.table, &k.g, i, negativeG)
		}
		sum.doubleExtended()
		for j := range k.picked[:n] {
			sum.addExtended(k.picked[j].point, k.picked[j].negative)
		}
	}
}

// multiple returns |d| Q for a digit d.
func (k *Key[E, P]) multiple(d int8) *affine[E] { return &k.odd[max(d, -d)>>1] }

// recode sets w to the comb's signs of u, or of n - u if u is even: then the multiple is
// the opposite point.
func (c *Curve[E, P]) recode(w *words, u *number, s comb) (negative bool) {
	if u[0]&1 == 1 {
		s.recode(w, u)
		return false
	}
	var opposite number
	var carry int32
	for i := range c.n.limbs {
		v := c.n.m[i] - u[i] + carry
		opposite[i], carry = v&limbMask, v>>limbBits
	}
	s.recode(w, &opposite)
	return true
}

// addCarefully makes the sum u1 G + u2 Q bit by bit, right in every case.
func (k *Key[E, P]) addCarefully(u1, u2 *number) {
	c, sum := k.curve, &k.sum
	k.g.set(u1)
	k.q.set(u2)
	sum.infinite = true
	for i := c.n.bits - 1; i >= 0; i-- {
		sum.double()
		if k.g.bit(i) == 1 {
			sum.addAny(&c.generator)
		}
		if k.q.bit(i) == 1 {
			sum.addAny(&k.odd[0])
		}
	}
	sum.extend()
}
