package ed25519

import (
	"math/bits"

	"github.com/postern-wasm/postern/plugin/memory"
)

// shape is that of a signed comb (Lim and Lee, "More flexible exponentiation with
// precomputation", 1994; all digits are 1 or -1, as Hedabou, Pinel and Bénéteau have
// them). A scalar of teeth * columns digits is read as columns of teeth digits; the
// columns are cut into blocks, each with its own table, so that a multiplication takes
// an addition for each column but doubles only once for each column of a block.
type shape struct{ teeth, columns, blocks int }

// height is how many columns a block has; the last may have fewer.
func (s shape) height() int { return (s.columns + s.blocks - 1) / s.blocks }

// size is how many points a block's table has: one for each choice of signs, the last
// tooth's being that of the whole.
func (s shape) size() int { return 1 << (s.teeth - 1) }

// Both shapes have at least the 254 digits that a scalar of 253 bits takes.
var (
	baseShape = shape{teeth: 8, columns: 32, blocks: 4} // 512 points, 54 KiB, one for all keys
	keyShape  = shape{teeth: 7, columns: 37, blocks: 4} // 256 points, 27 KiB, one for each key
)

// workspace is what building a table takes, 3 KB, for as long as that takes.
type workspace struct {
	temps
	odd      [7]cached // of the teeth but the last
	products [32]element
}

// comb is the table of a point.
type comb struct {
	shape
	one    affine // the point itself
	points []affine
}

// build fills the table for a point with z = 1; points must have the shape's room.
func (c *comb) build(p *point, w *workspace) {
	c.one.set(&p.x, &p.y, &one)
	// First the teeth, 2^(tooth columns + block height) times the point, left as x, y, z
	// in the slots of the blocks that are not filled yet.
	q := *p
	exponent := 0
	for tooth := range c.teeth {
		for block := range c.blocks {
			for ; exponent < tooth*c.columns+block*c.height(); exponent++ {
				w.double(&q, true)
			}
			c.points[block*c.size()+tooth] = affine{q.x, q.y, q.z}
		}
	}
	for block := range c.blocks {
		c.fill(c.points[block*c.size():][:c.size()], w)
	}
}

// fill makes one block's table from its teeth: entry i is the last tooth plus those
// whose bit is set in i minus the others.
func (c *comb) fill(points []affine, w *workspace) {
	last := c.teeth - 1
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

// column adds the columns at that height of all blocks to p.
func (c *comb) column(w *temps, p *point, k *scalar, height int) {
	for block := range c.blocks {
		at := block*c.height() + height
		if at >= c.columns {
			return
		}
		// Digit i is 1 where bit i+1 of the scalar is set, else -1, the last is 1; with
		// these an odd scalar is the sum of digits[i] 2^i, and an even one falls short by 1.
		last := uint32(1)
		i := (c.teeth-1)*c.columns + at + 1
		if at < c.columns-1 {
			last = k.bit(i)
		}
		index := uint32(0)
		for range c.teeth - 1 {
			i -= c.columns
			index = index<<1 | k.bit(i)
		}
		if last == 0 { // the opposite: all signs exchanged
			index = ^index & uint32(c.size()-1)
		}
		w.addAffine(p, &c.points[uint32(block*c.size())+index], last == 0)
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
	base = comb{shape: baseShape, points: make([]affine, baseShape.blocks*baseShape.size())}
	memory.Leave(before)
	base.build(&p, new(workspace))
}
