package policy

import "github.com/postern-wasm/postern/plugin/request"

// HeaderKind is the kind of a header condition; the zero value matches nothing.
type HeaderKind uint8

// The kinds, by the names of Envoy's HeaderMatcher.
const (
	// NoHeader is the zero value.
	NoHeader HeaderKind = iota
	// HeaderPresent asks for a line (present_match: true).
	HeaderPresent
	// HeaderAbsent asks for no line (present_match: false).
	HeaderAbsent
	// HeaderText asks for a value that Text matches.
	HeaderText
	// HeaderRange asks for a decimal integer in [Start, End).
	HeaderRange
)

// HeaderMatch is a condition on a header. Lines are judged one by one, never joined:
// two lines "user" and "admin" are not the value "user,admin", and neither hides the other.
type HeaderMatch struct {
	// Name is the header's name, compared without case; pseudo headers are allowed, and
	// "host" is :authority, as in Envoy.
	Name string
	// Kind says which of the other fields count.
	Kind HeaderKind
	// Text of HeaderText.
	Text TextMatch
	// Start and End of HeaderRange; End is not in it.
	Start, End int64
	// Invert turns the outcome (invert_match): no line may match. As in Envoy, a header
	// that is missing matches neither way, unless MissingIsEmpty.
	Invert bool
	// MissingIsEmpty judges a missing header as one line "" (treat_missing_header_as_empty).
	MissingIsEmpty bool
}

func (h *HeaderMatch) matches(v *request.View) bool {
	found, some := h.look(v)
	switch h.Kind {
	case NoHeader:
		return false
	case HeaderPresent:
		return (found || h.MissingIsEmpty) != h.Invert
	case HeaderAbsent:
		return (found || h.MissingIsEmpty) == h.Invert
	case HeaderText, HeaderRange:
	}
	if !found {
		if !h.MissingIsEmpty {
			return false
		}
		some = h.accepts("")
	}
	return some != h.Invert
}

// look says whether there is a line of the name, and whether one matches.
func (h *HeaderMatch) look(v *request.View) (found, some bool) {
	switch h.Name {
	case ":path":
		target := v.Target
		if v.NewTarget != "" {
			target = v.NewTarget // what the router will see
		}
		return target != "", h.accepts(target)
	case ":authority", "host":
		return v.Authority != "", h.accepts(v.Authority)
	}
	for i, ok := v.Next(h.Name, 0); ok; i, ok = v.Next(h.Name, i+1) {
		found = true
		if h.accepts(v.Headers[i].Value) {
			return true, true
		}
	}
	return found, false
}

// accepts judges one value.
func (h *HeaderMatch) accepts(value string) bool {
	switch h.Kind {
	case HeaderText:
		return h.Text.matches(value)
	case HeaderRange:
		n, ok := decimal(value)
		return ok && h.Start <= n && n < h.End
	case NoHeader, HeaderPresent, HeaderAbsent:
	}
	return false
}

// decimal reads an optional minus and digits, nothing else, within int64.
func decimal(s string) (int64, bool) {
	negative := s != "" && s[0] == '-'
	if negative {
		s = s[1:]
	}
	if s == "" {
		return 0, false
	}
	var n int64 // kept negative: the most negative number has no positive twin
	for i := 0; i < len(s); i++ {
		d := int64(s[i]) - '0'
		if d < 0 || d > 9 || n < (minInt64+d)/10 {
			return 0, false
		}
		n = n*10 - d
	}
	if negative {
		return n, true
	}
	return -n, n != minInt64
}

const minInt64 = -1 << 63

// QueryMatch is a condition on a query parameter, whose names and values are compared
// percent-decoded once (in paths "raw" as they stand). Where there are several of a name
// the first one counts, as in Envoy.
type QueryMatch struct {
	// Name of the parameter, exact.
	Name string
	// Text is asked of the value if its kind is not NoText.
	Text TextMatch
	// Absent asks that there be no such parameter (present_match: false).
	Absent bool
}

func (q *QueryMatch) matches(v *request.View) bool {
	for name, value, rest, more := request.NextParameter(v.Query); more; name, value, rest, more = request.NextParameter(rest) {
		if !v.IsParameter(name, q.Name) {
			continue
		}
		return !q.Absent && (q.Text.Kind == NoText || q.Text.matches(v.Decode(value)))
	}
	return q.Absent
}
