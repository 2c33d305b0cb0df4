// Package base64url decodes base64url as JOSE writes it.
//
// In: text. Out: bytes. Spec: RFC 4648 §5 without padding (RFC 7515 §2), and of all
// texts for some bytes only the canonical one: no padding, no white space, no character
// of another alphabet, no non-zero trailing bits, no length of 1 modulo 4. It never
// skips a character, so that a token cannot be rewritten into another one that still
// verifies.
package base64url

const (
	// invalid marks a character outside the alphabet; it lies above the 24 bits that
	// four characters make, so that one OR of four table entries shows it.
	invalid  = 1 << 31
	alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// places holds each character's six bits, shifted to the four places of a group.
var places = table()

func table() (t [4][256]uint32) {
	for p := range t {
		for c := range t[p] {
			t[p][c] = invalid
		}
		for v, c := range []byte(alphabet) {
			t[p][c] = uint32(v) << (18 - 6*p)
		}
	}
	return t
}

// DecodedLen returns the number of bytes that n characters decode to.
func DecodedLen(n int) int { return n/4*3 + n%4*3/4 }

// Append decodes text, appends the bytes to dst and returns the longer slice, or dst
// and false where text is not in the one accepted form. It does not allocate if dst has
// room for [DecodedLen] bytes more.
func Append(dst []byte, text string) ([]byte, bool) {
	start := len(dst)
	need := start + DecodedLen(len(text))
	if cap(dst) < need {
		grown := make([]byte, start, need)
		copy(grown, dst)
		dst = grown
	}
	out := dst[start:need]
	i, j := 0, 0
	for ; len(text)-i >= 4; i, j = i+4, j+3 {
		v := places[0][text[i]] | places[1][text[i+1]] | places[2][text[i+2]] | places[3][text[i+3]]
		if v >= invalid {
			return dst, false
		}
		out[j], out[j+1], out[j+2] = byte(v>>16), byte(v>>8), byte(v)
	}
	switch len(text) - i {
	case 1: // six bits are no byte
		return dst, false
	case 2: // RFC 4648 §3.5: the four bits left over must be zero
		v := places[0][text[i]] | places[1][text[i+1]]
		if v >= invalid || v&0xffff != 0 {
			return dst, false
		}
		out[j] = byte(v >> 16)
	case 3: // and here the two
		v := places[0][text[i]] | places[1][text[i+1]] | places[2][text[i+2]]
		if v >= invalid || v&0xff != 0 {
			return dst, false
		}
		out[j], out[j+1] = byte(v>>16), byte(v>>8)
	}
	return dst[:need], true
}
