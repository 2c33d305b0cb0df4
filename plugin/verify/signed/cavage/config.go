package cavage

import (
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Dialect is whose form a request has.
type Dialect uint8

// The dialects.
const (
	// Draft12 is the draft's own.
	Draft12 Dialect = iota
	// Kong is that of Kong's hmac-auth.
	Kong
	// APISIX is that of APISIX's hmac-auth.
	APISIX
)

// Config says what a signature must be.
type Config struct {
	Dialect Dialect
	// Algorithms that are taken; 0 is the dialect's usual ones. HS2019 says that the draft's
	// "hs2019", which leaves the algorithm to the key, is among them.
	Algorithms signed.Set
	HS2019     bool
	// Components must be listed, in the dialect's own words; nil is its usual ones: the
	// request line and the time.
	Components []string
	// LenientAbsent reads a listed header that is not there as the dialect does (Kong: as
	// empty; APISIX: not at all).
	LenientAbsent bool
	// BodyOptional lets a body pass of which no digest is signed. A signed one is compared
	// all the same.
	BodyOptional bool
	// TimeOptional lets requests without any time pass.
	TimeOptional bool
}

// Scheme is a [signed.Scheme].
type Scheme struct {
	cfg Config
	// names are the algorithms by their names in a request.
	names []named
	// timed says that every request has a signed time.
	timed bool
}

type named struct {
	name string
	alg  signed.Algorithm
}

// usual are the algorithms by dialect; the first two columns are what is taken where none
// is configured.
var usual = [...][]named{
	Draft12: {
		{"hmac-sha256", signed.HMACSHA256},
		{"hmac-sha512", signed.HMACSHA512},
		{"rsa-sha256", signed.RSASHA256},
		{"ed25519", signed.Ed25519},
		{"ecdsa-sha256", signed.ECDSAP256DER},
		{"hmac-sha1", signed.HMACSHA1},
		{"hmac-sha384", signed.HMACSHA384},
	},
	Kong: {
		{"hmac-sha256", signed.HMACSHA256},
		{"hmac-sha384", signed.HMACSHA384},
		{"hmac-sha512", signed.HMACSHA512},
		{"hmac-sha1", signed.HMACSHA1},
	},
	APISIX: {
		{"hmac-sha256", signed.HMACSHA256},
		{"hmac-sha512", signed.HMACSHA512},
		{"hmac-sha1", signed.HMACSHA1},
	},
}

// byDefault are those that are taken where none is configured: SHA-1 has to be asked for.
const byDefault = ^signed.Set(1<<signed.HMACSHA1 | 1<<signed.HMACSHA384)

// hs2019 are the algorithms that "hs2019" may stand for, by the key's kind.
var hs2019 = [...]signed.Algorithm{signed.HMACSHA512, signed.RSAPSSSHA512, signed.Ed25519}

// New returns the scheme of a configuration.
func New(cfg Config) *Scheme {
	s := &Scheme{cfg: cfg}
	set := cfg.Algorithms
	if set == 0 && !cfg.HS2019 {
		set = byDefault
		if cfg.Dialect == Kong {
			set |= signed.SetOf(signed.HMACSHA384)
		}
		s.cfg.HS2019 = cfg.Dialect == Draft12
	}
	for _, n := range usual[cfg.Dialect] {
		if set.Has(n.alg) {
			s.names = append(s.names, n)
		}
	}
	s.timed = cfg.Components == nil
	for _, name := range cfg.Components {
		s.timed = s.timed || name == "date" || name == "x-date" && cfg.Dialect == Kong || name == "(created)"
	}
	return s
}

// Traits is part of [signed.Scheme].
func (s *Scheme) Traits() signed.Traits {
	t := signed.Traits{KeyIDs: true, Timed: s.timed && !s.cfg.TimeOptional, MayCover: true, Challenge: "Signature", Headers: []string{"authorization", "signature"}}
	if s.cfg.Dialect == Kong {
		t.Challenge, t.Headers[1] = "hmac", "proxy-authorization"
	}
	for _, n := range s.names {
		t.Algorithms |= signed.SetOf(n.alg)
	}
	if s.cfg.HS2019 {
		t.Algorithms |= signed.SetOf(hs2019[:]...)
	}
	return t
}

// Lists says whether a signature of the dialect may list the name.
func Lists(d Dialect, name string) bool {
	switch name {
	case "(request-target)", "(created)", "(expires)":
		return d == Draft12
	case "request-line":
		return d == Kong
	case "@request-target":
		return d != Draft12
	}
	return !unlistable(name) && name[0] != '(' && name[0] != '@' && name[0] != ':'
}
