package nist

import (
	"fmt"
	"math"
	"testing"
)

// interval stands for an element in a proof: all that is known of it is that its value, in
// primes, lies between low and high and that its limbs are a result's (carried) or the
// difference of two (not). It follows the bounds that fp256 states, the tightest of the
// two Montgomery fields: a product of values of A and B primes lies between -A B/32 and
// 1 + A B/32. fp384's slack is 256 instead of 32, and fp521 folds values after every step.
type interval struct {
	low, high float64
	limbs     int // 0 carried, 1 a difference, 2 worse
}

// mostPrimes is what fp256 and fp384 state.
const mostPrimes = 18

func (z *interval) bound() float64 { return max(math.Abs(z.low), math.Abs(z.high)) }

// operand panics if z may not be one of a multiplication.
func operand(all ...*interval) {
	for _, z := range all {
		if z.limbs > 1 || z.bound() > mostPrimes {
			panic(fmt.Sprintf("operand between %.1f and %.1f primes, limbs %d", z.low, z.high, z.limbs))
		}
	}
}

// result panics if z is not a result, carried.
func result(all ...*interval) {
	operand(all...)
	for _, z := range all {
		if z.limbs != 0 {
			panic("a difference that is no result")
		}
	}
}

func (z *interval) linear(low, high float64, k int32, a *interval) (float64, float64) {
	x, y := float64(k)*a.low, float64(k)*a.high
	return low + min(x, y), high + max(x, y)
}

func (z *interval) mulAdd(a, b *interval, k int32, c *interval) {
	operand(a, b, c)
	v := a.bound() * b.bound() / 32
	low, high := z.linear(-v, 1+v, k, c)
	*z = interval{low, high, 0}
}

func (z *interval) SquareSub(a, b, c *interval) {
	operand(a, b, c)
	low, high := z.linear(0, 1+a.bound()*a.bound()/32, -1, b)
	low, high = z.linear(low, high, -2, c)
	*z = interval{low, high, 0}
}

func (z *interval) Cross(a, b, c, d *interval) {
	operand(a, b, c, d)
	v := (a.bound()*b.bound() + c.bound()*d.bound()) / 32
	*z = interval{-v, 1 + v, 0}
}

func (z *interval) SquareSub4(a, b *interval) {
	operand(a, b)
	low, high := z.linear(0, 1+a.bound()*a.bound()/32, -4, b)
	*z = interval{low, high, 0}
}

func (z *interval) MulTwice(a, b *interval) {
	result(a, b)
	z.mulAdd(a, b, 0, &interval{})
	z.low -= a.bound() * b.bound() / 32
	z.high += a.bound() * b.bound() / 32
}

func (z *interval) MulSum(a, b *interval) {
	result(a, b)
	sum, difference := interval{a.low + b.low, a.high + b.high, 0}, interval{a.low - b.high, a.high - b.low, 0}
	z.mulAdd(&sum, &difference, 0, &interval{})
}

func (z *interval) MulSubSquare(a, b, c *interval) {
	operand(a, b)
	result(c)
	v := a.bound()*b.bound()/32 + c.bound()*c.bound()/16
	*z = interval{-v, 1 + v, 0}
}

func (z *interval) Lin(k int32, a *interval, m int32, b *interval) {
	if abs(int64(k)) > 4 || abs(int64(m)) > 4 || a.limbs > 0 || b.limbs > 0 {
		panic("factors of a sum")
	}
	low, high := z.linear(0, 0, k, a)
	low, high = z.linear(low, high, m, b)
	*z = interval{low, high, 0}
}

func (z *interval) Sub(a, b *interval) {
	*z = interval{a.low - b.high, a.high - b.low, a.limbs + b.limbs + 1}
}

func (z *interval) Mul(a, b *interval)       { z.mulAdd(a, b, 0, &interval{}) }
func (z *interval) MulAdd(a, b, c *interval) { z.mulAdd(a, b, 1, c) }
func (z *interval) MulSub(a, b, c *interval) { z.mulAdd(a, b, -1, c) }
func (z *interval) Square(a *interval)       { z.SquareSub(a, &interval{}, &interval{}) }
func (z *interval) Limbs() ([]int32, int)    { return nil, 1 }
func (z *interval) Enter()                   {}
func (z *interval) Leave()                   {}
func (z *interval) IsZero() bool             { return false }

// widen makes z hold b too, rounded outwards so that a search for bounds ends.
func (z *interval) widen(b *interval) {
	z.low, z.high = min(z.low, math.Floor(8*b.low)/8), max(z.high, math.Ceil(8*b.high)/8)
}
func (z *interval) set(low, high float64) { *z = interval{low, high, 0} }

// TestFormulasKeepTheBounds: from sums of any kind that the formulas make, every formula
// makes one of the kind again, and on the way no operand is over its bound.
func TestFormulasKeepTheBounds(t *testing.T) {
	type sum = calc[interval, *interval]
	entry := affine[interval]{}
	entry.x.set(-1, 2)
	entry.y.set(-1, 2)
	var zz, zzz interval
	zz.set(-1, 2)
	zzz.set(-1, 2)
	// Grow the bounds of a sum until they hold for what add and double make of it.
	var x, y, z interval
	x.set(-1, 2)
	y.set(-2, 2)
	z.set(-1, 2)
	for round := 0; ; round++ {
		if round == 100 {
			t.Fatal("the bounds do not close")
		}
		before := [5]interval{x, y, z, zz, zzz}
		for _, f := range []func(c *sum){
			func(c *sum) { c.add(&entry, false) },
			func(c *sum) { c.add(&entry, true) },
			func(c *sum) { c.addAny(&entry) },
			func(c *sum) { c.double() },
			func(c *sum) { c.extend() },
			func(c *sum) { c.addExtended(&entry, false) },
			func(c *sum) { c.addExtended(&entry, true) },
			func(c *sum) { c.doubleExtended() },
			func(c *sum) { c.load(&entry, true) },
		} {
			c := &sum{one: interval{0, 1, 0}}
			c.x, c.y, c.z, c.zz, c.zzz = x, y, z, zz, zzz
			f(c)
			x.widen(&c.x)
			y.widen(&c.y)
			z.widen(&c.z)
			zz.widen(&c.zz)
			zzz.widen(&c.zzz)
		}
		if before == [5]interval{x, y, z, zz, zzz} {
			break
		}
	}
	t.Logf("a sum: x %.2f to %.2f, y %.2f to %.2f, z %.2f to %.2f primes", x.low, x.high, y.low, y.high, z.low, z.high)

	// What tables are made of is within the bounds of an entry: teeth, with z = 1 again,
	// and from the last of them on a chord with each of the others.
	b := &builder[interval, *interval]{calc: sum{one: interval{0, 1, 0}}}
	inverse := interval{0, 1, 0}
	var square, cube interval
	square.Square(&inverse)
	cube.Mul(&square, &inverse)
	var tooth affine[interval]
	tooth.x.Mul(&x, &square)
	tooth.y.Mul(&y, &cube)
	made := tooth
	for level := range maxTeeth {
		for _, v := range [][2]interval{{made.x, entry.x}, {made.y, entry.y}} {
			if v[0].low < v[1].low || v[0].high > v[1].high || v[0].limbs != 0 {
				t.Errorf("after %d chords: between %.2f and %.2f", level, v[0].low, v[0].high)
			}
		}
		plus, minus := b.chord(&made, &tooth, &inverse, -1), b.chord(&made, &tooth, &inverse, 1)
		made = plus
		made.x.widen(&minus.x)
		made.y.widen(&minus.y)
	}
}
