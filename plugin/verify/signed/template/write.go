package template

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// write appends one piece of the signed text.
func (s *Scheme) write(dst []byte, q *asked, f *found, o *operation) ([]byte, reason.Code) {
	v := q.r.View
	switch o.piece {
	case pieceLiteral:
		return append(dst, o.text...), reason.OK
	case pieceMethod:
		return append(dst, v.Method...), reason.OK
	case pieceMethodLower:
		return form.Lower(dst, v.Method), reason.OK
	case piecePath:
		return append(append(dst, s.path...), v.RawPath...), reason.OK
	case pieceQuery:
		return append(dst, v.Query...), reason.OK
	case pieceTarget:
		return append(append(dst, s.path...), v.Target...), reason.OK
	case pieceScheme:
		return s.writeScheme(dst, v)
	case pieceAuthority:
		authority, code := s.authorityOf(v)
		return append(dst, authority...), code
	case pieceURL, pieceURLPort, pieceURLNoPort, pieceURLDecoded:
		return s.writeURL(dst, v, o.piece)
	case pieceTimestamp:
		return append(dst, f.timestamp...), reason.OK
	case pieceNonce:
		return s.writeName(dst, f.nonce, o, reason.NonceMissing)
	case pieceID:
		return s.writeName(dst, f.id, o, reason.SignatureMalformed)
	case pieceKeyID:
		return s.writeName(dst, f.keyID, o, reason.SignatureMalformed)
	case pieceHeader:
		value, code := s.headerText(v, o.names[0])
		return append(dst, value...), code
	case pieceHeaders:
		return s.writeHeaders(dst, v, o.names, '\n', true)
	case pieceSignedLines:
		return s.writeHeaders(dst, v, q.among, '\n', true)
	case pieceSignedValues:
		return s.writeHeaders(dst, v, q.among, s.cfg.SignedSeparator[0], false)
	case pieceForm:
		if f.digest.Hash != digest.None {
			return dst, reason.OK // the digest stands for the body
		}
		return s.writeForm(dst, q)
	case pieceQuerySorted:
		return sorted(dst, v.Query)
	case pieceQueryMinus:
		return minus(dst, v.Query, o.text), reason.OK
	case pieceParameters:
		return writeParameters(dst, q, o.text)
	case pieceBody, pieceBodyHash:
	}
	return dst, reason.Internal
}

// writeName appends a text that must not hold the byte that ends it.
func (s *Scheme) writeName(dst []byte, text string, o *operation, code reason.Code) ([]byte, reason.Code) {
	if !unambiguous(text, o) {
		return dst, code
	}
	return append(dst, text...), reason.OK
}

// authorityOf returns the configured authority, or else the request's.
func (s *Scheme) authorityOf(v *request.View) (string, reason.Code) {
	if s.authority != "" {
		return s.authority, reason.OK
	}
	if v.Authority == "" {
		return "", reason.ComponentMissing
	}
	return v.Authority, reason.OK
}

func (s *Scheme) writeScheme(dst []byte, v *request.View) ([]byte, reason.Code) {
	switch {
	case s.scheme != "":
		return append(dst, s.scheme...), reason.OK
	case v.Scheme == "":
		return dst, reason.ComponentMissing
	}
	return form.Lower(dst, v.Scheme), reason.OK
}

// writeURL appends the URL: the configured one, or what is configured of it before the
// request's target.
func (s *Scheme) writeURL(dst []byte, v *request.View, p piece) ([]byte, reason.Code) {
	if s.cfg.WholeURL != "" {
		return appendURL(dst, s.cfg.WholeURL, p), reason.OK
	}
	from := len(dst)
	dst, code := s.writeScheme(dst, v)
	if code != reason.OK {
		return dst, code
	}
	secure := string(dst[from:]) == "https"
	dst = append(dst, "://"...)
	authority, code := s.authorityOf(v)
	if code != reason.OK {
		return dst, code
	}
	name, port := splitPort(authority)
	dst = append(dst, name...)
	switch {
	case p == pieceURLNoPort:
	case p == pieceURLPort && port == "" && secure:
		dst = append(dst, ":443"...)
	case p == pieceURLPort && port == "":
		dst = append(dst, ":80"...)
	default:
		dst = append(dst, port...)
	}
	dst = append(dst, s.path...)
	return appendURL(dst, v.Target, p), reason.OK
}

