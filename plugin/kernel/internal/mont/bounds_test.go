package mont

import (
	"math/big"
	"testing"
)

// The bound in the package's text, with every limb at its greatest: as many limbs as the
// longest modulus has, all of them ones, in each operand and in the modulus. Nothing but
// the columns' own arithmetic is held against big numbers.
func TestColumnsAtTheirBound(t *testing.T) {
	m, err := New(new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), MaxBits), big.NewInt(1)).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	limbs := m.Limbs()
	if limbs != 304 {
		t.Fatalf("%d limbs: the bound in the text speaks of 304", limbs)
	}
	full := make([]uint32, limbs)
	for i := range full {
		full[i] = mask
	}
	value := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(limbBits*limbs)), big.NewInt(1))
	// The column of most products, both halves of it: 2 * 304 products of (2^27-1)^2.
	clear(m.columns)
	for i := 0; i < limbs; i += row {
		m.addRows(m.columns[i:], (*[row]uint32)(full[i:]), full)
		m.addRows(m.columns[i:], (*[row]uint32)(full[i:]), full)
	}
	sum := new(big.Int)
	for i := len(m.columns) - 1; i >= 0; i-- {
		sum.Lsh(sum, limbBits).Add(sum, new(big.Int).SetUint64(m.columns[i]))
	}
	want := new(big.Int).Mul(value, value)
	if want.Lsh(want, 1); sum.Cmp(want) != 0 {
		t.Fatal("a column lost a carry")
	}
	if top := m.columns[limbs-1]; top != 2*304*mask*mask || top > 1<<64-1-1<<37 {
		t.Fatalf("the fullest column is %x", top)
	}
	// Square fills the same columns by other ways.
	clear(m.columns)
	for i := 0; i < limbs; i += row {
		m.addRows(m.columns[i:], (*[row]uint32)(full[i:]), full)
	}
	product := append([]uint64(nil), m.columns...)
	m.squareColumns(full)
	for i := range product {
		if product[i] != m.columns[i] {
			t.Fatalf("column %d: the square has %x, the product %x", i, m.columns[i], product[i])
		}
	}
}
