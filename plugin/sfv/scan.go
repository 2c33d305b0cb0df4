package sfv

// scanner walks a text. Its methods take what they are named after from the front and
// return false where that is not there; the place is then of no meaning.
type scanner struct {
	text string
	at   int
}

// class says where a byte may stand.
type class uint8

const (
	keyStart   class = 1 << iota // RFC 9651 §3.1.2: lcalpha, "*"
	keyByte                      // and DIGIT, "_", "-", "."
	tokenStart                   // §3.3.4: ALPHA, "*"
	tokenByte                    // tchar of RFC 9110 §5.6.2, ":", "/"
	digit
)

var classes = makeClasses()

func makeClasses() (t [256]class) {
	for c := '0'; c <= '9'; c++ {
		t[c] |= digit | keyByte | tokenByte
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c] |= keyStart | keyByte | tokenStart | tokenByte
		t[c-'a'+'A'] |= tokenStart | tokenByte
	}
	for _, c := range "!#$%&'*+-.^_`|~:/" {
		t[c] |= tokenByte
	}
	for _, c := range "_-.*" {
		t[c] |= keyByte
	}
	t['*'] |= keyStart | tokenStart
	return t
}

func (s *scanner) end() bool { return s.at == len(s.text) }

// is says that c comes next.
func (s *scanner) is(c byte) bool { return s.at < len(s.text) && s.text[s.at] == c }

// take goes past c if it comes next.
func (s *scanner) take(c byte) bool {
	if !s.is(c) {
		return false
	}
	s.at++
	return true
}

// run goes past all bytes of a class and returns how many they were.
func (s *scanner) run(c class) int {
	from := s.at
	for s.at < len(s.text) && classes[s.text[s.at]]&c != 0 {
		s.at++
	}
	return s.at - from
}

// spaces goes past SP, the only white space inside of members.
func (s *scanner) spaces() {
	for s.is(' ') {
		s.at++
	}
}

// blanks goes past OWS, which surrounds members: SP and HTAB.
func (s *scanner) blanks() {
	for s.is(' ') || s.is('\t') {
		s.at++
	}
}

// comma is RFC 9651 §4.2.1 and §4.2.2 after a member: nothing more, or a comma that
// something follows.
func (s *scanner) comma() (more, ok bool) {
	s.blanks()
	if s.end() {
		return false, true
	}
	if !s.take(',') {
		return false, false
	}
	s.blanks()
	return true, !s.end() // a trailing comma
}

// key is RFC 9651 §4.2.3.3.
func (s *scanner) key() (string, bool) {
	from := s.at
	if s.end() || classes[s.text[s.at]]&keyStart == 0 {
		return "", false
	}
	n := s.run(keyByte)
	return s.text[from:s.at], n <= MaxKey
}

// member is a dictionary's member, RFC 9651 §4.2.2.
func (s *scanner) member(m *Member) (ok bool) {
	if m.Key, ok = s.key(); !ok {
		return false
	}
	if s.take('=') {
		return s.value(&m.Value)
	}
	return s.finish(&m.Value, Boolean, s.at)
}

// value is an item or an inner list, RFC 9651 §4.2.1.1.
func (s *scanner) value(v *Value) bool {
	from := s.at
	if !s.is('(') {
		return s.item(v)
	}
	return s.innerList() && s.finish(v, InnerList, from)
}

// item is RFC 9651 §4.2.3.
func (s *scanner) item(v *Value) bool {
	from := s.at
	kind, ok := s.bare()
	return ok && s.finish(v, kind, from)
}

// finish fills v with what stands from a place to here, and with the parameters that
// follow.
func (s *scanner) finish(v *Value, kind Kind, from int) bool {
	middle := s.at
	for n := 0; s.is(';'); n++ {
		var m Member
		if n == MaxParameters || !s.parameter(&m) {
			return false
		}
	}
	v.Kind, v.Text, v.Raw = kind, s.text[from:middle], s.text[from:s.at]
	v.Parameters.text = s.text[middle:s.at]
	return true
}

// parameter is one round of RFC 9651 §4.2.3.2: a semicolon, a key, perhaps a bare item.
func (s *scanner) parameter(m *Member) (ok bool) {
	if !s.take(';') {
		return false
	}
	s.spaces()
	if m.Key, ok = s.key(); !ok {
		return false
	}
	m.Value = Value{Kind: Boolean}
	if !s.take('=') {
		return true
	}
	from := s.at
	m.Kind, ok = s.bare()
	m.Text = s.text[from:s.at]
	m.Raw = m.Text
	return ok
}

// innerList is RFC 9651 §4.2.1.2.
func (s *scanner) innerList() bool {
	if !s.take('(') {
		return false
	}
	for n := 0; ; n++ {
		var v Value
		if more, ok := s.inner(&v); !more {
			return ok
		}
		if n == MaxItems {
			return false
		}
	}
}

// inner takes an inner list's next item, or its closing bracket: then more is false.
func (s *scanner) inner(v *Value) (more, ok bool) {
	s.spaces()
	if s.take(')') {
		return false, true
	}
	if !s.item(v) || !s.is(' ') && !s.is(')') {
		return false, false
	}
	return true, true
}
