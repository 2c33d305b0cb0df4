package jwt

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jose/jws"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
)

// maxDepth is the deepest nesting of claims.
const maxDepth = 32

// step says how far an attempt has come; only the last one yields an identity.
type step uint8

const (
	nothing step = iota
	parsed
	checked
	proved
)

// Attempt is the judging of one token, in three steps that must come in this order:
// [Attempt.Parse] (or [Attempt.Restore]), [Attempt.Check], [Attempt.Prove]. The zero
// value is ready; reuse it, so that its buffers are allocated once. It is not safe for
// concurrent use.
type Attempt struct {
	token    jws.Token // empty if the attempt was restored
	claims   jsonx.Doc
	facts    facts
	payload  string // as it stands in the token
	kid, typ string
	hasKid   bool
	hasTyp   bool
	step     step
	good     window   // of the last Check, if it was without other audiences
	keys     *jwk.Set // if the attempt was restored: those that the signature is good under
}

// Parse takes the token apart: structure, header, a known algorithm, claims that are
// one strict JSON object. It returns reason.OK or why not. The attempt aliases token
// until the next Parse; seed keys the search for duplicate names and must be
// unpredictable to callers.
func (a *Attempt) Parse(token string, maxBytes int, seed uint64) reason.Code {
	a.reset()
	if err := a.token.Parse(token, maxBytes, seed); err != nil {
		return reasonOf(err)
	}
	lim := jsonx.Limits{MaxBytes: maxBytes, MaxDepth: maxDepth, Seed: seed}
	if a.claims.Parse(a.token.Payload(), lim) != nil || a.claims.Root().Kind() != jsonx.Object {
		return reason.PayloadMalformed // RFC 7519 §7.2 step 10
	}
	a.facts.note(a.claims.Root(), a.token.Algorithm())
	a.payload = a.token.PayloadText()
	a.kid, a.hasKid = a.token.KeyID()
	a.typ, a.hasTyp = a.token.Type()
	a.step = parsed
	return reason.OK
}

// reset forgets the former token; buffers stay.
func (a *Attempt) reset() {
	a.step, a.good, a.keys = nothing, window{}, nil
	a.payload, a.kid, a.typ, a.hasKid, a.hasTyp = "", "", "", false, false
}

// reasonOf names a refusal of the room jws.
func reasonOf(err error) reason.Code {
	switch {
	case errors.Is(err, jws.ErrTooLarge):
		return reason.TokenTooLarge
	case errors.Is(err, jws.ErrMalformed):
		return reason.TokenMalformed
	case errors.Is(err, jws.ErrEncrypted):
		return reason.TokenEncrypted
	case errors.Is(err, jws.ErrHeader):
		return reason.HeaderMalformed
	case errors.Is(err, jws.ErrAlgorithmMissing):
		return reason.AlgorithmMissing
	case errors.Is(err, jws.ErrAlgorithmUnsupported):
		return reason.AlgorithmUnsupported
	case errors.Is(err, jws.ErrCritical):
		return reason.CriticalHeader
	}
	return reason.Internal
}

// Algorithm returns the token's algorithm; Invalid before a successful Parse.
func (a *Attempt) Algorithm() jwa.Algorithm {
	if a.step == nothing {
		return jwa.Invalid
	}
	return a.facts.algorithm
}

// KeyID returns the header's kid, unproved, and whether there is one.
func (a *Attempt) KeyID() (string, bool) { return a.kid, a.hasKid }

// Type returns the header's typ, unproved, and whether there is one.
func (a *Attempt) Type() (string, bool) { return a.typ, a.hasTyp }

// Issuer returns the claim iss, unproved, and whether it is a string.
func (a *Attempt) Issuer() (string, bool) { return a.text(a.facts.iss) }

// TokenID returns the claim jti, unproved, and whether it is a string.
func (a *Attempt) TokenID() (string, bool) { return a.text(a.facts.jti) }

// Subject returns the claim sub, unproved, and whether it is a string.
func (a *Attempt) Subject() (string, bool) { return a.text(a.facts.sub) }

func (a *Attempt) text(at uint32) (string, bool) {
	if a.step == nothing || at == 0 {
		return "", false
	}
	v := a.claims.At(at)
	return v.Text(), v.Kind() == jsonx.String
}

// Claims returns the unproved claims; nil before a successful Parse. To act on claims
// use [Attempt.Identity].
func (a *Attempt) Claims() *jsonx.Doc {
	if a.step == nothing {
		return nil
	}
	return &a.claims
}

// Check judges all but the signature: algorithm, type, issuer, times, audience, the types
// of registered claims and the profile. audiences replace cfg.Audiences if not empty. now is in
// nanoseconds since 1970. What an earlier Prove has shown is forgotten.
func (a *Attempt) Check(cfg *Config, audiences []string, now int64) reason.Code {
	if a.step == nothing {
		return reason.Internal
	}
	a.step, a.good = parsed, window{}
	if !cfg.Algorithms.Has(a.facts.algorithm) {
		return reason.AlgorithmNotAllowed // RFC 8725 §3.1
	}
	if code := a.typed(cfg); code != reason.OK {
		return code
	}
	own := len(audiences) == 0
	if own {
		audiences = cfg.Audiences
	}
	code := judge(&a.claims, &a.facts, cfg, audiences, now)
	if code == reason.OK {
		code = a.profiled(cfg, audiences)
	}
	if code == reason.OK {
		a.step = checked
		if own {
			a.good = a.facts.window(cfg)
		}
	}
	return code
}

// Prove verifies the signature with the keys that fit: OK, KeyUnknown (a kid that no
// key has), KeyMismatch (no key fits the algorithm) or BadSignature. Without a
// successful Check before it the answer is Internal.
//
// A token's kid picks the keys with exactly that kid and those without one; a token
// without kid is tried with every key. Either way at most [jwk.MaxTried] keys that fit
// the algorithm are tried, in the set's order. Some signatures may be left to host (see
// [jwk.HostRSA]); nil leaves none. A restored attempt has nothing to verify.
func (a *Attempt) Prove(keys *jwk.Set, host jwk.HostRSA) reason.Code {
	if a.step < checked {
		return reason.Internal
	}
	a.step = checked
	if a.keys != nil {
		return a.again(keys)
	}
	kid, hasKid := a.kid, a.hasKid
	alg, input, signature := a.token.Algorithm(), a.token.SigningInput(), a.token.Signature()
	known, tried := !hasKid, 0
	for i := range keys.Len() {
		key := keys.Key(i)
		id, hasID := key.ID()
		if hasKid && hasID && id != kid {
			continue
		}
		known = known || hasID
		if !key.Fits(alg) {
			continue
		}
		if tried == jwk.MaxTried {
			break
		}
		tried++
		if key.Verify(host, alg, input, signature) {
			a.step = proved
			return reason.OK
		}
	}
	switch {
	case tried > 0:
		return reason.BadSignature
	case known:
		return reason.KeyMismatch
	}
	return reason.KeyUnknown
}

// Identity returns what was proved, for the provider with that index. It is the zero
// value unless the last Prove returned OK and no Parse or Check came since. It aliases
// the attempt and the token until the next Parse.
func (a *Attempt) Identity(provider int) identity.Identity {
	if a.step != proved {
		return identity.Identity{}
	}
	return identity.Identity{Provider: provider, Payload: a.payload, Claims: &a.claims}
}
