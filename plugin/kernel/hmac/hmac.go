// Package hmac verifies HMAC over SHA-2.
//
// In: a secret, a message and a MAC. Out: yes or no. Spec: RFC 2104, FIPS 198-1. The
// comparison takes the same time wherever the MACs differ, and the hash runs over the
// secret once, when the key is made. It never truncates: a MAC has the hash's full
// length. It never computes a MAC for anyone to see.
package hmac

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// ErrHash refuses a key for no hash, or one that is not implemented.
var ErrHash = errors.New("hmac needs a hash")

// ErrEmpty refuses an empty secret: anyone can make its MACs.
var ErrEmpty = errors.New("hmac secret is empty")

// Key is a secret made ready. It is not safe for concurrent use: it holds scratch space.
type Key struct {
	hash         sha2.Hash
	inner, outer sha2.Middle // after the padded secret's block
	state        sha2.State
	mac          [sha2.MaxSize]byte
}

// NewKey makes a secret of at least one byte ready for a hash. It does not keep secret;
// how long a secret must be is the caller's rule (RFC 7518 §3.2).
func NewKey(hash sha2.Hash, secret []byte) (*Key, error) {
	size := hash.BlockSize()
	if size == 0 {
		return nil, ErrHash
	}
	if len(secret) == 0 {
		return nil, ErrEmpty
	}
	var block [128]byte
	if len(secret) > size { // RFC 2104 §2: longer ones are hashed first
		var s sha2.State
		s.Reset(hash)
		s.Write(secret)
		s.Append(block[:0])
	} else {
		copy(block[:], secret)
	}
	k := &Key{hash: hash}
	for i := range block {
		block[i] ^= 0x36
	}
	k.state.Reset(hash)
	k.state.Write(block[:size])
	k.inner = k.state.Middle()
	for i := range block {
		block[i] ^= 0x36 ^ 0x5c
	}
	k.state.Reset(hash)
	k.state.Write(block[:size])
	k.outer = k.state.Middle()
	clear(block[:])
	return k, nil
}

// Verify says whether mac is the MAC of the parts, one after the other.
func (k *Key) Verify(mac []byte, parts ...string) bool {
	k.state.Resume(&k.inner)
	for _, p := range parts {
		k.state.WriteString(p)
	}
	sum := k.state.Append(k.mac[:0])
	k.state.Resume(&k.outer)
	k.state.Write(sum)
	sum = k.state.Append(k.mac[:0])
	return equal(sum, mac)
}

// equal compares in a time that depends on the lengths alone; a MAC's length is public.
func equal(a, b []byte) bool {
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
	for i := range a { // none: every MAC's length is a multiple of 8
		difference |= a[i] ^ b[i]
	}
	return difference == 0
}
