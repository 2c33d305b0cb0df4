//go:build !race

package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	signer "github.com/postern-wasm/postern/host/sign"
)

// schemeConfigs are what the module is configured with for each scheme, and the flags
// that sign for it. SECRET and the public keys stand for what the test has made.
var schemeConfigs = []struct{ scheme, config, flags string }{
	{"github", `"preset":"github"`, ""},
	{"slack", `"preset":"slack"`, ""},
	{"stripe", `"preset":"stripe"`, ""},
	{"shopify", `"preset":"shopify"`, ""},
	{"standard-webhooks", `"preset":"standard-webhooks"`, ""},
	{"standard-webhooks", `"preset":"standard-webhooks"`, "ed"},
	{"svix", `"preset":"svix"`, ""},
	{"zoom", `"preset":"zoom"`, ""},
	{"pagerduty", `"preset":"pagerduty"`, ""},
	{"linear", `"preset":"linear"`, ""},
	{"zendesk", `"preset":"zendesk"`, ""},
	{"paddle", `"preset":"paddle"`, ""},
	{"hubspot-v3", `"preset":"hubspot-v3"`, ""},
	{"hubspot-v3", `"preset":"hubspot-v3","public_base_url":"https://public.example"`, "--public-url https://public.example"},
	{"square", `"preset":"square","notification_url":"https://public.example/sq?x=1"`, "--public-url https://public.example/sq?x=1"},
	{"twilio", `"preset":"twilio","public_base_url":"https://public.example"`, "--public-url https://public.example"},
	{"discord", `"preset":"discord"`, "ed"},
	{"sendgrid", `"preset":"sendgrid"`, "p256"},
	{"azure-appconfig", `"preset":"azure-appconfig"`, ""},
	{"query-hmac", `"preset":"query-hmac"`, ""},
	{"rfc9421", `"http_message_signatures":{}`, ""},
	{"rfc9421", `"http_message_signatures":{}`, "ed"},
	{"rfc9421", `"http_message_signatures":{}`, "p256 --digest sha-512"},
	{"rfc9421", `"http_message_signatures":{}`, "p384 --nonce n --expires 1m --with-algorithm"},
	{"rfc9421", `"http_message_signatures":{"tag":"t","label":"l"}`, "rsa --tag t --label l"},
	{
		"rfc9421", `"http_message_signatures":{},"require":{"components":["@target-uri"]},"public_base_url":"https://public.example"`,
		"ed --component @target-uri --component content-digest --public-url https://public.example",
	},
	{"web-bot-auth", `"http_message_signatures":{"profile":"web-bot-auth"},"require":{"body":false}`, "ed --agent https://bot.example"},
	{"sigv4", `"sigv4":{"region":"eu-west-1","service":"execute-api"}`, "--region eu-west-1 --service execute-api"},
	{"sigv4", `"sigv4":{"region":"eu-west-1","service":"s3","s3":true}`, "--region eu-west-1 --service s3 --s3"},
	{"sigv4", `"sigv4":{"region":"eu-west-1","service":"execute-api"}`, "--region eu-west-1 --service execute-api --carrier query"},
	{"cavage", `"cavage":{"dialect":"draft12"}`, ""},
	{
		"cavage", `"cavage":{"dialect":"draft12"},"require":{"algorithms":["hs2019","hmac-sha512"],"components":["(request-target)","(created)"]}`,
		"--algorithm hs2019 --component (request-target) --component (created) --component digest",
	},
	{"kong", `"cavage":{"dialect":"kong"}`, ""},
	{"apisix", `"cavage":{"dialect":"apisix"}`, ""},
	{"google", `"signed_url":{"dialect":"google"}`, ""},
	{"google", `"signed_url":{"dialect":"google"}`, "--resource https://edge.example/a/"},
	{"akamai", `"signed_url":{"dialect":"akamai"}`, "--resource /a/*"},
	{
		"akamai", `"signed_url":{"dialect":"akamai","salt":{"inline":"pepper"},"escape_early":true,"token_name":"tok"}`,
		"--salt pepper --escape-early --token-name tok --carrier cookie",
	},
	{"cloudfront", `"signed_url":{"dialect":"cloudfront"}`, "rsa"},
	{"cloudfront", `"signed_url":{"dialect":"cloudfront"}`, "rsa --resource https://edge.example/a/* --source-ip 203.0.113.9 --carrier cookie"},
	{
		"nginx", `"signed_url":{"dialect":"nginx","expression":"$secure_link_expires$uri$remote_addr $secret"}`,
		"--expression $secure_link_expires$uri$remote_addr_$secret --source-ip 203.0.113.9",
	},
	{"aliyun", `"aliyun":{}`, ""},
}

