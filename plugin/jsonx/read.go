package jsonx

import (
	"strconv"
	"strings"
)

// Error is a refusal of [Read]: what is wrong and where.
type Error struct {
	// Err is one of the package's sentinels.
	Err error
	// Line and Column count from 1, Column in bytes.
	Line, Column int
	// Name is the name that repeats, for ErrDuplicate; unescaped.
	Name string
}

// Error returns "line 3, column 7: duplicate name \"a\"".
func (e *Error) Error() string {
	text := e.Err.Error()
	if e.Name != "" {
		text += " " + strconv.Quote(e.Name)
	}
	return "line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + ": " + text
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// Read is [Doc.Parse] for texts that people write, into a document of its own: its error
// is an [*Error]. The value aliases text.
func Read(text []byte, lim Limits) (Value, error) {
	d := new(Doc)
	if err := d.Parse(text, lim); err != nil {
		return Value{}, locate(text, d.Offset(), err)
	}
	return d.Root(), nil
}

func locate(text []byte, offset int, err error) *Error {
	before := string(text[:offset])
	e := &Error{Err: err, Line: 1 + strings.Count(before, "\n")}
	e.Column = len(before) - strings.LastIndexByte(before, '\n')
	if err == ErrDuplicate { //nolint:errorlint // Parse returns the sentinel itself
		e.Name = nameAt(text[offset:])
	}
	return e
}

// nameAt returns the string that stands at the start of text, unescaped.
func nameAt(text []byte) string {
	var d Doc
	d.text = string(text)
	if d.string() != nil {
		return ""
	}
	return d.stringAt(0)
}
