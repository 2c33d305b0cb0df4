package kernel_test

import (
	"bytes"
	stdecdsa "crypto/ecdsa"
	"crypto/elliptic"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/p256"
	"github.com/postern-wasm/postern/plugin/kernel/p384"
	"github.com/postern-wasm/postern/plugin/kernel/p521"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

// warmUp is more verifications than a key takes to have all its tables.
const warmUp = 12

// point is a point in affine coordinates; nil coordinates are infinity. Its arithmetic is
// the schoolbook's over big.Int: the oracle for what the kernels do.
type point struct{ x, y *big.Int }

func addPoints(p *elliptic.CurveParams, a, b point) point {
	if a.x == nil {
		return b
	}
	if b.x == nil {
		return a
	}
	slope, below := new(big.Int), new(big.Int)
	switch {
	case a.x.Cmp(b.x) != 0:
		slope.Sub(b.y, a.y)
		below.Sub(b.x, a.x)
	case a.y.Cmp(b.y) != 0:
		return point{}
	default:
		slope.Mul(slope.Mul(a.x, a.x), big.NewInt(3))
		slope.Sub(slope, big.NewInt(3))
		below.Lsh(a.y, 1)
	}
	below.ModInverse(below.Mod(below, p.P), p.P)
	slope.Mod(slope.Mul(slope, below), p.P)
	x := new(big.Int).Mul(slope, slope)
	x.Mod(x.Sub(x.Sub(x, a.x), b.x), p.P)
	y := new(big.Int).Sub(a.x, x)
	return point{x, y.Mod(y.Sub(y.Mul(y, slope), a.y), p.P)}
}

func timesPoint(p *elliptic.CurveParams, k *big.Int, a point) (sum point) {
	for i := k.BitLen() - 1; i >= 0; i-- {
		sum = addPoints(p, sum, sum)
		if k.Bit(i) == 1 {
			sum = addPoints(p, sum, a)
		}
	}
	return sum
}

// judge returns what a fresh key and a warm one say, which must be the same.
func judge(t *testing.T, which int, public point, digest, signature []byte) bool {
	t.Helper()
	c := curves[which]
	k, err := c.newKey(public.x.FillBytes(make([]byte, c.size)), public.y.FillBytes(make([]byte, c.size)))
	if err != nil {
		t.Fatalf("%s: key %x, %x: %v", c.name, public.x, public.y, err)
	}
	first := k.Verify(digest, signature)
	for range warmUp {
		if k.Verify(digest, signature) != first {
			t.Fatalf("%s: digest %x, signature %x: %v, then %v", c.name, digest, signature, first, !first)
		}
	}
	return first
}

// library returns what crypto/ecdsa says.
func library(t *testing.T, which int, public point, digest, signature []byte) bool {
	t.Helper()
	c := curves[which]
	encoded := append([]byte{4}, public.x.FillBytes(make([]byte, c.size))...)
	key, err := stdecdsa.ParseUncompressedPublicKey(c.std, append(encoded, public.y.FillBytes(make([]byte, c.size))...))
	if err != nil {
		t.Fatal(err)
	}
	r, s := new(big.Int).SetBytes(signature[:c.size]), new(big.Int).SetBytes(signature[c.size:])
	return stdecdsa.Verify(key, digest, r, s)
}

// forge makes a digest and a signature by the key d G for which the verifier's scalars are
// u1 and u2: with R = (u1 + u2 d) G, r = x(R), s = r/u2 and e = u1 s. There is none if R is
// infinity or r is 0.
func forge(p *elliptic.CurveParams, size int, d, u1, u2 *big.Int) (digest, signature []byte) {
	k := new(big.Int).Mul(u2, d)
	k.Mod(k.Add(k, u1), p.N)
	sum := timesPoint(p, k, point{p.Gx, p.Gy})
	if sum.x == nil || u2.Sign() == 0 {
		return nil, nil
	}
	r := new(big.Int).Mod(sum.x, p.N)
	s := new(big.Int).ModInverse(u2, p.N)
	s.Mod(s.Mul(s, r), p.N)
	if r.Sign() == 0 {
		return nil, nil
	}
	return digestOf(p, size, new(big.Int).Mul(u1, s)), append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
}

// digestOf is the digest whose leftmost bits are e modulo n.
func digestOf(p *elliptic.CurveParams, size int, e *big.Int) []byte {
	e = new(big.Int).Mod(e, p.N)
	return e.Lsh(e, uint(8*size-p.BitSize)).FillBytes(make([]byte, size))
}

func TestScalarsAndKeysOfEveryKind(t *testing.T) {
	for which, c := range curves {
		t.Run(c.name, func(t *testing.T) {
			p := c.std.Params()
			number := big.NewInt
			power := func(i int) *big.Int { return new(big.Int).Lsh(number(1), uint(i)) }
			minus := func(k int64) *big.Int { return new(big.Int).Sub(p.N, number(k)) }
			scalars := []*big.Int{number(0), number(1), number(2), minus(1), new(big.Int).Rsh(p.N, 1), power(p.BitSize - 1)}
			keys := []*big.Int{number(1), minus(1), power(p.BitSize / 8), new(big.Int).ModInverse(number(3), p.N)}
			cases := 0
			for _, d := range keys {
				public := timesPoint(p, d, point{p.Gx, p.Gy})
				for _, u1 := range scalars {
					for _, u2 := range scalars {
						digest, signature := forge(p, c.size, d, u1, u2)
						if signature == nil {
							continue
						}
						cases++
						if !judge(t, which, public, digest, signature) {
							t.Fatalf("d %x, u1 %x, u2 %x: refused", d, u1, u2)
						}
						signature[len(signature)-1] ^= 1
						if judge(t, which, public, digest, signature) {
							t.Fatalf("d %x, u1 %x, u2 %x: accepted with another s", d, u1, u2)
						}
					}
				}
			}
			if cases < 80 {
				t.Fatalf("%d cases", cases)
			}
		})
	}
}

// u1 G = u2 Q and u1 G = -u2 Q (M-05): the adder meets equal or opposite points.
func TestEqualAndOppositeProducts(t *testing.T) {
	for which, c := range curves {
		t.Run(c.name, func(t *testing.T) {
			p := c.std.Params()
			for i := range int64(8) {
				d := new(big.Int).Exp(big.NewInt(3+i), big.NewInt(300), p.N)
				public := timesPoint(p, d, point{p.Gx, p.Gy})
				u2 := new(big.Int).Exp(big.NewInt(5+i), big.NewInt(400), p.N)
				u1 := new(big.Int).Mul(u2, d)
				u1.Mod(u1, p.N)
				digest, signature := forge(p, c.size, d, u1, u2)
				if !judge(t, which, public, digest, signature) || !library(t, which, public, digest, signature) {
					t.Error("refused where both products are equal")
				}
				// R is infinity for e = -r d, whatever r and s are.
				r := new(big.Int).SetBytes(signature[:c.size])
				opposite := digestOf(p, c.size, new(big.Int).Neg(r.Mul(r, d)))
				if judge(t, which, public, opposite, signature) || library(t, which, public, opposite, signature) {
					t.Error("accepted where the products are opposite")
				}
			}
		})
	}
}

// x(R) >= n (M-04): r is x(R) - n, a small number, and nothing else.
func TestAbscissaeOverTheOrder(t *testing.T) {
	for which, c := range curves {
		t.Run(c.name, func(t *testing.T) {
			p := c.std.Params()
			found := 0
			for r := int64(1); found < 6; r++ {
				x := new(big.Int).Add(p.N, big.NewInt(r))
				y2 := new(big.Int).Exp(x, big.NewInt(3), p.P)
				y2.Sub(y2, new(big.Int).Mul(x, big.NewInt(3)))
				y2.Mod(y2.Add(y2, p.B), p.P)
				y := new(big.Int).ModSqrt(y2, p.P)
				if y == nil {
					continue
				}
				found++
				// The key for which R is u1 G + u2 Q: Q = (s R - e G)/r.
				e, s := big.NewInt(1000+r), new(big.Int).Exp(big.NewInt(7), big.NewInt(200), p.N)
				public := addPoints(p, timesPoint(p, s, point{x, y}), timesPoint(p, new(big.Int).Sub(p.N, e), point{p.Gx, p.Gy}))
				public = timesPoint(p, new(big.Int).ModInverse(big.NewInt(r), p.N), public)
				digest := digestOf(p, c.size, e)
				signature := append(big.NewInt(r).FillBytes(make([]byte, c.size)), s.FillBytes(make([]byte, c.size))...)
				if !judge(t, which, public, digest, signature) || !library(t, which, public, digest, signature) {
					t.Errorf("x(R) = n + %d: refused", r)
				}
				x.FillBytes(signature[:c.size])
				if judge(t, which, public, digest, signature) {
					t.Errorf("r = x(R) = n + %d: accepted", r)
				}
				big.NewInt(r + 1).FillBytes(signature[:c.size])
				if judge(t, which, public, digest, signature) {
					t.Errorf("x(R) = n + %d: accepted for another r", r)
				}
			}
			// Modulo p, r + n is x(R) too for r = x(R) + p - n; modulo n it is not.
			for i := range int64(4) {
				k, s := big.NewInt(11+i), big.NewInt(1234567+i)
				sum := timesPoint(p, k, point{p.Gx, p.Gy})
				r := new(big.Int).Add(sum.x, new(big.Int).Sub(p.P, p.N))
				if r.Cmp(p.N) >= 0 {
					continue
				}
				// The key d G for which u1 + u2 d is k, with e = 1: d = (k s - 1)/r.
				d := new(big.Int).Mul(k, s)
				d.Mod(d.Mul(d.Sub(d, big.NewInt(1)), new(big.Int).ModInverse(r, p.N)), p.N)
				public, digest := timesPoint(p, d, point{p.Gx, p.Gy}), digestOf(p, c.size, big.NewInt(1))
				signature := append(r.FillBytes(make([]byte, c.size)), s.FillBytes(make([]byte, c.size))...)
				if judge(t, which, public, digest, signature) || library(t, which, public, digest, signature) {
					t.Errorf("r = x(R) + p - n: accepted")
				}
			}
			// The largest r for which r + n is below p, and the first for which it is not.
			last := new(big.Int).Sub(p.P, p.N)
			for _, r := range []*big.Int{new(big.Int).Sub(last, big.NewInt(1)), last, new(big.Int).Add(last, big.NewInt(1))} {
				signature := append(r.FillBytes(make([]byte, c.size)), big.NewInt(1).FillBytes(make([]byte, c.size))...)
				digest := digestOf(p, c.size, r)
				if got := judge(t, which, point{p.Gx, p.Gy}, digest, signature); got != library(t, which, point{p.Gx, p.Gy}, digest, signature) {
					t.Errorf("r = %x: %v", r, got)
				}
			}
		})
	}
}

// TestWycheproofECDSAWarm judges the cases with keys that have their tables; TestWycheproofECDSA
// TestWycheproofECDSAWarm judges the cases with keys that have their tables; TestWycheproofECDSA
// does with fresh ones.
func TestWycheproofECDSAWarm(t *testing.T) {
	digests := map[string]func([]byte) []byte{"SHA-256": sum256, "SHA-384": sum384, "SHA-512": sum512}
	for _, c := range curves {
		for _, file := range c.files {
			keys := map[string]verifier{}
			wycheproof.Load(t, file).Run(t, nil, nil, func(g *wycheproof.Group, test *wycheproof.Case) bool {
				digest, signature := digests[g.Sha](wycheproof.Hex(t, test.Msg)), wycheproof.Hex(t, test.Sig)
				k := keys[g.PublicKey.Uncompressed]
				if k == nil {
					point := wycheproof.Hex(t, g.PublicKey.Uncompressed)
					var err error
					if k, err = c.newKey(point[1:1+c.size], point[1+c.size:]); err != nil {
						t.Fatal(err)
					}
					keys[g.PublicKey.Uncompressed] = k
					for range warmUp { // with r = s = 1, which is in range
						k.Verify(digest, append(big.NewInt(1).FillBytes(make([]byte, c.size)), big.NewInt(1).FillBytes(make([]byte, c.size))...))
					}
				}
				return k.Verify(digest, signature)
			})
		}
	}
}

func TestZeroKeysRefuse(t *testing.T) {
	for _, c := range []struct {
		key  verifier
		size int
	}{{&p256.Key{}, p256.Size}, {&p384.Key{}, p384.Size}, {&p521.Key{}, p521.Size}} {
		if c.key.Verify(make([]byte, c.size), bytes.Repeat([]byte{1}, 2*c.size)) {
			t.Errorf("a zero key of %d bytes accepts", c.size)
		}
	}
}

func FuzzVerifyP256(f *testing.F) { fuzzVerify(f, 0) }
func FuzzVerifyP384(f *testing.F) { fuzzVerify(f, 1) }
func FuzzVerifyP521(f *testing.F) { fuzzVerify(f, 2) }

// fuzzVerify makes a signature that must be taken, by construction, from a private key and
// the two scalars; then it changes something, and the library says what that must give.
// Fresh keys and warm ones must agree.
func fuzzVerify(f *testing.F, which int) {
	c := curves[which]
	p := c.std.Params()
	n := p.N.Bytes()
	for change := range byte(9) {
		if change&1 == 0 {
			f.Add([]byte{3}, []byte{5}, []byte{7}, change, uint16(change)*31)
		} else {
			f.Add(n[:len(n)-1], n[1:], n[2:], change, uint16(change)*77)
		}
	}
	// u1 G is u2 Q; the key is the generator or its opposite; a product is 0.
	f.Add([]byte{3}, []byte{15}, []byte{5}, byte(6), uint16(9))
	f.Add([]byte{1}, []byte{1}, []byte{1}, byte(6), uint16(9))
	f.Add(new(big.Int).Sub(p.N, big.NewInt(1)).Bytes(), []byte{2}, []byte{1}, byte(7), uint16(9))
	f.Add([]byte{9}, []byte{}, []byte{200}, byte(6), uint16(9))
	f.Fuzz(func(t *testing.T, d, u1, u2 []byte, change byte, where uint16) {
		scalar := func(b []byte) *big.Int {
			v := new(big.Int).SetBytes(b[:min(len(b), 80)])
			return v.Mod(v, p.N)
		}
		private := scalar(d)
		digest, signature := forge(p, c.size, private, scalar(u1), scalar(u2))
		if private.Sign() == 0 || signature == nil {
			return
		}
		public := timesPoint(p, private, point{p.Gx, p.Gy})
		if !judge(t, which, public, digest, signature) {
			t.Fatalf("d %x, u1 %x, u2 %x: refused", d, u1, u2)
		}
		r, s := new(big.Int).SetBytes(signature[:c.size]), new(big.Int).SetBytes(signature[c.size:])
		switch change % 9 {
		case 0:
			signature[int(where)/8%len(signature)] ^= 1 << (where % 8)
		case 1:
			digest[int(where)/8%len(digest)] ^= 1 << (where % 8)
		case 2:
			r.Add(r, p.N)
		case 3:
			s.Add(s, p.N)
		case 4:
			r.SetInt64(int64(where) % 3)
		case 5:
			s.SetInt64(int64(where) % 3)
		case 6:
			s.Sub(p.N, s)
		case 7:
			public.y = new(big.Int).Sub(p.P, public.y)
		case 8:
			digest = digest[:1+int(where)%len(digest)]
		}
		if change%9 > 1 && len(r.Bytes()) <= c.size && len(s.Bytes()) <= c.size {
			signature = append(r.FillBytes(make([]byte, c.size)), s.FillBytes(make([]byte, c.size))...)
		}
		want := library(t, which, public, digest, signature)
		if got := judge(t, which, public, digest, signature); got != want {
			t.Fatalf("d %x, digest %x, signature %x: %v, library %v", d, digest, signature, got, want)
		}
	})
}
