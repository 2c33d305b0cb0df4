package policy

import "github.com/postern-wasm/postern/plugin/request"

// Match is a compiled route match: every part of it must hold. The zero value matches
// nothing, since its path matches none.
type Match struct {
	// Path is the condition on the path.
	Path PathMatch
	// Headers must all hold.
	Headers []HeaderMatch
	// Query must all hold.
	Query []QueryMatch
	// Methods: one must be the request's, byte for byte (RFC 9110 §9.1: methods are
	// case-sensitive; HEAD is not GET). Empty asks nothing.
	Methods []string
	// Hosts: one must be the request's. Empty asks nothing.
	Hosts []HostMatch
}

// Matches says whether the match covers the request. It allocates nothing.
func (m *Match) Matches(v *request.View) bool {
	return m.matchesMethod(v.Method) && m.matchesHost(v) && m.matchesPath(v) && m.matchesLines(v)
}

// Find returns the index of the first rule whose match covers the request; ok is false
// if there is none. It allocates nothing.
func (t *Table) Find(v *request.View) (rule int, ok bool) {
	if t.index != nil {
		return t.index.find(t.Rules, v)
	}
	for i := range t.Rules {
		if t.Rules[i].Match.Matches(v) {
			return i, true
		}
	}
	return 0, false
}

// matchesLines judges headers and query.
func (m *Match) matchesLines(v *request.View) bool {
	for i := range m.Headers {
		if !m.Headers[i].matches(v) {
			return false
		}
	}
	for i := range m.Query {
		if !m.Query[i].matches(v) {
			return false
		}
	}
	return true
}

func (m *Match) matchesMethod(method string) bool {
	if len(m.Methods) == 0 {
		return true
	}
	for _, name := range m.Methods {
		if name == method {
			return true
		}
	}
	return false
}

func (m *Match) matchesPath(v *request.View) bool {
	if v.Path != "" {
		return m.Path.matches(v.Path)
	}
	// CONNECT and "OPTIONS *" carry no path, so no path can speak for them: only a rule
	// that names the method, and whose path is every path, is meant.
	return len(m.Methods) > 0 && m.Path.everything()
}

func (m *Match) matchesHost(v *request.View) bool {
	if len(m.Hosts) == 0 {
		return true
	}
	host := v.Host()
	for i := range m.Hosts {
		if m.Hosts[i].matches(host) {
			return true
		}
	}
	return false
}

// HostMatch is one host of a rule; the zero value matches nothing.
type HostMatch struct {
	// Name is the host as [request.FoldHost] writes it. If Suffix is set it is what
	// follows the '*' of "*.example.com", its dot included.
	Name string
	// Suffix matches every host that ends in Name and has more before it.
	Suffix bool
}

func (h *HostMatch) matches(host string) bool {
	if h.Name == "" {
		return false
	}
	if !h.Suffix {
		return host == h.Name
	}
	return len(host) > len(h.Name) && host[len(host)-len(h.Name):] == h.Name
}
