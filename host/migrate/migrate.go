// Package migrate turns configurations of Envoy's jwt_authn filter into Postern's.
//
// In: an Envoy bootstrap or any part of one, an entry of http_filters, or a bare jwt_authn
// configuration, in JSON or YAML, in either spelling. Out: for each filter in it the
// configuration that behaves the same (compat: "jwt_authn"), or the strict one, every
// difference of behaviour that the strict one brings, with what to write to keep the old
// behaviour, and what cannot be carried. Spec: the documentation's table of defaults.
// It never drops anything in silence and never fetches.
package migrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/postern-wasm/postern/plugin/config"
)

// Options say what is wanted.
type Options struct {
	// Strict asks for the configuration without compat.
	Strict bool
	// ReadFile reads the files that key sets are named by, to inline them; nil leaves
	// them, and the configuration is refused then.
	ReadFile func(name string) ([]byte, error)
	// Env looks up a variable that a key set is read from; nil knows none.
	Env func(name string) (string, bool)
}

// Note is one finding.
type Note struct {
	// ID names the kind of finding; it is stable.
	ID string `json:"id"`
	// Path is where, in the printed configuration or, for what is not carried, in the
	// input; "" for the whole.
	Path string `json:"path"`
	// Text says what is so.
	Text string `json:"text"`
	// Keep is what to write in the strict configuration for the old behaviour; "" where
	// only compat has it.
	Keep string `json:"keep,omitempty"`
}

// Filter is one jwt_authn filter of the input.
type Filter struct {
	// Path is where it stood.
	Path string `json:"path"`
	// Config is Postern's configuration, JSON with two spaces.
	Config json.RawMessage `json:"config"`
	// Strict are the differences that the strict mode brings, whichever was asked for.
	Strict []Note `json:"strict_differences"`
	// Always are differences that both modes bring.
	Always []Note `json:"always"`
	// NotCarried is what the configuration cannot say.
	NotCarried []Note `json:"not_carried"`
	// Problems are why the printed configuration is refused; none if it loads.
	Problems []string `json:"problems"`
}

// ErrNone says that the input has no jwt_authn filter.
var ErrNone = errors.New("no jwt_authn filter in it")

// Run reads the input and returns its filters in order.
func Run(text []byte, opts Options) ([]Filter, error) {
	root, err := read(text)
	if err != nil {
		return nil, err
	}
	var s search
	s.walk(root, "", nil)
	if len(s.blocks) == 0 {
		if m, ok := root.(map[string]any); ok && isBlock(m) {
			s.blocks = append(s.blocks, block{path: "", fields: m})
		}
	}
	if len(s.blocks) == 0 {
		return nil, ErrNone
	}
	filters := make([]Filter, len(s.blocks))
	for i, b := range s.blocks {
		if filters[i], err = convert(b, s.routes, opts); err != nil {
			return nil, err
		}
	}
	return filters, nil
}

// read decodes JSON or YAML; numbers keep their text.
func read(text []byte) (any, error) {
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 {
		return nil, errors.New("it is empty")
	} else if trimmed[0] != '{' && trimmed[0] != '[' {
		converted, err := yaml.YAMLToJSONStrict(text)
		if err != nil {
			return nil, errors.New(strings.Join(strings.Fields(err.Error()), " "))
		}
		text = converted
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if d.More() {
		return nil, errors.New("text after the JSON value")
	}
	return root, nil
}

// convert makes one filter's configuration and notes.
func convert(b block, routes []route, opts Options) (Filter, error) {
	f := Filter{Path: b.path, Strict: []Note{}, Always: []Note{}, NotCarried: []Note{}, Problems: []string{}}
	c := &converter{opts: opts, filter: &f, in: b.path}
	fields, ok := snake(b.fields, "").(map[string]any)
	if !ok {
		return f, fmt.Errorf("%s: not an object", b.path)
	}
	delete(fields, "@type")
	c.carry(fields)
	for _, r := range routes {
		c.notCarried("per_route", r.path, r.text())
	}
	c.differences(fields)
	c.always(fields)
	if opts.Strict {
		c.strict(fields)
	} else {
		fields["compat"] = "jwt_authn"
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(fields); err != nil {
		return f, err
	}
	f.Config = bytes.TrimSpace(out.Bytes())
	_, problems := config.Parse(f.Config, opts.Env)
	for _, p := range problems {
		f.Problems = append(f.Problems, p.String())
	}
	return f, nil
}

// converter is one conversion under way.
type converter struct {
	opts   Options
	filter *Filter
	in     string
}

func (c *converter) notCarried(id, path, text string) {
	c.filter.NotCarried = append(c.filter.NotCarried, Note{ID: id, Path: path, Text: text})
}

func (c *converter) differs(id, path, text, keep string) {
	c.filter.Strict = append(c.filter.Strict, Note{ID: id, Path: path, Text: text, Keep: keep})
}

// userKeys are the fields whose members are named by the user.
var userKeys = map[string]bool{"providers": true, "requirement_map": true, "requires_map": true}

// snake writes member names as Envoy's documentation does, but those of the user.
func snake(v any, under string) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, m := range v {
			key := name
			if !userKeys[under] {
				key = snakeName(name)
			}
			next := key
			if userKeys[under] {
				next = ""
			}
			out[key] = snake(m, next)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = snake(v[i], "")
		}
		return out
	}
	return v
}

func snakeName(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// join writes a path: keys that are no plain words are quoted.
func join(path, key string) string {
	plain := key != ""
	for _, r := range key {
		plain = plain && (r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}
	if !plain {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
