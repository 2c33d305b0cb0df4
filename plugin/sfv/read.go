package sfv

// ReadDictionary reads a whole field value as a dictionary (RFC 9651 §4.2.2). False for
// any other text; "" is a dictionary without members.
func ReadDictionary(text string) (Dictionary, bool) {
	s, ok := start(text)
	if !ok {
		return Dictionary{}, false
	}
	for n, more := 0, !s.end(); more; n++ {
		var m Member
		if n == MaxMembers || !s.member(&m) {
			return Dictionary{}, false
		}
		if more, ok = s.comma(); !ok {
			return Dictionary{}, false
		}
	}
	return Dictionary{text}, true
}

// ReadList reads a whole field value as a list (RFC 9651 §4.2.1). False for any other
// text; "" is a list without members.
func ReadList(text string) (List, bool) {
	s, ok := start(text)
	if !ok {
		return List{}, false
	}
	for n, more := 0, !s.end(); more; n++ {
		var v Value
		if n == MaxMembers || !s.value(&v) {
			return List{}, false
		}
		if more, ok = s.comma(); !ok {
			return List{}, false
		}
	}
	return List{text}, true
}

// ReadItem reads a whole field value as one item (RFC 9651 §4.2.3), which is never an
// inner list. False for any other text, "" included.
func ReadItem(text string) (v Value, ok bool) {
	s, ok := start(text)
	if !ok || !s.item(&v) {
		return Value{}, false
	}
	if s.spaces(); !s.end() {
		return Value{}, false
	}
	return v, true
}

// start is RFC 9651 §4.2, steps 1 to 3.
func start(text string) (scanner, bool) {
	s := scanner{text: text}
	s.spaces()
	return s, len(text) <= MaxText
}

// Members walks a dictionary or parameters. Its fields are the member at which it is:
//
//	for m := d.Members(); m.Next(); { ... m.Key, m.Value ... }
type Members struct {
	Member
	rest       scanner
	parameters bool
}

// Members returns the members in order, each key as often as it was written. A walk
// allocates nothing.
func (d Dictionary) Members() Members {
	s, _ := start(d.text)
	return Members{rest: s}
}

// Members returns the parameters in order, each key as often as it was written.
func (p Parameters) Members() Members {
	return Members{rest: scanner{text: p.text}, parameters: true}
}

// Next goes to the next member; false behind the last one.
func (m *Members) Next() bool {
	if m.rest.end() {
		return false
	}
	if m.parameters {
		return m.rest.parameter(&m.Member)
	}
	if !m.rest.member(&m.Member) {
		return false
	}
	m.rest.comma()
	return true
}

// Get returns the value of a key, and how often the key was written: 0 if it is not
// there. Of several the last one counts (RFC 9651 §4.2.2); who wants no doubt refuses
// more than one.
func (d Dictionary) Get(key string) (v Value, times int) { return last(d.Members(), key) }

// Get is [Dictionary.Get] for a parameter, whose value is a bare item.
func (p Parameters) Get(key string) (v Value, times int) { return last(p.Members(), key) }

func last(m Members, key string) (v Value, times int) {
	for m.Next() {
		if m.Key == key {
			v, times = m.Value, times+1
		}
	}
	return v, times
}

// Values walks a list or an inner list. Its fields are the value at which it is:
//
//	for v := l.Values(); v.Next(); { ... v.Value ... }
type Values struct {
	Value
	rest  scanner
	inner bool
}

// Values returns the members in order.
func (l List) Values() Values {
	s, _ := start(l.text)
	return Values{rest: s}
}

// Items returns the items of an inner list in order; none of any other value.
func (v Value) Items() Values {
	if v.Kind != InnerList {
		return Values{inner: true}
	}
	return Values{rest: scanner{text: v.Text, at: len("(")}, inner: true}
}

// Next goes to the next value; false behind the last one.
func (v *Values) Next() bool {
	if v.rest.end() {
		return false
	}
	if v.inner {
		more, ok := v.rest.inner(&v.Value)
		return more && ok
	}
	if !v.rest.value(&v.Value) {
		return false
	}
	v.rest.comma()
	return true
}
