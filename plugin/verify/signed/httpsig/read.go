package httpsig

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/sfv"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// reader reads one request. It lives as long as the reading.
type reader struct {
	*Scheme
	view *request.View
	// left is how many bytes may still be searched.
	left int
	// covered are the components of the signature that is being read.
	covered [MaxComponents]component
	n       int
	// text is the signed text, which the claim keeps; scratch what is on its way there.
	text, scratch []byte
}

// Read yields a claim for each signature that the configuration asks for and that is well
// formed; one that is not does not spoil the others. It returns [reason.OK] if there is a
// claim, else why the first of the signatures has none.
func (s *Scheme) Read(r *signed.Request, out *signed.Reading) reason.Code {
	w := &reader{Scheme: s, view: r.View, left: maxWork}
	inputs, inputLines := w.field("signature-input")
	signatures, lines := w.field("signature")
	if inputLines == 0 && lines == 0 {
		return reason.Missing
	}
	list, code := paired(inputs, signatures)
	if code != reason.OK {
		return code
	}
	first := reason.Undecided
	for i := range list {
		p := &list[i]
		if !s.asked(p) || s.cfg.Label != "" && p.label != s.cfg.Label {
			continue
		}
		code := w.claim(p.input, p.made, out)
		if w.left < 0 {
			return code // those behind it would be read if it were not there
		}
		if code != reason.OK && first == reason.Undecided {
			first = code
		}
	}
	switch {
	case len(out.Claims()) > 0:
		return w.aside(list[:], out)
	case first == reason.Undecided:
		return reason.SignerMismatch // signatures of others alone
	}
	return first
}

// asked says whether a signature has the tag that is asked for.
func (s *Scheme) asked(p *pair) bool {
	return p.label != "" && (s.cfg.Tag == "" || hasTag(p.input.Parameters, s.cfg.Tag))
}

// aside adds the claims of the signatures under other labels than the one that is asked
// for: nobody has signed a label, and whoever sends them again may give them that one.
func (w *reader) aside(list []pair, out *signed.Reading) reason.Code {
	if w.cfg.Label == "" {
		return reason.OK
	}
	for i := range list {
		p := &list[i]
		if !w.asked(p) || p.label == w.cfg.Label {
			continue
		}
		n := len(out.Claims())
		code := w.claim(p.input, p.made, out)
		if w.left < 0 {
			return code
		}
		if claims := out.Claims(); len(claims) > n {
			claims[n].Aside = true
		}
	}
	return reason.OK
}

// pair is one signature: its member of each field.
type pair struct {
	label       string
	input, made sfv.Value
}

// paired reads the two fields. They must have the same labels, each once, and at least one,
// and be of the right types (RFC 9421 §4.1, §4.2).
func paired(inputs, signatures string) (list [signed.MaxClaims]pair, code reason.Code) {
	input, ok := sfv.ReadDictionary(inputs)
	if !ok {
		return list, reason.SignatureMalformed
	}
	made, ok := sfv.ReadDictionary(signatures)
	if !ok {
		return list, reason.SignatureMalformed
	}
	n := 0
	for m := input.Members(); m.Next(); n++ {
		if n == len(list) {
			return list, reason.SignaturesTooMany
		}
		if find(list[:n], m.Key) != nil || m.Kind != sfv.InnerList {
			return list, reason.SignatureMalformed
		}
		list[n] = pair{label: m.Key, input: m.Value}
	}
	left := n
	for m := made.Members(); m.Next(); left-- {
		p := find(list[:n], m.Key)
		if p == nil || p.made.Kind != sfv.None || m.Kind != sfv.ByteSequence || m.Parameters.String() != "" {
			return list, reason.SignatureMalformed
		}
		p.made = m.Value
	}
	if n == 0 || left != 0 {
		return list, reason.SignatureMalformed
	}
	return list, reason.OK
}

func find(list []pair, label string) *pair {
	for i := range list {
		if list[i].label == label {
			return &list[i]
		}
	}
	return nil
}

// claim adds the claim of one signature, or says why it makes none.
func (w *reader) claim(input, signature sfv.Value, out *signed.Reading) reason.Code {
	c := out.Claim()
	if c == nil {
		return reason.SignaturesTooMany
	}
	code := w.fill(input, signature, c)
	if code != reason.OK {
		out.Drop()
	}
	return code
}

// fill judges a signature's form, cheapest things first, and fills its claim.
func (w *reader) fill(input, signature sfv.Value, c *signed.Claim) reason.Code {
	if code := w.components(input); code != reason.OK {
		return code
	}
	if code := w.parameters(input.Parameters, c); code != reason.OK {
		return code
	}
	if w.cfg.WebBotAuth {
		if code := w.botAuth(c); code != reason.OK {
			return code
		}
	}
	if code := w.base(input); code != reason.OK {
		return code
	}
	if code := w.contentDigest(c); code != reason.OK {
		return code
	}
	value, _ := signature.AppendBytes(nil)
	if len(value) == 0 || len(value) > maxSignature {
		return reason.SignatureMalformed
	}
	c.Signatures = [][]byte{value}
	c.Before = unsafe.String(unsafe.SliceData(w.text), len(w.text)) //nolint:gosec // G103: base begins a new text each time
	c.BodyFree = w.cfg.BodyOptional
	return reason.OK
}

// components reads what the signature covers: each component once (RFC 9421 §2.5), and
// all that are required.
func (w *reader) components(input sfv.Value) reason.Code {
	w.n = 0
	for item := input.Items(); item.Next(); {
		if w.n == MaxComponents {
			return reason.SignaturesTooMany
		}
		c := &w.covered[w.n]
		if code := c.read(item.Value); code != reason.OK {
			return code
		}
		if w.covers(c) {
			return reason.SignatureMalformed
		}
		w.n++
	}
	if w.n == 0 && !w.cfg.AllowEmpty {
		return reason.ComponentNotCovered // RFC 9421 §7.2.1: it would fit any request
	}
	for i := range w.required {
		if !w.covers(&w.required[i]) && !w.onlyForBodies(&w.required[i]) {
			return reason.ComponentNotCovered
		}
	}
	return reason.OK
}

// onlyForBodies says that a component is required where there is a body alone, which is
// for [signed.Claim.BodyFree] to say: a request without one has nothing to digest.
func (w *reader) onlyForBodies(c *component) bool {
	return !w.cfg.BodyOptional && *c == component{kind: field, name: contentDigest}
}

func (w *reader) covers(c *component) bool {
	for i := range w.covered[:w.n] {
		if w.covered[i] == *c {
			return true
		}
	}
	return false
}
