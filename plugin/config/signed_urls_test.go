package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// frontKey is a key of 2048 bits, as CloudFront has them.
const frontKey = `{"id":"K2","public_key":{"jwk":{"kty":"RSA","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}}}`

// signedScheme is a configuration with one provider of signed requests.
func signedScheme(members, key string) string {
	return `{"providers":{"p":{"signed_request":{` + members + `,"keys":[` + key + `]}}},"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`
}

const (
	textKey = `{"id":"k","secret":{"inline":"c2VjcmV0"}}`
	hexKey  = `{"id":"k","secret":{"inline":"736563726574"}}`
)

func TestSignedURLsThatCannotBe(t *testing.T) {
	for law, c := range map[string]struct{ members, key, want string }{
		"no dialect":                       {`"signed_url":{}`, textKey, `signed_url.dialect: is required`},
		"an unknown dialect":               {`"signed_url":{"dialect":"azure"}`, textKey, `signed_url.dialect: want "google" or "akamai" or "cloudfront" or "nginx", not "azure"`},
		"another dialect's member":         {`"signed_url":{"dialect":"google","token_name":"t"}`, textKey, `signed_url.token_name: means something in the dialect "akamai" alone`},
		"an expression for Akamai":         {`"signed_url":{"dialect":"akamai","expression":"$uri$secret"}`, hexKey, `signed_url.expression: means something in the dialect "nginx" alone`},
		"no secret in the expression":      {`"signed_url":{"dialect":"nginx","expression":"$uri"}`, textKey, `signed_url: the expression needs $secret once, where the secret stands`},
		"no path in the expression":        {`"signed_url":{"dialect":"nginx","expression":"$secret"}`, textKey, `signed_url: the expression needs $uri: one link would open every path`},
		"one parameter for two":            {`"signed_url":{"dialect":"nginx","signature_param":"expires"}`, textKey, `signed_url.expires_param: is signature_param already`},
		"a parameter that is none":         {`"signed_url":{"dialect":"akamai","token_name":"a=b"}`, hexKey, `signed_url.token_name: want a plain name`},
		"no methods":                       {`"signed_url":{"dialect":"google","methods":[]}`, textKey, `signed_url.methods: must name at least one method`},
		"components":                       {`"signed_url":{"dialect":"google"},"require":{"components":["host"]}`, textKey, `signed_url: signed URLs list no components and have no nonce (require)`},
		"a nonce":                          {`"signed_url":{"dialect":"google"},"require":{"nonce":true}`, textKey, `signed_url: signed URLs list no components and have no nonce (require)`},
		"a base that is not signed":        {`"signed_url":{"dialect":"akamai"},"public_base_url":"https://a.example"`, hexKey, `signed_url: Google's and CloudFront's URLs alone are signed with scheme and host (public_base_url)`},
		"a base with a query":              {`"signed_url":{"dialect":"google"},"public_base_url":"https://a.example/?x"`, textKey, `signed_url: public_base_url is a scheme and an authority, and perhaps a path, but no query`},
		"a secret that is no hex":          {`"signed_url":{"dialect":"akamai"}`, textKey, `keys[0].secret: is not in the form in which the vendor writes it (hexadecimal digits); inline_base64 takes the bytes themselves`},
		"a secret for CloudFront":          {`"signed_url":{"dialect":"cloudfront"}`, textKey, `keys[0].secret: none of the algorithms can be verified with it (rsa-v1_5-sha1)`},
		"a public key for Google":          {`"signed_url":{"dialect":"google"}`, frontKey, `keys[0].public_key: none of the algorithms can be verified with it (hmac-sha1)`},
		"another algorithm":                {`"signed_url":{"dialect":"google"},"require":{"algorithms":["hmac-sha256"]}`, textKey, `require: the scheme takes none of these algorithms`},
		"a digest of the body":             {`"signed_url":{"dialect":"google"},"body":{"mode":"digest"}`, textKey, `body.mode: requests of this scheme carry no digest`},
		"a member of Aliyun's":             {`"aliyun":{"x":1}`, textKey, `aliyun.x: unknown key`},
		"what Aliyun cannot list":          {`"aliyun":{},"require":{"components":["Date"]}`, textKey, `aliyun: X-Ca-Signature-Headers cannot list "Date" (require.components)`},
		"a base for Aliyun":                {`"aliyun":{},"public_base_url":"https://a.example"`, textKey, `aliyun: signs the path alone: public_base_url and notification_url mean nothing`},
		"an algorithm that Aliyun has not": {`"aliyun":{},"require":{"algorithms":["hmac-sha512"]}`, textKey, `require: the scheme takes none of these algorithms`},
	} {
		_, problems := Parse([]byte(signedScheme(c.members, c.key)), environ)
		if got := said(problems); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s:\n got %q\nwant %q", law, got, c.want)
		}
	}
}

func TestSignedURLs(t *testing.T) {
	for law, c := range map[string]struct {
		members, key string
		algorithm    signed.Algorithm
		body         signed.BodyMode
		tolerance    int64
		warned       string
	}{
		"Google":                {`"signed_url":{"dialect":"google","max_ttl":"3600s","methods":["GET"]},"public_base_url":"https://a.example/v1/"`, textKey, signed.HMACSHA1, signed.BodyReject, 300, ""},
		"uploads":               {`"signed_url":{"dialect":"google","methods":["PUT"]},"require":{"body":false}`, textKey, signed.HMACSHA1, signed.BodyHold, 300, ""},
		"Akamai":                {`"signed_url":{"dialect":"akamai","token_name":"t","salt":{"inline":"pepper"},"escape_early":true}`, hexKey, signed.HMACSHA256, signed.BodyReject, 300, ""},
		"CloudFront":            {`"signed_url":{"dialect":"cloudfront"}`, frontKey, signed.RSASHA1, signed.BodyReject, 300, ""},
		"D-28 nginx":            {`"signed_url":{"dialect":"nginx"}`, textKey, signed.MD5Text, signed.BodyReject, 300, "no MAC"},
		"D-28 nginx for ever":   {`"signed_url":{"dialect":"nginx","expression":"$uri $secret"}`, textKey, signed.MD5Text, signed.BodyReject, 300, "for ever"},
		"D-28 the secret first": {`"signed_url":{"dialect":"nginx","expression":"$secret$uri$arg_expires"}`, textKey, signed.MD5Text, signed.BodyReject, 300, "length extension"},
		"Aliyun":                {`"aliyun":{}`, textKey, signed.HMACSHA256, signed.BodyHold, 900, ""},
		"Aliyun with SHA-1":     {`"aliyun":{},"tolerance":"60s","require":{"algorithms":["hmac-sha1"],"components":["X-Ca-Stage"]}`, textKey, signed.HMACSHA1, signed.BodyHold, 60, ""},
	} {
		cfg, problems := Parse([]byte(signedScheme(c.members, c.key)), environ)
		if problems != nil {
			t.Errorf("%s: %v", law, problems)
			continue
		}
		v := &cfg.Providers[0].Signed.Verify
		if v.Algorithms.Only() != c.algorithm || v.Body != c.body || v.Tolerance != c.tolerance*second || len(v.Keys) != 1 || v.Keys[0].Algorithms() != v.Algorithms {
			t.Errorf("%s: %+v", law, v)
		}
		warned := ""
		for _, w := range cfg.Warnings {
			warned += w.Text + "\n"
		}
		if !strings.Contains(warned, c.warned) || c.warned == "" && warned != "" {
			t.Errorf("%s: warned of %q", law, warned)
		}
	}
}
