package jwt

import "github.com/postern-wasm/postern/plugin/jose/jwa"

// Config is what a provider asks of its tokens. The config room fills it; the zero
// value accepts no algorithm and so no token.
type Config struct {
	// Issuer must equal "iss"; "" accepts any issuer and none.
	Issuer string
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
	// MaxTokenBytes refuses longer tokens (bytes of the compact form).
	MaxTokenBytes int
}
