package filter

import (
	"github.com/postern-wasm/postern/plugin/cache"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// Judging as Envoy's jwt_authn does, where the configuration says compat. The rooms that
// prove a token are the same, and as strict; what differs is which tokens a request has,
// which of them must be good, in which order, and what a refusal is called.

// evaluate judges a requirement in the manner that the configuration says.
func (j *judge) evaluate(r *policy.Requirement) policy.Proof {
	j.alone = r.Kind == policy.Provider
	j.brief = j.alone && len(r.Authorize) == 0 && j.plugin.tokens.brief[r.Provider]
	if j.plugin.cfg.Compat {
		return r.EvaluateAuthn(j)
	}
	return r.Evaluate(j)
}

// AuthnProvider is part of policy.AuthnProver.
func (j *judge) AuthnProvider(provider int, audiences []string) policy.Proof {
	p := &j.plugin.cfg.Providers[provider]
	if p.Signed != nil {
		return j.signedRequest(provider) // beyond jwt_authn, and judged as elsewhere
	}
	j.plugin.work.writer.SanitizeAuthn(&j.plugin.cfg.Effect, provider)
	verdict := policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: provider, Authn: reason.AuthnMissed}
	walk := credential.From(p.Places, j.gone, &j.plugin.work.view)
	for {
		s := j.next()
		found := s.finder.Next(&j.plugin.work.view, &walk)
		if found.State != credential.Present {
			return verdict
		}
		verdict = j.authnToken(s, found, provider, audiences)
		if verdict.State != policy.Proved {
			return verdict
		}
	}
}

// AuthnEveryone is part of policy.AuthnProver. Unlike jwt_authn, which remembers the last
// one's outcome only, without failed one bad token refuses; of several the last is named.
func (j *judge) AuthnEveryone(failed bool) policy.Proof {
	cfg := j.plugin.cfg
	verdict := policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: -1, Authn: reason.AuthnMissed}
	for i := range cfg.Providers {
		j.plugin.work.writer.SanitizeAuthn(&cfg.Effect, i)
	}
	walk := credential.From(cfg.AllPlaces, j.gone, &j.plugin.work.view)
	for {
		s := j.next()
		found := s.finder.Next(&j.plugin.work.view, &walk)
		if found.State != credential.Present {
			break
		}
		proof := j.authnToken(s, found, -1, nil)
		if proof.State == policy.Waiting {
			return proof
		}
		if proof.State == policy.Failed || verdict.State != policy.Failed {
			verdict = proof
		}
	}
	for i := range cfg.Providers {
		if cfg.Providers[i].Signed == nil {
			continue
		}
		proof := j.signedRequest(i)
		if proof.State == policy.Held {
			return proof
		}
		if proof.State == policy.Failed || proof.State == policy.Proved && verdict.State == policy.Missing {
			verdict = proof
		}
	}
	if failed && verdict.State != policy.Proved {
		return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1}
	}
	return verdict
}

// authnToken judges one token as a provider's, or for -1 as that of the one that its
// issuer names, and carries out what a good one does to the request.
func (j *judge) authnToken(s *slot, found credential.Found, provider int, audiences []string) policy.Proof {
	cfg := j.plugin.cfg
	s.place, s.provider = found.Place, provider
	j.judged = s
	j.present(s, found.Raw)
	limit := cfg.MaxTokenBytes
	if provider >= 0 {
		limit = cfg.Providers[provider].JWT.MaxTokenBytes
	}
	recalled := provider >= 0 && j.recall(s, provider, limit)
	if provider < 0 {
		s.provider = j.recallOwner(s, limit)
		recalled = s.provider >= 0
	}
	if !recalled {
		if code := j.parse(s, limit); code != reason.OK {
			return authnFailed(provider, code, j.authnText(s, code, limit))
		}
		if provider < 0 {
			if s.provider = Owner(cfg, &s.attempt, s.place); s.provider < 0 {
				return authnFailed(-1, reason.IssuerUnknown, s.attempt.AuthnIssuer())
			}
		} else {
			s.provider = provider
		}
	}
	proof := j.authnProve(s, &cfg.Providers[s.provider], audiences)
	if proof.State != policy.Proved || proof.Provider < 0 {
		return proof
	}
	code, gone := j.plugin.work.writer.GrantAuthn(&cfg.Effect, &s.identity, s.place)
	if code != reason.OK {
		return authnFailed(s.provider, code, reason.AuthnFailed)
	}
	if gone {
		j.gone = append(j.gone, s.place)
	}
	j.clears = j.clears || cfg.Providers[s.provider].ClearRouteCache
	j.proved++
	return proof
}

