// Package jwks plans the life of remote key sets: when to fetch, whom to ask first,
// what to keep, how long.
//
// In: (now, event) pairs: a wish for keys, an answer of the key-set server, what other
// workers have published. Out: the keys usable now, and the next host call wanted, as
// a [Step]. Spec: RFC 7517, OpenID Connect Core §10.1.1, RFC 9111 §5.2.2.1.
// It never calls the host, and no bad answer ever displaces good keys.
package jwks

// Config describes one remote key set, shared by all providers that name the same
// cluster and URI. Durations are nanoseconds, sizes bytes.
type Config struct {
	// URI is fetched with GET; its authority and path are sent as written.
	URI string
	// Cluster is the host's name for the upstream that serves it.
	Cluster string
	// Timeout of one fetch (http_uri.timeout).
	Timeout int64
	// CacheDuration is how long a fetched set is fresh (default 600 s).
	CacheDuration int64
	// HonorCacheControl lets max-age shorten or lengthen that, within bounds.
	HonorCacheControl bool
	// MaxBytes is the largest document taken (default 65536).
	MaxBytes int
	// MaxKeys is the largest number of keys taken (default 64).
	MaxKeys int
	// FailedRefetch is the first delay after a failed fetch (default 1 s); it doubles up to a cap.
	FailedRefetch int64
	// Retries is how often one fetch is repeated at once before it counts as failed.
	Retries int
	// RetryBase is the delay before the first such repetition (default 1 s); it doubles.
	RetryBase int64
	// StaleIfError is how long keys outlive their freshness when refresh fails (default 3600 s).
	StaleIfError int64
	// UnknownKidInterval is the least time between fetches that unknown kids cause; 0 is never.
	UnknownKidInterval int64
	// UnknownKidWait is how long a request waits for such a fetch.
	UnknownKidWait int64
}

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
