package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/jsonx"
)

// The reader: JSON values that know where they stand and report what is wrong with them,
// so that the code that reads a message names each key once, with its default and its
// bounds, and nothing else:
//
//	o := v.object()
//	p.Forward = o.get("forward").boolean(false)
//	p.Skew = o.get("clock_skew_seconds").integer(60, 0, 86400)
//	o.close("not_built_yet")
//
// Reading goes on after a mistake, with the default in its place, so that all mistakes
// are found at once. An object remembers which keys it was asked for: close reports every
// other one, and suggests among the asked.

// maxProblems bounds what one configuration can put into a log.
const maxProblems = 64

// findings gathers what is wrong and what is odd.
type findings struct {
	errors, warnings         []Problem
	moreErrors, moreWarnings int
}

func (f *findings) fail(path, text string) { add(&f.errors, &f.moreErrors, path, text) }
func (f *findings) warn(path, text string) { add(&f.warnings, &f.moreWarnings, path, text) }

// count is the number of errors so far.
func (f *findings) count() int { return len(f.errors) + f.moreErrors }

// add keeps the last place of the list for the number of those left out.
// One mistake is one line, however often the value is looked at.
func add(list *[]Problem, more *int, path, text string) {
	for _, p := range *list {
		if p.Path == path && p.Text == text {
			return
		}
	}
	if len(*list) < maxProblems {
		*list = append(*list, Problem{Path: path, Text: text})
		return
	}
	if *more == 0 {
		*more = 1 // the one that stood in the last place
	}
	*more++
	(*list)[maxProblems-1] = Problem{Text: "and " + strconv.Itoa(*more) + " more"}
}

// place is where a value stands. Its text is made only for a report: a configuration of
// thousands of rules asks for tens of thousands of values.
type place struct {
	up    *place // nil for the text's own value
	key   string
	index int // in a list, -1 in an object
}

func (p *place) String() string {
	switch {
	case p.up == nil:
		return ""
	case p.index >= 0:
		return p.up.String() + "[" + strconv.Itoa(p.index) + "]"
	}
	return join(p.up.String(), p.key)
}

// value is a JSON value and where it stands; json is of no kind if it is absent, and null
// is absent too (as in protojson).
type value struct {
	json jsonx.Value
	at   place
	out  *findings
}

// path is where the value stands, in the configuration's own spelling.
func (v value) path() string { return v.at.String() }

func (v value) absent() bool { return v.json.Kind() == jsonx.Invalid }

// fail reports the value as wrong: "path: text".
func (v value) fail(text ...string) { v.out.fail(v.path(), strings.Join(text, "")) }

// warn reports it as odd.
func (v value) warn(text ...string) { v.out.warn(v.path(), strings.Join(text, "")) }

// is says that the value is there and of type want; another type is reported.
func (v value) is(want jsonx.Kind) bool {
	if v.absent() {
		return false
	}
	if v.json.Kind() == want {
		return true
	}
	v.fail("want ", typeName(want), ", not ", typeName(v.json.Kind()))
	return false
}

func typeName(t jsonx.Kind) string {
	switch t {
	case jsonx.Null:
		return "null"
	case jsonx.Object:
		return "an object"
	case jsonx.Array:
		return "a list"
	case jsonx.String:
		return "a string"
	case jsonx.Number:
		return "a number"
	case jsonx.True, jsonx.False:
		return "true or false"
	case jsonx.Invalid:
	}
	return "something else"
}

// object opens the value for reading by key. Absent or of another type (which is
// reported) it is an object without keys, so that all defaults apply.
func (v value) object() *object {
	o := &object{at: v.at, out: v.out}
	if !v.is(jsonx.Object) {
		return o
	}
	o.there = true
	o.fields = make([]field, 0, v.json.Len())
	o.asked = make([]string, 0, usualMembers)
	for m, ok := v.json.First(); ok; m, ok = m.Next() {
		o.fields = append(o.fields, field{key: strings.Clone(m.Name()), json: m})
	}
	return o
}

// list returns the elements; null among them is reported.
func (v value) list() []value {
	if !v.is(jsonx.Array) {
		return nil
	}
	up := new(place)
	*up = v.at
	list := make([]value, 0, v.json.Len())
	i := 0
	for json, ok := v.json.First(); ok; json, ok = json.Next() {
		e := value{json: json, at: place{up, "", i}, out: v.out}
		i++
		if json.Kind() == jsonx.Null {
			e.fail("must not be null")
			continue
		}
		list = append(list, e)
	}
	return list
}

// object is a JSON object that is being read.
type object struct {
	at     place
	out    *findings
	there  bool
	fields []field
	asked  []string
	lacks  []lack
	// private says that no key is quoted that is not known.
	private bool
}

// lack is a member that should be there. It is reported by close, unless an unknown key
// looks like it: a misspelt key is one mistake.
type lack struct {
	names      []string
	path, text string
}

// field is one member; seen says that it was asked for.
type field struct {
	key  string
	json jsonx.Value
	seen bool
}

// usualMembers is how many members most objects are asked for.
const usualMembers = 12

// path is where the object stands.
func (o *object) path() string { return o.at.String() }

