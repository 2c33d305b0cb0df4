// Package sha1 computes SHA-1, block by block; package digest makes messages of it.
//
// In: a state of five words and whole blocks. Out: the state after them. Spec: FIPS 180-4
// §6.1, RFC 3174. It is here to verify what older senders still sign with it, by a key: in
// HMAC, where no attack is known, and in CloudFront's signed URLs. It resists no
// collisions: nothing may be told apart by it alone.
package sha1

import "math/bits"

const (
	// Size is the digest's length in bytes.
	Size = 20
	// BlockSize is a block's length in bytes.
	BlockSize = 64
)

// Initial returns the state before the first block (FIPS 180-4 §5.3.1).
func Initial() [5]uint32 {
	return [5]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}
}

// Blocks goes on with the whole blocks of p; bytes after them are left.
func Blocks(state *[5]uint32, p []byte) {
	for ; len(p) >= BlockSize; p = p[BlockSize:] {
		compress(state, p[:BlockSize])
	}
}

// compress is FIPS 180-4 §6.1.2 over one block, two rounds a line. All is in locals:
// rounds rename the working variables instead of moving them, and after five the names
// are back; the schedule's last sixteen words are each made right before their round.
func compress(state *[5]uint32, p []byte) {
	_ = p[BlockSize-1]
	w0, w1, w2, w3 := word(p, 0), word(p, 1), word(p, 2), word(p, 3)
	w4, w5, w6, w7 := word(p, 4), word(p, 5), word(p, 6), word(p, 7)
	w8, w9, w10, w11 := word(p, 8), word(p, 9), word(p, 10), word(p, 11)
	w12, w13, w14, w15 := word(p, 12), word(p, 13), word(p, 14), word(p, 15)
	a, b, c, d, e := state[0], state[1], state[2], state[3], state[4]
	a, b, d, e = choose(a, b, c, d, e, w0, w1)
	d, e, b, c = choose(d, e, a, b, c, w2, w3)
	b, c, e, a = choose(b, c, d, e, a, w4, w5)
	e, a, c, d = choose(e, a, b, c, d, w6, w7)
	c, d, a, b = choose(c, d, e, a, b, w8, w9)
	a, b, d, e = choose(a, b, c, d, e, w10, w11)
	d, e, b, c = choose(d, e, a, b, c, w12, w13)
	b, c, e, a = choose(b, c, d, e, a, w14, w15)
	w0, w1 = next(w0, w2, w8, w13), next(w1, w3, w9, w14)
	e, a, c, d = choose(e, a, b, c, d, w0, w1)
	w2, w3 = next(w2, w4, w10, w15), next(w3, w5, w11, w0)
	c, d, a, b = choose(c, d, e, a, b, w2, w3)
	w4, w5 = next(w4, w6, w12, w1), next(w5, w7, w13, w2)
	a, b, d, e = parity20(a, b, c, d, e, w4, w5)
	w6, w7 = next(w6, w8, w14, w3), next(w7, w9, w15, w4)
	d, e, b, c = parity20(d, e, a, b, c, w6, w7)
	w8, w9 = next(w8, w10, w0, w5), next(w9, w11, w1, w6)
	b, c, e, a = parity20(b, c, d, e, a, w8, w9)
	w10, w11 = next(w10, w12, w2, w7), next(w11, w13, w3, w8)
	e, a, c, d = parity20(e, a, b, c, d, w10, w11)
	w12, w13 = next(w12, w14, w4, w9), next(w13, w15, w5, w10)
	c, d, a, b = parity20(c, d, e, a, b, w12, w13)
	w14, w15 = next(w14, w0, w6, w11), next(w15, w1, w7, w12)
	a, b, d, e = parity20(a, b, c, d, e, w14, w15)
	w0, w1 = next(w0, w2, w8, w13), next(w1, w3, w9, w14)
	d, e, b, c = parity20(d, e, a, b, c, w0, w1)
	w2, w3 = next(w2, w4, w10, w15), next(w3, w5, w11, w0)
	b, c, e, a = parity20(b, c, d, e, a, w2, w3)
	w4, w5 = next(w4, w6, w12, w1), next(w5, w7, w13, w2)
	e, a, c, d = parity20(e, a, b, c, d, w4, w5)
	w6, w7 = next(w6, w8, w14, w3), next(w7, w9, w15, w4)
	c, d, a, b = parity20(c, d, e, a, b, w6, w7)
	w8, w9 = next(w8, w10, w0, w5), next(w9, w11, w1, w6)
	a, b, d, e = majority(a, b, c, d, e, w8, w9)
	w10, w11 = next(w10, w12, w2, w7), next(w11, w13, w3, w8)
	d, e, b, c = majority(d, e, a, b, c, w10, w11)
	w12, w13 = next(w12, w14, w4, w9), next(w13, w15, w5, w10)
	b, c, e, a = majority(b, c, d, e, a, w12, w13)
	w14, w15 = next(w14, w0, w6, w11), next(w15, w1, w7, w12)
	e, a, c, d = majority(e, a, b, c, d, w14, w15)
	w0, w1 = next(w0, w2, w8, w13), next(w1, w3, w9, w14)
	c, d, a, b = majority(c, d, e, a, b, w0, w1)
	w2, w3 = next(w2, w4, w10, w15), next(w3, w5, w11, w0)
	a, b, d, e = majority(a, b, c, d, e, w2, w3)
	w4, w5 = next(w4, w6, w12, w1), next(w5, w7, w13, w2)
	d, e, b, c = majority(d, e, a, b, c, w4, w5)
	w6, w7 = next(w6, w8, w14, w3), next(w7, w9, w15, w4)
	b, c, e, a = majority(b, c, d, e, a, w6, w7)
	w8, w9 = next(w8, w10, w0, w5), next(w9, w11, w1, w6)
	e, a, c, d = majority(e, a, b, c, d, w8, w9)
	w10, w11 = next(w10, w12, w2, w7), next(w11, w13, w3, w8)
	c, d, a, b = majority(c, d, e, a, b, w10, w11)
	w12, w13 = next(w12, w14, w4, w9), next(w13, w15, w5, w10)
	a, b, d, e = parity60(a, b, c, d, e, w12, w13)
	w14, w15 = next(w14, w0, w6, w11), next(w15, w1, w7, w12)
	d, e, b, c = parity60(d, e, a, b, c, w14, w15)
	w0, w1 = next(w0, w2, w8, w13), next(w1, w3, w9, w14)
	b, c, e, a = parity60(b, c, d, e, a, w0, w1)
	w2, w3 = next(w2, w4, w10, w15), next(w3, w5, w11, w0)
	e, a, c, d = parity60(e, a, b, c, d, w2, w3)
	w4, w5 = next(w4, w6, w12, w1), next(w5, w7, w13, w2)
	c, d, a, b = parity60(c, d, e, a, b, w4, w5)
	w6, w7 = next(w6, w8, w14, w3), next(w7, w9, w15, w4)
	a, b, d, e = parity60(a, b, c, d, e, w6, w7)
	w8, w9 = next(w8, w10, w0, w5), next(w9, w11, w1, w6)
	d, e, b, c = parity60(d, e, a, b, c, w8, w9)
	w10, w11 = next(w10, w12, w2, w7), next(w11, w13, w3, w8)
	b, c, e, a = parity60(b, c, d, e, a, w10, w11)
	w12, w13 = next(w12, w14, w4, w9), next(w13, w15, w5, w10)
	e, a, c, d = parity60(e, a, b, c, d, w12, w13)
	w14, w15 = next(w14, w0, w6, w11), next(w15, w1, w7, w12)
	c, d, a, b = parity60(c, d, e, a, b, w14, w15)
	state[0], state[1], state[2], state[3], state[4] = state[0]+a, state[1]+b, state[2]+c, state[3]+d, state[4]+e
}

