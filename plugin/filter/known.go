package filter

import (
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
)

// brief says of a provider that nothing is wanted of its tokens but that they are good:
// no claim is judged after the signature, and none is passed on. Of such a token the
// cache says all that there is to know, unless the rule wants more. Whatever comes to be
// asked of tokens belongs here; a test knows the configuration's fields by name.
func brief(cfg *config.Config, provider int) bool {
	p, e := &cfg.Providers[provider], &cfg.Effect.Providers[provider]
	return !cfg.Compat && cfg.Effect.States == 0 &&
		p.Signed == nil && p.Subjects == nil && len(p.Claims) == 0 && p.Scopes.Empty() &&
		e.PayloadHeader == "" && len(e.ClaimHeaders) == 0 && e.ClientHeader == "" && e.KeyIDHeader == ""
}

// known takes a token that the cache knows as good now: the same text, proved by the same
// provider with the keys of this moment, within its times (see [jwt.Good]). Its claims are
// not looked at, and nobody is to ask for them: see brief.
func (j *judge) known(s *slot) policy.Proof {
	s.identity = identity.Identity{Provider: s.provider}
	j.proved++
	return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: s.provider}
}
