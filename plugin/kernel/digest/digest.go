// Package digest computes MD5, SHA-1, SHA-256, SHA-384 and SHA-512 over streams.
//
// In: bytes, in any number of pieces. Out: a digest. Spec: RFC 1321, FIPS 180-4. A
// [State] is one value for all functions, without pointers, so that it can wait for the
// rest of a body where nothing may point to a request; copying it saves a common
// beginning. It never allocates and never fails, and forgets what it hashed once the
// digest is out. MD5 and SHA-1 resist no collisions; their packages say what they are for.
package digest

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/kernel/md5"
	"github.com/postern-wasm/postern/plugin/kernel/sha1"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// Hash names one of the functions; the zero value is none.
type Hash uint8

// The functions.
const (
	// None is the zero value; its digest is empty.
	None Hash = iota
	MD5
	SHA1
	SHA256
	SHA384
	SHA512
)

const (
	// MaxSize is the longest digest in bytes.
	MaxSize = 64
	// MaxBlockSize is the longest block in bytes.
	MaxBlockSize = 128
)

// Size returns the digest's length in bytes, 0 for None.
func (h Hash) Size() int {
	switch h {
	case MD5:
		return md5.Size
	case SHA1:
		return sha1.Size
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
	case MD5, SHA1, SHA256:
		return 64
	case SHA384, SHA512:
		return 128
	case None:
	}
	return 0
}

// SHA2 returns the function under the name that package sha2 has for it, None if it is
// not of that family.
func (h Hash) SHA2() sha2.Hash {
	switch h {
	case SHA256:
		return sha2.SHA256
	case SHA384:
		return sha2.SHA384
	case SHA512:
		return sha2.SHA512
	case None, MD5, SHA1:
	}
	return sha2.None
}

// Append appends the digest of the parts, one after the other, to dst.
func (h Hash) Append(dst []byte, parts ...string) []byte {
	var s State
	s.Reset(h)
	for _, p := range parts {
		s.WriteString(p)
	}
	return s.Append(dst)
}

// Equal says whether two digests or MACs are the same, in a time that depends on their
// lengths alone.
func Equal(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	var difference byte
	for len(a) >= 8 && len(b) >= 8 {
		x, y := (*[8]byte)(a), (*[8]byte)(b)
		difference |= (x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])
		difference |= (x[4] ^ y[4]) | (x[5] ^ y[5]) | (x[6] ^ y[6]) | (x[7] ^ y[7])
		a, b = a[8:], b[8:]
	}
	for i := range a { // SHA-1's last four
		difference |= a[i] ^ b[i]
	}
	return difference == 0
}

// view returns the bytes of a text without copying; they are only read.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
