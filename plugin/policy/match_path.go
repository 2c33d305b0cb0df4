package policy

import "github.com/postern-wasm/postern/plugin/request"

// PathKind is the kind of a path condition; the zero value matches nothing.
type PathKind uint8

// The kinds, by the names of Envoy's RouteMatch.
const (
	// NoPath is the zero value.
	NoPath PathKind = iota
	// AnyPath is every path, and no path.
	AnyPath
	// PathPrefix is every path that begins with Text (prefix).
	PathPrefix
	// PathExact is the path Text (path).
	PathExact
	// PathSeparated is Text and every path below it (path_separated_prefix): "/api"
	// covers "/api" and "/api/x", not "/apix".
	PathSeparated
	// PathRegex is every path that Pattern matches whole (safe_regex).
	PathRegex
)

// PathMatch is a condition on the path without its query.
type PathMatch struct {
	// Kind says which of the other fields count.
	Kind PathKind
	// Text of all kinds but PathRegex.
	Text string
	// Fold compares Text without case (case_sensitive: false). It does not apply to
	// PathRegex, as in Envoy.
	Fold bool
	// Pattern of PathRegex.
	Pattern *Pattern
}

func (p *PathMatch) matches(path string) bool {
	switch p.Kind {
	case NoPath:
		return false
	case AnyPath:
		return true
	case PathPrefix:
		return hasPrefix(path, p.Text, p.Fold)
	case PathExact:
		return equal(path, p.Text, p.Fold)
	case PathSeparated:
		return hasPrefix(path, p.Text, p.Fold) && (len(path) == len(p.Text) || path[len(p.Text)] == '/')
	case PathRegex:
		return p.Pattern.matches(path)
	}
	return false
}

// everything says that the condition holds for every path.
func (p *PathMatch) everything() bool {
	return p.Kind == AnyPath || p.Kind == PathPrefix && (p.Text == "" || p.Text == "/")
}

func equal(s, t string, fold bool) bool {
	return s == t || fold && request.EqualFold(s, t)
}

func hasPrefix(s, prefix string, fold bool) bool {
	return len(s) >= len(prefix) && equal(s[:len(prefix)], prefix, fold)
}

func hasSuffix(s, suffix string, fold bool) bool {
	return len(s) >= len(suffix) && equal(s[len(s)-len(suffix):], suffix, fold)
}
