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
	waits                // held for a key set, for the body, or for both
	allowed              // let through
	refused              // answered
	surplus              // let through as without a body, and one has come
	passes               // its headers are let through, its body passes while it is hashed
)

// Stream is the state of one request between events. The zero value is a fresh one;
// ID is the driver's.
type Stream struct {
	// ID is the host's context id.
	ID uint32
	// Ended says that nothing more of the request will come. The driver sets it with the
	// headers; later events do so by themselves.
	Ended bool

	phase      phase
	forKeys    bool   // it waits for a key set
	source     int    // which
	generation uint64 // of that source when the wait began
	deadline   int64
	kidAsked   bool // it has waited for an unknown kid: it does so once,
	kidStill   bool // or twice, if what came first had been on its way

	forBody  bool  // it waits for the end of its body
	arrived  bool  // it has been told something of it
	torn     bool  // a piece of it could not be read
	ahead    bool  // its headers have gone on: the host holds the body by itself
	bodyless bool  // it was judged as without a body, since none was announced
	size     int64 // how much of the body the host holds
	limit    int64 // how much it may become
	since    int64 // when the wait for it began
	taps     *taps // what runs over it, or nil

	rule int // that matched

	// Where the body passes: the provider that it is refused by, and the byte that is kept
	// back.
	by    int
	kept  byte
	keeps bool

	// next and previous link the streams that wait, in order of arrival: a stream is
	// memory that lives as long as the request, so that waiting allocates nothing.
	next, previous *Stream
}

// queue is the list of the streams that wait.
type queue struct {
	first, last *Stream
	length      int
}

func (q *queue) push(s *Stream) {
	s.next, s.previous = nil, q.last
	if q.last == nil {
		q.first = s
	} else {
		q.last.next = s
	}
	q.last = s
	q.length++
}

func (q *queue) remove(s *Stream) {
	if s.previous == nil {
		q.first = s.next
	} else {
		s.previous.next = s.next
	}
	if s.next == nil {
		q.last = s.previous
	} else {
		s.next.previous = s.previous
	}
	s.next, s.previous = nil, nil
	q.length--
}

// Headers judges a request whose headers have arrived. v is valid until the next event.
func (p *Plugin) Headers(now int64, s *Stream, headers []request.Header) *Verdict {
	switch s.phase {
	case fresh:
		return p.decide(now, s, headers)
	case waits:
		return p.hold(Pause)
	case allowed, surplus, passes:
		// Headers twice: no host does that. What goes on would be unjudged.
		return p.refuse(now, s, policy.Proof{Reason: reason.Internal, Provider: -1}, -1)
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
	case refused, surplus, passes:
	}
	return Inert
}

// Trailers is what becomes of a request's trailers, once [Plugin.Later] lets them
// through: what would pass for a proved identity is removed.
func (p *Plugin) Trailers(trailers []request.Header) []effect.Op {
	return p.scratch().writer.Trailers(&p.cfg.Effect, trailers)
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
	for s := p.waiting.first; s != nil; s = s.next {
		if p.ready(now, s) {
			return s
		}
	}
	return nil
}

func (p *Plugin) ready(now int64, s *Stream) bool {
	if !p.delivers && s.undelivered(now) {
		return true
	}
	if !s.forKeys {
		return false
	}
	source := p.sources[s.source]
	return now >= s.deadline || source.Generation() != s.generation || !source.Pending(now)
}

// Resume judges a waiting stream anew, from its headers as they are.
func (p *Plugin) Resume(now int64, s *Stream, headers []request.Header) *Verdict {
	if s.phase == surplus {
		p.scratch()
		p.read(headers)
		return p.refuse(now, s, policy.Proof{Reason: reason.BodyNotCovered, Provider: -1}, s.rule)
	}
	if s.phase != waits {
		return p.hold(Inert)
	}
	p.forget(s)
	s.phase = fresh
	return p.decide(now, s, headers)
}

