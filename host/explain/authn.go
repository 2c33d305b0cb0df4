package explain

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// Judging in the manner of compat: "jwt_authn": every token at a provider's places is
// judged and all must be good; what a good one does to the request is done at once.

// AuthnProvider is part of policy.AuthnProver; the index is a node's.
func (p prover) AuthnProvider(number int, _ []string) policy.Proof {
	n := &p.nodes[number]
	cfg := &p.cfg.Providers[n.provider]
	if cfg.Signed != nil {
		return p.trial(n.branch, n).signedRequest(cfg)
	}
	p.writer.SanitizeAuthn(&p.cfg.Effect, n.provider)
	verdict := policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: n.provider}
	walk := credential.From(cfg.Places, p.gone, &p.view)
	at := n.branch
	for count := 1; ; count++ {
		found := new(credential.Finder).Next(&p.view, &walk)
		if found.State != credential.Present {
			if count == 1 {
				p.trial(at, n).unfound(credential.Absent)
			}
			return verdict
		}
		if count > 1 {
			p.report.Branches = append(p.report.Branches, Branch{
				Node: p.report.Branches[n.branch].Node + ", token " + strconv.Itoa(count), Provider: cfg.Name,
				Outcome: NotReached, Checks: p.plan(n.provider, n.audiences),
			})
			at = len(p.report.Branches) - 1
		}
		if verdict = p.authnToken(p.trial(at, n), found); verdict.State != policy.Proved {
			return verdict
		}
	}
}

func (p prover) trial(branch int, n *node) *trial {
	return &trial{run: p.run, branch: &p.report.Branches[branch], provider: n.provider, audiences: n.audiences, attempt: new(jwt.Attempt)}
}

// AuthnEveryone is part of policy.AuthnProver.
func (p prover) AuthnEveryone(failed bool) policy.Proof {
	verdict := policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: -1}
	for i := range p.cfg.Providers {
		p.writer.SanitizeAuthn(&p.cfg.Effect, i)
	}
	walk := credential.From(p.cfg.AllPlaces, p.gone, &p.view)
	for count := 1; ; count++ {
		found := new(credential.Finder).Next(&p.view, &walk)
		if found.State != credential.Present {
			break
		}
		p.report.Branches = append(p.report.Branches, Branch{
			Node: "any provider, token " + strconv.Itoa(count), Outcome: NotReached, Checks: p.plan(0, nil),
		})
		proof := p.authnToken(p.trial(len(p.report.Branches)-1, &node{provider: -1}), found)
		if proof.State == policy.Failed || verdict.State != policy.Failed {
			verdict = proof
		}
	}
	if failed && verdict.State != policy.Proved {
		return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1}
	}
	return verdict
}

// authnToken judges one token, and carries out what a good one does to the request.
func (p prover) authnToken(t *trial, found credential.Found) policy.Proof {
	t.pass("credential", where(found.Place))
	t.raw, t.place = found.Raw, found.Place
	limit := p.cfg.MaxTokenBytes
	if t.provider >= 0 {
		limit = p.cfg.Providers[t.provider].JWT.MaxTokenBytes
	}
	if code := t.attempt.Parse(found.Raw, limit, seed); code != reason.OK {
		return t.fail(code)
	}
	if t.provider < 0 {
		if t.provider = filter.Owner(p.cfg, t.attempt, t.place); t.provider < 0 {
			return t.failAt("iss", reason.IssuerUnknown)
		}
		t.branch.Provider, t.branch.Checks = p.providerName(t.provider), p.plan(t.provider, nil)
		t.pass("credential", where(found.Place))
	}
	proof := t.prove(&p.cfg.Providers[t.provider])
	if proof.State != policy.Proved || proof.Provider < 0 {
		return proof
	}
	last := &p.proved[len(p.proved)-1]
	code, gone := p.writer.GrantAuthn(&p.cfg.Effect, &last.identity, t.place)
	if code != reason.OK {
		t.branch.Checks = append(t.branch.Checks, Check{ID: "claim_to_headers", Outcome: NotReached, Clause: "claim_to_headers; RFC 9110 §5.5"})
		return t.failAt("claim_to_headers", code)
	}
	if gone {
		p.gone = append(p.gone, t.place)
	}
	return proof
}

// Extract is part of policy.Prover: what the token says decides nothing.
func (p prover) Extract(string) policy.Proof {
	p.report.Branches = append(p.report.Branches, Branch{
		Node: "extract_only_without_validation", Outcome: NotJudged,
		Checks: []Check{{ID: "extract_only", Outcome: NotJudged, Clause: "extract_only_without_validation", Expected: "nothing: claims are passed on that nobody has verified"}},
	})
	return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1}
}
