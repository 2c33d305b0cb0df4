package cache

import (
	"math/bits"

	"github.com/postern-wasm/postern/plugin/word"
)

const (
	// blockWords is how many 64-bit words one round of NH takes: 1 KiB, which holds an
	// ordinary token whole.
	blockWords = 128
	blockBytes = blockWords * 8
)

// Hasher is a keyed hash of tokens. Two tokens that were chosen without knowledge of
// the seed collide in NH with a probability of 2^-32 per block; SipHash-1-3 over the
// blocks' sums and the length makes bits of it that say nothing about the key.
type Hasher struct {
	k0, k1 uint64
	key    [blockWords]uint64
}

// NewHasher returns the hash of an unpredictable seed.
func NewHasher(seed uint64) *Hasher {
	h := &Hasher{k0: seed, k1: seed*0x9e3779b97f4a7c15 ^ 0xbf58476d1ce4e5b9}
	for i := range h.key {
		s := h.begin()
		s.add(uint64(i))
		h.key[i] = s.end()
	}
	h.k0, h.k1 = h.key[0]^bits.RotateLeft64(seed, 32), h.key[1]^h.k1
	return h
}

// Sum returns the hash of a token.
func (h *Hasher) Sum(token string) uint64 {
	s := h.begin()
	length := len(token)
	for len(token) > blockBytes {
		s.add(h.block(token[:blockBytes]))
		token = token[blockBytes:]
	}
	s.add(h.block(token))
	s.add(uint64(length))
	return s.end()
}

// block is NH of at most blockBytes bytes: the sum of products of 32-bit halves, each
// with a word of the key added. What is short is as if zeros followed; the length that
// goes into the sum later tells the two apart.
func (h *Hasher) block(text string) (sum uint64) {
	i := 0
	for ; i+32 <= len(text); i += 32 { // at most blockBytes, so that the key has as many words
		w, k := text[i:i+32], (*[4]uint64)(h.key[i/8&(blockWords-4):])
		sum += product(word.At(w, 0), k[0]) + product(word.At(w, 8), k[1]) +
			product(word.At(w, 16), k[2]) + product(word.At(w, 24), k[3])
	}
	for ; i+8 <= len(text); i += 8 {
		sum += product(word.At(text, i), h.key[i/8&(blockWords-1)])
	}
	if i < len(text) {
		sum += product(tail(text[i:]), h.key[i/8&(blockWords-1)])
	}
	return sum
}

func product(m, k uint64) uint64 {
	return uint64(uint32(m)+uint32(k)) * uint64(uint32(m>>32)+uint32(k>>32))
}

// tail reads fewer than eight bytes.
func tail(text string) (m uint64) {
	for i := range len(text) {
		m |= uint64(text[i]) << (8 * i)
	}
	return m
}

// sip is the state of SipHash-1-3 (Aumasson, Bernstein 2012; the reduced form is the
// one common in hash tables).
type sip struct{ v0, v1, v2, v3 uint64 }

func (h *Hasher) begin() sip {
	return sip{h.k0 ^ 0x736f6d6570736575, h.k1 ^ 0x646f72616e646f6d, h.k0 ^ 0x6c7967656e657261, h.k1 ^ 0x7465646279746573}
}

func (s *sip) add(m uint64) {
	s.v3 ^= m
	s.round()
	s.v0 ^= m
}

func (s *sip) end() uint64 {
	s.v2 ^= 0xff
	s.round()
	s.round()
	s.round()
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}

func (s *sip) round() {
	s.v0 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 13) ^ s.v0
	s.v0 = bits.RotateLeft64(s.v0, 32)
	s.v2 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 16) ^ s.v2
	s.v0 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 21) ^ s.v0
	s.v2 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 17) ^ s.v2
	s.v2 = bits.RotateLeft64(s.v2, 32)
}
