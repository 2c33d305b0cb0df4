package signedurl

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// Bounds on what a URL carries, bytes.
const (
	maxToken     = 4096
	maxPolicy    = 4096
	maxSignature = 1024
)

// Finish is part of [signed.Scheme]: no claim of this one has a body.
func (s *Scheme) Finish(*signed.Request, *signed.Claim, string) reason.Code { return reason.Internal }

// Read is part of [signed.Scheme].
func (s *Scheme) Read(r *signed.Request, out *signed.Reading) reason.Code {
	c := signed.Claim{Algorithm: algorithms[s.cfg.Dialect], BodyFree: s.cfg.BodyFree}
	code := reason.Internal
	switch s.cfg.Dialect {
	case Google:
		code = s.google(r.View, &c)
	case Akamai:
		code = s.akamai(r, &c)
	case CloudFront:
		code = s.cloudFront(r, &c)
	case Nginx:
		code = s.nginx(r, &c)
	}
	if code != reason.OK {
		return code
	}
	for i := range len(r.View.Target) {
		if r.View.Target[i] == '#' {
			return reason.SignatureMalformed // whoever takes it for a fragment sees another URL than was signed
		}
	}
	if !s.anyMethod && !contains(s.cfg.Methods, r.View.Method) {
		return reason.ComponentNotCovered // nobody signs the method
	}
	if s.cfg.MaxTTL > 0 && c.Expires > r.Now+s.cfg.MaxTTL {
		return reason.SignatureInFuture // signed for no longer than that, it was signed later than now
	}
	*out.Claim() = c
	return reason.OK
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}

// seconds reads a Unix time of at most ten digits (until 2286). With eleven, what stands
// beside it in a signed text could give it a digit, and a link that would end today would
// end in centuries; nine are long past. 1970's first second is no bound to a claim, and a
// nanosecond later just as long ago.
func seconds(s string) (nanos int64, ok bool) {
	nanos, ok = form.Unix(s)
	return max(nanos, 1), ok && len(s) <= 10
}

// maxOwn is how many parameters of its own a dialect has.
const maxOwn = 4

// own are a dialect's parameters at the end of a query.
type own struct {
	value [maxOwn]string
	// at is where in the query each begins, place its number among them; used is how many
	// there are and first where the first begins.
	at, place   [maxOwn]int
	used, first int
	// seen says that there is a parameter of the name, however it is spelt.
	seen [maxOwn]bool
	// bad says that one of them is not spelt as it has to be, comes twice, or is followed
	// by something else.
	bad bool
}

// read finds them; names are without percent-encoding.
func (o *own) read(query string, names []string) {
	for i := range o.place {
		o.place[i] = -1
	}
	for p := form.Walk(query); p.Next(); {
		n := -1
		for i, name := range names {
			if p.Named(name) {
				n = i
				break
			}
		}
		if n < 0 {
			o.bad = o.bad || o.used > 0
			continue
		}
		o.seen[n] = true
		if p.Name != names[n] || !p.HasValue || o.given(n) {
			o.bad = true
			continue
		}
		if o.used == 0 {
			o.first = p.At
		}
		o.value[n], o.at[n], o.place[n] = p.Value, p.At, o.used
		o.used++
	}
}

func (o *own) given(n int) bool { return o.place[n] >= 0 }

// parameter returns the value, still encoded, of a parameter and how many of the name there
// are; one whose name is percent-encoded counts for two.
func parameter(query, name string) (value string, n int) {
	for p := form.Walk(query); p.Next(); {
		if !p.Named(name) {
			continue
		}
		if n++; p.Name != name || !p.HasValue {
			n++
		}
		value = p.Value
	}
	return value, n
}

// cookie returns a cookie's value and how many of the name there are (RFC 6265 §5.4: pairs
// divided by "; ", on one line or, in HTTP/2, on several).
func cookie(v *request.View, name string) (value string, n int) {
	for i, ok := v.Next("cookie", 0); ok; i, ok = v.Next("cookie", i+1) {
		for rest, more := v.Headers[i].Value, true; more; {
			var pair string
			pair, rest, more = strings.Cut(rest, ";")
			if key, text, is := strings.Cut(form.Trim(pair), "="); is && key == name {
				value = text
				n++
			}
		}
	}
	return value, n
}

// url appends what the request's URL begins with, up to its path, and returns how much of it
// is scheme and authority.
func (s *Scheme) url(dst []byte, v *request.View) (url []byte, origin int) {
	if s.cfg.PublicBase != "" {
		return append(dst, s.cfg.PublicBase...), s.originSize
	}
	dst = append(append(form.Lower(dst, v.Scheme), "://"...), v.Authority...) // RFC 3986 §3.1: a scheme has no case
	return dst, len(dst)
}

// normal says that every reader of a path takes it for the same one: only unreserved
// characters may be percent-encoded without need.
func normal(path string) bool {
	return request.IsNormal(path) || request.IsNormal(form.Bytes(request.AppendUnreserved(nil, path)))
}
