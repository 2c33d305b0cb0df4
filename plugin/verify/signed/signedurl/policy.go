package signedurl

import (
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// policyDepth: {"Statement":[{"Condition":{"DateLessThan":{...}}}]}.
const policyDepth = 5

// policy is what a custom policy says.
type policy struct {
	resource, network string
	starts, expires   int64
}

// custom reads a policy that is sent. What it says is believed once the signature, which is
// over its very text, is verified.
func (s *Scheme) custom(r *signed.Request, c *signed.Claim, encoded, url string, origin int) reason.Code {
	if len(encoded) > maxPolicy {
		return reason.SignaturesTooMany
	}
	text, ok := unfront(encoded)
	if !ok {
		return reason.SignatureMalformed
	}
	var p policy
	if !p.read(text) {
		return reason.SignatureMalformed
	}
	c.Before, c.Starts, c.Expires = form.Bytes(text), p.starts, p.expires
	if !covers(p.resource, url, origin) || !normal(r.View.RawPath) {
		return reason.ResourceMismatch
	}
	if p.network != "" && !within(r, p.network) {
		return reason.AddressMismatch
	}
	return reason.OK
}

// covers says whether a resource is of the URL: its scheme and host of those, the rest of
// the rest, so that no wildcard reaches from the one into the other. "*" is of all.
func covers(resource, url string, origin int) bool {
	if resource == "*" {
		return true
	}
	end := originOf(resource)
	if end < 0 {
		return false
	}
	g := glob{budget: maxSteps}
	return g.match(resource[:end], url[:origin]) && g.match(resource[end:], url[origin:])
}

// read reads a policy. There is one statement, with a resource and an end; a condition that
// is unknown cannot be judged and makes it none.
func (p *policy) read(text []byte) bool {
	var doc jsonx.Doc
	if doc.Parse(text, jsonx.Limits{MaxBytes: maxPolicy, MaxDepth: policyDepth}) != nil {
		return false
	}
	root := doc.Root()
	list, ok := root.Member("Statement")
	if !ok || root.Len() != 1 || list.Kind() != jsonx.Array || list.Len() != 1 {
		return false
	}
	statement, _ := list.First()
	resource, hasResource := statement.Member("Resource")
	condition, hasCondition := statement.Member("Condition")
	if !hasResource || !hasCondition || statement.Len() != 2 || resource.Kind() != jsonx.String || condition.Kind() != jsonx.Object {
		return false
	}
	p.resource = resource.Text()
	for m, more := condition.First(); more; m, more = m.Next() {
		if !p.condition(m) {
			return false
		}
	}
	return p.expires != 0
}

func (p *policy) condition(m jsonx.Value) bool {
	inner, ok := m.First()
	if m.Kind() != jsonx.Object || !ok || m.Len() != 1 {
		return false
	}
	switch m.Name() {
	case "DateLessThan":
		p.expires, ok = epoch(inner)
	case "DateGreaterThan":
		p.starts, ok = epoch(inner)
	case "IpAddress":
		p.network, ok = inner.Text(), inner.Name() == "AWS:SourceIp" && inner.Kind() == jsonx.String
		ok = ok && p.network != ""
	default:
		return false
	}
	return ok
}

func epoch(v jsonx.Value) (nanos int64, ok bool) {
	if v.Name() != "AWS:EpochTime" || v.Kind() != jsonx.Number {
		return 0, false
	}
	return seconds(v.Raw())
}
