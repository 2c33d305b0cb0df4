package jwks

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/request"
)

// Discovery: a key set whose place is learnt from the issuer's metadata. An episode
// then has up to three calls, under one lease: the metadata under either of its
// well-known places, then the keys.

const (
	// maxURI bounds a jwks_uri, bytes.
	maxURI = 2048
	// placeLifetime is how long metadata counts before it is fetched again; a set that
	// cannot be fetched has it fetched sooner.
	placeLifetime = 3600 * second
	// metadataDepth is the nesting that metadata may have.
	metadataDepth = 32
)

// The places that metadata is asked for at.
const (
	askURI   uint8 = iota // Config.URI
	askOther              // Config.OtherURI
)

// place is where the keys are; buffer is empty while it is not known.
type place struct {
	buffer []byte
	until  int64
}

// lookingUp says whether the metadata is asked, or is to be asked next.
func (s *Source) lookingUp() bool { return s.cfg.discovers() && len(s.place.buffer) == 0 }

// target is the URI to be fetched next.
func (s *Source) target(now int64) string {
	if !s.cfg.discovers() {
		return s.cfg.URI
	}
	if now >= s.place.until {
		s.forgetPlace()
	}
	if len(s.place.buffer) > 0 {
		return string(s.place.buffer)
	}
	if s.asking == askOther {
		return s.cfg.OtherURI
	}
	return s.cfg.URI
}

func (s *Source) accept() string {
	if s.lookingUp() {
		return "application/json"
	}
	return "application/jwk-set+json, application/json"
}

func (s *Source) forgetPlace() { s.place.buffer = s.place.buffer[:0] }

func (s *Source) setPlace(uri []byte, until int64) {
	s.place.buffer = append(s.place.buffer[:0], uri...) // it has room for maxURI
	s.place.until = until
}

// located takes the answer of the metadata's server and says whether it was a good one.
func (s *Source) located(now int64, a Answer) bool {
	if a.Status >= 400 && a.Status < 500 && s.asking == askURI && s.cfg.OtherURI != "" {
		s.asking = askOther
		s.phase = dispatch
		return true // that nothing is there is an answer
	}
	why, again := s.refuse(a)
	var uri string
	if why == "" {
		uri, why = s.cfg.metadata(a.Body, s.salt)
	}
	if why != "" {
		s.fail(now, "discovery: "+why, again)
		return false
	}
	s.setPlace([]byte(uri), now+placeLifetime)
	s.phase = dispatch
	return true
}

// takePlace takes the place that another worker has discovered, as untrusted as the
// rest of its entry.
func (s *Source) takePlace(now int64, d *document) {
	if !s.cfg.discovers() || d.placeUntil > now+placeLifetime || s.cfg.admits(string(d.place)) != "" {
		return
	}
	s.setPlace(d.place, d.placeUntil)
}

// metadata returns the jwks_uri of a metadata document, or why it is not to be used.
func (c *Config) metadata(document []byte, seed uint64) (uri, why string) {
	var d jsonx.Doc
	if err := d.Parse(document, jsonx.Limits{MaxBytes: c.MaxBytes, MaxDepth: metadataDepth, Seed: seed}); err != nil {
		return "", "the metadata is not strict JSON: " + err.Error()
	}
	issuer, _ := d.Root().Member("issuer")
	// OpenID Connect Discovery §4.3, RFC 8414 §3.3: identical, or the document "MUST NOT
	// be used".
	if issuer.Kind() != jsonx.String || issuer.Text() != c.Issuer {
		return "", "the metadata's issuer is not " + strconv.QuoteToASCII(c.Issuer)
	}
	named, _ := d.Root().Member("jwks_uri")
	if named.Kind() != jsonx.String {
		return "", "the metadata names no jwks_uri"
	}
	return named.Text(), c.admits(named.Text())
}

// admits says why keys are not fetched from a URI; "" if they are. The cluster serves
// one authority, and what that names must be there too: metadata must not send the proxy
// elsewhere.
func (c *Config) admits(uri string) string {
	const what = "the metadata's jwks_uri "
	if len(uri) > maxURI {
		return what + "is too long"
	}
	for i := 0; i < len(uri); i++ {
		if b := uri[i]; b <= ' ' || b >= 0x7f || b == '#' || b == '\\' {
			return what + "is not an ASCII URI without a fragment"
		}
	}
	scheme, authority, _ := Target(uri)
	own, host, _ := Target(c.URI)
	if !strings.Contains(uri, "://") || !request.EqualFold(scheme, own) {
		return what + "has another scheme than " + c.URI
	}
	if !sameAuthority(scheme, authority, host) {
		return what + "is on " + strconv.QuoteToASCII(authority[:min(len(authority), 80)]) + ", not on " + host + " (name such a set in remote_jwks)"
	}
	return ""
}

// sameAuthority compares without case and default port (RFC 3986 §6.2).
func sameAuthority(scheme, a, b string) bool {
	port := ":443"
	if request.EqualFold(scheme, "http") {
		port = ":80"
	}
	return request.EqualFold(strings.TrimSuffix(a, port), strings.TrimSuffix(b, port))
}

// WellKnown returns the two places of an issuer's metadata: OpenID Connect Discovery
// §4.1 puts its path behind the issuer's, RFC 8414 §3.1 puts it before.
func WellKnown(issuer string) (oidc, oauth string) {
	scheme, rest, _ := strings.Cut(issuer, "://")
	rest = strings.TrimSuffix(rest, "/")
	authority, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	return scheme + "://" + rest + "/.well-known/openid-configuration",
		scheme + "://" + authority + "/.well-known/oauth-authorization-server" + path
}
