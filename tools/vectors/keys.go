package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
)

// key is one of signed_request.keys.
type key struct {
	ID        string            `json:"id"`
	Algorithm string            `json:"algorithm,omitempty"`
	Secret    map[string]string `json:"secret,omitempty"`
	PublicKey map[string]any    `json:"public_key,omitempty"`
}

// vendorForm writes a shared secret as those who issue it do. Where no form is listed
// the bytes themselves are the secret.
var vendorForm = map[string]func([]byte) string{
	"standard-webhooks": func(b []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(b) },
	"svix":              func(b []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(b) },
	"azure-appconfig":   base64.StdEncoding.EncodeToString,
	"akamai":            hex.EncodeToString,
	"google-cdn":        base64.URLEncoding.EncodeToString,
}

// keysOf writes the keys of a case. named says that the scheme takes an algorithm with
// each key.
func keysOf(secrets []Secret, format string, named bool) ([]key, error) {
	keys := make([]key, 0, len(secrets))
	for _, s := range secrets {
		k := key{ID: s.ID}
		switch {
		case strings.HasPrefix(s.Alg, "hmac"):
			if form := vendorForm[format]; form != nil {
				k.Secret = map[string]string{"inline": form(s.Key)}
			} else {
				k.Secret = map[string]string{"inline_base64": base64.StdEncoding.EncodeToString(s.Key)}
			}
		case s.Alg == "ed25519":
			k.PublicKey = map[string]any{"jwk": map[string]string{
				"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(s.Key),
			}}
		case strings.HasPrefix(s.Alg, "ecdsa-") || strings.HasPrefix(s.Alg, "rsa-"):
			k.PublicKey = map[string]any{"pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s.Key}))}
		default:
			return nil, fmt.Errorf("key %q: no algorithm %q known", s.ID, s.Alg)
		}
		if named && s.Alg != "hmac" {
			k.Algorithm = s.Alg
		}
		keys = append(keys, k)
	}
	return keys, nil
}
