package ed25519

import (
	"bytes"
	std "crypto/ed25519"
	"crypto/sha512"
	"math/big"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// The formulas are complete: also for equal and opposite points, the neutral one and
// those of small order.
func TestEverySum(t *testing.T) {
	g := bigGenerator(t)
	if order := g.times(bigL); order.encoded() != origin.encoded() {
		t.Fatal("the generator is not of order L")
	}
	points := append(torsion(t), g, g.minus(), g.plus(g), g.times(big.NewInt(123456789)))
	points = append(points, g.plus(torsion(t)[1]), g.plus(torsion(t)[4]))
	w := new(temps)
	for _, a := range points {
		p := a.scaled(77)
		w.double(&p, true)
		expect(t, "double", &p, a.plus(a))
		p = a.scaled(77)
		w.double(&p, false)
		w.double(&p, true)
		expect(t, "four times", &p, a.times(big.NewInt(4)))
		q := a.scaled(5)
		if got, want := q.smallOrder(w), a.times(big.NewInt(8)).encoded() == origin.encoded(); got != want {
			t.Fatalf("small order: %v", got)
		}
		raw := a.encoded()
		var d point
		if !d.decode(&raw) {
			t.Fatal("a point is refused")
		}
		expect(t, "decoded", &d, a)
		for _, b := range points {
			var c cached
			q := b.scaled(1234567)
			c.set(&q)
			p = a.scaled(77)
			w.addCached(&p, &c, false)
			expect(t, "sum", &p, a.plus(b))
			p = a.scaled(77)
			w.addCached(&p, &c, true)
			expect(t, "difference", &p, a.plus(b.minus()))
			var f affine
			q = b.point()
			f.set(&q.x, &q.y, &one)
			p = a.scaled(77)
			w.addAffine(&p, &f, false)
			expect(t, "affine sum", &p, a.plus(b))
			p = a.scaled(77)
			w.addAffine(&p, &f, true)
			expect(t, "affine difference", &p, a.plus(b.minus()))
		}
	}
}

// scalars are those at which the digits' carries and the combs' corners lie.
func scalars() (all []*big.Int) {
	power := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }
	for _, n := range []int64{0, 1, 2, 3, 15, 16, 17, 31, 32, 33} {
		all = append(all, big.NewInt(n), new(big.Int).Sub(bigL, big.NewInt(n+1)))
	}
	for _, n := range []uint{28, 29, 31, 32, 37, 64, 222, 223, 224, 248, 249, 250, 251, 252} {
		all = append(all, power(n), new(big.Int).Sub(power(n), big.NewInt(1)))
	}
	pattern := new(big.Int)
	for i := 0; i < 252; i += 2 {
		pattern.SetBit(pattern, i, 1)
	}
	all = append(all, pattern, new(big.Int).Lsh(pattern, 1))
	r := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		var raw [32]byte
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		all = append(all, new(big.Int).Mod(new(big.Int).SetBytes(raw[:]), bigL))
	}
	for _, k := range all {
		k.Mod(k, bigL)
	}
	return all
}

func scalarOf(t testing.TB, x *big.Int) (k scalar) {
	if !k.load(reversed(x.FillBytes(make([]byte, 32)))) {
		t.Fatalf("%x refused", x)
	}
	return k
}

func (k *scalar) big() *big.Int {
	sum := new(big.Int)
	for i := len(k) - 1; i >= 0; i-- {
		sum.Lsh(sum, 32).Add(sum, big.NewInt(int64(k[i])))
	}
	return sum
}

