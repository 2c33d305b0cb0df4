package edge

import (
	"encoding/json"

	"github.com/postern-wasm/postern/bench/mint"
)

// Caches of the two filters.
type Caches struct {
	// Provider is the provider's jwt_cache_config.jwt_cache_size, which both
	// filters read; 0 leaves it out.
	Provider int
	// Tokens and Bytes are Postern's top-level token_cache; 0 leaves it out.
	Tokens, Bytes int
}

// Config returns one configuration for either filter: the module takes jwt_authn's
// JSON as it is, but for HMAC, which it wants named, and for caches.
func Config(key *mint.Key, postern bool, caches Caches) (string, error) {
	set, err := key.JWKS()
	if err != nil {
		return "", err
	}
	provider := object{
		"issuer": mint.Issuer, "audiences": []string{mint.Audience},
		"local_jwks": object{"inline_string": set},
	}
	if caches.Provider > 0 {
		// The largest token that jwt_authn caches is 4096 bytes unless told so.
		provider["jwt_cache_config"] = object{"jwt_cache_size": caches.Provider}
	}
	config := object{
		"providers": object{"bench": provider},
		"rules":     []object{{"match": object{"prefix": "/"}, "requires": object{"provider_name": "bench"}}},
	}
	if postern {
		if key.Algorithm == "HS256" {
			provider["algorithms"] = []string{"HS256"}
		}
		if caches.Tokens > 0 {
			config["token_cache"] = object{"max_entries": caches.Tokens, "max_bytes": caches.Bytes}
		}
	}
	text, err := json.Marshal(config)
	return string(text), err
}
