//go:build gc.custom && poison

package memory

import "unsafe"

// poison is what freed memory holds in this build: a pointer, a length or a text made
// of it is as wrong as can be.
const poison = 0xdb

// stackSize is the target's: the stack comes first in memory, and what lies dead on it
// is no pointer that lives on.
const stackSize = 64 << 10

// Every object is preceded by a label, its size with the label and its layout, as
// TinyGo's compiler gives it (runtime/gc_precise.go): bit 0 set says that the layout is
// in the word itself, five bits of size and the rest a bit for each word of an element;
// otherwise it is the address of such a size and its bits; 0 is not known.
const (
	labelSize       = 8
	sizeBits        = 5
	withoutPointers = 1<<1 | 1
)

func label(at, size, layout uintptr) {
	clear(unsafe.Slice((*byte)(unsafe.Pointer(at)), size))
	*(*uintptr)(unsafe.Pointer(at)) = size
	*(*uintptr)(unsafe.Pointer(at + 4)) = layout
}

// prepare ends the labels of a chunk that is about to be filled.
func prepare(c *chunk) {
	clear(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(c), headerSize)), c.size-headerSize))
}

func wipe(start, size uintptr) {
	b := unsafe.Slice((*byte)(unsafe.Pointer(start)), size)
	if size == 0 {
		return
	}
	b[0] = poison
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}

// initial is a copy of static memory as it was before the first callback: a word that
// still is what it was then, such as a constant, is no pointer that one has left.
var initial *chunk

// before holds the words of objects without a known layout as they were before the
// callback, as pairs of address and word: one that has not changed is no pointer that
// the callback has left. The buckets of maps are such objects; they hold bytes of hashes.
var (
	before *chunk
	noted  uintptr // pairs
)

// Most words are no addresses between the first and the last byte of the call region:
// one comparison tells.
var lowest, span uintptr

// survey finds those bounds. Nothing may be allocated from then on.
func survey() {
	lowest, span = top, 0
	highest := uintptr(0)
	for c := call.head; c != nil; c = c.next {
		start := uintptr(unsafe.Pointer(c))
		lowest, highest = min(lowest, start), max(highest, start+c.size)
	}
	if highest > lowest {
		span = highest - lowest
	}
}

// remember notes, before a callback, what cannot be a pointer that it leaves.
func remember() {
	for {
		noted = 0
		everywhere(note)
		if room := pairs(before); noted > room {
			if before != nil {
				give(before)
			}
			before = take(headerSize+16*noted, hidden)
			continue
		}
		break
	}
	if initial != nil {
		return
	}
	end := uintptr(unsafe.Pointer(&heapBase))
	initial = take(end-stackSize+headerSize, hidden)
	for at := uintptr(stackSize); at+4 <= end; at += 4 {
		*(*uintptr)(unsafe.Add(unsafe.Pointer(initial), headerSize+at-stackSize)) = word(at)
	}
}

func word(at uintptr) uintptr { return *(*uintptr)(unsafe.Pointer(at)) }

// verify searches everything that lives longer than the call region for pointers into
// it: static memory, and the objects of all other regions. Nothing here may allocate.
func verify() {
	survey()
	end := uintptr(unsafe.Pointer(&heapBase))
	copied := uintptr(unsafe.Pointer(initial)) + headerSize - stackSize
	for at := uintptr(stackSize); at+8 <= end; at += 8 {
		if *(*uint64)(unsafe.Pointer(at)) != *(*uint64)(unsafe.Pointer(at + copied)) {
			static(at, at+copied)
			static(at+4, at+4+copied)
		}
	}
	everywhere(search)
}

// static looks at a word of static memory and at what it was.
func static(at, was uintptr) {
	if to := word(at); to != word(was) && pointsIn(to) && !bookkeeping(at) {
		println("poison: the static word at", at, "points into the call region:", to)
		panic("static memory points into what a callback has allocated")
	}
}

// everywhere visits each object that outlives a callback. Memory from the first chunk
// on is tiled with chunks.
func everywhere(visit func(at, size, layout uintptr)) {
	for at := (uintptr(unsafe.Pointer(&heapBase)) + chunkUnit - 1) &^ (chunkUnit - 1); at < top; {
		c := (*chunk)(unsafe.Pointer(at))
		if c.kind == objects {
			c.objects(visit)
		}
		at += c.size
	}
}

