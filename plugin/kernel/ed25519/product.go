package ed25519

// never is no limb's value. mul and square look at the last limbs first, for a runtime
// (wazero) checks every address that is not a smaller offset from one it has checked: so
// it checks one for each operand, not one for each limb. Nothing but a branch keeps the
// compiler from loading in other orders.
const never = -1 << 31

// mul sets z = a b; z may be a or b. The columns above 2^261 come first, are carried into
// limbs, and count 1216 times below; the column above those (c17) is the last carry.
func (z *element) mul(a, b *element) {
	if z[8]|a[8]|b[8] == never {
		return
	}
	a8, a7, a6 := int64(a[8]), int64(a[7]), int64(a[6])
	a5, a4, a3 := int64(a[5]), int64(a[4]), int64(a[3])
	a2, a1, a0 := int64(a[2]), int64(a[1]), int64(a[0])
	b8, b7, b6 := int64(b[8]), int64(b[7]), int64(b[6])
	b5, b4, b3 := int64(b[5]), int64(b[4]), int64(b[3])
	b2, b1, b0 := int64(b[2]), int64(b[1]), int64(b[0])
	c9, up := carry(a1*b8 + a2*b7 + a3*b6 + a4*b5 + a5*b4 + a6*b3 + a7*b2 + a8*b1)
	c10, up := carry(up + a2*b8 + a3*b7 + a4*b6 + a5*b5 + a6*b4 + a7*b3 + a8*b2)
	c11, up := carry(up + a3*b8 + a4*b7 + a5*b6 + a6*b5 + a7*b4 + a8*b3)
	c12, up := carry(up + a4*b8 + a5*b7 + a6*b6 + a7*b5 + a8*b4)
	c13, up := carry(up + a5*b8 + a6*b7 + a7*b6 + a8*b5)
	c14, up := carry(up + a6*b8 + a7*b7 + a8*b6)
	c15, up := carry(up + a7*b8 + a8*b7)
	c16, c17 := carry(up + a8*b8)
	c0, up := carry(a0*b0 + fold*c9)
	c1, up := carry(up + a0*b1 + a1*b0 + fold*c10)
	c2, up := carry(up + a0*b2 + a1*b1 + a2*b0 + fold*c11)
	c3, up := carry(up + a0*b3 + a1*b2 + a2*b1 + a3*b0 + fold*c12)
	c4, up := carry(up + a0*b4 + a1*b3 + a2*b2 + a3*b1 + a4*b0 + fold*c13)
	c5, up := carry(up + a0*b5 + a1*b4 + a2*b3 + a3*b2 + a4*b1 + a5*b0 + fold*c14)
	c6, up := carry(up + a0*b6 + a1*b5 + a2*b4 + a3*b3 + a4*b2 + a5*b1 + a6*b0 + fold*c15)
	c7, up := carry(up + a0*b7 + a1*b6 + a2*b5 + a3*b4 + a4*b3 + a5*b2 + a6*b1 + a7*b0 + fold*c16)
	c8, up := carry(up + a0*b8 + a1*b7 + a2*b6 + a3*b5 + a4*b4 + a5*b3 + a6*b2 + a7*b1 + a8*b0 + fold*c17)
	c0, up = carry(c0 + fold*up)
	z[8], z[7], z[6] = int32(c8), int32(c7), int32(c6)
	z[5], z[4], z[3] = int32(c5), int32(c4), int32(c3)
	z[2], z[1], z[0] = int32(c2), int32(c1+up), int32(c0)
}

// square sets z = a^2; z may be a.
func (z *element) square(a *element) {
	if z[8]|a[8] == never {
		return
	}
	a8, a7, a6 := int64(a[8]), int64(a[7]), int64(a[6])
	a5, a4, a3 := int64(a[5]), int64(a[4]), int64(a[3])
	a2, a1, a0 := int64(a[2]), int64(a[1]), int64(a[0])
	d0, d1, d2, d3 := 2*a0, 2*a1, 2*a2, 2*a3
	d4, d5, d6, d7 := 2*a4, 2*a5, 2*a6, 2*a7
	c9, up := carry(d1*a8 + d2*a7 + d3*a6 + d4*a5)
	c10, up := carry(up + d2*a8 + d3*a7 + d4*a6 + a5*a5)
	c11, up := carry(up + d3*a8 + d4*a7 + d5*a6)
	c12, up := carry(up + d4*a8 + d5*a7 + a6*a6)
	c13, up := carry(up + d5*a8 + d6*a7)
	c14, up := carry(up + d6*a8 + a7*a7)
	c15, up := carry(up + d7*a8)
	c16, c17 := carry(up + a8*a8)
	c0, up := carry(a0*a0 + fold*c9)
	c1, up := carry(up + d0*a1 + fold*c10)
	c2, up := carry(up + d0*a2 + a1*a1 + fold*c11)
	c3, up := carry(up + d0*a3 + d1*a2 + fold*c12)
	c4, up := carry(up + d0*a4 + d1*a3 + a2*a2 + fold*c13)
	c5, up := carry(up + d0*a5 + d1*a4 + d2*a3 + fold*c14)
	c6, up := carry(up + d0*a6 + d1*a5 + d2*a4 + a3*a3 + fold*c15)
	c7, up := carry(up + d0*a7 + d1*a6 + d2*a5 + d3*a4 + fold*c16)
	c8, up := carry(up + d0*a8 + d1*a7 + d2*a6 + d3*a5 + a4*a4 + fold*c17)
	c0, up = carry(c0 + fold*up)
	z[8], z[7], z[6] = int32(c8), int32(c7), int32(c6)
	z[5], z[4], z[3] = int32(c5), int32(c4), int32(c3)
	z[2], z[1], z[0] = int32(c2), int32(c1+up), int32(c0)
}
