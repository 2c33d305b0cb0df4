package cache

const (
	// maxSteps is how many entries one insertion takes out of their place at most, those
	// within the main queue not counted: they are bounded by maxMoved.
	maxSteps = 512
	// maxMoved is how many segments' worth of entries one insertion moves within the main
	// queue. Beyond that a newcomer has to do without: each try makes those that are in
	// the main queue and not in use a little older.
	maxMoved = 2
	// reserve is how many segments are kept free: what stays of a segment of the main
	// queue needs another one before its own is free.
	reserve = 1
	// probationShare of the entries are on probation: one in ten.
	probationShare = 10
)

// makeRoom finds a place for n bytes at the end of the probation queue.
func (c *Cache) makeRoom(n int, event uint32) (at place, ok bool) {
	c.moved = 0
	for range maxSteps {
		if c.entries < c.maxEntries {
			if at, ok = c.fit(&c.probation, n); ok {
				return at, true
			}
			if c.available() > reserve {
				if !c.take(&c.probation, event) {
					return 0, false
				}
				c.settle()
				continue
			}
		}
		if !c.evict(event) {
			return 0, false
		}
	}
	return 0, false
}

// fit finds a place in a queue's last segment.
func (c *Cache) fit(q *queue, n int) (at place, ok bool) {
	if q.tail < 0 {
		return 0, false
	}
	s := &c.segments[q.tail]
	if int(s.used)+n > c.segmentBytes {
		return 0, false
	}
	at = c.place(q.tail, s.used)
	s.used += uint32(n)
	s.live++
	q.entries++
	return at, true
}

// settle makes full segments of the probation queue main ones as they are, while there
// is room for all.
func (c *Cache) settle() {
	for c.probation.segments > c.target && c.available() > reserve {
		id := c.pop(&c.probation)
		s := &c.segments[id]
		s.main = true
		c.probation.entries -= int(s.live)
		c.main.entries += int(s.live)
		c.push(&c.main, id)
	}
}

// evict takes an entry, or a segment's worth, out of its place. It says whether anything
// has changed.
func (c *Cache) evict(event uint32) bool {
	over := c.probation.segments > c.target
	if c.entries >= c.maxEntries {
		over = c.probation.entries*probationShare > c.maxEntries
	}
	if c.probation.segments > 0 && (over || c.main.segments == 0 || c.spent()) {
		return c.leaveProbation(event)
	}
	return c.leaveMain(event)
}

// spent says that no more may be moved within the main queue.
func (c *Cache) spent() bool { return c.moved > (maxMoved-1)*c.segmentBytes }

// leaveProbation judges the oldest entry on probation: to the main queue with what was
// found here, out with the rest.
func (c *Cache) leaveProbation(event uint32) bool {
	e, at := c.oldest(&c.probation)
	if e == nil {
		return at != 0
	}
	if !c.dead(e) {
		if e.hits > 0 && c.promote(e, at, event) {
			return true
		}
		c.ghosts.add(e.hash)
		c.stats.Evicted++
	}
	c.bury(e, at)
	return true
}

// promote moves an entry into the main queue if there is room, or can be made.
func (c *Cache) promote(e *entry, at place, event uint32) bool {
	for !c.relocate(e, at, 0, reserve, event) {
		if c.main.head < 0 || c.spent() {
			return false
		}
		for id := c.main.head; c.main.head == id; {
			c.leaveMain(event)
		}
	}
	return true
}

// leaveMain judges the oldest entry of the main queue: to its end with what was found
// since, one hit the poorer, out with the rest.
func (c *Cache) leaveMain(event uint32) bool {
	e, at := c.oldest(&c.main)
	if e == nil {
		return at != 0
	}
	if !c.dead(e) {
		if e.hits > 0 && c.moved < maxMoved*c.segmentBytes && c.relocate(e, at, e.hits-1, 0, event) {
			c.moved += int(e.size)
			return true
		}
		c.stats.Evicted++
	}
	c.bury(e, at)
	return true
}

// oldest returns the first entry of a queue that is not buried and steps over it. Where
// the queue's first segment has none left it is freed, and that is all: no entry, and a
// place that is not 0.
func (c *Cache) oldest(q *queue) (*entry, place) {
	if q.head < 0 {
		return nil, 0
	}
	s := &c.segments[q.head]
	for s.live > 0 && q.cursor < s.used {
		at := c.place(q.head, q.cursor)
		e := c.at(at)
		q.cursor += e.size
		if !e.buried {
			return e, at
		}
	}
	at := c.place(q.head, 0)
	c.retire(q)
	return nil, at
}

// relocate moves an entry to the end of the main queue with so many hits left, if there
// is room without going below so many free segments. What was found in its old place
// stays there until the segment is taken anew.
func (c *Cache) relocate(e *entry, from place, hits uint8, keep int, event uint32) bool {
	to, ok := c.fit(&c.main, int(e.size))
	if !ok {
		if c.available() <= keep || !c.take(&c.main, event) {
			return false
		}
		to, _ = c.fit(&c.main, int(e.size)) // an empty segment holds any entry
	}
	moved := c.at(to)
	words := int(e.size) / wordSize
	copy(wordsOf(moved, words), wordsOf(e, words))
	moved.hits = hits
	c.index.move(e.hash, from, to)
	e.buried = true
	c.left(from)
	return true
}

// bury takes an entry out of the index. Its bytes stay until its segment is taken anew.
func (c *Cache) bury(e *entry, at place) {
	c.index.remove(e.hash, at)
	e.buried = true
	c.left(at)
	c.entries--
}

// left counts an entry out of its segment.
func (c *Cache) left(at place) {
	s := c.segmentOf(at)
	s.live--
	if s.main {
		c.main.entries--
	} else {
		c.probation.entries--
	}
}
