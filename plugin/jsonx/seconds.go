package jsonx

const (
	// maxSeconds is the largest NumericDate taken: beyond 2^53 a reader that uses
	// floats would see another number.
	maxSeconds = 1 << 53
	// maxDateText is the longest text of a NumericDate read; no clock needs more.
	maxDateText = 64
	// maxExponent is the largest exponent read, either sign.
	maxExponent = 400
)

// Seconds returns a NumericDate (RFC 7519 §2) as whole seconds since 1970 and
// nanoseconds (0 to 999,999,999), rounded up to the next nanosecond, which keeps every
// comparison with a clock of whole nanoseconds exact. Fractions and exponents count by
// value. ok is false for other kinds, a minus sign (-0 too), values over 2^53, texts
// over 64 bytes and exponents beyond 400 either way.
func (v Value) Seconds() (whole, nanos int64, ok bool) {
	if v.Kind() != Number {
		return 0, 0, false
	}
	text := v.Raw()
	if len(text) > maxDateText || text[0] == '-' {
		return 0, 0, false
	}
	if whole, ok := integer(text); ok {
		return whole, 0, true
	}
	return decimal(text)
}

// integer reads what nearly every date is: so few digits that they cannot exceed 2^53.
func integer(text string) (whole int64, ok bool) {
	if len(text) > 15 {
		return 0, false
	}
	for i := range len(text) {
		c := text[i] - '0'
		if c > 9 {
			return 0, false
		}
		whole = whole*10 + int64(c)
	}
	return whole, true
}

// decimal reads any other number without a sign. It is a function of its own because
// TinyGo allocates the digits.
func decimal(text string) (whole, nanos int64, ok bool) {
	// digits are the significant ones, point is where the decimal point stands among
	// them: the value is 0.d0d1d2... times ten to the point.
	var digits [maxDateText]byte
	n, point := 0, 0
	fraction := false
	i := 0
	for ; i < len(text) && text[i] != 'e' && text[i] != 'E'; i++ {
		c := text[i]
		if c == '.' {
			fraction = true
			continue
		}
		if n > 0 || c != '0' {
			digits[n] = c - '0'
			n++
			if !fraction {
				point++
			}
		} else if fraction {
			point--
		}
	}
	if i < len(text) {
		exponent, ok := exponentOf(text[i+1:])
		if !ok {
			return 0, 0, false
		}
		point += exponent
	}
	return compose(digits[:n], point)
}

// exponentOf reads the exponent of a valid number: an optional sign and digits.
func exponentOf(text string) (int, bool) {
	negative := text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	e := 0
	for i := range len(text) {
		if e = e*10 + int(text[i]-'0'); e > maxExponent {
			return 0, false
		}
	}
	if negative {
		e = -e
	}
	return e, true
}

// compose turns digits (the first one not 0) with the point after the point-th of them
// into seconds and nanoseconds.
func compose(digits []byte, point int) (whole, nanos int64, ok bool) {
	if len(digits) == 0 {
		return 0, 0, true
	}
	if point > 16 { // 10^16 > 2^53
		return 0, 0, false
	}
	at := func(i int) int64 { // the digit i places after the point of 0.d0d1...
		if i < 0 || i >= len(digits) {
			return 0
		}
		return int64(digits[i])
	}
	for i := range max(point, 0) {
		whole = whole*10 + at(i)
	}
	for i := range 9 {
		nanos = nanos*10 + at(point+i)
	}
	for i := max(point+9, 0); i < len(digits); i++ {
		if digits[i] != 0 {
			nanos++
			break
		}
	}
	if nanos == 1_000_000_000 {
		whole, nanos = whole+1, 0
	}
	if whole > maxSeconds || whole == maxSeconds && nanos != 0 {
		return 0, 0, false
	}
	return whole, nanos, true
}
