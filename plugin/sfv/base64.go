package sfv

// invalid marks a byte outside of the alphabet.
const invalid = 0xff

var base64Values = makeBase64Values()

func makeBase64Values() (t [256]byte) {
	for i := range t {
		t[i] = invalid
	}
	for v, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = byte(v)
	}
	return t
}

// validBase64 says that text is RFC 4648 §4, padded, with zero trailing bits (§3.5).
func validBase64(text string) bool {
	if len(text)%4 != 0 {
		return false
	}
	if text == "" {
		return true
	}
	digits := len(text)
	for range 2 {
		if text[digits-1] == '=' {
			digits--
		}
	}
	for i := 0; i < digits; i++ {
		if base64Values[text[i]] == invalid {
			return false
		}
	}
	switch last := base64Values[text[digits-1]]; len(text) - digits {
	case 1:
		return last&3 == 0
	case 2:
		return last&15 == 0
	}
	return true
}

// appendBase64 appends what text, which is valid, stands for.
func appendBase64(dst []byte, text string) []byte {
	for ; len(text) >= 4; text = text[4:] {
		a, b, c, d := base64Values[text[0]], base64Values[text[1]], base64Values[text[2]], base64Values[text[3]]
		dst = append(dst, a<<2|b>>4)
		if text[2] != '=' {
			dst = append(dst, b<<4|c>>2)
		}
		if text[3] != '=' {
			dst = append(dst, c<<6|d)
		}
	}
	return dst
}
