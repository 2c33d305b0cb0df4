package filter

import (
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Judging signed requests. What takes the body is judged twice by the same code, when the
// headers have come and when all of it is there; nothing of the first time is believed.

const (
	// deliveryPatience is how long a request whose headers are held waits for the first
	// sign that the host delivers bodies to held requests at all.
	deliveryPatience = 2 * int64(1_000_000_000)
	// pieceBytes is how much of a body is read at once.
	pieceBytes = 64 << 10
)

// hasSigned says whether any provider is one of signed requests.
func hasSigned(cfg *config.Config) bool {
	for i := range cfg.Providers {
		if cfg.Providers[i].Signed != nil {
			return true
		}
	}
	return false
}

// signedRequest judges the request as one of a provider of signed requests.
func (j *judge) signedRequest(provider int) policy.Proof {
	p := j.plugin.cfg.Providers[provider].Signed
	s := j.next()
	if s.request == nil {
		s.request = new(signed.Attempt)
	}
	s.provider, s.place, j.judged, j.signer = provider, nil, nil, ""
	b := j.body(p)
	r := signed.Request{View: &j.plugin.work.view, Now: j.now, Address: j.plugin.client, Protocol: j.plugin.protocol}
	state, code := s.request.Judge(&p.Verify, &r, b)
	j.name(s.request)
	j.timeSigned(s.request, state, code)
	switch state {
	case signed.Proved:
		return j.signedProved(s, p)
	case signed.Pledged:
		proof := j.signedProved(s, p)
		j.pledged = proof.State == policy.Proved
		return proof
	case signed.NeedsBody:
		return j.needsBody(s, p)
	case signed.Refused:
	}
	if code == reason.Missing {
		return policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: provider}
	}
	if code == reason.BodyUndelivered {
		j.plugin.unread = true
	}
	return failed(provider, code)
}

// timeSigned notes how long it took to verify a signed request, in the event in which all
// of what is signed was there.
func (j *judge) timeSigned(a *signed.Attempt, state signed.State, code reason.Code) {
	if alg := a.Tried(); alg != signed.NoAlgorithm && (state == signed.Proved || state == signed.Pledged || code == reason.SignatureInvalid) {
		j.took(alg.String())
	}
}

// body is what is known of the request's body.
func (j *judge) body(p *config.SignedRequest) *signed.Body {
	s := j.stream
	// One that is too long is never complete: who needs it is told so by needsBody.
	ended := s.Ended && s.size <= p.MaxBytes
	if !ended && p.BeforeUpstream && s.size == 0 && !announced(&j.plugin.work.view) && !j.plugin.work.view.Endless() {
		// Such a host does not say that headers are the end. A body that comes
		// nevertheless is refused: see Stream.bodyless.
		ended, s.bodyless = true, true
	}
	b := &signed.Body{Ended: ended, Size: s.size, Each: j.eachPiece, Whole: j.wholeBody}
	if !ended && s.taps == nil && s.size <= p.MaxBytes {
		j.plugin.lend(s)
	}
	if s.taps != nil {
		b.Taps = &s.taps.Taps
		if j.mayPass(p) {
			b.Pledge = &s.taps.pledge
		}
	}
	return b
}

// name notes by which key the request says that it is signed, for the log.
func (j *judge) name(a *signed.Attempt) {
	if k := a.Key(); k != nil {
		j.signer = k.ID
		return
	}
	for _, c := range a.Reading().Claims() {
		if c.Named {
			j.signer = c.KeyID
			return
		}
	}
}

// signedProved takes a request that is proved, unless it has come before.
func (j *judge) signedProved(s *slot, p *config.SignedRequest) policy.Proof {
	k := s.request.Key()
	s.identity = identity.Identity{Provider: s.provider, Signed: true, KeyID: k.ID, Client: k.Client}
	s.sealed = true
	if code := j.seenBefore(s, p); code != reason.OK {
		return failed(s.provider, code)
	}
	j.proved++
	return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: s.provider}
}

// needsBody decides on a request that can be judged only with its body: one that is too
// long or has been seen before is not held.
func (j *judge) needsBody(s *slot, p *config.SignedRequest) policy.Proof {
	stream := j.stream
	if max(stream.size, length(&j.plugin.work.view)) > p.MaxBytes {
		return failed(s.provider, reason.BodyTooLarge)
	}
	if j.plugin.work.view.Endless() {
		return failed(s.provider, reason.BodyNotAllowed)
	}
	if code := j.seenEarly(s, p); code != reason.OK {
		return failed(s.provider, code)
	}
	if stream.undelivered(j.now) && !j.plugin.delivers {
		j.plugin.undelivered = true
		return failed(s.provider, reason.BodyUndelivered)
	}
	j.holds, j.limit = true, max(j.limit, p.MaxBytes)
	j.keeps = j.keeps || !p.BeforeUpstream
	return policy.Proof{State: policy.Held, Reason: reason.OK, Provider: s.provider}
}

// eachPiece hands over what the host holds of the body, piece by piece.
func (j *judge) eachPiece(take func(piece []byte)) bool {
	for at := int64(0); at < j.stream.size; {
		n := min(j.stream.size-at, pieceBytes)
		piece := j.plugin.readBody(at, n)
		if int64(len(piece)) != n {
			return false
		}
		take(piece)
		at += n
	}
	return true
}

// wholeBody returns it in one piece, which is the event's.
func (j *judge) wholeBody() (string, bool) {
	b := make([]byte, 0, j.stream.size)
	ok := j.eachPiece(func(piece []byte) { b = append(b, piece...) })
	return string(b), ok
}

// announced says that the headers announce a body. Only hosts that hold the body back by
// themselves and do not tell where the headers are the end are judged by it.
func announced(v *request.View) bool {
	if _, ok := v.Next("transfer-encoding", 0); ok {
		return true
	}
	at, ok := v.Next("content-length", 0)
	return ok && v.Headers[at].Value != "0"
}

// length is the announced length of the body, 0 if there is none that can be read. It can
// refuse a request early and nothing else.
func length(v *request.View) int64 {
	at, ok := v.Next("content-length", 0)
	if !ok {
		return 0
	}
	n, _ := digits(v.Headers[at].Value)
	return n
}

// digits reads a length, as far as one can matter; 0 if it is no number.
func digits(text string) (n int64, ok bool) {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > 1<<50 {
			break
		}
	}
	return n, true
}
