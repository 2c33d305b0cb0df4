package config

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/signedurl"
)

// maxTTL bounds max_ttl: a signed URL that is good for longer is no credential for a time.
const maxTTL = 3660 * day

// signedURL reads the member "signed_url".
func (b *builder) signedURL(v value, c *signedCommon) signed.Scheme {
	before := v.out.count()
	o := v.object()
	cfg := signedurl.Config{
		Dialect:    signedurl.Dialect(o.need("dialect").choice("google", "akamai", "cloudfront", "nginx")),
		PublicBase: c.BaseURL,
		MaxTTL:     o.get("max_ttl").duration(0, second, maxTTL),
		Methods:    signedMethods(o.get("methods")),
		BodyFree:   c.Body != nil && !*c.Body,
	}
	if cfg.MaxTTL > 0 {
		cfg.MaxTTL += c.Tolerance // clocks differ
	}
	b.akamaiMembers(o, &cfg)
	nginxMembers(o, &cfg)
	switch cfg.Dialect {
	case signedurl.Google:
		c.SecretForm = secretBase64URL
	case signedurl.Akamai:
		c.SecretForm = secretHex
	case signedurl.CloudFront, signedurl.Nginx:
	}
	o.close()
	if c.HasComponents || c.Nonce != nil && *c.Nonce {
		v.fail("signed URLs list no components and have no nonce (require)")
	}
	if c.NotificationURL != "" || c.BaseURL != "" && cfg.Dialect != signedurl.Google && cfg.Dialect != signedurl.CloudFront {
		v.fail("Google's and CloudFront's URLs alone are signed with scheme and host (public_base_url)")
	}
	if v.out.count() > before {
		return nil
	}
	s, err := signedurl.New(cfg)
	if err != nil {
		v.fail(err.Error())
		return nil
	}
	for _, text := range s.Warnings() {
		v.warn(text)
	}
	return s
}

// signedMethods returns the methods, nil if they are not said.
func signedMethods(v value) []string {
	list := v.words()
	if !v.absent() && len(list) == 0 {
		v.fail("must name at least one method")
	}
	return list
}

func (b *builder) akamaiMembers(o *object, cfg *signedurl.Config) {
	name, salt, early := o.get("token_name"), o.get("salt"), o.get("escape_early")
	if cfg.Dialect != signedurl.Akamai {
		meaningless("akamai", name, salt, early)
		return
	}
	cfg.TokenName = parameterName(name, "hdnts")
	cfg.Salt = string(b.secret(salt))
	cfg.EscapeEarly = early.boolean(false)
}

func nginxMembers(o *object, cfg *signedurl.Config) {
	expression, signature, expires := o.get("expression"), o.get("signature_param"), o.get("expires_param")
	if cfg.Dialect != signedurl.Nginx {
		meaningless("nginx", expression, signature, expires)
		return
	}
	cfg.Expression = expression.text(signedurl.DefaultExpression)
	cfg.SignatureParam, cfg.ExpiresParam = parameterName(signature, "md5"), parameterName(expires, "expires")
	if cfg.SignatureParam == cfg.ExpiresParam {
		expires.fail("is signature_param already")
	}
}

// meaningless reports members of another dialect.
func meaningless(dialect string, members ...value) {
	for _, m := range members {
		if !m.absent() {
			m.fail("means something in the dialect \"", dialect, "\" alone")
		}
	}
}

// parameterName reads the name of a query parameter or cookie, as it stands in requests.
func parameterName(v value, absent string) string {
	if v.absent() {
		return absent
	}
	name := v.word()
	if hasControl(name) || strings.ContainsAny(name, " \t\"%&+=;,~#$\\") {
		v.fail("want a plain name")
	}
	return name
}
