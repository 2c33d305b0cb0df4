package cache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

const (
	second = int64(1_000_000_000)
	begin  = 1_800_000_000 * second
	hour   = 3600 * second
)

// tokenOf makes a token of about a length, another one for each number.
func tokenOf(n, length int) string {
	head := fmt.Sprintf("%d.", n)
	return head + strings.Repeat("x", max(length-len(head), 0))
}

// valueOf is what the tests put under a key.
func valueOf(k *Key, size int) []byte {
	seed := fmt.Sprintf("%s/%d/%d/", k.Token, k.Owner, k.Generation)
	return []byte(strings.Repeat(seed, size/len(seed)+1)[:size])
}

// check holds what must be true of a cache between two calls.
func (c *Cache) check(t *testing.T, lim Limits) {
	t.Helper()
	if c.entries > lim.MaxEntries {
		t.Fatalf("%d entries, at most %d allowed", c.entries, lim.MaxEntries)
	}
	if got := c.bytes(); got > lim.MaxBytes {
		t.Fatalf("%d bytes, at most %d allowed", got, lim.MaxBytes)
	}
	if c.index == nil {
		return
	}
	seen, inQueues, segments := 0, 0, 0
	for _, q := range []*queue{&c.probation, &c.main, &c.free} {
		last, n := int32(-1), 0
		for id := q.head; id >= 0; id = c.segments[id].next {
			s := &c.segments[id]
			live := 0
			for offset := uint32(0); offset < s.used; {
				at := c.place(id, offset)
				e := c.at(at)
				if !e.buried {
					live++
					if _, ok := c.index.slot(e.hash, at); !ok {
						t.Fatal("an entry that the index does not know")
					}
				}
				offset += e.size
			}
			if live != int(s.live) || q != &c.free && s.main != (q == &c.main) {
				t.Fatalf("segment %d says %d live, main %v; %d are", id, s.live, s.main, live)
			}
			seen += live
			last, n = id, n+1
		}
		if last != q.tail || n != q.segments {
			t.Fatalf("queue %+v has %d segments and ends with %d", *q, n, last)
		}
		segments += n
		inQueues += q.entries
	}
	filled := 0
	for _, slot := range c.index {
		if slot != 0 {
			filled++
		}
	}
	if seen != c.entries || filled != c.entries || inQueues != c.entries || segments != len(c.segments) {
		t.Fatalf("%d entries: %d stand in segments, %d in the index, %d in queues; %d segments of %d", c.entries, seen, filled, inQueues, segments, len(c.segments))
	}
}

// modelled is what a map knows of an entry.
type modelled struct {
	value      []byte
	generation uint64
	until      int64
}

// TestModel: whatever is done in whatever order, a hit returns exactly what was put last
// under that key, never after its time or generation, and no bound is ever passed.
func TestModel(t *testing.T) {
	limits := []Limits{{10000, 16 << 20}, {1, 1 << 20}, {7, 64 << 10}, {100000, 64 << 10}, {300, 300 << 10}, {100000, 2 << 20}, {40, 4 << 20}}
	for _, lim := range limits {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%d entries in %d bytes, %d", lim.MaxEntries, lim.MaxBytes, seed), func(t *testing.T) { runModel(t, lim, seed) })
		}
	}
}

func runModel(t *testing.T, lim Limits, seed uint64) {
	const owners = 3
	r := rand.New(rand.NewPCG(seed, uint64(lim.MaxBytes)))
	c := New(lim, owners)
	hasher := NewHasher(seed + 1)
	type id struct {
		token string
		owner int
	}
	model := map[id]modelled{}
	generations := [owners]uint64{1, 1, 1}
	now, latest, event := begin, begin, uint32(0)
	type held struct{ got, want []byte }
	var holds []held
	hits := 0
	for step := range 15000 {
		if r.IntN(3) == 0 {
			for _, h := range holds {
				if !bytes.Equal(h.got, h.want) {
					t.Fatalf("step %d: what this event has found was overwritten", step)
				}
			}
			event, holds = event+1, holds[:0]
		}
		switch r.IntN(400) {
		case 0:
			generations[r.IntN(owners)]++
		case 1:
			now += r.Int64N(2 * second * 60)
		case 2:
			now -= r.Int64N(10 * second)
		case 3:
			if r.IntN(20) == 0 { // far back: nothing may be left
				now -= 2 * hour
				latest = now
				clear(model)
			}
		}
		latest = max(latest, now)
		n := r.IntN(30)
		if r.IntN(2) == 0 {
			n = r.IntN(20000)
		}
		k := Key{Token: tokenOf(n, 100+n*37%1500), Owner: r.IntN(owners)}
		if n%50 == 49 {
			k.Token += strings.Repeat("y", 20000)
		}
		k.Hash, k.Generation = hasher.Sum(k.Token), generations[k.Owner]
		at := id{k.Token, k.Owner}
		m, known := model[at]
		alive := known && m.generation == k.Generation && m.until > latest
		got := c.Find(&k, now, event)
		switch {
		case got != nil && (!alive || !bytes.Equal(got, m.value)):
			t.Fatalf("step %d: found %d bytes; the model has %v (alive %v)", step, len(got), known, alive)
		case got != nil:
			hits++
			holds = append(holds, held{got, m.value})
		default:
			size, until := r.IntN(1500), now+r.Int64N(2*hour)
			want := valueOf(&k, size)
			if dst := c.Add(&k, size, now, until, event); dst != nil {
				if len(dst) != size {
					t.Fatalf("%d bytes for a value of %d", len(dst), size)
				}
				copy(dst, want)
				model[at] = modelled{want, k.Generation, min(until, now+MaxAge)}
			}
		}
		if step%500 == 0 {
			c.check(t, lim)
		}
	}
	c.check(t, lim)
	if hits == 0 {
		t.Error("not a single hit")
	}
}

// FuzzModel drives the same laws from bytes.
func FuzzModel(f *testing.F) {
	f.Add([]byte{1, 2, 3, 1, 2, 3, 9, 9, 200, 1, 2, 3}, uint16(3))
	f.Add(bytes.Repeat([]byte{7, 80, 7, 81, 7, 82}, 60), uint16(1))
	f.Fuzz(func(t *testing.T, script []byte, entries uint16) {
		lim := Limits{int(entries), 64 << 10}
		c := New(lim, 2)
		if c == nil {
			if entries > 0 {
				t.Fatal("no cache")
			}
			return
		}
		model := map[string][]byte{}
		var event uint32
		for i, b := range script {
			k := Key{Token: tokenOf(int(b), 10*int(b)), Owner: int(b) % 2, Generation: 1, Hash: uint64(b % 3)} // few hashes
			got := c.Find(&k, begin+int64(i), event)
			if want := model[k.Token]; got != nil && !bytes.Equal(got, want) {
				t.Fatalf("%q under another token's key", got)
			}
			if got == nil {
				if dst := c.Add(&k, int(b), begin+int64(i), begin+hour, event); dst != nil {
					model[k.Token] = valueOf(&k, int(b))
					copy(dst, model[k.Token])
				}
			}
			if b%5 == 0 {
				event++
			}
		}
		c.check(t, lim)
	})
}
