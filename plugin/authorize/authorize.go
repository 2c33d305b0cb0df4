// Package authorize says whether what was proved is enough.
//
// In: proved claims and [Rules]. Out: a reason. Spec: RFC 6749 §3.3 (scopes), RFC 9068
// §2.2 (client_id), OpenID Connect Core §2 (azp), RFC 9470 (max_age), and the claim rules of the
// documentation. It never proves anything, never allocates, and its cost is in
// proportion to the claims, whatever the rules ask for.
package authorize

import (
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/word"
)

// Rules are asked of one credential: it must meet all of them by itself. The zero value
// asks nothing.
type Rules struct {
	// Scopes that it must have been granted.
	Scopes Scopes
	// Claims are conditions that must all hold.
	Claims []Claim
	// Clients, if not empty: the client that the credential was issued to is one of them.
	Clients Set
	// MaxAge, if not 0: its subject was authenticated at most so many seconds ago.
	MaxAge int64
}

// Judge returns reason.OK, or what is lacking: InsufficientScope, ClientDenied,
// ClaimDenied, or StepUp where nothing else is. claims is a JSON object; anything else
// has no claims. now is in nanoseconds since 1970, skew in seconds.
func (r *Rules) Judge(claims jsonx.Value, now, skew int64) reason.Code {
	switch {
	case !r.Scopes.Granted(claims):
		return reason.InsufficientScope
	case r.Clients.Len() > 0 && !client(claims, &r.Clients):
		return reason.ClientDenied
	case !Hold(r.Claims, claims):
		return reason.ClaimDenied
	case r.MaxAge > 0 && !recent(claims, r.MaxAge, now, skew):
		return reason.StepUp
	}
	return reason.OK
}

// JudgeKey is Judge for a credential without claims: a signature by a key that is a
// client's, "" if that is not said. What is asked of claims is lacking.
func (r *Rules) JudgeKey(client string) reason.Code {
	switch {
	case !r.Scopes.Granted(jsonx.Value{}):
		return reason.InsufficientScope
	case r.Clients.Len() > 0 && (client == "" || r.Clients.index(client) < 0):
		return reason.ClientDenied
	case len(r.Claims) > 0 || r.MaxAge > 0:
		return reason.ClaimDenied
	}
	return reason.OK
}

// client says that the client is in the set: the claim client_id (RFC 9068 §2.2) or azp
// (OpenID Connect Core §2). Where there are both, both must be: which one the issuer
// means cannot be told.
func client(claims jsonx.Value, allowed *Set) bool {
	named := false
	for _, name := range [...]string{"client_id", "azp"} {
		v, ok := claims.Member(name)
		if !ok {
			continue
		}
		if v.Kind() != jsonx.String || allowed.index(v.Text()) < 0 {
			return false
		}
		named = true
	}
	return named
}

// Set is a set of texts, compared exactly.
type Set struct {
	// texts are sorted, shorter ones first, so that most are told apart by length.
	texts []string
}

// NewSet returns the set of the texts; one given twice counts once.
func NewSet(texts []string) Set {
	var s Set
	for _, t := range texts {
		at := s.place(t)
		if at < len(s.texts) && s.texts[at] == t {
			continue
		}
		s.texts = append(s.texts, "")
		copy(s.texts[at+1:], s.texts[at:])
		s.texts[at] = t
	}
	return s
}

// Len is the number of texts.
func (s *Set) Len() int { return len(s.texts) }

// index returns the place of a text, or -1.
func (s *Set) index(text string) int {
	if at := s.place(text); at < len(s.texts) && word.Equal(s.texts[at], text) {
		return at
	}
	return -1
}

// place is where a text stands or would stand.
func (s *Set) place(text string) int {
	from, to := 0, len(s.texts)
	for from < to {
		middle := int(uint(from+to) / 2)
		if before(s.texts[middle], text) {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return from
}

func before(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}
