package mint

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// Algorithms are those that are measured, in the order of the tables.
func Algorithms() []string {
	return []string{"RS256", "PS256", "ES256", "EdDSA", "ES384", "HS256"}
}

// Key is a key pair or a secret with a kid.
type Key struct {
	// Algorithm is its JWS name.
	Algorithm string
	// Raw is what the standard library calls it: *rsa.PrivateKey,
	// *ecdsa.PrivateKey, ed25519.PrivateKey or a secret's bytes.
	Raw any
	// Issuer is the iss of its tokens.
	Issuer string

	private jwk.Key
	set     jwk.Set
}

// NewKey makes a key for a JWS algorithm. RSA keys have 2048 bits and the
// exponent 65537, secrets 32 bytes.
func NewKey(algorithm string) (*Key, error) {
	raw, err := generate(algorithm)
	if err != nil {
		return nil, err
	}
	k := &Key{Algorithm: algorithm, Raw: raw, Issuer: Issuer, set: jwk.NewSet()}
	if k.private, err = jwk.FromRaw(raw); err != nil {
		return nil, err
	}
	// What signs has no kid, so that a token's can be any: a secret is copied.
	public, err := jwk.FromRaw(raw)
	if err == nil && algorithm != "HS256" {
		public, err = k.private.PublicKey()
	}
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]any{jwk.KeyIDKey: k.KeyID(), jwk.AlgorithmKey: jwa.SignatureAlgorithm(algorithm)} {
		if err := public.Set(name, value); err != nil {
			return nil, err
		}
	}
	return k, k.set.AddKey(public)
}

func generate(algorithm string) (any, error) {
	switch algorithm {
	case "RS256", "PS256":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case "HS256":
		secret := make([]byte, 32)
		_, err := rand.Read(secret)
		return secret, err
	}
	return nil, fmt.Errorf("no key for algorithm %q", algorithm)
}

// KeyID is the kid of the key in its set and of good tokens.
func (k *Key) KeyID() string { return "bench-" + k.Algorithm }

// Set returns the keys that verify.
func (k *Key) Set() jwk.Set { return k.set }

// JWKS returns Set as JSON.
func (k *Key) JWKS() (string, error) {
	text, err := json.Marshal(k.set)
	return string(text), err
}
