package jwt

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/jose/base64url"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
)

// What Envoy's jwt_authn would say of a token, for answers in its manner. Nothing here
// decides: a token has been refused before anybody asks, and where jwt_authn would have
// nothing against it the answer is [reason.AuthnFailed].

// FoldAudience returns an audience without its scheme and one '/' at its end.
func FoldAudience(s string) string {
	if rest, ok := strings.CutPrefix(s, "https://"); ok {
		s = rest
	} else if rest, ok := strings.CutPrefix(s, "http://"); ok {
		s = rest
	}
	return strings.TrimSuffix(s, "/")
}

// lenientTimes is times in jwt_authn's reading: see [Config.LenientTimes].
func lenientTimes(f *facts, cfg *Config, now instant) reason.Code {
	for _, s := range f.state {
		if s == malformed {
			return reason.ClaimMalformed
		}
	}
	skew := skewOf(cfg)
	expires, hasExp := wholeSeconds(f, exp)
	notBefore, hasNbf := wholeSeconds(f, nbf)
	hasExp = hasExp && expires != 0
	switch {
	case (cfg.RequireExpiration || cfg.MaxLifetime > 0) && !hasExp:
		return reason.ExpirationMissing
	case hasNbf && now.seconds+skew < notBefore:
		return reason.NotYetValid
	case hasExp && now.seconds > expires+skew:
		return reason.Expired
	}
	return reason.OK
}

// wholeSeconds is a date without its fraction, which [jsonx.Value.Seconds] may have
// rounded up into nanoseconds, never into the next second.
func wholeSeconds(f *facts, d date) (int64, bool) {
	return f.seconds[d], f.state[d] == read
}

// AuthnClaims names the first thing that jwt_authn would hold against a token that Parse
// has taken and Check refused: types first, then issuer, times and audiences.
func (a *Attempt) AuthnClaims(cfg *Config, audiences []string, now int64) reason.Authn {
	if a.step == nothing {
		return reason.AuthnFailed
	}
	if found := a.authnTypes(); found != reason.AuthnNone {
		return found
	}
	f := &a.facts
	if issued(&a.claims, f, cfg) != reason.OK {
		return reason.AuthnUnknownIssuer
	}
	at := instant{now / second, now % second}
	if code := lenientTimes(f, &Config{ClockSkewSeconds: cfg.ClockSkewSeconds}, at); code == reason.NotYetValid {
		return reason.AuthnNotYetValid
	} else if code == reason.Expired {
		return reason.AuthnExpired
	}
	if len(audiences) == 0 {
		audiences = cfg.Audiences
	}
	if audience(&a.claims, f, audiences, cfg.FoldAudiences) != reason.OK {
		return reason.AuthnAudience
	}
	return reason.AuthnFailed
}

// authnTypes judges the registered claims' types in jwt_authn's order.
func (a *Attempt) authnTypes() reason.Authn {
	f := &a.facts
	if !a.stringOrNone(f.iss) {
		return reason.AuthnIss
	}
	if !a.stringOrNone(f.sub) {
		return reason.AuthnSub
	}
	root := a.claims.Root()
	for _, d := range [...]struct {
		name         string
		kind, bounds reason.Authn
	}{
		{"iat", reason.AuthnIat, reason.AuthnIatRange},
		{"nbf", reason.AuthnNbf, reason.AuthnNbfRange},
		{"exp", reason.AuthnExp, reason.AuthnExpRange},
	} {
		v, ok := root.Member(d.name)
		if !ok {
			continue
		}
		if v.Kind() != jsonx.Number {
			return d.kind
		}
		if _, _, ok := v.Seconds(); !ok {
			return d.bounds
		}
	}
	if !a.stringOrNone(f.jti) {
		return reason.AuthnJti
	}
	if audience(&a.claims, f, nil, false) != reason.OK {
		return reason.AuthnAud
	}
	return reason.AuthnNone
}

func (a *Attempt) stringOrNone(at uint32) bool {
	return at == 0 || a.claims.At(at).Kind() == jsonx.String
}

// AuthnIssuer is AuthnClaims for a token whose issuer is no provider's.
func (a *Attempt) AuthnIssuer() reason.Authn {
	if a.step == nothing {
		return reason.AuthnFailed
	}
	if found := a.authnTypes(); found != reason.AuthnNone {
		return found
	}
	return reason.AuthnUnknownIssuer
}

