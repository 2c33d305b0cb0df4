package aliyun

import (
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// Bounds on a signature.
const (
	maxNames = 64
	maxText  = 64 << 10
)

// Read is part of [signed.Scheme].
func (s *Scheme) Read(r *signed.Request, out *signed.Reading) reason.Code {
	v := r.View
	text, n := form.One(v, headerSignature)
	switch {
	case n == 0:
		return reason.Missing
	case n > 1:
		return reason.SeveralCredentials
	}
	c := signed.Claim{Named: true, BodyFree: s.cfg.BodyOptional}
	signature, ok := form.Base64(nil, text, form.StdPadded)
	if c.KeyID, n = form.One(v, headerKey); !ok || len(signature) == 0 || n != 1 || c.KeyID == "" || len(c.KeyID) > signed.MaxNonce {
		return reason.SignatureMalformed
	}
	c.Signatures = [][]byte{signature}
	method, n := form.One(v, headerMethod)
	switch {
	case n > 1:
		return reason.SeveralCredentials
	case n == 0 || method == "HmacSHA256":
		c.Algorithm = signed.HMACSHA256
	case method == "HmacSHA1":
		c.Algorithm = signed.HMACSHA1
	default:
		return reason.AlgorithmNotAllowed
	}
	w := writer{text: make([]byte, 0, 1024)}
	if code := w.headers(v); code != reason.OK {
		return code
	}
	if code := w.demands(s, v, &c); code != reason.OK {
		return code
	}
	if code := bodyDigest(v, &c); code != reason.OK {
		return code
	}
	w.text = append(w.text, v.RawPath...)
	if isForm(v) {
		c.Body, c.Before = signed.BodyWhole, form.Bytes(w.text) // what is still to come is the parameters
	} else if code := w.parameters(v.Query, ""); code != reason.OK {
		return code
	}
	c.Before = form.Bytes(w.text)
	*out.Claim() = c
	return reason.OK
}

// Finish is part of [signed.Scheme]: it writes the parameters of query and form.
func (s *Scheme) Finish(r *signed.Request, c *signed.Claim, body string) reason.Code {
	w := writer{text: append(make([]byte, 0, len(c.Before)+len(r.View.Query)+len(body)+1), c.Before...)}
	if code := w.parameters(r.View.Query, body); code != reason.OK {
		return code
	}
	c.Before, c.Body = form.Bytes(w.text), signed.BodyUnused
	c.BodyFree = true // all of it is in the text
	return reason.OK
}

// demands looks at what has to be listed, and reads the time and the nonce.
func (w *writer) demands(s *Scheme, v *request.View, c *signed.Claim) reason.Code {
	for _, name := range s.cfg.Components {
		if !w.lists(name) {
			return reason.ComponentNotCovered
		}
	}
	time, n := form.One(v, headerTime)
	switch {
	case n == 0 && !s.cfg.TimeOptional:
		return reason.TimestampMissing
	case n > 1:
		return reason.SeveralCredentials
	case n == 1:
		var ok bool
		if c.Stamp, ok = form.UnixMilli(time); !ok {
			return reason.TimestampMalformed
		}
		if c.Stamped = true; !w.lists(headerTime) {
			return reason.ComponentNotCovered
		}
	}
	c.Nonce, n = form.One(v, headerNonce)
	switch {
	case n == 0 && s.cfg.NonceOptional:
		return reason.OK
	case n == 0 || c.Nonce == "" || len(c.Nonce) > signed.MaxNonce:
		return reason.NonceMissing
	case n > 1:
		return reason.SeveralCredentials
	case !w.lists(headerNonce):
		return reason.ComponentNotCovered
	}
	c.HasNonce = true
	return reason.OK
}

// bodyDigest reads Content-MD5, which is signed wherever it stands.
func bodyDigest(v *request.View, c *signed.Claim) reason.Code {
	text, n := form.One(v, "content-md5")
	if n == 0 || text == "" {
		return reason.OK
	}
	sum, ok := form.Base64(nil, text, form.StdPadded)
	if !ok || len(sum) != digest.MD5.Size() {
		return reason.DigestUnsupported
	}
	c.Digests[0] = signed.Digest{Hash: digest.MD5, Sum: sum}
	return reason.OK
}

// isForm says that the body, if there is one, is a form.
func isForm(v *request.View) bool {
	text, _ := form.One(v, "content-type")
	for i := range len(text) {
		if text[i] == ';' {
			text = text[:i]
			break
		}
	}
	return request.EqualFold(form.Trim(text), "application/x-www-form-urlencoded")
}
