package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
)

const issuer = "https://login.example"

type object = map[string]any

// identity is what the upstream is told of a caller; the client cannot tell it.
var identity = []object{{"header_name": "x-user", "claim_name": "sub"}}

// mainConfig is the configuration of the first server: a provider whose key set
// is rotated, one whose key set fails, one that shares a secret, and an open path.
func mainConfig(keys string, k keyring, audience string) (object, error) {
	partner, err := set(map[string]any{"partner": k.secret})
	if err != nil {
		return nil, err
	}
	return object{
		"providers": object{
			"corp": object{
				"issuer": issuer, "audiences": []string{audience}, "claim_to_headers": identity,
				"remote_jwks": object{
					"http_uri":               object{"uri": keys + "/corp.json", "cluster": "login", "timeout": "2s"},
					"refetch_on_unknown_kid": object{"min_interval": "1s", "wait": "2s"},
				},
			},
			"edge": object{
				"issuer": issuer, "audiences": []string{"orders"}, "claim_to_headers": identity,
				"remote_jwks": object{
					"http_uri":       object{"uri": keys + "/edge.json", "cluster": "login", "timeout": "2s"},
					"cache_duration": "1s",
				},
			},
			"partner": object{
				"issuer": issuer, "audiences": []string{"orders"}, "claim_to_headers": identity,
				"algorithms": []string{"HS256"}, "local_jwks": object{"inline_string": partner},
			},
			"github": signedRequest("github", k, object{}),
			"orders": signedRequest("standard-webhooks", k, object{"replay": object{"by": "signature"}}),
		},
		"rules": []object{
			{"match": object{"path_separated_prefix": "/public"}, "requires": object{}},
			requires("/hooks/github", "github"),
			requires("/hooks/orders", "orders"),
			requires("/api", "corp"),
			requires("/edge", "edge"),
			requires("/partner", "partner"),
		},
	}, nil
}

// signedRequest is a provider whose sender signs, in a vendor's way.
func signedRequest(preset string, k keyring, more object) object {
	more["preset"] = preset
	more["keys"] = []object{{"id": "demo", "secret": object{"inline_base64": base64.StdEncoding.EncodeToString(k.secret)}}}
	return object{"signed_request": more}
}

func requires(prefix, provider string) object {
	return object{
		"match":    object{"path_separated_prefix": prefix},
		"requires": object{"provider_name": provider},
	}
}

// coldConfig is the configuration of the second server, whose key set cannot be
// had when it starts. Its uri is a name that only --cluster leads anywhere.
func coldConfig() object {
	return object{
		"providers": object{
			"corp": object{
				"issuer": issuer, "audiences": []string{"orders"}, "claim_to_headers": identity,
				"remote_jwks": object{
					"http_uri":    object{"uri": issuer + "/corp.json", "cluster": "login", "timeout": "2s"},
					"async_fetch": object{"failed_refetch_duration": "0.2s"},
				},
			},
		},
		"rules": []object{requires("/api", "corp")},
	}
}

// store writes a configuration as editors do: a new file renamed over the old one.
func store(path string, config object) error {
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(path), ".new")
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
