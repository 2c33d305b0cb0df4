package explain

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/authorize"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
)

// def is one check of a token, in the order in which the rooms make them.
type def struct {
	id, clause string
	// codes are the refusals that are this check's. A ClaimMalformed is that of the first
	// check whose claims are malformed.
	codes []reason.Code
	// claims are the registered claims whose types it judges.
	claims []string
	// asked says whether the provider asks for it; nil: always.
	asked func(p *config.Provider) bool
	// expected is what it asks for.
	expected func(p *config.Provider, audiences []string) string
}

func fixed(text string) func(*config.Provider, []string) string {
	return func(*config.Provider, []string) string { return text }
}

// tokenChecks are all checks of a token, but those of claims, which have an entry each.
var tokenChecks = []def{
	{
		id: "credential", clause: "from_headers, from_params, from_cookies; RFC 6750 §2",
		codes: []reason.Code{reason.Missing, reason.SeveralCredentials, reason.UnsupportedScheme}, expected: places,
	},
	{id: "size", clause: "max_token_bytes", codes: []reason.Code{reason.TokenTooLarge}, expected: func(p *config.Provider, _ []string) string {
		return "at most " + strconv.Itoa(p.JWT.MaxTokenBytes) + " bytes"
	}},
	{
		id: "structure", clause: "RFC 7515 §7.1, §2", codes: []reason.Code{reason.TokenMalformed, reason.TokenEncrypted},
		expected: fixed("three segments of base64url without padding, none empty"),
	},
	{
		id: "header", clause: "RFC 7515 §5.2, §4.1", codes: []reason.Code{reason.HeaderMalformed},
		expected: fixed("one strict JSON object; kid and typ strings; no zip"),
	},
	{
		id: "crit", clause: "RFC 7515 §4.1.11, RFC 7797 §3", codes: []reason.Code{reason.CriticalHeader},
		expected: fixed("no crit, no b64 false"),
	},
	{
		id: "alg", clause: "RFC 7515 §4.1.1, RFC 8725 §3.1", codes: []reason.Code{reason.AlgorithmMissing, reason.AlgorithmUnsupported},
		expected: fixed("an algorithm that is known; never none"),
	},
	{id: "payload", clause: "RFC 7519 §7.2", codes: []reason.Code{reason.PayloadMalformed}, expected: fixed("one strict JSON object")},
	{id: "algorithms", clause: "algorithms; RFC 8725 §3.1", codes: []reason.Code{reason.AlgorithmNotAllowed}, expected: algorithms},
	{id: "typ", clause: "profile; RFC 8725 §3.11", codes: []reason.Code{reason.TypeMismatch}, expected: fixed("a type that the profile takes")},
	{id: "iss", clause: "issuer; RFC 7519 §4.1.1", codes: []reason.Code{reason.IssuerMismatch, reason.IssuerUnknown}, claims: []string{"iss"}, expected: issuer},
	{id: "dates", clause: "RFC 7519 §2 (NumericDate)", claims: []string{"exp", "nbf", "iat"}, expected: fixed("exp, nbf and iat are numbers from 0 to 2^53")},
	{id: "exp_present", clause: "require_expiration; RFC 7519 §4.1.4", codes: []reason.Code{reason.ExpirationMissing}, expected: func(p *config.Provider, _ []string) string {
		if p.JWT.RequireExpiration {
			return "exp is there"
		}
		return "nothing asked"
	}},
	{id: "exp", clause: "clock_skew_seconds; RFC 7519 §4.1.4", codes: []reason.Code{reason.Expired}, expected: func(p *config.Provider, _ []string) string {
		if p.JWT.LenientTimes {
			return skewed("now <= exp + ")(p, nil)
		}
		return skewed("now < exp + ")(p, nil)
	}},
	{id: "nbf", clause: "clock_skew_seconds; RFC 7519 §4.1.5", codes: []reason.Code{reason.NotYetValid}, expected: skewed("now >= nbf - ")},
	{id: "iat", clause: "clock_skew_seconds; RFC 7519 §4.1.6", codes: []reason.Code{reason.IssuedInFuture}, expected: skewed("now >= iat - ")},
	{id: "aud", clause: "audiences; RFC 7519 §4.1.3", codes: []reason.Code{reason.AudienceMismatch}, claims: []string{"aud"}, expected: audience},
	{
		id: "max_lifetime", clause: "max_lifetime", codes: []reason.Code{reason.LifetimeTooLong},
		asked: func(p *config.Provider) bool { return p.JWT.MaxLifetime > 0 },
		expected: func(p *config.Provider, _ []string) string {
			return "exp is at most " + strconv.FormatInt(p.JWT.MaxLifetime/second, 10) + " s from now"
		},
	},
	{
		id: "claim_types", clause: "profile; RFC 7519 §4.1.2, §4.1.7", // The subject is this check's only where it is no workload's (JWT-SVID §3.1).
		codes:  []reason.Code{reason.ClaimMissing, reason.PartyMismatch, reason.SubjectMismatch},
		claims: []string{"sub", "jti"}, expected: fixed("sub and jti are strings; the profile's claims are there, for one of us"),
	},
	{
		id: "keys", clause: "local_jwks, remote_jwks, discovery, on_unavailable", codes: []reason.Code{reason.KeysUnavailable, reason.KeysRefused},
		expected: fixed("a key set with a usable key"),
	},
	{
		id: "subjects", clause: "subjects; RFC 7519 §4.1.2", codes: []reason.Code{reason.SubjectMismatch},
		asked: func(p *config.Provider) bool { return p.Subjects != nil }, expected: fixed("sub is there and matches"),
	},
	{id: "kid", clause: "RFC 7515 §4.1.4", codes: []reason.Code{reason.KeyUnknown}, expected: fixed("a key of that kid, or one without")},
	{id: "key_fits", clause: "RFC 8725 §3.1, RFC 7517 §4.1 to §4.4", codes: []reason.Code{reason.KeyMismatch}, expected: fixed("a key of the algorithm's family")},
	{id: "signature", clause: "RFC 7515 §5.2 step 8", codes: []reason.Code{reason.BadSignature}, expected: fixed("verifies with one of at most 8 keys that fit")},
}

