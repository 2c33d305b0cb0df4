package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/effect"
)

// headerName returns a header's name in lower case, or "" once it has reported what is
// wrong. RFC 9110 §5.1: a token.
func headerName(v value) string {
	name := v.word()
	if name == "" {
		return ""
	}
	if !isToken(name) {
		v.fail("want a header's name (RFC 9110 §5.1)") // not quoted: it may be all of a line
		return ""
	}
	return strings.ToLower(name)
}

// isToken: RFC 9110 §5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", c) >= 0 {
			return false
		}
	}
	return s != ""
}

// reserved are headers that carry the message itself or belong to one hop (RFC 9110
// §7.6.1), or that decide who the sender is: writing them from a claim would let a
// token's issuer steer the proxy or the upstream.
var reserved = []string{
	"host", "content-length", "content-encoding", "content-type", "transfer-encoding", "te", "trailer", "expect",
	"connection", "keep-alive", "proxy-connection", "upgrade", "http2-settings",
	"authorization", "proxy-authorization", "proxy-authenticate", "cookie", "set-cookie", "x-request-id",
}

// outputHeader is headerName for a header that is written for the upstream.
func outputHeader(v value) string {
	if name := v.text(""); strings.HasPrefix(name, ":") {
		v.fail(quote(name), " is a pseudo header and cannot be written")
		return ""
	}
	name := headerName(v)
	if slices.Contains(reserved, name) {
		v.fail(quote(name), " is reserved and cannot be written")
		return ""
	}
	if strings.HasPrefix(name, "x-envoy-") {
		v.fail(quote(name), ": x-envoy-* headers steer the proxy and cannot be written")
		return ""
	}
	return name
}

// identity reads what a provider writes for the upstream.
func (b *builder) identity(e *effect.Provider, o *object) {
	if v := o.get("forward_payload_header"); !v.absent() && v.text("") != "" { // "" is jwt_authn's default: none
		e.PayloadHeader = outputHeader(v)
	}
	for _, v := range o.get("claim_to_headers").list() {
		c := v.object()
		name := c.need("header_name")
		h := effect.ClaimHeader{Header: outputHeader(name)}
		switch kind, claim := c.onlyNeed("claim_name", "claim_path"); kind {
		case "claim_name":
			if h.Path = strings.Split(claim.word(), "."); len(h.Path) > 1 {
				h.Whole = claim.text("")
			}
			if len(h.Path) > maxClaimPath {
				claim.fail("more than ", strconv.Itoa(maxClaimPath), " steps")
			}
		case "claim_path":
			h.Path = claimPath(claim)
		}
		h.Encoding = effect.Encoding(c.get("encoding").choice("string", "csv", "json", "base64json"))
		c.close()
		if h.Header != "" && written(e, h.Header) && !b.cfg.Compat {
			name.fail(quote(h.Header), " is written twice by this provider")
		}
		e.ClaimHeaders = append(e.ClaimHeaders, h)
	}
	if b.cfg.Compat {
		authnClaims(e)
	}
}

func written(e *effect.Provider, header string) bool {
	if e.PayloadHeader == header {
		return true
	}
	for i := range e.ClaimHeaders {
		if e.ClaimHeaders[i].Header == header {
			return true
		}
	}
	return false
}

// identityHeaders gathers every name that any provider writes: they are removed from
// every request first, whichever rule it meets.
func (b *builder) identityHeaders() {
	var all []string
	for i := range b.cfg.Effect.Providers {
		e := &b.cfg.Effect.Providers[i]
		all = append(all, e.PayloadHeader, e.ClientHeader, e.KeyIDHeader)
		for j := range e.ClaimHeaders {
			all = append(all, e.ClaimHeaders[j].Header)
		}
	}
	slices.Sort(all)
	list := &b.cfg.Effect.IdentityHeaders
	for _, name := range all {
		if name != "" && (len(*list) == 0 || (*list)[len(*list)-1] != name) {
			*list = append(*list, name)
		}
	}
	for i := range b.cfg.Providers {
		for j := range b.cfg.Providers[i].Places {
			if p := &b.cfg.Providers[i].Places[j]; p.In == credential.InHeader && slices.Contains(*list, p.Name) {
				b.out.warn(join("providers", b.names[i])+".from_headers",
					quote(p.Name)+" is also a header that a provider writes: the client's is never passed on")
			}
		}
	}
}
