package config

import (
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// maxComponentText bounds a component's name, and a tag's or a label's text.
const maxComponentText = 256

// httpMessageSignatures reads the member "http_message_signatures".
func (b *builder) httpMessageSignatures(v value, c *signedCommon) signed.Scheme {
	o := v.object()
	label := o.get("label")
	cfg := httpsig.Config{
		Tag: o.get("tag").word(), Label: label.word(),
		AllowEmpty:      o.get("allow_empty_components").boolean(false),
		BodyOptional:    c.Body != nil && !*c.Body,
		CreatedOptional: c.Created != nil && !*c.Created,
		NeedsNonce:      c.Nonce != nil && *c.Nonce,
	}
	if profile := o.get("profile"); !profile.absent() {
		profile.choice("web-bot-auth")
		cfg.WebBotAuth = true
		// A bot may use its signature until it expires, a day at most, unless the
		// configuration says how old one may be.
		cfg.Lasting = !c.HasTolerance
		if cfg.CreatedOptional {
			profile.fail("needs signatures that say when they were made (require.created)")
		}
	}
	o.close()
	if c.HasComponents {
		cfg.Components = append([]string{}, c.Components...)
		for _, name := range cfg.Components {
			if len(name) > maxComponentText || len(cfg.Components) > httpsig.MaxComponents {
				v.fail("requires more components, or longer ones, than a signature may cover (require.components)")
				return nil
			}
		}
	}
	if len(cfg.Tag) > maxComponentText || len(cfg.Label) > maxComponentText {
		v.fail("has a tag or label that is too long")
		return nil
	}
	if c.NotificationURL != "" {
		v.fail("knows no notification_url: public_base_url says where senders see the service")
	}
	var ok bool
	if cfg.Public, ok = origin(c.BaseURL); !ok {
		v.fail("takes a scheme and an authority as public_base_url, and perhaps a path, but no query")
	}
	scheme, err := httpsig.New(cfg)
	if err != nil {
		if err == httpsig.ErrLabel { //nolint:errorlint // New returns it as it is
			label.fail(err.Error())
		} else {
			v.fail(err.Error(), " (require.components)")
		}
		return nil
	}
	c.OneAlgorithm = true
	if cfg.WebBotAuth {
		c.CheckKey = scheme.CheckKey
	}
	return scheme
}

// origin splits a base URL, which [baseURL] has judged.
func origin(url string) (httpsig.Origin, bool) {
	if url == "" {
		return httpsig.Origin{}, true
	}
	var at int
	for url[at] != ':' {
		at++
	}
	o := httpsig.Origin{Scheme: url[:at], Authority: url[at+len("://"):]}
	for i := 0; i < len(o.Authority); i++ {
		if o.Authority[i] == '?' {
			return httpsig.Origin{}, false
		}
	}
	for i := 0; i < len(o.Authority); i++ {
		if o.Authority[i] == '/' {
			o.Authority, o.Path = o.Authority[:i], o.Authority[i:]
			break
		}
	}
	for o.Path != "" && o.Path[len(o.Path)-1] == '/' {
		o.Path = o.Path[:len(o.Path)-1]
	}
	return o, true
}
