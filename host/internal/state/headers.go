// Package state holds what one proxy and its VMs remember: header maps,
// buffers, contexts, shared data, queues and metrics.
//
// In: what arrives and what a guest asks for, as Go values. Out: the answers
// Envoy 1.40 would give, as values and statuses. Spec: proxy-wasm ABI 0.2.1 and
// Envoy's Wasm extension. It never touches a guest's memory, a clock or a
// network.
package state

import (
	"strings"

	"github.com/postern-wasm/postern/host/abi"
)

// MapKind says which names a HeaderMap keeps as one entry.
type MapKind uint8

// Kinds of header map.
const (
	RequestMap MapKind = iota
	ResponseMap
	TrailerMap
)

// HeaderMap is an ordered list of headers with Envoy's rules: names in lower
// case, pseudo headers first, some names at most once.
type HeaderMap struct {
	// Pairs are the headers in order. Names are in lower case.
	Pairs []abi.Pair
	// Kind decides the names that stay one entry.
	Kind MapKind
}

// index returns the place of the first header called key, in any case, or -1.
// "host" is the alias of :authority in a request.
func (m *HeaderMap) index(key []byte) int {
	if m.Kind == RequestMap && len(key) == 4 && equalFold("host", key) {
		for i := range m.Pairs {
			if m.Pairs[i].Name == ":authority" {
				return i
			}
		}
		return -1
	}
	for i := range m.Pairs {
		if equalFold(m.Pairs[i].Name, key) {
			return i
		}
	}
	return -1
}

// equalFold compares a name in lower case with a key in any case, ASCII only:
// a header's name has no other letters.
func equalFold(lower string, key []byte) bool {
	if len(lower) != len(key) {
		return false
	}
	for i := range key {
		c := key[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// Get returns the first value of key.
func (m *HeaderMap) Get(key []byte) (string, bool) {
	if i := m.index(key); i >= 0 {
		return m.Pairs[i].Value, true
	}
	return "", false
}

// Value returns the first value of the header name, or "".
func (m *HeaderMap) Value(name string) string {
	v, _ := m.Get([]byte(name))
	return v
}

// All returns the values of name (lower case) joined by commas.
func (m *HeaderMap) All(name string) (string, bool) {
	var values []string
	for i := range m.Pairs {
		if m.Pairs[i].Name == name {
			values = append(values, m.Pairs[i].Value)
		}
	}
	return strings.Join(values, ","), values != nil
}

// canonical returns name as the map stores it.
func (m *HeaderMap) canonical(name string) string {
	name = lowerASCII(name)
	if m.Kind == RequestMap && name == "host" {
		return ":authority"
	}
	return name
}

func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; 'A' <= c && c <= 'Z' {
					b[i] = c | 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

// Add adds a header. Where the map keeps the name as one entry, the value is
// joined to it by a comma.
func (m *HeaderMap) Add(name, value string) {
	name = m.canonical(name)
	if isInline(m.Kind, name) {
		for i := range m.Pairs {
			if m.Pairs[i].Name != name {
				continue
			}
			switch {
			case value == "":
			case m.Pairs[i].Value == "":
				m.Pairs[i].Value = value
			default:
				m.Pairs[i].Value += "," + value
			}
			return
		}
	}
	m.insert(abi.Pair{Name: name, Value: value})
}

// insert puts a pseudo header behind the others of its kind, and any other
// header at the end.
func (m *HeaderMap) insert(p abi.Pair) {
	m.Pairs = append(m.Pairs, p)
	if !strings.HasPrefix(p.Name, ":") {
		return
	}
	at := 0
	for at < len(m.Pairs)-1 && strings.HasPrefix(m.Pairs[at].Name, ":") {
		at++
	}
	copy(m.Pairs[at+1:], m.Pairs[at:])
	m.Pairs[at] = p
}

// Set removes all headers of that name and adds one.
func (m *HeaderMap) Set(name, value string) {
	name = m.canonical(name)
	m.remove(name)
	m.insert(abi.Pair{Name: name, Value: value})
}

// Remove removes all headers of that name.
func (m *HeaderMap) Remove(name string) { m.remove(m.canonical(name)) }

func (m *HeaderMap) remove(name string) {
	kept := m.Pairs[:0]
	for _, p := range m.Pairs {
		if p.Name != name {
			kept = append(kept, p)
		}
	}
	clear(m.Pairs[len(kept):])
	m.Pairs = kept
}

// SetAll replaces the whole map.
func (m *HeaderMap) SetAll(pairs []abi.Pair) {
	m.Pairs = nil
	for _, p := range pairs {
		m.Add(p.Name, p.Value)
	}
}

// ByteSize returns the bytes of all names and values: what Envoy answers for a
// map's size.
func (m *HeaderMap) ByteSize() int {
	n := 0
	for i := range m.Pairs {
		n += len(m.Pairs[i].Name) + len(m.Pairs[i].Value)
	}
	return n
}

// Fold returns the headers as a codec of Envoy's hands them to the filters; see
// host.Arrive.
func Fold(pairs []abi.Pair, kind MapKind, http2 bool) []abi.Pair {
	m := HeaderMap{Kind: kind, Pairs: make([]abi.Pair, 0, len(pairs))}
	for _, p := range pairs {
		// Only h2 clients may split a cookie (RFC 9113 §8.2.3), so only there
		// is it put together again.
		if http2 && kind == RequestMap && lowerASCII(p.Name) == "cookie" {
			if i := m.index([]byte("cookie")); i >= 0 {
				m.Pairs[i].Value += "; " + p.Value
				continue
			}
		}
		m.Add(p.Name, p.Value)
	}
	return m.Pairs
}
