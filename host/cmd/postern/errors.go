package main

import (
	"errors"
	"fmt"
	"io/fs"
)

// errRefused says that the answer is no: exit code 1. By itself it says that
// the command has printed the answer already; wrapped, its text is printed.
var errRefused = errors.New("refused")

// refusal is an answer of no with its text.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func (r *refusal) Unwrap() error { return errRefused }

// refusedf returns an answer of no: exit code 1, the text on stderr.
func refusedf(format string, args ...any) error {
	return &refusal{text: fmt.Sprintf(format, args...)}
}

// fileError returns err as one line that names the file once and says what was
// tried with it ("read", "write").
func fileError(verb, path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("cannot %s %s: %w", verb, path, err)
}
