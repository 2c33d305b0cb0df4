package ed25519

// scalar is a number below the group's order L in 32-bit words, the least first; the
// ninth is 0 and lets a comb look at bits that no scalar has.
type scalar [9]uint32

//go:inline
func (k *scalar) bit(i int) uint32 { return k[i>>5] >> (i & 31) & 1 }

// The group's order L = 2^252 + 27742317777372353535851937790883648493 and what its
// Montgomery reduction with R = 2^261 needs, in limbs of 29 bits.
var (
	order = [9]uint32{0x1cf5d3ed, 0x9318d2, 0x1de73596, 0x1df3bd45, 0x14d, 0, 0, 0, 0x100000}
	// R mod L
	radix = [9]uint32{0x114df9ed, 0x1a617303, 0xf7c098c, 0x16793167, 0x1ffd656e, 0x1fffffff, 0x1fffffff, 0x1fffffff, 0xfffff}
	// 2^256 R mod L
	shiftedRadix = [9]uint32{0x8c914a5, 0x20c3580, 0x1b47c606, 0x153fad37, 0x1ccb96fa, 0x1d217f5b, 0x1ee77639, 0xdf0c268, 0x32823}
)

// orderInverse is -1/L mod 2^29.
const orderInverse = 0x12547e1b

// limbs reads 32 little-endian bytes into limbs of 29 bits.
func limbs(b []byte) (z [9]uint32) {
	var held uint64
	count, next := 0, 0
	for i := range z {
		for ; count < limbBits && next < 32; next++ {
			held |= uint64(b[next]) << count
			count += 8
		}
		z[i] = uint32(held & mask)
		held >>= limbBits
		count -= limbBits
	}
	return z
}

// words packs limbs into 32-bit words.
func words(limbs *[9]uint32) (k scalar) {
	for i, limb := range limbs {
		at := limbBits * i
		wide := uint64(limb) << (at % 32)
		k[at/32] |= uint32(wide)
		if at/32 < 8 {
			k[at/32+1] |= uint32(wide >> 32)
		}
	}
	return k
}

// reached says whether z >= L.
func reached(z *[9]uint32) bool {
	for i := 8; i >= 0; i-- {
		if z[i] != order[i] {
			return z[i] > order[i]
		}
	}
	return true
}

// load reads the S of a signature and says whether it is below L (RFC 8032 §5.1.7 step 1:
// or another S would fit the same message).
func (k *scalar) load(b []byte) bool {
	z := limbs(b)
	*k = words(&z)
	return !reached(&z)
}

// reduce reads a little-endian digest of 64 bytes modulo L.
//
// With its halves a and b and the sum s = a (R mod L) + b (2^256 R mod L) the result is
// s / R, Montgomery's reduction of one sum: below (2 * 2^256 L + R L) / R < 1.07 L. A
// column holds at most 27 products of two limbs below 2^29 and a carry: below 2^63.
func (k *scalar) reduce(digest *[64]byte) {
	a, b := limbs(digest[:32]), limbs(digest[32:])
	var t [18]uint64
	for i := range a {
		row := (*[9]uint64)(t[i:])
		addRow(row, uint64(a[i]), &radix)
		addRow(row, uint64(b[i]), &shiftedRadix)
	}
	for i := range a {
		row := (*[9]uint64)(t[i:])
		addRow(row, uint64(uint32(row[0])*orderInverse&mask), &order)
		row[1] += row[0] >> limbBits
	}
	var z [9]uint32
	var up uint64
	for i := range z {
		up += t[9+i]
		z[i] = uint32(up & mask)
		up >>= limbBits
	}
	if reached(&z) {
		var borrow uint32
		for i := range z {
			d := z[i] - order[i] - borrow
			z[i] = d & mask
			borrow = d >> 31
		}
	}
	*k = words(&z)
}

// addRow adds x m to the columns t.
func addRow(t *[9]uint64, x uint64, m *[9]uint32) {
	t[8] += x * uint64(m[8])
	t[7] += x * uint64(m[7])
	t[6] += x * uint64(m[6])
	t[5] += x * uint64(m[5])
	t[4] += x * uint64(m[4])
	t[3] += x * uint64(m[3])
	t[2] += x * uint64(m[2])
	t[1] += x * uint64(m[1])
	t[0] += x * uint64(m[0])
}

// digits is a scalar's width-5 non-adjacent form: each digit is 0 or odd and from -15 to
// 15, four zeros at least follow one that is not 0, and the sum of digits[i] 2^i is the
// scalar. A scalar has 253 bits, so the last digit is at most the 254th.
type digits [254]int8

func (d *digits) set(k *scalar) {
	*d = digits{}
	var carried uint32
	for i := 0; i < len(d); {
		if k.bit(i) == carried {
			i++
			continue
		}
		window := carried
		for j := range min(5, len(d)-i) {
			window += k.bit(i+j) << j
		}
		d[i] = int8(window)
		carried = window >> 4 & 1
		if carried == 1 {
			d[i] = int8(window) - 32
		}
		i += 5
	}
}
