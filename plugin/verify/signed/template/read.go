package template

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// found is what a request says besides its signatures.
type found struct {
	timestamp, nonce, id, keyID string
	stamp                       int64
	hasNonce, hasID, hasKeyID   bool
	// digest is stated if its hash is one.
	digest signed.Digest
	// whole says that the body has to be seen whole.
	whole bool
}

// Read implements [signed.Scheme].
func (s *Scheme) Read(r *signed.Request, out *signed.Reading) reason.Code {
	q := &asked{r: r}
	there := false
	for i := range s.cfg.Signatures {
		list, o := s.signatures(q, i)
		code := signatureCode(o)
		switch {
		case o == absent:
			there = there || s.cfg.Signatures[i].there(q)
			continue
		case code != reason.OK:
			return code
		}
		for b := range s.bases {
			c := out.Claim()
			if c == nil {
				return reason.Internal // New counts them
			}
			c.Signatures = list
			c.Body, c.BodyForm = signed.BodyWhole, signed.Form(i*MaxBases+b)
		}
	}
	claims := out.Claims()
	if len(claims) == 0 {
		if there { // of another version: no credential of ours, but one
			return reason.SignatureMalformed
		}
		return reason.Missing
	}
	f := &found{}
	if code := s.gather(q, f); code != reason.OK {
		return code
	}
	for i := range claims {
		c := &claims[i]
		if c.KeyID, c.Named = f.keyID, f.hasKeyID; f.whole {
			c.Algorithm = s.cfg.Signatures[c.BodyForm/MaxBases].Algorithm
			continue
		}
		if code := s.fill(q, f, c); code != reason.OK {
			return code
		}
	}
	return reason.OK
}

// Finish implements [signed.Scheme]: the claim's BodyForm says which of them it is.
func (s *Scheme) Finish(r *signed.Request, c *signed.Claim, body string) reason.Code {
	q := &asked{r: r, body: body, complete: true}
	which := int(c.BodyForm)
	if which >= len(s.cfg.Signatures)*MaxBases || which%MaxBases >= len(s.bases) {
		return reason.Internal
	}
	list, o := s.signatures(q, which/MaxBases)
	if o == absent {
		return reason.Missing
	}
	if code := signatureCode(o); code != reason.OK {
		return code
	}
	c.Signatures = list
	f := &found{}
	if code := s.gather(q, f); code != reason.OK {
		return code
	}
	c.KeyID, c.Named = f.keyID, f.hasKeyID
	return s.fill(q, f, c)
}

// there says that something stands where signatures do.
func (l *Location) there(q *asked) bool {
	_, o := l.raw(q)
	return o != absent
}

func signatureCode(o outcome) reason.Code {
	switch o {
	case absent:
		return reason.Missing
	case taken, later:
		return reason.OK
	case tooMany:
		return reason.SignaturesTooMany
	case several:
		return reason.SeveralCredentials
	case malformed:
	}
	return reason.SignatureMalformed
}

// signatures returns the decoded signatures at one of the places.
func (s *Scheme) signatures(q *asked, i int) ([][]byte, outcome) {
	sig := &s.cfg.Signatures[i]
	var room [signed.MaxSignatures]string
	texts, o := sig.all(q, room[:0])
	if o == later {
		return make([][]byte, 1), later // Finish has the real ones
	}
	if o != taken {
		return nil, o
	}
	list := make([][]byte, 0, len(texts))
	for _, text := range texts {
		// In a list what is no signature is one more that is not good: vendors pass over it,
		// and some write such things.
		if raw, ok := decode(sig.Encoding, text); ok && len(raw) > 0 {
			list = append(list, raw)
		}
	}
	switch {
	case len(list) > 0:
		return list, taken
	case sig.Separator != "":
		return nil, absent // the list may hold signatures of another version besides
	}
	return nil, malformed
}

func decode(e Encoding, text string) ([]byte, bool) {
	room := make([]byte, 0, len(text)*3/4+1)
	switch e {
	case Hex:
		return form.Hex(room, text)
	case Base64:
		return form.Base64(room, text, form.StdPadded)
	case Base64URL:
		return form.Base64(room, text, form.URLAny)
	}
	return nil, false
}

// gather reads all but the signatures.
func (s *Scheme) gather(q *asked, f *found) reason.Code {
	if code := s.listed(q); code != reason.OK {
		return code
	}
	if code := s.names(q, f); code != reason.OK {
		return code
	}
	if code := s.time(q, f); code != reason.OK {
		return code
	}
	if code := s.stated(q, f); code != reason.OK {
		return code
	}
	if !q.complete {
		f.whole = f.whole || s.form && f.digest.Hash == digest.None || s.parameters()
	}
	return reason.OK
}

// listed reads which headers the request says that it signs.
func (s *Scheme) listed(q *asked) reason.Code {
	if s.cfg.Signed.Place == Nowhere {
		return reason.OK
	}
	text, o := s.cfg.Signed.one(q)
	if o != taken {
		return reason.SignatureMalformed
	}
	more := true
	for more {
		var name string
		name, text, more = strings.Cut(text, s.cfg.SignedSeparator)
		switch {
		case !isName(name) || contains(q.among, name):
			return reason.SignatureMalformed
		case len(q.among) == maxListed:
			return reason.SignaturesTooMany
		}
		q.among = append(q.among, name)
	}
	for _, name := range s.cfg.Required {
		if !contains(q.among, name) {
			return reason.ComponentNotCovered
		}
	}
	return reason.OK
}

