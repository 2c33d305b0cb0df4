package parity

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// authnConfig is one configuration that both filters are given: in Envoy's own names,
// for the module with "compat" added.
type authnConfig struct {
	name string
	// filter is the filter's JSON.
	filter map[string]any
	// providers are what the requests are made for.
	providers []authnProvider
	// paths are targets, each meant for one rule or for none.
	paths []string
}

// authnProvider is what a request has to know of a provider.
type authnProvider struct {
	name, issuer, set string
	audiences         []string
	// headers are names with prefixes, params and cookies names; all empty for the
	// default places.
	headers         [][2]string
	params, cookies []string
	// written are the headers that the provider makes.
	written []string
}

// object and list are JSON in the making.
type (
	object = map[string]any
	list   = []any
)

// chooser draws; the same seed draws the same.
type chooser struct{ *rand.Rand }

func (c chooser) of(choices ...any) any { return choices[c.IntN(len(choices))] }

func (c chooser) word(choices ...string) string { return choices[c.IntN(len(choices))] }

// one is true once in n times.
func (c chooser) one(n int) bool { return c.IntN(n) == 0 }

// authnConfigs draws n configurations.
func authnConfigs(t *testing.T, keys ring, seed uint64, n int) []*authnConfig {
	t.Helper()
	var configs []*authnConfig
	for i := range n {
		c := chooser{rand.New(rand.NewPCG(seed, uint64(i)))}
		configs = append(configs, c.config(keys, fmt.Sprintf("authn-%d", i)))
	}
	return configs
}

// text is the configuration as a filter reads it.
func (a *authnConfig) text(extra object) []byte {
	whole := object{}
	for name, value := range a.filter {
		whole[name] = value
	}
	for name, value := range extra {
		whole[name] = value
	}
	text, err := json.Marshal(whole)
	if err != nil {
		panic(err)
	}
	return text
}

func (c chooser) config(keys ring, name string) *authnConfig {
	a := &authnConfig{name: name, filter: object{}}
	providers := object{}
	for i := range 1 + c.IntN(3) {
		p, drawn := c.provider(keys, i)
		providers[p.name] = drawn
		a.providers = append(a.providers, p)
	}
	a.filter["providers"] = providers
	if c.one(3) {
		a.filter["requirement_map"] = object{"named": c.requirement(a.providers, 1)}
	}
	var rules list
	for i := range 1 + c.IntN(4) {
		rule, paths := c.rule(a, i)
		rules = append(rules, rule)
		a.paths = append(a.paths, paths...)
	}
	if c.one(2) {
		rules = append(rules, object{"match": object{"prefix": "/"}, "requires": c.requirement(a.providers, 0)})
	}
	a.filter["rules"] = rules
	a.paths = append(a.paths, "/nowhere", "/nowhere?x=1")
	if c.one(3) {
		a.filter["bypass_cors_preflight"] = true
	}
	if c.one(5) {
		a.filter["strip_failure_response"] = true
	}
	if c.one(4) {
		a.filter = cameled(a.filter).(object)
	}
	return a
}

// provider draws one; its issuer is its own, or none.
func (c chooser) provider(keys ring, i int) (authnProvider, object) {
	p := authnProvider{name: fmt.Sprintf("p%d", i), set: c.word("main", "main", "p256", "without kids", "secrets", "rsa")}
	drawn := object{}
	if c.one(6) {
		cluster := c.word("keys", "keys", "keys", "broken", "down")
		remote := object{"http_uri": object{"uri": "http://idp.test/" + strings.ReplaceAll(p.set, " ", "-"), "cluster": cluster, "timeout": "2s"}}
		if c.one(2) {
			remote["cache_duration"] = "600s"
		}
		if c.one(3) {
			remote["async_fetch"] = object{"fast_listener": true}
		}
		drawn["remote_jwks"] = remote
	} else if c.one(6) {
		drawn["local_jwks"] = object{"inline_bytes": std64(keys.set(keySets[p.set]...))}
	} else {
		drawn["local_jwks"] = object{"inline_string": string(keys.set(keySets[p.set]...))}
	}
	// Two providers that could own one token would leave it to the order of a hash map
	// in the filter which of them does; so only the first may have no issuer.
	if i > 0 || !c.one(3) {
		p.issuer = fmt.Sprintf("https://%s.test", p.name)
		drawn["issuer"] = p.issuer
	}
	switch c.IntN(5) {
	case 0:
		p.audiences = []string{"api"}
	case 1:
		p.audiences = []string{"https://api.test/", "web"}
	case 2:
		p.audiences = []string{"http://api.test"}
	}
	if p.audiences != nil {
		drawn["audiences"] = p.audiences
	}
	c.places(&p, drawn)
	if c.one(2) {
		drawn["forward"] = c.one(2)
	}
	if c.one(3) {
		name := "x-payload-" + p.name
		drawn["forward_payload_header"] = name
		p.written = append(p.written, name)
		if c.one(2) {
			drawn["pad_forward_payload_header"] = true
		}
	}
	if c.one(2) {
		var claims list
		for _, claim := range []string{"sub", "nested.role", "id", "admin", "roles", "nested", "ratio", "none"} {
			if !c.one(2) {
				continue
			}
			name := "x-" + p.name + "-" + map[bool]string{true: "role", false: claim}[claim == "nested.role"]
			claims = append(claims, object{"header_name": name, "claim_name": claim})
			p.written = append(p.written, name)
		}
		if claims != nil {
			drawn["claim_to_headers"] = claims
		}
	}
	c.limits(drawn)
	return p, drawn
}

