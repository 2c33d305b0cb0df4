package sha2

import "math/bits"

const block512 = 128

// state512 is SHA-512 under way, or SHA-384, which differs in its beginning and end.
type state512 struct {
	h     [8]uint64
	block [block512]byte
	n     int    // bytes waiting in block
	total uint64 // bytes written; more than 2^61 cannot come, so the length's upper half is 0
}

func (s *state512) reset(initial *[8]uint64) {
	s.h = *initial
	s.n, s.total = 0, 0
}

func (s *state512) write(p []byte) {
	s.total += uint64(len(p))
	if s.n > 0 {
		n := copy(s.block[s.n:], p)
		s.n += n
		p = p[n:]
		if s.n < block512 {
			return
		}
		compress512(&s.h, s.block[:])
		s.n = 0
	}
	whole := len(p) / block512 * block512
	Blocks512(&s.h, p[:whole])
	s.n = copy(s.block[:], p[whole:])
}

// sum pads (FIPS 180-4 §5.1.2) and appends the first size bytes of the digest.
func (s *state512) sum(dst []byte, size int) []byte {
	length := s.total << 3
	s.block[s.n] = 0x80
	clear(s.block[s.n+1:])
	if s.n >= block512-16 {
		compress512(&s.h, s.block[:])
		clear(s.block[:])
	}
	put64((*[8]byte)(s.block[block512-8:]), length)
	compress512(&s.h, s.block[:])
	for i, w := range s.h {
		put64((*[8]byte)(s.block[8*i:]), w)
	}
	return append(dst, s.block[:size]...)
}

// Blocks512 goes on with the whole blocks of p, SHA-512's compression alone, which is
// SHA-384's too; bytes after them are left.
func Blocks512(state *[8]uint64, p []byte) {
	for ; len(p) >= block512; p = p[block512:] {
		compress512(state, p[:block512])
	}
}

