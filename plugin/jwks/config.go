// Package jwks plans the life of remote key sets: when to fetch, whom to ask first,
// what to keep, how long.
//
// In: (now, event) pairs: a wish for keys, an answer of the key-set server, what other
// workers have published. Out: the keys usable now, and the next host call wanted, as
// a [Step]. Spec: RFC 7517, OpenID Connect Core §10.1.1, OpenID Connect Discovery §4,
// RFC 8414 §3, RFC 9111 §5.2.2.1.
// It never calls the host, and no bad answer ever displaces good keys.
package jwks

import "github.com/postern-wasm/postern/plugin/jose/jwk"

// Config describes one remote key set, shared by all providers that name the same
// cluster and URI. Durations are nanoseconds, sizes bytes. It is comparable: equal
// values describe the same set.
type Config struct {
	// URI is fetched with GET; its authority and path are sent as written. It is the key
	// set's own, or, where Issuer is set, that of metadata which names the key set's.
	URI string
	// Cluster is the host's name for the upstream that serves it.
	Cluster string
	// Issuer is what the metadata must call itself (discovery); "" is no discovery.
	Issuer string
	// OtherURI is where the metadata is looked for next if there is none under URI; "" is nowhere.
	OtherURI string
	// Use is what its keys must be for.
	Use jwk.Use
	// Timeout of one fetch (http_uri.timeout).
	Timeout int64
	// CacheDuration is how long a fetched set is fresh (default 600 s).
	CacheDuration int64
	// HonorCacheControl lets max-age shorten that, within bounds.
	HonorCacheControl bool
	// MaxBytes is the largest document taken (default 65536).
	MaxBytes int
	// MaxKeys is the largest number of keys taken (default 64).
	MaxKeys int
	// FailedRefetch is the first delay after a failed fetch (default 1 s); it doubles up to a cap.
	FailedRefetch int64
	// Retries is how often one fetch is repeated at once before it counts as failed.
	Retries int
	// RetryBase is the delay before the first such repetition (default 1 s); it doubles
	// up to RetryMax (default ten times RetryBase).
	RetryBase, RetryMax int64
	// RetryOn are the failures that are repeated at once; others count at the first time.
	RetryOn RetryOn
	// StaleIfError is how long keys outlive their freshness when refresh fails (default 3600 s).
	StaleIfError int64
	// UnknownKidInterval is the least time between fetches that unknown kids cause; 0 is never.
	UnknownKidInterval int64
	// UnknownKidWait is how long a request waits for such a fetch.
	UnknownKidWait int64
}

// RetryOn is a set of failures (Envoy's retry_on, as far as a callout shows them).
type RetryOn uint8

// The failures.
const (
	// RetryReset: no answer at all (connect-failure, reset, refused-stream).
	RetryReset RetryOn = 1 << iota
	// RetryGateway: 502, 503, 504, a time-out among them.
	RetryGateway
	// RetryServer: any 5xx.
	RetryServer
	// RetryConflict: 409 (retriable-4xx).
	RetryConflict
	// RetryDefault is what jwt_authn repeats: "5xx,gateway-error,connect-failure,reset".
	RetryDefault = RetryReset | RetryGateway | RetryServer
)

// has says whether an answer that is no success is repeated at once.
func (r RetryOn) has(status int) bool {
	switch {
	case status == 0:
		return r&RetryReset != 0
	case status == 502, status == 503, status == 504:
		return r&(RetryGateway|RetryServer) != 0
	case status >= 500:
		return r&RetryServer != 0
	}
	return status == 409 && r&RetryConflict != 0
}

// discovers says whether the set's URI has to be learnt first.
func (c *Config) discovers() bool { return c.Issuer != "" }

// span is how long one worker may take for an episode: each call in it may use its
// time-out up, and the host needs a moment to say so.
func (c *Config) span() int64 {
	calls := int64(1)
	if c.discovers() {
		calls = 3 // two places for metadata, and the keys
	}
	return calls*c.Timeout + leaseMargin
}

// Patience is how long a request may have to wait for a first set, if the host keeps
// its time-outs.
func (c *Config) Patience() int64 { return c.span() - leaseMargin }

// Unavailable is what becomes of a request whose provider has no usable keys.
type Unavailable uint8

// The answers; the zero value refuses with 503.
const (
	// Deny503 refuses with temporarily_unavailable and Retry-After.
	Deny503 Unavailable = iota
	// Deny401 refuses with invalid_token.
	Deny401
	// Allow lets the request pass without an identity.
	Allow
)
