package cache

import (
	"strconv"
	"testing"
)

func BenchmarkSum(b *testing.B) {
	h := NewHasher(1)
	for _, n := range []int{300, 700, 1024, 4096} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			token := tokenOf(1, n)
			b.SetBytes(int64(n))
			for b.Loop() {
				h.Sum(token)
			}
		})
	}
}

func benchmarkUse(b *testing.B, lim Limits, tokens int) {
	r := newRig(b, lim)
	list := make([]string, tokens)
	for i := range list {
		list[i] = tokenOf(i, 700)
		r.use(list[i])
	}
	hits, n := 0, 0
	for i := 0; b.Loop(); i++ {
		if r.use(list[i%tokens]) {
			hits++
		}
		n++
	}
	b.ReportMetric(float64(hits)/float64(n), "hits/op")
	b.ReportMetric(float64(r.c.Stats().Bytes)/float64(r.c.entries), "B/entry")
}

func BenchmarkHitOne(b *testing.B)   { benchmarkUse(b, Limits{10000, 16 << 20}, 1) }
func BenchmarkHit50000(b *testing.B) { benchmarkUse(b, Limits{50000, 128 << 20}, 50000) }

// BenchmarkFlood is an insertion with its evictions.
func BenchmarkFlood(b *testing.B) { benchmarkUse(b, Limits{1000, 16 << 20}, 20000) }
