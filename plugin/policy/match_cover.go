package policy

// Covers says that every request which other matches is matched by m too, as far as
// that can be told without solving it: a false may be wrong, a true never is. A rule
// behind one that covers it is never reached.
func (m *Match) Covers(other *Match) bool {
	if len(m.Methods) > 0 && !sameList(m.Methods, other.Methods) ||
		len(m.Hosts) > 0 && !sameList(m.Hosts, other.Hosts) ||
		len(m.Headers) > 0 && !sameList(m.Headers, other.Headers) ||
		len(m.Query) > 0 && !sameList(m.Query, other.Query) {
		return false
	}
	if len(m.Methods) == 0 && len(other.Methods) > 0 && other.Path.everything() {
		for _, method := range other.Methods {
			if method == "CONNECT" || method == "OPTIONS" {
				return false // m does not match them where they carry no path
			}
		}
	}
	return m.Path.covers(&other.Path)
}

func sameList[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (p *PathMatch) covers(other *PathMatch) bool {
	if p.Kind == NoPath || other.Kind == NoPath {
		return false
	}
	if p.everything() {
		return true // every path that is there begins with '/', or a normal mode refused it
	}
	if other.Kind == PathRegex || other.Kind == AnyPath {
		return p.Kind == PathRegex && other.Kind == PathRegex && p.Pattern.same(other.Pattern)
	}
	if other.Fold && !p.Fold {
		return false
	}
	switch p.Kind {
	case PathPrefix:
		return hasPrefix(other.Text, p.Text, p.Fold)
	case PathExact:
		return other.Kind == PathExact && equal(other.Text, p.Text, p.Fold)
	case PathSeparated:
		return other.Kind != PathPrefix && p.matches(other.Text) ||
			other.Kind == PathPrefix && hasPrefix(other.Text, p.Text+"/", p.Fold)
	case NoPath, AnyPath, PathRegex:
	}
	return false
}

func (p *Pattern) same(other *Pattern) bool {
	return p != nil && other != nil && p.source == other.source
}
