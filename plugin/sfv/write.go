package sfv

import "strconv"

// Append appends a dictionary in the canonical form (RFC 9651 §4.1.2). A key that was
// written more than once stands at its first place with its last value; the work then
// grows with the square of the members, of which [MaxMembers] is the bound.
func (d Dictionary) Append(dst []byte) []byte {
	first := len(dst)
	for m := d.Members(); m.Next(); {
		if written(d.Members(), m.Key, m.rest.at) {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ", "...)
		}
		v, _ := d.Get(m.Key)
		dst = append(dst, m.Key...)
		if b, _ := v.Boolean(); b {
			dst = v.Parameters.Append(dst) // true by being there
		} else {
			dst = v.Append(append(dst, '='))
		}
	}
	return dst
}

// Append appends a list in the canonical form (RFC 9651 §4.1.1).
func (l List) Append(dst []byte) []byte {
	first := len(dst)
	for v := l.Values(); v.Next(); {
		if len(dst) > first {
			dst = append(dst, ", "...)
		}
		dst = v.Append(dst)
	}
	return dst
}

// Append appends a value and its parameters in the canonical form (RFC 9651 §4.1.1.1,
// §4.1.3): true is "?1", also where it was written as a key alone.
func (v Value) Append(dst []byte) []byte {
	if v.Kind == InnerList {
		dst = append(dst, '(')
		first := len(dst)
		for item := v.Items(); item.Next(); {
			if len(dst) > first {
				dst = append(dst, ' ')
			}
			dst = item.Append(dst)
		}
		dst = append(dst, ')')
	} else {
		dst = v.appendBare(dst)
	}
	return v.Parameters.Append(dst)
}

// Append appends parameters in the canonical form (RFC 9651 §4.1.1.2).
func (p Parameters) Append(dst []byte) []byte {
	for m := p.Members(); m.Next(); {
		if written(p.Members(), m.Key, m.rest.at) {
			continue
		}
		v, _ := p.Get(m.Key)
		dst = append(append(dst, ';'), m.Key...)
		if b, _ := v.Boolean(); !b {
			dst = v.appendBare(append(dst, '='))
		}
	}
	return dst
}

// written says that a key stands at an earlier place than the one whose member ends at
// the given place.
func written(m Members, key string, end int) bool {
	for m.Next() && m.rest.at < end {
		if m.Key == key {
			return true
		}
	}
	return false
}

// appendBare is RFC 9651 §4.1.3.1 and what follows it.
func (v Value) appendBare(dst []byte) []byte {
	switch v.Kind {
	case Integer:
		n, _ := number(v.Text)
		return strconv.AppendInt(dst, n, 10)
	case Date:
		n, _ := number(v.Text[len("@"):])
		return strconv.AppendInt(append(dst, '@'), n, 10)
	case Decimal:
		return v.appendDecimal(dst)
	case Boolean:
		if b, _ := v.Boolean(); b {
			return append(dst, "?1"...)
		}
		return append(dst, "?0"...)
	case DisplayString:
		return v.appendDisplay(dst)
	case String, Token, ByteSequence:
		return append(dst, v.Text...) // there is but one way to write them
	case None, InnerList:
	}
	return dst
}

// appendDecimal is RFC 9651 §4.1.5: no zero too many at either end.
func (v Value) appendDecimal(dst []byte) []byte {
	n, _ := v.Thousandths()
	if v.Text[0] == '-' { // also a zero: §4.1.5 writes the sign of what is below zero only
		if n < 0 {
			dst = append(dst, '-')
		}
		n = -n
	}
	dst = append(strconv.AppendInt(dst, n/1000, 10), '.')
	n %= 1000
	dst = append(dst, byte('0'+n/100))
	if n%100 != 0 {
		dst = append(dst, byte('0'+n/10%10))
	}
	if n%10 != 0 {
		dst = append(dst, byte('0'+n%10))
	}
	return dst
}

// appendDisplay is RFC 9651 §4.1.11: only what must be is percent-encoded.
func (v Value) appendDisplay(dst []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, `%"`...)
	for s := (scanner{text: v.Text[:len(v.Text)-1], at: len(`%"`)}); !s.end(); {
		c, _ := s.displayByte()
		if c == '%' || c == '"' || c < ' ' || c > '~' {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
