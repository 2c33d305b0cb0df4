package jsonx

import "unicode/utf8"

// scan fills the tape from d.text. It is one loop, not a recursion: nesting costs an
// entry of the tape, never stack. The chain of open containers runs through node.a.
func (d *Doc) scan(maxDepth int) error {
	var open uint32 // 1 + index of the innermost open container; 0: none
	depth := 0
	d.space()
	for {
		// One value is due at d.pos.
		at := uint32(len(d.nodes))
		opened, err := d.value()
		if err != nil {
			return err
		}
		if opened {
			if depth++; depth > maxDepth {
				return ErrDepth
			}
			d.nodes[at].a = open
			open = at + 1
			d.space()
			if d.peek() != d.closer(at) {
				if err := d.name(at); err != nil {
					return err
				}
				continue
			}
		}
		// A value is complete, or an empty container is about to be.
		if !opened && open != 0 {
			d.nodes[open-1].b++
		}
		more := false
		for open != 0 && !more {
			d.space()
			inside := open - 1
			switch d.peek() {
			case ',':
				d.pos++
				d.space()
				if err := d.name(inside); err != nil {
					return err
				}
				more = true
			case d.closer(inside):
				d.pos++
				if err := d.close(inside, &open); err != nil {
					return err
				}
				depth--
			default:
				return ErrSyntax
			}
		}
		if !more {
			break
		}
	}
	d.space()
	if d.pos != len(d.text) {
		return ErrTrailing
	}
	return nil
}

// close completes the container at index i and counts it in the one around it.
func (d *Doc) close(i uint32, open *uint32) error {
	n := &d.nodes[i]
	*open = n.a
	n.end = uint32(d.pos)
	n.a = uint32(len(d.nodes))
	if *open != 0 {
		d.nodes[*open-1].b++
	}
	if d.text[n.start] == '{' {
		return d.unique(i)
	}
	return nil
}

// closer returns the byte that ends the container at index i.
func (d *Doc) closer(i uint32) byte {
	if d.text[d.nodes[i].start] == '{' {
		return '}'
	}
	return ']'
}

// name reads a member's name and colon if the container at index i is an object.
func (d *Doc) name(i uint32) error {
	if d.text[d.nodes[i].start] != '{' {
		return nil
	}
	if d.peek() != '"' {
		return ErrSyntax
	}
	if err := d.string(); err != nil {
		return err
	}
	d.space()
	if d.peek() != ':' {
		return ErrSyntax
	}
	d.pos++
	d.space()
	return nil
}

// peek returns the byte at the scanner's position, 0 at the end (no JSON token starts
// with it).
func (d *Doc) peek() byte {
	if d.pos < len(d.text) {
		return d.text[d.pos]
	}
	return 0
}

// space skips white space (RFC 8259 §2: these four bytes and no others).
func (d *Doc) space() {
	for d.pos < len(d.text) {
		switch d.text[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// value reads a scalar whole, or the opening bracket of a container.
func (d *Doc) value() (opened bool, err error) {
	switch c := d.peek(); c {
	case '{', '[':
		d.nodes = append(d.nodes, node{start: uint32(d.pos)})
		d.pos++
		return true, nil
	case '"':
		return false, d.string()
	case 't':
		return false, d.literal("true")
	case 'f':
		return false, d.literal("false")
	case 'n':
		return false, d.literal("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return false, d.number()
	}
	return false, ErrSyntax
}

// literal reads exactly the word.
func (d *Doc) literal(word string) error {
	if len(d.text)-d.pos < len(word) || d.text[d.pos:d.pos+len(word)] != word {
		return ErrSyntax
	}
	d.nodes = append(d.nodes, node{start: uint32(d.pos), end: uint32(d.pos + len(word))})
	d.pos += len(word)
	return nil
}

// number reads RFC 8259 §6: no leading zero or plus, a digit on both sides of the dot.
func (d *Doc) number() error {
	start := d.pos
	if d.text[d.pos] == '-' {
		d.pos++
	}
	if d.peek() == '0' {
		d.pos++
	} else if d.digits() == 0 {
		return ErrNumber
	}
	if d.peek() == '.' {
		d.pos++
		if d.digits() == 0 {
			return ErrNumber
		}
	}
	if c := d.peek(); c == 'e' || c == 'E' {
		d.pos++
		if c := d.peek(); c == '+' || c == '-' {
			d.pos++
		}
		if d.digits() == 0 {
			return ErrNumber
		}
	}
	// "01" and "1_0" end here; what follows is refused by the one who reads on.
	d.nodes = append(d.nodes, node{start: uint32(start), end: uint32(d.pos)})
	return nil
}

// digits skips decimal digits and returns how many.
func (d *Doc) digits() int {
	start := d.pos
	for d.pos < len(d.text) && d.text[d.pos]-'0' <= 9 {
		d.pos++
	}
	return d.pos - start
}

// string reads a string, quotes included, and unescapes it into d.plain if it has an
// escape. On refusal the position is the offending byte's.
func (d *Doc) string() error {
	text, start := d.text, d.pos
	offset := len(d.plain)
	escaped := false
	from := start + 1 // start of the run that is not yet copied to plain
	for i := from; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			n := node{start: uint32(start), end: uint32(i + 1)}
			if escaped {
				d.plain = append(d.plain, text[from:i]...)
				n.a, n.b = uint32(offset)+1, uint32(len(d.plain)-offset)
			}
			d.nodes = append(d.nodes, n)
			d.pos = i + 1
			return nil
		case c == '\\':
			escaped = true
			d.plain = append(d.plain, text[from:i]...)
			d.pos = i
			if err := d.escape(); err != nil {
				return err
			}
			i, from = d.pos, d.pos
		case c < ' ':
			d.pos = i
			return ErrControl
		case c < utf8.RuneSelf:
			i++
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				d.pos = i
				return ErrUTF8
			}
			i += size
		}
	}
	d.pos = len(text)
	return ErrSyntax
}
