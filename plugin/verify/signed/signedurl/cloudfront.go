package signedurl

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// CloudFront's parameters; its cookies have the prefix before their names.
const (
	frontSignature = iota
	frontKey
	frontExpires
	frontPolicy
	frontCount
	frontPrefix = "CloudFront-"
)

var frontNames = []string{"Signature", "Key-Pair-Id", "Expires", "Policy"}

// cloudFront reads a signed URL or signed cookies. What is signed is a policy: one that is
// sent, or the canned one, of which only the end is.
func (s *Scheme) cloudFront(r *signed.Request, c *signed.Claim) reason.Code {
	v := r.View
	var o own
	o.read(v.Query, frontNames)
	inQuery := o.seen[frontSignature] || o.seen[frontKey]
	query, hasQuery := v.Query, v.HasQuery
	cookies, code := frontCookies(v, &o, inQuery)
	switch {
	case code != reason.OK:
		return code
	case !inQuery && !cookies:
		return reason.Missing
	case inQuery:
		if hasQuery = o.first > 0; hasQuery {
			query = v.Query[:o.first-1]
		} else {
			query = ""
		}
	}
	if o.bad || !o.given(frontSignature) || !o.given(frontKey) || o.given(frontExpires) == o.given(frontPolicy) ||
		o.value[frontKey] == "" || len(o.value[frontKey]) > signed.MaxNonce || len(o.value[frontSignature]) > maxSignature {
		return reason.SignatureMalformed
	}
	signature, ok := unfront(o.value[frontSignature])
	if !ok || len(signature) == 0 {
		return reason.SignatureMalformed
	}
	c.KeyID, c.Named, c.Signatures = o.value[frontKey], true, [][]byte{signature}
	url, origin := s.url(make([]byte, 0, 128+len(v.Target)), v)
	url = append(url, v.RawPath...)
	if hasQuery {
		url = append(append(url, '?'), query...)
	}
	if o.given(frontPolicy) {
		return s.custom(r, c, o.value[frontPolicy], form.Bytes(url), origin)
	}
	if c.Expires, ok = seconds(o.value[frontExpires]); !ok {
		return reason.TimestampMalformed
	}
	for _, b := range url {
		if b <= ' ' || b >= 0x7f || b == '"' || b == '\\' {
			return reason.ResourceMismatch // it would not be one string of the policy
		}
	}
	c.Before = `{"Statement":[{"Resource":"` + form.Bytes(url) + `","Condition":{"DateLessThan":{"AWS:EpochTime":` + o.value[frontExpires] + `}}}]}`
	return reason.OK
}

// frontCookies reads the cookies, if there is a signature among them.
func frontCookies(v *request.View, o *own, inQuery bool) (found bool, code reason.Code) {
	var value [frontCount]string
	var n [frontCount]int
	if _, has := v.Next("cookie", 0); !has {
		return false, reason.OK
	}
	for i, name := range frontNames {
		value[i], n[i] = cookie(v, frontPrefix+name)
	}
	switch {
	case n[frontSignature] == 0 && n[frontKey] == 0:
		return false, reason.OK
	case inQuery:
		return false, reason.SeveralCredentials
	}
	*o = own{value: value}
	for i := range value {
		o.place[i] = n[i] - 1
		o.bad = o.bad || n[i] > 1
	}
	return true, reason.OK
}

// unfront decodes base64 in which '+', '=' and '/' are '-', '_' and '~'.
func unfront(s string) ([]byte, bool) {
	text := make([]byte, len(s))
	for i := range text {
		switch c := s[i]; c {
		case '-':
			text[i] = '+'
		case '_':
			text[i] = '='
		case '~':
			text[i] = '/'
		case '+', '=', '/':
			return nil, false
		default:
			text[i] = c
		}
	}
	return form.Base64(text[:0:0], form.Bytes(text), form.StdPadded)
}
