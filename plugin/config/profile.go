package config

import (
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// profileNames are the values of profile, by [jwt.Profile].
var profileNames = []string{"jwt", "at+jwt", "id_token", "jwt-svid"}

// profile reads what kind of token a provider takes and makes the rest of it fit: called
// once issuers, audiences and algorithms are read.
func profile(c *jwt.Config, o *object, listed value) {
	v := o.get("profile")
	c.Profile = jwt.Profile(v.choice(profileNames...))
	domain := o.get("trust_domain")
	if c.Profile != jwt.ProfileSVID {
		if !domain.absent() {
			domain.fail(`needs profile "jwt-svid"`)
		}
		if c.Profile != jwt.ProfileJWT {
			profileNeeds(c, v, !c.AnyIssuer())
		}
		return
	}
	trustDomain(c, domain, v)
	profileNeeds(c, v, true) // an SVID's issuer says nothing: its keys are the trust domain's
	svidAlgorithms(c, listed)
}

// profileNeeds warns of what a profile compares with the provider's own names, where
// there is none to compare with.
func profileNeeds(c *jwt.Config, v value, issuer bool) {
	if len(c.Audiences) == 0 {
		v.warn("is to compare \"aud\", but the provider has no audiences: a token for anybody passes unless the requirement names some")
	}
	if !issuer {
		v.warn("is to compare \"iss\", but the provider has no issuer")
	}
}

func trustDomain(c *jwt.Config, domain, v value) {
	if domain.absent() {
		v.fail(`"jwt-svid" needs a trust_domain`)
		return
	}
	if c.TrustDomain = domain.word(); c.TrustDomain != "" && !jwt.IsTrustDomain(c.TrustDomain) {
		domain.fail("want a trust domain's name such as \"prod.example\" (SPIFFE-ID §2.1: lower case letters, digits, '.', '-', '_'), not ", quote(c.TrustDomain))
	}
}

// svidAlgorithms keeps a provider to what a JWT-SVID may be signed with.
func svidAlgorithms(c *jwt.Config, listed value) {
	allowed := jwt.SVIDAlgorithms()
	if listed.absent() {
		c.Algorithms = allowed
		return
	}
	for _, e := range listed.list() {
		if a := jwa.Parse(e.text("")); a != jwa.Invalid && !allowed.Has(a) {
			e.fail("a JWT-SVID is signed with RS, PS or ES 256 to 512 (JWT-SVID §2.1), not ", quote(a.String()))
		}
	}
}

// useOf is what a provider's keys must be for.
func useOf(c *jwt.Config) jwk.Use {
	if c.Profile == jwt.ProfileSVID {
		return jwk.UseSVID
	}
	return jwk.UseSignature
}
