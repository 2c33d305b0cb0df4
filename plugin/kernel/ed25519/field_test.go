package ed25519

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// Big numbers are the oracle of all tests of the arithmetic.
var (
	bigP = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	bigL = func() *big.Int {
		l, _ := new(big.Int).SetString("27742317777372353535851937790883648493", 10)
		return l.Add(l, new(big.Int).Lsh(big.NewInt(1), 252))
	}()
	bigD = func() *big.Int {
		d := new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), bigP))
		return d.Mod(d, bigP)
	}()
)

const bound = 1<<28 + 1<<17 // T of element's text

func (z *element) big() *big.Int {
	sum := new(big.Int)
	for i := len(z) - 1; i >= 0; i-- {
		sum.Lsh(sum, limbBits).Add(sum, big.NewInt(int64(z[i])))
	}
	return sum
}

func mod(x *big.Int) *big.Int { return new(big.Int).Mod(x, bigP) }

// same says whether z is tight and the number x modulo p.
func same(t *testing.T, what string, z *element, x *big.Int) {
	t.Helper()
	for i, limb := range z {
		if limb > bound || limb < -bound {
			t.Fatalf("%s: limb %d is %d", what, i, limb)
		}
	}
	if mod(z.big()).Cmp(mod(x)) != 0 {
		t.Fatalf("%s: %x, want %x", what, mod(z.big()), mod(x))
	}
}

// driven returns elements with limbs at the limit, of all signs that matter.
func driven(limit int32) (all []element) {
	r := rand.New(rand.NewPCG(1, uint64(limit)))
	fill := func(f func(i int) int32) {
		var z element
		for i := range z {
			z[i] = f(i)
		}
		all = append(all, z)
	}
	fill(func(int) int32 { return limit })
	fill(func(int) int32 { return -limit })
	fill(func(i int) int32 { return limit * int32(1-2*(i&1)) })
	fill(func(i int) int32 { return limit * int32(2*(i&1)-1) })
	for at := range 9 {
		for _, limb := range []int32{limit, -limit} {
			fill(func(i int) int32 {
				if i == at {
					return limb
				}
				return 0
			})
			fill(func(i int) int32 {
				if i == at {
					return limb
				}
				return -limb
			})
		}
	}
	for range 16 {
		fill(func(int) int32 { return limit * int32(1-2*r.IntN(2)) })
		fill(func(int) int32 { return int32(r.Int64N(2*int64(limit)+1) - int64(limit)) })
	}
	return all
}

// The bound of element's text, as a number.
func TestColumnBound(t *testing.T) {
	sum := new(big.Int).Mul(big.NewInt(9*12), new(big.Int).Mul(big.NewInt(bound), big.NewInt(bound)))
	sum.Add(sum, big.NewInt(1<<36+1<<46))
	if sum.BitLen() > 63 {
		t.Fatalf("a column may have %d bits", sum.BitLen())
	}
}

func TestProductsAtTheirBound(t *testing.T) {
	for _, c := range []struct{ a, b int32 }{{1, 1}, {3, 4}, {4, 3}, {2, 6}, {6, 2}, {1, 7}, {7, 1}} {
		for _, a := range driven(c.a * bound) {
			for _, b := range driven(c.b * bound) {
				var z element
				z.mul(&a, &b)
				same(t, "product", &z, new(big.Int).Mul(a.big(), b.big()))
			}
		}
	}
	for _, a := range driven(3 * bound) {
		want := new(big.Int).Mul(a.big(), a.big())
		var z element
		z.square(&a)
		same(t, "square", &z, want)
		z = a
		z.square(&z)
		same(t, "square in place", &z, want)
	}
	for _, a := range driven(3 * bound) {
		for _, b := range driven(4 * bound) {
			want := new(big.Int).Mul(a.big(), b.big())
			x, y := a, b
			x.mul(&x, &b)
			same(t, "product over its first factor", &x, want)
			y.mul(&a, &y)
			same(t, "product over its second factor", &y, want)
		}
	}
}

