package sha2

import "math/bits"

const block256 = 64

// state256 is SHA-256 under way.
type state256 struct {
	h     [8]uint32
	block [block256]byte
	n     int    // bytes waiting in block
	total uint64 // bytes written
}

func (s *state256) reset() {
	s.h = initial256
	s.n, s.total = 0, 0
}

func (s *state256) write(p []byte) {
	s.total += uint64(len(p))
	if s.n > 0 {
		n := copy(s.block[s.n:], p)
		s.n += n
		p = p[n:]
		if s.n < block256 {
			return
		}
		compress256(&s.h, s.block[:])
		s.n = 0
	}
	whole := len(p) / block256 * block256
	Blocks256(&s.h, p[:whole])
	s.n = copy(s.block[:], p[whole:])
}

// sum pads (FIPS 180-4 §5.1.1) and appends the digest.
func (s *state256) sum(dst []byte) []byte {
	length := s.total << 3
	s.block[s.n] = 0x80
	clear(s.block[s.n+1:])
	if s.n >= block256-8 {
		compress256(&s.h, s.block[:])
		clear(s.block[:])
	}
	put64((*[8]byte)(s.block[block256-8:]), length)
	compress256(&s.h, s.block[:])
	out := (*[32]byte)(s.block[:])
	for i, w := range s.h {
		out[4*i], out[4*i+1], out[4*i+2], out[4*i+3] = byte(w>>24), byte(w>>16), byte(w>>8), byte(w)
	}
	return append(dst, out[:]...)
}

// Blocks256 goes on with the whole blocks of p, SHA-256's compression alone; bytes after
// them are left.
func Blocks256(state *[8]uint32, p []byte) {
	for ; len(p) >= block256; p = p[block256:] {
		compress256(state, p[:block256])
	}
}

