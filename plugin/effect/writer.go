package effect

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/base64"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// Kind is what an [Op] does to the request's headers.
type Kind uint8

// The kinds.
const (
	// Remove removes every line of the name.
	Remove Kind = iota
	// Set leaves exactly one line of the name.
	Set
	// Add adds a line.
	Add
)

// Op is one header operation. Operations are carried out in order.
type Op struct {
	Kind        Kind
	Name, Value string
}

// maxHeaderValue bounds a header made from a claim, bytes.
const maxHeaderValue = 8192

// Writer builds operations and answers in buffers that it reuses. What it returns is
// valid until its next [Writer.Begin] or [Writer.Refuse].
type Writer struct {
	ops     []Op
	target  string   // :path as it will go upstream
	cookies []string // names of the cookies to withdraw
	buf     []byte   // text of values; grown only, so that earlier texts stay valid
	body    []byte
	lines   []request.Header
	answer  Answer
	states  []State

	list, decider int // see Challenge

	home  *home // see Reserve
	texts int   // the most that buf has held
}

// Begin starts on a request: identity headers that the client sent are removed,
// whatever comes after, and a normalised path replaces the one received.
func (w *Writer) Begin(cfg *Config, v *request.View) {
	w.ops, w.cookies, w.buf = w.ops[:0], w.cookies[:0], w.buf[:0]
	w.target = v.Target
	for _, name := range cfg.IdentityHeaders { // a bit of the view's says of most that they are not there
		if _, ok := v.Next(name, 0); ok {
			w.ops = append(w.ops, Op{Kind: Remove, Name: name})
		}
	}
	w.dropLikes(cfg, v)
	if v.NewTarget != "" {
		w.target = v.NewTarget
	}
}

// Trailers returns the removals that keep identity headers from coming in behind the
// body: an upstream may fold trailers into headers (RFC 9110 §6.5.1).
func (w *Writer) Trailers(cfg *Config, trailers []request.Header) []Op {
	w.ops = w.ops[:0]
	for _, name := range cfg.IdentityHeaders {
		for i := range trailers {
			if t := trailers[i].Name; request.EqualFold(t, name) {
				w.remove(name)
			} else if !cfg.KeepAliases && isAlias(t, name) {
				w.remove(t)
			}
		}
	}
	return w.ops
}

// Grant adds what one proved identity does to the request: the credential leaves it
// unless it is forwarded, and the configured headers are written. The answer is OK,
// or why a claim cannot be passed on.
func (w *Writer) Grant(cfg *Config, id *identity.Identity, place *credential.Place) reason.Code {
	p := &cfg.Providers[id.Provider]
	if !p.Forward {
		w.withdraw(place)
	}
	if p.PayloadHeader != "" {
		w.set(p.PayloadHeader, w.payload(p, id.Payload))
	}
	if !w.name(p.ClientHeader, id.Client) || !w.name(p.KeyIDHeader, id.KeyID) {
		return reason.ClaimUnwritable
	}
	if id.Claims == nil {
		return reason.OK
	}
	for i := range p.ClaimHeaders {
		claim := &p.ClaimHeaders[i]
		value, ok := find(id.Claims.Root(), claim)
		if !ok {
			continue
		}
		text, ok := w.encode(claim.Encoding, value)
		if !ok {
			return reason.ClaimUnwritable
		}
		if text != "" {
			w.set(claim.Header, text)
		}
	}
	return reason.OK
}

// name writes a word of the configuration; false if it cannot stand in a header.
func (w *Writer) name(header, text string) bool {
	if header == "" || text == "" {
		return true
	}
	w.set(header, text)
	return writable(text)
}

// Ops returns the operations, those on cookies and :path last.
func (w *Writer) Ops(v *request.View) []Op {
	if len(w.cookies) > 0 {
		w.withdrawCookies(v)
		w.cookies = w.cookies[:0]
	}
	if w.target != v.Target {
		w.set(":path", w.target)
		w.target = v.Target
	}
	return w.ops
}

