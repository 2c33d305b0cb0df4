package sigv4

import (
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
	"github.com/postern-wasm/postern/plugin/word"
)

// writer writes the canonical request.
type writer struct {
	scheme *Scheme
	view   *request.View
	parts  *parts
	text   []byte
	names  [maxNames]string
	n      int
}

// write fills in the claim's text and what is signed of the body.
func (w *writer) write(c *signed.Claim) reason.Code {
	if code := w.list(); code != reason.OK {
		return code
	}
	w.text = append(append(w.text, w.view.Method...), '\n')
	if !w.path() {
		return reason.SignatureMalformed
	}
	w.text = append(w.text, '\n')
	if code := w.query(); code != reason.OK {
		return code
	}
	w.text = append(w.text, '\n')
	for _, name := range w.names[:w.n] {
		if code := w.header(name); code != reason.OK {
			return code
		}
	}
	w.text = append(w.text, '\n')
	w.text = append(append(w.text, w.parts.names...), '\n')
	if len(w.text) > maxText {
		return reason.SignaturesTooMany
	}
	code := w.payload(c)
	c.Before = form.Bytes(w.text)
	return code
}

// list reads the names of the signed headers, which are sorted, and checks that all are
// there that have to be.
func (w *writer) list() reason.Code {
	for rest := w.parts.names; rest != ""; {
		name := rest
		rest = ""
		if i := word.Index(name, ';'); i >= 0 {
			name, rest = name[:i], name[i+1:]
			if rest == "" {
				return reason.SignatureMalformed
			}
		}
		if w.n == len(w.names) {
			return reason.SignaturesTooMany
		}
		if !field(name) || w.n > 0 && w.names[w.n-1] >= name {
			return reason.SignatureMalformed
		}
		w.names[w.n] = name
		w.n++
	}
	if !w.has("host") || w.parts.stampIn != "" && !w.has(w.parts.stampIn) {
		return reason.ComponentNotCovered
	}
	for _, name := range w.scheme.cfg.Components {
		if !w.has(name) {
			return reason.ComponentNotCovered
		}
	}
	if w.scheme.cfg.UnsignedHeaders {
		return reason.OK
	}
	for i := range w.view.Headers {
		name := w.view.Headers[i].Name
		if len(name) > len("x-amz-") && request.EqualFold(name[:len("x-amz-")], "x-amz-") && !w.has(name) {
			return reason.ComponentNotCovered
		}
	}
	return reason.OK
}

