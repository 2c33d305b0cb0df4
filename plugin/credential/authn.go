package credential

import (
	"strings"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/request"
)

// Walk goes through the tokens of a request as Envoy's jwt_authn finds them, the last one
// first. It starts with [From].
type Walk struct {
	places []Place
	gone   []*Place // their header, or their parameter, has left the request
	place  int
	line   int // of a header: only those before it
}

// From starts a walk over places, which are in jwt_authn's order (see [SortAuthn]). What
// stands at gone is not there any more.
func From(places []Place, gone []*Place, v *request.View) Walk {
	return Walk{places: places, gone: gone, place: len(places) - 1, line: len(v.Headers)}
}

// Next returns the next token of a walk; its State is Present or, after the last one,
// Absent. Unlike [Finder.Find] it looks for a prefix anywhere in a header's value, takes
// each line of a header, and the first of several parameters and cookies.
func (f *Finder) Next(v *request.View, w *Walk) Found {
	f.buf = f.buf[:0]
	for ; w.place >= 0; w.place, w.line = w.place-1, len(v.Headers) {
		p := &w.places[w.place]
		if w.isGone(p) {
			continue
		}
		switch p.In {
		case InHeader:
			for w.line--; w.line >= 0; w.line-- {
				if h := &v.Headers[w.line]; request.EqualFold(h.Name, p.Name) {
					if raw, ok := afterPrefix(h.Value, p.Prefix); ok {
						return Found{State: Present, Raw: raw, Place: p}
					}
				}
			}
		case InQuery:
			if raw, ok := f.firstParameter(v.Query, p.Name); ok {
				w.place--
				w.line = len(v.Headers)
				return Found{State: Present, Raw: raw, Place: p}
			}
		case InCookie:
			if raw, ok := firstCookie(v, p.Name); ok {
				w.place--
				w.line = len(v.Headers)
				return Found{State: Present, Raw: raw, Place: p}
			}
		case InNone:
		}
	}
	return Found{State: Absent}
}

func (w *Walk) isGone(p *Place) bool {
	for _, g := range w.gone {
		if g.In == p.In && g.Name == p.Name {
			return true
		}
	}
	return false
}

// afterPrefix is what follows the first copy of prefix, from the first character that may
// begin a token; the whole value if none follows.
func afterPrefix(value, prefix string) (string, bool) {
	if prefix == "" {
		return value, true
	}
	at := strings.Index(value, prefix)
	if at < 0 {
		return "", false
	}
	for i := at + len(prefix); i < len(value); i++ {
		if c := value[i]; 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' {
			return value[i:], true
		}
	}
	return value, true
}

// firstParameter returns the decoded value of the first parameter of the name.
func (f *Finder) firstParameter(query, name string) (string, bool) {
	for n, value, rest, more := request.NextParameter(query); more; n, value, rest, more = request.NextParameter(rest) {
		if !equalLenient(n, name) {
			continue
		}
		from := len(f.buf)
		f.used = true
		f.buf = appendLenient(f.buf, value)
		raw := f.buf[from:]
		if len(raw) == 0 {
			return "", true
		}
		return unsafe.String(unsafe.SliceData(raw), len(raw)), true //nolint:gosec // G103: length and data are one slice's
	}
	return "", false
}

// firstCookie returns the first cookie of the name, without the quotes around its value.
func firstCookie(v *request.View, name string) (string, bool) {
	for i, ok := v.Next("cookie", 0); ok; i, ok = v.Next("cookie", i+1) {
		for n, value, rest, more := nextCookie(v.Headers[i].Value); more; n, value, rest, more = nextCookie(rest) {
			if n != name {
				continue
			}
			if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
				value = value[1 : len(value)-1]
			}
			return value, true
		}
	}
	return "", false
}

// SortAuthn brings places into the order in which jwt_authn extracts tokens: headers by
// name and prefix, then parameters, then cookies, each by name, and each place once.
func SortAuthn(places []Place) []Place {
	sorted := make([]Place, 0, len(places))
	for _, p := range places {
		at := 0
		for at < len(sorted) && before(&sorted[at], &p) {
			at++
		}
		if at < len(sorted) && sorted[at] == p {
			continue
		}
		sorted = append(sorted, Place{})
		copy(sorted[at+1:], sorted[at:])
		sorted[at] = p
	}
	return sorted
}

func before(a, b *Place) bool {
	if a.In != b.In {
		return a.In < b.In
	}
	return a.Name+a.Prefix < b.Name+b.Prefix
}

// StripQueryAuthn appends target to dst as jwt_authn leaves it when it takes a parameter
// out: all copies of it are gone and the others are ordered by name. Unlike there they
// stay encoded: what stands for a separator or a space must not become one.
func StripQueryAuthn(dst []byte, target, name string) []byte {
	path, query, found := strings.Cut(target, "?")
	dst = append(dst, path...)
	if !found {
		return dst
	}
	type parameter struct{ decoded, name, value string }
	var list []parameter
	for n, value, rest, more := request.NextParameter(query); more; n, value, rest, more = request.NextParameter(rest) {
		p := parameter{string(appendLenient(nil, n)), n, value}
		if p.decoded == name {
			continue
		}
		at := len(list)
		for at > 0 && p.decoded < list[at-1].decoded {
			at--
		}
		list = append(list, parameter{})
		copy(list[at+1:], list[at:])
		list[at] = p
	}
	separator := byte('?')
	for _, p := range list {
		dst = append(append(dst, separator), p.name...)
		dst = append(append(dst, '='), p.value...)
		separator = '&'
	}
	return dst
}

func equalLenient(encoded, name string) bool {
	if strings.IndexByte(encoded, '%') < 0 {
		return encoded == name
	}
	return string(appendLenient(nil, encoded)) == name
}

// appendLenient percent-decodes as Envoy does: what is malformed stays as it is.
func appendLenient(dst []byte, encoded string) []byte {
	for i := 0; i < len(encoded); i++ {
		if encoded[i] == '%' && i+2 < len(encoded) {
			if b, ok := request.AppendDecoded(dst, encoded[i:i+3]); ok {
				dst, i = b, i+2
				continue
			}
		}
		dst = append(dst, encoded[i])
	}
	return dst
}
