package filter

import (
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
)

// reports says whether a refusal is reported and the request let through: where the rule
// that refuses says so, else where the whole configuration does. What could not be matched
// may have been meant for any rule, so it is refused if one enforces. A fault of the
// program refuses everywhere.
func (p *Plugin) reports(c reason.Code, rule int) bool {
	if c == reason.Internal || c == reason.Undecided || c == reason.OK {
		return false
	}
	if rule >= 0 && rule < len(p.cfg.Policy.Rules) {
		return p.cfg.Policy.Rules[rule].Report
	}
	return p.cfg.Policy.Report && (c == reason.NoRule || !p.cfg.Policy.Enforces)
}

// report lets a refused request through as nobody's: without identity headers, without
// what some branch of the requirement has granted, and without the credentials that the
// rule's providers do not forward, good or bad.
func (p *Plugin) report(now int64, s *Stream, proof policy.Proof, rule int) *Verdict {
	s.phase, s.bodyless = allowed, false
	w := p.scratch()
	w.verdict = Verdict{Action: Continue, Reason: proof.Reason, Reported: true, Provider: p.providerName(proof.Provider), By: p.by(proof.Provider), Verified: w.judge.verified, Algorithm: w.judge.algorithm, KeyID: w.judge.signer}
	p.tell(now, w, rule)
	if proof.Reason == reason.HeadersUnreadable || len(w.view.Headers) == 0 {
		w.writer.BeginUnread(&p.cfg.Effect, &w.view)
		w.verdict.Ops = w.writer.OpsUnread()
	} else {
		w.writer.Begin(&p.cfg.Effect, &w.view)
		if rule >= 0 {
			p.withhold(&p.cfg.Policy.Rules[rule].Requirement, policy.MaxDepth)
		}
		w.verdict.Ops = w.writer.Ops(&w.view)
	}
	w.verdict.States = w.writer.States(&p.cfg.Effect, "reported", proof.Reason, w.verdict.Provider, nil)
	return &w.verdict
}

// tell writes the verdict's line, with what says whose request it was.
func (p *Plugin) tell(now int64, w *work, rule int) {
	v := &w.verdict
	if v.Log = p.log.line(now, v, rule, w.judge.last()); v.Log != "" {
		v.Forwarded = w.view.Forwarded(p.cfg.TrustedHops)
	}
}

// withhold takes out of the request what the providers of a requirement do not forward.
func (p *Plugin) withhold(r *policy.Requirement, depth int) {
	if depth == 0 {
		return
	}
	switch {
	case r.Kind == policy.Never || r.Kind == policy.Open:
	case r.Kind == policy.Provider:
		p.withholdOf(r.Provider)
	case len(r.Children) > 0:
		for i := range r.Children {
			p.withhold(&r.Children[i], depth-1)
		}
	default: // what allows a lack looks at the places of all providers
		for i := range p.cfg.Providers {
			p.withholdOf(i)
		}
	}
}

func (p *Plugin) withholdOf(provider int) {
	if provider < 0 || provider >= len(p.cfg.Providers) {
		return
	}
	// No slot is read any more: what was proved does not count.
	f := &p.work.judge.next().finder
	p.work.writer.Withhold(&p.cfg.Effect, provider, p.cfg.Providers[provider].Places, f, &p.work.view)
}

// identity is the first one that was proved, or nil.
func (j *judge) identity() *identity.Identity {
	if j.proved == 0 {
		return nil
	}
	return &j.slots[0].identity
}
