package request

import "strings"

// Address is an IP address: 16 bytes, an IPv4 address in its mapped form (RFC 4291
// §2.5.5.2), so that the two spellings of one address are equal.
type Address [16]byte

// ParseAddress reads an address as proxies write it: "203.0.113.7", "203.0.113.7:4711",
// "2001:db8::7", "[2001:db8::7]" or "[2001:db8::7]:4711" (RFC 4291 §2.2, RFC 3986 §3.2.2).
// What has a zone, a leading zero in a decimal part, or anything else about it is none.
func ParseAddress(text string) (a Address, ok bool) {
	if text != "" && text[0] == '[' {
		end := strings.IndexByte(text, ']')
		if end < 0 || !isPort(text[end+1:]) {
			return a, false
		}
		return parseIPv6(text[1:end])
	}
	colon := strings.IndexByte(text, ':')
	if colon >= 0 && strings.IndexByte(text[colon+1:], ':') >= 0 {
		return parseIPv6(text)
	}
	if colon >= 0 {
		if !isPort(text[colon:]) {
			return a, false
		}
		text = text[:colon]
	}
	a[10], a[11] = 0xff, 0xff
	// Apart: the order of a result and a call that changes it is nobody's promise.
	ok = parseIPv4(a[12:], text)
	return a, ok
}

// isPort says that s is empty or a colon and a port.
func isPort(s string) bool {
	if s == "" {
		return true
	}
	n := 0
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		n = n*10 + int(s[i]-'0')
		if n > 65535 {
			return false
		}
	}
	return s[0] == ':' && len(s) > 1
}

// parseIPv4 reads four decimal parts without leading zeros: some read those as octal.
func parseIPv4(to []byte, s string) bool {
	part, digits, n := 0, 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && '0' <= s[i] && s[i] <= '9' {
			if digits > 0 && n == 0 {
				return false
			}
			n = n*10 + int(s[i]-'0')
			if digits++; n > 255 {
				return false
			}
			continue
		}
		if i < len(s) && s[i] != '.' || digits == 0 || part == 4 {
			return false
		}
		to[part] = byte(n)
		part, digits, n = part+1, 0, 0
	}
	return part == 4
}

// parseIPv6 reads eight groups of up to four hexadecimal digits, of which "::" stands for
// one or more that are zero, and the last two may be an IPv4 address.
func parseIPv6(s string) (a Address, ok bool) {
	at, gap := 0, -1
	if len(s) >= 2 && s[0] == ':' && s[1] == ':' {
		gap, s = 0, s[2:]
	}
	for s != "" {
		if at == len(a) {
			return a, false
		}
		if strings.IndexByte(s, ':') < 0 && strings.IndexByte(s, '.') >= 0 {
			if at > len(a)-4 || !parseIPv4(a[at:at+4], s) {
				return a, false
			}
			at += 4
			break
		}
		n, digits := 0, 0
		for digits < len(s) && digits <= 4 && hexDigit(s[digits]) < 16 {
			n = n<<4 | int(hexDigit(s[digits]))
			digits++
		}
		if digits == 0 || digits > 4 {
			return a, false
		}
		a[at], a[at+1] = byte(n>>8), byte(n)
		at, s = at+2, s[digits:]
		switch {
		case s == "":
		case len(s) >= 2 && s[0] == ':' && s[1] == ':' && gap < 0:
			gap, s = at, s[2:]
		case s[0] == ':' && len(s) > 1 && s[1] != ':':
			s = s[1:]
		default:
			return a, false
		}
	}
	if gap < 0 {
		return a, at == len(a)
	}
	if at == len(a) {
		return a, false
	}
	behind := at - gap
	copy(a[len(a)-behind:], a[gap:at])
	clear(a[gap : len(a)-behind])
	return a, true
}

// Forwarded are the entries of X-Forwarded-For that may be the client's address. They
// alias the request's headers. The zero value has none.
type Forwarded struct {
	last, inner, outer string
}

// Forwarded returns the entries that so many trusted hops in front of the proxy point to;
// 0 points to none. Several lines are one list, in their order.
func (v *View) Forwarded(hops int) Forwarded {
	var f Forwarded
	if hops <= 0 {
		return f
	}
	n := 0
	for i := len(v.Headers) - 1; i >= 0; i-- {
		if !EqualFold(v.Headers[i].Name, "x-forwarded-for") {
			continue
		}
		for end := len(v.Headers[i].Value); end >= 0; {
			begin := end
			for begin > 0 && v.Headers[i].Value[begin-1] != ',' {
				begin--
			}
			entry := strings.Trim(v.Headers[i].Value[begin:end], " \t")
			n++
			if n == 1 {
				f.last = entry
			}
			switch n {
			case hops:
				f.inner = entry
			case hops + 1:
				f.outer = entry
				return f
			}
			end = begin - 1
		}
	}
	return f
}

// Client is the client's address, given that of the connection. Every hop has added the
// address that it was called from, so the first entry from the right is what the nearest
// hop was called from; unless the proxy itself has added the connection's already, as
// Envoy does before any filter, which is then passed over. (Where that is the loopback
// Envoy adds its own address instead, which counts as a hop.) What is not there or no
// address leaves the connection's.
func (f Forwarded) Client(connection string) string {
	entry := f.inner
	if own, ok := ParseAddress(connection); ok {
		if last, ok := ParseAddress(f.last); ok && last == own {
			entry = f.outer
		}
	}
	if _, ok := ParseAddress(entry); !ok {
		return connection
	}
	return entry
}
