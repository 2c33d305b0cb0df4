package explain

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/authorize"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// seed keys the search for duplicate names. Here nobody is served, so it may be known.
const seed = 0x706f737465726e

// prover is the policy room's Prover: the filter's judge, step by step and with notes.
type prover struct{ *run }

func (r *run) evaluate(q *policy.Requirement) policy.Proof {
	if r.cfg.Compat {
		return q.EvaluateAuthn(prover{r})
	}
	return q.Evaluate(prover{r})
}

// trial is the judging of one credential.
type trial struct {
	*run
	branch    *Branch
	provider  int
	audiences []string
	attempt   *jwt.Attempt
	raw       string
	signer    string // by which key a signed request says that it is signed
	place     *credential.Place
}

// Mark is part of policy.Prover.
func (p prover) Mark() int { return len(p.proved) }

// Rollback is part of policy.Prover.
func (p prover) Rollback(mark int) { p.proved = p.proved[:mark] }

// Provider is part of policy.Prover; the index is a node's.
func (p prover) Provider(number int, _ []string) policy.Proof {
	n := &p.nodes[number]
	t := &trial{run: p.run, branch: &p.report.Branches[n.branch], provider: n.provider, audiences: n.audiences, attempt: new(jwt.Attempt)}
	cfg := &p.cfg.Providers[n.provider]
	if cfg.Signed != nil {
		return t.signedRequest(cfg)
	}
	found := new(credential.Finder).Find(&p.view, cfg.Places)
	if found.State != credential.Present {
		return t.unfound(found.State)
	}
	t.pass("credential", where(found.Place))
	t.raw, t.place = found.Raw, found.Place
	if code := t.attempt.Parse(found.Raw, cfg.JWT.MaxTokenBytes, seed); code != reason.OK {
		return t.fail(code)
	}
	return t.prove(cfg)
}

// prove judges a token that has been parsed.
func (t *trial) prove(p *config.Provider) policy.Proof {
	t.passTo("payload")
	if code := t.attempt.Check(&p.JWT, t.audiences, t.now); code != reason.OK {
		return t.fail(code)
	}
	t.passTo("claim_types")
	keys := p.Inline
	if p.Remote >= 0 {
		t.wait(p.Remote, p.JWT.MaxTokenBytes > 0)
		keys = t.sources[p.Remote].Keys(t.now)
	}
	if keys == nil {
		return t.withoutKeys(p)
	}
	t.pass("keys", keySet(keys))
	if p.Subjects != nil {
		// In compat a missing subject is compared as the empty text.
		if subject, ok := t.attempt.Subject(); !ok && !t.cfg.Compat || !p.Subjects.Matches(subject) {
			return t.fail(reason.SubjectMismatch)
		}
	}
	code := t.attempt.Prove(keys, nil)
	if code == reason.KeyUnknown && p.Remote >= 0 && p.RefetchUnknownKid {
		source := t.sources[p.Remote]
		if kid, _ := t.attempt.KeyID(); source.WantKid(t.now, kid) {
			t.wait(p.Remote, true)
			t.note("asked again for the kid that the set lacks")
			if keys = source.Keys(t.now); keys != nil {
				code = t.attempt.Prove(keys, nil)
			}
		}
	}
	if code != reason.OK {
		return t.fail(code)
	}
	t.passTo("signature")
	id := t.attempt.Identity(t.provider)
	claims := id.Claims.Root()
	for i := range p.Claims {
		if !authorize.Hold(p.Claims[i:i+1], claims) {
			return t.failAt("claims["+strconv.Itoa(i)+"]", reason.ClaimMismatch)
		}
		t.pass("claims["+strconv.Itoa(i)+"]", "")
	}
	if !p.Scopes.Granted(claims) {
		proof := t.fail(reason.InsufficientScope)
		proof.Scope = p.Scopes.Text()
		return proof
	}
	t.passAll()
	t.run.proved = append(t.run.proved, proof{identity: id, place: t.place})
	return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: t.provider}
}

// withoutKeys is the filter's.
func (t *trial) withoutKeys(p *config.Provider) policy.Proof {
	switch p.OnUnavailable {
	case jwks.Deny401:
		return t.fail(reason.KeysRefused)
	case jwks.Allow:
		t.excused = true
		t.fail(reason.KeysUnavailable)
		t.branch.Outcome = Pass
		t.set("keys", Pass, `none; on_unavailable "allow" lets the request pass as nobody's`)
		return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1}
	case jwks.Deny503:
	}
	return t.fail(reason.KeysUnavailable)
}

