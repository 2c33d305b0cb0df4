package signedurl

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// The fields of Akamai's token; the MAC is the last.
const (
	fieldIP = iota
	fieldStart
	fieldEnd
	fieldACL
	fieldID
	fieldData
	fieldMAC
	fieldCount
)

var akamaiFields = [fieldCount]string{"ip", "st", "exp", "acl", "id", "data", "hmac"}

// token is what stands in one.
type token struct {
	value [fieldCount]string
	given [fieldCount]bool
	// signed is the text before the MAC.
	signed string
}

// parse reads name=value, divided by '~'.
func (t *token) parse(text string) bool {
	for at := 0; ; {
		field, rest, more := strings.Cut(text[at:], "~")
		name, value, ok := strings.Cut(field, "=")
		n := fieldCount
		for i, known := range akamaiFields {
			if name == known {
				n = i
			}
		}
		if !ok || n == fieldCount || t.given[n] || value == "" {
			return false
		}
		t.value[n], t.given[n] = value, true
		if n == fieldMAC {
			t.signed = text[:max(at-1, 0)]
			return !more && t.given[fieldEnd]
		}
		if !more {
			return false
		}
		at = len(text) - len(rest)
	}
}

// akamai reads a token: what is signed are its fields before the MAC and, neither of which
// is sent, the path unless there is an ACL, and the salt.
func (s *Scheme) akamai(r *signed.Request, c *signed.Claim) reason.Code {
	text, n := parameter(r.View.Query, s.cfg.TokenName)
	inCookie, cookies := cookie(r.View, s.cfg.TokenName)
	if cookies > 0 {
		text = inCookie
	}
	switch n += cookies; {
	case n == 0:
		return reason.Missing
	case n > 1:
		return reason.SeveralCredentials
	case len(text) > maxToken:
		return reason.SignaturesTooMany
	}
	var t token
	if !t.parse(text) {
		return reason.SignatureMalformed
	}
	mac, ok := form.Hex(nil, t.value[fieldMAC])
	if !ok || len(mac) != 32 {
		return reason.SignatureMalformed
	}
	if c.Expires, ok = seconds(t.value[fieldEnd]); !ok {
		return reason.TimestampMalformed
	}
	if t.given[fieldStart] {
		if c.Starts, ok = seconds(t.value[fieldStart]); !ok {
			return reason.TimestampMalformed
		}
	}
	c.Signatures = [][]byte{mac}
	base := append(make([]byte, 0, len(t.signed)+len(r.View.RawPath)*3+64), t.signed...)
	if !t.given[fieldACL] {
		base = append(base, "~url="...)
		base = s.escape(base, r.View.RawPath)
	}
	if s.cfg.Salt != "" {
		base = append(append(base, "~salt="...), s.cfg.Salt...)
	}
	c.Before = form.Bytes(base)
	return s.grants(r, &t)
}

// grants says whether the token is for this path and this client.
func (s *Scheme) grants(r *signed.Request, t *token) reason.Code {
	if t.given[fieldACL] {
		list, ok := s.unescape(t.value[fieldACL])
		if !ok {
			return reason.SignatureMalformed
		}
		g := glob{budget: maxSteps}
		found := false
		for more := true; more; {
			var pattern string
			pattern, list, more = strings.Cut(list, "!")
			found = g.match(pattern, r.View.RawPath) || found
		}
		if !found || !normal(r.View.RawPath) {
			return reason.ResourceMismatch
		}
	}
	if t.given[fieldIP] {
		ip, ok := s.unescape(t.value[fieldIP])
		if !ok {
			return reason.SignatureMalformed
		}
		if !within(r, ip) {
			return reason.AddressMismatch
		}
	}
	return reason.OK
}

// escape writes a value as Akamai's libraries do, with hex digits in lower case.
func (s *Scheme) escape(dst []byte, value string) []byte {
	if !s.cfg.EscapeEarly {
		return append(dst, value...)
	}
	for i := range len(value) {
		n := len(dst)
		dst = form.AppendEscaped(dst, value[i:i+1])
		for j := n + 1; j < len(dst); j++ {
			dst[j] = request.Lower(dst[j])
		}
	}
	return dst
}

func (s *Scheme) unescape(value string) (string, bool) {
	if !s.cfg.EscapeEarly {
		return value, true
	}
	b, ok := form.UnescapeForm(nil, value)
	return form.Bytes(b), ok
}