// Gone forgets a stream; it will not be named again. Where that comes within a host call of
// the event that judges it, that one still has its hashes, and gives them back.
func (p *Plugin) Gone(s *Stream) {
	p.forget(s)
	if s.phase != fresh {
		p.takeBack(s)
	}
	s.phase = refused
}

// Waiting is the number of requests that wait.
func (p *Plugin) Waiting() int { return p.waiting.length }

func (p *Plugin) forget(s *Stream) {
	if s.phase == waits {
		p.waiting.remove(s)
	}
}

func (p *Plugin) hold(a Action) *Verdict {
	p.scratch().verdict = Verdict{Action: a}
	return &p.work.verdict
}

// decide judges a request from nothing but its headers, what there is of its body, the
// configuration and the key sets of this moment.
func (p *Plugin) decide(now int64, s *Stream, headers []request.Header) *Verdict {
	v := p.verdictOn(now, s, headers)
	if s.phase != waits && s.phase != passes {
		p.takeBack(s)
	}
	return v
}

func (p *Plugin) verdictOn(now int64, s *Stream, headers []request.Header) *Verdict {
	v := &p.scratch().view
	if code := p.read(headers); len(headers) == 0 && s.forBody { // they were there: this host does not hold them
		p.undelivered = true
		return p.refuse(now, s, policy.Proof{Reason: reason.BodyUndelivered, Provider: -1}, s.rule)
	} else if code != reason.OK {
		return p.refuse(now, s, policy.Proof{Reason: code, Provider: -1}, -1)
	}
	if now < earliestClock {
		return p.refuse(now, s, policy.Proof{Reason: reason.ClockUnset, Provider: -1}, -1)
	}
	p.work.writer.Begin(&p.cfg.Effect, v)
	p.work.judge.begin(now, s)
	if Preflight(p.cfg, v) {
		return p.allow(s, policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1})
	}
	rule, ok := p.cfg.Policy.Find(v)
	if !ok {
		if p.cfg.Policy.AllowUnmatched {
			return p.allow(s, policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1})
		}
		return p.refuse(now, s, policy.Proof{Reason: reason.NoRule, Provider: -1}, -1)
	}
	s.rule = rule
	p.work.judge.enforced = !p.cfg.Policy.Rules[rule].Report
	proof := p.work.judge.evaluate(&p.cfg.Policy.Rules[rule].Requirement)
	if s.phase != fresh {
		return p.hold(Inert) // it has ended while the host was asked
	}
	switch proof.State {
	case policy.Proved:
		if code := p.work.judge.grant(); code != reason.OK {
			return p.refuse(now, s, policy.Proof{Reason: code, Provider: proof.Provider}, rule)
		}
		code, provider := p.work.judge.rememberSigned()
		if s.phase != fresh {
			return p.hold(Inert)
		}
		if code != reason.OK {
			return p.refuse(now, s, policy.Proof{Reason: code, Provider: provider}, rule)
		}
		if s.ahead && writes(p.work.writer.Ops(&p.work.view)) {
			return p.refuse(now, s, policy.Proof{Reason: reason.Internal, Provider: proof.Provider}, rule)
		}
		verdict := p.allow(s, proof)
		if p.work.judge.pledged {
			p.work.judge.pass()
		}
		return verdict
	case policy.Waiting, policy.Held:
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
		p.work.view.Read(nil, p.cfg.Paths)
		if p.cfg.Policy.Report {
			p.work.view.Headers = headers // goes on, and not with what passes for an identity
		}
		return reason.HeadersUnreadable
	}
	return p.work.view.Read(headers, p.cfg.Paths)
}

func (p *Plugin) allow(s *Stream, proof policy.Proof) *Verdict {
	s.phase = allowed
	j := &p.work.judge
	s.bodyless = s.bodyless && j.bySignature()
	p.work.verdict = Verdict{
		Action: Continue, Reason: reason.OK, Provider: p.providerName(proof.Provider), By: p.by(proof.Provider),
		Verified: j.verified, Algorithm: j.algorithm, Ops: p.work.writer.Ops(&p.work.view), ClearRoute: j.clears,
	}
	if s.ahead {
		p.work.verdict.Ops, p.work.verdict.ClearRoute = nil, false // the headers have gone
	}
	if p.cfg.Effect.States != 0 {
		p.work.verdict.States = p.work.writer.States(&p.cfg.Effect, "allowed", reason.OK, p.work.verdict.Provider, p.work.judge.identity())
	}
	return &p.work.verdict
}