// bodiless are the schemes that cover no body.
var bodiless = map[string]bool{"google": true, "akamai": true, "cloudfront": true, "nginx": true, "web-bot-auth": true}

// TestEverySchemeIsAccepted: what sign signs, in every scheme, the module accepts, and
// what a stranger signs so it does not.
func TestEverySchemeIsAccepted(t *testing.T) {
	b, keys := newBench(t), signingKeys(t)
	seen := map[string]bool{}
	for _, c := range schemeConfigs {
		t.Run(c.scheme+" "+c.flags, func(t *testing.T) {
			b.t = t
			seen[c.scheme] = true
			kind, flags := "secret", strings.Fields(c.flags)
			if len(flags) > 0 && !strings.HasPrefix(flags[0], "--") {
				kind, flags = flags[0], flags[1:]
			}
			for i, f := range flags {
				flags[i] = strings.ReplaceAll(f, "_$secret", " $secret")
			}
			s, _ := signer.Lookup(c.scheme)
			key := keys(kind, "right", s)
			b.start([]byte(`{"providers":{"p":{"signed_request":{`+c.config+`,"keys":[`+key.config+`]}}},`+
				`"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`), nil)
			args := append([]string{c.scheme, "https://edge.example/a/b?x=1", "--time", signTime, "--key-id", key.id}, flags...)
			switch {
			case bodiless[c.scheme] || slices.Contains(flags, "query"):
			case c.scheme == "query-hmac":
				args = append(args, "--data", "a=1&b=%20", "-H", "content-type: application/x-www-form-urlencoded")
			default:
				args = append(args, "--data", `{"webhookTimestamp":`+signTime+`000}`, "-H", "content-type: application/json")
			}
			b.refused("another key", "signature_invalid", b.sign(append(slices.Clone(args), keys(kind, "wrong", s).flags...)...))
			good := b.sign(append(args, key.flags...)...)
			b.allowed("signed", good)
		})
	}
	for _, s := range signer.Schemes() {
		if !seen[s.Name] {
			t.Errorf("%s is not tried", s.Name)
		}
	}
}

// signingKey is a key as the module is told of it and as sign is.
type signingKey struct {
	config, id string
	flags      []string
}

// signingKeys returns what makes the right key of a kind, or a wrong one.
func signingKeys(t *testing.T) func(kind, which string, s signer.Scheme) signingKey {
	t.Helper()
	dir := t.TempDir()
	private := map[string]crypto.Signer{}
	for _, which := range []string{"right", "wrong"} {
		_, ed, err1 := ed25519.GenerateKey(rand.Reader)
		p256, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		p384, err3 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		rsa2048, err4 := rsa.GenerateKey(rand.Reader, 2048)
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		private["ed"+which], private["p256"+which], private["p384"+which], private["rsa"+which] = ed, p256, p384, rsa2048
	}
	return func(kind, which string, s signer.Scheme) signingKey {
		if kind == "secret" {
			text := issued(s.Name, []byte("a secret of 24 bytes "+which[:3]))
			return signingKey{`{"id":"k1","secret":{"inline":` + strconv.Quote(text) + `}}`, "k1", []string{"--secret", text}}
		}
		key := private[kind+which]
		der, err1 := x509.MarshalPKCS8PrivateKey(key)
		public, err2 := x509.MarshalPKIXPublicKey(key.Public())
		path := filepath.Join(dir, kind+which)
		err3 := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
		id := "k1"
		if s.Name == "web-bot-auth" {
			id, _ = signer.Thumbprint(signer.Key{Private: key})
		}
		config, err4 := json.Marshal(map[string]any{
			"id": id, "public_key": map[string]string{"pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))},
		})
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		if kind == "rsa" && s.Name == "rfc9421" { // its keys are good for two algorithms
			config = bytes.Replace(config, []byte(`{`), []byte(`{"algorithm":"rsa-pss-sha512",`), 1)
		}
		return signingKey{string(config), id, []string{"--key", path}}
	}
}

// issued is a secret as those who issue it write it.
func issued(scheme string, secret []byte) string {
	switch scheme {
	case "standard-webhooks", "svix":
		return "whsec_" + base64.StdEncoding.EncodeToString(secret)
	case "azure-appconfig":
		return base64.StdEncoding.EncodeToString(secret)
	case "akamai":
		return hex.EncodeToString(secret)
	case "google":
		return base64.URLEncoding.EncodeToString(secret)
	}
	return string(secret)
}
