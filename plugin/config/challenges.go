package config

import (
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/policy"
)

// challenges gives each rule the challenges that its refusals carry: one for each scheme of
// its requirement.
func (b *builder) challenges() {
	for i := range b.cfg.Policy.Rules {
		r := &b.cfg.Policy.Rules[i]
		var list []effect.Challenge
		b.challenge(&list, &r.Requirement)
		r.Challenges = b.cfg.Effect.AddChallenges(list)
	}
}

// challenge adds the schemes of a requirement. An allowance asks for nothing.
func (b *builder) challenge(list *[]effect.Challenge, r *policy.Requirement) {
	if r.Kind == policy.Provider && r.Provider >= 0 {
		scheme := "Bearer"
		if s := b.cfg.Providers[r.Provider].Signed; s != nil {
			if scheme = s.Traits.Challenge; scheme == "" {
				scheme = "Signature"
			}
		}
		addChallenge(list, scheme, r.Provider)
	}
	for i := range r.Children {
		b.challenge(list, &r.Children[i])
	}
}

func addChallenge(list *[]effect.Challenge, scheme string, provider int) {
	for i := range *list {
		c := &(*list)[i]
		if c.Scheme != scheme {
			continue
		}
		for _, p := range c.Providers {
			if p == provider {
				return
			}
		}
		c.Providers = append(c.Providers, provider)
		return
	}
	*list = append(*list, effect.Challenge{Scheme: scheme, Providers: []int{provider}})
}
