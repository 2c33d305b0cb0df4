package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// outputFormat is the value of --output.
type outputFormat string

const (
	outputText outputFormat = "text"
	outputJSON outputFormat = "json"
)

// String returns the format's name.
func (f *outputFormat) String() string { return string(*f) }

// Set takes "text" or "json".
func (f *outputFormat) Set(s string) error {
	switch outputFormat(s) {
	case outputText, outputJSON:
		*f = outputFormat(s)
		return nil
	}
	return fmt.Errorf(`must be "text" or "json"`)
}

// Type names the value in the help.
func (f *outputFormat) Type() string { return "text|json" }

// writeJSON writes v as one indented JSON document. Characters of HTML stay as
// they are: the reader is a terminal or a script.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
