package cavage

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// Bounds on a signature.
const (
	maxCredential = 8192
	maxNames      = 64
	maxText       = 64 << 10
)

// Finish is part of [signed.Scheme]: no claim of this one needs the body whole.
func (s *Scheme) Finish(*signed.Request, *signed.Claim, string) reason.Code { return reason.Internal }

// Read is part of [signed.Scheme].
func (s *Scheme) Read(r *signed.Request, out *signed.Reading) reason.Code {
	text, second, code := s.find(r.View)
	if code != reason.OK {
		return code
	}
	if code := s.read(r, text, out); code != reason.OK || second == "" {
		return code
	}
	n := len(out.Claims())
	s.read(r, second, out) // what it cannot be is nobody's concern
	for claims := out.Claims(); n < len(claims); n++ {
		claims[n].Aside = true
	}
	return reason.OK
}

// read yields the claim of a credential.
func (s *Scheme) read(r *signed.Request, text string, out *signed.Reading) reason.Code {
	if len(text) > maxCredential {
		return reason.SignaturesTooMany
	}
	var p parameters
	if code := p.parse(text, s.cfg.Dialect == Kong); code != reason.OK {
		if code == reason.SignatureMalformed && form.Joined(text, s.scheme()) {
			return reason.SeveralCredentials
		}
		return code
	}
	if len(p.value[paramKey]) > signed.MaxNonce {
		return reason.SignatureMalformed
	}
	signature, ok := form.Base64(nil, p.value[paramSignature], form.StdPadded)
	if !ok || len(signature) == 0 {
		return reason.SignatureMalformed
	}
	var w writer
	if code := w.write(s, r, &p); code != reason.OK {
		return code
	}
	if code := w.covers(s); code != reason.OK {
		return code
	}
	claim := signed.Claim{
		KeyID: p.value[paramKey], Named: true, Before: form.Bytes(w.text), Signatures: [][]byte{signature}, BodyFree: s.cfg.BodyOptional,
	}
	if code := w.times(s, r.View, &p, &claim); code != reason.OK {
		return code
	}
	if w.digest {
		if code := digests(r.View, &claim); code != reason.OK {
			return code
		}
	}
	return s.algorithm(p.value[paramAlgorithm], &claim, out)
}

// algorithm yields the claim under each algorithm that the name may stand for.
func (s *Scheme) algorithm(name string, claim *signed.Claim, out *signed.Reading) reason.Code {
	for _, n := range s.names {
		if n.name == name {
			claim.Algorithm = n.alg
			*out.Claim() = *claim
			return reason.OK
		}
	}
	if name != "hs2019" || !s.cfg.HS2019 {
		return reason.AlgorithmNotAllowed
	}
	for _, alg := range hs2019 {
		claim.Algorithm = alg
		*out.Claim() = *claim
	}
	return reason.OK
}

// scheme is Authorization's.
func (s *Scheme) scheme() string {
	if s.cfg.Dialect == Kong {
		return "hmac"
	}
	return "Signature"
}

// find returns the credential, and Kong's second one: that would be the first for whoever
// leaves that out.
func (s *Scheme) find(v *request.View) (text, second string, code reason.Code) {
	if s.cfg.Dialect == Kong {
		proxy, n := form.One(v, "proxy-authorization")
		text, ok := form.Credential(proxy, s.scheme())
		value, m := form.One(v, "authorization")
		second, too := form.Credential(value, s.scheme())
		switch {
		case ok && n > 1 || too && m > 1:
			return "", "", reason.SeveralCredentials
		case ok:
			return text, second, reason.OK
		case too:
			return second, "", reason.OK
		}
		return "", "", reason.Missing
	}
	value, n := form.One(v, "authorization")
	text, ok := form.Credential(value, s.scheme())
	if s.cfg.Dialect == Draft12 {
		header, lines := form.One(v, "signature")
		switch {
		case lines > 1 || lines == 1 && ok:
			return "", "", reason.SeveralCredentials
		case lines == 1:
			return header, "", reason.OK
		}
	}
	switch {
	case !ok:
		return "", "", reason.Missing
	case n > 1:
		return "", "", reason.SeveralCredentials
	}
	return text, "", reason.OK
}

// times fills in when the request was signed and how long it holds. A signed time counts
// before an unsigned one, "(created)" before a header.
func (w *writer) times(s *Scheme, v *request.View, p *parameters, c *signed.Claim) reason.Code {
	if w.expires {
		var ok bool
		if c.Expires, ok = form.Unix(p.value[paramExpires]); !ok {
			return reason.TimestampMalformed
		}
		c.Expires = max(c.Expires, 1) // 0 is no bound
	}
	if w.created {
		var ok bool
		if c.Stamp, ok = form.Unix(p.value[paramCreated]); !ok {
			return reason.TimestampMalformed
		}
		c.Stamped = true
		return reason.OK
	}
	name := "date"
	switch {
	case s.cfg.Dialect != Kong || w.date && !w.xDate:
	case w.xDate:
		name = "x-date"
	default: // neither is signed, and neither has to be
		if _, n := form.One(v, "x-date"); n > 0 {
			name = "x-date"
		}
	}
	value, n := form.One(v, name)
	switch {
	case n == 0 && s.cfg.TimeOptional:
		return reason.OK
	case n == 0:
		return reason.TimestampMissing
	case n > 1:
		return reason.SeveralCredentials
	}
	var ok bool
	if c.Stamp, ok = form.HTTPDate(form.Trim(value)); !ok {
		return reason.TimestampMalformed
	}
	c.Stamped = true
	return reason.OK
}

// digests reads the body's digests from the header field Digest (RFC 3230). Those in
// algorithms that nobody should rely on are passed over; there must be another one.
func digests(v *request.View, c *signed.Claim) reason.Code {
	value, lines := form.One(v, "digest")
	if lines != 1 {
		return reason.ComponentMissing
	}
	n := 0
	for rest := value; rest != ""; {
		var item string
		item, rest, _ = strings.Cut(rest, ",")
		item = form.Trim(item)
		var h digest.Hash
		var at int
		switch {
		case has(item, "sha-256="):
			h, at = digest.SHA256, len("sha-256=")
		case has(item, "sha-512="):
			h, at = digest.SHA512, len("sha-512=")
		default:
			continue
		}
		sum, ok := form.Base64(nil, item[at:], form.StdPadded)
		if !ok || len(sum) != h.Size() || n == len(c.Digests) || n > 0 && c.Digests[0].Hash == h {
			return reason.DigestUnsupported
		}
		c.Digests[n] = signed.Digest{Hash: h, Sum: sum}
		n++
	}
	if n == 0 {
		return reason.DigestUnsupported
	}
	return reason.OK
}

func has(item, prefix string) bool {
	return len(item) > len(prefix) && request.EqualFold(item[:len(prefix)], prefix)
}
