// Package jsonx reads JSON strictly and without allocating once it is warm.
//
// In: a text and [Limits]. Out: a [Doc], a flat tape of values over that text, or an
// error. Spec: RFC 8259, and RFC 7519 §2 for [Value.Seconds]. The whole input must be
// one value in strict UTF-8; names that repeat within an object (compared after
// unescaping), lone surrogates, and anything deeper or longer than the limits are
// refused. It never guesses, never folds case, and never turns a number into a float.
package jsonx

import "errors"

// The refusals of [Doc.Parse]. [Doc.Offset] says where.
var (
	// ErrSize: the text is longer than Limits.MaxBytes.
	ErrSize = errors.New("text is too long")
	// ErrDepth: arrays and objects are nested deeper than Limits.MaxDepth.
	ErrDepth = errors.New("nesting is too deep")
	// ErrSyntax: the text is not JSON.
	ErrSyntax = errors.New("not valid json")
	// ErrTrailing: something other than white space follows the value.
	ErrTrailing = errors.New("text after the value")
	// ErrNumber: a number that is not in JSON's form.
	ErrNumber = errors.New("malformed number")
	// ErrControl: a control byte stands unescaped in a string (RFC 8259 §7).
	ErrControl = errors.New("control byte in a string")
	// ErrEscape: an escape sequence that JSON does not have.
	ErrEscape = errors.New("malformed escape")
	// ErrSurrogate: an escaped surrogate without its other half; it has no UTF-8 form.
	ErrSurrogate = errors.New("lone surrogate")
	// ErrUTF8: bytes that are not UTF-8 (RFC 3629: no overlong form, no surrogate, no more than U+10FFFF).
	ErrUTF8 = errors.New("not valid utf-8")
	// ErrDuplicate: one name twice in one object.
	ErrDuplicate = errors.New("duplicate name")
)

// Limits bound what [Doc.Parse] takes; the zero value takes nothing.
type Limits struct {
	// MaxBytes is the longest text taken.
	MaxBytes int
	// MaxDepth is the deepest nesting taken: 1 is an array or object of scalars, 0 a scalar.
	MaxDepth int
	// Seed keys the hash that finds duplicate names. Where a stranger writes the text
	// it must be unpredictable to him, or he can make names that collide.
	Seed uint64
}

// Kind is the kind of a value; the zero value is none.
type Kind uint8

// The kinds.
const (
	// Invalid is the zero value: there is no value.
	Invalid Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)
