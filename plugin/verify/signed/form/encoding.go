package form

// Alphabet is a form of base64 (RFC 4648).
type Alphabet uint8

// The alphabets. Where padding is not optional, it must be there, or must not.
const (
	// Std is section 4's alphabet without padding, StdPadded with it, StdAny with or
	// without.
	Std Alphabet = iota
	StdPadded
	StdAny
	// URL is section 5's alphabet (- and _), in the same three forms.
	URL
	URLPadded
	URLAny
)

// bad marks what is no digit.
const bad = 0xff

// nibble returns a hex digit's value, in either case.
func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return bad
}

// Hex appends the bytes that s writes in hex, in either case; "" is no bytes. False for an
// odd length or another byte, dst is then as it was.
func Hex(dst []byte, s string) ([]byte, bool) {
	if len(s)%2 != 0 {
		return dst, false
	}
	// Room for all of it at once, whatever stands there: a request has two such texts.
	all := append(dst, s[:len(s)/2]...)
	out := all[len(dst):]
	for i := range out {
		high, low := nibble(s[2*i]), nibble(s[2*i+1])
		if high|low > 15 {
			return dst, false
		}
		out[i] = high<<4 | low
	}
	return all, true
}

// sextet returns the value of a digit of base64.
func sextet(c byte, url bool) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c - 'A'
	case 'a' <= c && c <= 'z':
		return c - 'a' + 26
	case '0' <= c && c <= '9':
		return c - '0' + 52
	case c == '+' && !url, c == '-' && url:
		return 62
	case c == '/' && !url, c == '_' && url:
		return 63
	}
	return bad
}

// Base64 appends the bytes that s writes in the alphabet; "" is no bytes. There is one text
// for any bytes and padding: RFC 4648 §3.5, trailing bits are zero, and there is no white
// space. False otherwise, dst is then as it was.
func Base64(dst []byte, s string, alphabet Alphabet) ([]byte, bool) {
	digits := s
	for n := 0; n < 2 && digits != "" && digits[len(digits)-1] == '='; n++ {
		digits = digits[:len(digits)-1]
	}
	padded := len(digits) < len(s)
	switch alphabet {
	case Std, URL:
		if padded {
			return dst, false
		}
	case StdPadded, URLPadded:
		if len(s)%4 != 0 {
			return dst, false
		}
	case StdAny, URLAny:
	default:
		return dst, false
	}
	if padded && len(s)%4 != 0 || len(digits)%4 == 1 {
		return dst, false
	}
	url := alphabet >= URL
	all := append(dst, digits[:len(digits)*3/4]...)
	out := all[len(dst):]
	var bits uint32
	held, n := 0, 0
	for i := 0; i < len(digits); i++ {
		v := sextet(digits[i], url)
		if v == bad {
			return dst, false
		}
		bits = bits<<6 | uint32(v)
		if held += 6; held >= 8 {
			held -= 8
			out[n] = byte(bits >> held)
			n++
			bits &= 1<<held - 1
		}
	}
	if bits != 0 {
		return dst, false
	}
	return all, true
}