// get returns the member of the name, in snake_case or lowerCamelCase; both at once are
// reported.
func (o *object) get(name string) value {
	o.asked = append(o.asked, name)
	found := value{at: place{&o.at, name, -1}, out: o.out}
	spelt := ""
	for i := range o.fields {
		f := &o.fields[i]
		if !spells(f.key, name) {
			continue
		}
		f.seen = true
		if spelt != "" {
			o.out.fail(join(o.path(), f.key), "given twice: also as "+quote(spelt))
			continue
		}
		spelt, found.at.key = f.key, f.key
		if f.json.Kind() != jsonx.Null {
			found.json = f.json
		}
	}
	return found
}

// need is get for a member that must be there.
func (o *object) need(name string) value {
	v := o.get(name)
	if v.absent() && o.there {
		o.lacks = append(o.lacks, lack{[]string{name}, v.path(), "is required"})
	}
	return v
}

// only returns the one of several members that is there, and its name; "" if none is.
// Two at once are reported.
func (o *object) only(names ...string) (name string, v value) {
	for _, n := range names {
		w := o.get(n)
		switch {
		case w.absent():
		case name == "":
			name, v = n, w
		default:
			w.fail("only one of ", strings.Join(names, ", "), " may be given")
		}
	}
	return name, v
}

// onlyNeed is only for members of which one must be there.
func (o *object) onlyNeed(names ...string) (name string, v value) {
	if name, v = o.only(names...); name == "" && o.there {
		o.lacks = append(o.lacks, lack{names, o.path(), "one of " + strings.Join(names, ", ") + " is required"})
	}
	return name, v
}

// all returns every member, for a map whose keys are the user's own names. Null is reported.
func (o *object) all() []value {
	values := make([]value, 0, len(o.fields))
	for i := range o.fields {
		f := &o.fields[i]
		f.seen = true
		v := value{json: f.json, at: place{&o.at, f.key, -1}, out: o.out}
		if f.json.Kind() == jsonx.Null {
			v.fail("must not be null")
			v.json = jsonx.Value{}
		}
		values = append(values, v)
	}
	return values
}

// close reports the keys that nobody asked for. notYet are names that the documentation
// has and this version has not.
func (o *object) close(notYet ...string) {
	for i := range o.fields {
		f := &o.fields[i]
		if f.seen {
			continue
		}
		path := o.path()
		if !o.private {
			path = join(path, f.key)
		}
		if known(f.key, notYet) {
			o.out.fail(path, "is not supported by this version")
			o.forgiveChoice()
			continue
		}
		meant := o.out.nearest(f.key, o.asked)
		o.out.fail(path, "unknown key"+didYouMean(meant))
		o.forgive(meant)
	}
	for _, l := range o.lacks {
		o.out.fail(l.path, l.text)
	}
}

// forgiveChoice drops the lack of one of several members: the key that is not supported
// may be another one of them.
func (o *object) forgiveChoice() {
	o.lacks = slices.DeleteFunc(o.lacks, func(l lack) bool { return len(l.names) > 1 })
}

// forgive drops the lack of a name that has turned up misspelt.
func (o *object) forgive(name string) {
	for i := range o.lacks {
		if slices.Contains(o.lacks[i].names, name) {
			o.lacks = slices.Delete(o.lacks, i, i+1)
			return
		}
	}
}

func known(key string, names []string) bool {
	for _, name := range names {
		if spells(key, name) {
			return true
		}
	}
	return false
}

// spells says that key is a name in snake_case, or its lowerCamel.
func spells(key, snake string) bool {
	if key == snake {
		return true
	}
	n := 0
	for i := range len(snake) {
		c := camel(snake, i)
		if c == 0 {
			continue
		}
		if n == len(key) || key[n] != c {
			return false
		}
		n++
	}
	return n == len(key)
}

// camel is what stands for snake[i] in lowerCamel, 0 for nothing.
func camel(snake string, i int) byte {
	c := snake[i]
	switch {
	case c == '_':
		return 0
	case i > 0 && snake[i-1] == '_' && 'a' <= c && c <= 'z':
		return c - ('a' - 'A')
	}
	return c
}

// lowerCamel is protojson's other spelling of a key: "remote_jwks" is "remoteJwks".
func lowerCamel(snake string) string {
	b := make([]byte, 0, len(snake))
	for i := range len(snake) {
		if c := camel(snake, i); c != 0 {
			b = append(b, c)
		}
	}
	return string(b)
}

// join adds a key to a path; a key that would not read as one name is quoted.
func join(path, key string) string {
	plain := key != "" && len(key) <= maxQuoted
	for i := 0; i < len(key) && plain; i++ {
		c := key[i]
		plain = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
	}
	switch {
	case !plain:
		return path + "[" + quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// maxQuoted bounds the bytes of a quoted word.
const maxQuoted = 80

// quote quotes a word of the configuration for a message: printable, and not too long.
func quote(word string) string {
	if len(word) > maxQuoted {
		return strconv.QuoteToASCII(strings.ToValidUTF8(word[:maxQuoted], "")) + "..."
	}
	return strconv.QuoteToASCII(word)
}
