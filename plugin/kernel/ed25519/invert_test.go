package ed25519

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

func (w *whole) big() *big.Int {
	sum := new(big.Int)
	for i := len(w) - 1; i >= 0; i-- {
		sum.Lsh(sum, limbBits).Add(sum, big.NewInt(w[i]))
	}
	return sum
}

// What invert's text states, after every batch: the matrix and the numbers within their
// bounds, the batch's steps done exactly, d a = f and e a = g.
func TestDivisionSteps(t *testing.T) {
	numbers := []*big.Int{big.NewInt(1), big.NewInt(2), big.NewInt(19), big.NewInt(mask), big.NewInt(mask + 1)}
	for i := int64(1); i < 20; i++ {
		numbers = append(numbers, new(big.Int).Sub(bigP, big.NewInt(i)), new(big.Int).Div(bigP, big.NewInt(i+1)))
	}
	for n := uint(1); n < 255; n++ {
		x := new(big.Int).Lsh(big.NewInt(1), n)
		numbers = append(numbers, x, new(big.Int).Sub(x, big.NewInt(1)), new(big.Int).Sub(bigP, x))
	}
	r := rand.New(rand.NewPCG(4, 4))
	for range 300 {
		var raw [32]byte
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		numbers = append(numbers, mod(new(big.Int).SetBytes(raw[:])))
	}
	most := 0
	for _, x := range numbers {
		most = max(most, followed(t, x))
	}
	if most < 15 || most > batches {
		t.Errorf("the longest took %d batches of %d", most, batches)
	}
}

// followed does what invert does and returns the number of batches.
func followed(t *testing.T, x *big.Int) int {
	a := form(x)
	f, g := whole{}, a.canonical()
	for i, limb := range form(bigP) {
		f[i] = int64(limb)
	}
	var d, e whole
	e[0] = 1
	delta := 1
	for n := range batches + 1 {
		if g == (whole{}) {
			if f.big().CmpAbs(big.NewInt(1)) != 0 {
				t.Fatalf("%x: f ends as %x", x, f.big())
			}
			return n
		}
		low := func(w *whole) uint32 { return uint32(new(big.Int).And(w.big(), big.NewInt(1<<32-1)).Uint64()) }
		if low(&f) != uint32(f[0]|f[1]<<limbBits) || low(&g) != uint32(g[0]|g[1]<<limbBits) {
			t.Fatalf("%x: the lowest bits of f or g", x)
		}
		s, after := divide(delta, low(&f), low(&g))
		// One step after the other, as the paper has them, on the whole numbers.
		wantF, wantG, wantDelta := f.big(), g.big(), delta
		for range limbBits {
			if wantDelta > 0 && wantG.Bit(0) == 1 {
				wantF, wantG, wantDelta = wantG, new(big.Int).Sub(wantG, wantF), -wantDelta
			} else if wantG.Bit(0) == 1 {
				wantG = new(big.Int).Add(wantG, wantF)
			}
			wantG = new(big.Int).Rsh(wantG, 1)
			wantDelta++
		}
		s.apply(&f, &g)
		s.applyModulo(&d, &e)
		delta = after
		if f.big().Cmp(wantF) != 0 || g.big().Cmp(wantG) != 0 || delta != wantDelta {
			t.Fatalf("%x, batch %d: f %x, g %x, delta %d, want %x, %x, %d", x, n, f.big(), g.big(), delta, wantF, wantG, wantDelta)
		}
		abs := func(x int64) int64 { return max(x, -x) }
		if abs(s.u)+abs(s.v) > 1<<limbBits || abs(s.q)+abs(s.r) > 1<<limbBits {
			t.Fatalf("%x: matrix %v", x, s)
		}
		least := new(big.Int).Mul(bigP, big.NewInt(-2))
		for _, w := range []*whole{&d, &e} {
			if w.big().Cmp(least) <= 0 || w.big().Cmp(bigP) >= 0 {
				t.Fatalf("%x: d or e is %x", x, w.big())
			}
		}
		if mod(new(big.Int).Mul(d.big(), x)).Cmp(mod(f.big())) != 0 || mod(new(big.Int).Mul(e.big(), x)).Cmp(mod(g.big())) != 0 {
			t.Fatalf("%x: d a = f or e a = g does not hold", x)
		}
	}
	t.Fatalf("%x: more than %d batches", x, batches)
	return 0
}

// The range of d and e holds for every matrix that the bounds allow, at both ends.
func TestApplyModuloAtItsBound(t *testing.T) {
	const most = 1 << limbBits
	whole29 := func(x *big.Int) (w whole) {
		rest := new(big.Int).Set(x)
		for i := range w {
			if i == 8 {
				w[i] = rest.Int64()
				break
			}
			w[i] = new(big.Int).And(rest, big.NewInt(mask)).Int64()
			rest.Rsh(rest, limbBits)
		}
		return w
	}
	least := new(big.Int).Mul(bigP, big.NewInt(-2))
	var ends []*big.Int
	for i := int64(1); i < 4; i++ {
		ends = append(ends, new(big.Int).Add(least, big.NewInt(i)), new(big.Int).Sub(bigP, big.NewInt(i)), big.NewInt(i-2))
	}
	for _, row := range [][2]int64{{most, 0}, {-most, 0}, {0, most}, {0, -most}, {most / 2, most / 2}, {-most / 2, -most / 2}, {most / 2, -most / 2}, {most - 1, 1}, {1 - most, -1}} {
		s := steps{u: row[0], v: row[1], q: row[1], r: row[0]}
		for _, x := range ends {
			for _, y := range ends {
				d, e := whole29(x), whole29(y)
				if d.big().Cmp(x) != 0 || e.big().Cmp(y) != 0 {
					t.Fatal("the test's own form is wrong")
				}
				s.applyModulo(&d, &e)
				for _, c := range []struct {
					got  *whole
					u, v int64
				}{{&d, s.u, s.v}, {&e, s.q, s.r}} {
					want := new(big.Int).Add(new(big.Int).Mul(big.NewInt(c.u), x), new(big.Int).Mul(big.NewInt(c.v), y))
					if mod(new(big.Int).Lsh(c.got.big(), limbBits)).Cmp(mod(want)) != 0 {
						t.Fatalf("%v of %x, %x: %x", s, x, y, c.got.big())
					}
					if c.got.big().Cmp(least) <= 0 || c.got.big().Cmp(bigP) >= 0 {
						t.Fatalf("%v of %x, %x is out of range: %x", s, x, y, c.got.big())
					}
				}
			}
		}
	}
}
