package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// at puts where something is in front of an error: "request" + "path: want a
// string" is "request.path: want a string". It returns nil for nil.
func at(name string, err error) error {
	if err == nil {
		return nil
	}
	var e *pathError
	if errors.As(err, &e) {
		sep := "."
		if strings.HasPrefix(e.path, "[") {
			sep = ""
		}
		return &pathError{path: name + sep + e.path, err: e.err}
	}
	return &pathError{path: name, err: err}
}

// atIndex is at for the place in a list.
func atIndex(i int, err error) error {
	return at("["+strconv.Itoa(i)+"]", err)
}

// pathError is an error and where in the line it is.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// members calls f for each member of a JSON object whose value is not null, in
// the order of the text. A name that comes twice is an error.
func members(raw json.RawMessage, f func(name string, value json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	open, err := dec.Token()
	if err != nil {
		return syntax(err)
	}
	if open != json.Delim('{') {
		return errors.New("want an object")
	}
	seen := make(map[string]bool)
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return syntax(err)
		}
		name, _ := tok.(string)
		if seen[name] {
			return fmt.Errorf("%q comes twice", name)
		}
		seen[name] = true
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return syntax(err)
		}
		if string(v) == "null" {
			continue
		}
		if err := f(name, v); err != nil {
			return err
		}
	}
	return finish(dec)
}

// elements calls f for each element of a JSON array.
func elements(raw json.RawMessage, f func(i int, value json.RawMessage) error) error {
	var list []json.RawMessage
	if raw[0] != '[' {
		return errors.New("want a list")
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return syntax(err)
	}
	for i, v := range list {
		if err := f(i, v); err != nil {
			return err
		}
	}
	return nil
}

// finish reads what closes the object, and refuses anything behind it.
func finish(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return syntax(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("not JSON: more after the object")
	}
	return nil
}

// syntax says in our words that the text is not JSON.
func syntax(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not JSON: it ends too early")
	}
	return fmt.Errorf("not JSON: %w", err)
}

// unknown is the error for a member that is none of names.
func unknown(name string, names []string) error {
	for _, n := range names {
		if near(name, n) {
			return at(name, fmt.Errorf("unknown; did you mean %q?", n))
		}
	}
	return at(name, errors.New("unknown"))
}

// mistaken reports whether name is near one of names without being it.
func mistaken(name string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return near(name, n) })
}

// near reports whether two names differ by case, by dashes or underscores, by
// one letter more, less or changed, or by two that have changed places.
func near(a, b string) bool {
	fold := strings.NewReplacer("_", "", "-", "")
	a, b = lower(fold.Replace(a)), fold.Replace(b)
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) != len(b) {
		return a[i:] == b[i+1:]
	}
	return i == len(a) || a[i+1:] == b[i+1:] ||
		i+2 <= len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// decodeInt reads an integer between min and max.
func decodeInt(raw json.RawMessage, min, max int64) (int64, error) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < min || n > max {
		return 0, fmt.Errorf("want an integer from %d to %d", min, max)
	}
	return n, nil
}

// decodeBool reads true or false.
func decodeBool(raw json.RawMessage) (bool, error) {
	switch string(raw) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("want true or false")
}

// decodeStrings reads an object whose values are strings.
func decodeStrings(raw json.RawMessage) (map[string]string, error) {
	m := make(map[string]string)
	err := members(raw, func(name string, value json.RawMessage) error {
		s, err := decodeString(value)
		m[name] = s
		return at(name, err)
	})
	return m, err
}
