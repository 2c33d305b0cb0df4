package aliyun

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// writer writes the signed text and notes what is listed.
type writer struct {
	text   []byte
	listed []form.Pair // by name
}

// lists says whether a header, named in lower case, is listed.
func (w *writer) lists(name string) bool {
	for i := range w.listed {
		if request.EqualFold(w.listed[i].Key, name) {
			return true
		}
	}
	return false
}

// headers writes the text up to the path.
func (w *writer) headers(v *request.View) reason.Code {
	w.text = append(append(w.text, v.Method...), '\n')
	for _, name := range always {
		value, n := form.One(v, name)
		if n > 1 {
			return reason.SeveralCredentials
		}
		w.text = append(append(w.text, form.Trim(value)...), '\n')
	}
	if code := w.list(v); code != reason.OK {
		return code
	}
	for i := range w.listed {
		value, n := form.One(v, w.listed[i].Key)
		if n != 1 {
			return reason.ComponentMissing
		}
		w.text = append(append(w.text, w.listed[i].Key...), ':')
		w.text = append(append(w.text, form.Trim(value)...), '\n')
		if len(w.text) > maxText {
			return reason.SignaturesTooMany
		}
	}
	return reason.OK
}

// list reads the names of the signed headers. They are signed in their order by bytes, as
// they are spelt in the list.
func (w *writer) list(v *request.View) reason.Code {
	list, n := form.One(v, headerList)
	switch {
	case n > 1:
		return reason.SeveralCredentials
	case list == "":
		return reason.OK
	}
	lower := make([]byte, 0, 64)
	w.listed = make([]form.Pair, 0, 16)
	for more := true; more; {
		end := 0
		for end < len(list) && list[end] != ',' {
			end++
		}
		name := form.Trim(list[:end])
		if more = end < len(list); more {
			list = list[end+1:]
		}
		if lower = form.Lower(lower[:0], name); !Lists(form.Bytes(lower)) {
			return reason.ComponentUnsupported
		}
		if w.lists(name) {
			return reason.SignatureMalformed
		}
		if len(w.listed) == maxNames {
			return reason.SignaturesTooMany
		}
		w.listed = append(w.listed, form.Pair{Key: name, At: len(w.listed)})
	}
	form.SortByKey(w.listed)
	return reason.OK
}

// parameters writes those of a query and a form, decoded, in order.
func (w *writer) parameters(query, body string) reason.Code {
	list := make([]form.Pair, 0, 16)
	decoded := make([]byte, 0, len(query)+len(body)) // decoding makes nothing longer
	for _, text := range [...]string{query, body} {
		for p := form.Walk(text); p.Next(); {
			if p.Text == "" {
				continue
			}
			if len(list) == form.MaxPairs {
				return reason.SignaturesTooMany
			}
			start := len(decoded)
			all, ok := form.UnescapeForm(decoded, p.Name)
			cut := len(all)
			all, fine := form.UnescapeForm(all, p.Value)
			name, value := all[start:cut], all[cut:]
			decoded = all
			if !ok || !fine || len(name) == 0 {
				return reason.BodyMalformed
			}
			if strings.ContainsAny(form.Bytes(name), "=&") || strings.Contains(form.Bytes(value), "&") {
				return reason.ComponentNotCovered // another request has the same text
			}
			list = append(list, form.Pair{Key: form.Bytes(name), Value: form.Bytes(value), At: len(list)})
		}
	}
	form.SortByKey(list)
	for i := range list {
		if i > 0 && list[i].Key == list[i-1].Key {
			return reason.ComponentNotCovered // the second value is not in the text
		}
		between := byte('&')
		if i == 0 {
			between = '?'
		}
		w.text = append(append(w.text, between), list[i].Key...)
		if list[i].Value != "" {
			w.text = append(append(w.text, '='), list[i].Value...)
		}
	}
	return reason.OK
}
