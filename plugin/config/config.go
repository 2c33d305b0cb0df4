// Package config reads the configuration: the only place that knows its keys.
//
// In: the JSON text that the host hands over, and the environment. Out: a [Config] that
// the other rooms use as it is, or every [Problem] at once, each with its path. Spec:
// the configuration section of the documentation, a superset of the JSON form (RFC 8259,
// protojson spellings) of Envoy's jwt_authn.
// It never guesses: what it does not know it refuses. It never quotes a secret, never
// fetches, and nothing of it runs on a request.
package config

import (
	"github.com/postern-wasm/postern/plugin/authorize"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// Config is an accepted configuration. Nothing in it changes after [Parse].
type Config struct {
	// Paths says what becomes of paths that are not normal.
	Paths request.PathMode
	// Providers in the order of their names; indices elsewhere point here.
	Providers []Provider
	// Compat judges and answers as Envoy's jwt_authn does (compat: "jwt_authn").
	Compat bool
	// BypassPreflight lets CORS preflights pass (bypass_cors_preflight).
	BypassPreflight bool
	// AllPlaces are the places where any provider looks, in jwt_authn's order, and
	// MaxTokenBytes the longest token that any of them takes.
	AllPlaces     []credential.Place
	MaxTokenBytes int
	// Policy is the rule table.
	Policy policy.Table
	// Effect is the effect room's share.
	Effect effect.Config
	// Remote are the distinct remote key sets (one per cluster and URI).
	Remote []jwks.Config
	// TrustedHops is how many hops in front of the proxy are trusted to add to
	// X-Forwarded-For whom they were called by (xff_trusted_hops, default 0).
	TrustedHops int
	// SharedDataSecret, if not nil, authenticates what workers leave each other in shared
	// data (limits.shared_data_secret).
	SharedDataSecret []byte
	// TokenCache bounds the cache of verified tokens of one VM.
	TokenCache TokenCache
	// Warnings do not refuse: each names a path and what is odd there.
	Warnings []Problem
}

// TokenCache is the top-level token_cache.
type TokenCache struct {
	// MaxEntries is the largest number of tokens; 0 turns the cache off (default 10000).
	MaxEntries int
	// MaxBytes is the most memory that entries take (default 16777216).
	MaxBytes int
}

// Provider is one provider, of JWTs unless one of its kinds says otherwise.
type Provider struct {
	// Name is the key in "providers".
	Name string
	// Signed is not nil for a provider of signed requests. It looks at no places and has
	// nothing of what follows.
	Signed *SignedRequest
	// Places where its credential may stand.
	Places []credential.Place
	// JWT is what its tokens must satisfy.
	JWT jwt.Config
	// Subjects, if not nil: the claim "sub" must be there and match.
	Subjects *policy.TextMatch
	// Claims must hold, or the token is not this provider's.
	Claims []authorize.Claim
	// Scopes must be granted, or the token does not do here.
	Scopes authorize.Scopes
	// Inline is its key set if given inline, else nil.
	Inline *jwk.Set
	// Remote is the index in Config.Remote, or -1.
	Remote int
	// OnUnavailable applies when Remote has no usable keys.
	OnUnavailable jwks.Unavailable
	// RefetchUnknownKid says that this provider's tokens may cause a fetch for a kid that
	// the set lacks (refetch_on_unknown_kid is not false). The set may be shared with one
	// whose tokens may not.
	RefetchUnknownKid bool
	// ClearRouteCache has the host choose the route anew once a token of it has proved the
	// request (clear_route_cache).
	ClearRouteCache bool
	// Cache caps its share of the token cache (jwt_cache_config).
	Cache ProviderCache
}

// ProviderCache is a provider's jwt_cache_config.
type ProviderCache struct {
	// Capped says that the others count: there is a jwt_cache_config.
	Capped bool
	// MaxEntries is the largest number of its tokens (jwt_cache_size, default 100).
	MaxEntries int
	// MaxTokenBytes is the longest token kept (jwt_max_token_size, default 4096); a longer
	// one is verified each time.
	MaxTokenBytes int
}

// Problem is one finding: "path: text".
type Problem struct {
	// Path is where, in the configuration's own spelling ("rules[2].requires").
	Path string
	// Text says what is wrong and, where it can, what was meant. It never quotes a secret.
	Text string
}

// String returns "path: text".
func (p Problem) String() string {
	if p.Path == "" {
		return p.Text
	}
	return p.Path + ": " + p.Text
}
