package sfv

import "unicode/utf8"

// bare is RFC 9651 §4.2.3.1: the first byte says what it is.
func (s *scanner) bare() (Kind, bool) {
	if s.end() {
		return None, false
	}
	c := s.text[s.at]
	switch {
	case c == '-' || classes[c]&digit != 0:
		return s.number()
	case c == '"':
		return String, s.quoted()
	case c == ':':
		return ByteSequence, s.bytes()
	case c == '?':
		return Boolean, s.boolean()
	case c == '@':
		return Date, s.date()
	case c == '%':
		return DisplayString, s.display()
	case classes[c]&tokenStart != 0:
		s.run(tokenByte)
		return Token, true
	}
	return None, false
}

const (
	maxInteger  = 15 // digits, RFC 9651 §3.3.1
	maxWhole    = 12 // before a decimal's point, §3.3.2
	maxFraction = 3  // after it
)

// number is RFC 9651 §4.2.4.
func (s *scanner) number() (Kind, bool) {
	s.take('-')
	whole := s.run(digit)
	if !s.take('.') {
		return Integer, 1 <= whole && whole <= maxInteger
	}
	fraction := s.run(digit)
	return Decimal, 1 <= whole && whole <= maxWhole && 1 <= fraction && fraction <= maxFraction
}

// date is RFC 9651 §4.2.9: an integer, never a decimal.
func (s *scanner) date() bool {
	s.take('@')
	kind, ok := s.number()
	return ok && kind == Integer
}

// boolean is RFC 9651 §4.2.8.
func (s *scanner) boolean() bool {
	s.take('?')
	return s.take('0') || s.take('1')
}

// quoted is RFC 9651 §4.2.5: only a quote and a backslash are escaped.
func (s *scanner) quoted() bool {
	for s.at++; s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		if c == '"' {
			s.at++
			return true
		}
		if c == '\\' {
			if s.at++; !s.is('"') && !s.is('\\') {
				return false
			}
		} else if c < ' ' || c > '~' {
			return false
		}
	}
	return false
}

// bytes is RFC 9651 §4.2.7. Of the texts for some bytes only the padded one with zero
// trailing bits is taken, which the RFC leaves to the parser: a signature has one text.
func (s *scanner) bytes() bool {
	s.at++
	from := s.at
	for s.at < len(s.text) && s.text[s.at] != ':' {
		s.at++
	}
	return validBase64(s.text[from:s.at]) && s.take(':')
}

// display is RFC 9651 §4.2.10: lower-case percent-encoding of strict UTF-8.
func (s *scanner) display() bool {
	s.at++
	if !s.take('"') {
		return false
	}
	var u utf8State
	for s.at < len(s.text) {
		c, ok := s.displayByte()
		if !ok {
			return false
		}
		if c == '"' && s.text[s.at-1] == '"' {
			return u.end()
		}
		if !u.next(c) {
			return false
		}
	}
	return false
}

// displayByte takes one byte of a display string: decoded, if it is encoded. A quote
// that ends the string is told from an encoded one by the text.
func (s *scanner) displayByte() (byte, bool) {
	c := s.text[s.at]
	s.at++
	if c != '%' {
		return c, ' ' <= c && c <= '~'
	}
	if s.at+2 > len(s.text) {
		return 0, false
	}
	high, low := lowerHex(s.text[s.at]), lowerHex(s.text[s.at+1])
	s.at += 2
	return high<<4 | low&15, high < 16 && low < 16
}

// lowerHex returns a lower-case hex digit's value, or 16.
func lowerHex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}

// utf8State collects the bytes of one character, so that nothing has to be decoded to
// memory first.
type utf8State struct {
	held [utf8.UTFMax]byte
	n    int
}

// next takes one byte more; false if no character goes on like that.
func (u *utf8State) next(c byte) bool {
	u.held[u.n] = c
	u.n++
	if !utf8.FullRune(u.held[:u.n]) {
		return true // never with four bytes
	}
	_, size := utf8.DecodeRune(u.held[:u.n])
	valid := size == u.n && (u.n > 1 || c < utf8.RuneSelf)
	u.n = 0
	return valid
}

// end says that no character is left half read.
func (u *utf8State) end() bool { return u.n == 0 }
