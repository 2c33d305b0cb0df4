// Package sign signs HTTP requests as the senders do whom Postern's presets and schemes
// verify.
//
// In: a scheme's name, an unsigned request, keys and options. Out: the signed request,
// or the very bytes that are signed. Spec: the vendors' documents and RFCs, named with
// each scheme. It is the other side of the module and shares no code with it, so that
// one can be tested by the other: standard library alone, one reading of each
// specification of its own. It sends nothing, reads no clock and keeps no key.
package sign

import (
	"errors"
	"fmt"
	"time"
)

// Scheme is a way of signing a request.
type Scheme struct {
	// Name is how it is asked for; that of the preset, where it is one.
	Name string
	// About says in one line who signs so and what is covered.
	About string
	// Source is where its rules are written.
	Source string
	// Reads names the options that count for it, as the flags of `postern sign` do, apart
	// from the time, which counts wherever a signature states one.
	Reads []string
	// Many says that several keys may sign one request, as senders do while they rotate.
	Many bool

	draft drafter
}

// drafter prepares a request for its signature.
type drafter func(r *Request, key Key, o *Options) (*draft, error)

// draft is a request that lacks nothing but its signature.
type draft struct {
	// base are the bytes to sign. They do not change with the key, where several sign.
	base []byte
	// algorithm is what a key signs with.
	algorithm func(Key) string
	// secret makes the secret that signs from the key's; nil leaves it as it is.
	secret func([]byte) []byte
	// place writes the signatures into the request.
	place func([]signature)
}

// signature is one key's.
type signature struct {
	key   Key
	value []byte
}

// Options are what a request may be signed with. Each scheme reads those that its help
// names; all of them have defaults.
type Options struct {
	// Time is when the request is signed. It must be set.
	Time time.Time
	// Expires is how long a signature lives that states its end itself; 0 is the
	// scheme's default.
	Expires time.Duration
	// Nonce is the value that is used once, ID the message's; "" makes a random one.
	Nonce, ID string
	// Algorithm is what the key signs with, where the scheme leaves a choice.
	Algorithm string
	// Components are what is covered, in the scheme's words; nil is the scheme's default.
	Components []string
	// Digest is the hash for a body's digest header: "sha-256" (the default) or "sha-512".
	Digest string
	// PublicURL is the URL, or the scheme and authority, under which the verifier knows
	// itself; "" is the request's own.
	PublicURL string
	// Carrier is where the signature goes: "header", "query", "cookie", "body",
	// "signature", "proxy-authorization"; "" is the scheme's default.
	Carrier string

	// Label and Tag are RFC 9421's; WithAlgorithm adds its parameter alg.
	Label, Tag    string
	WithAlgorithm bool
	// Agent is the URL of Signature-Agent (Web Bot Auth).
	Agent string

	// Region and Service are SigV4's scope. S3 signs paths as they are and always states
	// the payload's hash; Payload states it elsewhere too; Unsigned says that the payload
	// is not covered; RawPath leaves dot segments and doubled slashes in the path.
	Region, Service                string
	S3, Payload, Unsigned, RawPath bool
	// SessionToken is SigV4's security token.
	SessionToken string

	// Resource is what a signed URL is for, where it is more than the URL itself:
	// Google's prefix, CloudFront's resource with wildcards, Akamai's ACL.
	Resource string
	// Start is when a signed URL begins to be valid; the zero value is at once.
	Start time.Time
	// SourceIP binds a signed URL to a client's address.
	SourceIP string
	// TokenName, Salt, Session, Data and EscapeEarly are Akamai's.
	TokenName, Salt, Session, Data string
	EscapeEarly                    bool
	// Expression is nginx's secure_link_md5.
	Expression string
}

// Lookup returns the scheme of that name.
func Lookup(name string) (Scheme, bool) {
	for _, s := range Schemes() {
		if s.Name == name {
			return s, true
		}
	}
	return Scheme{}, false
}

// Sign returns a signed copy of r. The first key signs; the others do so too where the
// scheme has room for several.
func (s Scheme) Sign(r *Request, keys []Key, o Options) (*Request, error) {
	signed, d, err := s.prepare(r, keys, &o)
	if err != nil {
		return nil, err
	}
	signatures := make([]signature, len(keys))
	for i, k := range keys {
		signing := k
		if d.secret != nil {
			signing.Secret = d.secret(k.Secret)
		}
		value, err := signing.sign(d.algorithm(k), d.base)
		if err != nil {
			return nil, fmt.Errorf("%s: key %q: %w", s.Name, k.ID, err)
		}
		signatures[i] = signature{k, value}
	}
	d.place(signatures)
	return signed, nil
}

// Base returns the bytes that Sign signs: what to compare when two sides disagree. It
// holds no secret, but for nginx, whose expression may.
func (s Scheme) Base(r *Request, keys []Key, o Options) ([]byte, error) {
	_, d, err := s.prepare(r, keys, &o)
	if err != nil {
		return nil, err
	}
	return d.base, nil
}

func (s Scheme) prepare(r *Request, keys []Key, o *Options) (*Request, *draft, error) {
	switch {
	case s.draft == nil:
		return nil, nil, errors.New("no scheme")
	case len(keys) == 0:
		return nil, nil, fmt.Errorf("%s: no key", s.Name)
	case len(keys) > 1 && !s.Many:
		return nil, nil, fmt.Errorf("%s: one key signs, not %d", s.Name, len(keys))
	case o.Time.IsZero():
		return nil, nil, fmt.Errorf("%s: no time", s.Name)
	}
	signed := r.Clone()
	d, err := s.draft(signed, keys[0], o)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return signed, d, nil
}

// fixed is the algorithm of a scheme that has one.
func fixed(algorithm string) func(Key) string {
	return func(Key) string { return algorithm }
}