// splitPort cuts an authority before the colon of its port.
func splitPort(authority string) (name, port string) {
	for i := len(authority) - 1; i >= 0 && authority[i] != ']'; i-- {
		if authority[i] == ':' {
			return authority[:i], authority[i:]
		}
	}
	return authority, ""
}

// appendURL appends a part of a URL; with {url:decoded} the percent-encodings of
// : / ? @ ! $ ' ( ) * , ; are decoded.
func appendURL(dst []byte, text string, p piece) []byte {
	if p != pieceURLDecoded {
		return append(dst, text...)
	}
	var room [1]byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+2 < len(text) {
			if b, ok := form.Hex(room[:0], text[i+1:i+3]); ok && delimiter(b[0]) {
				c = b[0]
				i += 2
			}
		}
		dst = append(dst, c)
	}
	return dst
}

func delimiter(c byte) bool {
	switch c {
	case ':', '/', '?', '@', '!', '$', '\'', '(', ')', '*', ',', ';':
		return true
	}
	return false
}

// writeHeaders appends headers' values, divided by sep, as they are or after "name:".
func (s *Scheme) writeHeaders(dst []byte, v *request.View, names []string, sep byte, lines bool) ([]byte, reason.Code) {
	for i, name := range names {
		if i > 0 {
			dst = append(dst, sep)
		}
		if lines {
			dst = append(append(dst, name...), ':')
		}
		value, code := s.headerText(v, name)
		if code != reason.OK {
			return dst, code
		}
		dst = append(dst, value...)
	}
	return dst, reason.OK
}

// writeForm appends the names and values of the form that the body is, decoded, in order,
// equal pairs once.
func (s *Scheme) writeForm(dst []byte, q *asked) ([]byte, reason.Code) {
	if q.body == "" {
		return dst, reason.OK
	}
	if !isForm(q.r.View) {
		if s.traits.MayCover {
			return dst, reason.DigestMissing
		}
		return dst, reason.BodyMalformed
	}
	var list []form.Pair
	for p := form.Walk(q.body); p.Next(); {
		if p.Text == "" {
			continue // as every reader of forms does
		}
		key, ok := decoded(p.Name, true)
		value, good := decoded(p.Value, true)
		if !ok || !good || len(list) == form.MaxPairs {
			return dst, reason.BodyMalformed
		}
		list = append(list, form.Pair{Key: key, Value: value})
	}
	form.Sort(list)
	for i := range list {
		if i > 0 && list[i] == list[i-1] {
			continue
		}
		dst = append(append(dst, list[i].Key...), list[i].Value...)
	}
	return dst, reason.OK
}

// sorted appends the parameters of a query as they stand, in the order of their bytes.
func sorted(dst []byte, query string) ([]byte, reason.Code) {
	var list []form.Pair
	for p := form.Walk(query); p.Next(); {
		if len(list) == form.MaxPairs {
			return dst, reason.SignaturesTooMany
		}
		list = append(list, form.Pair{Key: p.Text})
	}
	form.Sort(list)
	for i := range list {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, list[i].Key...)
	}
	return dst, reason.OK
}

// writeParameters appends the parameters of the query and then of the form but for those of
// a name. Nothing is between the two, as the vendor has it: a query alone that is cut
// within a parameter and sent as both would be the same text, so the parameters at the
// border have to be whole.
func writeParameters(dst []byte, q *asked, name string) ([]byte, reason.Code) {
	start := len(dst)
	dst = minus(dst, q.r.View.Query, name)
	border := len(dst)
	if q.body != "" && !isForm(q.r.View) {
		return dst, reason.BodyMalformed
	}
	dst = minus(dst, q.body, name)
	query, body := form.Bytes(dst[start:border]), form.Bytes(dst[border:])
	if query != "" && body != "" {
		first, _, _ := strings.Cut(body, "&")
		if !assigns(query[strings.LastIndexByte(query, '&')+1:]) || !assigns(first) {
			return dst, reason.BodyMalformed
		}
	}
	return dst, reason.OK
}

// assigns says that a parameter has a name and a '='.
func assigns(parameter string) bool { return strings.IndexByte(parameter, '=') > 0 }

// minus appends the parameters of a query or a form as they stand but for those of a name.
func minus(dst []byte, text, name string) []byte {
	first := true
	for p := form.Walk(text); p.Next(); {
		if p.Named(name) {
			continue
		}
		if !first {
			dst = append(dst, '&')
		}
		first = false
		dst = append(dst, p.Text...)
	}
	return dst
}