// Unproved returns a parsed token's payload, as it stands in the token, and its claims,
// which nobody has verified: for those who are told so.
func (a *Attempt) Unproved() (payload string, claims *jsonx.Doc) {
	if a.step == nothing {
		return "", nil
	}
	return a.payload, &a.claims
}

// AuthnSignature names what jwt_authn would say of a token whose signature no key of the
// set has verified.
func (a *Attempt) AuthnSignature(keys *jwk.Set) reason.Authn {
	if a.step == nothing || a.keys != nil {
		return reason.AuthnFailed
	}
	matched := false
	for i := range keys.Len() {
		key := keys.Key(i)
		if id, ok := key.ID(); ok && a.hasKid && a.kid != "" && id != "" && id != a.kid {
			continue
		}
		if named := key.Algorithm(); named != jwa.Invalid && named != a.facts.algorithm {
			continue
		}
		matched = true
		if key.Family() == jwa.Ed25519 && len(a.token.Signature()) != jwa.EdDSA.SignatureSize() {
			return reason.AuthnSignatureLength
		}
	}
	if matched {
		return reason.AuthnFailed
	}
	return reason.AuthnNoKey
}

// AuthnText names the first thing that jwt_authn would hold against a text that Parse
// has refused.
func AuthnText(raw string, maxBytes int, seed uint64) reason.Authn {
	parts := strings.Split(raw, ".")
	if len(raw) > maxBytes {
		return reason.AuthnFailed
	}
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return reason.AuthnFormat
	}
	var a Attempt
	lim := jsonx.Limits{MaxBytes: maxBytes, MaxDepth: maxDepth, Seed: seed}
	header, ok := authnBase64(parts[0])
	if !ok {
		return reason.AuthnHeaderBase64
	}
	var doc jsonx.Doc
	if !authnObject(&doc, header, lim) {
		return reason.AuthnHeaderJSON
	}
	if alg, _ := doc.Root().Member("alg"); alg.Kind() != jsonx.String {
		return reason.AuthnAlg
	} else if jwa.Parse(alg.Text()) == jwa.Invalid {
		return reason.AuthnAlgUnknown
	}
	if kid, ok := doc.Root().Member("kid"); ok && kid.Kind() != jsonx.String {
		return reason.AuthnKid
	}
	payload, ok := authnBase64(parts[1])
	if !ok {
		return reason.AuthnPayloadBase64
	}
	if !authnObject(&a.claims, payload, lim) {
		return reason.AuthnPayloadJSON
	}
	a.facts.note(a.claims.Root(), jwa.Invalid)
	if found := a.authnTypes(); found != reason.AuthnNone {
		return found
	}
	if _, ok := authnBase64(parts[2]); !ok {
		return reason.AuthnSignatureBase64
	}
	return reason.AuthnFailed
}

// authnBase64 decodes what jwt_authn takes for base64url: padded or not, with white space
// and with any trailing bits.
func authnBase64(text string) ([]byte, bool) {
	plain := make([]byte, 0, len(text))
	pads := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ' || '\t' <= c && c <= '\r':
		case c == '=' || c == '.':
			pads++
		case pads > 0:
			return nil, false
		default:
			plain = append(plain, c)
		}
	}
	tail := len(plain) % 4
	if tail == 1 || pads > 0 && pads != (4-tail)%4 {
		return nil, false
	}
	out, ok := base64url.Append(nil, string(plain[:len(plain)-tail]))
	if !ok || tail == 0 {
		return out, ok
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := [4]byte{'A', 'A', 'A', 'A'} // trailing bits are let go: more of them are read as zero
	copy(last[:], plain[len(plain)-tail:])
	for _, c := range last {
		if strings.IndexByte(alphabet, c) < 0 {
			return nil, false
		}
	}
	group, ok := base64url.Append(nil, string(last[:]))
	return append(out, group[:tail-1]...), ok
}

// authnObject reads a JSON object.
func authnObject(doc *jsonx.Doc, text []byte, lim jsonx.Limits) bool {
	err := doc.Parse(text, lim)
	return err == nil && doc.Root().Kind() == jsonx.Object
}