// plan lists the checks of a provider, none reached yet.
func (r *run) plan(provider int, audiences []string) []Check {
	p := &r.cfg.Providers[provider]
	if p.Signed != nil {
		return planSigned(p)
	}
	var list []Check
	for i := range tokenChecks {
		d := &tokenChecks[i]
		if d.asked == nil || d.asked(p) {
			list = append(list, Check{ID: d.id, Outcome: NotReached, Clause: d.clause, Expected: d.expected(p, audiences)})
		}
	}
	list = append(list, planClaims(p.Claims, "claims")...)
	if text := p.Scopes.Text(); text != "" {
		list = append(list, Check{ID: "required_scopes", Outcome: NotReached, Clause: "required_scopes; RFC 6749 §3.3", Expected: shown(text)})
	}
	return list
}

// planAuthorize lists the checks of an authorize.
func planAuthorize(rules *authorize.Rules) []Check {
	var list []Check
	if text := rules.Scopes.Text(); text != "" {
		list = append(list, Check{ID: "required_scopes", Outcome: NotReached, Clause: "authorize.scopes; RFC 6750 §3.1", Expected: shown(text)})
	}
	if n := rules.Clients.Len(); n > 0 {
		list = append(list, Check{ID: "clients", Outcome: NotReached, Clause: "authorize.clients; RFC 9068 §2.2", Expected: "client_id and azp are among " + strconv.Itoa(n)})
	}
	list = append(list, planClaims(rules.Claims, "authorize.claims")...)
	if rules.MaxAge > 0 {
		list = append(list, Check{ID: "max_age", Outcome: NotReached, Clause: "authorize.max_age; RFC 9470 §3", Expected: "auth_time is at most " + strconv.FormatInt(rules.MaxAge, 10) + " s ago"})
	}
	return list
}

func planClaims(rules []authorize.Claim, clause string) []Check {
	var list []Check
	for i := range rules {
		c := &rules[i]
		list = append(list, Check{
			ID: "claims[" + strconv.Itoa(i) + "]", Outcome: NotReached, Clause: clause + "[" + strconv.Itoa(i) + "]",
			Expected: "claim " + shown(strings.Join(c.Path, ".")) + " " + claimKinds[c.Kind],
		})
	}
	return list
}

var claimKinds = [...]string{
	authorize.Never: "never holds", authorize.Equals: "equals the value", authorize.AnyOf: "is any of the values",
	authorize.AllOf: "has all of the values", authorize.Prefix: "has the prefix", authorize.Exists: "exists", authorize.Absent: "is absent",
}

// set notes one check.
func (t *trial) set(id string, o Outcome, found string) {
	for i := range t.branch.Checks {
		if c := &t.branch.Checks[i]; c.ID == id {
			c.Outcome, c.Found = o, found
			return
		}
	}
}

