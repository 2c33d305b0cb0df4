package nist_test

import (
	"crypto/elliptic"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/internal/nist"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp256"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp384"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp521"
)

// field is what the tests know of a field: its prime and the bounds that it states.
type field[E any, P nist.Element[E]] struct {
	name      string
	p         *big.Int
	bound     int32 // of an operand's limbs
	last      int32 // of its last one, which a bound of the value is
	top, over int32 // of a result's: the last from 0 (but for its sign), the others over their width
}

var (
	field256 = field[fp256.Element, *fp256.Element]{"P-256", elliptic.P256().Params().P, 1 << 29, 18 << 24, 0, 0}
	field384 = field[fp384.Element, *fp384.Element]{"P-384", elliptic.P384().Params().P, 1 << 28, 18 << 20, 0, 0}
	field521 = field[fp521.Element, *fp521.Element]{"P-521", elliptic.P521().Params().P, 1<<29 + 1<<7, 1<<29 + 1<<7, 1 << 28, 1 << 6}
)

// sum is the integer that the limbs are.
func (f field[E, P]) sum(z *E) *big.Int {
	limbs, width := P(z).Limbs()
	v := new(big.Int)
	for i := len(limbs) - 1; i >= 0; i-- {
		v.Add(v.Lsh(v, uint(width)), big.NewInt(int64(limbs[i])))
	}
	return v
}

// value is the residue that z stands for: sum/R, where R is what 1 is stored as.
func (f field[E, P]) value(z *E) *big.Int {
	var one E
	limbs, _ := P(&one).Limbs()
	limbs[0] = 1
	P(&one).Enter()
	r := new(big.Int).ModInverse(f.sum(&one), f.p)
	return r.Mod(r.Mul(r, f.sum(z)), f.p)
}

// carried fails unless z has the limbs of a result.
func (f field[E, P]) carried(z *E) error {
	limbs, width := P(z).Limbs()
	for i, limb := range limbs[:len(limbs)-1] {
		over := int32(0)
		if i == 1 {
			over = f.over
		}
		if limb < -over || limb >= 1<<width+over {
			return fmt.Errorf("limb %d is %#x", i, limb)
		}
	}
	if last := limbs[len(limbs)-1]; f.top > 0 && (last < 0 || last >= f.top) {
		return fmt.Errorf("last limb is %#x", last)
	}
	return nil
}

// operation is one of an element's operations, and the number that it should give.
type operation struct {
	name string
	do   func()
	want *big.Int
}

