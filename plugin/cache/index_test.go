package cache

import (
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestIndexAgainstAMap: many homes in few slots, so that runs wrap and merge.
func TestIndexAgainstAMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, spread := range []uint64{1, 3, 16, 1 << 40} {
		x := make(index, indexSize(50))
		hashes := map[place]uint64{}
		for range 20000 {
			at := place(1 + r.IntN(50))
			if hash, ok := hashes[at]; ok {
				x.remove(hash, at)
				delete(hashes, at)
			} else {
				hashes[at] = r.Uint64N(spread) * 0x100000007
				x.put(hashes[at], at)
			}
			filled := 0
			for _, slot := range x {
				if slot != 0 {
					filled++
				}
			}
			if filled != len(hashes) {
				t.Fatalf("%d slots for %d entries", filled, len(hashes))
			}
		}
		for at, hash := range hashes {
			found := false
			for i := hash; ; {
				p, after := x.next(hash, i)
				if p == 0 {
					break
				}
				found = found || p == at
				i = after
			}
			if !found {
				t.Fatalf("place %d is not found", at)
			}
			if _, ok := x.slot(hash+1<<32, at); !ok {
				t.Error("the upper half of a hash counts in the index")
			}
		}
		x.remove(99, 60) // not there: nothing happens
	}
}

func TestGhostsForgetTheOldest(t *testing.T) {
	g := make(ghosts, ghostSize(16))
	for i := range uint64(5) {
		g.add(i) // one bucket: the upper halves are 0
	}
	for i, want := range []bool{false, true, true, true, true} {
		if got := g.take(uint64(i)); got != want {
			t.Errorf("mark %d: %v, want %v", i, got, want)
		}
		if g.take(uint64(i)) {
			t.Errorf("mark %d is there twice", i)
		}
	}
}

// TestHashTellsTokensApart: lengths around each boundary, one bit at each place.
func TestHashTellsTokensApart(t *testing.T) {
	h := NewHasher(99)
	seen := map[uint64]string{}
	add := func(s string) {
		t.Helper()
		sum := h.Sum(s)
		if other, ok := seen[sum]; ok && other != s {
			t.Fatalf("%q and %q collide", s, other)
		}
		seen[sum] = s
	}
	for n := range 40 {
		add(strings.Repeat("\x00", n))
		add(strings.Repeat("a", n))
	}
	for _, n := range []int{1023, 1024, 1025, 2048, 2049, 5000} {
		add(strings.Repeat("a", n))
		add(strings.Repeat("\x00", n))
	}
	base := []byte(strings.Repeat("eyJhbGciOiJFUzI1NiJ9", 110))
	for i := range base {
		for bit := range 7 {
			b := append([]byte(nil), base...)
			b[i] ^= 1 << bit
			add(string(b))
		}
	}
	// Two blocks exchanged.
	long := strings.Repeat("a", 1024) + strings.Repeat("b", 1024)
	add(long)
	add(long[1024:] + long[:1024])
}

// TestHashDependsOnTheSeed: half of the bits on average, so that a place in the index
// tells nothing without it.
func TestHashDependsOnTheSeed(t *testing.T) {
	token := strings.Repeat("eyJhbGciOiJFUzI1NiJ9", 30)
	differ := 0
	for seed := range uint64(256) {
		differ += bits.OnesCount64(NewHasher(seed).Sum(token) ^ NewHasher(seed+1).Sum(token))
	}
	if differ < 256*28 || differ > 256*36 {
		t.Errorf("%.1f of 64 bits differ between two seeds", float64(differ)/256)
	}
}
