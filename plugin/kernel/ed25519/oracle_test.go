package ed25519

import (
	"encoding/hex"
	"math/big"
	"testing"
)

// pair is a point in the oracle's arithmetic: x and y modulo p, by the curve's law with
// one inversion for each sum.
type pair struct{ x, y *big.Int }

var origin = pair{new(big.Int), big.NewInt(1)}

func (a pair) plus(b pair) pair {
	product := func(x ...*big.Int) *big.Int {
		z := big.NewInt(1)
		for _, f := range x {
			z = mod(z.Mul(z, f))
		}
		return z
	}
	k := product(bigD, a.x, b.x, a.y, b.y)
	one := big.NewInt(1)
	x := new(big.Int).Add(product(a.x, b.y), product(b.x, a.y))
	y := new(big.Int).Add(product(a.y, b.y), product(a.x, b.x))
	return pair{
		product(x, new(big.Int).ModInverse(mod(new(big.Int).Add(one, k)), bigP)),
		product(y, new(big.Int).ModInverse(mod(new(big.Int).Sub(one, k)), bigP)),
	}
}

func (a pair) minus() pair { return pair{mod(new(big.Int).Neg(a.x)), a.y} }

func (a pair) times(k *big.Int) pair {
	sum := origin
	for i := k.BitLen() - 1; i >= 0; i-- {
		sum = sum.plus(sum)
		if k.Bit(i) == 1 {
			sum = sum.plus(a)
		}
	}
	return sum
}

func (a pair) encoded() [32]byte {
	var out [32]byte
	copy(out[:], reversed(a.y.FillBytes(make([]byte, 32))))
	out[31] |= byte(a.x.Bit(0)) << 7
	return out
}

func (a pair) point() (p point) {
	p.x, p.y, p.z = form(a.x), form(a.y), one
	p.x.tighten()
	p.y.tighten()
	p.t.mul(&p.x, &p.y)
	return p
}

// scaled is the same point with another z.
func (a pair) scaled(z int32) point {
	p := a.point()
	f := element{z}
	for _, e := range []*element{&p.x, &p.y, &p.z, &p.t} {
		e.mul(e, &f)
	}
	return p
}

func expect(t *testing.T, what string, p *point, want pair) {
	t.Helper()
	inverse := new(big.Int).ModInverse(mod(p.z.big()), bigP)
	if inverse == nil {
		t.Fatalf("%s: z is 0", what)
	}
	x, y := new(big.Int).Mul(p.x.big(), inverse), new(big.Int).Mul(p.y.big(), inverse)
	same(t, what+": x", &p.x, new(big.Int).Mul(want.x, p.z.big()))
	same(t, what+": y", &p.y, new(big.Int).Mul(want.y, p.z.big()))
	same(t, what+": z", &p.z, p.z.big())
	same(t, what+": t", &p.t, x.Mul(x, y).Mul(x, p.z.big()))
	var got [32]byte
	p.encode(&got)
	if got != want.encoded() {
		t.Fatalf("%s: encoded %x, want %x", what, got, want.encoded())
	}
}

func decoded(t testing.TB, text string) pair {
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	y := new(big.Int).SetBytes(reversed(raw))
	sign := y.Bit(255)
	y.SetBit(y, 255, 0)
	y2 := new(big.Int).Mul(y, y)
	v := new(big.Int).ModInverse(mod(new(big.Int).Add(new(big.Int).Mul(bigD, y2), big.NewInt(1))), bigP)
	x := new(big.Int).ModSqrt(mod(v.Mul(v, new(big.Int).Sub(y2, big.NewInt(1)))), bigP)
	if x.Bit(0) != sign {
		x = mod(x.Neg(x))
	}
	return pair{x, y}
}

// torsion returns the eight points of small order, sums of one of order 8.
func torsion(t testing.TB) (all []pair) {
	eighth := decoded(t, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
	sum := origin
	for range 8 {
		all = append(all, sum)
		sum = sum.plus(eighth)
	}
	if sum.encoded() != origin.encoded() || all[4].encoded() == origin.encoded() {
		t.Fatal("not of order 8")
	}
	return all
}

func bigGenerator(t testing.TB) pair { return decoded(t, hex.EncodeToString([]byte(generator))) }