// compress256 is FIPS 180-4 §6.2.2 over one block. Sixteen rounds are written out, so that
// the working variables and the schedule's last sixteen words stay in locals: rounds
// rename the variables instead of moving them, and after eight the names are back. Each
// word is made right before its round: a sixth faster under wazero than all sixteen first.
func compress256(state *[8]uint32, p []byte) {
	_ = p[block256-1]
	w0, w1 := word256(p, 0), word256(p, 1)
	w2, w3 := word256(p, 2), word256(p, 3)
	w4, w5 := word256(p, 4), word256(p, 5)
	w6, w7 := word256(p, 6), word256(p, 7)
	w8, w9 := word256(p, 8), word256(p, 9)
	w10, w11 := word256(p, 10), word256(p, 11)
	w12, w13 := word256(p, 12), word256(p, 13)
	w14, w15 := word256(p, 14), word256(p, 15)
	a, b, c, d, e, f, g, h := state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
	k, x := &k256From0, b^c
	d, h, x = round256(a, b, d, e, f, g, x, h+k.k[15]+w0)
	c, g, x = round256(h, a, c, d, e, f, x, g+k.k[14]+w1)
	b, f, x = round256(g, h, b, c, d, e, x, f+k.k[13]+w2)
	a, e, x = round256(f, g, a, b, c, d, x, e+k.k[12]+w3)
	h, d, x = round256(e, f, h, a, b, c, x, d+k.k[11]+w4)
	g, c, x = round256(d, e, g, h, a, b, x, c+k.k[10]+w5)
	f, b, x = round256(c, d, f, g, h, a, x, b+k.k[9]+w6)
	e, a, x = round256(b, c, e, f, g, h, x, a+k.k[8]+w7)
	d, h, x = round256(a, b, d, e, f, g, x, h+k.k[7]+w8)
	c, g, x = round256(h, a, c, d, e, f, x, g+k.k[6]+w9)
	b, f, x = round256(g, h, b, c, d, e, x, f+k.k[5]+w10)
	a, e, x = round256(f, g, a, b, c, d, x, e+k.k[4]+w11)
	h, d, x = round256(e, f, h, a, b, c, x, d+k.k[3]+w12)
	g, c, x = round256(d, e, g, h, a, b, x, c+k.k[2]+w13)
	f, b, x = round256(c, d, f, g, h, a, x, b+k.k[1]+w14)
	e, a, x = round256(b, c, e, f, g, h, x, a+k.k[0]+w15)
	for k = k.next; k != nil; k = k.next {
		w0 += next256(w1, w9, w14)
		d, h, x = round256(a, b, d, e, f, g, x, h+k.k[15]+w0)
		w1 += next256(w2, w10, w15)
		c, g, x = round256(h, a, c, d, e, f, x, g+k.k[14]+w1)
		w2 += next256(w3, w11, w0)
		b, f, x = round256(g, h, b, c, d, e, x, f+k.k[13]+w2)
		w3 += next256(w4, w12, w1)
		a, e, x = round256(f, g, a, b, c, d, x, e+k.k[12]+w3)
		w4 += next256(w5, w13, w2)
		h, d, x = round256(e, f, h, a, b, c, x, d+k.k[11]+w4)
		w5 += next256(w6, w14, w3)
		g, c, x = round256(d, e, g, h, a, b, x, c+k.k[10]+w5)
		w6 += next256(w7, w15, w4)
		f, b, x = round256(c, d, f, g, h, a, x, b+k.k[9]+w6)
		w7 += next256(w8, w0, w5)
		e, a, x = round256(b, c, e, f, g, h, x, a+k.k[8]+w7)
		w8 += next256(w9, w1, w6)
		d, h, x = round256(a, b, d, e, f, g, x, h+k.k[7]+w8)
		w9 += next256(w10, w2, w7)
		c, g, x = round256(h, a, c, d, e, f, x, g+k.k[6]+w9)
		w10 += next256(w11, w3, w8)
		b, f, x = round256(g, h, b, c, d, e, x, f+k.k[5]+w10)
		w11 += next256(w12, w4, w9)
		a, e, x = round256(f, g, a, b, c, d, x, e+k.k[4]+w11)
		w12 += next256(w13, w5, w10)
		h, d, x = round256(e, f, h, a, b, c, x, d+k.k[3]+w12)
		w13 += next256(w14, w6, w11)
		g, c, x = round256(d, e, g, h, a, b, x, c+k.k[2]+w13)
		w14 += next256(w15, w7, w12)
		f, b, x = round256(c, d, f, g, h, a, x, b+k.k[1]+w14)
		w15 += next256(w0, w8, w13)
		e, a, x = round256(b, c, e, f, g, h, x, a+k.k[0]+w15)
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

// word256 reads the i-th big-endian word.
//
//go:inline
func word256(p []byte, i int) uint32 {
	b := (*[4]byte)(p[4*i:])
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// round256 returns the new values of d and h, which the next round calls e and a, and
// a^b, which the next round takes as bc: its b and c are this one's a and b, and Maj needs
// to know only where the two differ. t is h with the round's constant and word.
func round256(a, b, d, e, f, g, bc, t uint32) (e2, a2, ab uint32) {
	t += sum3(e, 14, 5, 6) + (g ^ e&(f^g))
	ab = a ^ b
	return d + t, t + sum3(a, 9, 11, 2) + (b ^ ab&bc), ab
}

// sum3 adds x turned right by i+j+k, by j+k and by k, without carries. What the turns have
// in common is done once: that saves two copies a round, 4 to 8 % of the time in V8. The
// schedule's sums, of two turns each, gain nothing by it.
func sum3(x uint32, i, j, k int) uint32 {
	return bits.RotateLeft32(x^bits.RotateLeft32(x^bits.RotateLeft32(x, -i), -j), -k)
}

// next256 is what the schedule adds to the word of sixteen rounds ago.
func next256(x, y, z uint32) uint32 {
	return y + (bits.RotateLeft32(x, -7) ^ bits.RotateLeft32(x, -18) ^ x>>3) + (bits.RotateLeft32(z, -17) ^ bits.RotateLeft32(z, -19) ^ z>>10)
}
