package cache

import (
	"bytes"
	"strings"
	"testing"
)

// rig drives one cache of entries with 1,000 bytes of value.
type rig struct {
	c      *Cache
	hasher *Hasher
	now    int64
	event  uint32
}

func newRig(t testing.TB, lim Limits) *rig {
	t.Helper()
	r := &rig{c: New(lim, 4), hasher: NewHasher(7), now: begin}
	if r.c == nil {
		t.Fatalf("no cache for %+v", lim)
	}
	return r
}

func (r *rig) key(token string) *Key {
	return &Key{Token: token, Hash: r.hasher.Sum(token), Generation: 1}
}

// use looks a token up and puts it in if it is not there, as a request does.
func (r *rig) use(token string) (hit bool) {
	r.event++
	k := r.key(token)
	if r.c.Find(k, r.now, r.event) != nil {
		return true
	}
	if dst := r.c.Add(k, 1000, r.now, r.now+hour, r.event); dst != nil {
		copy(dst, token)
	}
	return false
}

func (r *rig) has(k *Key) bool {
	r.event++
	return r.c.Find(k, r.now, r.event) != nil
}

// S-08: as long as there is room nothing leaves.
func TestDistinctTokensInACycleAllHit(t *testing.T) {
	const n = 50_000
	r := newRig(t, Limits{n, 128 << 20})
	for round := range 2 {
		for i := range n {
			if hit := r.use(tokenOf(i, 700)); hit != (round == 1) {
				t.Fatalf("round %d, token %d: hit %v", round, i, hit)
			}
		}
	}
	if s := r.c.Stats(); s.Entries != n || s.Evicted != 0 || s.Bytes > 128<<20 {
		t.Errorf("%+v", s)
	}
}

// S-08: tokens that are seen once do not evict those that are in use, whichever bound
// is the one that is reached.
func TestFloodLeavesHotTokens(t *testing.T) {
	const hot, flood = 1000, 100_000
	for name, lim := range map[string]Limits{"entries": {5000, 64 << 20}, "bytes": {1_000_000, 8 << 20}} {
		r := newRig(t, lim)
		for range 2 {
			for i := range hot {
				r.use(tokenOf(i, 700))
			}
		}
		hits := 0
		for i := range flood {
			r.use(tokenOf(hot+i, 700))
			if r.use(tokenOf(i*7919%hot, 700)) { // one hot request for each of the flood
				hits++
			}
		}
		if hits < flood*99/100 {
			t.Errorf("%s: %d of %d requests with hot tokens hit", name, hits, flood)
		}
		r.c.check(t, lim)
	}
}

// S-08: a burst without a single hot request in between may cost hot tokens at most
// what a tenth of the cache costs.
func TestBurstLeavesHotTokens(t *testing.T) {
	const hot, flood = 1000, 100_000
	for name, lim := range map[string]Limits{"entries": {5000, 64 << 20}, "bytes": {1_000_000, 8 << 20}} {
		r := newRig(t, lim)
		for round := range 3 {
			for i := range hot {
				r.use(tokenOf(i, 700))
			}
			for i := range 6000 { // so many that hot ones come up to leave probation
				r.use(tokenOf(1_000_000*(round+1)+i, 700))
			}
		}
		for i := range flood {
			r.use(tokenOf(hot+i, 700))
		}
		hits := 0
		for i := range hot {
			if r.has(r.key(tokenOf(i, 700))) {
				hits++
			}
		}
		if hits < hot*9/10 {
			t.Errorf("%s: %d of %d hot tokens are left", name, hits, hot)
		}
	}
}

func TestCycleLargerThanTheCacheStillHits(t *testing.T) {
	r := newRig(t, Limits{1000, 8 << 20})
	hits := 0
	for range 10 {
		for i := range 4000 {
			if r.use(tokenOf(i, 700)) {
				hits++
			}
		}
	}
	// Pure recency would hit never.
	if hits < 9*200 {
		t.Errorf("%d hits of 36000", hits)
	}
}