func TestTighten(t *testing.T) {
	for _, limit := range []int32{1, half, bound, 4 * bound, 1<<31 - 1} {
		for _, a := range driven(limit) {
			z := a
			z.tighten()
			same(t, "tightened", &z, a.big())
		}
	}
	var least element
	for i := range least {
		least[i] = -1 << 31
	}
	want := least.big()
	least.tighten()
	same(t, "tightened", &least, want)
}

// form returns a form of x plus a multiple of p, its limbs from 0 to 2^29 but the last.
func form(x *big.Int) (z element) {
	rest := new(big.Int).Set(x)
	for i := range z {
		limb := new(big.Int).And(rest, big.NewInt(mask))
		if i == 8 {
			limb = rest
		}
		z[i] = int32(limb.Int64())
		rest = new(big.Int).Rsh(rest, limbBits)
	}
	return z
}

func reversed(b []byte) []byte {
	r := make([]byte, len(b))
	for i := range b {
		r[len(b)-1-i] = b[i]
	}
	return r
}

func TestBytesAreCanonical(t *testing.T) {
	for _, factor := range []int64{-100, -65, -64, -63, -2, -1, 0, 1, 2, 63, 64, 65, 100} {
		for _, offset := range []int64{-1216, -20, -19, -18, -2, -1, 0, 1, 2, 18, 19, 20, 1216} {
			x := new(big.Int).Mul(bigP, big.NewInt(factor))
			x.Add(x, big.NewInt(offset))
			z := form(x)
			if z.big().Cmp(x) != 0 {
				t.Fatal("the test's own form is wrong")
			}
			var got [32]byte
			z.bytes(&got)
			want := reversed(mod(x).FillBytes(make([]byte, 32)))
			if string(got[:]) != string(want) {
				t.Fatalf("%d p + %d: %x, want %x", factor, offset, got, want)
			}
			if z.isZero() != (offset == 0) || z.isOdd() != (want[0]&1 == 1) {
				t.Fatalf("%d p + %d: zero %v, odd %v", factor, offset, z.isZero(), z.isOdd())
			}
		}
	}
	for _, limit := range []int32{bound, 4 * bound, 1<<31 - 1} {
		for _, z := range driven(limit) {
			var got [32]byte
			z.bytes(&got)
			if want := reversed(mod(z.big()).FillBytes(make([]byte, 32))); string(got[:]) != string(want) {
				t.Fatalf("%v: %x, want %x", z, got, want)
			}
		}
	}
}

func TestLoadTakesNumbersBelowP(t *testing.T) {
	for offset := int64(-40); offset < 19; offset++ {
		x := new(big.Int).Add(bigP, big.NewInt(offset))
		for _, sign := range []byte{0, 0x80} {
			var in [32]byte
			copy(in[:], reversed(x.FillBytes(make([]byte, 32))))
			in[31] |= sign
			var z element
			if got, want := z.load(&in), offset < 0; got != want {
				t.Fatalf("p + %d: %v", offset, got)
			}
			same(t, "loaded", &z, x)
		}
	}
}

