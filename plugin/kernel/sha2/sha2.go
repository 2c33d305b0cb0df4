// Package sha2 computes SHA-256, SHA-384 and SHA-512.
//
// In: bytes, in any number of pieces. Out: a digest. Spec: FIPS 180-4. The states are
// plain values: copying one saves a common beginning (an HMAC key, a stream so far). It
// never allocates and never fails.
package sha2

// Hash names one of the functions; the zero value is none.
type Hash uint8

// The functions.
const (
	// None is the zero value; its digest is empty.
	None Hash = iota
	SHA256
	SHA384
	SHA512
)

// MaxSize is the longest digest in bytes.
const MaxSize = 64

// Size returns the digest's length in bytes, 0 for None.
func (h Hash) Size() int {
	switch h {
	case SHA256:
		return 32
	case SHA384:
		return 48
	case SHA512:
		return 64
	case None:
	}
	return 0
}

// BlockSize returns the length in bytes of the blocks that the function takes, 0 for None.
func (h Hash) BlockSize() int {
	switch h {
	case SHA256:
		return 64
	case SHA384, SHA512:
		return 128
	case None:
	}
	return 0
}

// Append appends the digest of the parts, one after the other, to dst. The states are
// apart because a [State] has room for both, which is more than TinyGo leaves on a stack.
func (h Hash) Append(dst []byte, parts ...string) []byte {
	switch h {
	case SHA256:
		return append256(dst, parts)
	case SHA384:
		return append512(dst, &initial384, h.Size(), parts)
	case SHA512:
		return append512(dst, &initial512, h.Size(), parts)
	case None:
	}
	return dst
}

func append256(dst []byte, parts []string) []byte {
	var s state256
	s.reset()
	for _, p := range parts {
		s.write(view(p))
	}
	return s.sum(dst)
}

func append512(dst []byte, initial *[8]uint64, size int, parts []string) []byte {
	var s state512
	s.reset(initial)
	for _, p := range parts {
		s.write(view(p))
	}
	return s.sum(dst, size)
}

// State is a hash under way; [State.Reset] must come first. It may be copied.
type State struct {
	hash   Hash
	narrow state256
	wide   state512
}

// Reset begins anew with the function.
func (s *State) Reset(h Hash) {
	s.hash = h
	switch h {
	case SHA256:
		s.narrow.reset()
	case SHA384:
		s.wide.reset(&initial384)
	case SHA512:
		s.wide.reset(&initial512)
	case None:
	}
}

// Write hashes more bytes.
func (s *State) Write(p []byte) {
	switch s.hash {
	case SHA256:
		s.narrow.write(p)
	case SHA384, SHA512:
		s.wide.write(p)
	case None:
	}
}

// WriteString hashes the bytes of more text.
func (s *State) WriteString(p string) { s.Write(view(p)) }

// Append appends the digest of all written so far to dst; the state is used up: Reset
// it, or work on a copy.
func (s *State) Append(dst []byte) []byte {
	switch s.hash {
	case SHA256:
		return s.narrow.sum(dst)
	case SHA384, SHA512:
		return s.wide.sum(dst, s.hash.Size())
	case None:
	}
	return dst
}

// Middle is a hash under way after whole blocks: what a State takes up with
// [State.Resume], a quarter of its size.
type Middle struct {
	hash   Hash
	narrow [8]uint32
	wide   [8]uint64
	total  uint64
}

// Middle returns the hash so far. Bytes after the last whole block are not in it.
func (s *State) Middle() Middle {
	switch s.hash {
	case SHA256:
		return Middle{hash: s.hash, narrow: s.narrow.h, total: s.narrow.total / block256 * block256}
	case SHA384, SHA512:
		return Middle{hash: s.hash, wide: s.wide.h, total: s.wide.total / block512 * block512}
	case None:
	}
	return Middle{}
}

// Resume goes on from where m was taken.
func (s *State) Resume(m *Middle) {
	s.hash = m.hash
	switch m.hash {
	case SHA256:
		s.narrow.h, s.narrow.n, s.narrow.total = m.narrow, 0, m.total
	case SHA384, SHA512:
		s.wide.h, s.wide.n, s.wide.total = m.wide, 0, m.total
	case None:
	}
}
