package jsonx

import "github.com/valyala/fastjson"

// Doc is a parsed text. The zero value is ready; reuse it, so that its tape is
// allocated once. It is not safe for concurrent use.
type Doc struct{}

// Parse reads text, which must be one JSON value and nothing else but white space.
// The document aliases text until the next Parse: the caller keeps its hands off. After
// an error the document is empty.
func (d *Doc) Parse(text []byte, lim Limits) error { return ErrSyntax }

// Offset is the position in bytes at which the last Parse gave up.
func (d *Doc) Offset() int { return 0 }

// Root returns the text's value; its kind is Invalid if there is none.
func (d *Doc) Root() Value { return Value{} }

// Value is one value of a document, valid until the document's next Parse. The zero
// Value has kind Invalid and answers every question with nothing.
type Value struct{ d *Doc }

// Kind returns the value's kind.
func (v Value) Kind() Kind { return Invalid }

// Member returns an object's member by its exact unescaped name.
func (v Value) Member(name string) (Value, bool) { return Value{}, false }

// Len returns the number of members or elements, 0 for other kinds.
func (v Value) Len() int { return 0 }

// First returns the first member or element.
func (v Value) First() (Value, bool) { return Value{}, false }

// Next returns the member or element after v.
func (v Value) Next() (Value, bool) { return Value{}, false }

// Name returns a member's unescaped name, "" for a value that is no member. It aliases
// the document and is valid until its next Parse.
func (v Value) Name() string { return "" }

// Raw returns the value's text as written; it aliases the document's text.
func (v Value) Raw() string { return "" }

// Text returns a string's unescaped value, "" for other kinds. It aliases the document
// and is valid until its next Parse.
func (v Value) Text() string { return "" }

// Seconds returns a NumericDate (RFC 7519 §2) as whole seconds since 1970 and
// nanoseconds (0 to 999,999,999), rounded up to the next nanosecond, which keeps every
// comparison with a clock of whole nanoseconds exact. Fractions and exponents count by
// value. ok is false for other kinds, a minus sign, values over 2^53 and texts longer
// than any clock needs.
func (v Value) Seconds() (whole, nanos int64, ok bool) { return 0, 0, false }

// Tree makes the same strict check and returns a fastjson tree, for configure time. An
// error says the line and column.
func Tree(text []byte, lim Limits) (*fastjson.Value, error) { return nil, ErrSyntax }
