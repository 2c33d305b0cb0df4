package config

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/jsonx"
)

// text returns a string, or absent if there is none.
func (v value) text(absent string) string {
	if !v.is(jsonx.String) {
		return absent
	}
	return strings.Clone(v.json.Text())
}

// word returns a string that must not be empty, or "".
func (v value) word() string {
	s := v.text("")
	if s == "" && !v.absent() && v.json.Kind() == jsonx.String {
		v.fail("must not be empty")
	}
	return s
}

// words returns a list of strings, none of them empty.
func (v value) words() []string {
	var words []string
	for _, e := range v.list() {
		if s := e.word(); s != "" {
			words = append(words, s)
		}
	}
	return words
}

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// boolean returns true or false, or absent if there is none.
func (v value) boolean(absent bool) bool {
	if v.absent() {
		return absent
	}
	switch v.json.Kind() {
	case jsonx.True:
		return true
	case jsonx.False:
		return false
	case jsonx.Invalid, jsonx.Null, jsonx.Object, jsonx.Array, jsonx.String, jsonx.Number:
	}
	v.fail("want true or false, not ", typeName(v.json.Kind()))
	return absent
}

// choice returns the index of a word in names, or 0 (the default) if there is none.
func (v value) choice(names ...string) int {
	if !v.is(jsonx.String) {
		return 0
	}
	s := v.text("")
	for i, name := range names {
		if s == name {
			return i
		}
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	v.fail("want ", strings.Join(quoted, " or "), ", not ", quote(s))
	return 0
}

// integer returns a whole number from least to most, or absent if there is none. As in
// protojson it may be written as a string or with an exponent.
func (v value) integer(absent, least, most int64) int64 {
	if v.absent() {
		return absent
	}
	var digits, shown string
	switch v.json.Kind() {
	case jsonx.Number:
		digits = v.json.Raw()
		shown = digits[:min(len(digits), maxQuoted)]
	case jsonx.String:
		digits = strings.Clone(v.json.Text())
		shown = quote(digits)
	case jsonx.Invalid, jsonx.Null, jsonx.Object, jsonx.Array, jsonx.True, jsonx.False:
		v.fail("want a number, not ", typeName(v.json.Kind()))
		return absent
	}
	n, fits, ok := whole(digits)
	if !ok {
		v.fail("want a whole number, not ", shown)
		return absent
	}
	if !fits || n < least || n > most {
		v.fail("must be from ", strconv.FormatInt(least, 10), " to ", strconv.FormatInt(most, 10), ", not ", shown)
		return absent
	}
	return n
}

// maxShift is further than a decimal point can be moved to any effect: a configuration has
// fewer digits.
const maxShift = 1 << 28

// whole reads a JSON number whose value is a whole one; fits says that it is within
// int64. With a point or an exponent it is held to what a double holds exactly, since
// other readers make one of it.
func whole(digits string) (n int64, fits, ok bool) {
	if !numeric(digits) {
		return 0, false, false
	}
	if !strings.ContainsAny(digits, ".eE") {
		n, err := strconv.ParseInt(digits, 10, 64) // the only error left is the range
		return n, err == nil, true
	}
	unsigned, negative := strings.CutPrefix(digits, "-")
	mantissa, exponent := unsigned, 0
	if at := strings.IndexAny(unsigned, "eE"); at >= 0 {
		mantissa = unsigned[:at]
		exponent, _ = strconv.Atoi(unsigned[at+1:]) // out of its range it is the range's end
		exponent = min(max(exponent, -maxShift), maxShift)
	}
	before, after, _ := strings.Cut(mantissa, ".")
	for i, c := range []byte(before + after) {
		switch shift := len(before) + exponent - 1 - i; {
		case c == '0':
		case shift < 0, shift > 15: // a fraction, or beyond 2^53
			return 0, false, false
		default:
			part := int64(c - '0')
			for range shift {
				part *= 10
			}
			n += part
		}
	}
	if n > 1<<53 {
		return 0, false, false
	}
	if negative {
		n = -n
	}
	return n, true, true
}

// numeric: RFC 8259 §6, so that a string holds no more forms of a number than JSON has.
func numeric(s string) bool {
	s = strings.TrimPrefix(s, "-")
	first := digitRun(s)
	if first == 0 || first > 1 && s[0] == '0' {
		return false
	}
	s = s[first:]
	if strings.HasPrefix(s, ".") {
		n := digitRun(s[1:])
		if n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if s == "" || s[0]|0x20 != 'e' {
		return s == ""
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && digitRun(s) == len(s)
}

func digitRun(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// The units of durations, in nanoseconds.
const (
	nanosecond  int64 = 1
	millisecond       = 1e6 * nanosecond
	second            = 1e9 * nanosecond
	minute            = 60 * second
	hour              = 60 * minute
	day               = 24 * hour
)

// duration returns nanoseconds from least to most, or absent if there is none. The forms
// are protojson's "1.5s" and {"seconds": 1, "nanos": 500000000}.
func (v value) duration(absent, least, most int64) int64 {
	if v.absent() {
		return absent
	}
	var n int64
	switch v.json.Kind() {
	case jsonx.String:
		s := v.text("")
		var ok bool
		if n, ok = parseDuration(s); !ok {
			v.fail(`want a duration in seconds such as "5s" or "1.5s", not `, quote(s))
			return absent
		}
	case jsonx.Object:
		o := v.object()
		before := o.out.count()
		seconds := o.get("seconds").integer(0, -maxSeconds, maxSeconds)
		nanos := o.get("nanos").integer(0, -(second - 1), second-1)
		o.close()
		if o.out.count() > before {
			return absent
		}
		n = seconds*second + nanos
	case jsonx.Invalid, jsonx.Null, jsonx.Array, jsonx.Number, jsonx.True, jsonx.False:
		v.fail(`want a duration in seconds such as "5s", not `, typeName(v.json.Kind()))
		return absent
	}
	if n < least || n > most {
		v.fail("must be from ", formatDuration(least), " to ", formatDuration(most), ", not ", formatDuration(n))
		return absent
	}
	return n
}

// maxSeconds keeps a duration within int64 nanoseconds.
const maxSeconds = 9_000_000_000

// parseDuration reads "5s", "1.5s", "-3s": digits, up to nine decimals, an "s".
func parseDuration(s string) (int64, bool) {
	number, ok := strings.CutSuffix(s, "s")
	if !ok || strings.ContainsAny(number, "eE") || !numeric(number) {
		return 0, false
	}
	digits, negative := strings.CutPrefix(number, "-")
	digits, decimals, _ := strings.Cut(digits, ".")
	if len(decimals) > 9 {
		return 0, false
	}
	seconds, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || seconds > maxSeconds {
		seconds = maxSeconds // beyond every range
	}
	nanos, _ := strconv.ParseInt(decimals+strings.Repeat("0", 9-len(decimals)), 10, 64) // nine digits
	n := seconds*second + nanos
	if negative {
		n = -n
	}
	return n, true
}

func formatDuration(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	s := sign + strconv.FormatInt(n/second, 10)
	if nanos := n % second; nanos != 0 {
		digits := strconv.FormatInt(second+nanos, 10)[1:] // nine digits, zeros kept
		s += "." + strings.TrimRight(digits, "0")
	}
	return s + "s"
}
