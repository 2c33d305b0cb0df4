package request

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/word"
)

// flaw is what is odd about a path; several may be.
type flaw uint8

const (
	// escaped: unreserved characters are percent-encoded. Matching decodes them.
	escaped flaw = 1 << iota
	// repairable: dot segments or doubled slashes, which PathNormalize mends.
	repairable
	// hopeless: routers and upstreams disagree about it, and no rewriting helps.
	hopeless
)

// readPath splits Target and makes Path of it.
func (v *View) readPath() reason.Code {
	cut := word.Index(v.Target, '?')
	if cut < 0 {
		cut = len(v.Target)
	}
	v.RawPath = v.Target[:cut]
	if cut < len(v.Target) {
		v.Query, v.HasQuery = v.Target[cut+1:], true
	}
	if v.Method == "CONNECT" || v.Method == "OPTIONS" && v.Target == "*" {
		return reason.OK // RFC 9112 §3.2.3, §3.2.4: authority-form and asterisk-form have no path
	}
	switch v.mode {
	case PathRaw:
		v.Path = v.RawPath
		if i := word.Index(v.Path, '#'); i >= 0 { // as Envoy's matchers: a path ends at '?' or '#'
			v.Path = v.Path[:i]
		}
		return reason.OK
	case PathRefuse, PathNormalize:
		return v.normalPath()
	}
	return reason.Internal
}

// normalPath is readPath in the modes that look at the path's form.
func (v *View) normalPath() reason.Code {
	tolerated := escaped
	if v.mode == PathNormalize {
		tolerated |= repairable
	}
	found := inspect(v.RawPath, tolerated)
	if found&^tolerated != 0 || !queryReadable(v.Query) {
		return reason.PathNotNormal
	}
	v.Path = v.RawPath
	if found == 0 {
		return reason.OK
	}
	b := AppendUnreserved(v.scratch[:0], v.RawPath)
	if v.mode == PathRefuse {
		v.scratch, v.Path = b, asString(b)
		return reason.OK
	}
	b = mergeSlashes(removeDots(b)) // Envoy's order: dot segments see the empty segments
	n := len(b)
	b = append(b, v.Target[len(v.RawPath):]...) // '?' and the query, byte for byte
	v.scratch, v.Path, v.NewTarget = b, asString(b[:n]), asString(b)
	return reason.OK
}

// inspect finds what is odd about a path (a target without its query). It stops at the
// first flaw that is not tolerated.
func inspect(path string, tolerated flaw) (found flaw) {
	if path == "" || path[0] != '/' {
		return hopeless // absolute-form and the like: the router saw another form
	}
	for i := 0; i < len(path); i++ {
		for i+8 <= len(path) && plain(word.At(path, i)) {
			i += 8
		}
		if i == len(path) {
			break
		}
		c := path[i]
		switch {
		case c == '/':
			found |= segment(path[i+1:])
		case c == '%':
			found |= escape(path[i:])
			i += 2
		case c <= ' ' || c >= 0x7f || c == '\\' || c == '#':
			return hopeless // RFC 3986 §3.3: none of them is a pchar; '#' ends what some routers see
		}
		if found&^tolerated != 0 {
			return found
		}
	}
	return found
}

// plain says that none of eight bytes of a path has to be looked at alone.
func plain(x uint64) bool {
	return word.Below(x, ' '+1)|word.Above(x, 0x7e)|word.Has(x, '/')|word.Has(x, '%')|word.Has(x, '\\')|word.Has(x, '#') == 0
}

// segment looks at the path segment at the start of s: "." and ".." in any spelling,
// and the empty one that two slashes in a row enclose.
func segment(s string) flaw {
	dots := 0
	for len(s) > 0 && s[0] != '/' {
		c, rest := unescape(s)
		switch {
		case c == '.' && dots < 2:
			dots++
			s = rest
			continue
		case c == ';' && dots > 0:
			// RFC 3986 §3.3 allows parameters, and servers that strip them see a dot
			// segment which RFC 3986 §5.2.4 does not: never agreed upon.
			return hopeless
		}
		return 0
	}
	if dots > 0 || len(s) > 0 {
		return repairable
	}
	return 0 // the path ends with the slash
}

