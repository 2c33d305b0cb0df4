package effect

import (
	"unicode/utf8"

	"github.com/postern-wasm/postern/plugin/base64"
	"github.com/postern-wasm/postern/plugin/jsonx"
)

// Encoding is how a claim becomes the value of a header. In every one a value is at most
// maxHeaderValue bytes before base64, and null is as absent.
type Encoding uint8

// The encodings.
const (
	// EncodingString writes strings as they are, numbers and booleans as written in the
	// token, arrays and objects as base64 of their JSON text, as jwt_authn does.
	EncodingString Encoding = iota
	// EncodingCSV writes the elements of an array with commas between them. It is refused
	// where that would read otherwise: an element that is empty, has a comma or a double
	// quote, or is no string, number or boolean. Any other claim is a list of one.
	EncodingCSV
	// EncodingJSON writes the claim's JSON text in ASCII: white space between its parts is
	// left out, what is beyond ASCII is escaped.
	EncodingJSON
	// EncodingBase64JSON writes base64 (RFC 4648 §4) of the claim's JSON text as it stands.
	EncodingBase64JSON
)

// encode is a claim's header text; "" writes no header. It is false for what cannot
// stand in a header in that encoding.
func (w *Writer) encode(e Encoding, value jsonx.Value) (text string, ok bool) {
	if value.Kind() == jsonx.Null {
		return "", true
	}
	switch e {
	case EncodingString:
		return w.claim(value)
	case EncodingCSV:
		return w.csv(value)
	case EncodingJSON:
		b, ok := appendASCII(w.buf, value.Raw(), maxHeaderValue)
		return w.built(b, ok)
	case EncodingBase64JSON:
		raw := value.Raw()
		if len(raw) > maxHeaderValue {
			return "", false
		}
		return w.text(base64.Append(w.buf, base64.Standard, raw)), true
	}
	return "", false
}

// built is text for what may have failed half-way: what stands in the buffer behind its
// end is noted, so that it is wiped.
func (w *Writer) built(b []byte, ok bool) (string, bool) {
	if !ok {
		w.texts = max(w.texts, len(b))
		return "", false
	}
	return w.text(b), true
}

// csv is a list without quotes: whoever splits it at commas has what was in the token.
func (w *Writer) csv(value jsonx.Value) (string, bool) {
	if value.Kind() != jsonx.Array {
		text, ok := listed(value)
		return text, ok
	}
	b := w.buf
	for v, ok := value.First(); ok; v, ok = v.Next() {
		text, ok := listed(v)
		if !ok || len(b)-len(w.buf)+len(text) >= maxHeaderValue {
			return w.built(b, false)
		}
		if len(b) > len(w.buf) {
			b = append(b, ',')
		}
		b = append(b, text...)
	}
	return w.built(b, true)
}

// listed is the text of one element of a list.
func listed(v jsonx.Value) (text string, ok bool) {
	switch v.Kind() {
	case jsonx.String:
		text = v.Text()
		for i := 0; i < len(text); i++ {
			if text[i] == ',' || text[i] == '"' {
				return "", false
			}
		}
		return text, text != "" && writable(text)
	case jsonx.Number, jsonx.True, jsonx.False:
		text = v.Raw()
		return text, len(text) <= maxHeaderValue
	case jsonx.Invalid, jsonx.Null, jsonx.Array, jsonx.Object:
	}
	return "", false
}

// appendASCII appends a JSON text that the parser has taken, at most most bytes of it:
// strings with \u escapes for what is not printable ASCII (RFC 8259 §7), no white space
// elsewhere.
func appendASCII(dst []byte, raw string, most int) (b []byte, ok bool) {
	const digits = "0123456789abcdef"
	from, quoted := len(dst), false
	for i := 0; i < len(raw); {
		if len(dst)-from > most {
			return dst, false
		}
		c := raw[i]
		switch {
		case c == '\\': // within a string; what follows is never a quote that ends it
			dst = append(dst, c, raw[i+1])
			i += 2
			continue
		case c == '"':
			quoted = !quoted
		case c <= ' ' && !quoted:
			i++
			continue
		case c >= 0x7f:
			r, size := utf8.DecodeRuneInString(raw[i:])
			if r > 0xffff {
				r -= 0x10000
				high := 0xd800 + r>>10
				dst = append(dst, '\\', 'u', digits[high>>12&15], digits[high>>8&15], digits[high>>4&15], digits[high&15])
				r = 0xdc00 + r&0x3ff
			}
			dst = append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
			i += size
			continue
		}
		dst = append(dst, c)
		i++
	}
	return dst, len(dst)-from <= most
}