// places draws where a provider looks.
func (c chooser) places(p *authnProvider, drawn object) {
	switch c.IntN(5) {
	case 0:
		p.headers = [][2]string{{"x-token", ""}, {"x-auth", "Token "}}
		drawn["from_headers"] = list{object{"name": "x-token"}, object{"name": "X-Auth", "value_prefix": "Token "}}
	case 1:
		p.params = []string{"jwt"}
		drawn["from_params"] = list{"jwt"}
	case 2:
		p.cookies = []string{"session"}
		drawn["from_cookies"] = list{"session"}
	}
	if p.params != nil && c.one(2) {
		p.headers = [][2]string{{"authorization", "Bearer "}}
		drawn["from_headers"] = list{object{"name": "Authorization", "value_prefix": "Bearer "}}
	}
}

// limits draws what a provider asks of a good token besides, and what no request shows.
func (c chooser) limits(drawn object) {
	if c.one(3) {
		drawn["clock_skew_seconds"] = c.of(0, 5, 60, 120)
	}
	if c.one(4) {
		drawn["require_expiration"] = c.one(2)
	}
	if c.one(6) {
		drawn["max_lifetime"] = c.word("7200s", "600s", "86400s")
	}
	if c.one(5) {
		drawn["subjects"] = c.of(object{"exact": "alice"}, object{"prefix": "al"}, object{"suffix": "ce", "ignore_case": true},
			object{"contains": "zzz"}, object{"safe_regex": object{"regex": "a.*e"}})
	}
	if c.one(4) {
		drawn["jwt_cache_config"] = c.of(object{}, object{"jwt_cache_size": 10})
	}
	if c.one(5) {
		drawn["payload_in_metadata"] = "payload"
	}
	if c.one(8) {
		drawn["failed_status_in_metadata"] = "failed"
	}
	if c.one(6) {
		drawn["clear_route_cache"] = true
	}
}

// requirement draws a tree of the given depth left.
func (c chooser) requirement(providers []authnProvider, depth int) object {
	p := providers[c.IntN(len(providers))]
	if depth > 0 && c.one(2) {
		children := list{c.requirement(providers, depth-1), c.requirement(providers, depth-1)}
		if c.one(3) {
			children = append(children, c.of(object{"allow_missing": object{}}, object{"allow_missing_or_failed": object{}}))
		}
		return object{c.word("requires_any", "requires_any", "requires_all"): object{"requirements": children}}
	}
	switch c.IntN(8) {
	case 0:
		return object{"provider_and_audiences": object{"provider_name": p.name, "audiences": list{c.word("api", "https://api.test", "web/")}}}
	case 1:
		return object{"allow_missing": object{}}
	case 2:
		return object{"allow_missing_or_failed": object{}}
	}
	return object{"provider_name": p.name}
}

// rule draws a rule and targets that may meet it.
func (c chooser) rule(a *authnConfig, i int) (object, []string) {
	at := fmt.Sprintf("/r%d", i)
	rule, paths := object{}, []string{at, at + "/sub?x=1", at + "?a=b"}
	match := object{}
	switch c.IntN(6) {
	case 0:
		match["path"] = at
	case 1:
		match["path_separated_prefix"] = at
		paths = append(paths, at+"x")
	case 2:
		match["safe_regex"] = object{"regex": at + "/[a-z]+"}
	default:
		match["prefix"] = at
	}
	if _, regex := match["safe_regex"]; !regex && c.one(5) {
		match["case_sensitive"] = false
		paths = append(paths, fmt.Sprintf("/R%d/Sub", i))
	}
	if c.one(6) {
		match["headers"] = list{object{"name": "x-kind", "string_match": object{"exact": "a"}}}
	}
	if c.one(8) {
		match["query_parameters"] = list{object{"name": "x", "string_match": object{"exact": "1"}}}
		paths = append(paths, at+"?x=1&x=2", at+"?x=2&x=1")
	}
	rule["match"] = match
	switch _, named := a.filter["requirement_map"]; {
	case named && c.one(3):
		rule["requirement_name"] = "named"
	case c.one(10): // a rule without a requirement asks nothing
	case c.one(12):
		rule["requires"] = object{"extract_only_without_validation": c.of(object{}, object{"verification_status_header": "x-verified"})}
	default:
		rule["requires"] = c.requirement(a.providers, c.IntN(3))
	}
	return rule, paths
}
