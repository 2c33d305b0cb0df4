package httpsig

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/sfv"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Bounds on one request.
const (
	// MaxComponents is how many components a signature may cover.
	MaxComponents = 64
	// maxText is the longest signed text, bytes.
	maxText = 64 << 10
	// maxWork is how many bytes of fields and queries are searched for all components of a
	// request: what a component costs grows with the request, and a request could name many.
	maxWork = 256 << 10
	// maxKeyID is the longest keyid, bytes.
	maxKeyID = 256
	// maxSignature is the longest signature, bytes: RSA of 8192 bits.
	maxSignature = 1024
	// latest is the latest time that is read, seconds: the year 2242. What is later has been
	// written in another unit.
	latest = 1 << 33
	// botAuthLife is how long a signature of the profile web-bot-auth lasts at most, seconds.
	botAuthLife = 24 * 60 * 60
)

// Config says which signatures count. Its zero value asks for all that can be asked for.
type Config struct {
	// Tag is the tag that a signature must have, Label the label; "" takes any. A label is
	// not signed: it chooses, and proves nothing (RFC 9421 §7.2.5).
	Tag, Label string
	// WebBotAuth turns the profile of that name on.
	WebBotAuth bool
	// Components must be covered by every signature, in RFC 9421's words without the quotes:
	// `@method`, `content-type`, `@query-param;name="id"`. nil is [DefaultComponents], or
	// with WebBotAuth what the profile asks for.
	Components []string
	// AllowEmpty lets a signature cover no component.
	AllowEmpty bool
	// BodyOptional lets a body pass that no covered digest speaks of. A covered digest is
	// compared all the same.
	BodyOptional bool
	// CreatedOptional takes signatures that do not say when they were made.
	CreatedOptional bool
	// NeedsNonce refuses signatures without a nonce.
	NeedsNonce bool
	// Lasting lets a signature of the profile web-bot-auth be used until it expires, however
	// old it is; without it the provider's tolerance bounds its age too.
	Lasting bool
	// Public is where senders see the service; the zero value is where requests say it is.
	Public Origin
}

// Origin is a public address: what a sender's URL has in front of the path that arrives.
type Origin struct {
	// Scheme and Authority, both or none; Path is a prefix that is gone when the request
	// arrives, without a slash at its end.
	Scheme, Authority, Path string
}

// DefaultComponents returns what has to be covered if the configuration does not say:
// whatever makes two requests two, but for fields. Bodies have a rule of their own.
func DefaultComponents() []string { return []string{"@method", "@authority", "@path", "@query"} }

// Scheme is [signed.Scheme] for HTTP message signatures.
type Scheme struct {
	cfg        Config
	required   []component
	algorithms signed.Set
}

// ErrLabel says that a label is not one: RFC 9421 §4.1 makes it a dictionary's key.
var ErrLabel = errors.New("a label begins with a lower-case letter and goes on with those, digits, and any of _-.*")

// New makes a scheme of a configuration, which it keeps. An error names the component.
func New(cfg Config) (*Scheme, error) {
	s := &Scheme{cfg: cfg, algorithms: signed.SetOf(signed.HMACSHA256, signed.Ed25519,
		signed.ECDSAP256, signed.ECDSAP384, signed.RSASHA256, signed.RSAPSSSHA512)}
	names := cfg.Components
	if names == nil && !cfg.WebBotAuth {
		names = DefaultComponents()
	}
	for _, name := range names {
		var c component
		v, ok := sfv.ReadItem(quoted(name))
		if !ok || c.read(v) != reason.OK {
			return nil, errors.New("\"" + name + "\" is no component that a request has")
		}
		s.required = append(s.required, c)
	}
	if cfg.Label != "" {
		if _, ok := sfv.ReadDictionary(cfg.Label); !ok {
			return nil, ErrLabel
		}
	}
	if cfg.WebBotAuth {
		s.algorithms &^= signed.SetOf(signed.HMACSHA256) // who verifies a bot must not be able to be one
		if s.cfg.Tag == "" {
			s.cfg.Tag = botAuthTag
		}
	}
	return s, nil
}

// quoted writes a component's name as RFC 9421 does, its parameters behind it.
func quoted(name string) string {
	end := 0
	for end < len(name) && name[end] != ';' {
		end++
	}
	return `"` + name[:end] + `"` + name[end:]
}

// Finish is never called: no claim of this scheme needs the body whole.
func (s *Scheme) Finish(*signed.Request, *signed.Claim, string) reason.Code { return reason.Internal }

// Traits returns the facts of the scheme as it is configured.
func (s *Scheme) Traits() signed.Traits {
	return signed.Traits{
		Algorithms: s.algorithms,
		KeyIDs:     true,
		Timed:      !s.cfg.CreatedOptional || s.cfg.WebBotAuth,
		Nonce:      true,
		MayCover:   true,
		Challenge:  "Signature",
		Headers:    []string{"signature", "signature-input"},
	}
}

// digests are the algorithms of RFC 9530 §5 that are not broken.
var digests = [...]struct {
	name string
	hash digest.Hash
}{{"sha-256", digest.SHA256}, {"sha-512", digest.SHA512}}
