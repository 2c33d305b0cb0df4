package jsonx

import "math/bits"

// few is the largest number of members compared pair by pair: at most 28 comparisons,
// most of them of two lengths, are cheaper than hashing.
const few = 8

// unique refuses an object, complete at index i, that has a name twice (RFC 7515 §4 and
// RFC 7519 §4 leave refusing or taking the last; two readers of one token must agree,
// so it is refused). It takes time linear in the names' length.
func (d *Doc) unique(i uint32) error {
	count := d.nodes[i].b
	if count < 2 {
		return nil
	}
	if count <= few {
		return d.uniquePairs(i)
	}
	// Half empty at worst, so that a probe ends soon.
	size := 1 << bits.Len32(2*count-1)
	if cap(d.table) < size {
		d.table = make([]uint32, size)
	}
	table := d.table[:size]
	clear(table)
	mask := uint32(size - 1)
	for at, stop := i+1, d.nodes[i].a; at < stop; at = d.after(at + 1) {
		name := d.stringAt(at)
		slot := uint32(hash(d.seed, name)) & mask
		for table[slot] != 0 {
			if d.stringAt(table[slot]) == name {
				return d.duplicate(at)
			}
			slot = (slot + 1) & mask
		}
		table[slot] = at // never 0: the object itself stands before it
	}
	return nil
}

func (d *Doc) uniquePairs(i uint32) error {
	names := &d.names // on the stack TinyGo would not keep it
	n := 0
	for at, stop := i+1, d.nodes[i].a; at < stop; at = d.after(at + 1) {
		name := d.stringAt(at)
		for _, other := range names[:n] {
			if d.stringAt(other) == name {
				return d.duplicate(at)
			}
		}
		names[n] = at
		n++
	}
	return nil
}

// duplicate puts the position on the name at index i.
func (d *Doc) duplicate(i uint32) error {
	d.pos = int(d.nodes[i].start)
	return ErrDuplicate
}

// hash is SipHash-1-3 (Aumasson, Bernstein 2012; the reduced form is the one common in
// hash tables) of s under a key made of the seed: without the seed nobody can make
// names that fall into one slot.
func hash(seed uint64, s string) uint64 {
	k0, k1 := seed, seed*0x9e3779b97f4a7c15^0xbf58476d1ce4e5b9
	v0, v1 := k0^0x736f6d6570736575, k1^0x646f72616e646f6d
	v2, v3 := k0^0x6c7967656e657261, k1^0x7465646279746573
	last := uint64(len(s)) << 56
	for ; len(s) >= 8; s = s[8:] {
		m := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		v3 ^= m
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
		v0 ^= m
	}
	for i := range len(s) {
		last |= uint64(s[i]) << (8 * i)
	}
	v3 ^= last
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0 ^= last
	v2 ^= 0xff
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	return v0 ^ v1 ^ v2 ^ v3
}

func sipRound(v0, v1, v2, v3 uint64) (a, b, c, d uint64) {
	v0 += v1
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v0 = bits.RotateLeft64(v0, 32)
	v2 += v3
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 += v3
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	v2 += v1
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	v2 = bits.RotateLeft64(v2, 32)
	return v0, v1, v2, v3
}
