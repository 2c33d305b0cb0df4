package request

// NextParameter cuts the first parameter off a query: name and value as they stand,
// still percent-encoded, and the rest. Only '&' separates; a parameter without '='
// has the value "". more is false once query is used up.
//
//	for name, value, rest, more := request.NextParameter(v.Query); more; name, value, rest, more = request.NextParameter(rest)
//
// A query "" has no parameter; an empty piece between two '&' is one named "".
func NextParameter(query string) (name, value, rest string, more bool) {
	if query == "" {
		return "", "", "", false
	}
	end, eq := len(query), -1
	for i := 0; i < len(query); i++ {
		if query[i] == '&' {
			end, rest = i, query[i+1:]
			break
		}
		if query[i] == '=' && eq < 0 {
			eq = i
		}
	}
	if eq < 0 {
		return query[:end], "", rest, true
	}
	return query[:eq], query[eq+1 : end], rest, true
}

// EqualDecoded says that encoded, percent-decoded once, is exactly plain. A malformed
// encoding equals nothing; '+' is itself. It allocates nothing.
func EqualDecoded(encoded, plain string) bool {
	j := 0
	for i := 0; i < len(encoded); i++ {
		c := encoded[i]
		if c == '%' {
			if i+2 >= len(encoded) {
				return false
			}
			var ok bool
			if c, ok = hexByte(encoded[i+1], encoded[i+2]); !ok {
				return false
			}
			i += 2
		}
		if j >= len(plain) || plain[j] != c {
			return false
		}
		j++
	}
	return j == len(plain)
}

// AppendDecoded appends encoded to dst, percent-decoded once; '+' stays. False for a
// malformed encoding (RFC 3986 §2.1), dst then holds what came before it.
func AppendDecoded(dst []byte, encoded string) ([]byte, bool) {
	for i := 0; i < len(encoded); i++ {
		c := encoded[i]
		if c == '%' {
			if i+2 >= len(encoded) {
				return dst, false
			}
			var ok bool
			if c, ok = hexByte(encoded[i+1], encoded[i+2]); !ok {
				return dst, false
			}
			i += 2
		}
		dst = append(dst, c)
	}
	return dst, true
}

// Decode returns a query parameter's value as rules compare it: percent-decoded once,
// or as it stands if the encoding is malformed or the mode is [PathRaw]. It aliases the
// request or the view's buffer: valid until the next Decode, Host or Read.
func (v *View) Decode(value string) string {
	if v.mode == PathRaw {
		return value
	}
	for i := 0; i < len(value); i++ {
		if value[i] == '%' {
			b, ok := AppendDecoded(v.text[:0], value)
			v.text = b
			if !ok {
				return value
			}
			return asString(b)
		}
	}
	return value
}

// IsParameter says that a parameter's name, as it stands in the query, is name: decoded
// once, or in [PathRaw] byte for byte.
func (v *View) IsParameter(encoded, name string) bool {
	if v.mode == PathRaw {
		return encoded == name
	}
	return EqualDecoded(encoded, name)
}
