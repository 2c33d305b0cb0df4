package sigv4

import (
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
	"github.com/postern-wasm/postern/plugin/word"
)

// Config says what a signature must be.
type Config struct {
	// Region and Service are the scope's.
	Region, Service string
	// S3 signs paths as they are, once encoded, and presigned requests without their body.
	S3 bool
	// NormalizePath removes dot segments and doubled slashes before the path is signed.
	NormalizePath bool
	// UnsignedPayload lets a request say that its body is not signed.
	UnsignedPayload bool
	// UnsignedHeaders lets x-amz- headers pass that are not signed.
	UnsignedHeaders bool
	// Components are header fields that have to be signed, besides host and the date.
	Components []string
}

// Scheme is a [signed.Scheme].
type Scheme struct{ cfg Config }

// New returns the scheme of a configuration.
func New(cfg Config) *Scheme { return &Scheme{cfg} }

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	// maxExpires is a week, the longest that a presigned URL holds.
	maxExpires = 604800
	second     = int64(1_000_000_000)

	maxNames = 64
	maxText  = 128 << 10
)

// Traits is part of [signed.Scheme].
func (s *Scheme) Traits() signed.Traits {
	return signed.Traits{
		Algorithms: signed.SetOf(signed.HMACSHA256), KeyIDs: true, Timed: true, Body: signed.BodyHashed, MayCover: true,
		Challenge: algorithm, Headers: []string{"authorization", "x-amz-security-token"},
	}
}

// Finish is part of [signed.Scheme]: no claim of this one needs the body whole.
func (s *Scheme) Finish(*signed.Request, *signed.Claim, string) reason.Code { return reason.Internal }

// Read is part of [signed.Scheme].
func (s *Scheme) Read(r *signed.Request, out *signed.Reading) reason.Code {
	var p parts
	code := p.find(r.View)
	if code != reason.OK {
		return code
	}
	claim := signed.Claim{Named: true, Algorithm: signed.HMACSHA256}
	if code := s.scope(&p, &claim); code != reason.OK {
		return code
	}
	if code := s.time(r.View, &p, &claim); code != reason.OK {
		return code
	}
	signature, ok := form.Hex(nil, p.signature)
	if !ok || len(signature) != digest.SHA256.Size() {
		return reason.SignatureMalformed
	}
	claim.Signatures = [][]byte{signature}
	w := writer{scheme: s, view: r.View, parts: &p}
	if code := w.write(&claim); code != reason.OK {
		return code
	}
	lead := make([]byte, 0, 128)
	lead = append(append(lead, algorithm...), '\n')
	lead = append(append(lead, p.stamp...), '\n')
	for i, part := range claim.Scope[1:] {
		if i > 0 {
			lead = append(lead, '/')
		}
		lead = append(lead, part...)
	}
	claim.Lead = form.Bytes(append(lead, '\n'))
	*out.Claim() = claim
	return reason.OK
}

// scope reads the credential: key, date, region, service, terminator.
func (s *Scheme) scope(p *parts, c *signed.Claim) reason.Code {
	var list [5]string
	rest := p.credential
	for i := range list {
		at := word.Index(rest, '/')
		if at < 0 != (i == len(list)-1) {
			return reason.SignatureMalformed
		}
		if at < 0 {
			at = len(rest)
		}
		list[i] = rest[:at]
		rest = rest[min(at+1, len(rest)):]
	}
	switch {
	case list[0] == "" || len(list[0]) > signed.MaxNonce || len(list[1]) != 8 || list[4] != terminator:
		return reason.SignatureMalformed
	case list[2] != s.cfg.Region || list[3] != s.cfg.Service:
		return reason.SignerMismatch
	}
	c.KeyID = list[0]
	c.Scope = []string{"AWS4", list[1], list[2], list[3], terminator}
	return reason.OK
}

// time reads when the request was signed, and until when it holds.
func (s *Scheme) time(v *request.View, p *parts, c *signed.Claim) reason.Code {
	if !p.presigned {
		if code := p.date(v); code != reason.OK {
			return code
		}
	}
	var ok bool
	if c.Stamp, ok = form.ISOBasic(p.stamp); !ok {
		return reason.TimestampMalformed
	}
	if p.stamp[:8] != c.Scope[1] {
		return reason.SignerMismatch
	}
	c.Stamped = true
	if !p.presigned {
		return reason.OK
	}
	nanos, ok := form.Unix(p.expires)
	switch {
	case !ok || nanos < second:
		return reason.SignatureMalformed
	case nanos > maxExpires*second:
		return reason.SignatureExpired
	}
	c.Lasting, c.Expires = true, c.Stamp+nanos
	return reason.OK
}
