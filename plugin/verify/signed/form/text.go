package form

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/request"
)

// Bytes returns b as a string without a copy: b must not be written again while the string
// is in use.
func Bytes(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // G103: length and data are one slice's
}

// One returns the value of the first line of a header field and how many lines it has. It
// aliases the request.
func One(v *request.View, name string) (value string, n int) {
	for i, ok := v.Next(name, 0); ok; i, ok = v.Next(name, i+1) {
		if n++; n == 1 {
			value = v.Headers[i].Value
		}
	}
	return value, n
}

// Credential returns what follows a scheme in a field such as Authorization; ok is false if
// it has another scheme, or nothing but that.
func Credential(value, scheme string) (credential string, ok bool) {
	if len(value) <= len(scheme) || !request.EqualFold(value[:len(scheme)], scheme) || value[len(scheme)] != ' ' {
		return "", false
	}
	return value[len(scheme)+1:], true
}

// Joined says that a field's value has another credential of a scheme behind a comma: two
// lines of Authorization, of which proxies make one.
func Joined(value, scheme string) bool {
	for i := 0; i < len(value); i++ {
		if value[i] != ',' {
			continue
		}
		for i+1 < len(value) && (value[i+1] == ' ' || value[i+1] == '\t') {
			i++
		}
		if _, ok := Credential(value[i+1:], scheme); ok {
			return true
		}
	}
	return false
}

// Trim returns s without spaces and tabs at its ends (RFC 9110 §5.6.3).
func Trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// Lower appends s with ASCII letters in lower case.
func Lower(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		dst = append(dst, request.Lower(s[i]))
	}
	return dst
}

// Upper appends s with ASCII letters in upper case.
func Upper(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// unreserved: RFC 3986 §2.3.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// AppendEscaped appends s percent-encoded but for RFC 3986's unreserved characters, with
// hex digits in upper case.
func AppendEscaped(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		if c := s[i]; unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// Unescape appends s percent-decoded; '+' is itself. False for a '%' without two hex digits
// (RFC 3986 §2.1), dst is then as it was.
func Unescape(dst []byte, s string) ([]byte, bool) { return unescape(dst, s, '+') }

// UnescapeForm is Unescape where '+' is a space (HTML's form encoding).
func UnescapeForm(dst []byte, s string) ([]byte, bool) { return unescape(dst, s, ' ') }

func unescape(dst []byte, s string, plus byte) ([]byte, bool) {
	n := len(dst)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = plus
		case '%':
			if i+2 >= len(s) {
				return dst[:n], false
			}
			high, low := nibble(s[i+1]), nibble(s[i+2])
			if high|low > 15 {
				return dst[:n], false
			}
			c = high<<4 | low
			i += 2
		}
		dst = append(dst, c)
	}
	return dst, true
}
