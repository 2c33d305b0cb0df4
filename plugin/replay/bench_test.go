package replay

import (
	"fmt"
	"testing"
)

// BenchmarkFull is what a request costs with the default capacity used up: asking, and
// remembering, with the bytes that cross to the host and back.
func BenchmarkFull(b *testing.B) {
	for _, secret := range []string{"", "a secret"} {
		h := newHost()
		cfg := testConfig()
		cfg.Secret = []byte(secret)
		s := ready(h, cfg)
		for i := range DefaultCapacity {
			h.drive(s.Insert(start, s.Mark("k1", start, Nonce, fmt.Sprint(i))))
		}
		write := ShareOK
		h.write = &write // said, not done: every round finds the same
		for _, insert := range []bool{false, true} {
			b.Run(fmt.Sprintf("insert=%v/mac=%v", insert, secret != ""), func(b *testing.B) {
				h.bytes = 0
				for i := 0; b.Loop(); i++ {
					m := s.Mark("k1", start, Nonce, fmt.Sprint("more", i%1000))
					p := s.Check(start, m)
					if insert {
						p = s.Insert(start, m)
					}
					if h.drive(p) != Fresh {
						b.Fatal("not fresh")
					}
				}
				b.ReportMetric(float64(h.bytes)/float64(b.N), "read-bytes/op")
			})
		}
	}
}
