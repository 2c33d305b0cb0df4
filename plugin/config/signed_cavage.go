package config

import (
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/cavage"
)

// cavage reads the member "cavage".
func (b *builder) cavage(v value, c *signedCommon) signed.Scheme {
	o := v.object()
	dialect, absent := o.get("dialect"), o.get("reject_absent_headers")
	cfg := cavage.Config{
		Dialect:       cavage.Dialect(dialect.choice("draft12", "kong", "apisix")),
		Algorithms:    c.Algorithms,
		HS2019:        c.HS2019,
		LenientAbsent: !absent.boolean(true),
		BodyOptional:  c.Body != nil && !*c.Body,
		TimeOptional:  c.Created != nil && !*c.Created,
	}
	if c.HasComponents {
		cfg.Components = append([]string{}, c.Components...)
	}
	o.close()
	if cfg.Dialect == cavage.Draft12 {
		c.TakesHS2019 = true
		if cfg.LenientAbsent {
			absent.fail("the draft has no other reading of a listed header that is absent")
		}
	}
	for _, name := range cfg.Components {
		if name == "" || len(name) > 128 || !cavage.Lists(cfg.Dialect, name) {
			v.fail("no component ", quote(name), " in this dialect (require.components)")
			return nil
		}
	}
	return cavage.New(cfg)
}
