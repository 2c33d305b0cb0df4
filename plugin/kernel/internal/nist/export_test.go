package nist

// Sum makes u1 G + u2 Q for big-endian scalars below n, by the formulas that fail where a
// point meets itself, and says whether they failed and whether the sum is infinity.
func (k *Key[E, P]) Sum(u1, u2 []byte) (failed, infinite bool) {
	var a, b number
	k.curve.n.load(&a, u1)
	k.curve.n.load(&b, u2)
	k.prepare()
	k.add(&a, &b)
	sum := &k.sum
	failed = sum.infinite || P(&sum.zz).IsZero()
	k.addCarefully(&a, &b)
	return failed, sum.infinite
}

// LastOfGenerator is the multiple of G that Sum adds last for the scalar u1.
func (c *Curve[E, P]) LastOfGenerator(u1 []byte) (multiple []byte, negative bool) {
	var u number
	var w words
	c.n.load(&u, u1)
	opposite := c.recode(&w, &u, c.comb)
	column := (c.comb.columns - 1) / c.comb.depth * c.comb.depth
	entry, negative := c.comb.digit(&w, column)
	v := toNumber(combEntry(c.comb, column/c.comb.depth, entry).Mod(combEntry(c.comb, column/c.comb.depth, entry), toBig(&c.n.m)))
	b := make([]byte, c.size)
	pack(b, limbBits, v[:c.n.limbs])
	return b, negative != opposite
}
