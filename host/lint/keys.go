package lint

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
)

// keys lints a provider's inline key set.
func keys(f *findings, p map[string]any, path string, env map[string]string) {
	local, _ := member(p, "local_jwks", "localJwks").(map[string]any)
	document, inline := "", true
	if s, ok := member(local, "inline_string", "inlineString").(string); ok {
		document = s
	} else if s, ok := member(local, "inline_bytes", "inlineBytes").(string); ok {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s), "="))
		if err != nil {
			return
		}
		document = string(b)
	} else if s, ok := member(local, "environment_variable", "environmentVariable").(string); ok {
		document, inline = env[s], false
	}
	if document == "" {
		return
	}
	where := path + ".local_jwks"
	var set struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if json.Unmarshal([]byte(document), &set) == nil && set.Keys != nil {
		for _, k := range set.Keys {
			jwk(f, k, where, inline, len(set.Keys))
		}
		return
	}
	var named map[string]string
	if json.Unmarshal([]byte(document), &named) == nil {
		for _, text := range named {
			pemKeys(f, []byte(text), where)
		}
		return
	}
	pemKeys(f, []byte(document), where)
}

// secrets lints the shared secrets of a provider of signed requests.
func secrets(f *findings, p map[string]any, path string) {
	signed, _ := member(p, "signed_request", "signedRequest").(map[string]any)
	list, _ := signed["keys"].([]any)
	for _, k := range list {
		key, _ := k.(map[string]any)
		secret, _ := key["secret"].(map[string]any)
		if member(secret, "inline", "inline_base64", "inlineBase64") != nil {
			f.add("secret-inline", path+".signed_request.keys")
		}
	}
}

func member(m map[string]any, names ...string) any {
	for _, name := range names {
		if v, ok := m[name]; ok {
			return v
		}
	}
	return nil
}

// jwk lints one key of n.
func jwk(f *findings, k map[string]json.RawMessage, path string, inline bool, n int) {
	text := func(name string) string {
		var s string
		if json.Unmarshal(k[name], &s) != nil {
			return ""
		}
		return s
	}
	bytesOf := func(name string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text(name), "="))
		if err != nil {
			return nil
		}
		return b
	}
	if _, has := k["kid"]; !has && n > 1 {
		f.add("key-without-kid", path)
	}
	switch text("kty") {
	case "RSA":
		rsaBits(f, new(big.Int).SetBytes(bytesOf("n")).BitLen(), path)
		private(f, k, path)
	case "EC", "OKP":
		private(f, k, path)
	case "oct":
		if inline {
			f.add("hmac-inline", path)
		}
		if secret := bytesOf("k"); len(secret) > 0 && !bytes.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }) {
			f.add("hmac-passphrase", path)
		}
	}
}

// private finds the members of RFC 7518 §6.2.2 and §6.3.2 and RFC 8037 §2 that are secret.
func private(f *findings, k map[string]json.RawMessage, path string) {
	for _, name := range [...]string{"d", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, has := k[name]; has {
			f.add("private-key", path)
		}
	}
}

func rsaBits(f *findings, bits int, path string) {
	if bits > 0 && bits < 3072 {
		f.add("rsa-2048", path)
	}
}

// pemKeys lints keys in PEM.
func pemKeys(f *findings, text []byte, path string) {
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			return
		}
		if strings.Contains(b.Type, "PRIVATE KEY") {
			f.add("private-key", path)
			continue
		}
		var key any
		if c, err := x509.ParseCertificate(b.Bytes); err == nil {
			key = c.PublicKey
		} else if key, err = x509.ParsePKIXPublicKey(b.Bytes); err != nil {
			continue
		}
		if k, ok := key.(*rsa.PublicKey); ok {
			rsaBits(f, k.N.BitLen(), path)
		}
	}
}
