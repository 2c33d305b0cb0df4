package template

// member returns the text of a member of the JSON object that body is, a string's without
// its quotes, and how many members of that name it has. It allocates nothing and looks at
// nothing else: what the object holds is only believed once its signature is proved, and
// then it is what the sender wrote. ok is false where another reader of JSON might find
// other members: no object, a member's name with an escape, brackets that do not close.
func member(body, name string) (text string, n int, ok bool) {
	s := scanner{body, 0}
	if s.space() != '{' {
		return "", 0, false
	}
	s.at++
	if s.space() == '}' {
		s.at++
		return "", 0, s.end()
	}
	for {
		if s.space() != '"' {
			return "", 0, false
		}
		from := s.at
		escaped, ok := s.text()
		if !ok || escaped {
			return "", 0, false
		}
		is := body[from+1:s.at-1] == name
		if s.space() != ':' {
			return "", 0, false
		}
		s.at++
		s.space()
		from = s.at
		if !s.value() {
			return "", 0, false
		}
		if is {
			n++
			text = unquote(body[from:s.at])
		}
		switch s.space() {
		case ',':
			s.at++
		case '}':
			s.at++
			return text, n, s.end()
		default:
			return "", 0, false
		}
	}
}

// unquote takes the quotes from a string that has no escapes; others match no format.
func unquote(text string) string {
	if len(text) >= 2 && text[0] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}

// scanner walks over JSON without a stack.
type scanner struct {
	body string
	at   int
}

// space passes over white space and returns the byte after it, 0 at the end.
func (s *scanner) space() byte {
	for ; s.at < len(s.body); s.at++ {
		switch s.body[s.at] {
		case ' ', '\t', '\n', '\r':
		default:
			return s.body[s.at]
		}
	}
	return 0
}

// end says that only white space is left.
func (s *scanner) end() bool { return s.space() == 0 && s.at == len(s.body) }

// text passes over a string whose opening quote is next.
func (s *scanner) text() (escaped, ok bool) {
	for s.at++; s.at < len(s.body); s.at++ {
		switch s.body[s.at] {
		case '"':
			s.at++
			return escaped, true
		case '\\':
			escaped = true
			s.at++
		}
	}
	return escaped, false
}

// value passes over a value.
func (s *scanner) value() bool {
	depth := 0
	for s.at < len(s.body) {
		switch s.body[s.at] {
		case '"':
			if _, ok := s.text(); !ok {
				return false
			}
			if depth == 0 {
				return true
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return false
			}
			if depth--; depth == 0 {
				s.at++
				return true
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return false // no value
			}
		default:
			if depth == 0 {
				return s.scalar()
			}
		}
		s.at++
	}
	return false
}

// scalar passes over a number or a word.
func (s *scanner) scalar() bool {
	from := s.at
	for ; s.at < len(s.body); s.at++ {
		switch s.body[s.at] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return s.at > from
		case '"', ':', '{', '[':
			return false
		}
	}
	return false // within an object something follows
}
