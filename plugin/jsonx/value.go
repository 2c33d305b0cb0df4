package jsonx

// Value is one value of a document, valid until the document's next Parse. The zero
// Value has kind Invalid and answers every question with nothing.
type Value struct {
	doc *Doc
	// at is the value's index on the tape, stop the index where its siblings end.
	at, stop uint32
	// member says that the entry before it is its name.
	member bool
}

// node returns the value's entry, nil if there is none. A value kept beyond the next
// Parse may answer for something else, but it stays within the new tape.
func (v Value) node() *node {
	if v.doc == nil || int(v.at) >= len(v.doc.nodes) {
		return nil
	}
	return &v.doc.nodes[v.at]
}

// Kind returns the value's kind.
func (v Value) Kind() Kind {
	n := v.node()
	if n == nil {
		return Invalid
	}
	return v.doc.kindOf(n)
}

// Member returns an object's member by its exact unescaped name.
func (v Value) Member(name string) (Value, bool) {
	if v.Kind() != Object {
		return Value{}, false
	}
	for m, ok := v.First(); ok; m, ok = m.Next() {
		if m.Name() == name {
			return m, true
		}
	}
	return Value{}, false
}

// Len returns the number of members or elements, 0 for other kinds.
func (v Value) Len() int {
	switch v.Kind() {
	case Array, Object:
		return int(v.node().b)
	case Invalid, Null, False, True, Number, String:
	}
	return 0
}

// First returns the first member or element.
func (v Value) First() (Value, bool) {
	if v.Len() == 0 {
		return Value{}, false
	}
	first := Value{doc: v.doc, at: v.at + 1, stop: v.node().a}
	if v.Kind() == Object {
		first.at, first.member = first.at+1, true
	}
	return first, true
}

// Next returns the member or element after v.
func (v Value) Next() (Value, bool) {
	if v.node() == nil {
		return Value{}, false
	}
	next := v
	next.at = v.doc.after(v.at)
	if next.at >= v.stop {
		return Value{}, false
	}
	if v.member {
		next.at++
	}
	return next, next.node() != nil
}

// Name returns a member's unescaped name, "" for a value that is no member. It aliases
// the document and is valid until its next Parse.
func (v Value) Name() string {
	if !v.member || v.node() == nil {
		return ""
	}
	return Value{doc: v.doc, at: v.at - 1}.Text()
}

// Raw returns the value's text as written; it aliases the document's text.
func (v Value) Raw() string {
	n := v.node()
	if n == nil {
		return ""
	}
	return v.doc.text[n.start:n.end]
}

// Text returns a string's unescaped value, "" for other kinds. It aliases the document
// and is valid until its next Parse.
func (v Value) Text() string {
	if v.Kind() != String {
		return ""
	}
	return v.doc.stringAt(v.at)
}
