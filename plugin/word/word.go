// Package word looks at eight bytes of a text at a time.
//
// In: texts. Out: what stands where in them. Spec: none; the tricks are those of
// Warren, Hacker's Delight, chapter 6. It exists because TinyGo compares and searches
// strings byte by byte, and every byte of every request passes here. It never
// allocates, keeps nothing, and is not constant-time: no secret is compared with it.
package word

import "math/bits"

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// At returns the eight bytes of s at i, the first in the lowest place. i+8 must not
// exceed len(s). In this form, with one slice and constant indices, both compilers
// make it one load.
func At(s string, i int) uint64 {
	w := s[i : i+8]
	return uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
		uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
}

// Short returns all bytes of s, which has four to seven: the first four, then the last
// four, some of them twice.
func Short(s string) uint64 {
	v, w := s[:4], s[len(s)-4:]
	return uint64(v[0]) | uint64(v[1])<<8 | uint64(v[2])<<16 | uint64(v[3])<<24 |
		uint64(w[0])<<32 | uint64(w[1])<<40 | uint64(w[2])<<48 | uint64(w[3])<<56
}

// Below has the high bit of some byte set if and only if x has a byte below n; n is
// from 1 to 128. Which byte it is can be told of the lowest one only.
func Below(x uint64, n byte) uint64 { return (x - ones*uint64(n)) &^ x & highs }

// Above has the high bit of some byte set if and only if x has a byte over n; n is from
// 0 to 127. Which byte it is can be told of none.
func Above(x uint64, n byte) uint64 { return (x + ones*uint64(127-n) | x) & highs }

// Has has the high bit of some byte set if and only if x has a byte c. Which byte it
// is can be told of the lowest one only.
func Has(x uint64, c byte) uint64 {
	x ^= ones * uint64(c)
	return (x - ones) &^ x & highs
}

// Equal says that a and b are the same bytes.
func Equal(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for ; i+32 <= len(a); i += 32 {
		v, w := a[i:i+32], b[i:i+32]
		if (At(v, 0)^At(w, 0))|(At(v, 8)^At(w, 8))|(At(v, 16)^At(w, 16))|(At(v, 24)^At(w, 24)) != 0 {
			return false
		}
	}
	for ; i+8 <= len(a); i += 8 {
		if At(a, i) != At(b, i) {
			return false
		}
	}
	switch {
	case i > 0:
		return i == len(a) || At(a, len(a)-8) == At(b, len(a)-8)
	case len(a) >= 4:
		return Short(a) == Short(b)
	}
	for ; i < len(a); i++ {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Index returns the place of the first c in s, or -1.
func Index(s string, c byte) int {
	i := 0
	for ; i+32 <= len(s); i += 32 {
		w := s[i : i+32]
		if Has(At(w, 0), c)|Has(At(w, 8), c)|Has(At(w, 16), c)|Has(At(w, 24), c) != 0 {
			break
		}
	}
	for ; i+8 <= len(s); i += 8 {
		if m := Has(At(s, i), c); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(s); i++ {
		if s[i] == c {
			return i
		}
	}
	return -1
}
