package rsa_test

import (
	"bytes"
	"crypto/rand"
	stdrsa "crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/rsa"
)

func TestSPKIIsTheLibrarys(t *testing.T) {
	modulus := func(bits int, first byte) *big.Int {
		b := make([]byte, bits/8)
		_, _ = rand.Read(b)
		b[0], b[len(b)-1] = first, b[len(b)-1]|1
		return new(big.Int).SetBytes(b)
	}
	for _, c := range []struct {
		law string
		n   *big.Int
		e   int
	}{
		{"2048 bits", modulus(2048, 0x80), 65537},
		{"2049 bits: the top bit of the first byte is clear", modulus(2056, 0x01), 65537},
		{"2055 bits", modulus(2056, 0x7f), 3},
		{"3072 bits", modulus(3072, 0xff), 17},
		{"8192 bits", modulus(8192, 0xc1), 65537},
		{"an exponent whose top bit is set", modulus(2048, 0x91), 0x80000001},
	} {
		t.Run(c.law, func(t *testing.T) {
			k, err := rsa.NewKey(append([]byte{0, 0}, c.n.Bytes()...), big.NewInt(int64(c.e)).Bytes())
			if err != nil {
				t.Fatal(err)
			}
			want, err := x509.MarshalPKIXPublicKey(&stdrsa.PublicKey{N: c.n, E: c.e})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(k.SPKI(), want) {
				t.Errorf("% x\nwant\n% x", k.SPKI(), want)
			}
		})
	}
}

func TestInRange(t *testing.T) {
	n := keys()[1].N // 2049 bits: 257 bytes
	k := made(t, keys()[1])
	raw := func(v *big.Int) []byte { return v.FillBytes(make([]byte, 257)) }
	minusOne := new(big.Int).Sub(n, big.NewInt(1))
	plusOne := new(big.Int).Add(n, big.NewInt(1))
	for law, c := range map[string]struct {
		signature []byte
		want      bool
	}{
		"0":                    {raw(new(big.Int)), true},
		"n - 1":                {raw(minusOne), true},
		"n (M-08)":             {raw(n), false},
		"n + 1 (M-08)":         {raw(plusOne), false},
		"all ones":             {bytes.Repeat([]byte{0xff}, 257), false},
		"a byte short":         {make([]byte, 256), false},
		"a zero byte in front": {append([]byte{0}, raw(minusOne)...), false},
		"none":                 {nil, false},
	} {
		if got := k.InRange(c.signature); got != c.want {
			t.Errorf("%s: %v", law, got)
		}
	}
}
