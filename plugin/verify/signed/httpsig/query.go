package httpsig

import (
	"unicode/utf8"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// queryParam appends the value of the query parameter whose name, encoded anew, is the one
// that is given: RFC 9421 §2.2.8. There must be exactly one.
func (w *reader) queryParam(name string) reason.Code {
	if !w.spend(len(w.view.Query)) {
		return reason.SignaturesTooMany
	}
	if name == "" {
		return reason.ComponentMissing // "&&" has empty pieces that are no parameters
	}
	found := 0
	for key, value, rest, more := request.NextParameter(w.view.Query); more; key, value, rest, more = request.NextParameter(rest) {
		from := len(w.text)
		encoded, ok := w.reencode(w.text, key)
		if !ok || string(encoded[from:]) != name {
			continue
		}
		if found++; found > 1 {
			return reason.ComponentMissing
		}
		if w.text, ok = w.reencode(encoded[:from], value); !ok {
			return reason.ComponentUnsupported
		}
	}
	if found == 0 {
		return reason.ComponentMissing
	}
	return reason.OK
}

// reencode appends a piece of a query, decoded as a form's and encoded in the one way that
// is signed (the URL standard's application/x-www-form-urlencoded percent-encode set). A
// malformed encoding and what is not UTF-8, which that standard mends, are refused: two
// queries would be one.
func (w *reader) reencode(dst []byte, piece string) ([]byte, bool) {
	w.scratch = w.scratch[:0]
	for i := 0; i < len(piece); i++ {
		c := piece[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(piece) {
				return dst, false
			}
			high, low := nibble(piece[i+1]), nibble(piece[i+2])
			if high|low > 15 {
				return dst, false
			}
			c = high<<4 | low
			i += 2
		}
		w.scratch = append(w.scratch, c)
	}
	const hex = "0123456789ABCDEF"
	for _, c := range w.scratch {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '*', c == '-', c == '.', c == '_':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst, utf8.Valid(w.scratch)
}

// nibble returns a hex digit's value, in either case, or more than 15.
func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}