func TestS08Bounds(t *testing.T) {
	for name, lim := range map[string]Limits{"no entries": {0, 16 << 20}, "no bytes": {100, 0}, "too few bytes": {100, leastBytes - 1}} {
		if New(lim, 1) != nil {
			t.Errorf("%s: there is a cache", name)
		}
	}
	one := newRig(t, Limits{1, 16 << 20})
	for i := range 100 {
		if one.use(tokenOf(i, 700)) || !one.use(tokenOf(i, 700)) {
			t.Fatal("one entry: the last token does not hit, or another does")
		}
		one.c.check(t, Limits{1, 16 << 20})
	}
	// 10,000 of 16 KiB: each fits, the bound holds.
	lim := Limits{10000, 16 << 20}
	big := newRig(t, lim)
	for i := range 10000 {
		big.use(tokenOf(i, 16<<10))
		if i%1000 == 0 {
			big.c.check(t, lim)
		}
	}
	if s := big.c.Stats(); s.Added != 10000 || s.Entries < 700 {
		t.Errorf("%+v", s)
	}
	// An entry that is larger than a segment is skipped and costs nobody his place.
	before := big.c.Stats()
	for range 2 {
		if big.use(strings.Repeat("z", 70000)) {
			t.Error("an entry larger than a segment is kept")
		}
	}
	if after := big.c.Stats(); after.Entries != before.Entries || after.Evicted != before.Evicted {
		t.Errorf("skipping one has cost others: %+v, then %+v", before, after)
	}
}

// S-03: two tokens, one hash: the bytes decide.
func TestS03OneHashForAll(t *testing.T) {
	c := New(Limits{100, 1 << 20}, 2)
	same := []string{"a.b.c", "a.b.d", "a.b.c.", "a.b", "", "b.a.c"}
	for i, token := range same {
		k := Key{Token: token, Generation: 1, Hash: 42}
		if c.Find(&k, begin, 1) != nil {
			t.Fatalf("%q is found before it is there", token)
		}
		copy(c.Add(&k, 8, begin, begin+hour, 1), []byte{byte(i)})
	}
	for i, token := range same {
		k := Key{Token: token, Generation: 1, Hash: 42}
		if got := c.Find(&k, begin, 1); got == nil || got[0] != byte(i) {
			t.Errorf("%q has the value %v, want %d", token, got, i)
		}
		k.Owner = 1 // the sum of hash and owner may meet another entry's
		k.Hash -= 0x9e3779b97f4a7c15
		if c.Find(&k, begin, 1) != nil {
			t.Errorf("%q is found for an owner that has not proved it", token)
		}
	}
}

// S-02: a token that differs in one byte, wherever, is another one.
func TestS02EveryByteCounts(t *testing.T) {
	token := strings.Repeat("0123456789abcdef", 40) + "tail"
	c := New(Limits{100, 1 << 20}, 1)
	k := Key{Token: token, Generation: 1, Hash: 1}
	if c.Add(&k, 8, begin, begin+hour, 1) == nil {
		t.Fatal("not kept")
	}
	for i := range len(token) {
		b := []byte(token)
		b[i] ^= 1
		k := Key{Token: string(b), Generation: 1, Hash: 1}
		if c.Find(&k, begin, 1) != nil {
			t.Fatalf("found with another byte at %d", i)
		}
	}
	if c.Find(&k, begin, 1) == nil {
		t.Error("not found")
	}
}

