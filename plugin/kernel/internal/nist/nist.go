// Package nist verifies ECDSA over the curves P-256, P-384 and P-521.
//
// In: a curve's constants and field, a public point, a digest, a raw signature r || s.
// Out: yes or no. Spec: FIPS 186-5 §6.4, SEC 1 §4.1.4, SP 800-186. It is for verification
// only: its running time depends on its operands, all of them public. It never takes DER,
// and never allocates for a key that is ready.
//
// The equation is u1 G + u2 Q = R, where x(R) = r modulo n. Both products share their
// doublings. G has a comb; Q has a window of its odd multiples, and a comb once it has been
// used a few times. The sum is made by formulas that fail, in a way that shows in the
// result, where a point meets itself or its negative; then it is made again by one that
// does not.
package nist

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/memory"
)

// ErrPoint refuses coordinates that are not of the field's length, not below its prime, or
// not on the curve.
var ErrPoint = errors.New("not a point of the curve")

const (
	// maxBytes is the length of an element of the largest field.
	maxBytes = 66
	// patience is how many signatures are judged without a comb of the key. The comb costs
	// about as much as they did.
	patience = 4
)

// Parameters are a curve's constants in hexadecimal, each of the field's length, and the
// teeth of its generator's comb and of a key's, at most 10: 7 make 256 points, each more
// twice as many.
type Parameters struct {
	P, N, B, X, Y   string
	Teeth, KeyTeeth int
}

// Curve is a curve made ready, with the comb of its generator.
type Curve[E any, P Element[E]] struct {
	size      int // bytes of an element and of a scalar
	p, n      modulus
	b, one    E
	nElement  E      // n as an element
	gap       number // p - n
	generator affine[E]
	comb      comb
	table     []affine[E]
	keyComb   comb // of all keys, each with a table of its own
}

// NewCurve makes the curve y^2 = x^3 - 3x + b with these constants ready. The comb takes it
// one to three milliseconds in a module. The curve outlives the
// key set that asks for it first.
func NewCurve[E any, P Element[E]](c *Parameters) *Curve[E, P] {
	defer memory.Leave(memory.Enter(memory.Eternal()))
	k := &Curve[E, P]{size: len(c.P) / 2}
	element := func(z *E, s string) { setBytes[E, P](z, constant(s)) }
	k.p.setUp(constant(c.P), false)
	k.n.setUp(constant(c.N), true)
	k.gap = k.p.m
	for i := range k.p.limbs {
		k.gap[i] -= k.n.m[i]
	}
	for i := range k.p.limbs - 1 {
		k.gap[i+1] += k.gap[i] >> limbBits
		k.gap[i] &= limbMask
	}
	one := make([]byte, k.size)
	one[k.size-1] = 1
	setBytes[E, P](&k.one, one)
	element(&k.b, c.B)
	element(&k.nElement, c.N)
	element(&k.generator.x, c.X)
	element(&k.generator.y, c.Y)
	k.comb, k.keyComb = newComb(k.n.bits, c.Teeth), newComb(k.n.bits, c.KeyTeeth)
	k.table = make([]affine[E], parts*k.comb.entries())
	b := k.builder()
	b.start(k.comb, &k.generator)
	for !b.step(k.table) {
	}
	return k
}

// constant decodes a constant.
func constant(s string) []byte {
	b := make([]byte, len(s)/2)
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			c = s[i] - 'A' + 10
		}
		b[i/2] = b[i/2]<<4 | c
	}
	return b
}

// calc returns scratch space.
func (c *Curve[E, P]) calc() calc[E, P] {
	return calc[E, P]{infinite: true, one: c.one}
}

// on says whether a is on the curve.
func (c *Curve[E, P]) on(a *affine[E]) bool {
	var v E
	P(&v).Square(&a.x)
	P(&v).MulAdd(&v, &a.x, &c.b)
	P(&v).Lin(1, &v, -3, &a.x)
	var y E
	P(&y).Square(&a.y)
	P(&v).Lin(1, &v, -1, &y)
	return P(&v).IsZero()
}
