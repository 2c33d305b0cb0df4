package config

import (
	"slices"
	"strconv"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// Bounds of what a token's issuer is compared with.
const (
	maxIssuers      = 256
	maxBoundValues  = 4096
	maxPatternBytes = 1024
)

// issuers reads who may issue a provider's tokens: at most one of issuer, issuers and
// issuer_pattern.
func issuers(c *jwt.Config, o *object) {
	bound := o.get("issuer_bind_claims")
	switch name, v := o.only("issuer", "issuers", "issuer_pattern"); name {
	case "issuer":
		c.Issuer = v.text("")
	case "issuers":
		c.Issuers = nameList(v, maxIssuers)
		if listed(v) == 0 && v.is(jsonx.Array) {
			v.fail("must not be empty")
		}
	case "issuer_pattern":
		issuerPattern(c, v, bound)
		return
	}
	if !bound.absent() && o.get("issuer_pattern").absent() {
		bound.fail("needs an issuer_pattern, whose {names} it binds")
	}
}

func issuerPattern(c *jwt.Config, v, bound value) {
	text := v.word()
	if text == "" {
		return
	}
	pattern, err := jwt.ParseIssuerPattern(text)
	switch {
	case err != nil:
		v.fail(err.Error())
		return
	case len(text) > maxPatternBytes:
		v.fail("must be at most ", strconv.Itoa(maxPatternBytes), " bytes long")
		return
	}
	c.IssuerPattern = pattern
	names := pattern.Claims()
	given := bound.members()
	for _, m := range given {
		if !slices.Contains(names, m.name) {
			m.fail("issuer_pattern has no claim ", quote(m.name), v.out.suggest(m.name, names))
			continue
		}
		pattern.Bind(m.name, boundValues(m.value))
	}
	for _, name := range names {
		if !slices.ContainsFunc(given, func(m member) bool { return m.name == name }) {
			v.warn("accepts any ", quote(name), " that a token of the key set says: list the accepted ones in issuer_bind_claims")
		}
	}
}

// boundValues reads the values that a claim in an issuer may have.
func boundValues(v value) []string {
	values := []string{}
	for _, e := range v.list() {
		text := e.word()
		if text != "" && !jwt.CanFill(text) {
			e.fail("can never be a part of an issuer: want letters, digits, '-', '.', '_' and '~' (RFC 3986 §2.3), not ", quote(text))
			continue
		}
		values = append(values, text)
	}
	switch n := listed(v); {
	case n == 0 && v.is(jsonx.Array):
		v.fail("must not be empty: leave the claim out to accept any value")
	case n > maxBoundValues:
		v.fail("more than ", strconv.Itoa(maxBoundValues), " values")
	}
	return values
}
