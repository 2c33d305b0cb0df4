//go:build gc.custom

package memory

import "unsafe"

// Chunks are what regions are made of: a header, then objects. A chunk that no region
// owns is zero but for its header, so that an allocation need not clear anything.
const (
	chunkUnit   = 4 << 10 // sizes of chunks are multiples of it
	smallChunk  = 16 << 10
	callChunk   = 64 << 10
	largeObject = 4 << 10 // gets a chunk of its own
	largest     = 1 << 30
	wasmPage    = 64 << 10
	alignment   = 8 // the strictest of any Go type on wasm32
)

type chunk struct {
	next *chunk // in its region's list, or in the free list by address
	size uintptr
	kind kind
}

// kind is what a chunk is used for. Only the poisoned build reads it.
type kind uint32

const (
	unused  kind = iota // on the free list
	objects             // of a region
	hidden              // of this package: not to be searched
	scratch             // of the call region
)

// headerSize keeps objects aligned.
const headerSize = (unsafe.Sizeof(chunk{}) + alignment - 1) &^ (alignment - 1)

// Region is a set of objects that die together.
type Region struct {
	head      *chunk // the chunk that is being filled, then the others
	base      *chunk // the first
	kind      kind
	next, end uintptr
	grave     *Region // the next of those that are freed later
}

var (
	eternal = Region{kind: objects}
	call    = Region{kind: scratch}
	current *Region
	depth   int
	graves  *Region // freed when the outermost callback is over
	free    *chunk  // by address, neighbours merged
	top     uintptr // the end of memory
	held    uint64  // bytes in chunks that regions own
)

// New returns an empty region. It is the first object of its own first chunk.
func New() *Region {
	init := Region{kind: objects}
	r := (*Region)(init.allocate(unsafe.Sizeof(init), withoutPointers))
	*r = init
	return r
}

// Eternal is the region that lives as long as the VM.
func Eternal() *Region { return &eternal }

// Current is the region of the allocations that follow.
func Current() *Region { return current }

// Enter makes r the region of the allocations that follow and returns the one before.
func Enter(r *Region) *Region {
	before := current
	current = r
	return before
}

// Leave returns to the region that Enter gave.
func Leave(before *Region) { current = before }

// Free frees everything in r, and r itself; nothing in it may be used again. Within a
// host call of another callback that waits until the outermost one is over: it may be
// using what is in r, such as the keys that it judges by while it asks the host.
func (r *Region) Free() {
	if depth > 1 {
		r.grave, graves = graves, r
		return
	}
	for c := r.head; c != nil; {
		next := c.next // read before the chunk, and r within it, is cleared
		give(c)
		c = next
	}
}

// BeginCall enters the call region at the start of a callback and returns the region
// to leave to. Callbacks nest: a proxy may call back from within a host call.
func BeginCall() *Region {
	if depth++; depth == 1 {
		remember()
	}
	return Enter(&call)
}

// EndCall leaves the call region; the outermost callback empties it.
func EndCall(before *Region) {
	Leave(before)
	if depth--; depth == 0 {
		verify()
		call.reset()
		for graves != nil {
			r := graves
			graves = r.grave
			r.Free()
		}
	}
}

// Outermost says, between BeginCall and EndCall, whether no other callback is under way.
func Outermost() bool { return depth == 1 }

// Outside says whether no callback is under way that began with BeginCall.
func Outside() bool { return depth == 0 }

// reset empties a region and keeps its first chunk.
func (r *Region) reset() {
	kept := r.base
	if kept == nil {
		return
	}
	used := r.next
	if r.head != kept {
		used = uintptr(unsafe.Pointer(kept)) + kept.size
	}
	for c := r.head; c != nil; {
		next := c.next
		if c != kept {
			give(c)
		}
		c = next
	}
	start := uintptr(unsafe.Pointer(kept)) + headerSize
	wipe(start, used-start)
	prepare(kept)
	kept.next = nil
	r.head, r.next, r.end = kept, start, uintptr(unsafe.Pointer(kept))+kept.size
}

