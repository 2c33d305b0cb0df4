package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// errUnsupported marks a case that asks for a scheme that the module refuses to know.
var errUnsupported = errors.New("not supported")

// object is a JSON object that is written.
type object = map[string]any

// Adapted is a case in Postern's words.
type Adapted struct {
	// Config is the whole configuration.
	Config json.RawMessage
	// Properties are the connection's, as for postern replay; nil for none.
	Properties map[string]string
}

// Adapt turns a case's neutral words into Postern's configuration. Every word has to be
// known: one that were passed over could turn a refusal into a pass.
func Adapt(v *Vector) (*Adapted, error) {
	a := &adapter{v: v, words: v.Config, used: make(map[string]bool), common: object{}, require: object{}, out: &Adapted{}}
	if err := a.scheme(); err != nil {
		return nil, err
	}
	a.commonWords()
	for word := range a.words {
		if !a.used[word] {
			return nil, fmt.Errorf("the word %q is not known for %s", word, a.format)
		}
	}
	if a.err != nil {
		return nil, a.err
	}
	if len(a.require) > 0 {
		a.common["require"] = a.require
	}
	var err error
	if a.common["keys"], err = keysOf(v.Secrets, a.format, a.format == "rfc9421"); err != nil {
		return nil, err
	}
	a.out.Config, err = json.Marshal(object{
		// The vectors are about signatures: what a path may look like is another matter.
		"paths":     "raw",
		"providers": object{"signer": object{"signed_request": a.common}},
		"rules": []object{{
			"match":    object{"prefix": "/"},
			"requires": object{"provider_name": "signer"},
		}},
	})
	return a.out, err
}

// adapter holds what is on the way from one form to the other.
type adapter struct {
	v      *Vector
	words  map[string]json.RawMessage
	used   map[string]bool
	format string
	// common is signed_request, require its member of that name.
	common, require object
	out             *Adapted
	// err is the first word of a wrong type.
	err error
}

// scheme writes the member that says which scheme it is.
func (a *adapter) scheme() error {
	a.format = a.text("preset")
	if a.format == "" {
		a.format = a.text("format")
	}
	if a.format == "" {
		a.format = a.v.Scheme
	}
	switch a.format {
	case "hawk":
		return fmt.Errorf("hawk: %w", errUnsupported)
	case "canonical-v1":
		a.canonical()
	case "rfc9421":
		a.httpMessageSignatures()
	case "sigv4":
		return a.sigv4()
	case "cavage-12", "kong", "apisix":
		a.cavage()
	case "google-cdn", "akamai", "cloudfront", "nginx-secure-link":
		a.signedURL()
	case "aliyun":
		a.common["aliyun"] = object{}
	case "query-hmac":
		return a.queryHMAC()
	default:
		a.common["preset"] = strings.TrimSuffix(a.format, "-v0")
	}
	return a.err
}

// commonWords reads what any scheme may have.
func (a *adapter) commonWords() {
	if t, ok := a.number("tolerance_s"); ok {
		a.common["tolerance"] = strconv.FormatInt(t, 10) + "s"
	}
	for word, name := range map[string]string{"public_base_url": "public_base_url", "notification_url": "notification_url"} {
		if s := a.text(word); s != "" {
			a.common[name] = s
		}
	}
	// The svix preset takes either prefix; one that takes only its own could not be asked for.
	if accept, ok := a.truth("accept_webhook_prefix"); ok && !accept {
		a.fail("accept_webhook_prefix", errors.New("false cannot be asked for"))
	}
	a.components()
	a.algorithms()
	a.replay()
	for _, word := range []string{"source_ip", "remote_addr"} {
		if ip := a.text(word); ip != "" {
			a.property("source.address", joinPort(ip))
		}
	}
	if version := a.text("http_version"); version != "" {
		a.property("request.protocol", "HTTP/"+version)
	}
	if created, ok := a.truth("require_created"); ok {
		a.require["created"] = created
	}
	if nonce, ok := a.truth("require_nonce"); ok {
		a.require["nonce"] = nonce
	}
}

// joinPort is an address with some port, as the property source.address has it.
func joinPort(ip string) string {
	if strings.Contains(ip, ":") {
		return "[" + ip + "]:50000"
	}
	return ip + ":50000"
}

// components reads which parts must be covered, and whether the body is one of them.
func (a *adapter) components() {
	if raw, ok := a.take("required"); ok {
		var list []string
		if err := json.Unmarshal(raw, &list); err != nil {
			a.fail("required", err)
		}
		names := make([]string, len(list))
		for i, item := range list {
			names[i] = componentName(item)
		}
		a.require["components"] = names
	}
	digests := a.format == "rfc9421" || a.format == "cavage-12" || a.format == "kong" || a.format == "apisix"
	switch body := a.text("body"); body {
	case "digest", "content-digest", "required":
		a.require["body"] = true
	case "", "optional":
		if digests {
			a.require["body"] = false
		}
	default:
		a.fail("body", fmt.Errorf("%q is not known", body))
	}
	// That the body's digest is covered is how Postern reads "require.body" anyway.
	if covered, ok := a.truth("require_digest_covered"); ok && !covered {
		a.fail("require_digest_covered", errors.New("false cannot be asked for"))
	}
}

// componentName takes the quotes from a component that is written as RFC 9421 does:
// `"@query-param";name="x"` is `@query-param;name="x"`.
func componentName(item string) string {
	if name, params, ok := strings.Cut(strings.TrimPrefix(item, `"`), `"`); ok && strings.HasPrefix(item, `"`) {
		return name + params
	}
	return item
}

// algorithmNames are the names in Postern's words.
var algorithmNames = map[string]string{
	"HmacSHA1": "hmac-sha1", "HmacSHA256": "hmac-sha256",
}

func (a *adapter) algorithms() {
	raw, ok := a.take("algorithms")
	if !ok {
		return
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		a.fail("algorithms", err)
	}
	for i, name := range list {
		if ours := algorithmNames[name]; ours != "" {
			list[i] = ours
		}
	}
	a.require["algorithms"] = list
}

// replay reads by what a request is told from the same one again. A header that is no
// nonce is the sender's id of the message.
func (a *adapter) replay() {
	by := a.text("replay")
	switch {
	case by == "":
		return
	case by == "nonce" || strings.HasSuffix(by, "-nonce"):
		by = "nonce"
	case by == "id" || strings.HasSuffix(by, "-id"):
		by = "id"
	case by == "signature" || by == "off":
	default:
		a.fail("replay", fmt.Errorf("%q is not known", by))
	}
	a.common["replay"] = object{"by": by}
}