func (j *judge) authnText(s *slot, code reason.Code, limit int) reason.Authn {
	if code == reason.TokenTooLarge {
		return reason.AuthnFailed
	}
	return jwt.AuthnText(s.key.Token, limit, j.plugin.seed)
}

// authnProve is prove in jwt_authn's order and words.
func (j *judge) authnProve(s *slot, p *config.Provider, audiences []string) policy.Proof {
	if code := s.attempt.Check(&p.JWT, audiences, j.now); code != reason.OK {
		return authnFailed(s.provider, code, s.attempt.AuthnClaims(&p.JWT, audiences, j.now))
	}
	if p.Subjects != nil {
		if subject, _ := s.attempt.Subject(); !p.Subjects.Matches(subject) {
			return authnFailed(s.provider, reason.SubjectMismatch, reason.AuthnFailed)
		}
	}
	keys, generation := j.keysOf(p)
	if keys == nil {
		proof := j.withoutKeys(s, p)
		if proof.Reason == reason.KeysRefused {
			proof.Authn = reason.AuthnFetch
		}
		return proof
	}
	code := s.attempt.Prove(keys, j.plugin.rsa)
	j.time(s, code)
	if code == reason.KeyUnknown && j.asksForKid(p) {
		return policy.Proof{State: policy.Waiting, Reason: code, Provider: s.provider}
	}
	if code != reason.OK {
		return authnFailed(s.provider, code, s.attempt.AuthnSignature(keys))
	}
	// What it asks of claims is beyond jwt_authn, and answered in this module's own words.
	return j.accept(s, p, generation)
}

// Extract is part of policy.Prover. A token is judged in everything but its signature:
// what is expired or meant for others is not passed on. In compat the signature is judged
// too, as Envoy 1.40 does, and only a token that is not good is said to be unverified; its
// claims meet no rule either way.
func (j *judge) Extract(header string) policy.Proof {
	if j.plugin.cfg.Compat {
		return j.authnExtract(header)
	}
	everywhere := credential.From(j.plugin.cfg.AllPlaces, j.gone, &j.plugin.work.view)
	for {
		s := j.next()
		found := s.finder.Next(&j.plugin.work.view, &everywhere)
		if found.State != credential.Present {
			break
		}
		s.place, s.key, s.parsed = found.Place, cache.Key{}, false
		if j.statusHeader == "" {
			j.statusHeader = header
		}
		if j.plausible(s, found.Raw) {
			s.identity, s.unproved = identity.Identity{}, true
			j.proved++
		}
	}
	return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1}
}

func (j *judge) authnExtract(header string) policy.Proof {
	mark := j.proved
	walk := credential.From(j.plugin.cfg.AllPlaces, j.gone, &j.plugin.work.view)
	for {
		s := j.next()
		found := s.finder.Next(&j.plugin.work.view, &walk)
		if found.State != credential.Present {
			break
		}
		proof := j.authnToken(s, found, -1, nil)
		if proof.State == policy.Waiting {
			return proof
		}
		if proof.State != policy.Proved || proof.Provider < 0 {
			j.statusHeader = header
		}
	}
	for _, s := range j.slots[mark:j.proved] {
		s.identity, s.sealed = identity.Identity{}, false
	}
	return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1}
}

// plausible says that a token is one of a provider's but for its signature.
func (j *judge) plausible(s *slot, raw string) bool {
	if s.attempt.Parse(raw, j.plugin.cfg.MaxTokenBytes, j.plugin.seed) != reason.OK {
		return false
	}
	if s.provider = authnOwner(j.plugin.cfg, &s.attempt, s.place); s.provider < 0 {
		return false
	}
	p := &j.plugin.cfg.Providers[s.provider]
	if s.attempt.Check(&p.JWT, nil, j.now) != reason.OK {
		return false
	}
	subject, _ := s.attempt.Subject()
	return p.Subjects == nil || p.Subjects.Matches(subject)
}

// grantUnproved carries out what Extract has found in one token.
func (j *judge) grantUnproved(s *slot) {
	payload, claims := s.attempt.Unproved()
	j.plugin.work.writer.Extract(&j.plugin.cfg.Effect, s.provider, payload, claims, s.place)
}

func authnFailed(provider int, code reason.Code, outcome reason.Authn) policy.Proof {
	return policy.Proof{State: policy.Failed, Reason: code, Provider: provider, Authn: outcome}
}
