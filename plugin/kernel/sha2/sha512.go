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
		s.compress(s.block[:])
		s.n = 0
	}
	for ; len(p) >= block512; p = p[block512:] {
		s.compress(p[:block512])
	}
	s.n = copy(s.block[:], p)
}

// sum pads (FIPS 180-4 §5.1.2) and appends the first size bytes of the digest.
func (s *state512) sum(dst []byte, size int) []byte {
	length := s.total << 3
	s.block[s.n] = 0x80
	clear(s.block[s.n+1:])
	if s.n >= block512-16 {
		s.compress(s.block[:])
		clear(s.block[:])
	}
	for i := range 8 {
		s.block[block512-1-i] = byte(length >> (8 * i))
	}
	s.compress(s.block[:])
	for _, w := range s.h[:size/8] {
		dst = append(dst, byte(w>>56), byte(w>>48), byte(w>>40), byte(w>>32),
			byte(w>>24), byte(w>>16), byte(w>>8), byte(w))
	}
	return dst
}

// compress is FIPS 180-4 §6.4.2 over one block, the schedule kept in a ring of sixteen.
func (s *state512) compress(p []byte) {
	_ = p[block512-1]
	var w [16]uint64
	for i := range w {
		w[i] = uint64(p[8*i])<<56 | uint64(p[8*i+1])<<48 | uint64(p[8*i+2])<<40 | uint64(p[8*i+3])<<32 |
			uint64(p[8*i+4])<<24 | uint64(p[8*i+5])<<16 | uint64(p[8*i+6])<<8 | uint64(p[8*i+7])
	}
	a, b, c, d, e, f, g, h := s.h[0], s.h[1], s.h[2], s.h[3], s.h[4], s.h[5], s.h[6], s.h[7]
	for i := range 80 {
		if i >= 16 {
			x, y := w[(i+1)&15], w[(i+14)&15]
			w[i&15] += w[(i+9)&15] +
				(bits.RotateLeft64(x, -1) ^ bits.RotateLeft64(x, -8) ^ x>>7) +
				(bits.RotateLeft64(y, -19) ^ bits.RotateLeft64(y, -61) ^ y>>6)
		}
		t1 := h + (bits.RotateLeft64(e, -14) ^ bits.RotateLeft64(e, -18) ^ bits.RotateLeft64(e, -41)) +
			(e&f ^ ^e&g) + k512[i] + w[i&15]
		t2 := (bits.RotateLeft64(a, -28) ^ bits.RotateLeft64(a, -34) ^ bits.RotateLeft64(a, -39)) +
			(a&b ^ a&c ^ b&c)
		h, g, f, e, d, c, b, a = g, f, e, d+t1, c, b, a, t1+t2
	}
	s.h[0] += a
	s.h[1] += b
	s.h[2] += c
	s.h[3] += d
	s.h[4] += e
	s.h[5] += f
	s.h[6] += g
	s.h[7] += h
}
