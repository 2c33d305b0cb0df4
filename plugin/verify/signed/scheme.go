package signed

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// Request is a request as schemes see it.
type Request struct {
	// View is its headers. Signatures are over the request as it was received: schemes use
	// Target, RawPath and Query, never Path.
	View *request.View
	// Now is the time, Unix nanoseconds.
	Now int64
	// Address returns the client's address without its port, "" if it is not known. It may
	// be a host call: only schemes that need it call it.
	Address func() string
	// Protocol returns the version of HTTP that the request came in, as "HTTP/1.1", "" if it
	// is not known. As Address.
	Protocol func() string
}

// Scheme reads requests that are signed in one way. It is made from the configuration,
// never changed afterwards, and keeps nothing of a request.
type Scheme interface {
	// Read fills out with what the request claims: reason.OK and at least one claim;
	// reason.Missing if there is no signature of this scheme; else why it is refused. It
	// checks form and coverage; keys, time, digests and signatures are judged here.
	Read(r *Request, out *Reading) reason.Code
	// Finish is called for a claim of BodyWhole once the body is complete: it makes the
	// claim one of another use, with all its text.
	Finish(r *Request, c *Claim, body string) reason.Code
	// Traits says what the configuration's reader has to know of the scheme.
	Traits() Traits
}

// Traits are the constant facts of a scheme as it is configured.
type Traits struct {
	// Algorithms are those that it can be used with.
	Algorithms Set
	// KeyIDs says that requests name their key; otherwise at most MaxKeys may be configured.
	KeyIDs bool
	// Cosigned says that a request may carry signatures by several keys, and that which of
	// them it names is not signed.
	Cosigned bool
	// Timed says that every accepted request has a signed time or a signed end.
	Timed bool
	// Nonce says that accepted requests may have a signed nonce.
	Nonce bool
	// MessageID says that requests carry an id of the message (replay by id), IDSigned that
	// it is part of what is signed.
	MessageID, IDSigned bool
	// Body says how the body can take part: BodyUnused if the scheme never covers it.
	// MayCover says that a request's own digest header may.
	Body     BodyUse
	MayCover bool
	// Challenge is the scheme's name in WWW-Authenticate.
	Challenge string
	// Headers are the names of the header fields, lower case, that carry the credential,
	// for a log that must not show them and a proxy that may remove them.
	Headers []string
}

// OneSigner says that what a request is signed by is one key, which a stranger who has the
// request cannot change: replays are told apart among the requests of that key. Elsewhere a
// request that carries signatures by two keys, as in a rotation, would be good once for
// each of them.
func (t *Traits) OneSigner() bool { return t.KeyIDs && !t.Cosigned }
