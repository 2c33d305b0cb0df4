package config

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/jwks"
)

// discover reads discovery: where an issuer's metadata is, which says where its keys
// are. How the keys are fetched and kept may be said in a remote_jwks without http_uri.
func (s *remoteSets) discover(p *Provider, v, how value) {
	o := v.object()
	c := jwks.Config{Issuer: p.JWT.Issuer}
	if len(p.JWT.Issuers) > 0 {
		c.Issuer = p.JWT.Issuers[0] // whose metadata it is; the others' tokens have the same keys
	}
	uri := o.get("uri")
	c.URI, c.OtherURI = checkURI(uri), ""
	c.Cluster = o.need("cluster").word()
	c.Timeout = o.get("timeout").duration(5*second, millisecond, maxTimeout)
	o.close()
	switch {
	case c.Issuer == "":
		// OpenID Connect Discovery §4.3, RFC 8414 §3.3: without a name to compare with,
		// whoever answers would be believed.
		v.fail("needs the provider's issuer (or the first of its issuers): what the metadata calls itself is compared with it")
	case uri.absent():
		s.wellKnown(&c, v, "")
	case strings.TrimSuffix(c.URI, "/") == strings.TrimSuffix(c.Issuer, "/"):
		s.wellKnown(&c, uri, c.URI)
	}
	h := how.object()
	if there := h.get("http_uri"); !there.absent() {
		there.fail("must not be given beside discovery, which finds it")
	}
	s.b.fetching(&c, p, h)
	p.Remote = s.add(c, v)
}

// wellKnown takes the places that the issuer's own name leads to.
func (s *remoteSets) wellKnown(c *jwks.Config, v value, given string) {
	issuer := c.Issuer
	if given != "" {
		issuer = given
	}
	if why := notURI(issuer); why != "" || strings.Contains(issuer, "?") {
		v.fail("needs a uri, or an issuer that is a URI without a query")
		return
	}
	c.URI, c.OtherURI = jwks.WellKnown(issuer)
}
