// Package base64 writes bytes as base64.
//
// In: bytes. Out: text. Spec: RFC 4648. It only writes: what is read is read strictly by the
// rooms that know which form they take.
package base64

// Form is how base64 is written.
type Form uint8

// The forms.
const (
	// Standard is §4's alphabet with padding.
	Standard Form = iota
	// URL is §5's alphabet without padding, as JOSE has it.
	URL
)

const alphabets = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" +
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Append appends the bytes of s in the form to dst.
func Append(dst []byte, f Form, s string) []byte {
	digits := alphabets[:64]
	if f == URL {
		digits = alphabets[64:]
	}
	for ; len(s) >= 3; s = s[3:] {
		n := uint(s[0])<<16 | uint(s[1])<<8 | uint(s[2])
		dst = append(dst, digits[n>>18], digits[n>>12&63], digits[n>>6&63], digits[n&63])
	}
	switch len(s) {
	case 0:
		return dst
	case 1:
		n := uint(s[0]) << 16
		dst = append(dst, digits[n>>18], digits[n>>12&63], '=', '=')
	default:
		n := uint(s[0])<<16 | uint(s[1])<<8
		dst = append(dst, digits[n>>18], digits[n>>12&63], digits[n>>6&63], '=')
	}
	if f == URL {
		dst = dst[:len(dst)-(3-len(s))] // without the padding
	}
	return dst
}
