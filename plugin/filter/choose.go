package filter

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// Choices that need nothing but configuration and request. They are exported for the
// host's explanations, which must choose alike.

// Taken says whether a provider before i looks at the same place: its turn has judged the
// token there, whoever owns it.
func Taken(cfg *config.Config, place *credential.Place, i int) bool {
	for k := range cfg.Providers[:i] {
		if looksAt(cfg.Providers[k].Places, place) {
			return true
		}
	}
	return false
}

// Owner is the provider that judges a parsed token by its issuer, or -1; it must look at
// the place where the token stood.
func Owner(cfg *config.Config, a *jwt.Attempt, place *credential.Place) int {
	if cfg.Compat {
		return authnOwner(cfg, a, place)
	}
	fallback := -1
	for i := range cfg.Providers {
		p := &cfg.Providers[i]
		if !looksAt(p.Places, place) {
			continue
		}
		if a.IssuedFor(&p.JWT) {
			return i
		}
		if p.JWT.AnyIssuer() && fallback < 0 {
			fallback = i
		}
	}
	return fallback
}

// authnOwner is Owner in jwt_authn's reading: the issuer must be that of a provider that
// looks at the token's place, or one of those takes any; the token is then judged by the
// first provider that has the issuer, wherever it looks, else the first without one.
func authnOwner(cfg *config.Config, a *jwt.Attempt, place *credential.Place) int {
	issuer, _ := a.Issuer()
	allowed, owner, fallback := false, -1, -1
	for i := range cfg.Providers {
		p := &cfg.Providers[i]
		if p.Signed != nil {
			continue
		}
		has := a.IssuedFor(&p.JWT) || p.JWT.AnyIssuer() && issuer == ""
		allowed = allowed || (has || p.JWT.AnyIssuer()) && looksAt(p.Places, place)
		if has && owner < 0 {
			owner = i
		}
		if p.JWT.AnyIssuer() && fallback < 0 {
			fallback = i
		}
	}
	switch {
	case !allowed:
		return -1
	case owner >= 0:
		return owner
	}
	return fallback
}

func looksAt(places []credential.Place, place *credential.Place) bool {
	for n := range places {
		if places[n].In == place.In && places[n].Name == place.Name && places[n].Prefix == place.Prefix {
			return true
		}
	}
	return false
}

// Preflight says that a request passes as a CORS preflight, which carries no credential:
// where that is configured, an OPTIONS request that says from where and for what (Fetch
// §3.2.2). Two origins are none; jwt_authn does not look that closely.
func Preflight(cfg *config.Config, v *request.View) bool {
	return cfg.BypassPreflight && v.Method == "OPTIONS" &&
		one(v, "origin", cfg.Compat) && one(v, "access-control-request-method", cfg.Compat)
}

// one says that a header is there once, with something in it that is one thing.
func one(v *request.View, name string, lenient bool) bool {
	at, ok := v.Next(name, 0)
	if !ok || v.Headers[at].Value == "" {
		return false
	}
	if lenient {
		return true
	}
	_, again := v.Next(name, at+1)
	return !again && !strings.ContainsAny(v.Headers[at].Value, ", ")
}