func (p *Plugin) refuse(now int64, s *Stream, proof policy.Proof, rule int) *Verdict {
	if p.reports(proof.Reason, rule) {
		return p.report(now, s, proof, rule)
	}
	s.phase = refused
	w := p.scratch()
	w.verdict = Verdict{Action: Refuse, Reason: proof.Reason, Provider: p.providerName(proof.Provider), By: p.by(proof.Provider), Verified: w.judge.verified, Algorithm: w.judge.algorithm, KeyID: w.judge.signer}
	w.verdict.States = w.writer.States(&p.cfg.Effect, "denied", proof.Reason, w.verdict.Provider, nil)
	if proof.Authn != reason.AuthnNone {
		p.work.verdict.Answer = p.work.writer.RefuseAuthn(&p.cfg.Effect, &p.work.view, proof.Authn)
		p.tell(now, p.work, rule)
		return &p.work.verdict
	}
	p.work.writer.Challenge(p.challenges(rule), proof.Provider)
	p.work.verdict.Answer = p.work.writer.Refuse(&p.cfg.Effect, &p.work.view, proof.Reason, p.work.judge.retryAfter, proof.Scope)
	p.tell(now, p.work, rule)
	return &p.work.verdict
}

// challenges is which list of challenges a refusal carries.
func (p *Plugin) challenges(rule int) int {
	if rule < 0 || rule >= len(p.cfg.Policy.Rules) {
		return 0
	}
	return p.cfg.Policy.Rules[rule].Challenges
}

// wait holds the stream for what the judge named, if there is room.
func (p *Plugin) wait(now int64, s *Stream, proof policy.Proof, rule int) *Verdict {
	if p.waiting.length >= maxWaiting {
		return p.refuse(now, s, policy.Proof{Reason: reason.WaitingFull, Provider: proof.Provider}, rule)
	}
	j := &p.work.judge
	if !j.waitsKeys && (!j.holds || s.Ended) {
		return p.refuse(now, s, policy.Proof{Reason: reason.Internal, Provider: proof.Provider}, rule)
	}
	s.phase = waits
	if s.forKeys = j.waitsKeys; s.forKeys {
		s.source, s.generation = j.waitSource, p.sources[j.waitSource].Generation()
		if s.deadline == 0 {
			s.deadline = now + j.waitFor
		}
	}
	if j.holds && !s.forBody {
		s.since = now
	}
	s.forBody, s.limit = j.holds, j.limit
	p.waiting.push(s)
	if j.holds && !j.keeps && !j.waitsKeys {
		return p.goAhead(s)
	}
	return p.hold(Pause)
}

// goAhead lets the headers go on where the host holds the body by itself: only without
// what the client must not say. Whatever else would be written comes too late.
func (p *Plugin) goAhead(s *Stream) *Verdict {
	if s.ahead {
		return p.hold(Pause)
	}
	s.ahead = true
	p.work.verdict = Verdict{Action: Ahead, Ops: p.work.writer.Ops(&p.work.view)}
	return &p.work.verdict
}

// writes says whether operations write anything.
func writes(ops []effect.Op) bool {
	for i := range ops {
		if ops[i].Kind != effect.Remove {
			return true
		}
	}
	return false
}

// by is Verdict.By of a provider.
func (p *Plugin) by(i int) int {
	if i < 0 || i >= len(p.cfg.Providers) {
		return 0
	}
	return i + 1
}

func (p *Plugin) providerName(i int) string {
	if i < 0 || i >= len(p.cfg.Providers) {
		return ""
	}
	return p.cfg.Providers[i].Name
}