func TestScalars(t *testing.T) {
	for _, offset := range []int64{-2, -1, 0, 1, 2} {
		x := new(big.Int).Add(bigL, big.NewInt(offset))
		var k scalar
		if got := k.load(reversed(x.FillBytes(make([]byte, 32)))); got != (offset < 0) {
			t.Errorf("L + %d: %v", offset, got)
		}
	}
	for _, high := range []uint{253, 254, 255} {
		var k scalar
		if k.load(reversed(new(big.Int).Lsh(big.NewInt(1), high).FillBytes(make([]byte, 32)))) {
			t.Errorf("2^%d accepted", high)
		}
	}
	for _, x := range scalars() {
		k := scalarOf(t, x)
		if k.big().Cmp(x) != 0 {
			t.Fatalf("%x loaded as %x", x, k.big())
		}
		var d digits
		d.set(&k)
		sum := new(big.Int)
		since := 5
		for i := len(d) - 1; i >= 0; i-- {
			sum.Lsh(sum, 1).Add(sum, big.NewInt(int64(d[i])))
			if since++; d[i] != 0 {
				if d[i]&1 == 0 || d[i] > 15 || d[i] < -15 || since < 5 {
					t.Fatalf("%x: digit %d is %d", x, i, d[i])
				}
				since = 0
			}
		}
		if sum.Cmp(x) != 0 {
			t.Fatalf("the digits of %x sum to %x", x, sum)
		}
	}
	// Every limb of a digest at its greatest, multiples of L and their neighbours.
	top := new(big.Int).Lsh(big.NewInt(1), 512)
	most := new(big.Int).Div(top, bigL)
	for _, factor := range []*big.Int{new(big.Int), big.NewInt(1), big.NewInt(2), most, new(big.Int).Rsh(most, 1)} {
		for _, offset := range []int64{-2, -1, 0, 1, 2} {
			x := new(big.Int).Mul(factor, bigL)
			reducesTo(t, new(big.Int).Mod(x.Add(x, big.NewInt(offset)), top))
		}
	}
	for n := uint(0); n <= 512; n++ {
		x := new(big.Int).Lsh(big.NewInt(1), n)
		reducesTo(t, x.Sub(x, big.NewInt(1)))
	}
}

func reducesTo(t *testing.T, x *big.Int) {
	t.Helper()
	var digest [64]byte
	copy(digest[:], reversed(x.FillBytes(make([]byte, 64))))
	var k scalar
	k.reduce(&digest)
	if want := new(big.Int).Mod(x, bigL); k.big().Cmp(want) != 0 {
		t.Fatalf("%x reduces to %x, want %x", x, k.big(), want)
	}
}

func FuzzReduce(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) <= 64 {
			reducesTo(t, new(big.Int).SetBytes(raw))
		}
	})
}

// s B - h A, by both ways, for keys of order L and of mixed order: with torsion h counts
// as the integer it is, not modulo L.
func TestMultiplications(t *testing.T) {
	g := bigGenerator(t)
	small := torsion(t)
	all := scalars()
	for at, key := range []pair{g, g.times(big.NewInt(987654321)), g.plus(small[1]), g.plus(small[4]), g.times(big.NewInt(3)).plus(small[2])} {
		raw := key.encoded()
		k, err := NewKey(raw[:], tables.New(tables.Limit))
		if err != nil {
			t.Fatal(err)
		}
		k.table = built(&k.minus)
		for i, x := range all {
			y := all[(i*7+at)%len(all)]
			s, h := scalarOf(t, x), scalarOf(t, y)
			want := g.times(x).plus(key.times(y).minus())
			for _, way := range []func(p *point, s, h *scalar){k.once, k.often} {
				p := neutral
				way(&p, &s, &h)
				base.correct(&k.temps, &p, &s)
				expect(t, "multiplication", &p, want)
			}
		}
	}
}

// built returns the whole table of a point.
func built(p *point) (c comb) {
	w := new(workspace)
	for c.begin(make([]affine, blocks*size), p, w); !c.whole(); {
		c.grow(w)
	}
	return c
}

// Every entry of a table, or each after the first few of a block, against the oracle's sum
// of signed teeth.
func TestTables(t *testing.T) {
	g := bigGenerator(t)
	if teeth*columns < 254 || height*blocks != columns || columns != 32 {
		t.Fatal("the shape does not hold a scalar")
	}
	p := g.point()
	c := built(&p)
	for block := range blocks {
		for index := 0; index < size; index += 1 + index/3 {
			factor := new(big.Int)
			for tooth := range teeth {
				weight := new(big.Int).Lsh(big.NewInt(1), uint(tooth*columns+block*height))
				if tooth < teeth-1 && index>>tooth&1 == 0 {
					weight.Neg(weight)
				}
				factor.Add(factor, weight)
			}
			want := g.times(factor.Mod(factor, bigL))
			got := &c.points[block*size+index]
			same(t, "sum", &got.sum, new(big.Int).Add(want.y, want.x))
			same(t, "difference", &got.difference, new(big.Int).Sub(want.y, want.x))
			product := new(big.Int).Mul(want.x, want.y)
			same(t, "product", &got.product, product.Mul(product, bigD).Lsh(product, 1))
		}
	}
}

