package signed

import (
	"github.com/postern-wasm/postern/plugin/base64"
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// tap opens the hashes that a claim needs of the body. Where there is no room for one, the
// body is read again at its end.
func (a *Attempt) tap(i int, c *Claim, known bool) {
	t := a.body.Taps
	if c.Body == BodyHashed {
		if s := t.open(tapID(a.cfg.Provider, i, slotHash), c.seal); s != nil {
			s.Reset(c.BodyHash)
		}
		return
	}
	a.each(c, known, func(n int, k *Key, alg Algorithm) {
		rounds := 1
		if alg == Ed25519 {
			rounds = len(c.Signatures)
		}
		for nth := range rounds {
			s := t.open(tapID(a.cfg.Provider, i, n<<4|nth), c.seal)
			if s == nil {
				continue
			}
			if !k.begin(alg, c, nth, s) {
				t.drop()
				continue
			}
			s.WriteString(c.Before)
		}
	})
	if a.cfg.NeedsText {
		if s := t.open(tapID(a.cfg.Provider, i, slotText), c.seal); s != nil {
			s.Reset(digest.SHA256)
			s.WriteString(c.Before)
		}
	}
}

func (a *Attempt) tapDigests(i int, c *Claim) {
	for n := range c.Digests {
		if c.Digests[n].Hash == digest.None {
			continue
		}
		if s := a.body.Taps.open(tapID(a.cfg.Provider, i, slotDigest+n), c.seal); s != nil {
			s.Reset(c.Digests[n].Hash)
		}
	}
}

// bodyHolds judges a complete body by the claim.
func (a *Attempt) bodyHolds(i int, c *Claim) reason.Code {
	if a.body.Size > 0 {
		switch {
		case a.cfg.Body == BodyDigest && c.Digests[0].Hash == digest.None && !c.BodyFree:
			return reason.DigestMissing
		case !c.covers() && !c.BodyFree:
			return reason.BodyNotCovered
		}
	}
	for n := range c.Digests {
		d := &c.Digests[n]
		if d.Hash == digest.None {
			continue
		}
		var sum [digest.MaxSize]byte
		got, ok := a.bodySum(c, d.Hash, tapID(a.cfg.Provider, i, slotDigest+n), sum[:0])
		if !ok {
			return reason.BodyUndelivered
		}
		if !digest.Equal(got, d.Sum) {
			return reason.DigestMismatch
		}
	}
	return reason.OK
}

// bodySum appends the body's digest to dst.
func (a *Attempt) bodySum(c *Claim, h digest.Hash, id uint64, dst []byte) ([]byte, bool) {
	var fresh digest.State
	s := &fresh
	if tapped := a.body.Taps.find(id, c.seal); tapped != nil && a.whole() {
		*s = *tapped
	} else {
		s.Reset(h)
		if !a.reread(s) {
			return dst, false
		}
	}
	if s.Hash() != h {
		return dst, false
	}
	return s.Append(dst), true
}

// whole says that the taps have seen all of the body.
func (a *Attempt) whole() bool { return a.body.Taps.Size() == a.body.Size }

// reread lets a hash run over the body once more.
func (a *Attempt) reread(s *digest.State) bool {
	if a.body.Size == 0 {
		return true
	}
	read := a.body.Each != nil && a.body.Each(s.Write)
	a.unread = a.unread || !read
	return read
}

// before returns a state that has taken the signed text but for After.
func (a *Attempt) before(i int, c *Claim, n int, k *Key, alg Algorithm, nth int) (*digest.State, bool) {
	if c.Body == BodyRaw {
		if s := a.body.Taps.find(tapID(a.cfg.Provider, i, n<<4|nth), c.seal); s != nil && a.whole() {
			s2 := new(digest.State)
			*s2 = *s
			return s2, true
		}
	}
	s := new(digest.State)
	if !k.begin(alg, c, nth, s) {
		return nil, false
	}
	if c.Lead != "" {
		return s, alg.mac() != digest.None && a.lead(i, c, s)
	}
	s.WriteString(c.Before)
	if alg == MD5Text {
		s.Write(k.secret)
		return s, c.Body == BodyUnused
	}
	return s, a.writeBody(i, c, s)
}

// lead writes Lead and the text's hash.
func (a *Attempt) lead(i int, c *Claim, s *digest.State) bool {
	text := new(digest.State)
	text.Reset(digest.SHA256)
	text.WriteString(c.Before)
	ok := a.writeBody(i, c, text)
	text.WriteString(c.After)
	var sum [digest.MaxSize]byte
	var written [2 * digest.MaxSize]byte
	s.WriteString(c.Lead)
	s.Write(appendForm(written[:0], Hex, text.Append(sum[:0])))
	return ok
}

// writeBody writes what stands between Before and After.
func (a *Attempt) writeBody(i int, c *Claim, s *digest.State) bool {
	switch c.Body {
	case BodyUnused:
		return true
	case BodyRaw:
		return a.reread(s)
	case BodyHashed:
		var sum [digest.MaxSize]byte
		var text [2 * digest.MaxSize]byte
		got, ok := a.bodySum(c, c.BodyHash, tapID(a.cfg.Provider, i, slotHash), sum[:0])
		s.Write(appendForm(text[:0], c.BodyForm, got))
		return ok
	case BodyWhole:
	}
	return false
}

// sumText computes the digest of the signed text, for public keys.
func (a *Attempt) sumText(i int, c *Claim) bool {
	var s digest.State
	if tapped := a.body.Taps.find(tapID(a.cfg.Provider, i, slotText), c.seal); c.Body == BodyRaw && tapped != nil && a.whole() {
		s = *tapped
	} else {
		s.Reset(digest.SHA256)
		s.WriteString(c.Before)
		if !a.writeBody(i, c, &s) {
			return false
		}
	}
	s.WriteString(c.After)
	s.Append(a.proof.text[:0])
	return true
}

// appendForm writes a digest as text: hex in lower case, base64 with padding, base64url
// without.
func appendForm(dst []byte, f Form, sum []byte) []byte {
	switch f {
	case Hex:
		const digits = "0123456789abcdef"
		all := append(append(dst, sum...), sum...) // room for all of it at once
		out := all[len(dst):]
		for i, b := range sum {
			out[2*i], out[2*i+1] = digits[b>>4], digits[b&15]
		}
		return all
	case Base64URL:
		return base64.Append(dst, base64.URL, form.Bytes(sum))
	case Base64:
	}
	return base64.Append(dst, base64.Standard, form.Bytes(sum))
}
