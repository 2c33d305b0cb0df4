package httpsig

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/sfv"
)

// usualText is what most signed texts have room in, bytes.
const usualText = 768

// base writes the signed text (RFC 9421 §2.5): identifiers and parameters as they were
// received.
func (w *reader) base(input sfv.Value) reason.Code {
	w.text = make([]byte, 0, usualText)
	item := input.Items()
	for i := range w.covered[:w.n] {
		if !item.Next() {
			return reason.Internal
		}
		w.text = append(append(w.text, item.Raw...), ": "...)
		from := len(w.text)
		if code := w.value(&w.covered[i]); code != reason.OK {
			return code
		}
		if !printable(w.text[from:]) {
			return reason.ComponentUnsupported // RFC 9421 §2.5: ASCII, and no line of its own (B-04)
		}
		w.text = append(w.text, '\n')
		if len(w.text) > maxText {
			return reason.SignaturesTooMany
		}
	}
	w.text = append(append(w.text, `"@signature-params": `...), input.Raw...)
	return reason.OK
}

// printable says that there are visible characters, spaces and tabs alone.
func printable(b []byte) bool {
	for _, c := range b {
		if (c < ' ' || c > '~') && c != '\t' {
			return false
		}
	}
	return true
}

// spend counts n bytes that are searched; false once they are too many.
func (w *reader) spend(n int) bool {
	w.left -= n
	return w.left >= 0
}

// value appends a component's value.
func (w *reader) value(c *component) reason.Code {
	switch c.kind {
	case field:
		return w.fieldValue(c)
	case method:
		w.text = append(w.text, w.view.Method...)
	case scheme:
		return w.scheme()
	case authority:
		return w.authority()
	case targetURI:
		return w.targetURI()
	case requestTarget, path, query, queryParam:
		return w.targetPart(c)
	}
	return reason.OK
}

// scheme is RFC 9421 §2.2.4.
func (w *reader) scheme() reason.Code {
	s := w.cfg.Public.Scheme
	if s == "" {
		s = w.view.Scheme
	}
	w.text = appendLower(w.text, s)
	if s == "" {
		return reason.ComponentMissing
	}
	return reason.OK
}

// authority is RFC 9421 §2.2.3: lower case, without the scheme's default port.
func (w *reader) authority() reason.Code {
	host, of := w.view.Authority, w.view.Scheme
	if w.cfg.Public.Authority != "" {
		host, of = w.cfg.Public.Authority, w.cfg.Public.Scheme
	}
	if host == "" {
		return reason.ComponentMissing
	}
	name, port := splitPort(host)
	w.text = appendLower(w.text, name)
	if port != "" && !(port == "80" && request.EqualFold(of, "http") || port == "443" && request.EqualFold(of, "https")) {
		w.text = append(append(w.text, ':'), port...)
	}
	return reason.OK
}

// splitPort cuts an authority before its port.
func splitPort(authority string) (name, port string) {
	for i := len(authority) - 1; i >= 0 && authority[i] != ']'; i-- {
		if authority[i] == ':' {
			return authority[:i], authority[i+1:]
		}
	}
	return authority, ""
}

// targetURI is RFC 9421 §2.2.2, put together as RFC 9110 §7.1 says.
func (w *reader) targetURI() reason.Code {
	if code := w.scheme(); code != reason.OK {
		return code
	}
	w.text = append(w.text, "://"...)
	if code := w.authority(); code != reason.OK {
		return code
	}
	if w.view.Target == "*" {
		return w.originForm(w.view.Target) // RFC 9112 §3.3: neither path nor query
	}
	return w.targetPart(&component{kind: requestTarget})
}

// originForm says that the target has a path or is RFC 9112 §3.2.4's asterisk: all others
// say elsewhere than in the path where they go.
func (w *reader) originForm(target string) reason.Code {
	if w.view.Method == "CONNECT" || target == "" || target[0] != '/' && !(target == "*" && w.view.Method == "OPTIONS") {
		return reason.ComponentMissing
	}
	return reason.OK
}

// targetPart appends the target or a part of it, as it was received.
func (w *reader) targetPart(c *component) reason.Code {
	v := w.view
	if code := w.originForm(v.Target); code != reason.OK {
		return code
	}
	switch c.kind {
	case path:
		w.text = append(w.text, w.cfg.Public.Path...)
		if v.Target == "*" {
			w.text = append(w.text, '/') // RFC 9421 §2.2.6: an empty path
		} else {
			w.text = append(w.text, v.RawPath...)
		}
	case query:
		w.text = append(append(w.text, '?'), v.Query...) // RFC 9421 §2.2.7: a "?" also where there is none
	case queryParam:
		return w.queryParam(c.argument)
	case requestTarget:
		if v.Target != "*" {
			w.text = append(w.text, w.cfg.Public.Path...)
		}
		w.text = append(w.text, v.Target...)
	case field, method, targetURI, authority, scheme:
	}
	return reason.OK
}

func appendLower(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		dst = append(dst, request.Lower(s[i]))
	}
	return dst
}
