package ed25519

import (
	"math/bits"

	"github.com/postern-wasm/postern/plugin/memory"
)

// The shape of a signed comb (Lim and Lee, "More flexible exponentiation with
// precomputation", 1994; all digits are 1 or -1, as Hedabou, Pinel and Bénéteau have
// them). A scalar of teeth * columns digits is read as columns of teeth digits; the
// columns are cut into blocks, each with its own table, so that a multiplication takes
// an addition for each column but doubles only once for each column of a block.
//
// A table has 512 points, 54 KiB. One of 256, with 37 columns of 7 teeth, takes a tenth
// longer.
const (
	teeth   = 8
	columns = 32 // a row of digits is a word
	blocks  = 4
	height  = columns / blocks
	// size is how many points a block's table has: one for each choice of signs, the last
	// tooth's being that of the whole.
	size = 1 << (teeth - 1)
)

// workspace is what building a table takes, 3 KB, for as long as that takes.
type workspace struct {
	temps
	odd      [teeth - 1]cached // of the teeth but the last
	products [32]element
}

// comb is the table of a point, or the beginning of one.
type comb struct {
	one    affine   // the point itself
	points []affine // of all blocks
	filled int      // so many blocks
}

// begin starts the table of a point with z = 1 in points, which has room for all blocks.
// Its teeth, 2^(tooth columns + block height) times the point, are left as x, y, z in
// the slots of their blocks.
func (c *comb) begin(points []affine, p *point, w *workspace) {
	c.one.set(&p.x, &p.y, &one)
	q := *p
	exponent := 0
	for tooth := range teeth {
		for block := range blocks {
			for ; exponent < tooth*columns+block*height; exponent++ {
				w.double(&q, true)
			}
			points[block*size+tooth] = affine{q.x, q.y, q.z}
		}
	}
	c.points, c.filled = points, 0
}

// grow fills the next block's table; a comb that is whole must not grow.
func (c *comb) grow(w *workspace) {
	fill(c.points[c.filled*size:][:size], w)
	c.filled++
}

// whole says whether all blocks have their tables.
func (c *comb) whole() bool { return c.filled == blocks }

// fill makes one block's table from its teeth: entry i is the last tooth plus those
// whose bit is set in i minus the others.
func fill(points []affine, w *workspace) {
	const last = teeth - 1
	p := extend(&points[last])
	for tooth := range last {
		q := extend(&points[tooth])
		w.odd[tooth].set(&q)
		w.addCached(&p, &w.odd[tooth], true)
		w.double(&q, true)
		w.odd[tooth].set(&q)
	}
	// In the order of Gray's code neighbours differ by twice a tooth.
	at := 0
	points[0] = affine{p.x, p.y, p.z}
	for i := 1; i < len(points); i++ {
		tooth := bits.TrailingZeros(uint(i))
		at ^= 1 << tooth
		w.addCached(&p, &w.odd[tooth], at>>tooth&1 == 0)
		points[at] = affine{p.x, p.y, p.z}
	}
	for len(points) > 0 {
		n := min(len(points), len(w.products))
		normalize(points[:n], w)
		points = points[n:]
	}
}

// extend brings x, y, z left in a slot into a point's form.
func extend(s *affine) (p point) {
	x, y, z := &s.sum, &s.difference, &s.product
	p.x.mul(x, z)
	p.y.mul(y, z)
	p.z.square(z)
	p.t.mul(x, y)
	return p
}

// normalize turns slots of x, y, z into affine points with one inversion for all
// (Montgomery's trick); no z is 0 on this curve.
func normalize(points []affine, w *workspace) {
	product := one
	for i := range points {
		w.products[i] = product
		product.mul(&product, &points[i].product)
	}
	product.invert(&product)
	for i := len(points) - 1; i >= 0; i-- {
		var inverse element
		inverse.mul(&product, &w.products[i])
		product.mul(&product, &points[i].product)
		x, y := points[i].sum, points[i].difference
		points[i].set(&x, &y, &inverse)
	}
}

// rows are the digits of a scalar, tooth by tooth, 1 as 1 and -1 as 0: digit i is 1 where
// bit i+1 of the scalar is set, else -1, the last is 1. With these an odd scalar is the sum
// of digits[i] 2^i, and an even one falls short by 1.
type rows [teeth]uint32

func (r *rows) set(k *scalar) {
	for i := range r {
		r[i] = k[i]>>1 | k[i+1]<<(columns-1)
	}
	r[teeth-1] |= 1 << (columns - 1)
}

// column adds the columns at that height of all blocks to p.
func (c *comb) column(w *temps, p *point, r *rows, at int) {
	for points := c.points; len(points) >= size; points = points[size:] {
		index := uint32(0)
		for tooth := teeth - 2; tooth >= 0; tooth-- {
			index = index<<1 | r[tooth]>>(at&31)&1
		}
		minus := r[teeth-1]>>(at&31)&1 == 0
		if minus { // the opposite: all signs exchanged
			index ^= size - 1
		}
		w.addAffine(p, &points[index], minus)
		at += height
	}
}

// correct takes from p what the columns of an even scalar have too much.
func (c *comb) correct(w *temps, p *point, k *scalar) {
	if k.bit(0) == 0 {
		w.addAffine(p, &c.one, true)
	}
}

// The generator's y is 4/5, its x even (RFC 8032 §5.1).
const generator = "\x58\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66" +
	"\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"

// base is the table of the group's generator, shared by all keys and made with the first
// one, in less than a millisecond. It lives as long as the VM: it outlives the key.
// Nothing guards it, for rooms know no goroutines; after that it is only read.
var base comb

func buildBase() {
	var p point
	var encoded [32]byte
	copy(encoded[:], generator)
	p.decode(&encoded)
	before := memory.Enter(memory.Eternal())
	points := make([]affine, blocks*size)
	memory.Leave(before)
	w := new(workspace)
	for base.begin(points, &p, w); !base.whole(); {
		base.grow(w)
	}
}