// check holds every operation against big.Int for these operands, which must be within bounds.
func (f field[E, P]) check(a, b, c, d *E) error {
	va, vb, vc, vd := f.value(a), f.value(b), f.value(c), f.value(d)
	times := func(x, y *big.Int) *big.Int { return new(big.Int).Mul(x, y) }
	plus := func(x *big.Int, k int64, y *big.Int) *big.Int {
		return new(big.Int).Add(x, new(big.Int).Mul(big.NewInt(k), y))
	}
	var z E
	// Results are what a few operations take only.
	ra, rb, rc := *a, *b, *c
	P(&ra).Lin(1, a, 0, a)
	P(&rb).Lin(1, b, 0, b)
	P(&rc).Lin(1, c, 0, c)
	for _, op := range []operation{
		{"a b", func() { P(&z).Mul(a, b) }, times(va, vb)},
		{"a b, in a", func() { z = *a; P(&z).Mul(&z, b) }, times(va, vb)},
		{"a b, in b", func() { z = *b; P(&z).Mul(a, &z) }, times(va, vb)},
		{"a^2", func() { P(&z).Square(a) }, times(va, va)},
		{"a^2, in a", func() { z = *a; P(&z).Square(&z) }, times(va, va)},
		{"a b + c", func() { P(&z).MulAdd(a, b, c) }, plus(times(va, vb), 1, vc)},
		{"a b + c, in c", func() { z = *c; P(&z).MulAdd(a, b, &z) }, plus(times(va, vb), 1, vc)},
		{"a b - c", func() { P(&z).MulSub(a, b, c) }, plus(times(va, vb), -1, vc)},
		{"a b - c, in b", func() { z = *b; P(&z).MulSub(a, &z, c) }, plus(times(va, vb), -1, vc)},
		{"a b - c, in c", func() { z = *c; P(&z).MulSub(a, b, &z) }, plus(times(va, vb), -1, vc)},
		{"a^2 - b - 2 c", func() { P(&z).SquareSub(a, b, c) }, plus(plus(times(va, va), -1, vb), -2, vc)},
		{"a^2 - b - 2 c, in b", func() { z = *b; P(&z).SquareSub(a, &z, c) }, plus(plus(times(va, va), -1, vb), -2, vc)},
		{"a^2 - b - 2 c, in c", func() { z = *c; P(&z).SquareSub(a, b, &z) }, plus(plus(times(va, va), -1, vb), -2, vc)},
		{"a b - c d", func() { P(&z).Cross(a, b, c, d) }, plus(times(va, vb), -1, times(vc, vd))},
		{"a b - c d, in d", func() { z = *d; P(&z).Cross(a, b, c, &z) }, plus(times(va, vb), -1, times(vc, vd))},
		{"a^2 - 4 b", func() { P(&z).SquareSub4(a, b) }, plus(times(va, va), -4, vb)},
		{"a^2 - 4 b, in b", func() { z = *b; P(&z).SquareSub4(a, &z) }, plus(times(va, va), -4, vb)},
		{"4 a - 3 b", func() { P(&z).Lin(4, a, -3, b) }, plus(times(big.NewInt(4), va), -3, vb)},
		{"-a, in a", func() { z = *a; P(&z).Lin(-1, &z, 0, b) }, plus(new(big.Int), -1, va)},
		{"2 a b", func() { P(&z).MulTwice(&ra, &rb) }, times(big.NewInt(2), times(va, vb))},
		{"2 a b, in b", func() { z = rb; P(&z).MulTwice(&ra, &z) }, times(big.NewInt(2), times(va, vb))},
		{"(a + b) (a - b)", func() { P(&z).MulSum(&ra, &rb) }, plus(times(va, va), -1, times(vb, vb))},
		{"(a + b) (a - b), in a", func() { z = ra; P(&z).MulSum(&z, &rb) }, plus(times(va, va), -1, times(vb, vb))},
		{"a b - 2 c^2", func() { P(&z).MulSubSquare(a, b, &rc) }, plus(times(va, vb), -2, times(vc, vc))},
		{"a b - 2 c^2, in c", func() { z = rc; P(&z).MulSubSquare(a, b, &z) }, plus(times(va, vb), -2, times(vc, vc))},
	} {
		op.do()
		if f.value(&z).Cmp(new(big.Int).Mod(op.want, f.p)) != 0 {
			return fmt.Errorf("%s: %s of %v, %v, %v, %v is wrong", f.name, op.name, *a, *b, *c, *d)
		}
		if err := f.carried(&z); err != nil {
			return fmt.Errorf("%s: %s of %v, %v, %v, %v: %w", f.name, op.name, *a, *b, *c, *d, err)
		}
	}
	P(&z).Sub(a, b)
	if f.sum(&z).Cmp(plus(f.sum(a), -1, f.sum(b))) != 0 {
		return fmt.Errorf("%s: %v - %v is wrong", f.name, *a, *b)
	}
	return f.checkCanonical(a)
}

// checkCanonical holds the plain number against big.Int, and IsZero.
func (f field[E, P]) checkCanonical(a *E) error {
	want := f.value(a)
	plain := *a
	P(&plain).Leave()
	if f.sum(&plain).Cmp(want) != 0 {
		return fmt.Errorf("%s: %v is %x, want %x", f.name, *a, f.sum(&plain), want)
	}
	if P(a).IsZero() != (want.Sign() == 0) {
		return fmt.Errorf("%s: %v is %x, zero: %v", f.name, *a, want, P(a).IsZero())
	}
	P(&plain).Enter()
	if f.value(&plain).Cmp(want) != 0 {
		return fmt.Errorf("%s: %x leaves and enters as %x", f.name, want, f.value(&plain))
	}
	return nil
}

// extremes are operands with every limb, or each alone, at its bound, and its neighbours.
func (f field[E, P]) extremes() []E {
	var all []E
	var z E
	limbs, width := P(&z).Limbs()
	fill := func(v func(i int) int32) {
		for i := range limbs {
			limbs[i] = v(i)
		}
		f.keep(limbs)
		all = append(all, z)
	}
	for _, v := range []int32{0, 1, -1, f.bound, -f.bound, f.bound - 1, 1<<width - 1, 1 << (width - 1)} {
		fill(func(int) int32 { return v })
		fill(func(i int) int32 { return v * int32(1-i&1*2) })
		fill(func(i int) int32 { return v * int32(i&1) })
	}
	for only := range limbs {
		for _, v := range []int32{1, -1, f.bound, -f.bound} {
			fill(func(i int) int32 {
				if i == only {
					return v
				}
				return 0
			})
		}
	}
	return all
}

// keep brings limbs within their bounds.
func (f field[E, P]) keep(limbs []int32) {
	for i, limb := range limbs {
		bound := f.bound
		if i == len(limbs)-1 {
			bound = f.last
		}
		limbs[i] = max(min(limb, bound), -bound)
	}
}

