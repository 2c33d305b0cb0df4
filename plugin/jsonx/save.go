package jsonx

import "unsafe"

// saved is what stands before a saved document's tape, text and unescaped strings.
type saved struct{ nodes, text, plain uint32 }

const (
	savedHead = int(unsafe.Sizeof(saved{}))
	nodeSize  = int(unsafe.Sizeof(node{}))
	savedUnit = 4 // what a saved document's place is aligned to, bytes
)

// SavedSize is the number of bytes that [Doc.Save] writes.
func (d *Doc) SavedSize() int {
	return savedHead + len(d.nodes)*nodeSize + len(d.text) + len(d.plain)
}

// Save writes the document to dst, which is [Doc.SavedSize] bytes long and aligned to
// four, in a form that holds no pointer and that this process alone reads: numbers
// stand as the machine has them. It says whether it did.
func (d *Doc) Save(dst []byte) bool {
	if len(dst) != d.SavedSize() || misplaced(dst) {
		return false
	}
	*(*saved)(unsafe.Pointer(unsafe.SliceData(dst))) = saved{uint32(len(d.nodes)), uint32(len(d.text)), uint32(len(d.plain))}
	rest := dst[savedHead:]
	if len(d.nodes) > 0 {
		copy(unsafe.Slice((*node)(unsafe.Pointer(unsafe.SliceData(rest))), len(d.nodes)), d.nodes)
	}
	rest = rest[len(d.nodes)*nodeSize:]
	copy(rest[copy(rest, d.text):], d.plain)
	return true
}

// Restore makes d the document that Save has written to src. Nothing is copied: d
// aliases src until the next Parse or Restore and writes nothing there. It looks at the
// sizes only; that the bytes are Save's own is the caller's to guarantee. Where it says
// no the document is empty.
func (d *Doc) Restore(src []byte) bool {
	*d = Doc{table: d.table, seed: d.seed, home: d.home, used: d.used, borrowed: true}
	if len(src) < savedHead || misplaced(src) {
		return false
	}
	head := (*saved)(unsafe.Pointer(unsafe.SliceData(src)))
	rest := src[savedHead:]
	tape := uint64(head.nodes) * uint64(nodeSize)
	if uint64(len(rest)) != tape+uint64(head.text)+uint64(head.plain) || head.nodes == 0 || head.text == 0 {
		return false
	}
	d.nodes = unsafe.Slice((*node)(unsafe.Pointer(unsafe.SliceData(rest))), head.nodes)
	rest = rest[tape:]
	d.text = unsafe.String(unsafe.SliceData(rest), head.text)
	d.plain = rest[head.text:]
	d.pos = len(d.text)
	return true
}

func misplaced(b []byte) bool {
	return len(b) > 0 && uintptr(unsafe.Pointer(unsafe.SliceData(b)))%uintptr(savedUnit) != 0
}

// Index is the value's place in its document, for [Doc.At]; 0 is the root's, and the
// zero Value's.
func (v Value) Index() uint32 { return v.at }

// At returns the value with that [Value.Index], on its own: it has no name and nothing
// comes after it. Its kind is Invalid if there is none.
func (d *Doc) At(index uint32) Value {
	if uint64(index) >= uint64(len(d.nodes)) {
		return Value{}
	}
	return Value{doc: d, at: index, stop: index + 1}
}
