package nist_test

import (
	"crypto/elliptic"
	"fmt"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/internal/nist"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp256"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp384"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp521"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// TestFailedSumsShow: with the generator for a key, scalars are chosen so that the last
// addition meets its own point, or its negative. The fast formulas must show that they
// failed, with and without the key's comb, and the careful ones must not fail.
func TestFailedSumsShow(t *testing.T) {
	t.Run("P-256", func(t *testing.T) { testFailedSums[fp256.Element](t, elliptic.P256().Params(), 9) })
	t.Run("P-384", func(t *testing.T) { testFailedSums[fp384.Element](t, elliptic.P384().Params(), 8) })
	t.Run("P-521", func(t *testing.T) { testFailedSums[fp521.Element](t, elliptic.P521().Params(), 8) })
}

func testFailedSums[E any, P nist.Element[E]](t *testing.T, p *elliptic.CurveParams, teeth int) {
	size := (p.BitSize + 7) / 8
	encode := func(v *big.Int) []byte { return v.FillBytes(make([]byte, size)) }
	text := func(v *big.Int) string { return fmt.Sprintf("%0*X", 2*size, v) }
	curve := nist.NewCurve[E, P](&nist.Parameters{P: text(p.P), N: text(p.N), B: text(p.B), X: text(p.Gx), Y: text(p.Gy), Teeth: teeth, KeyTeeth: teeth - 1})
	fresh := func() *nist.Key[E, P] {
		k, err := curve.NewKey(encode(p.Gx), encode(p.Gy), tables.New(tables.Limit))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	warm := fresh()
	for range 20 {
		warm.Sum(encode(big.NewInt(1)), encode(big.NewInt(1)))
	}
	for u := int64(3); u < 40; u += 5 {
		u1 := new(big.Int).Mod(new(big.Int).Exp(big.NewInt(u), big.NewInt(201), nil), p.N)
		last, negative := curve.LastOfGenerator(encode(u1))
		m := new(big.Int).SetBytes(last)
		if negative {
			m.Sub(p.N, m)
		}
		for _, c := range []struct {
			law              string
			sum              *big.Int // u1 + u2
			failed, infinite bool
		}{
			{"the last addition doubles", new(big.Int).Lsh(m, 1), true, false},
			{"the last addition ends at infinity", new(big.Int), true, true},
			{"the last addition starts from infinity", m, true, false},
			{"nothing special", big.NewInt(u), false, false},
		} {
			u2 := encode(new(big.Int).Mod(new(big.Int).Sub(c.sum, u1), p.N))
			for name, k := range map[string]*nist.Key[E, P]{"fresh": fresh(), "warm": warm} {
				if failed, infinite := k.Sum(encode(u1), u2); failed != c.failed || infinite != c.infinite {
					t.Errorf("%s, %s: failed %v, infinite %v", c.law, name, failed, infinite)
				}
				// Such a sum takes its own r only, and none if it is infinity.
				for _, r := range []*big.Int{big.NewInt(u), abscissa(p, c.sum)} {
					if r.Sign() == 0 {
						continue
					}
					s := new(big.Int).ModInverse(new(big.Int).SetBytes(u2), p.N)
					s.Mod(s.Mul(s, r), p.N)
					e := new(big.Int).Mod(new(big.Int).Mul(u1, s), p.N)
					digest := encode(e.Lsh(e, uint(8*size-p.BitSize)))
					want := r.Cmp(abscissa(p, c.sum)) == 0
					if got := k.Verify(digest, append(encode(r), encode(s)...)); got != want {
						t.Errorf("%s, %s: r = %x: %v", c.law, name, r, got)
					}
				}
			}
		}
	}
}

// abscissa is x(k G) modulo n, or 0 for infinity.
func abscissa(p *elliptic.CurveParams, k *big.Int) *big.Int {
	var curve elliptic.Curve
	switch p.BitSize {
	case 256:
		curve = elliptic.P256()
	case 384:
		curve = elliptic.P384()
	default:
		curve = elliptic.P521()
	}
	x, _ := curve.ScalarBaseMult(new(big.Int).Mod(k, p.N).Bytes()) //nolint:staticcheck // The oracle of a test.
	return x.Mod(x, p.N)
}
