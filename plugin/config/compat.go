package config

import (
	"slices"

	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// compat: "jwt_authn" turns defaults into those of Envoy's filter of that name, so that
// its configurations mean here what they mean there. What is written down still counts.

// compat reads the key; the rest of the configuration is read with it.
func (b *builder) compat(v value) {
	if s := v.text("jwt_authn"); s != "jwt_authn" {
		v.fail(`want "jwt_authn", not `, quote(s))
	}
	b.cfg.Compat = !v.absent()
}

// authnTop reads the keys of jwt_authn's own top level that ask for something else than
// rules and providers.
func (b *builder) authnTop(o *object) {
	b.cfg.BypassPreflight = o.get("bypass_cors_preflight").boolean(false)
	b.cfg.Effect.StripFailure = o.get("strip_failure_response").boolean(false)
	if v := o.get("stat_prefix"); v.text("") != "" {
		v.warn("has no effect: the module's metrics have names of their own (postern_allowed, postern_denied, ...)")
	}
	if v := o.get("filter_state_rules"); !v.absent() {
		v.fail("cannot be carried out: a module sees no filter state that another filter has left as an object; write rules, with headers in their match")
	}
}

// authnProvider turns what a provider does not say into jwt_authn's defaults.
func authnProvider(p *Provider, named value) {
	j := &p.JWT
	j.LenientTimes, j.FoldAudiences, j.AnyType = true, true, true
	if j.ClockSkewSeconds == 0 {
		j.ClockSkewSeconds = defaultSkewSeconds
	}
	for i := range j.Audiences {
		j.Audiences[i] = jwt.FoldAudience(j.Audiences[i])
	}
	if named.absent() {
		j.Algorithms = 0
		for a := jwa.RS256; a.String() != ""; a++ {
			j.Algorithms = j.Algorithms.With(a)
		}
	}
}

// authnPlaces are a provider's places in jwt_authn's order.
func authnPlaces(list []credential.Place, named bool) []credential.Place {
	if !named {
		list = []credential.Place{
			{In: credential.InHeader, Name: "authorization", Prefix: "Bearer "},
			{In: credential.InQuery, Name: "access_token"},
		}
	}
	return credential.SortAuthn(list)
}

// authnClaims are claim_to_headers as jwt_authn looks claims up: by path alone.
func authnClaims(e *effect.Provider) {
	for i := range e.ClaimHeaders {
		e.ClaimHeaders[i].Whole = ""
	}
}

// authnFetching are the defaults of a key set that jwt_authn would fetch: no bound on what
// a good answer may hold but those on memory, no fetch for a kid, and an outage refuses
// with 401 at once or, where keys are fetched ahead, never ends the old ones.
func authnFetching(c *jwks.Config, p *Provider, o *object, ahead bool) {
	if o.get("stale_if_error").absent() {
		c.StaleIfError = 0
		if ahead {
			c.StaleIfError = maxLifetime
		}
	}
	if o.get("refetch_on_unknown_kid").absent() {
		p.RefetchUnknownKid, c.UnknownKidInterval, c.UnknownKidWait = false, 0, 0
	}
	if o.get("honor_cache_control").absent() {
		c.HonorCacheControl = false
	}
	if o.get("max_bytes").absent() {
		c.MaxBytes = 1 << 20
	}
	if o.get("max_keys").absent() {
		c.MaxKeys = 1000
	}
	if o.get("on_unavailable").absent() {
		p.OnUnavailable = jwks.Deny401
	}
}

// metadata warns of what jwt_authn leaves as dynamic metadata, which a module cannot
// write.
func metadata(o *object) {
	const instead = "is not carried: a module cannot write dynamic metadata; "
	if v := o.get("payload_in_metadata"); v.text("") != "" {
		v.warn(instead, "use claim_to_headers or forward_payload_header; the name of the provider is filter state wasm.postern.provider")
	}
	if v := o.get("header_in_metadata"); v.text("") != "" {
		v.warn(instead, "nothing passes on the token's header")
	}
	if v := o.get("failed_status_in_metadata"); v.text("") != "" {
		v.warn(instead, "the outcome of a refusal is in the response code details")
	}
	if v := o.get("normalize_payload_in_metadata"); !v.absent() {
		n := v.object()
		n.get("space_delimited_claims").words()
		n.close()
		v.warn(instead, "required_scopes and authorize read lists that are separated by spaces")
	}
}

// statusHeader reads extract_only_without_validation: the header that tells the upstream
// that nobody has verified what it is told.
func (b *builder) statusHeader(v value) string {
	o := v.object()
	name := o.get("verification_status_header")
	header := "x-jwt-signature-verified"
	switch name.text("") {
	case "":
	case "-":
		header = ""
		name.warn("nothing tells the upstream that the claims are not verified")
	default:
		header = outputHeader(name)
	}
	o.close()
	if header != "" {
		b.statusHeaders = append(b.statusHeaders, header)
	}
	return header
}

// everywhere gathers what concerns all requests: the places where any provider looks, the
// longest token that any takes, and the headers that tell of unverified claims, which are
// removed from every request like all that is written for the upstream.
func (b *builder) everywhere() {
	for i := range b.cfg.Providers {
		p := &b.cfg.Providers[i]
		b.cfg.AllPlaces = append(b.cfg.AllPlaces, p.Places...)
		b.cfg.MaxTokenBytes = max(b.cfg.MaxTokenBytes, p.JWT.MaxTokenBytes)
	}
	b.cfg.AllPlaces = credential.SortAuthn(b.cfg.AllPlaces)
	for _, name := range b.statusHeaders {
		if list := &b.cfg.Effect.IdentityHeaders; !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
}