// The digits of a scalar add up to it, and to one more than an even one.
func TestRowsAddUp(t *testing.T) {
	for _, x := range scalars() {
		k := scalarOf(t, x)
		var r rows
		r.set(&k)
		sum := new(big.Int)
		for tooth, row := range r {
			for at := range columns {
				digit := new(big.Int).Lsh(big.NewInt(1), uint(tooth*columns+at))
				if row>>at&1 == 0 {
					digit.Neg(digit)
				}
				sum.Add(sum, digit)
			}
		}
		if want := new(big.Int).SetBit(x, 0, 1); sum.Cmp(want) != 0 {
			t.Errorf("the digits of %x add up to %x", x, sum)
		}
	}
}

// Keys and R with every point of small order added: the library's verdict, which for
// some messages is yes.
func TestMixedOrder(t *testing.T) {
	g := bigGenerator(t)
	private, nonce := big.NewInt(1122334455667788), big.NewInt(998877665544332211)
	yes, no := 0, 0
	for _, keyTorsion := range torsion(t) {
		key := g.times(private).plus(keyTorsion).encoded()
		k, err := NewKey(key[:], tables.New(tables.Limit))
		if err != nil {
			t.Fatal(err)
		}
		for _, nonceTorsion := range torsion(t) {
			r := g.times(nonce).plus(nonceTorsion).encoded()
			for message := range byte(16) {
				digest := sha512.Sum512(append(append(r[:], key[:]...), message))
				h := new(big.Int).SetBytes(reversed(digest[:]))
				s := new(big.Int).Mul(h.Mod(h, bigL), private)
				s.Mod(s.Add(s, nonce), bigL)
				signature := append(r[:], reversed(s.FillBytes(make([]byte, 32)))...)
				want := std.Verify(key[:], []byte{message}, signature)
				if want {
					yes++
				} else {
					no++
				}
				if got := k.Verify(string([]byte{message}), signature); got != want {
					t.Fatalf("key %x, signature %x: %v, library %v", key, signature, got, want)
				}
			}
		}
	}
	if yes < 64 || no < 64 {
		t.Errorf("%d accepted, %d refused: the test sees one side only", yes, no)
	}
}

// A key with its table, and one that found no room for it, allocate nothing any more.
func TestWarmVerifyAllocatesNothing(t *testing.T) {
	private := std.NewKeyFromSeed(bytes.Repeat([]byte{9}, std.SeedSize))
	signature := std.Sign(private, []byte("message"))
	for _, room := range []*tables.Room{tables.New(tables.Limit), tables.New(1), nil} {
		k, err := NewKey(private.Public().(std.PublicKey), room)
		if err != nil {
			t.Fatal(err)
		}
		use := func() {
			if !k.Verify("message", signature) {
				t.Error("refused")
			}
		}
		for range oneOff + 1 {
			use()
		}
		if n := testing.AllocsPerRun(5, use); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

// A table is built after a few uses, good or bad, within the room of the set: of keys that
// are used alike the first have one, and the others verify without.
func TestTablesAreBuiltAfterAHandfulOfUsesWithinTheRoom(t *testing.T) {
	const table = int(blocks * size * unsafe.Sizeof(affine{}))
	if table > 54<<10 || unsafe.Sizeof(Key{}) > 3<<10 {
		t.Errorf("a key takes %d bytes and %d for its table", unsafe.Sizeof(Key{}), table)
	}
	room := tables.New(3*table - 1)
	for key := range byte(4) {
		private := std.NewKeyFromSeed(bytes.Repeat([]byte{8 + key}, std.SeedSize))
		signature := std.Sign(private, []byte("message"))
		bad := bytes.Clone(signature)
		bad[0] ^= 1
		k, err := NewKey(private.Public().(std.PublicKey), room)
		if err != nil {
			t.Fatal(err)
		}
		for use := range 9 {
			parts := 0
			if key < 2 {
				parts = min(max(use-oneOff, 0), blocks)
			}
			if k.table.filled != parts || k.table.whole() != (parts == blocks) {
				t.Errorf("key %d before use %d: %d parts of its table, want %d", key, use, k.table.filled, parts)
			}
			if use%2 == 0 && !k.Verify("message", signature) || use%2 == 1 && k.Verify("message", bad) {
				t.Errorf("key %d, use %d: judged wrong", key, use)
			}
		}
	}
}
