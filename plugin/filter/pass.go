package filter

import (
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// Bodies that pass while they are hashed (body.stream). The headers have been judged and
// are gone; of the body one byte is always kept back, until all of it has been compared
// with the digest that the headers have signed. So the upstream sees a request of another
// body begin, but never end. The driver asks [Plugin.Passes] in body callbacks, rewrites
// each chunk by [Plugin.Pass], and asks [Plugin.Passed] at the end.

// mayPass says whether the request may go on with its headers alone: the verdict is this
// provider's and is not to be reported only, nothing of the body has come, and its length
// is either not announced or is one that the byte kept back is missing from. A body whose
// announced length has been reached is complete for the upstream.
func (j *judge) mayPass(p *config.SignedRequest) bool {
	s := j.stream
	if !p.Stream || !j.alone || !j.enforced || s.Ended || s.forBody || s.size > 0 || s.taps == nil || j.plugin.work.view.Endless() {
		return false
	}
	n, ok := announcement(&j.plugin.work.view)
	return ok && n != 0 && n <= p.MaxBytes
}

// announcement is the announced length of a body, -1 if none is; not ok if there are several
// or one that is no number.
func announcement(v *request.View) (n int64, ok bool) {
	at, found := v.Next("content-length", 0)
	if !found {
		return -1, true
	}
	text := v.Headers[at].Value
	if _, twice := v.Next("content-length", at+1); twice || text == "" || len(text) > 18 {
		return 0, false
	}
	return digits(text)
}

// pass lets the request's body pass from now on.
func (j *judge) pass() {
	s := j.stream
	s.phase = passes
	s.limit = j.plugin.cfg.Providers[j.slots[0].provider].Signed.MaxBytes
	if n, ok := announcement(&j.plugin.work.view); ok && n >= 0 {
		s.limit = min(s.limit, n)
	}
	s.by = j.slots[0].provider
	s.taps.Taps.Reset()
}

// Passes says whether a stream's body passes while it is hashed.
func (p *Plugin) Passes(s *Stream) bool { return s.phase == passes && s.taps != nil }

// Fits says whether the body may have n more bytes.
func (p *Plugin) Fits(s *Stream, n int64) bool { return n >= 0 && n <= s.limit-s.size }

// Last takes bytes of the chunk that ends the body, which goes on as it is if Passed says so.
func (p *Plugin) Last(s *Stream, chunk []byte) {
	s.size += int64(len(chunk))
	s.taps.pledge.Write(chunk)
}

// Pass takes a chunk that does not end the body and returns what goes on in its place, in
// the same memory: the byte that was kept back and all of the chunk but its last byte.
func (p *Plugin) Pass(s *Stream, chunk []byte) []byte {
	if len(chunk) == 0 {
		return chunk
	}
	s.size += int64(len(chunk))
	s.taps.pledge.Write(chunk)
	last := chunk[len(chunk)-1]
	if s.keeps {
		copy(chunk[1:], chunk)
		chunk[0] = s.kept
	} else {
		chunk = chunk[:len(chunk)-1]
	}
	s.kept, s.keeps = last, true
	return chunk
}

// Kept says whether a byte is kept back.
func (p *Plugin) Kept(s *Stream) bool { return s.keeps }

// Passed ends a body and says whether it is the one that was signed. Then the byte, if one
// is kept back, is to be put before what has come last.
func (p *Plugin) Passed(s *Stream) (kept byte, keeps, ok bool) {
	if s.phase != passes || s.taps == nil || !s.taps.pledge.Holds() {
		return 0, false, false
	}
	kept, keeps = s.kept, s.keeps
	s.phase, s.kept, s.keeps = allowed, 0, false
	p.takeBack(s)
	return kept, keeps, true
}

// Break refuses a request whose headers have gone on, for good.
func (p *Plugin) Break(now int64, s *Stream, code reason.Code) *Verdict {
	p.takeBack(s)
	s.kept, s.keeps = 0, false
	w := p.scratch()
	w.view.Read(nil, p.cfg.Paths) // the headers are gone
	w.writer.Begin(&p.cfg.Effect, &w.view)
	w.judge.begin(now, s)
	return p.refuse(now, s, policy.Proof{Reason: code, Provider: s.by}, s.rule)
}