// random returns limbs within the bounds, some of them at it.
func (f field[E, P]) random(r *rand.Rand) (z E) {
	limbs, _ := P(&z).Limbs()
	for i := range limbs {
		switch r.IntN(8) {
		case 0:
			limbs[i] = f.bound
		case 1:
			limbs[i] = -f.bound
		case 2:
			limbs[i] = int32(r.IntN(3) - 1)
		default:
			limbs[i] = int32(r.Int64N(2*int64(f.bound)) - int64(f.bound))
		}
	}
	f.keep(limbs)
	return z
}

// multiple spreads k p + offset over the limbs, which it then disturbs without changing the sum.
func (f field[E, P]) multiple(r *rand.Rand, k, offset int64) (z E) {
	v := new(big.Int).Mul(big.NewInt(k), f.p)
	v.Add(v, big.NewInt(offset))
	limbs, width := P(&z).Limbs()
	modulus := new(big.Int).Lsh(big.NewInt(1), uint(width))
	for i := range limbs[:len(limbs)-1] {
		limbs[i] = int32(new(big.Int).Mod(v, modulus).Int64())
		v.Rsh(v, uint(width))
	}
	limbs[len(limbs)-1] = int32(v.Int64())
	for i := range limbs[:len(limbs)-1] {
		if limbs[i] >= 1<<(width-1) && r.IntN(2) == 0 {
			limbs[i] -= 1 << width
			limbs[i+1]++
		}
	}
	return z
}

func TestEveryLimbAtItsBound(t *testing.T) {
	t.Run("P-256", func(t *testing.T) { testExtremes(t, field256) })
	t.Run("P-384", func(t *testing.T) { testExtremes(t, field384) })
	t.Run("P-521", func(t *testing.T) { testExtremes(t, field521) })
}

func testExtremes[E any, P nist.Element[E]](t *testing.T, f field[E, P]) {
	r := rand.New(rand.NewPCG(9, 10))
	all := f.extremes()
	// Both columns of a Cross at once: a b at its largest, c d at its smallest.
	for i := range 4 * len(all) {
		a, b, c, d := all[i%len(all)], all[r.IntN(len(all))], all[r.IntN(len(all))], all[r.IntN(len(all))]
		if i < len(all) {
			b, c, d = a, a, a
			var zero E
			P(&d).Sub(&zero, &a)
		}
		if err := f.check(&a, &b, &c, &d); err != nil {
			t.Fatal(err)
		}
	}
	for range 300 {
		a, b, c, d := f.random(r), f.random(r), f.random(r), f.random(r)
		if err := f.check(&a, &b, &c, &d); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCanonicalForm(t *testing.T) {
	t.Run("P-256", func(t *testing.T) { testCanonical(t, field256, 18) })
	t.Run("P-384", func(t *testing.T) { testCanonical(t, field384, 18) })
	t.Run("P-521", func(t *testing.T) { testCanonical(t, field521, 1) })
}

// testCanonical: multiples of the prime are 0, in every form, and their neighbours are not.
func testCanonical[E any, P nist.Element[E]](t *testing.T, f field[E, P], most int64) {
	r := rand.New(rand.NewPCG(11, 12))
	for k := -most; k <= most; k++ {
		for _, offset := range []int64{0, 1, -1, 1 << 40, -1 << 40} {
			for range 8 {
				z := f.multiple(r, k, offset)
				if err := f.checkCanonical(&z); err != nil {
					t.Fatalf("%d p + %d: %v", k, offset, err)
				}
			}
		}
	}
}

// FuzzField holds the operations of each field against big.Int: the bytes are the limbs of
// four operands, brought within their bounds.
func FuzzField(f *testing.F) {
	for which := range byte(3) {
		f.Add(which, []byte{})
		f.Add(which, []byte{0xff, 0xff, 0xff, 0x1f, 0, 0, 0, 0xe0})
	}
	f.Fuzz(func(t *testing.T, which byte, limbs []byte) {
		var err error
		switch which % 3 {
		case 0:
			err = fuzzField(field256, limbs)
		case 1:
			err = fuzzField(field384, limbs)
		case 2:
			err = fuzzField(field521, limbs)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

func fuzzField[E any, P nist.Element[E]](f field[E, P], source []byte) error {
	var operands [4]E
	next := 0
	for i := range operands {
		limbs, _ := P(&operands[i]).Limbs()
		for j := range limbs {
			if len(source) < 4 {
				break
			}
			at := next % (len(source) - 3)
			v := int64(int32(binary.LittleEndian.Uint32(source[at:])))
			limbs[j] = int32(v)
			next += 4
		}
		f.keep(limbs)
	}
	return f.check(&operands[0], &operands[1], &operands[2], &operands[3])
}