func (w *writer) has(name string) bool {
	for _, n := range w.names[:w.n] {
		if request.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// field says that name is a header field's, in lower case.
func field(name string) bool {
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c >= 0x7f || c == ':' || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return name != ""
}

// path writes the canonical path: for S3 the path encoded once, else what came encoded once
// more, segment by segment.
func (w *writer) path() bool {
	path := w.view.RawPath
	if path == "" || path[0] != '/' {
		return false
	}
	start := len(w.text)
	var plain []byte
	for rest := path; rest != ""; {
		segment := rest[1:]
		rest = ""
		if i := word.Index(segment, '/'); i >= 0 {
			segment, rest = segment[:i], segment[i:]
		}
		if w.scheme.cfg.NormalizePath {
			last := rest == ""
			switch {
			case segment == "..":
				w.up(start)
				if last {
					w.text = append(w.text, '/')
				}
				continue
			case (segment == "." || segment == "") && !last:
				continue
			case segment == ".":
				segment = ""
			}
		}
		w.text = append(w.text, '/')
		if w.scheme.cfg.S3 {
			var ok bool
			if plain, ok = form.Unescape(plain[:0], segment); !ok {
				return false
			}
			segment = form.Bytes(plain)
		}
		w.text = form.AppendEscaped(w.text, segment)
	}
	return true
}

// up takes the last segment off the path, which begins at start.
func (w *writer) up(start int) {
	end := len(w.text)
	for end > start && w.text[end-1] != '/' {
		end--
	}
	w.text = w.text[:max(end-1, start)]
}

// query writes the canonical query: each parameter decoded and encoded anew, sorted.
func (w *writer) query() reason.Code {
	var fixed [32]form.Pair
	list := fixed[:0]
	buffer := make([]byte, 0, 3*len(w.view.Query)) // never grows: the pairs are cut out of it
	var plain []byte
	for p := form.Walk(w.view.Query); p.Next(); {
		if p.Text == "" {
			continue
		}
		if len(list) == form.MaxPairs {
			return reason.SignaturesTooMany
		}
		var pair form.Pair
		for i, text := range [...]string{p.Name, p.Value} {
			var ok bool
			if plain, ok = form.Unescape(plain[:0], text); !ok {
				return reason.SignatureMalformed
			}
			at := len(buffer)
			buffer = form.AppendEscaped(buffer, form.Bytes(plain))
			if i == 0 {
				pair.Key = form.Bytes(buffer[at:])
			} else {
				pair.Value = form.Bytes(buffer[at:])
			}
		}
		if w.parts.presigned && pair.Key == "X-Amz-Signature" {
			continue
		}
		list = append(list, pair)
	}
	form.Sort(list)
	for i := range list {
		if i > 0 {
			w.text = append(w.text, '&')
		}
		w.text = append(append(append(w.text, list[i].Key...), '='), list[i].Value...)
	}
	return reason.OK
}

// header writes a header field: its lines' values without spaces at their ends, runs of
// spaces made one, joined by commas.
func (w *writer) header(name string) reason.Code {
	w.text = append(append(w.text, name...), ':')
	if name == "host" {
		w.text = append(append(w.text, w.view.Authority...), '\n')
		return reason.OK
	}
	lines := 0
	for i, ok := w.view.Next(name, 0); ok; i, ok = w.view.Next(name, i+1) {
		if lines++; lines > 1 {
			w.text = append(w.text, ',')
		}
		value := form.Trim(w.view.Headers[i].Value)
		for at := range len(value) {
			if value[at] != ' ' || value[at-1] != ' ' { // it begins with no space
				w.text = append(w.text, value[at])
			}
		}
	}
	if lines == 0 {
		return reason.ComponentMissing
	}
	w.text = append(w.text, '\n')
	return reason.OK
}

// payload writes the hash of the body, or says where it will come from.
func (w *writer) payload(c *signed.Claim) reason.Code {
	hash := w.parts.hash
	if !w.parts.presigned {
		value, lines := form.One(w.view, "x-amz-content-sha256")
		switch {
		case lines > 1:
			return reason.SeveralCredentials
		case lines == 1 && !w.has("x-amz-content-sha256"):
			return reason.ComponentNotCovered
		}
		hash = form.Trim(value)
	}
	switch {
	case hash == "" && w.parts.presigned && w.scheme.cfg.S3:
		w.text = append(w.text, unsigned...)
		c.BodyFree = w.scheme.cfg.UnsignedPayload
		return reason.OK
	case hash == "":
		c.Body, c.BodyHash, c.BodyForm = signed.BodyHashed, digest.SHA256, signed.Hex
		return reason.OK
	case hash == unsigned:
		if !w.scheme.cfg.UnsignedPayload {
			return reason.BodyNotCovered
		}
		c.BodyFree = true
	case len(hash) >= len(streaming) && hash[:len(streaming)] == streaming:
		return reason.ComponentUnsupported
	default:
		sum, ok := form.Hex(nil, hash)
		if !ok || len(sum) != digest.SHA256.Size() {
			return reason.DigestUnsupported
		}
		c.Digests[0] = signed.Digest{Hash: digest.SHA256, Sum: sum}
	}
	w.text = append(w.text, hash...)
	return reason.OK
}

const (
	unsigned  = "UNSIGNED-PAYLOAD"
	streaming = "STREAMING-"
)
