package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/postern-wasm/postern/host/lint"
)

// writePresets prints what presets stand for, so that it can be copied.
func writePresets(w io.Writer, list []lint.Preset) error {
	for _, p := range list {
		var text bytes.Buffer
		if err := json.Indent(&text, p.Template, "", "  "); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s: preset %q (%s) is\n\"template\": %s\n", p.Path, p.Name, p.Source, text.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
