package nist

import (
	"crypto/elliptic"
	"math/big"
	"math/rand/v2"
	"testing"
)

var stdCurves = []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}

func toNumber(z *big.Int) (n number) {
	unpack(n[:], limbBits, z.FillBytes(make([]byte, maxBytes)))
	return n
}

func toBig(n *number) *big.Int {
	z := new(big.Int)
	for i := maxLimbs - 1; i >= 0; i-- {
		z.Add(z.Lsh(z, limbBits), big.NewInt(int64(n[i])))
	}
	return z
}

// below returns a number below m: an edge case for small i, else random in size and bits.
func below(r *rand.Rand, m *big.Int, i int) *big.Int {
	one := big.NewInt(1)
	switch {
	case i < 4:
		return big.NewInt(int64(i))
	case i < 8:
		return new(big.Int).Sub(m, big.NewInt(int64(i-3)))
	case i < 8+m.BitLen()-1:
		return new(big.Int).Lsh(one, uint(i-8))
	}
	z := new(big.Int)
	for range 9 {
		z.Or(z.Lsh(z, 64), new(big.Int).SetUint64(r.Uint64()))
	}
	z.Rsh(z, uint(r.IntN(576)))
	if r.IntN(4) == 0 { // runs of ones
		z.Sub(z.Lsh(one, uint(1+r.IntN(576))), new(big.Int).Lsh(one, uint(r.IntN(8))))
		z.Abs(z)
	}
	return z.Mod(z, m)
}

func TestNumbersAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range stdCurves {
		p := c.Params()
		for _, prime := range []*big.Int{p.N, p.P} {
			b := prime.FillBytes(make([]byte, (p.BitSize+7)/8))
			var m, plain modulus
			m.setUp(b, true)
			plain.setUp(b, false)
			radix := new(big.Int).Lsh(big.NewInt(1), uint(limbBits*m.limbs))
			for i := range 1500 {
				x, y := below(r, prime, i), below(r, prime, r.IntN(4000))
				a, d := toNumber(x), toNumber(y)
				var z number
				m.mul(&z, &a, &d)
				back := toBig(&z)
				if want := new(big.Int).Mul(x, y); want.Mod(want, prime).Cmp(back.Mod(back.Mul(back, radix), prime)) != 0 || toBig(&z).Cmp(prime) >= 0 {
					t.Fatalf("%s: %x times %x", p.Name, x, y)
				}
				if x.Sign() == 0 {
					continue
				}
				inverse := new(big.Int).ModInverse(x, prime)
				if plain.invert(&z, &a); toBig(&z).Cmp(inverse) != 0 {
					t.Fatalf("%s: 1/%x is not %x", p.Name, x, toBig(&z))
				}
				if m.invert(&a, &a); toBig(&a).Cmp(inverse.Mod(inverse.Mul(inverse, radix), prime)) != 0 {
					t.Fatalf("%s: R/%x is not %x", p.Name, x, toBig(&a))
				}
			}
		}
	}
}

func TestLoadTakesNumbersBelowTheModulusOnly(t *testing.T) {
	one := big.NewInt(1)
	for _, c := range stdCurves {
		n := c.Params().N
		size := (n.BitLen() + 7) / 8
		var m modulus
		m.setUp(n.FillBytes(make([]byte, size)), true)
		top := new(big.Int).Sub(new(big.Int).Lsh(one, uint(8*size)), one)
		for _, v := range []*big.Int{new(big.Int), one, new(big.Int).Sub(n, one), n, new(big.Int).Add(n, one), top} {
			var z number
			if got := m.load(&z, v.FillBytes(make([]byte, size))); got != (v.Cmp(n) < 0) || toBig(&z).Cmp(v) != 0 || m.isZero(&z) != (v.Sign() == 0) {
				t.Errorf("%x: below %v, read as %x", v, got, toBig(&z))
			}
		}
	}
}

func TestDivstepsKeepTheirBounds(t *testing.T) {
	// Shallow rows, deep rows, the extremes of delta: the rows' entries never sum up to
	// more than 2^limbBits, so shift and apply cannot overflow.
	r := rand.New(rand.NewPCG(3, 4))
	for range 200_000 {
		f, g := r.Uint32()|1, r.Uint32()
		delta := int32(r.IntN(2000) - 1000)
		m, _ := divsteps(delta, f, g)
		if abs(m.u)+abs(m.v) > 1<<limbBits || abs(m.q)+abs(m.r) > 1<<limbBits || m.u*m.r-m.v*m.q != 1<<limbBits {
			t.Fatalf("delta %d, f %#x, g %#x: %v", delta, f, g, m)
		}
		if low := uint32(m.u)*f + uint32(m.v)*g; low&limbMask != 0 {
			t.Fatalf("delta %d, f %#x, g %#x: f's low bits stay: %#x", delta, f, g, low)
		}
		if low := uint32(m.q)*f + uint32(m.r)*g; low&limbMask != 0 {
			t.Fatalf("delta %d, f %#x, g %#x: g's low bits stay: %#x", delta, f, g, low)
		}
	}
}

func abs(v int64) int64 { return max(v, -v) }

func TestScalarIsTheDigestsLeftmostBits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range stdCurves {
		n := c.Params().N
		k := &Curve[interval, *interval]{size: (n.BitLen() + 7) / 8}
		k.n.setUp(n.FillBytes(make([]byte, k.size)), true)
		for length := 1; length < 80; length++ {
			digest := make([]byte, length)
			for i := range digest {
				digest[i] = byte(r.Uint32()) | byte(0xff*(length&1))
			}
			want := new(big.Int).SetBytes(digest)
			if excess := 8*length - n.BitLen(); excess > 0 {
				want.Rsh(want, uint(excess))
			}
			var z number
			if k.scalar(&z, digest); toBig(&z).Cmp(want) != 0 {
				t.Fatalf("%s, %d bytes: %x, want %x", c.Params().Name, length, toBig(&z), want)
			}
		}
	}
}