// pass notes that the check holds, and all before it.
func (t *trial) pass(id, found string) {
	t.passTo(id)
	t.set(id, Pass, found)
}

// passTo notes that all checks up to that one hold.
func (t *trial) passTo(id string) {
	for i := range t.branch.Checks {
		c := &t.branch.Checks[i]
		if c.Outcome == NotReached {
			c.Outcome, c.Found = Pass, t.found(c.ID)
		}
		if c.ID == id {
			return
		}
	}
}

func (t *trial) passAll() {
	t.passTo("")
	t.branch.Outcome = Pass
}

// fail notes that the check fails whose refusal code is.
func (t *trial) fail(code reason.Code) policy.Proof {
	for i := range tokenChecks {
		d := &tokenChecks[i]
		for _, c := range d.codes {
			if c == code && t.has(d.id) {
				return t.failAt(d.id, code)
			}
		}
		if code == reason.ClaimMalformed && t.malformed(d.claims) {
			return t.failAt(d.id, code)
		}
	}
	if code == reason.InsufficientScope {
		return t.failAt("required_scopes", code)
	}
	if code == reason.ClientDenied {
		return t.failAt("clients", code)
	}
	if code == reason.StepUp {
		return t.failAt("max_age", code)
	}
	// A refusal that no check here knows: it is told all the same.
	t.branch.Checks = append(t.branch.Checks, Check{ID: code.String(), Clause: "see the table of reasons"})
	return t.failAt(code.String(), code)
}

func (t *trial) has(id string) bool {
	for i := range t.branch.Checks {
		if t.branch.Checks[i].ID == id && t.branch.Checks[i].Outcome == NotReached {
			return true
		}
	}
	return false
}

// failAt notes that the check fails, those before it hold, and those after it are not
// reached.
func (t *trial) failAt(id string, code reason.Code) policy.Proof {
	t.passTo(id)
	t.set(id, Fail, t.found(id))
	for i := range t.branch.Checks {
		if c := &t.branch.Checks[i]; c.ID == id {
			c.Reason = code.String()
			if id == "credential" {
				c.Found = credentialFaults[code]
			}
		}
	}
	t.branch.Outcome, t.branch.Reason = Fail, code.String()
	return policy.Proof{State: policy.Failed, Reason: code, Provider: t.provider}
}

var credentialFaults = map[reason.Code]string{
	reason.Missing:            "none at any place",
	reason.SeveralCredentials: "more than one",
	reason.UnsupportedScheme:  "an Authorization header of another scheme",
	reason.TokenMalformed:     "a place without a credential in it",
}

// malformed says whether one of the registered claims has the wrong type.
func (t *trial) malformed(names []string) bool {
	doc := t.attempt.Claims()
	if doc == nil {
		return false
	}
	for _, name := range names {
		v, ok := doc.Root().Member(name)
		if !ok {
			continue
		}
		switch name {
		case "exp", "nbf", "iat":
			if _, _, good := v.Seconds(); !good {
				return true
			}
		case "aud":
			if !isAudience(v) {
				return true
			}
		default:
			if v.Kind() != jsonx.String {
				return true
			}
		}
	}
	return false
}

func isAudience(v jsonx.Value) bool {
	if v.Kind() != jsonx.Array {
		return v.Kind() == jsonx.String
	}
	for e, ok := v.First(); ok; e, ok = e.Next() {
		if e.Kind() != jsonx.String {
			return false
		}
	}
	return true
}

func places(p *config.Provider, _ []string) string {
	parts := make([]string, len(p.Places))
	for i := range p.Places {
		parts[i] = where(&p.Places[i])
	}
	return "one in " + strings.Join(parts, ", ")
}

// where names a place.
func where(p *credential.Place) string {
	switch p.In {
	case credential.InHeader:
		if p.Prefix != "" {
			return "header " + p.Name + " (" + strings.TrimRight(p.Prefix, " ") + ")"
		}
		return "header " + p.Name
	case credential.InQuery:
		return "query parameter " + p.Name
	case credential.InCookie:
		return "cookie " + p.Name
	case credential.InNone:
	}
	return "no place"
}

func algorithms(p *config.Provider, _ []string) string {
	var names []string
	for a := jwa.RS256; a.String() != ""; a++ {
		if p.JWT.Algorithms.Has(a) {
			names = append(names, a.String())
		}
	}
	return strings.Join(names, " ")
}
