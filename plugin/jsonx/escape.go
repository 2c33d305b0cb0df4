package jsonx

import "unicode/utf8"

// escape appends the character of the escape sequence at the position to d.plain
// (RFC 8259 §7).
func (d *Doc) escape() error {
	d.pos++
	c := d.peek()
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return d.unicode()
	default:
		return ErrEscape
	}
	d.plain = append(d.plain, c)
	d.pos++
	return nil
}

// unicode reads "uXXXX", and a second one where the first is a high surrogate. A lone
// surrogate has no UTF-8 form (RFC 8259 §8.2), so it is refused rather than replaced:
// two parsers would replace it in two ways.
func (d *Doc) unicode() error {
	r, ok := d.hex()
	if !ok {
		return ErrEscape
	}
	switch {
	case r >= 0xdc00 && r <= 0xdfff:
		return ErrSurrogate
	case r >= 0xd800 && r <= 0xdbff:
		if d.pos+1 >= len(d.text) || d.text[d.pos] != '\\' || d.text[d.pos+1] != 'u' {
			return ErrSurrogate
		}
		d.pos++
		low, ok := d.hex()
		if !ok {
			return ErrEscape
		}
		if low < 0xdc00 || low > 0xdfff {
			return ErrSurrogate
		}
		r = 0x10000 + (r-0xd800)<<10 + (low - 0xdc00)
	}
	d.plain = utf8.AppendRune(d.plain, r)
	return nil
}

// hex reads "u" and four hexadecimal digits.
func (d *Doc) hex() (rune, bool) {
	if len(d.text)-d.pos < 5 {
		return 0, false
	}
	var r rune
	for _, c := range []byte(d.text[d.pos+1 : d.pos+5]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	d.pos += 5
	return r, true
}
