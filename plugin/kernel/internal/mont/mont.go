// Package mont does arithmetic modulo an odd number by Montgomery's method.
//
// In: an odd modulus and residues in 32-bit limbs, the least first. Out: residues. Spec:
// Montgomery, "Modular multiplication without trial division", 1985; the loop is the one
// that Koç, Acar and Kaliski call CIOS. It serves verification only: its running time
// depends on its operands, which are public. It never allocates after [New].
package mont

import (
	"errors"
	"math/bits"
)

// ErrModulus refuses a modulus that is even or below 3: the method needs an odd one.
var ErrModulus = errors.New("modulus is not odd and above 1")

// Modulus is a modulus made ready, with scratch space: not safe for concurrent use.
// Residues are slices of exactly [Modulus.Limbs] limbs, below the modulus.
type Modulus struct {
	n      []uint32
	n0     uint32   // -1/n modulo 2^32
	one    []uint32 // R mod n, with R = 2^(32 * limbs): 1 in Montgomery form
	square []uint32 // R^2 mod n
	t, u   []uint32 // scratch
}

// New makes the modulus, big-endian bytes, ready. Leading zeros do not count.
func New(modulus []byte) (*Modulus, error) {
	for len(modulus) > 0 && modulus[0] == 0 {
		modulus = modulus[1:]
	}
	if len(modulus) == 0 || modulus[len(modulus)-1]&1 == 0 || len(modulus) == 1 && modulus[0] < 3 {
		return nil, ErrModulus
	}
	limbs := (len(modulus) + 3) / 4
	all := make([]uint32, 5*limbs)
	cut := func() []uint32 {
		part := all[:limbs:limbs]
		all = all[limbs:]
		return part
	}
	m := &Modulus{n: cut(), one: cut(), square: cut(), t: cut(), u: cut()}
	load(m.n, modulus)
	// Newton's iteration for the inverse modulo a power of two: each step doubles the
	// valid bits, and n is its own inverse modulo 8.
	inverse := m.n[0]
	for range 4 {
		inverse *= 2 - m.n[0]*inverse
	}
	m.n0 = -inverse

	// 2^(bits-1) is below n; doubled up to R, it is R mod n.
	top := m.Bits() - 1
	m.one[top/32] = 1 << (top % 32)
	for range 32*limbs - top {
		m.double(m.one)
	}
	// R^2 is 2^(32 limbs) in Montgomery form: square and double along the exponent.
	copy(m.square, m.one)
	for i := bits.Len(uint(32*limbs)) - 1; i >= 0; i-- {
		m.Mul(m.square, m.square, m.square)
		if 32*limbs>>i&1 == 1 {
			m.double(m.square)
		}
	}
	return m, nil
}

// Bits returns the modulus' length in bits.
func (m *Modulus) Bits() int {
	return 32*(len(m.n)-1) + bits.Len32(m.n[len(m.n)-1])
}

// Limbs returns the length of a residue.
func (m *Modulus) Limbs() int { return len(m.n) }

// Load reads big-endian bytes into z and says whether the number is below the modulus.
// Bytes beyond the modulus' limbs must be zero.
func (m *Modulus) Load(z []uint32, b []byte) bool {
	for len(b) > 4*len(z) {
		if b[0] != 0 {
			return false
		}
		b = b[1:]
	}
	load(z, b)
	return !m.reached(z)
}

func load(z []uint32, b []byte) {
	clear(z)
	for i := range b {
		z[i/4] |= uint32(b[len(b)-1-i]) << (8 * (i % 4))
	}
}

// Store writes z as big-endian bytes, filling b. Bytes of z that do not fit are lost.
func Store(b []byte, z []uint32) {
	for i := range b {
		var c byte
		if i/4 < len(z) {
			c = byte(z[i/4] >> (8 * (i % 4)))
		}
		b[len(b)-1-i] = c
	}
}

// To writes x into Montgomery form: x R mod n. z may be x.
func (m *Modulus) To(z, x []uint32) { m.Mul(z, x, m.square) }

// From writes x out of Montgomery form: x / R mod n. z may be x.
func (m *Modulus) From(z, x []uint32) {
	clear(m.u)
	m.u[0] = 1
	m.Mul(z, x, m.u)
}

// One returns 1 in Montgomery form; it must not be written to.
func (m *Modulus) One() []uint32 { return m.one }

// Add sets z = a + b mod n. z may be a or b.
func (m *Modulus) Add(z, a, b []uint32) {
	var carry uint32
	for i := range z {
		z[i], carry = bits.Add32(a[i], b[i], carry)
	}
	m.reduce(z, carry)
}

// Sub sets z = a - b mod n. z may be a or b.
func (m *Modulus) Sub(z, a, b []uint32) {
	var borrow, carry uint32
	for i := range z {
		z[i], borrow = bits.Sub32(a[i], b[i], borrow)
	}
	if borrow == 0 {
		return
	}
	for i := range z {
		z[i], carry = bits.Add32(z[i], m.n[i], carry)
	}
}

// double sets z = 2 z mod n.
func (m *Modulus) double(z []uint32) { m.Add(z, z, z) }

// Mul sets z = a b / R mod n. z may be a or b.
func (m *Modulus) Mul(z, a, b []uint32) {
	last := len(m.n) - 1
	n, t := m.n[:last+1], m.t[:last+1]
	b = b[:last+1]
	clear(t)
	var top uint32
	for _, limb := range a {
		x := uint64(limb)
		v := uint64(t[0]) + x*uint64(b[0])
		q := uint64(uint32(v) * m.n0)
		c := v >> 32
		w := uint64(uint32(v)) + q*uint64(n[0])
		d := w >> 32
		// Each sum is at most (2^32-1)^2 + 2 (2^32-1) = 2^64-1: no carry is lost.
		for j := 1; j <= last; j++ {
			v = uint64(t[j]) + x*uint64(b[j]) + c
			c = v >> 32
			w = uint64(uint32(v)) + q*uint64(n[j]) + d
			d = w >> 32
			t[j-1] = uint32(w)
		}
		v = uint64(top) + c + d
		t[last] = uint32(v)
		top = uint32(v >> 32)
	}
	m.reduce(t, top)
	copy(z, t)
}

// reduce subtracts n from z + carry 2^(32 limbs) once if that is not below n.
func (m *Modulus) reduce(z []uint32, carry uint32) {
	if carry == 0 && !m.reached(z) {
		return
	}
	var borrow uint32
	for i := range z {
		z[i], borrow = bits.Sub32(z[i], m.n[i], borrow)
	}
}

// reached says whether z >= n.
func (m *Modulus) reached(z []uint32) bool {
	for i := len(z) - 1; i >= 0; i-- {
		if z[i] != m.n[i] {
			return z[i] > m.n[i]
		}
	}
	return true
}

// Exp sets z = x^e for a big-endian exponent e above 0, z and x in Montgomery form. z
// must not be x.
func (m *Modulus) Exp(z, x []uint32, e []byte) {
	copy(z, m.one)
	for _, b := range e {
		for i := 7; i >= 0; i-- {
			m.Mul(z, z, z)
			if b>>i&1 == 1 {
				m.Mul(z, z, x)
			}
		}
	}
}
