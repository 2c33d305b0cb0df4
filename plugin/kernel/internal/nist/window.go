package nist

// The window of a multiple of a point without a comb: digits are odd, below 2^(width-1) in
// absolute value, and at least width places apart (wNAF).
const (
	width      = 5
	oddEntries = 1 << (width - 2)
)

// digits is a scalar in wNAF, the least place first.
type digits [maxBytes*8 + 1]int8

// set recodes w, a number of at most bits bits, and returns how many places it takes.
func (d *digits) set(w *words, bits int) int {
	*d = digits{}
	length := 0
	carry := uint32(0)
	for i := 0; i <= bits; {
		if w.bit(i) == carry {
			i++
			continue
		}
		v := carry
		for j := range width {
			v += w.bit(i+j) << j
		}
		// v is odd; from 2^(width-1) on it is taken 2^width lower and carried.
		carry = v >> (width - 1)
		d[i] = int8(int32(v) - int32(carry)<<width)
		length = i + 1
		i += width
	}
	return length
}
