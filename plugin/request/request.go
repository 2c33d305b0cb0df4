// Package request is the read-only view of a request that every other room judges.
//
// In: the header pairs as the host hands them. Out: a [View]: method, authority,
// target, path and query split, and the path that rules match. Spec: RFC 9110,
// RFC 3986, the section on paths in the documentation.
// It never decides who may pass, never allocates on a warm request, never logs.
package request

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/word"
)

// Header is one header line. Names are lower case on most hosts, but nothing here
// relies on it; values are raw bytes as text. Both alias the host's buffer and are
// valid until the callback returns.
type Header struct {
	Name, Value string
}

// PathMode says what becomes of a path that is not already normal.
type PathMode uint8

// The modes; the zero value is the strict one.
const (
	// PathRefuse answers 400 for a path that is not normal.
	PathRefuse PathMode = iota
	// PathNormalize removes dot segments, merges slashes and rewrites :path.
	PathNormalize
	// PathRaw takes the bytes as they are.
	PathRaw
)

// View is one request. Reuse it: [View.Read] resets every field.
type View struct {
	// Headers are all lines in order, pseudo headers among them.
	Headers []Header
	// Method, Scheme, Authority, Target are the pseudo headers; Target is :path whole.
	// Authority is the host line where the host hands no :authority.
	Method, Scheme, Authority, Target string
	// RawPath and Query are Target split at the first '?'; HasQuery tells "" from none.
	RawPath, Query string
	HasQuery       bool
	// Path is what rules match: RawPath normalised as the mode says, unreserved
	// percent-encodings decoded. It is "" for CONNECT and "OPTIONS *", which carry no
	// path. Valid until the next Read.
	Path string
	// NewTarget is the :path to write upstream, set only where PathNormalize changed it;
	// its path is Path, so that the router sees what was matched. Valid until the next Read.
	NewTarget string
	// RequestID is x-request-id's value if there is one line of it that is safe to echo, else "".
	RequestID string
	// GRPC says that the content type is gRPC (application/grpc, +suffix, any case).
	GRPC bool

	mode PathMode
	// names has the bits of all lines' names, see bitOf; 0 before Read.
	names uint64
	// scratch holds Path and NewTarget, text what Host and Decode return.
	scratch, text []byte
	home          *home // see Reserve
}

// home is a view's own memory, of the sizes that usual requests need.
type home struct{ scratch, text [256]byte }

// Reserve gives the view memory of its own for good, so that it allocates nothing for
// usual requests.
func (v *View) Reserve() { *v = View{home: new(home)}; v.Wipe() }

// Wipe clears what requests have left in the view's own memory and lets go of all
// other: the view is as after Reserve.
func (v *View) Wipe() {
	h := v.home
	if h == nil {
		*v = View{}
		return
	}
	if len(v.scratch)|len(v.text) != 0 {
		*h = home{}
	}
	*v = View{home: h, scratch: h.scratch[:0], text: h.text[:0]}
}

// Read takes a request's header list and fills the view; headers are kept, not copied.
// It returns [reason.OK], [reason.HeadersUnreadable] or [reason.PathNotNormal]. After a
// refusal the fields that were read stand, so that an answer can be formed from them.
func (v *View) Read(headers []Header, mode PathMode) reason.Code {
	scratch, text, home := v.scratch[:0], v.text[:0], v.home
	*v = View{}
	v.Headers, v.mode, v.scratch, v.text, v.home = headers, mode, scratch, text, home
	lines, ok := v.readLines()
	if !ok || !v.readPseudo(&lines) {
		return reason.HeadersUnreadable
	}
	return v.readPath()
}

// lines counts the lines of the names that Read itself looks at.
type lines struct {
	method, scheme, authority, path, host, requestID, contentType int
	// hostValue is the last host line.
	hostValue string
}

// readLines walks all lines once. False means a list that no honest HTTP codec makes.
func (v *View) readLines() (n lines, ok bool) {
	ok = true
	for i := range v.Headers {
		h := &v.Headers[i]
		if h.Name == "" {
			ok = false
			continue
		}
		v.names |= bitOf(h.Name)
		if !clean(h.Name) || !clean(h.Value) {
			ok = false // RFC 9110 §5.5: CR, LF and NUL are invalid and dangerous
			continue
		}
		switch len(h.Name) { // most lines are of other lengths: one comparison rules them out
		case len(":path"):
			take(h, ":path", &n.path, &v.Target)
		case len(":method"):
			take(h, ":method", &n.method, &v.Method)
			take(h, ":scheme", &n.scheme, &v.Scheme)
		case len(":authority"):
			take(h, ":authority", &n.authority, &v.Authority)
		case len("host"):
			take(h, "host", &n.host, &n.hostValue)
		case len("x-request-id"):
			if !take(h, "x-request-id", &n.requestID, &v.RequestID) &&
				take(h, "content-type", &n.contentType, nil) {
				v.GRPC = n.contentType == 1 && isGRPC(h.Value)
			}
		}
	}
	if n.requestID != 1 || !echoable(v.RequestID) {
		v.RequestID = ""
	}
	return n, ok
}

