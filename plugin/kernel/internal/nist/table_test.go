package nist

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestRecodingsAddUp: a scalar's digits, each times its power of two, are the scalar.
func TestRecodingsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, c := range stdCurves {
		n := c.Params().N
		for i := range 1500 {
			k := below(r, n, i)
			var w words
			var d digits
			v := toNumber(k)
			w.set(&v)
			sum, last := new(big.Int), -width
			length := d.set(&w, n.BitLen())
			for place, digit := range d {
				if digit == 0 {
					continue
				}
				if digit&1 == 0 || digit >= 1<<(width-1) || digit <= -1<<(width-1) || place-last < width || place >= length {
					t.Fatalf("%x: digit %d at %d of %d, the one before at %d", k, digit, place, length, last)
				}
				last = place
				sum.Add(sum, new(big.Int).Lsh(big.NewInt(int64(digit)), uint(place)))
			}
			if sum.Cmp(k) != 0 {
				t.Fatalf("wNAF of %x adds up to %x", k, sum)
			}
			if k.Bit(0) == 0 {
				continue
			}
			for _, teeth := range []int{7, 8, 9, 10} {
				s := newComb(n.BitLen(), teeth)
				s.recode(&w, &v)
				if sum := combSum(s, &w); sum.Cmp(k) != 0 {
					t.Fatalf("comb of %x adds up to %x", k, sum)
				}
			}
		}
	}
}

// combSum adds up what pick picks, in integers.
func combSum(s comb, w *words) *big.Int {
	sum := new(big.Int)
	for column := range s.columns {
		entry, negative := s.digit(w, column)
		v := combEntry(s, column/s.depth, entry)
		v.Lsh(v, uint(column%s.depth))
		if negative {
			v.Neg(v)
		}
		sum.Add(sum, v)
	}
	return sum
}

// combEntry is the multiple of the point that stands at an entry, by the definition.
func combEntry(s comb, part, entry int) *big.Int {
	sum := new(big.Int)
	for tooth := range s.teeth {
		v := new(big.Int).Lsh(big.NewInt(1), uint(tooth*s.columns+part*s.depth))
		if tooth < s.teeth-1 && entry>>tooth&1 == 0 {
			v.Neg(v)
		}
		sum.Add(sum, v)
	}
	return sum
}

// TestTableSumsHaveNoExceptions follows step and setOdd with the multiples in place of the
// points: where two are added, neither is 0 and they are neither equal nor opposite modulo
// n, whatever the point is, since its order is n.
func TestTableSumsHaveNoExceptions(t *testing.T) {
	for _, c := range stdCurves {
		n := c.Params().N
		distinct := func(a, b *big.Int) error {
			sum, difference := new(big.Int).Add(a, b), new(big.Int).Sub(a, b)
			for _, v := range []*big.Int{a, b, sum, difference} {
				if new(big.Int).Mod(v, n).Sign() == 0 {
					return fmt.Errorf("%s: %x meets %x", c.Params().Name, a, b)
				}
			}
			return nil
		}
		for _, teeth := range []int{7, 8, 9, 10} {
			s := newComb(n.BitLen(), teeth)
			for part := range parts {
				tooth := func(i int) *big.Int {
					return new(big.Int).Lsh(big.NewInt(1), uint(i*s.columns+part*s.depth))
				}
				entries := []*big.Int{tooth(teeth - 1)}
				for i := range teeth - 1 {
					var sums, differences []*big.Int
					for _, e := range entries {
						if err := distinct(e, tooth(i)); err != nil {
							t.Fatal(err)
						}
						sums = append(sums, new(big.Int).Add(e, tooth(i)))
						differences = append(differences, new(big.Int).Sub(e, tooth(i)))
					}
					entries = append(differences, sums...)
				}
				for i, e := range entries {
					if want := combEntry(s, part, i); e.Cmp(want) != 0 {
						t.Fatalf("%s, part %d, entry %d: %x, want %x", c.Params().Name, part, i, e, want)
					}
				}
			}
		}
		for i := int64(1); i < 2*oddEntries-1; i += 2 {
			if i == 1 {
				continue // P + 2P
			}
			if err := distinct(big.NewInt(i), big.NewInt(2)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
