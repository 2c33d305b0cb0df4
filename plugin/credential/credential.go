// Package credential finds the credential that a request carries for a provider.
//
// In: a request view and the places where a provider looks. Out: a [Found]: the raw
// credential and where it stood, so that effect can remove it. Spec: RFC 6750 §2,
// RFC 9110 §11, RFC 6265 §5.4. It never does cryptography and never parses a token.
package credential

// In is the kind of place.
type In uint8

// The kinds of place.
const (
	// InNone is the zero value: no place.
	InNone In = iota
	// InHeader is a header line.
	InHeader
	// InQuery is a query parameter.
	InQuery
	// InCookie is a cookie.
	InCookie
)

// Place is one place where a provider's credential may stand.
type Place struct {
	// In says what Name names.
	In In
	// Name is the header's (compared without case), parameter's or cookie's name (both
	// exact, decoded).
	Name string
	// Prefix must stand at offset 0 of a header's value ("" for none). Where Scheme
	// is true it is an authentication scheme: compared without case and followed by
	// one or more spaces. Of several places at one header the first whose prefix stands
	// there takes the line.
	Prefix string
	// Scheme marks an HTTP authentication scheme in Prefix, without its space ("Bearer").
	Scheme bool
}

// State says what was found; the zero value is "nobody has looked", which denies.
type State uint8

// The states.
const (
	// Unread is the zero value.
	Unread State = iota
	// Absent: nothing at any place.
	Absent
	// Present: exactly one credential, in Raw.
	Present
	// Several: more than one, the same twice included (RFC 6750 §2).
	Several
	// Foreign: an Authorization header is there, but of another scheme.
	Foreign
	// Malformed: the place is there but holds no credential ("Bearer" alone, an empty parameter).
	Malformed
)

// Found is what [Finder.Find] saw.
type Found struct {
	// State says how to read the rest.
	State State
	// Raw is the credential, percent-decoded once if it came from a query. It aliases
	// the request or the finder's buffer: valid until the next Find with that Finder.
	Raw string
	// Place is where it stood; nil unless State is Present.
	Place *Place
}
