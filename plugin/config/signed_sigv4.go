package config

import (
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/sigv4"
)

// sigv4 reads the member "sigv4".
func (b *builder) sigv4(v value, c *signedCommon) signed.Scheme {
	o := v.object()
	cfg := sigv4.Config{
		Region:          o.need("region").word(),
		Service:         o.need("service").word(),
		S3:              o.get("s3").boolean(false),
		UnsignedPayload: o.get("allow_unsigned_payload").boolean(false),
		UnsignedHeaders: !o.get("require_signed_amz_headers").boolean(true),
		Components:      c.Components,
	}
	cfg.NormalizePath = o.get("normalize_path").boolean(!cfg.S3)
	if chunked := o.get("chunked"); chunked.boolean(false) {
		chunked.fail("is not supported by this version: payloads in signed chunks are refused")
	}
	o.close()
	if c.Body != nil && !*c.Body {
		v.fail("says by allow_unsigned_payload, not by require.body, whether a body may be unsigned")
	}
	for _, name := range c.Components {
		if name == "" || len(name) > 128 {
			v.fail("no header field ", quote(name), " (require.components)")
			return nil
		}
	}
	if cfg.Region == "" || cfg.Service == "" {
		return nil
	}
	return sigv4.New(cfg)
}
