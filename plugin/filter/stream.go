package filter

import (
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// phase is where a stream stands. Whatever is not named refuses.
type phase uint8

const (
	fresh   phase = iota // no headers yet
	waits                // held for a key set
	allowed              // let through
	refused              // answered
)

// Stream is the state of one request between events. The zero value is a fresh one;
// ID is the driver's.
type Stream struct {
	// ID is the host's context id.
	ID uint32

	phase      phase
	source     int    // what it waits for
	generation uint64 // of that source when the wait began
	deadline   int64
	kidAsked   bool // it has waited for an unknown kid: it does so once
}

// Headers judges a request whose headers have arrived. v is valid until the next event.
func (p *Plugin) Headers(now int64, s *Stream, headers []request.Header) *Verdict {
	switch s.phase {
	case fresh:
		return p.decide(now, s, headers)
	case waits:
		return p.hold(Pause)
	case allowed:
		// Headers twice: no host does that. What goes on would be unjudged.
		return p.refuse(now, s, policy.Proof{Reason: reason.Internal, Provider: -1}, 0)
	case refused:
	}
	return p.hold(Inert)
}

// Later is what becomes of a body or trailers callback: held while the verdict is
// open, let through once it is Continue, held for ever after a refusal. A body before
// any headers is held too: it must not pass unjudged.
func (p *Plugin) Later(s *Stream) Action {
	switch s.phase {
	case allowed:
		return Continue
	case waits, fresh:
		return Pause
	case refused:
	}
	return Inert
}

// Trailers is what becomes of a request's trailers, once [Plugin.Later] lets them
// through: what would pass for a proved identity is removed.
func (p *Plugin) Trailers(trailers []request.Header) []effect.Op {
	return p.writer.Trailers(&p.cfg.Effect, trailers)
}

// WritesIdentity says whether any header is written for the upstream, so that trailers
// have to be looked at.
func (p *Plugin) WritesIdentity() bool { return len(p.cfg.Effect.IdentityHeaders) > 0 }

// Retry says whether a stream that has just been told to wait can be judged anew at
// once, because the host answered meanwhile.
func (p *Plugin) Retry(now int64, s *Stream) bool { return s.phase == waits && p.ready(now, s) }

// NextReady returns a waiting stream that can be judged anew, in order of arrival, or
// nil. The driver reads its headers again and calls Resume.
func (p *Plugin) NextReady(now int64) *Stream {
	for _, s := range p.waiting {
		if p.ready(now, s) {
			return s
		}
	}
	return nil
}

func (p *Plugin) ready(now int64, s *Stream) bool {
	source := p.sources[s.source]
	return now >= s.deadline || source.Generation() != s.generation || !source.Pending(now)
}

// Resume judges a waiting stream anew, from its headers as they are.
func (p *Plugin) Resume(now int64, s *Stream, headers []request.Header) *Verdict {
	if s.phase != waits {
		return p.hold(Inert)
	}
	p.forget(s)
	return p.decide(now, s, headers)
}

// Gone forgets a stream; it will not be named again.
func (p *Plugin) Gone(s *Stream) {
	p.forget(s)
	s.phase = refused
}

// Waiting is the number of requests that wait.
func (p *Plugin) Waiting() int { return len(p.waiting) }

func (p *Plugin) forget(s *Stream) {
	for i, w := range p.waiting {
		if w == s {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			return
		}
	}
}

func (p *Plugin) hold(a Action) *Verdict {
	p.verdict = Verdict{Action: a}
	return &p.verdict
}

// decide judges a request from nothing but its headers, the configuration and the key
// sets of this moment.
func (p *Plugin) decide(now int64, s *Stream, headers []request.Header) *Verdict {
	v := &p.view
	if code := p.read(headers); code != reason.OK {
		return p.refuse(now, s, policy.Proof{Reason: code, Provider: -1}, 0)
	}
	if now < earliestClock {
		return p.refuse(now, s, policy.Proof{Reason: reason.ClockUnset, Provider: -1}, 0)
	}
	p.writer.Begin(&p.cfg.Effect, v)
	p.judge.begin(now, s)
	rule, ok := p.cfg.Policy.Find(v)
	if !ok {
		if p.cfg.Policy.AllowUnmatched {
			return p.allow(s, policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1})
		}
		return p.refuse(now, s, policy.Proof{Reason: reason.NoRule, Provider: -1}, -1)
	}
	proof := p.cfg.Policy.Rules[rule].Requirement.Evaluate(&p.judge)
	switch proof.State {
	case policy.Proved:
		if code := p.judge.grant(); code != reason.OK {
			return p.refuse(now, s, policy.Proof{Reason: code, Provider: proof.Provider}, rule)
		}
		return p.allow(s, proof)
	case policy.Waiting:
		return p.wait(now, s, proof, rule)
	case policy.Failed, policy.Missing, policy.Fatal:
	}
	return p.refuse(now, s, proof, rule)
}

// read bounds and reads the headers. A host that cannot hand over a large list hands
// an empty one: that is no request without credentials, but one that cannot be judged.
func (p *Plugin) read(headers []request.Header) reason.Code {
	size := 0
	for i := range headers {
		size += len(headers[i].Name) + len(headers[i].Value)
	}
	if len(headers) == 0 || len(headers) > maxHeaders || size > maxHeaderBytes {
		p.view.Read(nil, p.cfg.Paths)
		return reason.HeadersUnreadable
	}
	return p.view.Read(headers, p.cfg.Paths)
}

func (p *Plugin) allow(s *Stream, proof policy.Proof) *Verdict {
	s.phase = allowed
	p.verdict = Verdict{Action: Continue, Reason: reason.OK, Provider: p.providerName(proof.Provider), Ops: p.writer.Ops(&p.view)}
	return &p.verdict
}

func (p *Plugin) refuse(now int64, s *Stream, proof policy.Proof, rule int) *Verdict {
	s.phase = refused
	p.verdict = Verdict{Action: Refuse, Reason: proof.Reason, Provider: p.providerName(proof.Provider)}
	p.verdict.Answer = p.writer.Refuse(&p.cfg.Effect, &p.view, proof.Reason, p.judge.retryAfter)
	p.verdict.Log = p.log.line(now, &p.verdict, rule, p.judge.last())
	return &p.verdict
}

// wait holds the stream for the source that the judge named, if there is room.
func (p *Plugin) wait(now int64, s *Stream, proof policy.Proof, rule int) *Verdict {
	if len(p.waiting) >= maxWaiting {
		return p.refuse(now, s, policy.Proof{Reason: reason.WaitingFull, Provider: proof.Provider}, rule)
	}
	source := p.sources[p.judge.waitSource]
	s.phase = waits
	s.source, s.generation = p.judge.waitSource, source.Generation()
	if s.deadline == 0 {
		s.deadline = now + p.judge.waitFor
	}
	p.waiting = append(p.waiting, s)
	return p.hold(Pause)
}

func (p *Plugin) providerName(i int) string {
	if i < 0 || i >= len(p.cfg.Providers) {
		return ""
	}
	return p.cfg.Providers[i].Name
}
