package parity

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/host/envoy"
)

// authnRows is a configuration under which every difference that is meant comes up.
func authnRows(keys ring) *authnConfig {
	a := &authnConfig{name: "authn-rows", paths: []string{"/nowhere"}}
	providers, rules := object{}, list{}
	for name, set := range map[string]string{
		"corp": string(keys.set(keySets["main"]...)), "curve": string(keys.set(keySets["p256"]...)), "certified": keys.certificates("rsa", "rsa-next"),
	} {
		p := authnProvider{name: name, issuer: "https://" + name + ".test"}
		var claims list
		for _, claim := range []string{"sub", "id", "nested"} {
			header := "x-" + name + "-" + claim
			claims = append(claims, object{"header_name": header, "claim_name": claim})
			p.written = append(p.written, header)
		}
		providers[name] = object{"issuer": p.issuer, "local_jwks": object{"inline_string": set}, "claim_to_headers": claims}
		rules = append(rules, object{"match": object{"prefix": "/" + name}, "requires": object{"provider_name": name}},
			object{"match": object{"prefix": "/lenient/" + name}, "requires": object{"requires_any": object{"requirements": list{
				object{"provider_name": name}, object{"allow_missing_or_failed": object{}},
			}}}})
		a.providers = append(a.providers, p)
	}
	rules = append(rules, object{"match": object{"prefix": "/any"}, "requires": object{"allow_missing": object{}}},
		object{"match": object{"prefix": "/extract"}, "requires": object{"extract_only_without_validation": object{}}})
	a.filter = object{"providers": providers, "rules": rules}
	return a
}

// certified are tokens for a map of certificates by kid, of RSA keys: jwt_authn takes no
// others.
var certified = map[string][]mod{
	"a key":                   {by("rsa")},
	"another key":             {by("rsa-next")},
	"no kid":                  {by("rsa-next"), head("kid", nil)},
	"another algorithm":       {by("rsa"), head("alg", "RS512")},
	"a kid that is not there": {by("rsa"), head("kid", "unheard-of")},
	"another key's kid":       {by("rsa"), head("kid", "rsa-next")},
	"a stranger's signature":  {by("rsa-stranger"), head("kid", "rsa")},
	"a changed signature":     {by("rsa"), segment(2, flipped)},
	"an algorithm of curves":  {by("p256"), head("kid", "rsa")},
}

// rowRequests are requests for the rows, and for each oddity that makes one.
func rowRequests(a *authnConfig, m *mint) []*authnRequest {
	var requests []*authnRequest
	send := func(target, tag string, tokens ...string) *authnRequest {
		r := &authnRequest{request: envoy.Request{Method: "GET", Target: target, Host: "api.test"}, tags: []string{tag}, tokens: tokens, story: []string{tag}}
		if len(tokens) > 0 && !strings.Contains(target, tokens[0]) {
			r.line("authorization", "Bearer "+tokens[0])
		}
		requests = append(requests, r)
		return r
	}
	for _, p := range a.providers {
		if p.name == "certified" {
			for story, mods := range certified {
				send("/certified", story, m.token(append(slices.Clone(mods), claim("iss", p.issuer))...))
			}
			continue
		}
		own := []mod{by(map[string]string{"corp": "rsa", "curve": "p256"}[p.name]), claim("iss", p.issuer)}
		good, bad := m.token(own...), m.token(append(own, at("exp", -3600))...)
		for _, odd := range oddities() {
			if odd.tag != "" {
				send("/"+p.name, odd.tag, m.token(append(own, odd.mods...)...))
				send("/lenient/"+p.name, odd.tag, m.token(append(own, odd.mods...)...))
			}
		}
		for _, text := range []string{`{"iss":"%s","sub":"a","s\u0075b":"b"}`, `{"iss":"%s","nested":{"role":1,"role":2}}`, `{"iss":"%s","list":[{"a":1,"a":1}]}`} {
			send("/"+p.name, "a name twice", m.token(append(own, payload(fmt.Sprintf(text, p.issuer)))...))
		}
		send("/"+p.name, "a name twice in the header", m.token(append(own, func(d *draft) { d.header = append(d.header, member{"typ", "JWT"}, member{"typ", "JWT"}) })...))
		send("/any?access_token="+bad, "several tokens", good, bad)
		send("/"+p.name+"?access_token="+good+"&z=%20y", "an encoded parameter", good)
		send("/"+p.name+"?access_token="+bad, "a bad token in the query", bad)
		send("/"+p.name, "forged status", good).line("x-jwt-signature-verified", "true")
		for _, path := range []string{"/nowhere", "/any", "/lenient/corp", "/lenient/curve", "/extract"} {
			send(path, "a forged identity header").line(p.written[0], "forged")
		}
	}
	return requests
}
