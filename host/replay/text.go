package replay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/postern-wasm/postern/host/abi"
)

// Text is any bytes. As JSON it is a string where they are UTF-8, and
// {"base64": "..."} where they are not.
type Text string

// MarshalJSON writes t as the type says.
func (t Text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return quote(string(t))
	}
	return []byte(`{"base64":"` + base64.StdEncoding.EncodeToString([]byte(t)) + `"}`), nil
}

// quote writes a JSON string and leaves <, > and & as they are.
func quote(s string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

var (
	errText      = errors.New(`want a string or {"base64": "..."}`)
	errString    = errors.New("want a string")
	errSurrogate = errors.New("lone surrogate in a string")
	errBase64    = errors.New("want base64 with padding (RFC 4648 section 4)")
)

// decodeText reads a string or {"base64": "..."}.
func decodeText(raw json.RawMessage) (Text, error) {
	if raw[0] == '"' {
		s, err := decodeString(raw)
		return Text(s), err
	}
	if raw[0] != '{' {
		return "", errText
	}
	var t Text
	seen := false
	err := members(raw, func(name string, value json.RawMessage) error {
		if name != "base64" {
			return errText
		}
		seen = true
		b, err := decodeBase64(value)
		t = Text(b)
		return err
	})
	if err == nil && !seen {
		err = errText
	}
	return t, err
}

// decodeString reads a string. encoding/json puts U+FFFD where an escape is
// half of a surrogate pair; a case must not be another than what was written.
func decodeString(raw json.RawMessage) (string, error) {
	if raw[0] != '"' {
		return "", errString
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", err
	}
	if strings.Count(s, "\uFFFD") != replacements(raw) {
		return "", errSurrogate
	}
	return s, nil
}

// replacements counts the U+FFFD that a JSON string spells out itself.
func replacements(raw []byte) int {
	n := bytes.Count(raw, []byte("\uFFFD"))
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if raw[i] == 'u' && i+4 < len(raw) && strings.EqualFold(string(raw[i+1:i+5]), "fffd") {
			n++
		}
	}
	return n
}

// decodeBase64 reads a string of standard base64 with padding.
func decodeBase64(raw json.RawMessage) ([]byte, error) {
	s, err := decodeString(raw)
	if err != nil {
		return nil, err
	}
	// The decoder skips line ends, and Strict alone does not stop it.
	if strings.ContainsAny(s, "\r\n") {
		return nil, errBase64
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, errBase64
	}
	return b, nil
}

// Header is one header line or trailer, as JSON [name, value].
type Header struct {
	// Name is the name, in any case; the module sees it in lower case.
	Name Text
	// Value is the value, any bytes.
	Value Text
}

// MarshalJSON writes [name, value].
func (h Header) MarshalJSON() ([]byte, error) {
	name, err := h.Name.MarshalJSON()
	if err != nil {
		return nil, err
	}
	value, err := h.Value.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "[%s,%s]", name, value), nil
}

// decodeHeaders reads [[name, value], ...] or {name: value, ...}. Pseudo
// headers have members of their own, so a name that begins with a colon is an
// error, as the empty name is.
func decodeHeaders(raw json.RawMessage) ([]Header, error) {
	headers := []Header{}
	add := func(name Text, value json.RawMessage) error {
		if name == "" || name[0] == ':' {
			return fmt.Errorf("%q is no header name", string(name))
		}
		v, err := decodeText(value)
		if err != nil {
			return at(string(name), err)
		}
		headers = append(headers, Header{Name: name, Value: v})
		return nil
	}
	if raw[0] == '{' {
		err := members(raw, func(name string, value json.RawMessage) error {
			return add(Text(name), value)
		})
		return headers, err
	}
	err := elements(raw, func(i int, line json.RawMessage) error {
		var pair []json.RawMessage
		if line[0] != '[' || json.Unmarshal(line, &pair) != nil || len(pair) != 2 {
			return atIndex(i, errors.New("want [name, value]"))
		}
		name, err := decodeText(pair[0])
		if err != nil {
			return atIndex(i, err)
		}
		return atIndex(i, add(name, pair[1]))
	})
	return headers, err
}

// pairs returns the headers as the host takes them, names in lower case.
func pairs(headers []Header) []abi.Pair {
	p := make([]abi.Pair, 0, len(headers)+4)
	for _, h := range headers {
		p = append(p, abi.Pair{Name: lower(string(h.Name)), Value: string(h.Value)})
	}
	return p
}

// lower folds ASCII letters and nothing else, as a proxy's codec does.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// plain returns the pairs without pseudo headers, never nil.
func plain(p []abi.Pair) []Header {
	headers := make([]Header, 0, len(p))
	for i := range p {
		if strings.HasPrefix(p[i].Name, ":") {
			continue
		}
		headers = append(headers, Header{Name: Text(p[i].Name), Value: Text(p[i].Value)})
	}
	return headers
}

// value returns the first value of a name, or "".
func value(p []abi.Pair, name string) string {
	for i := range p {
		if p[i].Name == name {
			return p[i].Value
		}
	}
	return ""
}
