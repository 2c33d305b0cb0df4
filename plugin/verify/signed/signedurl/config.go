package signedurl

import (
	"errors"
	"strings"

	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Dialect is whose form a URL has.
type Dialect uint8

// The dialects.
const (
	// Google is Cloud CDN's: Expires, KeyName, Signature, and URLPrefix.
	Google Dialect = iota
	// Akamai is EdgeAuth's token, in a parameter or a cookie.
	Akamai
	// CloudFront is a policy signed with RSA and SHA-1, in parameters or cookies.
	CloudFront
	// Nginx is secure_link's MD5.
	Nginx
)

// Config says what a signed URL must be.
type Config struct {
	Dialect Dialect
	// PublicBase is scheme and authority, and perhaps a path to put before the request's, of
	// the URL as it was signed; "" takes the request's own (Google, CloudFront).
	PublicBase string
	// MaxTTL is how far ahead a URL's end may be, nanoseconds; 0 is any distance.
	MaxTTL int64
	// Methods are those that a URL may be used with; nil is GET and HEAD, or whichever an
	// nginx expression says.
	Methods []string
	// BodyFree lets a body pass, which no signed URL covers.
	BodyFree bool

	// TokenName is the parameter or cookie with Akamai's token, Salt what is signed and not
	// sent, and EscapeEarly says that values were escaped before they were signed.
	TokenName, Salt string
	EscapeEarly     bool

	// Expression is nginx' secure_link_md5 with $secret where the secret is.
	// SignatureParam and ExpiresParam are the parameters with the MD5 and the end.
	Expression, SignatureParam, ExpiresParam string
}

// DefaultExpression is that of nginx' documentation.
const DefaultExpression = "$secure_link_expires$uri$remote_addr $secret"

// Scheme is a [signed.Scheme].
type Scheme struct {
	cfg Config
	// originSize is how much of PublicBase is scheme and authority.
	originSize int
	pieces     []piece
	// timed says that every URL has a signed end, anyMethod that the method is signed.
	timed, anyMethod bool
}

var errBase = errors.New("public_base_url is a scheme and an authority, and perhaps a path, but no query")

// New returns the scheme of a configuration.
func New(cfg Config) (*Scheme, error) {
	s := &Scheme{cfg: cfg, timed: true}
	if cfg.PublicBase != "" {
		for s.cfg.PublicBase[len(s.cfg.PublicBase)-1] == '/' {
			s.cfg.PublicBase = s.cfg.PublicBase[:len(s.cfg.PublicBase)-1]
			if s.cfg.PublicBase == "" {
				return nil, errBase
			}
		}
		if _, _, query := strings.Cut(s.cfg.PublicBase, "?"); query {
			return nil, errBase
		}
		if s.originSize = originOf(s.cfg.PublicBase); s.originSize < 0 {
			return nil, errBase
		}
	}
	if cfg.Methods == nil {
		s.cfg.Methods = []string{"GET", "HEAD"}
	}
	if cfg.Dialect != Nginx {
		return s, nil
	}
	var err error
	if s.pieces, err = compile(cfg.Expression, cfg.ExpiresParam); err != nil {
		return nil, err
	}
	s.timed = s.has(pieceExpires)
	s.anyMethod = cfg.Methods == nil && s.has(pieceMethod)
	return s, nil
}

// originOf returns the length of a URL's scheme and authority, -1 if it has none.
func originOf(url string) int {
	for i := 1; i+3 < len(url); i++ {
		if url[i:i+3] != "://" {
			continue
		}
		i += 3
		start := i
		for i < len(url) && url[i] != '/' {
			i++
		}
		if i == start {
			return -1
		}
		return i
	}
	return -1
}

// Warnings say what is weak about the configuration, in words.
func (s *Scheme) Warnings() []string {
	if s.cfg.Dialect != Nginx {
		return nil
	}
	list := []string{"nginx' secure links are MD5 over a text with the secret, and no MAC: for links that are made so already"}
	if !s.timed {
		list = append(list, "without $secure_link_expires in the expression a link is good for ever")
	}
	if s.pieces[0].kind == pieceSecret {
		list = append(list, "a secret at the start of the expression lets a stranger lengthen the text (length extension): put it last")
	}
	if s.cfg.Expression != DefaultExpression {
		for i := 1; i < len(s.pieces); i++ {
			if movable(&s.pieces[i-1], &s.pieces[i]) {
				list = append(list, "the expression has two variables side by side: what ends the one may begin the other")
				break
			}
		}
	}
	return list
}

// algorithms by dialect.
var algorithms = [...]signed.Algorithm{
	Google: signed.HMACSHA1, Akamai: signed.HMACSHA256, CloudFront: signed.RSASHA1, Nginx: signed.MD5Text,
}

// Traits is part of [signed.Scheme].
func (s *Scheme) Traits() signed.Traits {
	d := s.cfg.Dialect
	return signed.Traits{
		Algorithms: signed.SetOf(algorithms[d]), KeyIDs: d == Google || d == CloudFront, Timed: s.timed, Challenge: "Signature",
	}
}
