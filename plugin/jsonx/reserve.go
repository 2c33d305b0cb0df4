package jsonx

// Reserve gives the document memory of its own for good: for texts of that many values
// and names, and that many bytes of strings with escapes, Parse allocates nothing.
func (d *Doc) Reserve(values, escaped int) {
	d.home = home{nodes: make([]node, 0, values), plain: make([]byte, 0, escaped), table: make([]uint32, 0, 2*values)}
	d.rest()
}

// Wipe clears what texts have left in the document's own memory and lets go of all
// other: the document is empty.
func (d *Doc) Wipe() {
	if d.used {
		h := &d.home
		clear(h.nodes[:cap(h.nodes)])
		clear(h.plain[:cap(h.plain)])
		clear(h.table[:cap(h.table)])
	}
	if d.used || d.borrowed { // what is only borrowed has left nothing here
		d.rest()
	}
}

func (d *Doc) rest() {
	h := d.home
	*d = Doc{home: h, nodes: h.nodes, plain: h.plain, table: h.table}
}

// home is a document's own memory, of length 0.
type home struct {
	nodes []node
	plain []byte
	table []uint32
}
