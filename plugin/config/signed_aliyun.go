package config

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/aliyun"
)

// aliyunTolerance is the gateway's own.
const aliyunTolerance = 900 * second

// aliyun reads the member "aliyun".
func (b *builder) aliyun(v value, c *signedCommon) signed.Scheme {
	v.object().close()
	if !c.HasTolerance {
		c.Tolerance = aliyunTolerance
	}
	cfg := aliyun.Config{
		Algorithms:    c.Algorithms,
		NonceOptional: c.Nonce != nil && !*c.Nonce,
		TimeOptional:  c.Created != nil && !*c.Created,
		BodyOptional:  c.Body != nil && !*c.Body,
	}
	for _, name := range c.Components {
		lower := strings.ToLower(name)
		if len(name) > 128 || !aliyun.Lists(lower) {
			v.fail("X-Ca-Signature-Headers cannot list ", quote(name), " (require.components)")
			return nil
		}
		cfg.Components = append(cfg.Components, lower)
	}
	if c.BaseURL != "" || c.NotificationURL != "" {
		v.fail("signs the path alone: public_base_url and notification_url mean nothing")
		return nil
	}
	return aliyun.New(cfg)
}
