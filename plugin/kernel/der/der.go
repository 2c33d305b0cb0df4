// Package der reads ECDSA signatures in DER.
//
// In: an ECDSA-Sig-Value and the length of the curve's numbers. Out: r and s side by side,
// as the curves' packages and JOSE have them. Spec: RFC 3279 §2.2.3, X.690 §8 and §10. One
// encoding of each signature is taken, and nothing but it (M-02, D-23). It does not look
// at the numbers' values: zero, or too large for the curve, is the verifier's to refuse.
package der

// maxSize is the length of P-521's numbers in bytes.
const maxSize = 66

const (
	tagInteger  = 0x02
	tagSequence = 0x30 // constructed
)

// Signature appends r and s of the signature, of size bytes each, big-endian, to dst. It
// returns dst as it was, and false, where sig is anything but SEQUENCE { INTEGER, INTEGER }
// in DER, or a number is negative or longer than size.
func Signature(dst, sig []byte, size int) ([]byte, bool) {
	if size <= 0 || size > maxSize {
		return dst, false
	}
	content, rest, ok := element(sig, tagSequence)
	if !ok || len(rest) != 0 { // nothing after the sequence
		return dst, false
	}
	r, content, okR := integer(content, size)
	s, content, okS := integer(content, size)
	if !okR || !okS || len(content) != 0 { // nor within it
		return dst, false
	}
	return appendPadded(appendPadded(dst, r, size), s, size), true
}

// element takes an element with the tag off the front of b. The length stands in the
// shortest form (X.690 §10.1); two bytes of it are enough for every signature, and the
// indefinite form is BER.
func element(b []byte, tag byte) (content, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != tag {
		return nil, nil, false
	}
	n, b := int(b[1]), b[2:]
	if n == 0x81 {
		if len(b) == 0 || b[0] < 0x80 {
			return nil, nil, false
		}
		n, b = int(b[0]), b[1:]
	} else if n >= 0x80 {
		return nil, nil, false
	}
	if n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// integer takes a number that is not negative and has at most size bytes off the front of
// b. It stands in as few bytes as can be (X.690 §8.3.2): a zero in front only where the
// next bit is set, which would else be the sign.
func integer(b []byte, size int) (number, rest []byte, ok bool) {
	number, rest, ok = element(b, tagInteger)
	if !ok || len(number) == 0 || number[0] >= 0x80 {
		return nil, nil, false
	}
	if number[0] == 0 && len(number) > 1 {
		if number = number[1:]; number[0] < 0x80 {
			return nil, nil, false
		}
	}
	return number, rest, len(number) <= size
}

// appendPadded appends a number of at most size bytes with zeros in front.
func appendPadded(dst, number []byte, size int) []byte {
	for range size - len(number) {
		dst = append(dst, 0)
	}
	return append(dst, number...)
}
