package template

import (
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Bounds of a template and of what it reads.
const (
	// MaxBases is how many alternatives of the signed text a template may have; with its
	// signatures they make at most [signed.MaxClaims] claims.
	MaxBases = signed.MaxClaims
	// MaxNames is how many names a field may have.
	MaxNames = 4
	// maxItems is how many items a list in a header may have, those that are passed over
	// included.
	maxItems = 2 * signed.MaxSignatures
	// maxListed is how many headers a request may list as signed.
	maxListed = 32
)

// Place is where a text stands.
type Place uint8

// The places; the zero value is none.
const (
	Nowhere Place = iota
	// InHeader: a header field, which must have one line. If it has several names, lines
	// under two of them must say the same.
	InHeader
	// InQuery: a parameter of the query, percent-decoded.
	InQuery
	// InCookie: a cookie.
	InCookie
	// InParameters: a parameter of the query or of a form that is the body, in either of
	// them once.
	InParameters
	// InMember: a number that is a member of the JSON object that is the body.
	InMember
)

// Location is where in a request a text stands and how it is cut out.
type Location struct {
	Place Place
	// Names are those of the field or the parameter; of header fields in lower case.
	Names []string
	// Prefix stands before the text; it must be there unless PrefixOptional.
	Prefix         string
	PrefixOptional bool
	// With a Separator the rest is a list of items, each a name, KeyValue and a value, of
	// which the text is the value of Field's.
	Separator, KeyValue, Field string
	// Optional says that the text may be absent.
	Optional bool
	// Last says that nothing may follow it in its query or form.
	Last bool
}

// Encoding is how bytes are written.
type Encoding uint8

// The encodings.
const (
	// Hex, in either case.
	Hex Encoding = iota
	// Base64 with padding.
	Base64
	// Base64URL with or without padding.
	Base64URL
)

// Format is how a time is written.
type Format uint8

// The formats.
const (
	Unix Format = iota
	UnixMilli
	RFC3339
	HTTPDate
)

// Signature is one of the places where signatures stand.
type Signature struct {
	Location
	Encoding Encoding
	// Algorithm of the signatures there.
	Algorithm signed.Algorithm
}

// Config is a template.
type Config struct {
	// Signatures stand in at least one place. A request may have several of them; one good
	// signature is enough.
	Signatures []Signature
	// KeyID, Timestamp, Nonce and ID are nowhere if there are none.
	KeyID, Timestamp, Nonce, ID Location
	Format                      Format
	// Digest is where the request states a digest of its body.
	Digest         Location
	DigestHash     digest.Hash
	DigestEncoding Encoding
	// Signed is where the request lists the headers that it signs, divided by
	// SignedSeparator; those of Required must be among them.
	Signed          Location
	SignedSeparator string
	Required        []string
	// Bases are the alternatives of the signed text.
	Bases []string
	// PublicBase is scheme and authority, and a path to put before the request's, instead
	// of the request's own; WholeURL is the whole URL. "" if the request's own count.
	PublicBase, WholeURL string
	// BodyFree lets a body pass that nothing covers.
	BodyFree bool
	// Challenge is the scheme's name in WWW-Authenticate.
	Challenge string
}

// Scheme reads requests that are signed as a template says.
type Scheme struct {
	cfg   Config
	bases []base
	// scheme, authority and path of PublicBase.
	scheme, authority, path string
	traits                  signed.Traits
	form                    bool // one of the bases has {form:sorted}
}

// New makes a template ready. It returns nil if one of the problems is no mere warning.
func New(cfg Config) (*Scheme, []Problem) {
	s := &Scheme{cfg: cfg}
	c := &checker{s: s}
	c.check()
	if c.failed {
		return nil, c.problems
	}
	s.scheme, s.authority, s.path = splitBase(cfg.PublicBase)
	s.setTraits()
	return s, c.problems
}

// Traits implements [signed.Scheme].
func (s *Scheme) Traits() signed.Traits { return s.traits }

func (s *Scheme) setTraits() {
	cfg := &s.cfg
	t := signed.Traits{
		KeyIDs:    cfg.KeyID.Place != Nowhere && !cfg.KeyID.Optional,
		Cosigned:  s.cosigned(),
		Timed:     cfg.Timestamp.Place != Nowhere,
		Nonce:     cfg.Nonce.Place != Nowhere,
		MessageID: cfg.ID.Place != Nowhere,
		IDSigned:  s.idSigned(),
		MayCover:  cfg.Digest.Place != Nowhere,
		Challenge: cfg.Challenge,
	}
	if t.Challenge == "" {
		t.Challenge = "Signature"
	}
	for i := range cfg.Signatures {
		sig := &cfg.Signatures[i]
		t.Algorithms |= signed.SetOf(sig.Algorithm)
		if sig.Place == InHeader {
			t.Headers = append(t.Headers, sig.Names...)
		}
	}
	for i := range s.bases {
		t.Body = max(t.Body, s.bases[i].body)
		s.form = s.form || s.bases[i].has(pieceForm)
	}
	if cfg.Timestamp.Place == InMember || s.form || s.parameters() {
		t.Body = signed.BodyWhole
	}
	s.traits = t
}

// idSigned says that every base has the id.
func (s *Scheme) idSigned() bool { return s.all(pieceID) }

// cosigned says that a request may have several signatures, and that another key may be
// named than was when they were made.
func (s *Scheme) cosigned() bool {
	several := len(s.cfg.Signatures) > 1
	for i := range s.cfg.Signatures {
		several = several || s.cfg.Signatures[i].Separator != ""
	}
	return several && !s.all(pieceKeyID)
}

// all says that every base has a piece.
func (s *Scheme) all(p piece) bool {
	for i := range s.bases {
		if !s.bases[i].has(p) {
			return false
		}
	}
	return true
}

// parameters says that something stands in the query or a form.
func (s *Scheme) parameters() bool {
	for i := range s.cfg.Signatures {
		if s.cfg.Signatures[i].Place == InParameters {
			return true
		}
	}
	return s.cfg.Timestamp.Place == InParameters || s.bases[0].has(pieceParameters)
}

// splitBase cuts a URL's scheme and authority from its path.
func splitBase(url string) (scheme, authority, path string) {
	for i := 0; i+2 < len(url); i++ {
		if url[i:i+3] != "://" {
			continue
		}
		scheme, authority = url[:i], url[i+3:]
		for j := 0; j < len(authority); j++ {
			if authority[j] == '/' {
				authority, path = authority[:j], authority[j:]
				break
			}
		}
		for path != "" && path[len(path)-1] == '/' {
			path = path[:len(path)-1] // the request's begins with one
		}
		return scheme, authority, path
	}
	return "", "", ""
}
