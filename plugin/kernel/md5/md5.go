// Package md5 computes MD5, block by block; package digest makes messages of it.
//
// In: a state of four words and whole blocks. Out: the state after them. Spec: RFC 1321.
// It is here for what older senders still send: nginx' secure links, and Content-MD5
// where a signature covers it. It resists no collisions, and what it makes of a secret
// and a text can be carried on to a longer text: nothing new may be built on it.
package md5

import "math/bits"

const (
	// Size is the digest's length in bytes.
	Size = 16
	// BlockSize is a block's length in bytes.
	BlockSize = 64
)

// Initial returns the state before the first block (RFC 1321 §3.3).
func Initial() [4]uint32 {
	return [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}
}

// Blocks goes on with the whole blocks of p; bytes after them are left.
func Blocks(state *[4]uint32, p []byte) {
	for ; len(p) >= BlockSize; p = p[BlockSize:] {
		compress(state, p[:BlockSize])
	}
}

// compress is RFC 1321 §3.4 over one block, its steps in the document's order. The
// constants are the integer parts of 2^32 |sin n|.
func compress(state *[4]uint32, p []byte) {
	_ = p[BlockSize-1]
	w0, w1, w2, w3 := word(p, 0), word(p, 1), word(p, 2), word(p, 3)
	w4, w5, w6, w7 := word(p, 4), word(p, 5), word(p, 6), word(p, 7)
	w8, w9, w10, w11 := word(p, 8), word(p, 9), word(p, 10), word(p, 11)
	w12, w13, w14, w15 := word(p, 12), word(p, 13), word(p, 14), word(p, 15)
	a, b, c, d := state[0], state[1], state[2], state[3]
	a = f(a+w0+0xd76aa478, b, c, d, 7)
	d = f(d+w1+0xe8c7b756, a, b, c, 12)
	c = f(c+w2+0x242070db, d, a, b, 17)
	b = f(b+w3+0xc1bdceee, c, d, a, 22)
	a = f(a+w4+0xf57c0faf, b, c, d, 7)
	d = f(d+w5+0x4787c62a, a, b, c, 12)
	c = f(c+w6+0xa8304613, d, a, b, 17)
	b = f(b+w7+0xfd469501, c, d, a, 22)
	a = f(a+w8+0x698098d8, b, c, d, 7)
	d = f(d+w9+0x8b44f7af, a, b, c, 12)
	c = f(c+w10+0xffff5bb1, d, a, b, 17)
	b = f(b+w11+0x895cd7be, c, d, a, 22)
	a = f(a+w12+0x6b901122, b, c, d, 7)
	d = f(d+w13+0xfd987193, a, b, c, 12)
	c = f(c+w14+0xa679438e, d, a, b, 17)
	b = f(b+w15+0x49b40821, c, d, a, 22)
	a = g(a+w1+0xf61e2562, b, c, d, 5)
	d = g(d+w6+0xc040b340, a, b, c, 9)
	c = g(c+w11+0x265e5a51, d, a, b, 14)
	b = g(b+w0+0xe9b6c7aa, c, d, a, 20)
	a = g(a+w5+0xd62f105d, b, c, d, 5)
	d = g(d+w10+0x02441453, a, b, c, 9)
	c = g(c+w15+0xd8a1e681, d, a, b, 14)
	b = g(b+w4+0xe7d3fbc8, c, d, a, 20)
	a = g(a+w9+0x21e1cde6, b, c, d, 5)
	d = g(d+w14+0xc33707d6, a, b, c, 9)
	c = g(c+w3+0xf4d50d87, d, a, b, 14)
	b = g(b+w8+0x455a14ed, c, d, a, 20)
	a = g(a+w13+0xa9e3e905, b, c, d, 5)
	d = g(d+w2+0xfcefa3f8, a, b, c, 9)
	c = g(c+w7+0x676f02d9, d, a, b, 14)
	b = g(b+w12+0x8d2a4c8a, c, d, a, 20)
	a = h(a+w5+0xfffa3942, b, c, d, 4)
	d = h(d+w8+0x8771f681, a, b, c, 11)
	c = h(c+w11+0x6d9d6122, d, a, b, 16)
	b = h(b+w14+0xfde5380c, c, d, a, 23)
	a = h(a+w1+0xa4beea44, b, c, d, 4)
	d = h(d+w4+0x4bdecfa9, a, b, c, 11)
	c = h(c+w7+0xf6bb4b60, d, a, b, 16)
	b = h(b+w10+0xbebfbc70, c, d, a, 23)
	a = h(a+w13+0x289b7ec6, b, c, d, 4)
	d = h(d+w0+0xeaa127fa, a, b, c, 11)
	c = h(c+w3+0xd4ef3085, d, a, b, 16)
	b = h(b+w6+0x04881d05, c, d, a, 23)
	a = h(a+w9+0xd9d4d039, b, c, d, 4)
	d = h(d+w12+0xe6db99e5, a, b, c, 11)
	c = h(c+w15+0x1fa27cf8, d, a, b, 16)
	b = h(b+w2+0xc4ac5665, c, d, a, 23)
	a = i(a+w0+0xf4292244, b, c, d, 6)
	d = i(d+w7+0x432aff97, a, b, c, 10)
	c = i(c+w14+0xab9423a7, d, a, b, 15)
	b = i(b+w5+0xfc93a039, c, d, a, 21)
	a = i(a+w12+0x655b59c3, b, c, d, 6)
	d = i(d+w3+0x8f0ccc92, a, b, c, 10)
	c = i(c+w10+0xffeff47d, d, a, b, 15)
	b = i(b+w1+0x85845dd1, c, d, a, 21)
	a = i(a+w8+0x6fa87e4f, b, c, d, 6)
	d = i(d+w15+0xfe2ce6e0, a, b, c, 10)
	c = i(c+w6+0xa3014314, d, a, b, 15)
	b = i(b+w13+0x4e0811a1, c, d, a, 21)
	a = i(a+w4+0xf7537e82, b, c, d, 6)
	d = i(d+w11+0xbd3af235, a, b, c, 10)
	c = i(c+w2+0x2ad7d2bb, d, a, b, 15)
	b = i(b+w9+0xeb86d391, c, d, a, 21)
	state[0], state[1], state[2], state[3] = state[0]+a, state[1]+b, state[2]+c, state[3]+d
}

// word reads the i-th little-endian word.
//
//go:inline
func word(p []byte, i int) uint32 {
	b := (*[4]byte)(p[4*i:])
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// f, g, h and i are the steps of the four rounds; t is a with the step's constant and word.

func f(t, b, c, d uint32, shift int) uint32 { return b + bits.RotateLeft32(t+(d^b&(c^d)), shift) }

func g(t, b, c, d uint32, shift int) uint32 { return b + bits.RotateLeft32(t+(c^d&(b^c)), shift) }

func h(t, b, c, d uint32, shift int) uint32 { return b + bits.RotateLeft32(t+(b^c^d), shift) }

func i(t, b, c, d uint32, shift int) uint32 { return b + bits.RotateLeft32(t+(c^(b|^d)), shift) }
