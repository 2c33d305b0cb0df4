package jwt

import "github.com/postern-wasm/postern/plugin/jose/jwa"

// Config is what a provider asks of its tokens. The config room fills it; the zero
// value accepts no algorithm and so no token.
type Config struct {
	// Issuer must equal "iss", or one of Issuers, or IssuerPattern with the token's claims in
	// it; where all three are empty any issuer is accepted, and none.
	Issuer string
	// Issuers are more of them.
	Issuers []string
	// IssuerPattern is many of them; nil for none.
	IssuerPattern *IssuerPattern
	// Audiences: one must be in "aud"; empty asks nothing.
	Audiences []string
	// Algorithms are the only ones accepted.
	Algorithms jwa.Set
	// ClockSkewSeconds is added on the token's side of exp, nbf and iat; 0 means 0.
	ClockSkewSeconds int64
	// RequireExpiration refuses a token without exp.
	RequireExpiration bool
	// MaxLifetime refuses a token whose exp lies further ahead, nanoseconds, and one
	// without exp; 0 is no bound.
	MaxLifetime int64
	// Profile is the kind of token asked for.
	Profile Profile
	// TrustDomain is the one whose workloads ProfileSVID accepts.
	TrustDomain string
	// AnyType lets ProfileJWT take a token whatever its typ says, as jwt_authn does.
	AnyType bool
	// LenientTimes judges times as Envoy's jwt_authn does: in whole seconds, a token is good
	// at exp + skew itself, exp 0 is as none, and iat may lie in the future.
	LenientTimes bool
	// FoldAudiences compares audiences without "http://" or "https://" before and one '/'
	// behind, as jwt_authn does. Audiences have been folded by [FoldAudience].
	FoldAudiences bool
	// MaxTokenBytes refuses longer tokens (bytes of the compact form).
	MaxTokenBytes int
}
