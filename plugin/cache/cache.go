package cache

import (
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/word"
)

// MaxAge is how long an entry is used at most, nanoseconds, whatever its until says.
const MaxAge = int64(3600) * 1_000_000_000

// Limits bound a cache.
type Limits struct {
	// MaxEntries is the largest number of entries; 0 is no cache.
	MaxEntries int
	// MaxBytes is the most memory, bytes: entries, index, marks and all.
	MaxBytes int
}

// Key says what an entry is found by. All of it must be equal.
type Key struct {
	// Hash is [Hasher.Sum] of the token.
	Hash uint64
	// Token is the token's text.
	Token string
	// Owner is the index of the provider that has proved it.
	Owner int
	// Generation is that of the owner's key set. It only changes to what it has not
	// been before; an entry of another one is dead.
	Generation uint64
}

// hash tells one token's entries of several owners apart.
func (k *Key) hash() uint64 { return k.Hash + uint64(k.Owner)*0x9e3779b97f4a7c15 }

// Stats count what a cache has done.
type Stats struct {
	// Hits and Misses are lookups.
	Hits, Misses uint64
	// Added are entries that were put in, Evicted those that left to make room.
	Added, Evicted uint64
	// Entries are there now, those included that are dead and not yet noticed.
	Entries int
	// Bytes is the memory that is held, all counted.
	Bytes int
}

// Cache is one cache. It allocates nothing before the first entry. It is not safe for
// concurrent use.
type Cache struct {
	layout
	home *memory.Region // nil before the first entry

	index    index
	ghosts   ghosts
	slab     []uint64 // where all segments lie if the cache is small
	segments []segment

	probation, main, free queue

	entries int
	moved   int // bytes that the insertion at hand has moved within the main queue
	stats   Stats
	current []uint64 // the generation last seen of each owner
	latest  int64    // the latest time seen
}

// New returns an empty cache for the tokens of so many owners, or nil where the limits
// leave no room for one.
func New(lim Limits, owners int) *Cache {
	l, ok := plan(lim)
	if !ok {
		return nil
	}
	return &Cache{layout: l, probation: none, main: none, free: none, current: make([]uint64, owners)}
}

// Find returns the value under a key, or nil. It aliases the cache and stays as it is
// at least until the event changes: event numbers what the caller does in one go.
//
// An entry is found until the time it was put in for, and not again when the clock
// steps back; a step of more than [MaxAge] empties the cache.
func (c *Cache) Find(k *Key, now int64, event uint32) []byte {
	c.see(now)
	if c.index != nil && c.knows(k) {
		if e, at := c.lookup(k); e != nil {
			if !c.dead(e) {
				e.hits = min(e.hits+1, maxHits)
				c.segmentOf(at).event = event
				c.stats.Hits++
				return e.value()
			}
			c.buryKnown(e, at)
		}
	}
	c.stats.Misses++
	return nil
}

// Add makes room for size bytes under a key and returns them, aligned to eight bytes
// and to be filled at once; or nil if the entry is not kept: it is there already, too
// large, over, or in the way of what this event has found. until is when it dies,
// nanoseconds since 1970.
func (c *Cache) Add(k *Key, size int, now, until int64, event uint32) []byte {
	c.see(now)
	until = min(until, now+MaxAge)
	n := entrySize(len(k.Token), size)
	if n > c.segmentBytes || until <= c.latest || !c.knows(k) {
		return nil
	}
	c.open()
	if e, at := c.lookup(k); e != nil {
		if !c.dead(e) {
			return nil
		}
		c.buryKnown(e, at)
	}
	hash, hits := k.hash(), uint8(0)
	if c.ghosts.take(hash) {
		hits = 1 // as if it had been found on probation: it was asked for again
	}
	at, ok := c.makeRoom(n, event)
	if !ok {
		return nil
	}
	e := c.at(at)
	*e = entry{
		hash: hash, generation: k.Generation, until: until, owner: uint32(k.Owner),
		size: uint32(n), token: uint32(len(k.Token)), valued: uint32(size), hits: hits,
	}
	copy(e.text(), k.Token)
	c.index.put(hash, at)
	c.entries++
	c.stats.Added++
	return e.value()
}

// Drop takes the entry of a key out, if there is one.
func (c *Cache) Drop(k *Key) {
	if c.index == nil {
		return
	}
	if e, at := c.lookup(k); e != nil {
		c.bury(e, at)
	}
}

// Stats returns the counters.
func (c *Cache) Stats() Stats {
	s := c.stats
	s.Entries, s.Bytes = c.entries, c.bytes()
	return s
}

// Close frees the memory; the cache is not used again.
func (c *Cache) Close() {
	if c.home != nil {
		c.home.Free()
	}
	*c = Cache{}
}

// see takes note of the time. What has died by the latest time stays dead.
func (c *Cache) see(now int64) {
	switch {
	case now >= c.latest:
		c.latest = now
	case c.latest-now > MaxAge:
		c.clear()
		c.latest = now
	}
}

// knows takes note of the owner's generation; false for an owner that there is not.
func (c *Cache) knows(k *Key) bool {
	if k.Owner < 0 || k.Owner >= len(c.current) {
		return false
	}
	c.current[k.Owner] = k.Generation
	return true
}

// dead says that an entry's time is over or its keys are gone.
func (c *Cache) dead(e *entry) bool {
	return e.until <= c.latest || e.generation != c.current[e.owner]
}

// lookup finds the entry of a key, dead or alive. The hash leads to it, the bytes decide.
func (c *Cache) lookup(k *Key) (*entry, place) {
	hash := k.hash()
	for i := hash; ; {
		at, after := c.index.next(hash, i)
		if at == 0 {
			return nil, 0
		}
		if e := c.at(at); e.hash == hash && e.owner == uint32(k.Owner) && word.Equal(e.string(), k.Token) {
			return e, at
		}
		i = after
	}
}

// buryKnown takes a dead entry out; one that was in use is not
// on probation when it comes back.
func (c *Cache) buryKnown(e *entry, at place) {
	if e.hits > 0 || c.segmentOf(at).main {
		c.ghosts.add(e.hash)
	}
	c.bury(e, at)
}

// open allocates the index before the first entry.
func (c *Cache) open() {
	if c.index != nil {
		return
	}
	c.home = memory.New()
	defer memory.Leave(memory.Enter(c.home))
	words := make([]uint64, c.slots+c.marks/2+c.slabWords())
	c.index = words[:c.slots:c.slots]
	c.ghosts = marksIn(words[c.slots : c.slots+c.marks/2])
	c.slab = words[c.slots+c.marks/2:]
	c.segments = make([]segment, 0, c.maxSegments)
}

// clear empties the cache; memory stays.
func (c *Cache) clear() {
	if c.index == nil {
		return
	}
	for _, q := range [...]*queue{&c.probation, &c.main} {
		for q.head >= 0 {
			c.retire(q)
		}
		q.entries = 0
	}
	clear(c.index)
	clear(c.ghosts)
	c.entries = 0
}