func TestPowersAndRoots(t *testing.T) {
	five8 := new(big.Int).Rsh(new(big.Int).Sub(bigP, big.NewInt(5)), 3)
	roots := 0
	r := rand.New(rand.NewPCG(2, 2))
	for i := range 200 {
		x := big.NewInt(int64(i))
		if i > 20 {
			var raw [32]byte
			for j := range raw {
				raw[j] = byte(r.Uint32())
			}
			x = mod(new(big.Int).SetBytes(raw[:]))
		}
		a := form(x)
		a.tighten()
		var z element
		want := new(big.Int).ModInverse(x, bigP)
		if want == nil {
			want = new(big.Int)
		}
		z.invert(&a)
		same(t, "inverse", &z, want)
		z.power58(&a)
		same(t, "power", &z, new(big.Int).Exp(x, five8, bigP))
		// x / v has a root or not.
		v := form(big.NewInt(int64(i + 2)))
		quotient := mod(new(big.Int).Mul(x, new(big.Int).ModInverse(v.big(), bigP)))
		square := new(big.Int).ModSqrt(quotient, bigP)
		if got := z.root(&a, &v); got != (square != nil) {
			t.Fatalf("root of %x: %v", quotient, got)
		}
		if square != nil {
			roots++
			if square.Bit(0) == 1 {
				square.Sub(bigP, square)
			}
			same(t, "root", &z, square)
			if z.isOdd() {
				t.Fatal("an odd root")
			}
		}
	}
	if roots < 50 || roots > 150 {
		t.Errorf("%d of 200 have roots: the test sees one side only", roots)
	}
}

func TestConstants(t *testing.T) {
	same(t, "d", &curveD, bigD)
	same(t, "2 d", &twiceD, new(big.Int).Lsh(bigD, 1))
	same(t, "root of -1", &rootOfMinusOne, new(big.Int).Exp(big.NewInt(2), new(big.Int).Rsh(bigP, 2), bigP))
	if square := new(big.Int).Exp(rootOfMinusOne.big(), big.NewInt(2), bigP); square.Add(square, big.NewInt(1)).Cmp(bigP) != 0 {
		t.Error("its square is not -1")
	}
	if fold != new(big.Int).Mod(new(big.Int).Lsh(big.NewInt(1), 9*limbBits), bigP).Int64() {
		t.Error("2^261 modulo p")
	}
	limbs := func(z [9]uint32) *big.Int {
		var e element
		for i := range z {
			e[i] = int32(z[i])
		}
		return e.big()
	}
	if limbs(order).Cmp(bigL) != 0 {
		t.Error("L")
	}
	r := new(big.Int).Lsh(big.NewInt(1), 9*limbBits)
	if limbs(radix).Cmp(new(big.Int).Mod(r, bigL)) != 0 {
		t.Error("R mod L")
	}
	if limbs(shiftedRadix).Cmp(new(big.Int).Mod(new(big.Int).Lsh(r, 256), bigL)) != 0 {
		t.Error("2^256 R mod L")
	}
	if uint32(orderInverse)*order[0]&mask != mask {
		t.Error("-1/L")
	}
}

func FuzzField(f *testing.F) {
	f.Add([]byte{1}, []byte{2})
	f.Add(bigP.Bytes(), new(big.Int).Sub(bigP, big.NewInt(1)).Bytes())
	f.Fuzz(func(t *testing.T, x, y []byte) {
		// Limbs of any size that the bounds allow, not only those of loaded numbers.
		limbsOf := func(raw []byte, limit int64) (z element) {
			for i := range z {
				var v int64
				for j := range 4 {
					if at := 4*i + j; at < len(raw) {
						v |= int64(raw[at]) << (8 * j)
					}
				}
				z[i] = int32(v%(2*limit+1) - limit)
			}
			return z
		}
		a, b, c := limbsOf(x, 3*bound), limbsOf(y, 4*bound), limbsOf(y, bound)
		var z element
		z.mul(&a, &b)
		same(t, "product", &z, new(big.Int).Mul(a.big(), b.big()))
		z.square(&a)
		same(t, "square", &z, new(big.Int).Mul(a.big(), a.big()))
		want := new(big.Int).ModInverse(mod(c.big()), bigP)
		if want == nil {
			want = new(big.Int)
		}
		z.invert(&c)
		same(t, "inverse", &z, want)
		z = b
		z.tighten()
		same(t, "tightened", &z, b.big())
		var out [32]byte
		b.bytes(&out)
		if want := reversed(mod(b.big()).FillBytes(make([]byte, 32))); string(out[:]) != string(want) {
			t.Fatalf("%v: %x, want %x", b, out, want)
		}
	})
}
