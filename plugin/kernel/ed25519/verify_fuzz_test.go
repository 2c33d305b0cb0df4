package ed25519_test

import (
	"bytes"
	std "crypto/ed25519"
	"crypto/sha512"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/ed25519"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// FuzzVerify holds both ways of verification against the library in both directions: what
// it signs stays valid at every use of a key; and what is changed a little, in the
// signature, the message or the key, has the library's verdict.
func FuzzVerify(f *testing.F) {
	f.Add([]byte("seed"), []byte("message"), uint16(0), uint16(0), byte(0))
	f.Add([]byte{}, []byte{}, uint16(255), uint16(1), byte(1))
	f.Add([]byte{1}, bytes.Repeat([]byte{2}, 300), uint16(511), uint16(255), byte(2))
	for near := range byte(10) {
		f.Add([]byte{near}, []byte{near}, uint16(near)*51, uint16(near)*25, near)
	}
	f.Fuzz(func(t *testing.T, seed, message []byte, bit, keyBit uint16, near byte) {
		hashed := sha512.Sum512(seed)
		private := std.NewKeyFromSeed(hashed[:32])
		public := private.Public().(std.PublicKey)
		good := std.Sign(private, message)
		bad := nearMiss(good, near, int(bit)%512)
		k, err := ed25519.NewKey(public, tables.New(tables.Limit))
		if err != nil {
			t.Fatal(err)
		}
		wrong := append(bytes.Clone(message), 0)
		for use := range 6 {
			if !k.Verify(string(message), good) {
				t.Fatalf("use %d: the library's signature %x by %x is refused", use, good, public)
			}
			if got, want := k.Verify(string(message), bad), std.Verify(public, message, bad); got != want {
				t.Fatalf("use %d: %x by %x: %v, library %v", use, bad, public, got, want)
			}
			if k.Verify(string(wrong), good) {
				t.Fatalf("use %d: another message is accepted", use)
			}
		}
		other := bytes.Clone(public)
		other[keyBit%256/8] ^= 1 << (keyBit % 8)
		if k, err = ed25519.NewKey(other, tables.New(tables.Limit)); err == nil {
			for range 5 {
				if got, want := k.Verify(string(message), good), std.Verify(other, message, good); got != want {
					t.Fatalf("key %x: %v, library %v", other, got, want)
				}
			}
		}
	})
}

// nearMiss changes a signature: a bit, or R or S as a whole.
func nearMiss(good []byte, near byte, bit int) []byte {
	bad := bytes.Clone(good)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	setS := func(s *big.Int) {
		raw := s.FillBytes(make([]byte, 32))
		for i := range raw {
			bad[63-i] = raw[i]
		}
	}
	s := make([]byte, 32)
	for i := range s {
		s[i] = good[63-i]
	}
	number := new(big.Int).SetBytes(s)
	switch near % 10 {
	case 0:
		bad[bit/8] ^= 1 << (bit % 8)
	case 1:
		setS(new(big.Int))
	case 2:
		setS(order)
	case 3:
		setS(new(big.Int).Sub(order, big.NewInt(1)))
	case 4:
		setS(new(big.Int).Add(number, order))
	case 5:
		setS(new(big.Int).Sub(order, number))
	case 6:
		clear(bad[:32])
	case 7: // the neutral point
		clear(bad[:32])
		bad[0] = 1
	case 8:
		bad[31] ^= 0x80 // -R
	case 9: // p + 1 for R, not canonical
		for i := range 32 {
			bad[i] = 0xff
		}
		bad[0], bad[31] = 0xee, 0x7f
	}
	return bad
}
