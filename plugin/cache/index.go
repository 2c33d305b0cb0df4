package cache

// index finds entries: open addressing with linear probing over slots of a fingerprint
// (the hash's low half, whose low bits are the slot it would like) and a place. It has a
// fixed size, is at most four fifths full, and takes deletions without leaving marks.
type index []uint64

// indexSize is the number of slots for n entries.
func indexSize(n int) int {
	size := 8
	for size*4 < n*5 {
		size *= 2
	}
	return size
}

func slotOf(hash uint64, at place) uint64 { return hash<<32 | uint64(at) }

// put adds an entry. There must be an empty slot.
func (x index) put(hash uint64, at place) {
	mask := uint64(len(x) - 1)
	i := hash & mask
	for x[i] != 0 {
		i = (i + 1) & mask
	}
	x[i] = slotOf(hash, at)
}

// next returns the next entry with the fingerprint of hash from slot i on, and the slot
// after it; 0 if there is none. The search begins at slot hash.
func (x index) next(hash, i uint64) (at place, after uint64) {
	mask := uint64(len(x) - 1)
	for i &= mask; x[i] != 0; i = (i + 1) & mask {
		if uint32(x[i]>>32) == uint32(hash) {
			return place(uint32(x[i])), i + 1
		}
	}
	return 0, i
}

// slot returns where an entry stands; ok is false if it does not.
func (x index) slot(hash uint64, at place) (i uint64, ok bool) {
	mask := uint64(len(x) - 1)
	want := slotOf(hash, at)
	for i = hash & mask; x[i] != 0; i = (i + 1) & mask {
		if x[i] == want {
			return i, true
		}
	}
	return 0, false
}

// move gives an entry another place.
func (x index) move(hash uint64, from, to place) {
	if i, ok := x.slot(hash, from); ok {
		x[i] = slotOf(hash, to)
	}
}

// remove takes an entry out and moves those behind it back, so that each stays
// reachable from the slot it would like (Knuth, TAOCP 3, 6.4, algorithm R).
func (x index) remove(hash uint64, at place) {
	hole, ok := x.slot(hash, at)
	if !ok {
		return
	}
	mask := uint64(len(x) - 1)
	for i := (hole + 1) & mask; x[i] != 0; i = (i + 1) & mask {
		home := x[i] >> 32 & mask
		if (i-home)&mask >= (i-hole)&mask {
			x[hole] = x[i]
			hole = i
		}
	}
	x[hole] = 0
}

// ghosts are marks of entries that left the probation queue: fingerprints in buckets of
// four, the newest first, so that the oldest is forgotten.
type ghosts []uint32

const bucket = 4

// ghostSize is the number of marks for n entries.
func ghostSize(n int) int {
	size := bucket
	for size < n {
		size *= 2
	}
	return size
}

// of returns the bucket of a hash and its mark in it. They come of different halves.
func (g ghosts) of(hash uint64) (four ghosts, mark uint32) {
	at := int(hash>>32) & (len(g) - 1) &^ (bucket - 1)
	return g[at : at+bucket], uint32(hash) | 1<<31 // never 0: 0 is none
}

func (g ghosts) add(hash uint64) {
	four, mark := g.of(hash)
	copy(four[1:], four[:bucket-1])
	four[0] = mark
}

// take says whether hash has a mark, and removes it.
func (g ghosts) take(hash uint64) bool {
	four, mark := g.of(hash)
	for i := range four {
		if four[i] == mark {
			copy(four[i:], four[i+1:])
			four[bucket-1] = 0
			return true
		}
	}
	return false
}
