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

func (z *interval) linear(low, high float64, k int32, a *interval) (float64, float64) {
	x, y := float64(k)*a.low, float64(k)*a.high
	return low + min(x, y), high + max(x, y)
}

func (z *interval) MulAdd(a, b *interval, k int32, c *interval) {
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

func (z *interval) Mul(a, b *interval)    { z.MulAdd(a, b, 0, &interval{}) }
func (z *interval) Square(a *interval)    { z.SquareSub(a, &interval{}, &interval{}) }
func (z *interval) Limbs() ([]int32, int) { return nil, 1 }
func (z *interval) Enter()                {}
func (z *interval) Leave()                {}
func (z *interval) IsZero() bool          { return false }
func (z *interval) widen(b *interval)     { z.low, z.high = min(z.low, b.low), max(z.high, b.high) }
func (z *interval) set(low, high float64) { *z = interval{low, high, 0} }

// TestFormulasKeepTheBounds: from sums of any kind that the formulas make, every formula
// makes one of the kind again, and on the way no operand is over its bound.
func TestFormulasKeepTheBounds(t *testing.T) {
	type sum = calc[interval, *interval]
	entry := affine[interval]{}
	entry.x.set(-1, 2)
	entry.y.set(-1, 2)
	// Grow the bounds of a sum until they hold for what add and double make of it.
	var x, y, z interval
	x.set(-1, 2)
	y.set(-2, 2)
	z.set(-1, 2)
	for round := 0; ; round++ {
		if round == 100 {
			t.Fatal("the bounds do not close")
		}
		before := [3]interval{x, y, z}
		for _, f := range []func(c *sum){
			func(c *sum) { c.add(&entry, false) },
			func(c *sum) { c.add(&entry, true) },
			func(c *sum) { c.addAny(&entry) },
			func(c *sum) { c.double() },
			func(c *sum) { c.load(&entry, true) },
		} {
			c := &sum{one: interval{0, 1, 0}}
			c.x, c.y, c.z = x, y, z
			f(c)
			x.widen(&c.x)
			y.widen(&c.y)
			z.widen(&c.z)
		}
		if before == [3]interval{x, y, z} {
			break
		}
	}
	t.Logf("a sum: x %.2f to %.2f, y %.2f to %.2f, z %.2f to %.2f primes", x.low, x.high, y.low, y.high, z.low, z.high)

	// What tables are made of is within the bounds of an entry again.
	b := &calc[interval, *interval]{one: interval{0, 1, 0}}
	normalised := func(what string, a affine[interval]) {
		for _, v := range []interval{a.x, a.y} {
			if v.low < entry.x.low || v.high > entry.x.high || v.limbs != 0 {
				t.Errorf("%s: between %.2f and %.2f", what, v.low, v.high)
			}
		}
	}
	inverse := interval{0, 1, 0}
	normalised("a chord", b.chord(&entry, &entry, &inverse, -1))
	normalised("a chord", b.chord(&entry, &entry, &inverse, 1))
	var power, product affine[interval]
	power.x.Square(&inverse)
	power.y.Mul(&power.x, &inverse)
	product.x.Mul(&x, &power.x)
	product.y.Mul(&y, &power.y)
	normalised("a sum with z = 1", product)
}