// objects visits the objects of a chunk, but those that hold no pointers.
func (c *chunk) objects(visit func(at, size, layout uintptr)) {
	end := uintptr(unsafe.Pointer(c)) + c.size
	for at := uintptr(unsafe.Pointer(c)) + headerSize; at < end; {
		size, layout := word(at), word(at+4)
		if size == 0 {
			return
		}
		if layout&1 == 0 || layout>>(1+sizeBits) != 0 {
			visit(at+labelSize, size-labelSize, layout)
		}
		at += size
	}
}

// search looks at the words of an object that its layout calls pointers.
func search(at, size, layout uintptr) {
	for p := at; p+4 <= at+size; p += 4 {
		to := word(p)
		if to-lowest >= span || !pointsIn(to) || !mayPoint(layout, (p-at)/4) || layout == 0 && (hashes(p-at, size) || known(p)) {
			continue
		}
		println("poison: word", (p-at)/4, "of the object at", at, "of", size, "bytes with layout", layout, "points into the call region:", to)
		panic("memory that outlives a callback points into what it has allocated")
	}
}

// pairs is how many pairs a chunk has room for.
func pairs(c *chunk) uintptr {
	if c == nil {
		return 0
	}
	return (c.size - headerSize) / 8
}

func pair(i uintptr) *[2]uintptr {
	return (*[2]uintptr)(unsafe.Add(unsafe.Pointer(before), headerSize+i*8))
}

// note keeps the words of an object without a known layout, or counts them if there is
// no room.
func note(at, size, layout uintptr) {
	if layout != 0 {
		return
	}
	room := pairs(before)
	for p := at; p+4 <= at+size; p += 4 {
		if noted < room {
			*pair(noted) = [2]uintptr{p, word(p)}
		}
		noted++
	}
}

// known says whether the word at an address was the same before the callback.
func known(at uintptr) bool {
	for i := range noted {
		if p := pair(i); p[0] == at {
			return p[1] == word(at)
		}
	}
	return false
}

// leastBucket is the size of the smallest bucket of a hash map.
const leastBucket = 76

// hashes says that an object without a layout has hashes at that offset, if it is the
// buckets of a hash map: those of three keys look like a pointer into the first 16 MiB.
// A bucket begins with eight of them and has a size that 4 divides and 8 does not; where
// there are several they are a power of two, so the size of all tells that of one; a
// single one may be taken for several, and a few of its words are not looked at then.
func hashes(offset, size uintptr) bool {
	if size < leastBucket {
		return false
	}
	bucket := size
	for bucket%8 == 0 {
		bucket /= 2
	}
	return offset < 8 || bucket >= leastBucket && offset%bucket < 8
}

// mayPoint says whether word i of an object of that layout may hold a pointer.
func mayPoint(layout, i uintptr) bool {
	switch {
	case layout == 0:
		return true
	case layout&1 != 0:
		element := max(layout>>1&(1<<sizeBits-1), 1)
		return layout>>(1+sizeBits)>>(i%element)&1 != 0
	}
	i %= max(word(layout), 1)
	return *(*byte)(unsafe.Pointer(layout + 4 + i/8))>>(i%8)&1 != 0
}

// random is the state that the runtime draws from when it makes a map or walks one: any
// word, now and then one that looks like an address.
//
//go:extern runtime.xorshift32State
var random uint32

// bookkeeping says whether an address is one of this package's own variables, or random's.
func bookkeeping(at uintptr) bool {
	region, number := uintptr(unsafe.Pointer(&call)), uintptr(unsafe.Pointer(&held))
	return at >= region && at < region+unsafe.Sizeof(call) || at == uintptr(unsafe.Pointer(&top)) || at == number || at == number+4 ||
		at == uintptr(unsafe.Pointer(&random)) || at == uintptr(unsafe.Pointer(&lowest)) || at == uintptr(unsafe.Pointer(&span))
}

// pointsIn says whether a word is an address in the call region.
func pointsIn(to uintptr) bool {
	for c := call.head; c != nil; c = c.next {
		start := uintptr(unsafe.Pointer(c))
		if to >= start+headerSize && to < start+c.size {
			return true
		}
	}
	return false
}