// word reads the i-th big-endian word.
//
//go:inline
func word(p []byte, i int) uint32 {
	b := (*[4]byte)(p[4*i:])
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// next is the word in place of the one of sixteen rounds ago.
func next(w16, w14, w8, w3 uint32) uint32 { return bits.RotateLeft32(w3^w8^w14^w16, 1) }

// The constants of FIPS 180-4 §4.2.1, twenty rounds each.
const (
	k00 = 0x5a827999
	k20 = 0x6ed9eba1
	k40 = 0x8f1bbcdc
	k60 = 0xca62c1d6
)

// choose does two of the first twenty rounds, with the words x and y. It returns what has
// changed; c is what the rounds leave.
func choose(a, b, c, d, e, x, y uint32) (a2, b2, d2, e2 uint32) {
	e += bits.RotateLeft32(a, 5) + (d ^ b&(c^d)) + k00 + x
	b = bits.RotateLeft32(b, 30)
	d += bits.RotateLeft32(e, 5) + (c ^ a&(b^c)) + k00 + y
	return bits.RotateLeft32(a, 30), b, d, e
}

// parity20 does two of the second twenty.
func parity20(a, b, c, d, e, x, y uint32) (a2, b2, d2, e2 uint32) {
	return parity(a, b, c, d, e, x+k20, y+k20)
}

// majority does two of the third twenty.
func majority(a, b, c, d, e, x, y uint32) (a2, b2, d2, e2 uint32) {
	e += bits.RotateLeft32(a, 5) + (b&c | d&(b|c)) + k40 + x
	b = bits.RotateLeft32(b, 30)
	d += bits.RotateLeft32(e, 5) + (a&b | c&(a|b)) + k40 + y
	return bits.RotateLeft32(a, 30), b, d, e
}

// parity60 does two of the last twenty.
func parity60(a, b, c, d, e, x, y uint32) (a2, b2, d2, e2 uint32) {
	return parity(a, b, c, d, e, x+k60, y+k60)
}

func parity(a, b, c, d, e, x, y uint32) (a2, b2, d2, e2 uint32) {
	e += bits.RotateLeft32(a, 5) + (b ^ c ^ d) + x
	b = bits.RotateLeft32(b, 30)
	d += bits.RotateLeft32(e, 5) + (a ^ b ^ c) + y
	return bits.RotateLeft32(a, 30), b, d, e
}
