package effect

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// maxAuthnPath is how much of the path stands in the realm, characters.
const maxAuthnPath = 256

// RefuseAuthn writes the answer that Envoy's jwt_authn gives for an outcome. The realm is
// the request's URL without its query, which may hold a token, and nothing of it ends the
// quoted text.
func (w *Writer) RefuseAuthn(cfg *Config, v *request.View, outcome reason.Authn) *Answer {
	w.buf, w.lines, w.body = w.buf[:0], w.lines[:0], w.body[:0]
	a := &w.answer
	*a = Answer{Status: 401, GRPC: -1}
	if outcome == reason.AuthnAudience {
		a.Status = 403
	}
	if v.GRPC {
		a.GRPC = grpcStatus(a.Status)
	}
	text := outcome.String()
	b := append(w.buf, "jwt_authn_access_denied{"...)
	for i := 0; i < len(text); i++ {
		if text[i] == ' ' {
			b = append(b, '_')
		} else {
			b = append(b, text[i])
		}
	}
	a.Details = w.text(append(b, '}'))
	if cfg.StripFailure {
		return a
	}
	w.body = append(w.body, text...)
	a.Body = w.body
	w.lines = append(w.lines, request.Header{Name: "www-authenticate", Value: w.authnChallenge(v, outcome)})
	if !v.GRPC {
		w.lines = append(w.lines, request.Header{Name: "content-type", Value: "text/plain"})
	}
	a.Headers = w.lines
	return a
}

func (w *Writer) authnChallenge(v *request.View, outcome reason.Authn) string {
	path := v.RawPath
	if i, ok := v.Next("x-envoy-original-path", 0); ok {
		path, _, _ = strings.Cut(v.Headers[i].Value, "?")
	}
	b := append(w.buf, `Bearer realm="`...)
	b = append(appendQuoted(b, v.Scheme), "://"...)
	b = appendQuoted(b, v.Authority)
	b = appendQuoted(b, path[:min(len(path), maxAuthnPath)])
	b = append(b, '"')
	if outcome != reason.AuthnMissed {
		b = append(b, `, error="invalid_token"`...)
	}
	return w.text(b)
}

// appendQuoted is RFC 9110 §5.6.4: what would end a quoted text is escaped, what cannot
// stand in a header is left out.
func appendQuoted(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ' && c != 0x7f:
			b = append(b, c)
		}
	}
	return b
}

// SanitizeAuthn takes back what was written for the upstream in a provider's headers: a
// requirement that asks for it begins.
func (w *Writer) SanitizeAuthn(cfg *Config, provider int) {
	p := &cfg.Providers[provider]
	kept := w.ops[:0]
	for _, op := range w.ops {
		if op.Kind != Add || !written(p, op.Name) {
			kept = append(kept, op)
		}
	}
	w.ops = kept
}

func written(p *Provider, name string) bool {
	for i := range p.ClaimHeaders {
		if p.ClaimHeaders[i].Header == name {
			return true
		}
	}
	return name == p.PayloadHeader
}

// GrantAuthn is [Writer.Grant] in jwt_authn's manner: each token adds its lines, and a
// token in a cookie stays. gone says that the token has left the request.
func (w *Writer) GrantAuthn(cfg *Config, id *identity.Identity, place *credential.Place) (code reason.Code, gone bool) {
	p := &cfg.Providers[id.Provider]
	if p.PayloadHeader != "" {
		w.ops = append(w.ops, Op{Kind: Add, Name: p.PayloadHeader, Value: w.payload(p, id.Payload)})
	}
	for i := range p.ClaimHeaders {
		claim := &p.ClaimHeaders[i]
		value, ok := find(id.Claims.Root(), claim)
		if !ok {
			continue
		}
		text, ok := w.authnEncode(claim.Encoding, value)
		if !ok {
			return reason.ClaimUnwritable, false
		}
		if text != "" {
			w.ops = append(w.ops, Op{Kind: Add, Name: claim.Header, Value: text})
		}
	}
	if p.Forward || place.In == credential.InCookie {
		return reason.OK, false
	}
	if place.In == credential.InQuery {
		w.target = w.text(credential.StripQueryAuthn(w.buf, w.target, place.Name))
	} else {
		w.withdraw(place)
	}
	return reason.OK, true
}

// authnEncode is jwt_authn's form, unless another one is asked for.
func (w *Writer) authnEncode(e Encoding, value jsonx.Value) (text string, ok bool) {
	if e == EncodingString {
		return w.authnClaim(value)
	}
	return w.encode(e, value)
}

// authnClaim is claim in jwt_authn's manner: any text without control bytes, and numbers
// as below.
func (w *Writer) authnClaim(value jsonx.Value) (text string, ok bool) {
	switch value.Kind() {
	case jsonx.String:
		text = value.Text()
		if len(text) > maxHeaderValue {
			return "", false
		}
		for i := 0; i < len(text); i++ {
			if c := text[i]; c < ' ' || c == 0x7f {
				return "", false
			}
		}
		return text, true
	case jsonx.Number:
		return w.authnNumber(value.Raw())
	case jsonx.Invalid, jsonx.Null, jsonx.False, jsonx.True, jsonx.Array, jsonx.Object:
	}
	return w.claim(value)
}

// authnNumber writes a number as jwt_authn does, through a double: whole ones without a
// sign as digits, others with six decimals. Digits as written stay as they are, whatever a
// double would make of them.
func (w *Writer) authnNumber(raw string) (string, bool) {
	plain := len(raw) <= 20
	for i := 0; i < len(raw) && plain; i++ {
		plain = '0' <= raw[i] && raw[i] <= '9'
	}
	if plain {
		return raw, true
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil || len(raw) > 64 {
		return "", false
	}
	if f >= 0 && f < 1<<64 && f == float64(uint64(f)) {
		return w.text(strconv.AppendUint(w.buf, uint64(f), 10)), true
	}
	return w.text(strconv.AppendFloat(w.buf, f, 'f', 6, 64)), true
}

// Unverified tells the upstream, in a header of that name, that nobody has verified the
// token that the request carries, or what is passed on of it.
func (w *Writer) Unverified(header string) {
	if header != "" {
		w.set(header, "false")
	}
}

// Extract passes on what a token says that nobody has verified. A claim that cannot stand
// in a header is left out.
func (w *Writer) Extract(cfg *Config, provider int, payload string, claims *jsonx.Doc, place *credential.Place) {
	p := &cfg.Providers[provider]
	if claims == nil {
		return
	}
	if p.PayloadHeader != "" {
		w.set(p.PayloadHeader, w.payload(p, payload))
	}
	for i := range p.ClaimHeaders {
		value, ok := find(claims.Root(), &p.ClaimHeaders[i])
		if !ok {
			continue
		}
		if text, ok := w.authnEncode(p.ClaimHeaders[i].Encoding, value); ok && text != "" {
			w.set(p.ClaimHeaders[i].Header, text)
		}
	}
	if !p.Forward && place.In != credential.InCookie {
		w.withdraw(place)
	}
}
