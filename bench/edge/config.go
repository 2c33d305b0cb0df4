package edge

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/postern-wasm/postern/bench/mint"
)

// Caches of the two filters.
type Caches struct {
	// Provider is the provider's jwt_cache_config.jwt_cache_size, which both
	// filters read; 0 leaves it out.
	Provider int
	// Tokens and Bytes are Postern's top-level token_cache; 0 leaves it out.
	Tokens, Bytes int
	// Off turns Postern's cache off.
	Off bool
}

// Setup is what a filter is configured with.
type Setup struct {
	// Keys are one provider each, any of which will do. Their issuers differ.
	Keys []*mint.Key
	// Postern says that the module is to be configured, not jwt_authn.
	Postern bool
	// Caches are the filter's.
	Caches Caches
	// State has Postern leave the provider behind as filter state.
	State bool
	// Rules is how many rules there are, one for each of Areas; 0 is one for all.
	Rules int
	// Regex has each rule match by a regular expression instead of a prefix.
	Regex bool
}

// area is the beginning of the paths that the i-th rule is for.
func area(i int) string { return fmt.Sprintf("/area-%04d/", i) }

// Areas are paths, one for each of n rules, in an order that has nothing to do with
// that of the rules.
func Areas(n int) []string {
	const stride = 7919 // a prime, larger than any number of rules
	paths := make([]string, n)
	for i := range paths {
		paths[i] = area(i*stride%n) + "orders/17"
	}
	return paths
}

// match is the matcher of the i-th rule.
func (s Setup) match(i int) object {
	switch {
	case s.Rules == 0:
		return object{"prefix": "/"}
	case s.Regex:
		return object{"safe_regex": object{"regex": area(i) + "[a-z]+/[0-9]+"}}
	}
	return object{"prefix": area(i)}
}

// provider configures one key.
func (s Setup) provider(key *mint.Key) (object, error) {
	set, err := key.JWKS()
	if err != nil {
		return nil, err
	}
	p := object{
		"issuer": key.Issuer, "audiences": []string{mint.Audience},
		"local_jwks": object{"inline_string": set},
	}
	if s.Postern && key.Algorithm == "HS256" {
		p["algorithms"] = []string{"HS256"}
	}
	if s.Caches.Provider > 0 {
		// The largest token that jwt_authn caches is 4096 bytes unless told so.
		p["jwt_cache_config"] = object{"jwt_cache_size": s.Caches.Provider}
	}
	return p, nil
}

// SignedConfig returns Postern's configuration for the requests of [mint.Signed]. They
// are taken for a day: a bench makes them at its start.
func SignedConfig() (string, error) {
	text, err := json.Marshal(object{
		"providers": object{"partner": object{"signed_request": object{
			"template": object{
				"algorithm": "hmac-sha256", "base": mint.SignedBase,
				"signature": object{"header": "x-signature", "encoding": "hex"},
				"timestamp": object{"header": "x-timestamp"},
			},
			"keys":      []object{{"id": "partner", "secret": object{"inline": mint.SignedSecret}}},
			"tolerance": "86400s",
		}}},
		"rules": []object{{"match": object{"prefix": "/"}, "requires": object{"provider_name": "partner"}}},
	})
	return string(text), err
}

// Config returns one configuration for either filter: the module takes jwt_authn's
// JSON as it is, but for HMAC, which it wants named, and for caches.
func Config(s Setup) (string, error) {
	providers, names := object{}, []object{}
	for i, key := range s.Keys {
		p, err := s.provider(key)
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("bench-%02d", i)
		providers[name] = p
		names = append(names, object{"provider_name": name})
	}
	if len(names) == 0 {
		return "", errors.New("no key")
	}
	requires := names[0]
	if len(names) > 1 {
		requires = object{"requires_any": object{"requirements": names}}
	}
	var rules []object
	for i := range max(s.Rules, 1) {
		rules = append(rules, object{"match": s.match(i), "requires": requires})
	}
	config := object{"providers": providers, "rules": rules}
	if c := s.Caches; s.Postern && (c.Off || c.Tokens > 0) {
		cache := object{"max_entries": c.Tokens}
		if c.Bytes > 0 {
			cache["max_bytes"] = c.Bytes
		}
		config["token_cache"] = cache
	}
	if s.Postern && s.State {
		config["filter_state"] = []string{"provider"}
	}
	text, err := json.Marshal(config)
	return string(text), err
}
