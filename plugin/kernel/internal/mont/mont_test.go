package mont_test

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/internal/mont"
)

func TestModuli(t *testing.T) {
	for _, c := range []struct {
		law  string
		n    []byte
		want error
	}{
		{"none", nil, mont.ErrModulus},
		{"zero", []byte{0, 0}, mont.ErrModulus},
		{"one", []byte{1}, mont.ErrModulus},
		{"two", []byte{2}, mont.ErrModulus},
		{"even", []byte{1, 0, 0, 0, 0}, mont.ErrModulus},
		{"three", []byte{3}, nil},
		{"with zeros in front", []byte{0, 0, 0, 0, 0, 3}, nil},
		{"of 8192 bits", bytes.Repeat([]byte{0xff}, 1024), nil},
		{"of 8193 bits", append([]byte{1}, bytes.Repeat([]byte{0xff}, 1024)...), mont.ErrModulus},
	} {
		if _, err := mont.New(c.n); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.law, err, c.want)
		}
	}
}

// check holds every operation against big numbers.
func check(t *testing.T, n, a, b []byte) {
	t.Helper()
	m, err := mont.New(n)
	if err != nil {
		return
	}
	bigN := new(big.Int).SetBytes(n)
	x, y, z := make([]uint32, m.Limbs()), make([]uint32, m.Limbs()), make([]uint32, m.Limbs())
	bigA, bigB := new(big.Int).SetBytes(a), new(big.Int).SetBytes(b)
	if got, want := m.Load(x, a), bigA.Cmp(bigN) < 0; got != want {
		t.Fatalf("Load(%x) mod %x: %v", a, n, got)
	}
	bigA.Mod(bigA, bigN)
	bigB.Mod(bigB, bigN)
	if !m.Load(x, bigA.Bytes()) || !m.Load(y, bigB.Bytes()) {
		t.Fatal("a residue is refused")
	}
	number := func(z []uint32) *big.Int {
		raw := make([]byte, 4*len(z))
		mont.Store(raw, z)
		return new(big.Int).SetBytes(raw)
	}
	// Every result is a residue below 2n, and the number wanted once reduced.
	expect := func(what string, z []uint32, want *big.Int) {
		t.Helper()
		if number(z).Cmp(new(big.Int).Lsh(bigN, 1)) >= 0 {
			t.Fatalf("%s of %x, %x mod %x is not below 2n: %x", what, bigA, bigB, n, number(z))
		}
		reduced := append([]uint32(nil), z...)
		m.Reduce(reduced)
		want.Mod(want, bigN)
		if got := number(reduced); got.Cmp(want) != 0 {
			t.Fatalf("%s of %x, %x mod %x: %x, want %x", what, bigA, bigB, n, got, want)
		}
	}
	expect("what was loaded", x, new(big.Int).Set(bigA))
	mx := make([]uint32, m.Limbs())
	m.To(mx, x)
	m.Mul(z, mx, y)
	expect("product", z, new(big.Int).Mul(bigA, bigB))
	m.Mul(z, y, mx)
	expect("product, exchanged", z, new(big.Int).Mul(bigA, bigB))
	copy(z, mx)
	m.Mul(z, z, z)
	m.Mul(z, z, y)
	expect("product in place", z, new(big.Int).Mul(new(big.Int).Mul(bigA, bigA), bigB))
	m.Square(z, mx)
	m.Mul(z, z, y)
	expect("square", z, new(big.Int).Mul(new(big.Int).Mul(bigA, bigA), bigB))
	copy(z, mx)
	for range 8 { // without a subtraction in between
		m.Square(z, z)
	}
	m.Mul(z, z, y)
	power := new(big.Int).Exp(bigA, big.NewInt(256), bigN)
	expect("power", z, power.Mul(power, bigB))
}

// ones and zeros in rows are what breaks carries.
func TestEdges(t *testing.T) {
	pattern := func(length int, unit ...byte) []byte {
		b := make([]byte, length)
		for i := range b {
			b[i] = unit[i%len(unit)]
		}
		return b
	}
	for _, length := range []int{1, 3, 4, 5, 8, 12, 13, 14, 26, 27, 28, 31, 32, 33, 256, 1024} {
		for _, n := range [][]byte{pattern(length, 0xff), pattern(length, 0x80, 0, 0, 0, 1), pattern(length, 1), pattern(length, 0xff, 0xff, 0xff, 0xff, 0)} {
			n[length-1] |= 1
			minusOne := new(big.Int).Sub(new(big.Int).SetBytes(n), big.NewInt(1)).Bytes()
			for _, a := range [][]byte{nil, {1}, {2}, minusOne, n, pattern(length, 0xff), pattern(length, 0x55), pattern(length, 0, 0, 0, 1), pattern(length+3, 0, 0, 0, 7)} {
				for _, b := range [][]byte{nil, {1}, minusOne, pattern(length, 0xaa)} {
					check(t, n, a, b)
				}
			}
		}
	}
}

// A number that agrees with a residue in all limbs but has bits above them.
func TestLoadLooksAboveTheLimbs(t *testing.T) {
	for _, n := range [][]byte{{3}, bytes.Repeat([]byte{0xff}, 32), bytes.Repeat([]byte{0xff}, 256), bytes.Repeat([]byte{0xff}, 257)} {
		m, err := mont.New(n)
		if err != nil {
			t.Fatal(err)
		}
		z := make([]uint32, m.Limbs())
		for extra := range uint(40) {
			above := new(big.Int).Lsh(big.NewInt(1), 27*uint(m.Limbs())+extra)
			if m.Load(z, above.Add(above, big.NewInt(1)).Bytes()) {
				t.Errorf("%d bytes: 2^%d + 1 is loaded", len(n), 27*uint(m.Limbs())+extra)
			}
		}
	}
}

func FuzzMont(f *testing.F) {
	f.Add([]byte{3}, []byte{1}, []byte{2})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff}, []byte{0xff, 0xff, 0xff, 0xff}, []byte{1, 0, 0, 0, 0})
	f.Add([]byte{0x80, 0, 0, 0, 0, 0, 0, 1}, []byte{0x7f, 0xff, 0xff, 0xff, 0xff}, []byte{0x80})
	f.Fuzz(func(t *testing.T, n, a, b []byte) {
		if len(n) <= 512 && len(a) <= 512 && len(b) <= 512 {
			check(t, n, a, b)
		}
	})
}