// take counts a line of the given name and keeps its value; false for another name.
func take(h *Header, name string, count *int, value *string) bool {
	if !EqualFold(h.Name, name) {
		return false
	}
	*count++
	if value != nil {
		*value = h.Value
	}
	return true
}

// readPseudo judges the pseudo headers' number. RFC 9113 §8.3.1: each exactly once,
// :path not in CONNECT. A :scheme may be missing (HTTP/1.1 hosts), and a :authority
// where one host line stands for it; where both are there :authority is the router's.
func (v *View) readPseudo(n *lines) bool {
	if n.method != 1 || v.Method == "" || n.scheme > 1 || n.authority > 1 || n.path > 1 {
		return false
	}
	if n.path == 0 && v.Method != "CONNECT" {
		return false
	}
	if v.Authority == "" {
		if n.host > 1 {
			return false // RFC 9112 §3.2
		}
		v.Authority = n.hostValue
	}
	return authorityReadable(v.Authority)
}

// Next returns the index of the first line at or after from whose name is name,
// compared without case. It allocates nothing:
//
//	for i, ok := v.Next(name, 0); ok; i, ok = v.Next(name, i+1) { ... v.Headers[i].Value ... }
func (v *View) Next(name string, from int) (index int, ok bool) {
	if name == "" || v.names != 0 && v.names&bitOf(name) == 0 {
		return 0, false
	}
	for i := from; i < len(v.Headers); i++ {
		if len(v.Headers[i].Name) == len(name) && EqualFold(v.Headers[i].Name, name) {
			return i, true
		}
	}
	return 0, false
}

// Endless says that what follows the headers is no body but a tunnel (RFC 9110 §7.8,
// §9.3.6), whatever the method: who waited for its end would wait for ever, and what passed
// meanwhile would never be compared. An offer of h2c alone beside a body is none: the body
// comes first and has its end (RFC 7540 §3.2).
func (v *View) Endless() bool {
	if v.Method == "CONNECT" {
		return true
	}
	for at, ok := v.Next("upgrade", 0); ok; at, ok = v.Next("upgrade", at+1) {
		if v.Method == "GET" || !EqualFold(v.Headers[at].Value, "h2c") {
			return true
		}
	}
	return false
}

// bitOf is one of 64 bits for a name, the same in any case: most names that are looked
// for on most requests are not there, and one bit says so.
func bitOf(name string) uint64 {
	n := len(name)
	return 1 << ((uint(n) + 5*uint(name[0]|0x20) + 11*uint(name[n-1]|0x20)) & 63)
}

// EqualFold compares two header names, schemes or hosts: ASCII letters without case.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	if word.Equal(a, b) {
		return true
	}
	for i := 0; i < len(a); i++ {
		if Lower(a[i]) != Lower(b[i]) {
			return false
		}
	}
	return true
}

// Lower returns the ASCII lower case of c.
func Lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// clean says that s has no CR, LF or NUL. Bytes below 14 are looked for eight at a
// time, since every byte of every header passes here on every request.
func clean(s string) bool {
	i := 0
	for ; i+32 <= len(s); i += 32 {
		w := s[i : i+32]
		if word.Below(word.At(w, 0), '\r'+1)|word.Below(word.At(w, 8), '\r'+1)|
			word.Below(word.At(w, 16), '\r'+1)|word.Below(word.At(w, 24), '\r'+1) != 0 && !cleanBytes(w) {
			return false
		}
	}
	for ; i+8 <= len(s); i += 8 {
		if word.Below(word.At(s, i), '\r'+1) != 0 && !cleanBytes(s[i:i+8]) {
			return false
		}
	}
	switch {
	case i == len(s):
		return true
	case i > 0: // the rest with what was seen before it
		return word.Below(word.At(s, len(s)-8), '\r'+1) == 0 || cleanBytes(s[i:])
	case len(s) >= 4:
		return word.Below(word.Short(s), '\r'+1) == 0 || cleanBytes(s)
	}
	return cleanBytes(s)
}

func cleanBytes(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == 0 || c == '\n' || c == '\r' {
			return false
		}
	}
	return true
}

// maxRequestID bounds what an answer or a log line may echo, in bytes.
const maxRequestID = 128

// echoable says that s may stand in a JSON string or a log line as it is.
func echoable(s string) bool {
	if len(s) > maxRequestID {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// isGRPC: the gRPC protocol's content type is application/grpc with an optional
// "+suffix" and parameters; application/grpc-web is another protocol.
func isGRPC(contentType string) bool {
	const grpc = "application/grpc"
	if len(contentType) < len(grpc) || !EqualFold(contentType[:len(grpc)], grpc) {
		return false
	}
	if len(contentType) == len(grpc) {
		return true
	}
	switch contentType[len(grpc)] {
	case '+', ';', ' ', '\t':
		return true
	}
	return false
}

// asString returns b as a string without a copy: b is not written again while the
// documented lifetime of the result lasts.
func asString(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // G103: length and data are one slice's
}
