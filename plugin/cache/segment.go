package cache

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/memory"
)

// place is where an entry stands: 1 + segment and offset in units of eight bytes; 0 is
// nowhere.
type place uint32

// entry is what stands before a token and its value. It holds no pointer.
type entry struct {
	hash       uint64
	generation uint64
	until      int64
	owner      uint32
	size       uint32 // of all, bytes
	token      uint32 // length, bytes
	valued     uint32 // length of the value, bytes
	hits       uint8
	buried     bool
	_          [6]byte
}

const (
	headSize = int(unsafe.Sizeof(entry{}))
	wordSize = 8
	// maxHits is how many hits are remembered: as many passes of the main queue does an
	// entry stay without another one.
	maxHits = 3
	// leastEntry is what the smallest token that anybody sends takes, bytes: more entries
	// than fit of these need no index.
	leastEntry = 384
	// leastBytes is the smallest cache.
	leastBytes = 32 << 10
)

// entrySize is the size of an entry, a multiple of eight.
func entrySize(token, value int) int { return headSize + padded(token) + padded(value) }

func padded(n int) int { return (n + wordSize - 1) &^ (wordSize - 1) }

func (e *entry) text() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(e), headSize)), e.token)
}

func (e *entry) string() string {
	return unsafe.String((*byte)(unsafe.Add(unsafe.Pointer(e), headSize)), e.token)
}

// wordsOf is an entry and what follows it.
func wordsOf(e *entry, n int) []uint64 { return unsafe.Slice((*uint64)(unsafe.Pointer(e)), n) }

func (e *entry) value() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(e), headSize+padded(int(e.token)))), e.valued)
}

// segment is a piece of a queue, filled from its beginning.
type segment struct {
	data  []uint64
	used  uint32 // bytes
	live  uint32 // entries
	event uint32 // the last one that found an entry here
	next  int32
	main  bool // whose queue it is in
}

// queue is a list of segments in order of age.
type queue struct {
	head, tail int32 // -1: none
	cursor     uint32
	segments   int
	entries    int
}

var none = queue{head: -1, tail: -1}

const (
	// granule is what the module's memory is handed out in, bytes.
	granule = 16 << 10
	// large is a segment with what its chunk needs, bytes; a cache of largeCache bytes or
	// more allocates its segments one by one.
	large      = 64 << 10
	largeCache = 1 << 20
	// head room for the allocator's own words.
	chunkHead = 64
)

// layout is what follows of the limits.
type layout struct {
	maxEntries   int
	slots, marks int // of index and ghosts
	maxSegments  int
	segmentBytes int // what entries may take in one
	single       bool
	shift        uint32 // of the segment's number in a place
	target       int    // segments of the probation queue
}

// plan divides the limits up. The sum of what is allocated stays below MaxBytes.
func plan(lim Limits) (l layout, ok bool) {
	l.maxEntries = min(lim.MaxEntries, lim.MaxBytes/leastEntry)
	if l.maxEntries < 1 || lim.MaxBytes < leastBytes {
		return layout{}, false
	}
	l.slots, l.marks = indexSize(l.maxEntries), ghostSize(l.maxEntries)
	directory := l.slots*wordSize + l.marks*4
	if lim.MaxBytes >= largeCache {
		fixed := chunks(directory) + 2*granule // the region itself, and the table's rounding
		l.segmentBytes = large - chunkHead
		l.maxSegments = (lim.MaxBytes - fixed) / (large + int(unsafe.Sizeof(segment{})))
	} else {
		l.single = true
		l.maxSegments = 8
		if lim.MaxBytes >= largeCache/4 {
			l.maxSegments = 16
		}
		// Everything in one allocation, but for the region and the table.
		all := (lim.MaxBytes-granule)&^(granule-1) - chunkHead
		l.segmentBytes = (all - directory) / l.maxSegments &^ (wordSize - 1)
	}
	for 1<<l.shift < l.segmentBytes/wordSize {
		l.shift++
	}
	l.target = max(l.maxSegments/10, 1)
	return l, l.segmentBytes >= leastEntry && l.maxSegments >= 8
}

// chunks is what an allocation of n bytes takes.
func chunks(n int) int { return (n + chunkHead + granule - 1) &^ (granule - 1) }

func (l *layout) slabWords() int {
	if l.single {
		return l.maxSegments * l.segmentBytes / wordSize
	}
	return 0
}

// bytes is what is allocated, chunks whole.
func (c *Cache) bytes() int {
	if c.index == nil {
		return 0
	}
	n := chunks((c.slots+c.slabWords())*wordSize+c.marks*4) + granule
	if table := c.maxSegments * int(unsafe.Sizeof(segment{})); table > granule/4 {
		n += chunks(table)
	}
	if !c.single {
		n += len(c.segments) * large
	}
	return n
}

// marksIn is memory of words as marks, two a word.
func marksIn(words []uint64) ghosts {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(words))), 2*len(words))
}

func (c *Cache) at(p place) *entry {
	p--
	s := &c.segments[p>>c.shift]
	return (*entry)(unsafe.Pointer(&s.data[p&(1<<c.shift-1)]))
}

func (c *Cache) segmentOf(p place) *segment { return &c.segments[(p-1)>>c.shift] }

// place is that of an offset in bytes in a segment.
func (c *Cache) place(id int32, offset uint32) place {
	return place(uint32(id)<<c.shift|offset/wordSize) + 1
}

// push puts a segment at the end of a queue.
func (c *Cache) push(q *queue, id int32) {
	c.segments[id].next = -1
	if q.tail < 0 {
		q.head, q.cursor = id, 0
	} else {
		c.segments[q.tail].next = id
	}
	q.tail = id
	q.segments++
}

// pop takes the first segment out of a queue.
func (c *Cache) pop(q *queue) int32 {
	id := q.head
	q.head, q.cursor = c.segments[id].next, 0
	if q.head < 0 {
		q.tail = -1
	}
	q.segments--
	return id
}

// retire frees the first segment of a queue. Its bytes stay until it is taken again.
func (c *Cache) retire(q *queue) {
	id := c.pop(q)
	s := &c.segments[id]
	s.used, s.live = 0, 0
	c.push(&c.free, id)
}

// available is the number of segments that can be taken.
func (c *Cache) available() int { return c.free.segments + c.maxSegments - len(c.segments) }

// take adds an empty segment to a queue: a free one in which the event has found
// nothing, since that must stay as it is, or a new one.
func (c *Cache) take(q *queue, event uint32) bool {
	for range c.free.segments {
		id := c.pop(&c.free)
		if s := &c.segments[id]; s.event != event {
			s.main = q == &c.main
			c.push(q, id)
			return true
		}
		c.push(&c.free, id)
	}
	if len(c.segments) == c.maxSegments {
		return false
	}
	words := c.segmentBytes / wordSize
	s := segment{main: q == &c.main, event: event - 1}
	if c.single {
		s.data = c.slab[len(c.segments)*words:][:words:words]
	} else {
		before := memory.Enter(c.home)
		s.data = make([]uint64, words)
		memory.Leave(before)
	}
	c.segments = append(c.segments, s) // within its capacity
	c.push(q, int32(len(c.segments)-1))
	return true
}
