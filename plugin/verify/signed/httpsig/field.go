package httpsig

import (
	"github.com/postern-wasm/postern/plugin/base64"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/sfv"
)

// field returns a field's value, its lines trimmed and joined (RFC 9421 §2.1), and how many
// lines it has. One line aliases the request. Hosts hand the host line as the authority.
func (w *reader) field(name string) (value string, lines int) {
	var joined []byte
	for i, ok := w.view.Next(name, 0); ok; i, ok = w.view.Next(name, i+1) {
		line := trim(w.view.Headers[i].Value)
		if lines++; lines == 1 {
			value = line
			continue
		}
		if lines == 2 {
			joined = append(joined, value...)
		}
		joined = append(append(joined, ", "...), line...)
	}
	switch {
	case lines > 1:
		value = string(joined)
	case lines == 0 && name == "host" && w.view.Authority != "":
		return w.view.Authority, 1
	}
	return value, lines
}

// trim cuts OWS off both ends.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// fieldValue appends a field's value in the form that its parameters ask for.
func (w *reader) fieldValue(c *component) reason.Code {
	if c.binary {
		return w.binaryValue(c.name)
	}
	value, lines := w.field(c.name)
	switch {
	case lines == 0:
		return reason.ComponentMissing
	case c.keyed:
		return w.memberValue(value, c.argument)
	case c.strict:
		return w.strictValue(value, structureOf(c.name))
	}
	w.text = append(w.text, value...)
	return reason.OK
}

// memberValue is RFC 9421 §2.1.2: one member of a dictionary, in canonical form. A key that
// is there twice is refused: not all read the last one.
func (w *reader) memberValue(value, key string) reason.Code {
	if !w.spend(2 * len(value)) {
		return reason.SignaturesTooMany
	}
	d, ok := sfv.ReadDictionary(value)
	if !ok {
		return reason.ComponentUnsupported
	}
	member, times := d.Get(key)
	if times != 1 {
		return reason.ComponentMissing
	}
	if !w.spend(canonicalWork(member.Raw)) {
		return reason.SignaturesTooMany
	}
	w.text = member.Append(w.text)
	return reason.OK
}

// strictValue is RFC 9421 §2.1.1: the field as it is written in canonical form, which takes
// knowing its structure.
func (w *reader) strictValue(value string, s structure) reason.Code {
	if !w.spend(canonicalWork(value)) {
		return reason.SignaturesTooMany
	}
	switch s {
	case isDictionary:
		d, ok := sfv.ReadDictionary(value)
		if !ok {
			return reason.ComponentUnsupported
		}
		for m := d.Members(); m.Next(); {
			if _, times := d.Get(m.Key); times != 1 {
				return reason.ComponentMissing
			}
		}
		w.text = d.Append(w.text)
		return reason.OK
	case isList:
		if l, ok := sfv.ReadList(value); ok {
			w.text = l.Append(w.text)
			return reason.OK
		}
	case isItem:
		if v, ok := sfv.ReadItem(value); ok {
			w.text = v.Append(w.text)
			return reason.OK
		}
	case unknown:
	}
	return reason.ComponentUnsupported
}

// canonicalWork is what writing a text canonically costs at most: each member and parameter
// is looked for among the others.
func canonicalWork(text string) int {
	parts := 1
	for i := 0; i < len(text); i++ {
		if text[i] == ',' || text[i] == ';' {
			parts++
		}
	}
	return 3 * parts * len(text)
}

// binaryValue is RFC 9421 §2.1.3: each line's bytes in base64, a list of byte sequences.
func (w *reader) binaryValue(name string) reason.Code {
	lines := 0
	for i, ok := w.view.Next(name, 0); ok; i, ok = w.view.Next(name, i+1) {
		if lines++; lines > 1 {
			w.text = append(w.text, ", "...)
		}
		w.text = append(base64.Append(append(w.text, ':'), base64.Standard, trim(w.view.Headers[i].Value)), ':')
	}
	if lines == 0 {
		return reason.ComponentMissing
	}
	return reason.OK
}

// structure is a structured field's type.
type structure uint8

const (
	unknown structure = iota
	isItem
	isList
	isDictionary
)

// structures are the requests' fields whose structure the IANA field name registry states.
// For any other, ;sf is refused: a guess at its structure would be a guess at its text.
var structures = [...]struct {
	name string
	is   structure
}{
	{"accept-signature", isDictionary},
	{"available-dictionary", isItem},
	{"cache-status", isList},
	{"capsule-protocol", isItem},
	{"client-cert", isItem},
	{"client-cert-chain", isList},
	{"content-digest", isDictionary},
	{"dictionary-id", isItem},
	{"incremental", isItem},
	{"priority", isDictionary},
	{"proxy-status", isList},
	{"repr-digest", isDictionary},
	{"sec-ch-ua", isList},
	{"sec-ch-ua-mobile", isItem},
	{"sec-ch-ua-platform", isItem},
	{"sec-gpc", isItem},
	{"signature", isDictionary},
	{"signature-input", isDictionary},
	{"want-content-digest", isDictionary},
	{"want-repr-digest", isDictionary},
}

func structureOf(name string) structure {
	for _, s := range structures {
		if s.name == name {
			return s.is
		}
	}
	return unknown
}
