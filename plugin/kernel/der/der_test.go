package der_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/der"
	"github.com/postern-wasm/postern/plugin/kernel/p256"
	"github.com/postern-wasm/postern/plugin/kernel/p384"
	"github.com/postern-wasm/postern/plugin/kernel/p521"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

// verifier is what the curves' keys have in common.
type verifier interface {
	Verify(digest, signature []byte) bool
}

// D-23, M-02: the whole set, judged by this package and the curve together. An encoding
// that is not DER fails here, a value that is wrong at the curve.
func TestD23Wycheproof(t *testing.T) {
	for _, c := range []struct {
		name string
		size int
		hash sha2.Hash
		key  func(x, y []byte) (verifier, error)
	}{
		{"ecdsa_secp256r1_sha256", 32, sha2.SHA256, func(x, y []byte) (verifier, error) { return p256.NewKey(x, y, tables.New(tables.Limit)) }},
		{"ecdsa_secp384r1_sha384", 48, sha2.SHA384, func(x, y []byte) (verifier, error) { return p384.NewKey(x, y, tables.New(tables.Limit)) }},
		{"ecdsa_secp521r1_sha512", 66, sha2.SHA512, func(x, y []byte) (verifier, error) { return p521.NewKey(x, y, tables.New(tables.Limit)) }},
	} {
		encodings := 0
		wycheproof.Load(t, c.name).Run(t, nil, nil, func(g *wycheproof.Group, test *wycheproof.Case) bool {
			point := wycheproof.Hex(t, g.PublicKey.Uncompressed)
			key, err := c.key(point[1:1+c.size], point[1+c.size:])
			if err != nil {
				t.Fatal(err)
			}
			raw, ok := der.Signature(nil, wycheproof.Hex(t, test.Sig), c.size)
			if bad := test.Has("BerEncodedSignature") || test.Has("InvalidEncoding") || test.Has("InvalidTypesInSignature"); bad {
				encodings++
				if ok {
					t.Errorf("%s, case %d (%s): passes as DER", c.name, test.ID, test.Comment)
				}
			}
			if ok && len(raw) != 2*c.size {
				t.Errorf("%s, case %d: %d bytes", c.name, test.ID, len(raw))
			}
			return ok && key.Verify(c.hash.Append(nil, string(wycheproof.Hex(t, test.Msg))), raw)
		})
		if encodings < 100 {
			t.Errorf("%s: only %d cases are about the encoding", c.name, encodings)
		}
	}
}

func TestD23Encodings(t *testing.T) {
	for _, c := range []struct {
		law  string
		sig  string
		size int
		want string // r and s, or "" where it is refused
	}{
		{"two numbers of one byte", "3006020101020102", 2, "00010002"},
		{"numbers as long as they may be", "3008020201000202ffff", 2, ""}, // ffff is negative
		{"a zero before a set bit", "3009020200ff020300ffff", 2, "00ffffff"},
		{"zero is a number, which the curve refuses", "3006020100020100", 2, "00000000"},
		{"a zero too many", "300702020001020102", 2, ""},
		{"a zero before the largest byte whose bit is not set", "300702010102020 07f", 2, ""},
		{"no zero before it", "300602010102017f", 2, "0001007f"},
		{"a zero too many, in s", "300702010102020001", 2, ""},
		{"two zeros before a set bit", "3008020300 00ff020101", 2, ""},
		{"a negative number", "3006020180020101", 2, ""},
		{"minus one", "3006020101 0201ff", 2, ""},
		{"a number longer than the curve's", "300802030100000201 01", 2, ""},
		{"a number without bytes", "30050200020101", 2, ""},
		{"s without bytes", "30050201010200", 2, ""},
		{"s is missing", "3003020101", 2, ""},
		{"a third number", "3009020101020102020103", 2, ""},
		{"a byte after the sequence", "300602010102010200", 2, ""},
		{"a byte after the numbers, in the sequence", "300702010102010200", 2, ""},
		{"the sequence ends within s", "3005020101020102", 2, ""},
		{"the sequence ends within the bytes that there are", "30060201010201", 2, ""},
		{"r goes beyond the sequence", "3006020701020102", 2, ""},
		{"a length in two bytes that fits into one (BER)", "308106020101020102", 2, ""},
		{"a length in three bytes (BER)", "30820006020101020102", 2, ""},
		{"a length of indefinite form (BER)", "30800201010201020000", 2, ""},
		{"r's length in two bytes (BER)", "300702810101020102", 2, ""},
		{"a length of length 127", "30ff020101020102", 2, ""},
		{"the length is missing", "30", 2, ""},
		{"the length's second byte is missing", "3081", 2, ""},
		{"nothing", "", 2, ""},
		{"an empty sequence", "3000", 2, ""},
		{"a set", "3106020101020102", 2, ""},
		{"a sequence that is not constructed", "1006020101020102", 2, ""},
		{"a bit string for r", "3006030101020102", 2, ""},
		{"an octet string for s", "3006020101040102", 2, ""},
		{"a context tag for r", "3006820101020102", 2, ""},
		{"a sequence in the sequence", "30083006020101020102", 2, ""},
		{"the raw form", "00010002", 2, ""},
		{"no size", "3006020100020100", 0, ""},
		{"a negative size", "3006020101020102", -1, ""},
		{"a size of no curve", "3006020101020102", 67, ""},
	} {
		sig, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(c.sig), []byte(" "), nil)))
		if err != nil {
			t.Fatal(c.law, err)
		}
		got, ok := der.Signature([]byte("x"), sig, c.size)
		if want, _ := hex.DecodeString(c.want); ok != (c.want != "") || string(got) != "x"+string(want) {
			t.Errorf("%s: %v, %x, want %q", c.law, ok, got, c.want)
		}
	}
}

