package template

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// outcome is what a search for a text comes to.
type outcome uint8

const (
	absent outcome = iota
	taken
	malformed // also: there more than once
	several   // on more than one line, or under two names that disagree
	tooMany
	later // in a body that has not come yet
)

// asked is a request and what is known of it when a text is looked for.
type asked struct {
	r *signed.Request
	// body is the body if it is complete.
	body     string
	complete bool
	// among are the headers that the request lists as signed; with onlyAmong no other
	// header is looked at.
	among     []string
	onlyAmong bool
}

// one returns the only text at a location.
func (l *Location) one(q *asked) (string, outcome) {
	var room [1]string
	list, o := l.all(q, room[:0])
	if o == taken && len(list) != 1 {
		return "", malformed
	}
	if o != taken {
		return "", o
	}
	return list[0], taken
}

// all appends the texts at a location to dst. A list that has none of its field is absent.
func (l *Location) all(q *asked, dst []string) ([]string, outcome) {
	text, o := l.raw(q)
	if o != taken {
		return dst, o
	}
	switch {
	case l.Prefix == "":
	case strings.HasPrefix(text, l.Prefix):
		text = text[len(l.Prefix):]
	case !l.PrefixOptional:
		return dst, malformed
	}
	if l.Separator == "" {
		return append(dst, text), taken
	}
	return l.items(text, dst)
}

// items appends the values of the list's field.
func (l *Location) items(text string, dst []string) ([]string, outcome) {
	before := len(dst)
	for n, more := 0, true; more; n++ {
		if n == maxItems {
			return dst, tooMany
		}
		var item string
		item, text, more = strings.Cut(text, l.Separator)
		name, value, ok := strings.Cut(item, l.KeyValue)
		switch {
		case !ok || name == "":
			return dst, malformed
		case name == l.Field && len(dst)-before == signed.MaxSignatures:
			return dst, tooMany
		case name == l.Field:
			dst = append(dst, value)
		}
	}
	if len(dst) == before {
		return dst, absent
	}
	return dst, taken
}

// raw returns all that stands at the place.
func (l *Location) raw(q *asked) (string, outcome) {
	v := q.r.View
	switch l.Place {
	case Nowhere:
		return "", absent
	case InHeader:
		return l.header(q)
	case InQuery:
		text, n := l.parameter(v.Query)
		return unescape(text, n, false)
	case InCookie:
		return cookie(v, l.Names[0])
	case InParameters:
		return l.either(q)
	case InMember:
		if !q.complete {
			return "", later
		}
		text, n, ok := member(q.body, l.Names[0])
		switch {
		case !ok || n > 1:
			return "", malformed
		case n == 0:
			return "", absent
		}
		return text, taken
	}
	return "", malformed
}

// header returns a field's value. Two lines of it are refused, and so are its two names if
// they disagree.
func (l *Location) header(q *asked) (text string, o outcome) {
	for _, name := range l.Names {
		if q.onlyAmong && !contains(q.among, name) {
			continue
		}
		value, n := form.One(q.r.View, name)
		switch {
		case n == 0:
			continue
		case n > 1 || o == taken && value != text:
			return "", several
		}
		text, o = value, taken
	}
	return text, o
}

// misplaced is the number of parameters that says that something follows the last.
const misplaced = 2

// parameter returns a parameter's value and how many there are.
func (l *Location) parameter(text string) (value string, n int) {
	if !l.Last {
		return form.Find(text, l.Names[0])
	}
	for p := form.Walk(text); p.Next(); {
		if !p.Named(l.Names[0]) {
			continue
		}
		if n++; p.At+len(p.Text) != len(text) {
			return "", misplaced
		}
		value = p.Value
	}
	return value, n
}

// either looks in the query and in the form.
func (l *Location) either(q *asked) (string, outcome) {
	text, n := l.parameter(q.r.View.Query)
	if !isForm(q.r.View) {
		return unescape(text, n, false)
	}
	if !q.complete {
		if n == 0 {
			return "", later
		}
		return unescape(text, n, false)
	}
	inBody, m := l.parameter(q.body)
	if m == 0 {
		return unescape(text, n, false)
	}
	return unescape(inBody, n+m, true)
}

// unescape decodes the value of a parameter of which there are n.
func unescape(text string, n int, fromForm bool) (string, outcome) {
	switch {
	case n == 0:
		return "", absent
	case n > 1:
		return "", malformed
	}
	text, ok := decoded(text, fromForm)
	if !ok {
		return "", malformed
	}
	return text, taken
}

// decoded returns a name or a value percent-decoded, and without a copy if there is
// nothing to decode.
func decoded(text string, fromForm bool) (string, bool) {
	if strings.IndexByte(text, '%') < 0 && (!fromForm || strings.IndexByte(text, '+') < 0) {
		return text, true
	}
	room := make([]byte, 0, len(text))
	var ok bool
	if fromForm {
		room, ok = form.UnescapeForm(room, text)
	} else {
		room, ok = form.Unescape(room, text)
	}
	return form.Bytes(room), ok
}

// isForm says that the body is a form by its content type.
func isForm(v *request.View) bool {
	text, n := form.One(v, "content-type")
	text, _, _ = strings.Cut(text, ";")
	return n == 1 && request.EqualFold(form.Trim(text), "application/x-www-form-urlencoded")
}

// cookie returns a cookie's value (RFC 6265 §5.4: pairs divided by "; ", on one line or,
// in HTTP/2, on several).
func cookie(v *request.View, name string) (value string, o outcome) {
	for i, ok := v.Next("cookie", 0); ok; i, ok = v.Next("cookie", i+1) {
		rest, more := v.Headers[i].Value, true
		for more {
			var pair string
			pair, rest, more = strings.Cut(rest, ";")
			key, text, is := strings.Cut(form.Trim(pair), "=")
			if !is || key != name {
				continue
			}
			if o == taken {
				return "", malformed
			}
			value, o = text, taken
		}
	}
	return value, o
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}
