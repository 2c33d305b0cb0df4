package config

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/request"
)

// maxPlaces bounds the places of one provider, which a request is searched for.
const maxPlaces = 32

// places reads from_headers, from_params and from_cookies. Where none is given the
// credential stands in the Authorization header alone (RFC 6750 §2.1).
func (b *builder) places(o *object) []credential.Place {
	headers, params, cookies := o.get("from_headers"), o.get("from_params"), o.get("from_cookies")
	var list []credential.Place
	for _, e := range headers.list() {
		list = append(list, b.fromHeader(e, list))
	}
	for _, e := range params.list() {
		list = append(list, credential.Place{In: credential.InQuery, Name: b.once(e, credential.InQuery, e.word(), list)})
	}
	for _, e := range cookies.list() {
		name := e.word()
		if name != "" && !isToken(name) {
			e.fail("want a cookie's name (RFC 6265 §4.1.1)")
		}
		list = append(list, credential.Place{In: credential.InCookie, Name: b.once(e, credential.InCookie, name, list)})
	}
	if len(list) > maxPlaces {
		o.out.fail(o.path(), "reads more than "+strconv.Itoa(maxPlaces)+" headers, parameters and cookies")
	}
	if b.cfg.Compat {
		return authnPlaces(list, len(list) > 0)
	}
	if len(list) == 0 {
		list = []credential.Place{{In: credential.InHeader, Name: "authorization", Prefix: "Bearer", Scheme: true}}
	}
	return list
}

func (b *builder) fromHeader(v value, before []credential.Place) credential.Place {
	o := v.object()
	name := headerName(o.need("name"))
	prefix := o.get("value_prefix")
	p := credential.Place{In: credential.InHeader, Name: name, Prefix: prefix.text("")}
	o.close()
	if hasControl(p.Prefix) {
		prefix.fail("must not have control characters")
	}
	if b.cfg.Compat {
		return p
	}
	// In Authorization a prefix such as "Bearer " is a scheme: RFC 9110 §11.1 compares it
	// without case.
	if scheme := strings.TrimRight(p.Prefix, " "); name == "authorization" && isToken(scheme) {
		p.Prefix, p.Scheme = scheme, true
	}
	for i := range before {
		q := &before[i]
		if q.In == p.In && q.Name == name && name != "" && hides(q, &p) {
			v.fail("is never used: an earlier entry takes the header ", quote(name), " with the prefix ", quote(q.Prefix))
			break
		}
	}
	return p
}

// hides says that an earlier place takes every line that p would.
func hides(q, p *credential.Place) bool {
	if q.Scheme {
		return p.Scheme && request.EqualFold(q.Prefix, p.Prefix)
	}
	return !p.Scheme && strings.HasPrefix(p.Prefix, q.Prefix) || q.Prefix == ""
}

// once reports a name that is in the list already.
func (b *builder) once(v value, in credential.In, name string, before []credential.Place) string {
	for i := range before {
		if before[i].In == in && before[i].Name == name && name != "" && !b.cfg.Compat {
			v.fail("is listed twice: ", quote(name))
		}
	}
	return name
}
