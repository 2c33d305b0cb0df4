package jwt

import (
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
)

// Attempt is the judging of one token, in three steps that must come in this order:
// [Attempt.Parse], [Attempt.Check], [Attempt.Prove]. The zero value is ready; reuse it,
// so that its buffers are allocated once. It is not safe for concurrent use.
type Attempt struct{}

// Parse takes the token apart: structure, header, a known algorithm, claims that are
// one strict JSON object. It returns reason.OK or why not. The attempt aliases token
// until the next Parse; seed keys the search for duplicate names and must be
// unpredictable to callers.
func (a *Attempt) Parse(token string, maxBytes int, seed uint64) reason.Code {
	return reason.Undecided
}

// Algorithm returns the token's algorithm; Invalid before a successful Parse.
func (a *Attempt) Algorithm() jwa.Algorithm { return jwa.Invalid }

// KeyID returns the header's kid, unproved, and whether there is one.
func (a *Attempt) KeyID() (string, bool) { return "", false }

// Type returns the header's typ, unproved, and whether there is one.
func (a *Attempt) Type() (string, bool) { return "", false }

// Issuer returns the claim iss, unproved, and whether it is a string.
func (a *Attempt) Issuer() (string, bool) { return "", false }

// TokenID returns the claim jti, unproved, and whether it is a string.
func (a *Attempt) TokenID() (string, bool) { return "", false }

// Subject returns the claim sub, unproved, and whether it is a string.
func (a *Attempt) Subject() (string, bool) { return "", false }

// Claims returns the unproved claims; nil before a successful Parse. To act on claims
// use [Attempt.Identity].
func (a *Attempt) Claims() *jsonx.Doc { return nil }

// Check judges all but the signature: algorithm, issuer, times, audience and the types
// of registered claims. audiences replace cfg.Audiences if not empty. now is in
// nanoseconds since 1970.
func (a *Attempt) Check(cfg *Config, audiences []string, now int64) reason.Code {
	return reason.Undecided
}

// Prove verifies the signature with the keys that fit: OK, KeyUnknown (a kid that no
// key has), KeyMismatch (no key fits the algorithm) or BadSignature. Without a
// successful Check before it the answer is Internal.
func (a *Attempt) Prove(keys *jwk.Set) reason.Code { return reason.Undecided }

// Identity returns what was proved, for the provider with that index. It is the zero
// value unless the last Prove returned OK and no Parse or Check came since. It aliases
// the attempt and the token until the next Parse.
func (a *Attempt) Identity(provider int) identity.Identity { return identity.Identity{} }
