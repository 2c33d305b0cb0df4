// Package jwk reads sets of public keys: JSON Web Key sets (RFC 7517, RFC 7518 §6, RFC
// 8037 §2), PEM (RFC 7468, RFC 5280 §4.1.2.7), maps of kids to X.509 certificates.
//
// In: a document and [Limits]. Out: a [Set] of keys that can verify, each bound to one
// family, and a note for every key left out. It never takes a key below the project's
// bounds, never uses a private member, never judges a certificate (its key is taken, its
// signature and its dates are not looked at) and never fetches anything.
package jwk

import (
	"errors"
	"strconv"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// The refusals of [Parse].
var (
	// ErrDocument: the text is in none of the forms: no JWK set in strict JSON, no map, no PEM.
	ErrDocument = errors.New("not a key set")
	// ErrTooManyKeys: more keys than Limits.MaxKeys.
	ErrTooManyKeys = errors.New("too many keys")
	// ErrNoUsableKey: no key of the set can verify a signature here.
	ErrNoUsableKey = errors.New("no usable key")
)

const (
	// maxDepth of a key set: the set, the array, a key, key_ops; and room for members
	// that are not ours.
	maxDepth = 32
	// MaxTried is how many keys are tried for one token.
	MaxTried = 8
)

// Limits bound what [Parse] takes; the zero value takes nothing.
type Limits struct {
	// MaxBytes is the longest document taken.
	MaxBytes int
	// MaxKeys is the largest number of entries of "keys", usable or not.
	MaxKeys int
	// Seed keys the search for duplicate names (see jsonx.Limits).
	Seed uint64
	// Use is what its keys must be for.
	Use Use
}

// Set is a key set in the document's order. It does not alias the document.
type Set struct {
	keys []Key
}

// Parse reads a key set: a JWK set, public keys in PEM, or a map of kids to PEM. Keys
// that cannot be used are left out, each with a note that names its place, its kid and
// why; notes hold no key material. A set without a usable key is an error (match with
// errors.Is); notes are returned with it.
func Parse(document []byte, lim Limits) (set *Set, notes []string, err error) {
	if isPEM(document) {
		return parsePEM(document, lim)
	}
	var d jsonx.Doc
	if err := d.Parse(document, jsonx.Limits{MaxBytes: lim.MaxBytes, MaxDepth: maxDepth, Seed: lim.Seed}); err != nil {
		return nil, nil, &refusal{ErrDocument, err.Error()}
	}
	list, given := d.Root().Member("keys") // RFC 7517 §5.1: it must be there
	if !given && isMap(d.Root()) {
		return parseMap(d.Root(), lim)
	}
	if list.Kind() != jsonx.Array {
		return nil, nil, &refusal{ErrDocument, `it has no array "keys"`}
	}
	if n := list.Len(); n > lim.MaxKeys {
		return nil, nil, tooMany(n, lim)
	}
	set = &Set{keys: make([]Key, 0, list.Len())}
	room := tables.New(tables.Limit)
	i := 0
	for v, ok := list.First(); ok; v, ok = v.Next() {
		key, reason := read(v, lim.Use, room)
		if reason != "" {
			notes = append(notes, note(i, v, reason+"; the key is not used"))
		} else {
			if private(v) {
				notes = append(notes, note(i, v, "it carries private members; they are not used, but whoever serves this document has published a private key"))
			}
			set.keys = append(set.keys, key)
		}
		i++
	}
	return set.done(notes)
}

// done ends the reading of a document.
func (s *Set) done(notes []string) (*Set, []string, error) {
	if len(s.keys) == 0 {
		text := "the set is empty"
		if len(notes) > 0 {
			text = notes[0]
		}
		return nil, notes, &refusal{ErrNoUsableKey, text}
	}
	return s, append(notes, s.crowds()...), nil
}

func tooMany(n int, lim Limits) error {
	return &refusal{ErrTooManyKeys, strconv.Itoa(n) + " of at most " + strconv.Itoa(lim.MaxKeys)}
}

// refusal is a sentinel with its particulars.
type refusal struct {
	sentinel error
	text     string
}

func (r *refusal) Error() string { return r.sentinel.Error() + ": " + r.text }
func (r *refusal) Unwrap() error { return r.sentinel }

// note names a key by its index and, cut and quoted, its kid.
func note(i int, v jsonx.Value, text string) string {
	name := "keys[" + strconv.Itoa(i) + "]"
	if kid, ok := v.Member("kid"); ok && kid.Kind() == jsonx.String {
		name += " (kid " + shown(kid.Text()) + ")"
	}
	return name + ": " + text
}

// shown is a kid, cut and quoted.
func shown(kid string) string {
	const longest = 64
	if len(kid) > longest {
		kid = kid[:longest] + "..."
	}
	return strconv.QuoteToASCII(kid)
}

// private says whether a key of a public family has private members (RFC 7518 §6.2.2,
// §6.3.2, RFC 8037 §2).
func private(v jsonx.Value) bool {
	if kty, _ := v.Member("kty"); kty.Text() == "oct" {
		return false
	}
	for _, name := range [...]string{"d", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, ok := v.Member(name); ok {
			return true
		}
	}
	return false
}

// crowds warns of families with more keys without kid than are tried for one token.
func (s *Set) crowds() (notes []string) {
	var without [jwa.Oct + 1]int
	for i := range s.keys {
		if k := &s.keys[i]; !k.hasID {
			without[k.family]++
		}
	}
	for _, n := range without {
		if n > MaxTried {
			notes = append(notes, strconv.Itoa(n)+" keys of one kind have no kid; only the first "+
				strconv.Itoa(MaxTried)+" that fit a token are tried")
		}
	}
	return notes
}

// Len returns the number of usable keys; 0 for a nil set.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.keys)
}

// Key returns the i-th usable key, nil if there is none.
func (s *Set) Key(i int) *Key {
	if s == nil || i < 0 || i >= len(s.keys) {
		return nil
	}
	return &s.keys[i]
}

// Has says whether the set has a key of the family.
func (s *Set) Has(family jwa.Family) bool {
	for i := range s.Len() {
		if s.keys[i].family == family {
			return true
		}
	}
	return false
}