func TestEntriesDie(t *testing.T) {
	lim := Limits{100, 1 << 20}
	put := func(r *rig, k *Key, until int64) {
		t.Helper()
		if r.c.Add(k, 8, r.now, until, r.event) == nil {
			t.Fatal("not kept")
		}
	}
	t.Run("at its time", func(t *testing.T) {
		r := newRig(t, lim)
		k := r.key("token")
		put(r, k, begin+10*second)
		if r.now = begin + 10*second - 1; !r.has(k) {
			t.Error("gone a nanosecond early")
		}
		if r.now = begin + 10*second; r.has(k) {
			t.Error("found at its time")
		}
		if r.now = begin; r.has(k) || r.c.Stats().Entries != 0 { // S-04, T-04
			t.Error("alive again when the clock steps back")
		}
	})
	t.Run("when the clock has been beyond it, seen or not", func(t *testing.T) {
		r := newRig(t, lim)
		k := r.key("token")
		put(r, k, begin+10*second)
		r.now = begin + 20*second
		r.use("another")
		if r.now = begin; r.has(k) {
			t.Error("alive again when the clock steps back")
		}
	})
	t.Run("after an hour at most", func(t *testing.T) {
		r := newRig(t, lim)
		k := r.key("token")
		put(r, k, begin+1000*hour)
		if r.now = begin + hour - 1; !r.has(k) {
			t.Error("gone early")
		}
		if r.now = begin + hour; r.has(k) {
			t.Error("found after an hour")
		}
	})
	t.Run("with its generation", func(t *testing.T) {
		r := newRig(t, lim)
		k := r.key("token")
		put(r, k, begin+hour)
		k.Generation = 2
		if r.has(k) {
			t.Error("found under new keys")
		}
		k.Generation = 1
		if r.has(k) {
			t.Error("back with the old keys")
		}
	})
	t.Run("when the clock steps far back, and the cache lives on", func(t *testing.T) {
		r := newRig(t, lim)
		k := r.key("token")
		put(r, k, begin+hour)
		r.now = begin - 2*hour
		if r.has(k) {
			t.Error("found")
		}
		put(r, k, begin)
		if !r.has(k) {
			t.Error("nothing is kept any more")
		}
		r.c.check(t, lim)
	})
	t.Run("never put in dead", func(t *testing.T) {
		r := newRig(t, lim)
		if r.c.Add(r.key("token"), 8, begin, begin, 1) != nil || r.c.Add(&Key{Token: "t", Owner: 4}, 8, begin, begin+hour, 1) != nil {
			t.Error("kept")
		}
	})
}

// What one event has found is not written over before the next one, even where that
// means to keep nothing.
func TestFoundValuesOutliveInsertionsOfTheirEvent(t *testing.T) {
	lim := Limits{1000, 64 << 10}
	r := newRig(t, lim)
	want := map[string][]byte{}
	for i := range 20 {
		token := tokenOf(i, 700)
		if dst := r.c.Add(r.key(token), 1000, r.now, r.now+hour, 0); dst != nil {
			copy(dst, valueOf(r.key(token), 1000))
		}
	}
	got := map[string][]byte{}
	for i := range 20 {
		token := tokenOf(i, 700)
		if v := r.c.Find(r.key(token), r.now, 1); v != nil {
			got[token], want[token] = v, valueOf(r.key(token), 1000)
		}
	}
	kept := 0
	for i := range 500 {
		k := r.key(tokenOf(1000+i, 700))
		if dst := r.c.Add(k, 1000, r.now, r.now+hour, 1); dst != nil {
			copy(dst, bytes.Repeat([]byte{0xff}, 1000))
			kept++
		}
	}
	if len(want) < 15 || kept == 0 || kept == 500 {
		t.Fatalf("%d found, %d kept: the test does not reach the case", len(want), kept)
	}
	for token := range want {
		if !bytes.Equal(got[token], want[token]) {
			t.Fatal("written over")
		}
	}
	for i := range 100 { // the next event has the room
		r.use(tokenOf(5000+i, 700))
	}
	if !r.has(r.key(tokenOf(5099, 700))) {
		t.Error("nothing is kept any more")
	}
	r.c.check(t, lim)
}

func TestHitsAndInsertionsAllocateNothing(t *testing.T) {
	r := newRig(t, Limits{500, 1 << 20})
	tokens := make([]string, 2000)
	for i := range tokens {
		tokens[i] = tokenOf(i, 700)
		r.use(tokens[i])
	}
	i := 0
	if n := testing.AllocsPerRun(4000, func() { r.use(tokens[i%len(tokens)]); i++ }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestClosedCacheIsGone(t *testing.T) {
	r := newRig(t, Limits{10, 1 << 20})
	r.use("token")
	r.c.Close()
	if r.c.Stats() != (Stats{}) {
		t.Errorf("%+v", r.c.Stats())
	}
}
