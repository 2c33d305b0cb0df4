package cavage

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// writer writes the signed text and notes what is in it.
type writer struct {
	text   []byte
	listed string

	line, created, expires, date, xDate, digest bool
}

// write writes the text that the signature's list stands for.
func (w *writer) write(s *Scheme, r *signed.Request, p *parameters) reason.Code {
	w.listed = p.value[paramHeaders]
	if !p.given[paramHeaders] {
		if s.cfg.Dialect != Draft12 {
			return reason.SignatureMalformed
		}
		w.listed = "(created)" // the draft's default, §2.1.6
	}
	if s.cfg.Dialect == APISIX {
		w.text = append(append(w.text, p.value[paramKey]...), '\n')
	}
	seen := [maxNames]string{}
	n := 0
	for rest := w.listed; ; {
		var name string
		name, rest = cut(rest)
		if name == "" || unlistable(name) {
			return reason.SignatureMalformed
		}
		if n == maxNames {
			return reason.SignaturesTooMany
		}
		for _, before := range seen[:n] {
			if before == name {
				return reason.SignatureMalformed
			}
		}
		seen[n] = name
		n++
		if code := w.component(s, r, p, name); code != reason.OK {
			return code
		}
		if len(w.text) > maxText {
			return reason.SignaturesTooMany
		}
		if rest == "" {
			break
		}
	}
	if s.cfg.Dialect != APISIX && len(w.text) > 0 {
		w.text = w.text[:len(w.text)-1] // no line end after the last line
	}
	return reason.OK
}

// cut returns the first name of a list, whose names one space divides, and the rest. A
// space at the end leaves an empty name.
func cut(list string) (name, rest string) {
	for i := range len(list) {
		if list[i] == ' ' {
			if i+1 == len(list) {
				return "", ""
			}
			return list[:i], list[i+1:]
		}
	}
	return list, ""
}

// unlistable says that no header field has the name, as a list must write it.
func unlistable(name string) bool {
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' || c < '!' || c > '~' {
			return true
		}
	}
	return false
}

// component writes one line.
func (w *writer) component(s *Scheme, r *signed.Request, p *parameters, name string) reason.Code {
	v := r.View
	switch s.cfg.Dialect {
	case Draft12:
		switch name {
		case "(request-target)":
			w.line = true
			w.target("(request-target): ", v)
			return reason.OK
		case "(created)":
			w.created = true
			return w.time("(created): ", p, paramCreated)
		case "(expires)":
			w.expires = true
			return w.time("(expires): ", p, paramExpires)
		}
	case Kong:
		switch name {
		case "@request-target":
			w.line = true
			w.target("@request-target: ", v)
			return reason.OK
		case "request-line":
			return w.requestLine(r)
		}
	case APISIX:
		if name == "@request-target" {
			w.line = true
			w.text = append(append(append(append(w.text, v.Method...), ' '), v.Target...), '\n')
			return reason.OK
		}
	}
	if name[0] == '(' || name[0] == '@' || name[0] == ':' {
		return reason.ComponentUnsupported
	}
	return w.header(s, v, name)
}

func (w *writer) target(name string, v *request.View) {
	w.text = append(w.text, name...)
	w.text = form.Lower(w.text, v.Method)
	w.text = append(append(append(w.text, ' '), v.Target...), '\n')
}

// requestLine writes HTTP/1's first line. Over HTTP/2 there is none.
func (w *writer) requestLine(r *signed.Request) reason.Code {
	protocol := ""
	if r.Protocol != nil {
		protocol = r.Protocol()
	}
	if protocol != "HTTP/1.1" && protocol != "HTTP/1.0" {
		return reason.ComponentUnsupported
	}
	w.line = true
	w.text = append(append(append(w.text, r.View.Method...), ' '), r.View.Target...)
	w.text = append(append(append(w.text, ' '), protocol...), '\n')
	return reason.OK
}

// time writes one of the signature's own times. The draft allows them where the algorithm
// is "hs2019" alone (§2.3).
func (w *writer) time(name string, p *parameters, n int) reason.Code {
	if !p.given[n] {
		return reason.ComponentMissing
	}
	if p.value[paramAlgorithm] != "hs2019" {
		return reason.ComponentUnsupported
	}
	w.text = append(append(append(w.text, name...), p.value[n]...), '\n')
	return reason.OK
}

// header writes a header field: the values of its lines, without spaces at their ends,
// joined by a comma and a space.
func (w *writer) header(s *Scheme, v *request.View, name string) reason.Code {
	switch name {
	case "date":
		w.date = true
	case "x-date":
		w.xDate = true
	case "digest":
		w.digest = true
	}
	if name == "host" {
		w.text = append(append(append(w.text, "host: "...), v.Authority...), '\n')
		return reason.OK
	}
	start := len(w.text)
	w.text = append(append(w.text, name...), ':')
	lines := 0
	for i, ok := v.Next(name, 0); ok; i, ok = v.Next(name, i+1) {
		if lines++; lines == 1 {
			w.text = append(w.text, ' ')
		} else {
			w.text = append(w.text, ", "...)
		}
		w.text = append(w.text, form.Trim(v.Headers[i].Value)...)
	}
	if lines == 0 {
		if !s.cfg.LenientAbsent || s.cfg.Dialect == Draft12 {
			return reason.ComponentMissing
		}
		if s.cfg.Dialect == APISIX {
			w.text = w.text[:start]
			return reason.OK
		}
	}
	w.text = append(w.text, '\n')
	return reason.OK
}

// covers says whether all is listed that has to be.
func (w *writer) covers(s *Scheme) reason.Code {
	if s.cfg.Components == nil {
		xDate := w.xDate && s.cfg.Dialect == Kong // no other dialect reads it
		if !w.line || !w.date && !xDate && !w.created && !s.cfg.TimeOptional {
			return reason.ComponentNotCovered
		}
		return reason.OK
	}
	for _, wanted := range s.cfg.Components {
		found := false
		for rest := w.listed; rest != "" && !found; {
			var name string
			name, rest = cut(rest)
			found = name == wanted
		}
		if !found {
			return reason.ComponentNotCovered
		}
	}
	return reason.OK
}