// Size is the number of bytes that regions hold, free ones not counted: what the bench
// counts allocations by.
func Size() uint64 { return held }

// allocate returns size zero bytes. layout says where pointers are in them, for the
// poisoned build.
func (r *Region) allocate(size uintptr, layout uintptr) unsafe.Pointer {
	if size > largest {
		outOfMemory() // before a size near 2^32 could wrap
	}
	size = align(size) + labelSize
	p := r.next
	if size > r.end-p {
		p = r.extend(size)
	} else {
		r.next = p + size
	}
	label(p, size, layout)
	return unsafe.Pointer(p + labelSize)
}

// extend makes room for size bytes and returns their place. A large object gets a chunk
// of its own behind the head, which goes on being filled; otherwise a new chunk becomes
// the head, and what was left of the old one is lost until the region goes.
//
//go:noinline
func (r *Region) extend(size uintptr) uintptr {
	if r.head != nil && size > largeObject {
		c := take(size+headerSize, r.kind)
		prepare(c)
		c.next = r.head.next
		r.head.next = c
		return uintptr(unsafe.Pointer(c)) + headerSize
	}
	c := take(max(size+headerSize, r.first()), r.kind)
	prepare(c)
	c.next = r.head
	r.head = c
	if r.base == nil {
		r.base = c
	}
	p := uintptr(unsafe.Pointer(c)) + headerSize
	r.next = p + size
	r.end = uintptr(unsafe.Pointer(c)) + c.size
	return p
}

// first is the size of a chunk that is to be filled with small objects. The call
// region's holds an ordinary request whole.
func (r *Region) first() uintptr {
	if r.kind == scratch {
		return callChunk
	}
	return smallChunk
}

func align(n uintptr) uintptr { return (n + alignment - 1) &^ (alignment - 1) }

// take returns a chunk of at least size bytes, header included, zero but for it.
func take(size uintptr, k kind) *chunk {
	size = (size + chunkUnit - 1) &^ (chunkUnit - 1)
	for {
		for link := &free; *link != nil; link = &(*link).next {
			c := *link
			if c.size < size {
				continue
			}
			if rest := c.size - size; rest > 0 {
				tail := (*chunk)(unsafe.Add(unsafe.Pointer(c), size))
				tail.next, tail.size, tail.kind = c.next, rest, unused
				*link = tail
			} else {
				*link = c.next
			}
			c.next, c.size, c.kind = nil, size, k
			held += uint64(size)
			return c
		}
		grow(size)
	}
}

// give clears a chunk and puts it back, merged with its neighbours.
func give(c *chunk) {
	held -= uint64(c.size)
	c.kind = unused
	wipe(uintptr(unsafe.Pointer(c))+headerSize, c.size-headerSize)
	insert(c)
}

func insert(c *chunk) {
	link := &free
	var before *chunk
	for *link != nil && uintptr(unsafe.Pointer(*link)) < uintptr(unsafe.Pointer(c)) {
		before = *link
		link = &before.next
	}
	c.next = *link
	*link = c
	c.merge()
	if before != nil {
		before.merge()
	}
}

// merge takes the next free chunk in if it follows immediately.
func (c *chunk) merge() {
	n := c.next
	if n == nil || uintptr(unsafe.Pointer(c))+c.size != uintptr(unsafe.Pointer(n)) {
		return
	}
	c.size += n.size
	c.next = n.next
	*n = chunk{}
}

// grow adds memory for a chunk of size bytes: an eighth of what is there, so that a
// module that needs much asks seldom and one that needs little stays small, or no more
// than is needed where the host does not give that.
func grow(size uintptr) {
	for _, want := range [...]uintptr{max(size, top/8), size} {
		pages := (want + wasmPage - 1) / wasmPage
		if growMemory(0, int32(pages)) < 0 {
			continue
		}
		c := (*chunk)(unsafe.Pointer(top))
		c.size = pages * wasmPage
		top += c.size
		insert(c)
		return
	}
	outOfMemory()
}

// outOfMemory traps: the proxy answers 503. Nothing can be judged without memory.
func outOfMemory() { panic("out of memory") }
