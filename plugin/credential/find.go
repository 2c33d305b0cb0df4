package credential

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/word"
)

// Finder finds credentials; reuse it: it owns the buffer for percent-decoded ones.
type Finder struct {
	buf  []byte
	home []byte // see Reserve
	used bool   // since the last Wipe
}

// Reserve gives the finder memory of its own for good, for credentials of up to n bytes
// in a query.
func (f *Finder) Reserve(n int) {
	f.home = make([]byte, 0, n)
	f.buf = f.home
}

// Wipe clears what credentials have left in the finder's own memory and lets go of all
// other.
func (f *Finder) Wipe() {
	if f.used {
		clear(f.home[:cap(f.home)])
	}
	f.buf, f.used = f.home, false
}

// Find looks at all places. One credential at one of them is Present; two, wherever
// they stand and even if one of them is no good, are Several (RFC 6750 §2: no more than
// one method per request). It allocates nothing once its buffer has grown.
func (f *Finder) Find(v *request.View, places []Place) Found {
	f.buf = f.buf[:0]
	sum := Found{State: Absent}
	for i := range places {
		one := f.look(v, places, i)
		switch one.State {
		case Absent:
		case Foreign:
			if sum.State == Absent {
				sum = one
			}
		case Present, Malformed:
			if sum.State == Present || sum.State == Malformed {
				return Found{State: Several}
			}
			sum = one
		case Several, Unread:
			return Found{State: one.State}
		}
	}
	return sum
}

// look looks at one place.
func (f *Finder) look(v *request.View, places []Place, i int) Found {
	p := &places[i]
	switch p.In {
	case InHeader:
		return inHeader(v, places, i)
	case InQuery:
		return f.inQuery(v, p)
	case InCookie:
		return inCookie(v, p)
	case InNone:
	}
	return Found{State: Unread} // not a place: an unfilled configuration denies
}

// authorization is the one header whose foreign content is a credential too, and whose
// doubled lines arrive joined by a comma.
const authorization = "authorization"

func inHeader(v *request.View, places []Place, i int) Found {
	p := &places[i]
	at, ok := v.Next(p.Name, 0)
	if !ok {
		return Found{State: Absent}
	}
	if _, again := v.Next(p.Name, at+1); again {
		return Found{State: Several}
	}
	value := v.Headers[at].Value
	for j := range places[:i] { // an earlier place may have taken the line
		q := &places[j]
		if q.In == InHeader && request.EqualFold(q.Name, p.Name) && (value == "" || takes(q, value)) {
			return Found{State: Absent}
		}
	}
	joined := request.EqualFold(p.Name, authorization)
	if value == "" {
		return Found{State: Malformed}
	}
	if !takes(p, value) {
		switch {
		case !joined:
			return Found{State: Absent}
		case p.Scheme && laterScheme(value, p.Prefix):
			return Found{State: Several}
		}
		return Found{State: Foreign}
	}
	raw := value[len(p.Prefix):]
	if p.Scheme {
		if raw == "" || raw[0] != ' ' {
			return Found{State: Malformed} // RFC 9110 §11.4: 1*SP, no other white space
		}
		for raw != "" && raw[0] == ' ' {
			raw = raw[1:]
		}
	}
	if raw == "" {
		return Found{State: Malformed}
	}
	if joined && commaAndMore(raw) {
		return Found{State: Several}
	}
	return Found{State: Present, Raw: raw, Place: p}
}

// takes says that a header's value is for the place: its prefix stands at offset 0, and
// a scheme ends there (RFC 9110 §11.1: a token, compared without case).
func takes(p *Place, value string) bool {
	if len(value) < len(p.Prefix) {
		return false
	}
	if !p.Scheme {
		return value[:len(p.Prefix)] == p.Prefix
	}
	if !request.EqualFold(value[:len(p.Prefix)], p.Prefix) {
		return false
	}
	return len(value) == len(p.Prefix) || !tchar(value[len(p.Prefix)])
}

// commaAndMore says that something follows a comma: a second credential, which hosts
// join to the first (RFC 9110 §5.3).
func commaAndMore(s string) bool {
	i := word.Index(s, ',')
	return i >= 0 && trimOWS(s[i+1:]) != ""
}

// laterScheme says that after a foreign credential and a comma one of our scheme begins.
func laterScheme(value, scheme string) bool {
	p := Place{Prefix: scheme, Scheme: true}
	for i := 0; i < len(value); i++ {
		if value[i] == ',' && takes(&p, trimOWS(value[i+1:])) {
			return true
		}
	}
	return false
}

func (f *Finder) inQuery(v *request.View, p *Place) Found {
	found := Found{State: Absent}
	for name, value, rest, more := request.NextParameter(v.Query); more; name, value, rest, more = request.NextParameter(rest) {
		if !request.EqualDecoded(name, p.Name) {
			continue
		}
		if found.State != Absent {
			return Found{State: Several}
		}
		found = Found{State: Present, Place: p}
		from := len(f.buf)
		var ok bool
		f.used = true
		if f.buf, ok = request.AppendDecoded(f.buf, value); !ok || value == "" {
			found = Found{State: Malformed}
			continue
		}
		raw := f.buf[from:]
		found.Raw = unsafe.String(unsafe.SliceData(raw), len(raw)) //nolint:gosec // G103: length and data are one slice's
	}
	return found
}

func inCookie(v *request.View, p *Place) Found {
	found := Found{State: Absent}
	for i, ok := v.Next("cookie", 0); ok; i, ok = v.Next("cookie", i+1) {
		for name, value, rest, more := nextCookie(v.Headers[i].Value); more; name, value, rest, more = nextCookie(rest) {
			if name != p.Name {
				continue
			}
			if found.State != Absent {
				return Found{State: Several}
			}
			found = Found{State: Present, Raw: value, Place: p}
			if value == "" {
				found = Found{State: Malformed}
			}
		}
	}
	return found
}

// nextCookie cuts the first pair off a cookie line (RFC 6265 §5.4: "name=value" joined
// by "; "). A piece without '=' has no name. White space around a pair is not part of it.
func nextCookie(line string) (name, value, rest string, more bool) {
	if line == "" {
		return "", "", "", false
	}
	end := len(line)
	for i := 0; i < len(line); i++ {
		if line[i] == ';' {
			end, rest = i, line[i+1:]
			break
		}
	}
	pair := trimOWS(line[:end])
	for i := 0; i < len(pair); i++ {
		if pair[i] == '=' {
			return pair[:i], pair[i+1:], rest, true
		}
	}
	return "", pair, rest, true
}

// trimOWS: RFC 9110 §5.6.3.
func trimOWS(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// tchar: RFC 9110 §5.6.2.
func tchar(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}