// names reads the texts that name something.
func (s *Scheme) names(q *asked, f *found) reason.Code {
	var code reason.Code
	if f.keyID, f.hasKeyID, code = s.name(q, &s.cfg.KeyID, reason.SignatureMalformed, f); code != reason.OK {
		return code
	}
	q.onlyAmong = s.listedOnly(pieceNonce)
	f.nonce, f.hasNonce, code = s.name(q, &s.cfg.Nonce, reason.NonceMissing, f)
	if q.onlyAmong = false; code != reason.OK {
		return code
	}
	f.id, f.hasID, code = s.name(q, &s.cfg.ID, reason.ComponentMissing, f)
	return code
}

// name reads a text that must not be empty.
func (s *Scheme) name(q *asked, l *Location, missing reason.Code, f *found) (text string, is bool, code reason.Code) {
	text, o := l.one(q)
	switch {
	case o == absent && (l.Optional || l.Place == Nowhere):
		return "", false, reason.OK
	case o == later:
		f.whole = true
		return "", false, reason.OK
	case o != taken || text == "":
		return "", false, missing
	}
	return text, true, reason.OK
}

// time reads the time of signing.
func (s *Scheme) time(q *asked, f *found) reason.Code {
	l := &s.cfg.Timestamp
	if l.Place == Nowhere {
		return reason.OK
	}
	q.onlyAmong = s.listedOnly(pieceTimestamp)
	text, o := l.one(q)
	q.onlyAmong = false
	switch o {
	case absent:
		return reason.TimestampMissing
	case malformed, several, tooMany:
		return reason.TimestampMalformed
	case later:
		f.whole = true
		return reason.OK
	case taken:
	}
	var ok bool
	switch s.cfg.Format {
	case Unix:
		f.stamp, ok = form.Unix(text)
	case UnixMilli:
		f.stamp, ok = form.UnixMilli(text)
	case RFC3339:
		f.stamp, ok = form.RFC3339(text)
	case HTTPDate:
		f.stamp, ok = form.HTTPDate(text)
	}
	if !ok {
		return reason.TimestampMalformed
	}
	f.timestamp = text
	return reason.OK
}

// stated reads the digest of the body that the request states.
func (s *Scheme) stated(q *asked, f *found) reason.Code {
	l := &s.cfg.Digest
	if l.Place == Nowhere {
		return reason.OK
	}
	q.onlyAmong = s.listedOnly(pieceLiteral)
	text, o := l.one(q)
	q.onlyAmong = false
	switch o {
	case absent:
		if l.Optional {
			return reason.OK
		}
		return reason.DigestMissing
	case malformed, several, tooMany, later:
		return reason.DigestUnsupported
	case taken:
	}
	sum, ok := decode(s.cfg.DigestEncoding, text)
	if !ok || len(sum) != s.cfg.DigestHash.Size() {
		return reason.DigestUnsupported
	}
	f.digest = signed.Digest{Hash: s.cfg.DigestHash, Sum: sum}
	return reason.OK
}

// listedOnly says that a text counts only if the request lists its header as signed: where
// it lists them, and the base does not have the text itself.
func (s *Scheme) listedOnly(p piece) bool {
	if s.cfg.Signed.Place == Nowhere {
		return false
	}
	for i := range s.bases {
		if p == pieceLiteral || !s.bases[i].has(p) {
			return true
		}
	}
	return false
}

// fill makes a claim of what was found.
func (s *Scheme) fill(q *asked, f *found, c *signed.Claim) reason.Code {
	which := int(c.BodyForm)
	b := &s.bases[which%MaxBases]
	c.Algorithm = s.cfg.Signatures[which/MaxBases].Algorithm
	c.Body, c.BodyForm, c.BodyFree = b.body, signed.Hex, s.cfg.BodyFree
	if b.body == signed.BodyWhole {
		// The text holds what the body is made of, or a digest of it stands instead.
		c.Body, c.BodyFree = signed.BodyUnused, c.BodyFree || q.complete
	}
	c.Digests[0] = f.digest
	if s.cfg.Timestamp.Place != Nowhere {
		c.Stamp, c.Stamped = f.stamp, true
	}
	c.Nonce, c.HasNonce, c.ID, c.HasID = f.nonce, f.hasNonce, f.id, f.hasID
	text := make([]byte, 0, textRoom)
	for i := range b.list {
		o := &b.list[i]
		if o.piece == pieceBody || o.piece == pieceBodyHash {
			c.BodyHash, c.BodyForm = o.hash, o.form
			c.Before = form.Bytes(text)
			text = make([]byte, 0, textRoom/4)
			continue
		}
		var code reason.Code
		if text, code = s.write(text, q, f, o); code != reason.OK {
			return code
		}
	}
	if c.Body == signed.BodyUnused {
		c.Before = form.Bytes(text)
	} else {
		c.After = form.Bytes(text)
	}
	return reason.OK
}

// textRoom is how long most signed texts are without the body, bytes.
const textRoom = 256

// unambiguous says that a text can stand before the byte that ends it.
func unambiguous(text string, o *operation) bool {
	return o.stop == 0 || strings.IndexByte(text, o.stop) < 0
}

// headerText returns what a header field contributes; "host" is the authority.
func (s *Scheme) headerText(v *request.View, name string) (string, reason.Code) {
	if name == "host" {
		return s.authorityOf(v)
	}
	value, n := form.One(v, name)
	if n != 1 {
		return "", reason.ComponentMissing
	}
	return form.Trim(value), reason.OK
}
