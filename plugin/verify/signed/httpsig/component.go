package httpsig

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/sfv"
)

// kind is what a component is taken from.
type kind uint8

const (
	field kind = iota + 1 // RFC 9421 §2.1
	method
	targetURI
	authority
	scheme
	requestTarget
	path
	query
	queryParam // §2.2.8
)

// derived are the components of RFC 9421 §2.2 that a request has.
var derived = [...]struct {
	name string
	kind kind
}{
	{"@method", method},
	{"@target-uri", targetURI},
	{"@authority", authority},
	{"@scheme", scheme},
	{"@request-target", requestTarget},
	{"@path", path},
	{"@query", query},
	{"@query-param", queryParam},
}

// component is a component's identifier: two that are equal are the same component, in
// whatever order their parameters were written.
type component struct {
	kind kind
	// name is a field's, lower case.
	name string
	// argument is a dictionary's key (keyed) or a query parameter's encoded name.
	argument              string
	keyed, strict, binary bool
}

// read reads an identifier.
func (c *component) read(v sfv.Value) reason.Code {
	name, ok := v.Plain()
	if !ok || name == "" {
		return reason.SignatureMalformed // RFC 9421 §2: a string
	}
	*c = component{}
	if name[0] == '@' {
		return c.derive(name, v.Parameters)
	}
	for i := 0; i < len(name); i++ {
		if !fieldByte(name[i]) {
			return reason.SignatureMalformed // RFC 9421 §2.1: the lower-case field name
		}
	}
	c.kind, c.name = field, name
	for p := v.Parameters.Members(); p.Next(); {
		if code := c.parameter(p.Member); code != reason.OK {
			return code
		}
	}
	if c.binary && (c.strict || c.keyed) {
		return reason.SignatureMalformed // RFC 9421 §2.1: not compatible
	}
	return reason.OK
}

// derive reads the identifier of a derived component.
func (c *component) derive(name string, parameters sfv.Parameters) reason.Code {
	for _, d := range derived {
		if d.name == name {
			c.kind = d.kind
		}
	}
	if c.kind == 0 {
		return reason.SignatureMalformed // RFC 9421 §2.2: @status among them, which a response has
	}
	p := parameters.Members()
	if c.kind != queryParam {
		if p.Next() {
			return reason.SignatureMalformed // RFC 9421 §2.4: ;req is a response's too
		}
		return reason.OK
	}
	if !p.Next() || p.Key != "name" {
		return reason.SignatureMalformed // RFC 9421 §2.2.8
	}
	var ok bool
	c.argument, ok = p.Plain()
	if !ok || p.Next() {
		return reason.SignatureMalformed
	}
	return reason.OK
}

// parameter takes one parameter of a field.
func (c *component) parameter(p sfv.Member) reason.Code {
	flag := &c.strict
	switch p.Key {
	case "sf":
	case "bs":
		flag = &c.binary
	case "key":
		argument, ok := p.Plain()
		if !ok || c.keyed {
			return reason.SignatureMalformed
		}
		c.argument, c.keyed = argument, true
		return reason.OK
	case "req":
		return reason.SignatureMalformed // RFC 9421 §2.4: never in a request's signature
	default:
		return reason.ComponentUnsupported // ;tr among them: trailers come after the verdict
	}
	if set, ok := p.Boolean(); !ok || !set || *flag {
		return reason.SignatureMalformed
	}
	*flag = true
	return reason.OK
}

// fieldByte says that a byte may stand in a lower-case field name (RFC 9110 §5.6.2).
func fieldByte(c byte) bool {
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z'
}