// unfound is the outcome where no credential can be judged.
func (t *trial) unfound(state credential.State) policy.Proof {
	switch state {
	case credential.Absent:
		t.failAt("credential", reason.Missing)
		t.branch.Outcome = Missing
		return policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: t.provider}
	case credential.Several:
		proof := t.failAt("credential", reason.SeveralCredentials)
		proof.State = policy.Fatal
		return proof
	case credential.Foreign:
		return t.failAt("credential", reason.UnsupportedScheme)
	case credential.Malformed:
		return t.failAt("credential", reason.TokenMalformed)
	case credential.Present, credential.Unread:
	}
	return t.failAt("credential", reason.Internal)
}

// Authorize is part of policy.Prover.
func (p prover) Authorize(rules *authorize.Rules, mark int) policy.Proof {
	b := &p.report.Branches[p.rules[rules]]
	t := &trial{run: p.run, branch: b, provider: -1, attempt: new(jwt.Attempt)}
	if mark >= len(p.proved) {
		b.Outcome, b.Reason = Missing, reason.Missing.String()
		if p.excused {
			b.Reason = reason.KeysUnavailable.String()
			return policy.Proof{State: policy.Failed, Reason: reason.KeysUnavailable, Provider: -1}
		}
		return policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: -1}
	}
	var first policy.Proof
	for i, identity := range p.proved[mark:] {
		var code reason.Code
		if identity.identity.Signed {
			code = rules.JudgeKey(identity.identity.Client)
		} else {
			code = rules.Judge(identity.identity.Claims.Root(), t.now, p.cfg.Providers[identity.identity.Provider].JWT.ClockSkewSeconds)
		}
		if code == reason.OK {
			b.Provider = p.providerName(identity.identity.Provider)
			t.passAll()
			return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: identity.identity.Provider}
		}
		if i > 0 {
			continue
		}
		first = policy.Proof{State: policy.Failed, Reason: code, Provider: identity.identity.Provider}
		b.Provider = p.providerName(identity.identity.Provider)
		t.authorizeFails(rules, identity, code)
		if code == reason.InsufficientScope {
			first.Scope = rules.Scopes.Text()
		}
	}
	return first
}

func (t *trial) authorizeFails(rules *authorize.Rules, id proof, code reason.Code) {
	if code != reason.ClaimDenied || id.identity.Signed {
		t.fail(code)
		return
	}
	for i := range rules.Claims {
		name := "claims[" + strconv.Itoa(i) + "]"
		if !authorize.Hold(rules.Claims[i:i+1], id.identity.Claims.Root()) {
			t.failAt(name, code)
			return
		}
		t.passTo(name)
	}
}

// Everyone is part of policy.Prover.
func (p prover) Everyone() policy.Proof {
	verdict := policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: -1}
	for i := range p.cfg.Providers {
		var last bool
		if verdict, last = verdict.Join(p.everyonesToken(i)); last {
			break
		}
	}
	return verdict
}

// everyonesToken judges the token at a provider's places, as its issuer's.
func (p prover) everyonesToken(i int) policy.Proof {
	providers := p.cfg.Providers
	if providers[i].Signed != nil {
		p.report.Branches = append(p.report.Branches, Branch{
			Node: "any signature of " + providers[i].Name, Provider: providers[i].Name, Outcome: NotReached, Checks: p.plan(i, nil),
		})
		t := &trial{run: p.run, branch: &p.report.Branches[len(p.report.Branches)-1], provider: i, attempt: new(jwt.Attempt)}
		return t.signedRequest(&providers[i])
	}
	found := new(credential.Finder).Find(&p.view, providers[i].Places)
	if found.State == credential.Present && filter.Taken(p.cfg, found.Place, i) {
		return policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: -1}
	}
	p.report.Branches = append(p.report.Branches, Branch{
		Node: "any token at the places of " + providers[i].Name, Provider: providers[i].Name, Outcome: NotReached, Checks: p.plan(i, nil),
	})
	t := &trial{run: p.run, branch: &p.report.Branches[len(p.report.Branches)-1], provider: -1, attempt: new(jwt.Attempt)}
	if found.State != credential.Present {
		return t.unfound(found.State)
	}
	t.pass("credential", where(found.Place))
	t.raw, t.place = found.Raw, found.Place
	if code := t.attempt.Parse(found.Raw, providers[i].JWT.MaxTokenBytes, seed); code != reason.OK {
		return t.fail(code)
	}
	t.passTo("payload")
	t.provider = filter.Owner(p.cfg, t.attempt, t.place)
	if t.provider < 0 {
		return t.failAt("iss", reason.IssuerUnknown)
	}
	owner := &providers[t.provider]
	t.branch.Provider, t.branch.Checks = owner.Name, p.plan(t.provider, nil)
	t.pass("credential", where(found.Place))
	return t.prove(owner)
}
