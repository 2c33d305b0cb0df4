package jwt

import (
	"errors"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/word"
)

// IssuerPattern is the text of many issuers, with names of claims where they differ:
// "https://login.example/{tid}/v2.0". A token's issuer must be that text, whole and to
// the byte, with its own claims put in; nothing is searched for, so that a pattern has
// one meaning.
type IssuerPattern struct {
	literals []string // one more than claims
	claims   []boundClaim
}

// boundClaim is one placeholder.
type boundClaim struct {
	name string
	// values are the ones allowed, sorted; nil allows any.
	values []string
}

// The ways in which a pattern is wrong.
var (
	errPatternBraces = errors.New(`has a '{' or '}' that does not enclose a claim's name`)
	errPatternPlain  = errors.New(`names no claim in braces: use "issuer"`)
	errPatternTwice  = errors.New("names a claim twice")
	errPatternSide   = errors.New("has two claims side by side: where one ends could not be told")
)

// ParseIssuerPattern reads a pattern: text with at least one claim's name in braces, none
// of them twice, none right after another.
func ParseIssuerPattern(text string) (*IssuerPattern, error) {
	p := &IssuerPattern{}
	for {
		literal, rest, found := strings.Cut(text, "{")
		if strings.Contains(literal, "}") {
			return nil, errPatternBraces
		}
		if found && literal == "" && len(p.claims) > 0 {
			return nil, errPatternSide
		}
		p.literals = append(p.literals, literal)
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || name == "" || strings.Contains(name, "{") {
			return nil, errPatternBraces
		}
		if p.find(name) != nil {
			return nil, errPatternTwice
		}
		p.claims = append(p.claims, boundClaim{name: name})
		text = after
	}
	if len(p.claims) == 0 {
		return nil, errPatternPlain
	}
	return p, nil
}

// Claims returns the names in braces, in order.
func (p *IssuerPattern) Claims() []string {
	names := make([]string, len(p.claims))
	for i := range p.claims {
		names[i] = p.claims[i].name
	}
	return names
}

// Bind allows the claim of that name only these values; false if the pattern does not
// have it. The list is kept and sorted.
func (p *IssuerPattern) Bind(name string, values []string) bool {
	c := p.find(name)
	if c == nil {
		return false
	}
	slices.Sort(values)
	c.values = values
	return true
}

func (p *IssuerPattern) find(name string) *boundClaim {
	for i := range p.claims {
		if p.claims[i].name == name {
			return &p.claims[i]
		}
	}
	return nil
}

// matches says that issuer is the pattern with the claims put in.
func (p *IssuerPattern) matches(issuer string, claims jsonx.Value) bool {
	for i := range p.claims {
		rest, ok := strings.CutPrefix(issuer, p.literals[i])
		if !ok {
			return false
		}
		c := &p.claims[i]
		claim, _ := claims.Member(c.name)
		value := claim.Text() // "" if it is none, or no string
		if issuer, ok = strings.CutPrefix(rest, value); !ok || !CanFill(value) {
			return false
		}
		if c.values != nil {
			if _, allowed := slices.BinarySearch(c.values, value); !allowed {
				return false
			}
		}
	}
	return word.Equal(issuer, p.literals[len(p.claims)])
}

// CanFill says that a text may stand for a claim in an issuer: unreserved characters of
// RFC 3986 §2.3 and no dot segment, so that it is never more than a part of one segment,
// in no spelling.
func CanFill(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '~':
		case c == '.' && (i == 0 || s[i-1] != '.'):
		default:
			return false
		}
	}
	return s != "" && s != "."
}

// AnyIssuer says that the configuration does not ask who issued a token.
func (cfg *Config) AnyIssuer() bool {
	return cfg.Issuer == "" && len(cfg.Issuers) == 0 && cfg.IssuerPattern == nil
}

// issuedBy says that issuer is one that the configuration names.
func (cfg *Config) issuedBy(issuer string, claims jsonx.Value) bool {
	if cfg.Issuer != "" && word.Equal(cfg.Issuer, issuer) {
		return true
	}
	for _, name := range cfg.Issuers {
		if word.Equal(name, issuer) {
			return true
		}
	}
	return cfg.IssuerPattern != nil && cfg.IssuerPattern.matches(issuer, claims)
}

// IssuedFor says that the token's issuer, unproved, is one that cfg names.
func (a *Attempt) IssuedFor(cfg *Config) bool {
	issuer, ok := a.Issuer()
	return ok && cfg.issuedBy(issuer, a.claims.Root())
}

// issued is RFC 7519 §4.1.1: one string, compared exactly.
func issued(claims *jsonx.Doc, f *facts, cfg *Config) reason.Code {
	if f.iss == 0 {
		if cfg.AnyIssuer() {
			return reason.OK
		}
		return reason.IssuerMismatch
	}
	iss := claims.At(f.iss)
	switch {
	case iss.Kind() != jsonx.String:
		return reason.ClaimMalformed
	case !cfg.AnyIssuer() && !cfg.issuedBy(iss.Text(), claims.Root()):
		return reason.IssuerMismatch
	}
	return reason.OK
}
