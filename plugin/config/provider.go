package config

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// laterProvider are provider keys that are documented, here or in jwt_authn, and not built.
var laterProvider = []string{
	"api_key", "basic_auth", "introspection", "client_certificate",
}

// Bounds and defaults of a provider.
const (
	defaultSkewSeconds, maxSkewSeconds = 60, 86400
	defaultTokenBytes, maxTokenBytes   = 16 << 10, 1 << 20
	// maxName bounds a provider's name, which stands in logs and answers to the operator.
	maxName = 128
)

func (b *builder) providers(v value) {
	members := v.members()
	if len(members) > maxProviders {
		v.fail("more than ", strconv.Itoa(maxProviders), " providers")
		members = members[:maxProviders]
	}
	for _, m := range members {
		b.names = append(b.names, m.name)
		if len(m.name) > maxName || hasControl(m.name) {
			m.fail("a provider's name has at most ", strconv.Itoa(maxName), " bytes and no control characters")
		}
	}
	b.cfg.Providers = make([]Provider, len(members))
	b.cfg.Effect.Providers = make([]effect.Provider, len(members))
	sets := remoteSets{b: b}
	for i, m := range members {
		b.provider(i, m, &sets)
	}
	b.identityHeaders()
}

func (b *builder) provider(i int, m member, sets *remoteSets) {
	p, e := &b.cfg.Providers[i], &b.cfg.Effect.Providers[i]
	p.Name, e.Name = m.name, m.name
	p.Remote = -1
	o := m.object()
	senderConstraint(o.get("sender_constraint"))
	if kind := o.get("signed_request"); !kind.absent() {
		b.signedProvider(i, p, e, kind)
		o.close(laterProvider...)
		return
	}
	var by jwt.Config
	issuers(&by, o)
	p.JWT = jwt.Config{
		Issuer: by.Issuer, Issuers: by.Issuers, IssuerPattern: by.IssuerPattern,
		Audiences:         o.get("audiences").words(),
		ClockSkewSeconds:  o.get("clock_skew_seconds").integer(defaultSkewSeconds, 0, maxSkewSeconds),
		RequireExpiration: o.get("require_expiration").boolean(!b.cfg.Compat),
		MaxLifetime:       o.get("max_lifetime").duration(0, second, maxSeconds*second),
		MaxTokenBytes:     int(o.get("max_token_bytes").integer(defaultTokenBytes, 1, maxTokenBytes)),
	}
	listed := o.get("algorithms")
	p.JWT.Algorithms = algorithms(listed)
	profile(&p.JWT, o, listed)
	if b.cfg.Compat {
		authnProvider(p, listed)
	}
	b.keys(p, o, listed, sets)
	if subjects := o.get("subjects"); !subjects.absent() {
		m := stringMatch(subjects)
		p.Subjects = &m
	}
	p.Claims = claimRules(o.get("claims"))
	p.Scopes = requiredScopes(o.get("required_scopes"))
	p.Places = b.places(o)
	e.Forward = o.get("forward").boolean(false)
	e.PadPayload = o.get("pad_forward_payload_header").boolean(false)
	b.identity(e, o)
	metadata(o)
	p.ClearRouteCache = o.get("clear_route_cache").boolean(false)
	p.Cache = providerCache(o.get("jwt_cache_config"))
	o.close(laterProvider...)
	if o.there && p.JWT.AnyIssuer() && p.JWT.Profile == jwt.ProfileJWT {
		m.warn("has no issuer: a token of any issuer passes if a key of the set verifies it")
	}
}

// senderConstraint takes what asks for nothing: "off", which YAML makes false of where it is
// not quoted.
func senderConstraint(v value) {
	o := v.object()
	for _, name := range [...]string{"dpop", "mtls"} {
		if w := o.get(name); !w.absent() && w.json.Kind() != jsonx.False && w.json.Text() != "off" {
			w.fail("is not supported by this version")
		}
	}
	o.close()
}

func providerCache(v value) ProviderCache {
	o := v.object()
	c := ProviderCache{
		Capped:        o.there,
		MaxEntries:    int(o.get("jwt_cache_size").integer(0, 0, 1_000_000)),
		MaxTokenBytes: int(o.get("jwt_max_token_size").integer(0, 0, maxTokenBytes)),
	}
	if c.MaxEntries == 0 {
		c.MaxEntries = 100 // as in jwt_authn, where 0 stands for the default
	}
	if c.MaxTokenBytes == 0 {
		c.MaxTokenBytes = 4096
	}
	o.close()
	return c
}

// algorithms reads the list of JWS names. RFC 8725 §3.1: the verifier fixes the set; an
// HMAC algorithm is in it only where it is named.
func algorithms(v value) jwa.Set {
	if v.absent() {
		return jwa.Asymmetric()
	}
	var set jwa.Set
	list := v.list()
	for _, e := range list {
		name := e.word()
		if name == "" {
			continue
		}
		alg := jwa.Parse(name)
		if request.EqualFold(name, "none") { // RFC 8725 §3.2
			e.fail("no algorithm ", quote(name), ": an unsigned token proves nothing")
			continue
		}
		if alg == jwa.Invalid {
			e.fail("no algorithm ", quote(name), v.out.suggest(name, algorithmNames()))
			continue
		}
		set = set.With(alg)
	}
	if len(list) == 0 && v.json.Kind() == jsonx.Array && v.json.Len() == 0 {
		v.fail("must name at least one algorithm")
	}
	if set.Symmetric() && set&jwa.Asymmetric() != 0 {
		v.warn("names HMAC and public-key algorithms: a key set for both is a trap unless every key has an \"alg\"")
	}
	return set
}

func algorithmNames() []string {
	var names []string
	for a := jwa.RS256; a.String() != ""; a++ {
		names = append(names, a.String())
	}
	return names
}
