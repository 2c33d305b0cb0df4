package jsonx

import (
	"strconv"
	"strings"

	"github.com/valyala/fastjson"
)

// Error is a refusal of [Tree]: what is wrong and where.
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

// Tree makes the same strict check and returns a fastjson tree, for configure time. Its
// error is an [*Error]. The tree does not alias text. Nesting beyond 299 levels is
// refused whatever the limits say.
func Tree(text []byte, lim Limits) (*fastjson.Value, error) {
	var d Doc
	// fastjson counts the innermost scalar as a level of its own.
	lim.MaxDepth = min(lim.MaxDepth, fastjson.MaxDepth-1)
	if err := d.Parse(text, lim); err != nil {
		return nil, locate(text, d.Offset(), err)
	}
	tree, err := fastjson.ParseBytes(text)
	if err != nil {
		// Not reached: what passes above is JSON to it too. Should the two ever differ, refuse.
		return nil, locate(text, 0, ErrSyntax)
	}
	return tree, nil
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
