// Package mont raises numbers to powers modulo an odd number by Montgomery's method.
//
// In: an odd modulus of up to MaxBits bits and residues in 27-bit limbs, the least
// first. Out: residues. Spec: Montgomery, "Modular multiplication without trial
// division", 1985. It serves verification only: its running time depends on its operands,
// which are public. It never allocates after [New].
//
// Limbs are short so that a column, the sum of all products of one weight, fits 64 bits
// and is carried once, at the end: WebAssembly has no carry flag and no product of 128
// bits. With n limbs a column holds at most 2 n products below 2^54 and a carry:
// 2 * 304 * 2^54 + 2^37 < 2^63.3 for 8192 bits.
//
// Residues are below 2n, not n. With R = 2^(27 limbs) above 16n the result of a product,
// (a b + q n) / R with q below R, is below 4 n^2 / R + n < 1.25 n, so nothing needs to be
// subtracted until the end.
package mont

import (
	"errors"
	"math/bits"
)

// MaxBits is the longest modulus for which a column cannot overflow, by a wide margin.
const MaxBits = 8192

const (
	limbBits = 27
	mask     = 1<<limbBits - 1
	row      = 4 // limbs that a step of a product takes at once; counts of limbs are multiples of it
)

// ErrModulus refuses a modulus that is even, below 3 or longer than MaxBits.
var ErrModulus = errors.New("modulus is not odd, above 1 and of at most 8192 bits")

// Modulus is a modulus made ready, with scratch space: not safe for concurrent use.
// Residues are slices of exactly [Modulus.Limbs] limbs.
type Modulus struct {
	n       []uint32
	n0      uint32   // -1/n modulo 2^27
	square  []uint32 // R^2 mod n
	twice   []uint32 // scratch: a residue doubled
	columns []uint64 // scratch: a product before its limbs are carried
	next    []uint64 // scratch: the columns that addRows goes on with
}

// New makes the modulus, big-endian bytes, ready. Leading zeros do not count.
func New(modulus []byte) (*Modulus, error) {
	for len(modulus) > 0 && modulus[0] == 0 {
		modulus = modulus[1:]
	}
	if len(modulus) == 0 || len(modulus) > MaxBits/8 || modulus[len(modulus)-1]&1 == 0 || len(modulus) == 1 && modulus[0] < 3 {
		return nil, ErrModulus
	}
	length := 8*(len(modulus)-1) + bits.Len8(modulus[0])
	limbs := (length + 4 + row*limbBits - 1) / (row * limbBits) * row // R > 16 n
	all := make([]uint32, 3*limbs)
	m := &Modulus{
		n:       all[:limbs:limbs],
		square:  all[limbs : 2*limbs : 2*limbs],
		twice:   all[2*limbs:],
		columns: make([]uint64, 2*limbs+row),
	}
	load(m.n, modulus)
	// Newton's iteration for the inverse modulo a power of two: each step doubles the
	// valid bits, and n is its own inverse modulo 8.
	inverse := m.n[0]
	for range 4 {
		inverse *= 2 - m.n[0]*inverse
	}
	m.n0 = -inverse & mask

	// 2^(length-1) is below n; doubled up to 2 R, it is 2 in Montgomery form. From there
	// 2^(27 limbs) in Montgomery form, which is R^2, is reached along the exponent's bits.
	m.square[(length-1)/limbBits] = 1 << ((length - 1) % limbBits)
	exponent := limbBits * limbs
	for range exponent - length + 2 {
		m.double(m.square)
	}
	for i := bits.Len(uint(exponent)) - 2; i >= 0; i-- {
		m.Square(m.square, m.square)
		m.Reduce(m.square)
		if exponent>>i&1 == 1 {
			m.double(m.square)
		}
	}
	return m, nil
}

// Limbs returns the length of a residue.
func (m *Modulus) Limbs() int { return len(m.n) }

// Load reads big-endian bytes into z and says whether the number is below the modulus;
// z is no residue otherwise.
func (m *Modulus) Load(z []uint32, b []byte) bool {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) > 0 && 8*(len(b)-1)+bits.Len8(b[0]) > limbBits*len(z) {
		return false // longer than n by four bits at least
	}
	load(z, b)
	return !m.reached(z)
}

// load reads big-endian bytes that fit z.
func load(z []uint32, b []byte) {
	var pending uint64
	have := 0
	for i := range z {
		for have < limbBits && len(b) > 0 {
			pending |= uint64(b[len(b)-1]) << have
			b = b[:len(b)-1]
			have += 8
		}
		z[i] = uint32(pending & mask)
		pending >>= limbBits
		have -= limbBits
	}
}

// Store writes z as big-endian bytes, filling b. Bytes of z that do not fit are lost.
func Store(b []byte, z []uint32) {
	var pending uint64
	have := 0
	for i := len(b) - 1; i >= 0; i-- {
		if have < 8 && len(z) > 0 {
			pending |= uint64(z[0]) << have
			z = z[1:]
			have += limbBits
		}
		b[i] = byte(pending)
		pending >>= 8
		have -= 8
	}
}

// To writes x into Montgomery form: x R mod n. z may be x.
func (m *Modulus) To(z, x []uint32) { m.Mul(z, x, m.square) }
