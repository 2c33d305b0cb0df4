package authorize

import (
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/word"
)

// MaxScopes is the most scopes that may be asked for in one place.
const MaxScopes = 64

// Scopes are what a credential must have been granted; the zero value asks nothing.
type Scopes struct {
	// claims are the names of the claims that grant scopes; what they grant is added up.
	claims []string
	wanted Set
	// all and any are bits by the scope's place in wanted.
	all, any uint64
	text     string
}

// NewScopes returns what asks for every scope of all and, unless that list is empty, for
// one of any, together at most [MaxScopes] (the zero value, false if there are more).
// claims are the names of the claims that grant them; each scope is one that
// [IsScope] accepts.
func NewScopes(all, any, claims []string) (Scopes, bool) {
	s := Scopes{claims: claims}
	for _, list := range [...][]string{all, any} {
		for _, scope := range list {
			if s.text != "" {
				s.text += " "
			}
			s.text += scope
		}
	}
	s.wanted = NewSet(append(append([]string(nil), all...), any...))
	if s.wanted.Len() > MaxScopes {
		return Scopes{}, false
	}
	s.all, s.any = s.bits(all), s.bits(any)
	return s, true
}

func (s *Scopes) bits(list []string) uint64 {
	var bits uint64
	for _, scope := range list {
		bits |= 1 << s.wanted.index(scope)
	}
	return bits
}

// Text is what is asked for, as the attribute "scope" of a challenge (RFC 6750 §3); ""
// if nothing is.
func (s *Scopes) Text() string { return s.text }

// Empty says that nothing is asked for.
func (s *Scopes) Empty() bool { return s.all|s.any == 0 }

// Granted says whether the claims grant what is asked for.
func (s *Scopes) Granted(claims jsonx.Value) bool {
	var granted uint64
	if s.enough(granted) {
		return true
	}
	for _, name := range s.claims {
		v, ok := claims.Member(name)
		if !ok {
			continue
		}
		switch v.Kind() {
		case jsonx.String:
			granted |= s.split(v.Text())
		case jsonx.Array:
			// Each string is one scope, whatever is in it: a space does not divide it.
			for e, more := v.First(); more; e, more = e.Next() {
				if e.Kind() == jsonx.String {
					granted |= s.bit(e.Text())
				}
			}
		case jsonx.Invalid, jsonx.Null, jsonx.False, jsonx.True, jsonx.Number, jsonx.Object:
		}
		if s.enough(granted) {
			return true
		}
	}
	return false
}

func (s *Scopes) enough(granted uint64) bool {
	return granted&s.all == s.all && (s.any == 0 || granted&s.any != 0)
}

// split reads a list of scopes: RFC 6749 §3.3, tokens with one space between them. No
// other character divides, so what holds a tab or a line feed is one odd scope, which
// nobody asks for.
func (s *Scopes) split(list string) uint64 {
	var granted uint64
	for {
		end := word.Index(list, ' ')
		if end < 0 {
			return granted | s.bit(list)
		}
		granted |= s.bit(list[:end])
		list = list[end+1:]
	}
}

func (s *Scopes) bit(scope string) uint64 {
	if at := s.wanted.index(scope); at >= 0 {
		return 1 << at
	}
	return 0
}

// IsScope says that s is one scope: RFC 6749 §3.3, scope-token, which is printable ASCII
// without space, '"' and '\'.
func IsScope(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
