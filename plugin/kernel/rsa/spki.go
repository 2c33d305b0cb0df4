package rsa

// The DER of AlgorithmIdentifier for rsaEncryption, NULL parameters included (RFC 3279
// §2.3.1).
const algorithm = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"

// The DER tags that an encoding needs.
const (
	tagInteger   = 0x02
	tagBitString = 0x03
	tagSequence  = 0x30
)

// encode returns the DER of a SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 8017 §A.1.1) of
// big-endian numbers without leading zeros, and the part of it that is the modulus.
func encode(modulus, exponent []byte) (spki, inner []byte) {
	numbers := integerSize(modulus) + integerSize(exponent)
	bits := 1 + fieldSize(numbers) // no unused bits
	whole := len(algorithm) + fieldSize(bits)
	spki = make([]byte, 0, fieldSize(whole))
	spki = appendHeader(spki, tagSequence, whole)
	spki = append(spki, algorithm...)
	spki = append(appendHeader(spki, tagBitString, bits), 0)
	spki = appendHeader(spki, tagSequence, numbers)
	spki = appendInteger(spki, modulus)
	inner = spki[len(spki)-len(modulus):]
	return appendInteger(spki, exponent), inner
}

// fieldSize is the size of a field with n bytes in it.
func fieldSize(n int) int {
	switch {
	case n < 1<<7:
		return 2 + n
	case n < 1<<8:
		return 3 + n
	}
	return 4 + n // the longest modulus has 1024 bytes
}

func appendHeader(dst []byte, tag byte, n int) []byte {
	switch {
	case n < 1<<7:
		return append(dst, tag, byte(n))
	case n < 1<<8:
		return append(dst, tag, 0x81, byte(n))
	}
	return append(dst, tag, 0x82, byte(n>>8), byte(n))
}

// padded says whether an INTEGER needs a zero before b, so as not to be negative.
func padded(b []byte) bool { return b[0]&0x80 != 0 }

func integerSize(b []byte) int {
	if padded(b) {
		return fieldSize(1 + len(b))
	}
	return fieldSize(len(b))
}

func appendInteger(dst, b []byte) []byte {
	if padded(b) {
		return append(append(appendHeader(dst, tagInteger, 1+len(b)), 0), b...)
	}
	return append(appendHeader(dst, tagInteger, len(b)), b...)
}
