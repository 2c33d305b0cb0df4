package form

import "math"

// The units, in nanoseconds.
const (
	millisecond int64 = 1e6
	second      int64 = 1e9
)

// digits reads a whole number of at most 18 digits and nothing else.
func digits(s string) (n int64, ok bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + int64(c)
	}
	return n, true
}

// since returns a number of units since 1970 as nanoseconds; what is later than an int64
// can say (in 2262) is the latest that it can.
func since(s string, most int, unit int64) (nanos int64, ok bool) {
	if len(s) > most {
		return 0, false
	}
	n, ok := digits(s)
	if n > math.MaxInt64/unit {
		return math.MaxInt64, ok
	}
	return n * unit, ok
}

// Unix reads seconds since 1970, 1 to 11 digits and nothing else, as Unix nanoseconds. What
// is later than 2262 is the latest time there is.
func Unix(s string) (nanos int64, ok bool) { return since(s, 11, second) }

// UnixMilli is Unix for milliseconds, 1 to 14 digits.
func UnixMilli(s string) (nanos int64, ok bool) { return since(s, 14, millisecond) }

// clock is a date and a time of day, as it is being read.
type clock struct {
	rest string
	ok   bool
}

// number cuts n digits off and returns their value, which must be within the bounds.
func (c *clock) number(n int, least, most int64) int64 {
	if len(c.rest) < n {
		c.ok = false
		return least
	}
	v, ok := digits(c.rest[:n])
	if c.rest = c.rest[n:]; !ok || v < least || v > most {
		c.ok = false
		return least
	}
	return v
}

// text cuts exactly s off.
func (c *clock) text(s string) {
	if len(c.rest) < len(s) || c.rest[:len(s)] != s {
		c.ok, c.rest = false, ""
		return
	}
	c.rest = c.rest[len(s):]
}

// word cuts three letters off and returns which of a table of such words they are.
func (c *clock) word(table string) int64 {
	if len(c.rest) >= 3 {
		for i := 0; i < len(table); i += 3 {
			if table[i:i+3] == c.rest[:3] {
				c.rest = c.rest[3:]
				return int64(i / 3)
			}
		}
	}
	c.ok = false
	return 0
}

// Years whose every nanosecond is a positive int64 since 1970.
const firstYear, lastYear = 1970, 2261

// time cuts a time of day off, its parts divided by sep. RFC 3339's leap second is refused:
// it has no place on Unix time.
func (c *clock) time(sep string) (seconds int64) {
	hour := c.number(2, 0, 23)
	c.text(sep)
	minute := c.number(2, 0, 59)
	c.text(sep)
	return hour*3600 + minute*60 + c.number(2, 0, 59)
}

// days returns the days from 1970 to a day. It refuses one that its month lacks.
func (c *clock) days(year, month, day int64) int64 {
	leap := int64(0)
	if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		leap = 1
	}
	length := 30 + (month+month>>3)&1
	if month == 2 {
		length = 28 + leap
	}
	if day > length {
		c.ok = false
	}
	// Before the month, in a common year: 367/12 days a month, from March on two too many.
	before := (367*month - 362) / 12
	if month > 2 {
		before += leap - 2
	}
	y := year - 1
	return y*365 + y/4 - y/100 + y/400 + before + day - 1 - 719162
}

// RFC3339 reads RFC 3339's date-time, T and Z in upper case, with 1 to 9 decimals or none,
// from 1970 to 2261, as Unix nanoseconds.
func RFC3339(s string) (nanos int64, ok bool) {
	c := clock{s, true}
	year := c.number(4, firstYear, lastYear)
	c.text("-")
	month := c.number(2, 1, 12)
	c.text("-")
	days := c.days(year, month, c.number(2, 1, 31))
	c.text("T")
	seconds := days*86400 + c.time(":")
	nanos = c.decimals()
	if c.rest == "Z" {
		return seconds*second + nanos, c.ok
	}
	sign := int64(0)
	switch {
	case c.rest == "":
	case c.rest[0] == '+':
		sign = 1
	case c.rest[0] == '-':
		sign = -1
	}
	if sign == 0 {
		return 0, false
	}
	c.rest = c.rest[1:]
	hours := c.number(2, 0, 23)
	c.text(":")
	seconds -= sign * (hours*3600 + c.number(2, 0, 59)*60)
	return seconds*second + nanos, c.ok && c.rest == "" && seconds >= 0
}

// decimals cuts a fraction of a second off, if there is one.
func (c *clock) decimals() (nanos int64) {
	if c.rest == "" || c.rest[0] != '.' {
		return 0
	}
	n := 1
	for unit := second / 10; n < len(c.rest) && '0' <= c.rest[n] && c.rest[n] <= '9'; n++ {
		nanos += int64(c.rest[n]-'0') * unit
		unit /= 10
	}
	if n == 1 || n > 10 {
		c.ok = false
	}
	c.rest = c.rest[n:]
	return nanos
}

// HTTPDate reads RFC 9110 §5.6.7's IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT", from 1970
// to 2261, as Unix nanoseconds. The obsolete forms are refused. Which weekday it was is not
// looked at: signers are known to get it wrong, and it says nothing of the time.
func HTTPDate(s string) (nanos int64, ok bool) {
	c := clock{s, true}
	c.word("SunMonTueWedThuFriSat")
	c.text(", ")
	day := c.number(2, 1, 31)
	c.text(" ")
	month := 1 + c.word("JanFebMarAprMayJunJulAugSepOctNovDec")
	c.text(" ")
	days := c.days(c.number(4, firstYear, lastYear), month, day)
	c.text(" ")
	seconds := days*86400 + c.time(":")
	c.text(" GMT")
	return seconds * second, c.ok && c.rest == ""
}

// ISOBasic reads ISO 8601's basic form as SigV4 has it, "20130524T000000Z", from 1970 to
// 2261, as Unix nanoseconds.
func ISOBasic(s string) (nanos int64, ok bool) {
	c := clock{s, true}
	year := c.number(4, firstYear, lastYear)
	month := c.number(2, 1, 12)
	days := c.days(year, month, c.number(2, 1, 31))
	c.text("T")
	seconds := days*86400 + c.time("")
	c.text("Z")
	return seconds * second, c.ok && c.rest == ""
}
