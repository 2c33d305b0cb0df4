package serve

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// MaxConfigBytes bounds a configuration file: 8 MiB.
const MaxConfigBytes = 8 << 20

// ReadConfig reads a configuration file. A name that ends in .yaml or .yml is
// YAML and is turned into JSON: one document, names that occur twice refused.
// Anything else is returned byte for byte, so that the module judges what is
// written and not what a decoder made of it. Errors are one line and name path.
func ReadConfig(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the file that the user named
	if err != nil {
		return nil, readError(path, err)
	}
	defer f.Close() //nolint:errcheck // read only: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(f, MaxConfigBytes+1))
	if err != nil {
		return nil, readError(path, err)
	}
	if len(data) > MaxConfigBytes {
		return nil, fmt.Errorf("cannot read %s: larger than %d bytes", path, MaxConfigBytes)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml":
		data, err = yamlToJSON(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return data, nil
}

func readError(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("cannot read %s: %w", path, err)
}

// yamlToJSON converts one YAML document. A second one would be dropped without
// a word by the decoder, and with it rules that somebody believes in: refused.
func yamlToJSON(data []byte) ([]byte, error) {
	content := false
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n\t ")
		switch {
		case len(line) == 0, line[0] == '#', line[0] == '%':
		case bytes.Equal(line, []byte("---")), bytes.HasPrefix(line, []byte("--- ")):
			if content {
				return nil, errors.New("several YAML documents in one file")
			}
			content = len(line) > 3
		default:
			content = true
		}
	}
	out, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		// The decoder spreads its findings over lines; one line is the form here.
		text := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", " ")
		return nil, errors.New(strings.Join(strings.Fields(text), " "))
	}
	return out, nil
}
