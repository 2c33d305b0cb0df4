package authorize

import (
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/word"
)

// Kind is the kind of a condition on a claim; the zero value never holds.
type Kind uint8

// The kinds, by their names in the configuration.
const (
	// Never is the zero value.
	Never Kind = iota
	// Equals: the claim is the one value.
	Equals
	// AnyOf: the claim, or one element of it if it is an array, is one of the values.
	AnyOf
	// AllOf: every value is the claim, or an element of it if it is an array.
	AllOf
	// Prefix: the claim is a string that begins with Prefix.
	Prefix
	// Exists: there is such a claim, and it is not null.
	Exists
	// Absent: there is no such claim, not even null.
	Absent
)

// Claim is a condition on one claim.
type Claim struct {
	// Path leads to the claim from the top, through objects alone; names are exact.
	Path []string
	// Kind says which of the other fields count.
	Kind Kind
	// Values of Equals (one), AnyOf and AllOf, at most [MaxValues].
	Values Values
	// Prefix is not empty.
	Prefix string
}

// MaxValues is the most values of one condition: each is a bit of a word, and true and
// false take two.
const MaxValues = 62

// Hold says that all conditions hold.
func Hold(list []Claim, claims jsonx.Value) bool {
	for i := range list {
		if !list[i].holds(claims) {
			return false
		}
	}
	return true
}

func (c *Claim) holds(claims jsonx.Value) bool {
	v, found := claims, claims.Kind() == jsonx.Object
	for _, name := range c.Path {
		if v, found = v.Member(name); !found {
			break // of what is no object nothing is a member: neither of a list nor of null
		}
	}
	switch c.Kind {
	case Never:
	case Equals, AnyOf, AllOf:
		return found && c.among(v)
	case Prefix:
		n := len(c.Prefix)
		return found && v.Kind() == jsonx.String && n > 0 && len(v.Text()) >= n && word.Equal(v.Text()[:n], c.Prefix)
	case Exists:
		return found && v.Kind() != jsonx.Null
	case Absent:
		return !found && len(c.Path) > 0 && claims.Kind() == jsonx.Object
	}
	return false
}

// among is Equals, AnyOf and AllOf.
func (c *Claim) among(v jsonx.Value) bool {
	if v.Kind() != jsonx.Array || c.Kind == Equals {
		bits := c.Values.bit(v)
		return bits != 0 && (c.Kind != AllOf || bits == c.Values.every())
	}
	var seen uint64
	for e, more := v.First(); more; e, more = e.Next() {
		seen |= c.Values.bit(e)
		if seen != 0 && (c.Kind == AnyOf || seen == c.Values.every()) {
			return true
		}
	}
	return false
}

// Values are JSON scalars. A string is compared by its unescaped text, a number by its
// text as written (1 is not 1.0), and no type equals another.
type Values struct {
	strings, numbers Set
	// truths has bit 0 for false, bit 1 for true.
	truths uint8
}

// NewValues returns the values; numbers are their texts.
func NewValues(strings, numbers []string, hasFalse, hasTrue bool) Values {
	v := Values{strings: NewSet(strings), numbers: NewSet(numbers)}
	if hasFalse {
		v.truths = 1
	}
	if hasTrue {
		v.truths |= 2
	}
	return v
}

// Len is the number of values.
func (s *Values) Len() int {
	return s.strings.Len() + s.numbers.Len() + int(s.truths&1) + int(s.truths>>1)
}

// every has the bits of all values: strings, numbers, then false and true.
func (s *Values) every() uint64 {
	n := s.strings.Len() + s.numbers.Len()
	return 1<<n - 1 | uint64(s.truths)<<n
}

// bit returns the bit of a value, 0 if it is none of them.
func (s *Values) bit(v jsonx.Value) uint64 {
	switch v.Kind() {
	case jsonx.String:
		if at := s.strings.index(v.Text()); at >= 0 {
			return 1 << at
		}
	case jsonx.Number:
		if at := s.numbers.index(v.Raw()); at >= 0 {
			return 1 << (s.strings.Len() + at)
		}
	case jsonx.False:
		return uint64(s.truths&1) << (s.strings.Len() + s.numbers.Len())
	case jsonx.True:
		return uint64(s.truths&2) << (s.strings.Len() + s.numbers.Len())
	case jsonx.Invalid, jsonx.Null, jsonx.Array, jsonx.Object:
	}
	return 0
}
