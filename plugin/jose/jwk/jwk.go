// Package jwk reads JSON Web Key sets (RFC 7517, RFC 7518 §6, RFC 8037 §2).
//
// In: a document and [Limits]. Out: a [Set] of keys that can verify, each bound to one
// family, and a note for every key left out. It never takes a key below the project's
// bounds, never uses a private member and never fetches anything.
package jwk

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
)

// The refusals of [Parse].
var (
	// ErrDocument: the text is not a JWK set: not strict JSON, or no array "keys".
	ErrDocument = errors.New("not a jwk set")
	// ErrTooManyKeys: more keys than Limits.MaxKeys.
	ErrTooManyKeys = errors.New("too many keys")
	// ErrNoUsableKey: no key of the set can verify a signature here.
	ErrNoUsableKey = errors.New("no usable key")
)

// Limits bound what [Parse] takes; the zero value takes nothing.
type Limits struct {
	// MaxBytes is the longest document taken.
	MaxBytes int
	// MaxKeys is the largest number of entries of "keys", usable or not.
	MaxKeys int
	// Seed keys the search for duplicate names (see jsonx.Limits).
	Seed uint64
}

// Set is a key set in the document's order. It does not alias the document.
type Set struct{}

// Parse reads a JWK set. Keys that cannot be used are left out, each with a note that
// names its index, its kid and why; notes hold no key material. A set without a usable
// key is an error (match with errors.Is); notes are returned with it.
func Parse(document []byte, lim Limits) (set *Set, notes []string, err error) {
	return nil, nil, ErrDocument
}

// Len returns the number of usable keys; 0 for a nil set.
func (s *Set) Len() int { return 0 }

// Key returns the i-th usable key, nil if there is none.
func (s *Set) Key(i int) *Key { return nil }

// Has says whether the set has a key of the family.
func (s *Set) Has(family jwa.Family) bool { return false }

// Key is one usable key. It is not safe for concurrent use: it holds scratch space.
type Key struct{}

// ID returns the key's kid, and whether it has one.
func (k *Key) ID() (string, bool) { return "", false }

// Family returns the key's only family.
func (k *Key) Family() jwa.Family { return jwa.NoFamily }

// Algorithm returns the only algorithm the key names, or Invalid: any of its family.
func (k *Key) Algorithm() jwa.Algorithm { return jwa.Invalid }

// Fits says whether the key may verify signatures of the algorithm: same family, not
// bound to another algorithm, and for HMAC at least as long as the hash (RFC 7518 §3.2).
func (k *Key) Fits(alg jwa.Algorithm) bool { return false }

// Verify says whether signature is one of input under the algorithm and the key. It is
// false whenever [Key.Fits] is.
func (k *Key) Verify(alg jwa.Algorithm, input string, signature []byte) bool { return false }