// unescape returns the byte at the start of s, decoded if it is percent-encoded.
func unescape(s string) (c byte, rest string) {
	if s[0] == '%' && len(s) >= 3 {
		if c, ok := hexByte(s[1], s[2]); ok {
			return c, s[3:]
		}
	}
	return s[0], s[1:]
}

// escape judges the percent-encoding at the start of s.
func escape(s string) flaw {
	if len(s) < 3 {
		return hopeless // RFC 3986 §2.1: '%' and two hex digits
	}
	c, ok := hexByte(s[1], s[2])
	switch {
	case !ok:
		return hopeless
	case unreserved(c):
		return escaped
	case c < ' ' || c == 0x7f || c == '/' || c == '\\':
		return hopeless
	case c >= 0xc0 && overlong(c, s[3:]):
		return hopeless // RFC 3629 §3: some decoders read a '/' or a '.' there
	}
	return 0
}

// overlong says that the encoded byte c and what follows begin a UTF-8 form longer than
// its character needs (RFC 3629 §3 forbids them: another spelling of a shorter one).
func overlong(c byte, rest string) bool {
	if c == 0xc0 || c == 0xc1 || c >= 0xf8 {
		return true
	}
	if len(rest) < 3 || rest[0] != '%' {
		return false
	}
	next, ok := hexByte(rest[1], rest[2])
	return ok && (c == 0xe0 && next >= 0x80 && next < 0xa0 || c == 0xf0 && next >= 0x80 && next < 0x90)
}

// queryReadable: the query is nobody's to normalise, but a '#' or a control byte in it
// moves the end of the target for some readers.
func queryReadable(query string) bool {
	i := 0
	for ; i+8 <= len(query); i += 8 {
		x := word.At(query, i)
		if word.Below(x, ' '+1)|word.Has(x, 0x7f)|word.Has(x, '#') != 0 {
			return false
		}
	}
	for ; i < len(query); i++ {
		if c := query[i]; c <= ' ' || c == 0x7f || c == '#' {
			return false
		}
	}
	return true
}

// AppendUnreserved appends path to dst with the percent-encodings of unreserved
// characters decoded (RFC 3986 §6.2.2.2) and all other bytes as they are.
func AppendUnreserved(dst []byte, path string) []byte {
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			if c, ok := hexByte(path[i+1], path[i+2]); ok && unreserved(c) {
				dst = append(dst, c)
				i += 2
				continue
			}
		}
		dst = append(dst, path[i])
	}
	return dst
}

// removeDots removes dot segments in place (RFC 3986 §5.2.4); b starts with '/'.
func removeDots(b []byte) []byte {
	w := 0 // b[:w] is the output: "/seg/seg", its last segment open
	for r := 0; r < len(b); {
		end := r + 1
		for end < len(b) && b[end] != '/' {
			end++
		}
		seg, last := b[r+1:end], end == len(b)
		switch {
		case string(seg) == ".":
			if last {
				b[w], w = '/', w+1
			}
		case string(seg) == "..":
			for w > 0 {
				w--
				if b[w] == '/' {
					break
				}
			}
			if last {
				b[w], w = '/', w+1
			}
		default:
			w += copy(b[w:], b[r:end])
		}
		r = end
	}
	return b[:w]
}

// mergeSlashes makes one slash of several in a row, in place.
func mergeSlashes(b []byte) []byte {
	w := 0
	for r := range b {
		if b[r] == '/' && w > 0 && b[w-1] == '/' {
			continue
		}
		b[w], w = b[r], w+1
	}
	return b[:w]
}

// IsNormal says that a request path can be path once unreserved characters are decoded:
// what a rule names must be, or it never matches outside PathRaw.
func IsNormal(path string) bool { return inspect(path, 0) == 0 }

// unreserved: RFC 3986 §2.3.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

func hexByte(a, b byte) (byte, bool) {
	x, y := hexDigit(a), hexDigit(b)
	return x<<4 | y&15, x < 16 && y < 16
}

// hexDigit returns the digit's value, or 255.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}
