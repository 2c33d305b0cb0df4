package jsonx

import "unsafe"

// node is one entry of the tape. Members of an object are two entries: the name, which
// is a string, and the value. Sixteen bytes, no pointers: the collector skips the tape.
type node struct {
	// start and end are the value's span in the text, quotes and brackets included.
	start, end uint32
	// a is, for arrays and objects, the index of the entry after the last one inside
	// (while they are open: the index of the container around them); for strings, 0 if
	// the text stands as it is, else 1 + the offset of its unescaped form in Doc.plain.
	a uint32
	// b is, for arrays and objects, the number of elements or members; for unescaped
	// strings, the length of the unescaped form.
	b uint32
}

// maxText keeps every position and count within uint32 and the tape's index within int
// on 32-bit machines, whatever the limits say.
const maxText = 1 << 27

// Doc is a parsed text. The zero value is ready; reuse it, so that its tape is
// allocated once. It is not safe for concurrent use.
type Doc struct {
	text  string
	nodes []node
	plain []byte   // unescaped strings, one after the other
	table []uint32 // of the search for duplicate names
	seed  uint64
	pos   int // the scanner's position

	// borrowed says that nodes and plain are somebody else's memory (see Restore):
	// nothing may be written there.
	borrowed bool

	names [few]uint32 // of the search for duplicates among few

	home home // see Reserve
	used bool // written to since the last Wipe
}

// Parse reads text, which must be one JSON value and nothing else but white space.
// The document aliases text until the next Parse: the caller keeps its hands off. After
// an error the document is empty.
func (d *Doc) Parse(text []byte, lim Limits) error {
	if d.borrowed {
		d.nodes, d.plain, d.borrowed = d.home.nodes, d.home.plain, false
	}
	d.text, d.nodes, d.plain = "", d.nodes[:0], d.plain[:0]
	d.pos, d.seed, d.used = 0, lim.Seed, true
	if len(text) > lim.MaxBytes || len(text) > maxText {
		return ErrSize
	}
	d.text = unsafe.String(unsafe.SliceData(text), len(text))
	err := d.scan(lim.MaxDepth)
	if err != nil {
		d.text, d.nodes, d.plain = "", d.nodes[:0], d.plain[:0]
	}
	return err
}

// Offset is the position in bytes at which the last Parse stopped: where it gave up, or
// the length of the text.
func (d *Doc) Offset() int { return d.pos }

// Root returns the text's value; its kind is Invalid if there is none.
func (d *Doc) Root() Value {
	if len(d.nodes) == 0 {
		return Value{}
	}
	return Value{doc: d, stop: 1}
}

// kindOf tells a node's kind from its first byte.
func (d *Doc) kindOf(n *node) Kind {
	switch d.text[n.start] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't':
		return True
	case 'f':
		return False
	case 'n':
		return Null
	}
	return Number
}

// stringAt returns the unescaped text of the string at index i of the tape.
func (d *Doc) stringAt(i uint32) string {
	n := &d.nodes[i]
	if n.a == 0 {
		return d.text[n.start+1 : n.end-1]
	}
	return unsafe.String(unsafe.SliceData(d.plain[n.a-1:]), int(n.b))
}

// after returns the index of the entry that follows the value at i and all inside it.
func (d *Doc) after(i uint32) uint32 {
	switch n := &d.nodes[i]; d.text[n.start] {
	case '{', '[':
		return n.a
	}
	return i + 1
}
