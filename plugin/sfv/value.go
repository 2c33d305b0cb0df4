package sfv

// Integer returns an integer's number; false for any other value.
func (v Value) Integer() (int64, bool) {
	if v.Kind != Integer {
		return 0, false
	}
	n, _ := number(v.Text)
	return n, true
}

// Date returns a date in seconds since 1970; false for any other value.
func (v Value) Date() (int64, bool) {
	if v.Kind != Date {
		return 0, false
	}
	n, _ := number(v.Text[len("@"):])
	return n, true
}

// Thousandths returns an integer or a decimal in thousandths, which is exact; false for
// any other value.
func (v Value) Thousandths() (int64, bool) {
	if v.Kind != Integer && v.Kind != Decimal {
		return 0, false
	}
	n, digits := number(v.Text)
	for ; digits < maxFraction; digits++ {
		n *= 10 // 18 digits at most
	}
	return n, true
}

// number returns what the digits of a valid number make, the point left out, and how
// many of them follow the point.
func number(text string) (n int64, fraction int) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '-':
		case '.':
			fraction = len(text) - i - 1
		default:
			n = n*10 + int64(c-'0')
		}
	}
	if text[0] == '-' {
		n = -n
	}
	return n, fraction
}

// Boolean returns a boolean; false and false for any other value.
func (v Value) Boolean() (b, ok bool) {
	if v.Kind != Boolean {
		return false, false
	}
	return v.Text == "" || v.Text == "?1", true
}

// Token returns a token; "" for any other value.
func (v Value) Token() string {
	if v.Kind != Token {
		return ""
	}
	return v.Text
}

// Plain returns a string's characters where they stand as they are in the text; false
// for a string with escapes, for which there is [Value.AppendString], and for any other
// value. It aliases the text.
func (v Value) Plain() (string, bool) {
	if v.Kind != String {
		return "", false
	}
	inside := v.Text[1 : len(v.Text)-1]
	for i := 0; i < len(inside); i++ {
		if inside[i] == '\\' {
			return "", false
		}
	}
	return inside, true
}

// AppendString appends a string's characters; false for any other value.
func (v Value) AppendString(dst []byte) ([]byte, bool) {
	if v.Kind != String {
		return dst, false
	}
	for i := 1; i < len(v.Text)-1; i++ {
		if v.Text[i] == '\\' {
			i++
		}
		dst = append(dst, v.Text[i])
	}
	return dst, true
}

// AppendBytes appends what a byte sequence stands for; false for any other value. It
// appends at most three bytes for four of the text.
func (v Value) AppendBytes(dst []byte) ([]byte, bool) {
	if v.Kind != ByteSequence {
		return dst, false
	}
	return appendBase64(dst, v.Text[1:len(v.Text)-1]), true
}

// AppendDisplay appends a display string as UTF-8, which may hold any character,
// control characters too; false for any other value.
func (v Value) AppendDisplay(dst []byte) ([]byte, bool) {
	if v.Kind != DisplayString {
		return dst, false
	}
	for s := (scanner{text: v.Text[:len(v.Text)-1], at: len(`%"`)}); !s.end(); {
		c, _ := s.displayByte()
		dst = append(dst, c)
	}
	return dst, true
}
