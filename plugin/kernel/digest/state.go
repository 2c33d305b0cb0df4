package digest

import (
	"github.com/postern-wasm/postern/plugin/kernel/md5"
	"github.com/postern-wasm/postern/plugin/kernel/sha1"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// State is a hash under way, 208 bytes; [State.Reset] must come first. It may be copied.
// The zero value takes every byte and has no digest.
type State struct {
	// words are the chaining values; of the functions with 32 bits the lower halves.
	words [8]uint64
	total uint64             // bytes written
	block [MaxBlockSize]byte // holds total mod the block's size of them
	hash  Hash
}

// Hash returns the function under way, None before [State.Reset] and after [State.Append].
func (s *State) Hash() Hash { return s.hash }

// Reset begins anew with the function.
func (s *State) Reset(h Hash) {
	s.hash, s.total = h, 0
	switch h {
	case MD5:
		v := md5.Initial()
		s.narrow(v[:])
	case SHA1:
		v := sha1.Initial()
		s.narrow(v[:])
	case SHA256:
		v := sha2.Initial256()
		s.narrow(v[:])
	case SHA384:
		s.words = sha2.Initial384()
	case SHA512:
		s.words = sha2.Initial512()
	case None:
	}
}

// Write hashes more bytes.
func (s *State) Write(p []byte) {
	size := s.hash.BlockSize()
	if size == 0 {
		return
	}
	begun := s.begun(size)
	s.total += uint64(len(p))
	if begun > 0 {
		n := copy(s.block[begun:size], p)
		if begun+n < size {
			return
		}
		s.blocks(s.block[:size])
		p = p[n:]
	}
	whole := len(p) &^ (size - 1)
	if whole > 0 {
		s.blocks(p[:whole])
	}
	copy(s.block[:], p[whole:])
}

// WriteString hashes the bytes of more text.
func (s *State) WriteString(p string) { s.Write(view(p)) }

// Append appends the digest of all written so far to dst. The state is wiped: Reset it,
// or work on a copy.
func (s *State) Append(dst []byte) []byte {
	size := s.hash.BlockSize()
	if size == 0 {
		return dst
	}
	s.pad(size)
	digest := s.block[:s.hash.Size()]
	switch s.hash {
	case MD5:
		for i := range len(digest) / 4 {
			w, b := s.words[i], digest[4*i:4*i+4]
			b[0], b[1], b[2], b[3] = byte(w), byte(w>>8), byte(w>>16), byte(w>>24)
		}
	case SHA1, SHA256:
		for i := range len(digest) / 4 {
			w, b := s.words[i], digest[4*i:4*i+4]
			b[0], b[1], b[2], b[3] = byte(w>>24), byte(w>>16), byte(w>>8), byte(w)
		}
	case SHA384, SHA512:
		for i := range len(digest) / 8 {
			put64(digest[8*i:], s.words[i])
		}
	case None:
	}
	dst = append(dst, digest...)
	*s = State{}
	return dst
}

// pad ends the message (FIPS 180-4 §5.1, RFC 1321 §3.1 and §3.2): a bit, zeros, and the
// length in bits. More than 2^61 bytes cannot come, so of SHA-512's sixteen bytes of
// length the first eight are zeros.
func (s *State) pad(size int) {
	begun, bits := s.begun(size), s.total<<3
	s.block[begun] = 0x80
	clear(s.block[begun+1 : size])
	if begun >= size-size/8 {
		s.blocks(s.block[:size])
		clear(s.block[:size])
	}
	if length := s.block[size-8 : size]; s.hash == MD5 {
		for i := range length {
			length[i] = byte(bits >> (8 * i))
		}
	} else {
		put64(length, bits)
	}
	s.blocks(s.block[:size])
}

// begun is how many bytes of a block are waiting.
func (s *State) begun(size int) int { return int(s.total & uint64(size-1)) }

// blocks hashes whole blocks. The words of the narrow functions are taken out and put
// back once for all of them.
func (s *State) blocks(p []byte) {
	switch s.hash {
	case MD5:
		v := [4]uint32{uint32(s.words[0]), uint32(s.words[1]), uint32(s.words[2]), uint32(s.words[3])}
		md5.Blocks(&v, p)
		s.narrow(v[:])
	case SHA1:
		v := [5]uint32{uint32(s.words[0]), uint32(s.words[1]), uint32(s.words[2]), uint32(s.words[3]), uint32(s.words[4])}
		sha1.Blocks(&v, p)
		s.narrow(v[:])
	case SHA256:
		var v [8]uint32
		for i := range v {
			v[i] = uint32(s.words[i])
		}
		sha2.Blocks256(&v, p)
		s.narrow(v[:])
	case SHA384, SHA512:
		sha2.Blocks512(&s.words, p)
	case None:
	}
}

// narrow puts words of 32 bits in their places; v has at most eight.
func (s *State) narrow(v []uint32) {
	for i, w := range v {
		s.words[i] = uint64(w)
	}
}

// put64 writes a word, big-endian, into the first eight bytes of b.
func put64(b []byte, w uint64) {
	_ = b[7]
	b[0], b[1], b[2], b[3] = byte(w>>56), byte(w>>48), byte(w>>40), byte(w>>32)
	b[4], b[5], b[6], b[7] = byte(w>>24), byte(w>>16), byte(w>>8), byte(w)
}

// Middle is a hash under way after whole blocks: what a State takes up with
// [State.Resume], a third of its size.
type Middle struct {
	words [8]uint64
	total uint64
	hash  Hash
}

// Middle returns the hash so far. Bytes after the last whole block are not in it.
func (s *State) Middle() Middle {
	return Middle{words: s.words, total: s.total - uint64(s.begun(max(s.hash.BlockSize(), 1))), hash: s.hash}
}

// Resume goes on from where m was taken.
func (s *State) Resume(m *Middle) {
	s.words, s.total, s.hash = m.words, m.total, m.hash
}