// set replaces an earlier operation that sets the same name, so that each name is
// written once.
func (w *Writer) set(name, value string) {
	for i := range w.ops {
		if w.ops[i].Kind == Set && w.ops[i].Name == name {
			w.ops[i].Value = value
			return
		}
	}
	w.ops = append(w.ops, Op{Kind: Set, Name: name, Value: value})
}

// withdraw takes the credential out of the request and leaves every other byte.
func (w *Writer) withdraw(place *credential.Place) {
	if place == nil {
		return
	}
	switch place.In {
	case credential.InHeader:
		w.ops = append(w.ops, Op{Kind: Remove, Name: place.Name})
	case credential.InQuery:
		w.target = w.text(credential.StripQuery(w.buf, w.target, place.Name))
	case credential.InCookie:
		w.cookies = append(w.cookies, place.Name)
	case credential.InNone:
	}
}

// withdrawCookies rewrites the cookie lines. A header that several lines share can only
// be replaced whole: it is removed and what is left of its lines is added again.
func (w *Writer) withdrawCookies(v *request.View) {
	w.ops = append(w.ops, Op{Kind: Remove, Name: "cookie"})
	for i, ok := v.Next("cookie", 0); ok; i, ok = v.Next("cookie", i+1) {
		if rest := w.text(credential.StripCookie(w.buf, v.Headers[i].Value, w.cookies...)); rest != "" {
			w.ops = append(w.ops, Op{Kind: Add, Name: "cookie", Value: rest})
		}
	}
}

// payload is the token's payload segment, padded to a multiple of four if asked.
func (w *Writer) payload(p *Provider, segment string) string {
	if !p.PadPayload || len(segment)%4 == 0 {
		return segment
	}
	b := append(w.buf, segment...)
	for n := len(segment); n%4 != 0; n++ {
		b = append(b, '=')
	}
	return w.text(b)
}

// find looks a claim up: a claim_name with dots is a member of that very name first
// (URL-named claims have dots), then a path.
func find(root jsonx.Value, claim *ClaimHeader) (jsonx.Value, bool) {
	if claim.Whole != "" {
		if value, ok := root.Member(claim.Whole); ok {
			return value, true
		}
	}
	value := root
	for _, name := range claim.Path {
		next, ok := value.Member(name)
		if !ok {
			return jsonx.Value{}, false
		}
		value = next
	}
	return value, true
}

// claim is a claim's header text: strings as they are, numbers and booleans as written
// in the token, arrays and objects as base64 of their JSON text. "" writes no header.
func (w *Writer) claim(value jsonx.Value) (text string, ok bool) {
	switch value.Kind() {
	case jsonx.String:
		text = value.Text()
		return text, writable(text)
	case jsonx.Number, jsonx.True, jsonx.False:
		text = value.Raw()
		return text, len(text) <= maxHeaderValue
	case jsonx.Array, jsonx.Object:
		raw := value.Raw()
		if len(raw) > maxHeaderValue {
			return "", false
		}
		return w.text(base64.Append(w.buf, base64.Standard, raw)), true
	case jsonx.Null:
		return "", true
	case jsonx.Invalid:
	}
	return "", false
}

// writable says whether text can stand in a header as it is: RFC 9110 §5.5 visible
// ASCII with inner spaces. Anything else could split a header, vanish on the way or
// read differently upstream.
func writable(text string) bool {
	if len(text) > maxHeaderValue {
		return false
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < 0x20 || c > 0x7e {
			return false
		}
	}
	return text == "" || (text[0] != ' ' && text[len(text)-1] != ' ')
}

// text makes b, which extends w.buf, the new end of the buffer and returns the added
// part. Earlier texts stay valid: they lie before it, in this or an older array.
func (w *Writer) text(b []byte) string {
	added := b[len(w.buf):]
	w.buf, w.texts = b, max(w.texts, len(b))
	if len(added) == 0 {
		return ""
	}
	return unsafe.String(unsafe.SliceData(added), len(added))
}
