// Package hmac verifies HMAC over SHA-1 and SHA-2.
//
// In: a secret, a message and a MAC, at once or as a stream. Out: yes or no. Spec: RFC
// 2104, FIPS 198-1. The comparison takes the same time wherever the MACs differ, and the
// hash runs over the secret once, when the key is made. It never truncates: a MAC has the
// hash's full length. MACs of what a request says are compared here and not handed out;
// what is handed out is a key ([Derive]) or vouches for the module's own data
// ([Key.Append]).
package hmac

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
)

// ErrHash refuses a key for no hash, or for one that is not to be used in HMAC (MD5).
var ErrHash = errors.New("hmac needs a hash")

// ErrEmpty refuses an empty secret: anyone can make its MACs.
var ErrEmpty = errors.New("hmac secret is empty")

// Key is a secret made ready. It is not safe for concurrent use: it holds scratch space.
type Key struct {
	hash         digest.Hash
	inner, outer digest.Middle // after the padded secret's block
	state        digest.State
	mac          [digest.MaxSize]byte
}

// NewKey makes a secret of at least one byte ready for a hash. It does not keep secret;
// how long a secret must be is the caller's rule (RFC 7518 §3.2).
func NewKey(hash digest.Hash, secret []byte) (*Key, error) {
	size := hash.BlockSize()
	if size == 0 || hash == digest.MD5 {
		return nil, ErrHash
	}
	if len(secret) == 0 {
		return nil, ErrEmpty
	}
	k := &Key{hash: hash}
	var block [digest.MaxBlockSize]byte
	if len(secret) > size { // RFC 2104 §2: longer ones are hashed first
		k.state.Reset(hash)
		k.state.Write(secret)
		k.state.Append(block[:0])
	} else {
		copy(block[:], secret)
	}
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
	k.state = digest.State{}
	clear(block[:])
	return k, nil
}

// Hash returns the hash that the key was made for.
func (k *Key) Hash() digest.Hash { return k.hash }

// Verify says whether mac is the MAC of the parts, one after the other.
func (k *Key) Verify(mac []byte, parts ...string) bool {
	k.Begin(&k.state)
	for _, p := range parts {
		k.state.WriteString(p)
	}
	return k.Finish(&k.state, mac)
}

// Append appends the MAC of the parts to dst: for data of the module's own that it is to
// know again. It must not be asked for what a stranger chooses under a key that strangers
// are judged by: that would sign it.
func (k *Key) Append(dst []byte, parts ...string) []byte {
	k.Begin(&k.state)
	for _, p := range parts {
		k.state.WriteString(p)
	}
	mac, _ := k.finish(&k.state) // it has been begun
	dst = append(dst, mac...)
	clear(k.mac[:])
	return dst
}

// Begin makes s ready to take the message. What it holds from now on is as good as the
// secret, for messages that go on from there: it stays in the module.
func (k *Key) Begin(s *digest.State) { s.Resume(&k.inner) }

// Finish says whether mac is the MAC of what was written to s since [Key.Begin] of the
// same key, and wipes s. A state that was not begun, or has been finished, has no MAC.
func (k *Key) Finish(s *digest.State, mac []byte) bool {
	want, ok := k.finish(s)
	good := digest.Equal(want, mac)
	clear(k.mac[:])
	return good && ok
}

// FinishAny is [Key.Finish] for a message that comes with several MACs: it returns which
// is right, the first if there are more.
func (k *Key) FinishAny(s *digest.State, macs [][]byte) (index int, good bool) {
	want, ok := k.finish(s)
	for i := len(macs) - 1; i >= 0; i-- { // all of them: which one it was shows in no time
		if digest.Equal(want, macs[i]) {
			index, good = i, ok
		}
	}
	clear(k.mac[:])
	return index, good
}

// finish computes the MAC into the key's scratch space and wipes s. It is not ok where s
// is of another hash, or of none.
func (k *Key) finish(s *digest.State) (mac []byte, ok bool) {
	if s.Hash() != k.hash {
		*s = digest.State{}
		return nil, false
	}
	sum := s.Append(k.mac[:0])
	s.Resume(&k.outer)
	s.Write(sum)
	return s.Append(k.mac[:0]), true
}

// Derive chains MACs: secret is the key of the first part's, each MAC the key of the next
// part's (the signing key of AWS Signature Version 4 is Derive(SHA256, "AWS4"+secret,
// date, region, service, "aws4_request")). What it returns is a key, for [NewKey], and
// never leaves the module: whoever has it can sign. It is nil, which NewKey refuses,
// where NewKey refuses secret or hash, and without parts.
func Derive(hash digest.Hash, secret []byte, parts ...string) []byte {
	var key []byte
	for _, p := range parts {
		k, err := NewKey(hash, secret)
		if err != nil {
			return nil
		}
		key = k.Append(key[:0], p)
		*k = Key{}
		secret = key
	}
	return key
}
