package mont

// Mul sets z = a b / R mod n. z may be a or b.
func (m *Modulus) Mul(z, a, b []uint32) {
	clear(m.columns)
	for i := 0; i+row <= len(a); i += row {
		m.addRows(m.columns[i:], (*[row]uint32)(a[i:]), b)
	}
	m.fold(z)
}

// Square sets z = a^2 / R mod n. z may be a.
func (m *Modulus) Square(z, a []uint32) {
	m.squareColumns(a)
	m.fold(z)
}

// squareColumns leaves a^2 in m.columns.
//
// Products of two different limbs come twice: rows of the doubled number meet only the
// limbs above them, and the square of the row itself is added from its ten products.
func (m *Modulus) squareColumns(a []uint32) {
	clear(m.columns)
	twice := m.twice[:len(a)]
	for i, limb := range a {
		twice[i] = 2 * limb // below 2^28: the sum of a column is that of Mul
	}
	for i := 0; i+row <= len(a); i += row {
		t := (*[7]uint64)(m.columns[2*i:])
		x, d := (*[row]uint32)(a[i:]), (*[row]uint32)(twice[i:])
		x0, x1, x2, x3 := uint64(x[0]), uint64(x[1]), uint64(x[2]), uint64(x[3])
		d0, d1, d2 := uint64(d[0]), uint64(d[1]), uint64(d[2])
		t[0] += x0 * x0
		t[1] += d0 * x1
		t[2] += d0*x2 + x1*x1
		t[3] += d0*x3 + d1*x2
		t[4] += d1*x3 + x2*x2
		t[5] += d2 * x3
		t[6] += x3 * x3
		m.addRows(m.columns[2*i+row:], d, a[i+row:])
	}
}

// fold sets z to the number in m.columns, below 4 n^2, divided by R modulo n. Row by row
// it makes the lowest columns zero by adding multiples of n.
func (m *Modulus) fold(z []uint32) {
	n := (*[row]uint32)(m.n)
	n0, n1, n2, n3 := uint64(n[0]), uint64(n[1]), uint64(n[2]), uint64(n[3])
	var q [row]uint32
	for i := 0; i+row <= len(m.n); i += row {
		t := (*[2*row - 1]uint64)(m.columns[i:])
		q0 := uint64(uint32(t[0]) * m.n0 & mask)
		up := (t[0] + q0*n0) >> limbBits
		up += t[1] + q0*n1
		q1 := uint64(uint32(up) * m.n0 & mask)
		up = (up + q1*n0) >> limbBits
		up += t[2] + q0*n2 + q1*n1
		q2 := uint64(uint32(up) * m.n0 & mask)
		up = (up + q2*n0) >> limbBits
		up += t[3] + q0*n3 + q1*n2 + q2*n1
		q3 := uint64(uint32(up) * m.n0 & mask)
		up = (up + q3*n0) >> limbBits
		t[4] += up + q1*n3 + q2*n2 + q3*n1
		t[5] += q2*n3 + q3*n2
		t[6] += q3 * n3
		q = [row]uint32{uint32(q0), uint32(q1), uint32(q2), uint32(q3)}
		m.addRows(m.columns[i+row:], &q, m.n[row:])
	}
	var up uint64
	columns := m.columns[len(m.n):]
	for i := range z {
		up += columns[i]
		z[i] = uint32(up & mask)
		up >>= limbBits
	}
}

// addRows adds x times b to the columns t, which are three more than b has limbs at least.
//
// It goes through the columns by a slice in memory, not by a variable: of a variable the
// compiler makes sums instead of offsets, and wazero, which checks every address that is
// not a smaller offset from one it has checked, would check each. For the same reason the
// highest column of three blocks is read first.
func (m *Modulus) addRows(t []uint64, x *[row]uint32, b []uint32) {
	x3, x2, x1, x0 := uint64(x[3]), uint64(x[2]), uint64(x[1]), uint64(x[0])
	var c0, c1, c2 uint64
	m.next = t
	for len(b) >= 3*row && len(m.next) >= 3*row {
		s, y := (*[3 * row]uint64)(m.next), (*[3 * row]uint32)(b)
		m.next = m.next[3*row:]
		highest := s[3*row-1]
		c0, c1, c2 = addBlock((*[row]uint64)(s[:]), (*[row]uint32)(y[:]), s[row-1], x0, x1, x2, x3, c0, c1, c2)
		c0, c1, c2 = addBlock((*[row]uint64)(s[row:]), (*[row]uint32)(y[row:]), s[2*row-1], x0, x1, x2, x3, c0, c1, c2)
		c0, c1, c2 = addBlock((*[row]uint64)(s[2*row:]), (*[row]uint32)(y[2*row:]), highest, x0, x1, x2, x3, c0, c1, c2)
		b = b[3*row:]
	}
	t = m.next
	for len(b) >= row && len(t) >= row {
		s, y := (*[row]uint64)(t), (*[row]uint32)(b)
		c0, c1, c2 = addBlock(s, y, s[row-1], x0, x1, x2, x3, c0, c1, c2)
		b, t = b[row:], t[row:]
	}
	s := (*[row - 1]uint64)(t)
	s[2] += c2
	s[1] += c1
	s[0] += c0
}

// addBlock multiplies four limbs by four, so that columns are loaded and stored once for
// sixteen products, and returns the three columns that the next block goes on with.
// highest is s[3].
//
//go:inline
func addBlock(s *[row]uint64, y *[row]uint32, highest, x0, x1, x2, x3, c0, c1, c2 uint64) (d0, d1, d2 uint64) {
	y3, y2, y1, y0 := uint64(y[3]), uint64(y[2]), uint64(y[1]), uint64(y[0])
	s[0] += c0 + x0*y0
	s[1] += c1 + x0*y1 + x1*y0
	s[2] += c2 + x0*y2 + x1*y1 + x2*y0
	s[3] = highest + x0*y3 + x1*y2 + x2*y1 + x3*y0
	return x1*y3 + x2*y2 + x3*y1, x2*y3 + x3*y2, x3 * y3
}

// double sets z = 2 z mod n, for z below n.
func (m *Modulus) double(z []uint32) {
	var up uint32
	for i := range z {
		up += 2 * z[i]
		z[i] = up & mask
		up >>= limbBits
	}
	m.Reduce(z)
}

// Reduce brings a residue below n.
func (m *Modulus) Reduce(z []uint32) {
	if !m.reached(z) {
		return
	}
	var borrow uint32
	for i := range z {
		d := z[i] - m.n[i] - borrow
		z[i] = d & mask
		borrow = d >> 31
	}
}

// reached says whether z >= n.
func (m *Modulus) reached(z []uint32) bool {
	for i := len(z) - 1; i >= 0; i-- {
		if z[i] != m.n[i] {
			return z[i] > m.n[i]
		}
	}
	return true
}
