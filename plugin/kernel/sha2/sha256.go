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
		s.compress(s.block[:])
		s.n = 0
	}
	for ; len(p) >= block256; p = p[block256:] {
		s.compress(p[:block256])
	}
	s.n = copy(s.block[:], p)
}

// sum pads (FIPS 180-4 §5.1.1) and appends the digest.
func (s *state256) sum(dst []byte) []byte {
	length := s.total << 3
	s.block[s.n] = 0x80
	clear(s.block[s.n+1:])
	if s.n >= block256-8 {
		s.compress(s.block[:])
		clear(s.block[:])
	}
	for i := range 8 {
		s.block[block256-1-i] = byte(length >> (8 * i))
	}
	s.compress(s.block[:])
	for _, w := range s.h {
		dst = append(dst, byte(w>>24), byte(w>>16), byte(w>>8), byte(w))
	}
	return dst
}

// compress is FIPS 180-4 §6.2.2 over one block, the schedule kept in a ring of sixteen.
func (s *state256) compress(p []byte) {
	_ = p[block256-1]
	var w [16]uint32
	for i := range w {
		w[i] = uint32(p[4*i])<<24 | uint32(p[4*i+1])<<16 | uint32(p[4*i+2])<<8 | uint32(p[4*i+3])
	}
	a, b, c, d, e, f, g, h := s.h[0], s.h[1], s.h[2], s.h[3], s.h[4], s.h[5], s.h[6], s.h[7]
	for i := range 64 {
		if i >= 16 {
			x, y := w[(i+1)&15], w[(i+14)&15]
			w[i&15] += w[(i+9)&15] +
				(bits.RotateLeft32(x, -7) ^ bits.RotateLeft32(x, -18) ^ x>>3) +
				(bits.RotateLeft32(y, -17) ^ bits.RotateLeft32(y, -19) ^ y>>10)
		}
		t1 := h + (bits.RotateLeft32(e, -6) ^ bits.RotateLeft32(e, -11) ^ bits.RotateLeft32(e, -25)) +
			(e&f ^ ^e&g) + k256[i] + w[i&15]
		t2 := (bits.RotateLeft32(a, -2) ^ bits.RotateLeft32(a, -13) ^ bits.RotateLeft32(a, -22)) +
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
