package sign

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// Secret reads a shared secret as those who issue it write it: whsec_ and base64 for
// Standard Webhooks and Svix, base64 for Azure, hex for Akamai, base64url for Google;
// anywhere else the text's bytes are the secret. No error quotes it.
func (s Scheme) Secret(text string) ([]byte, error) {
	if text == "" {
		return nil, errors.New("the secret is empty")
	}
	var secret []byte
	var err error
	switch s.Name {
	case "standard-webhooks", "svix":
		secret, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	case "azure-appconfig":
		secret, err = base64.StdEncoding.DecodeString(text)
	case "akamai":
		secret, err = hex.DecodeString(text)
	case "google":
		secret, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	default:
		return []byte(text), nil
	}
	if err != nil || len(secret) == 0 {
		return nil, errors.New("the secret is not in the form in which it is issued: " + secretForms[s.Name])
	}
	return secret, nil
}

var secretForms = map[string]string{
	"standard-webhooks": "whsec_ and base64", "svix": "whsec_ and base64",
	"azure-appconfig": "base64", "akamai": "hex", "google": "base64url",
}
