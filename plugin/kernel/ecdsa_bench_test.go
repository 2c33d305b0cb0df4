package kernel_test

import (
	stdecdsa "crypto/ecdsa"
	"math/big"
	"testing"
)

// BenchmarkVerify compares, for each curve, a key with its table, a key without one and the
// making of a key with crypto/ecdsa.
func BenchmarkVerify(b *testing.B) {
	for _, c := range curves {
		private, digest, signature := c.sample(b)
		x, y := coordinates(b, private, c.size)
		fresh := func() verifier {
			k, err := c.newKey(x, y)
			if err != nil {
				b.Fatal(err)
			}
			return k
		}
		verify := func(k verifier) {
			if !k.Verify(digest, signature) {
				b.Fatal("refused")
			}
		}
		b.Run(c.name+"/table", func(b *testing.B) {
			k := fresh()
			for range warmUp {
				verify(k)
			}
			b.ReportAllocs()
			for b.Loop() {
				verify(k)
			}
		})
		b.Run(c.name+"/key and first use", func(b *testing.B) {
			for b.Loop() {
				verify(fresh())
			}
		})
		b.Run(c.name+"/key", func(b *testing.B) {
			for b.Loop() {
				fresh()
			}
		})
		b.Run(c.name+"/library", func(b *testing.B) {
			for b.Loop() {
				if !stdecdsa.Verify(&private.PublicKey, digest, new(big.Int).SetBytes(signature[:c.size]), new(big.Int).SetBytes(signature[c.size:])) {
					b.Fatal("refused")
				}
			}
		})
	}
}