// compress512 is FIPS 180-4 §6.4.2 over one block. Sixteen rounds are written out, so that
// the working variables and the schedule's last sixteen words stay in locals: rounds
// rename the variables instead of moving them, and after eight the names are back. Each
// word is made right before its round: a sixth faster under wazero than all sixteen first.
func compress512(state *[8]uint64, p []byte) {
	_ = p[block512-1]
	w0, w1 := word512(p, 0), word512(p, 1)
	w2, w3 := word512(p, 2), word512(p, 3)
	w4, w5 := word512(p, 4), word512(p, 5)
	w6, w7 := word512(p, 6), word512(p, 7)
	w8, w9 := word512(p, 8), word512(p, 9)
	w10, w11 := word512(p, 10), word512(p, 11)
	w12, w13 := word512(p, 12), word512(p, 13)
	w14, w15 := word512(p, 14), word512(p, 15)
	a, b, c, d, e, f, g, h := state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
	k := &k512From0
	d, h = round512(a, b, c, d, e, f, g, h+k.k[15]+w0)
	c, g = round512(h, a, b, c, d, e, f, g+k.k[14]+w1)
	b, f = round512(g, h, a, b, c, d, e, f+k.k[13]+w2)
	a, e = round512(f, g, h, a, b, c, d, e+k.k[12]+w3)
	h, d = round512(e, f, g, h, a, b, c, d+k.k[11]+w4)
	g, c = round512(d, e, f, g, h, a, b, c+k.k[10]+w5)
	f, b = round512(c, d, e, f, g, h, a, b+k.k[9]+w6)
	e, a = round512(b, c, d, e, f, g, h, a+k.k[8]+w7)
	d, h = round512(a, b, c, d, e, f, g, h+k.k[7]+w8)
	c, g = round512(h, a, b, c, d, e, f, g+k.k[6]+w9)
	b, f = round512(g, h, a, b, c, d, e, f+k.k[5]+w10)
	a, e = round512(f, g, h, a, b, c, d, e+k.k[4]+w11)
	h, d = round512(e, f, g, h, a, b, c, d+k.k[3]+w12)
	g, c = round512(d, e, f, g, h, a, b, c+k.k[2]+w13)
	f, b = round512(c, d, e, f, g, h, a, b+k.k[1]+w14)
	e, a = round512(b, c, d, e, f, g, h, a+k.k[0]+w15)
	for k = k.next; k != nil; k = k.next {
		w0 += next512(w1, w9, w14)
		d, h = round512(a, b, c, d, e, f, g, h+k.k[15]+w0)
		w1 += next512(w2, w10, w15)
		c, g = round512(h, a, b, c, d, e, f, g+k.k[14]+w1)
		w2 += next512(w3, w11, w0)
		b, f = round512(g, h, a, b, c, d, e, f+k.k[13]+w2)
		w3 += next512(w4, w12, w1)
		a, e = round512(f, g, h, a, b, c, d, e+k.k[12]+w3)
		w4 += next512(w5, w13, w2)
		h, d = round512(e, f, g, h, a, b, c, d+k.k[11]+w4)
		w5 += next512(w6, w14, w3)
		g, c = round512(d, e, f, g, h, a, b, c+k.k[10]+w5)
		w6 += next512(w7, w15, w4)
		f, b = round512(c, d, e, f, g, h, a, b+k.k[9]+w6)
		w7 += next512(w8, w0, w5)
		e, a = round512(b, c, d, e, f, g, h, a+k.k[8]+w7)
		w8 += next512(w9, w1, w6)
		d, h = round512(a, b, c, d, e, f, g, h+k.k[7]+w8)
		w9 += next512(w10, w2, w7)
		c, g = round512(h, a, b, c, d, e, f, g+k.k[6]+w9)
		w10 += next512(w11, w3, w8)
		b, f = round512(g, h, a, b, c, d, e, f+k.k[5]+w10)
		w11 += next512(w12, w4, w9)
		a, e = round512(f, g, h, a, b, c, d, e+k.k[4]+w11)
		w12 += next512(w13, w5, w10)
		h, d = round512(e, f, g, h, a, b, c, d+k.k[3]+w12)
		w13 += next512(w14, w6, w11)
		g, c = round512(d, e, f, g, h, a, b, c+k.k[2]+w13)
		w14 += next512(w15, w7, w12)
		f, b = round512(c, d, e, f, g, h, a, b+k.k[1]+w14)
		w15 += next512(w0, w8, w13)
		e, a = round512(b, c, d, e, f, g, h, a+k.k[0]+w15)
	}
	state[0] += a
	state[1] += b
	state[2] += c
	state[3] += d
	state[4] += e
	state[5] += f
	state[6] += g
	state[7] += h
}

// word512 reads the i-th big-endian word.
//
//go:inline
func word512(p []byte, i int) uint64 {
	b := (*[8]byte)(p[8*i:])
	return uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 |
		uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
}

// round512 returns the new values of d and h, which the next round calls e and a; t is
// h with the round's constant and word. Ch and Maj are written with fewer operations.
func round512(a, b, c, d, e, f, g, t uint64) (e2, a2 uint64) {
	t += (bits.RotateLeft64(e, -14) ^ bits.RotateLeft64(e, -18) ^ bits.RotateLeft64(e, -41)) + (g ^ e&(f^g))
	return d + t, t + (bits.RotateLeft64(a, -28) ^ bits.RotateLeft64(a, -34) ^ bits.RotateLeft64(a, -39)) + (a&b | c&(a|b))
}

// next512 is what the schedule adds to the word of sixteen rounds ago.
func next512(x, y, z uint64) uint64 {
	return y + (bits.RotateLeft64(x, -1) ^ bits.RotateLeft64(x, -8) ^ x>>7) + (bits.RotateLeft64(z, -19) ^ bits.RotateLeft64(z, -61) ^ z>>6)
}

// put64 writes a word, big-endian.
//
//go:inline
func put64(b *[8]byte, w uint64) {
	b[0], b[1], b[2], b[3] = byte(w>>56), byte(w>>48), byte(w>>40), byte(w>>32)
	b[4], b[5], b[6], b[7] = byte(w>>24), byte(w>>16), byte(w>>8), byte(w)
}
