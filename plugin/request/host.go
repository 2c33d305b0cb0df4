package request

// Host returns the authority for comparison with a rule's host: lower case, without a
// default port and without one trailing dot of the name. It aliases the request or the
// view's buffer: valid until the next Host, Decode or Read.
func (v *View) Host() string {
	name, port := splitHost(v.Authority)
	if port == "" && isLower(name) {
		return name
	}
	v.text = appendLower(v.text[:0], name)
	v.text = append(v.text, port...)
	return asString(v.text)
}

// FoldHost is [View.Host] for a host that a configuration names. It allocates.
func FoldHost(authority string) string {
	name, port := splitHost(authority)
	return string(append(appendLower(nil, name), port...))
}

// splitHost cuts an authority before its port and drops the port if it is a default
// (":80", ":443", or empty), and one trailing dot of the name. Both ports are dropped
// whatever the scheme: behind a proxy the scheme may be what the client wrote into a
// header, and it must not move a host out of its rule.
func splitHost(authority string) (name, port string) {
	name = authority
	for i := len(authority) - 1; i >= 0 && authority[i] != ']'; i-- {
		if authority[i] == ':' {
			name, port = authority[:i], authority[i:]
			break
		}
	}
	switch port {
	case ":", ":80", ":443": // RFC 3986 §3.2.3
		port = ""
	}
	if n := len(name); n > 1 && name[n-1] == '.' {
		name = name[:n-1] // RFC 1034 §3.1: the absolute form of the same name
	}
	return name, port
}

func isLower(s string) bool {
	for i := 0; i < len(s); i++ {
		if Lower(s[i]) != s[i] {
			return false
		}
	}
	return true
}

func appendLower(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		dst = append(dst, Lower(s[i]))
	}
	return dst
}

// authorityReadable: RFC 3986 §3.2 without user information (RFC 9110 §4.2.4) and
// without commas, which are what two joined Host lines leave.
func authorityReadable(authority string) bool {
	for i := 0; i < len(authority); i++ {
		if c := authority[i]; c >= 0x80 || authorityBytes[c>>6]>>(c&63)&1 == 0 {
			return false
		}
	}
	return true
}

// authorityBytes has a bit for each byte below 0x80: letters, digits and
// those of "-._~:[]%!$&'()*+;=".
var authorityBytes = [2]uint64{0x2fff6ff200000000, 0x47fffffeaffffffe}