// P-521's signatures are the only ones whose length takes two bytes.
func TestTheLongestSignature(t *testing.T) {
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 8*66-1), big.NewInt(1))
	check(t, largest.Bytes(), largest.Bytes(), 66)
	for bits := 900; bits < 8*66*2; bits++ {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits/2))
		check(t, n.Bytes(), n.Bytes(), 66)
	}
}

type pair struct{ R, S *big.Int }

// check encodes the numbers by the library and compares what comes of it.
func check(t *testing.T, r, s []byte, size int) []byte {
	t.Helper()
	numbers := pair{new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)}
	sig, err := asn1.Marshal(numbers)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := der.Signature(nil, sig, size)
	fits := (numbers.R.BitLen()+7)/8 <= size && (numbers.S.BitLen()+7)/8 <= size
	if ok != fits {
		t.Fatalf("%x in %d bytes: %v", sig, size, ok)
	}
	if ok {
		want := append(numbers.R.FillBytes(make([]byte, size)), numbers.S.FillBytes(make([]byte, size))...)
		if !bytes.Equal(got, want) {
			t.Fatalf("%x is %x, want %x", sig, got, want)
		}
	}
	return sig
}

// FuzzSignature: what is taken is what the library's encoder makes of the numbers, byte
// for byte, so there is one encoding of each; and what that encoder makes is taken.
func FuzzSignature(f *testing.F) {
	seed := func(s string) {
		b, _ := hex.DecodeString(s)
		f.Add(b, b[:len(b)/2], b[len(b)/2:])
	}
	seed("3006020101020102")
	seed("3009020200ff020300ffff")
	seed("308106020101020102")
	seed("30800201010201020000")
	for i, c := range wycheproof.Load(f, "ecdsa_secp256r1_sha256").Groups[0].Tests {
		if i%8 == 0 {
			seed(c.Sig)
		}
	}
	f.Fuzz(func(t *testing.T, sig, r, s []byte) {
		for _, size := range []int{32, 48, 66} {
			raw, ok := der.Signature(nil, sig, size)
			var p pair
			rest, err := asn1.Unmarshal(sig, &p)
			library := err == nil && len(rest) == 0 && p.R.Sign() >= 0 && p.S.Sign() >= 0 && p.R.BitLen() <= 8*size && p.S.BitLen() <= 8*size
			if library { // the decoder takes more after the second number
				again, err := asn1.Marshal(p)
				library = err == nil && bytes.Equal(again, sig)
			}
			if ok != library {
				t.Fatalf("%x in %d bytes: %v, library %v (%v)", sig, size, ok, library, err)
			}
			if ok && !bytes.Equal(raw, append(p.R.FillBytes(make([]byte, size)), p.S.FillBytes(make([]byte, size))...)) {
				t.Fatalf("%x is %x", sig, raw)
			}
		}
		good := check(t, r[:min(len(r), 70)], s[:min(len(s), 70)], 66)
		if raw, ok := der.Signature(nil, append(good, 0), 66); ok {
			t.Fatalf("%x with a byte more is %x", good, raw)
		}
	})
}

func TestNoAllocation(t *testing.T) {
	sig, _ := hex.DecodeString("3009020200ff020300ffff")
	dst := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(50, func() { der.Signature(dst, sig, 32) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
