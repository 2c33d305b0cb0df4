package signedurl

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// Google's parameters, in the order in which they end a query but for the prefix, which is
// the first where there is one.
const (
	googleExpires = iota
	googleKey
	googleSignature
	googlePrefix
)

var googleNames = []string{"Expires", "KeyName", "Signature", "URLPrefix"}

// google reads a URL of Cloud CDN: what is signed is all of it before "&Signature=", or the
// parameters from URLPrefix to there.
func (s *Scheme) google(v *request.View, c *signed.Claim) reason.Code {
	var o own
	o.read(v.Query, googleNames)
	if !o.seen[googleSignature] {
		return reason.Missing
	}
	before := 0 // how many stand before Expires
	if o.given(googlePrefix) {
		before = 1
	}
	if o.bad || o.used != before+3 || o.value[googleKey] == "" || len(o.value[googleKey]) > signed.MaxNonce {
		return reason.SignatureMalformed
	}
	for n := googleExpires; n <= googleSignature; n++ {
		if o.place[n] != before+n {
			return reason.SignatureMalformed
		}
	}
	signature, ok := form.Base64(nil, o.value[googleSignature], form.URLPadded)
	if !ok || len(signature) != 20 {
		return reason.SignatureMalformed
	}
	if c.Expires, ok = seconds(o.value[googleExpires]); !ok {
		return reason.TimestampMalformed
	}
	c.KeyID, c.Named, c.Signatures = o.value[googleKey], true, [][]byte{signature}
	end := o.at[googleSignature] - 1 // at the '&'
	if o.given(googlePrefix) {
		c.Before = v.Query[o.first:end]
		return s.under(v, o.value[googlePrefix])
	}
	url, _ := s.url(make([]byte, 0, 64+len(v.Target)), v)
	c.Before = form.Bytes(append(url, v.Target[:len(v.RawPath)+1+end]...))
	return reason.OK
}

// under says whether the URL begins with the prefix, which names a host whole.
func (s *Scheme) under(v *request.View, encoded string) reason.Code {
	prefix, ok := form.Base64(nil, encoded, form.URLAny)
	if !ok {
		return reason.SignatureMalformed
	}
	url, origin := s.url(make([]byte, 0, 64+len(v.RawPath)), v)
	url = append(url, v.RawPath...)
	if len(prefix) < origin || len(prefix) > len(url) || string(url[:len(prefix)]) != string(prefix) || !normal(v.RawPath) {
		return reason.ResourceMismatch
	}
	return reason.OK
}
