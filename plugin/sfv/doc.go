// Package sfv reads structured field values.
//
// In: the value of a header field, its lines joined by ", ". Out: the members of a
// [Dictionary] or a [List], or one [Value], as spans of that very text: what was
// received can be taken byte for byte, which a signature over a field needs, or be
// written anew in the one canonical form. Spec: RFC 9651, and so RFC 8941, which it
// extends by dates and display strings.
// It reads a text whole before it shows any part of it, refuses all that the RFC lets a
// parser refuse (unpadded base64, non-zero trailing bits), copies and allocates nothing
// while it reads, and never repairs a text. Only the functions named Append write, to
// the caller's memory.
package sfv

// What is read at most. RFC 9651 asks for no less (§3.1, §3.1.1, §3.1.2, §3.2); deeper
// than an item of an inner list no structured field goes.
const (
	// MaxText is the longest text in bytes.
	MaxText = 64 << 10
	// MaxMembers is how many members a list or a dictionary may have.
	MaxMembers = 1024
	// MaxItems is how many items an inner list may have.
	MaxItems = 256
	// MaxParameters is how many parameters an item or an inner list may have.
	MaxParameters = 256
	// MaxKey is the longest key in bytes.
	MaxKey = 256
)

// Kind is the type of a value.
type Kind uint8

// The kinds. The zero value is that of a value that is not there.
const (
	None          Kind = iota
	Integer            // RFC 9651 §3.3.1, up to 15 digits
	Decimal            // §3.3.2, up to 12 digits and three after the point
	String             // §3.3.3, printable ASCII in double quotes
	Token              // §3.3.4
	ByteSequence       // §3.3.5, base64 between colons
	Boolean            // §3.3.6
	Date               // §3.3.7, seconds since 1970
	DisplayString      // §3.3.8, percent-encoded UTF-8
	InnerList          // §3.1.1
)

// Value is an item or an inner list with its parameters. Its texts alias what it was
// read from and are valid as long as that is.
type Value struct {
	// Kind says what it is.
	Kind Kind
	// Text is the bare item, or the inner list from bracket to bracket, as received. It
	// is "" for what is true by having a key and no value.
	Text string
	// Parameters are the value's own, not those of an inner list's items.
	Parameters Parameters
	// Raw is Text and Parameters, as received.
	Raw string
}

// Member is a dictionary's member or a parameter: a key and what it stands for.
type Member struct {
	Key string
	Value
}

// Dictionary is the text of a dictionary that was read with [ReadDictionary]. The zero
// value is empty.
type Dictionary struct{ text string }

// List is the text of a list that was read with [ReadList]. The zero value is empty.
type List struct{ text string }

// Parameters is the text of parameters, as received; "" if there are none.
type Parameters struct{ text string }

// String returns the parameters as received, semicolons included.
func (p Parameters) String() string { return p.text }
