package mint

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

// Sized makes n good tokens of size bytes, give or take two, numbered from first on:
// only the claims that are needed, and one that makes up the length. A size below
// what those take is an error.
func (k *Key) Sized(first, n, size int, now time.Time) ([]string, error) {
	least, err := k.sized(first, 0, now)
	if err != nil {
		return nil, err
	}
	room := size - len(least)
	if room < 0 {
		return nil, fmt.Errorf("a %s token has at least %d bytes", k.Algorithm, len(least))
	}
	pad := base64.RawURLEncoding.DecodedLen(room)
	return k.many(n, nil, func(i int) (string, error) { return k.sized(first+i, pad, now) })
}

// sized makes one with pad characters in a claim that nobody reads.
func (k *Key) sized(number, pad int, now time.Time) (string, error) {
	t := jwt.New()
	for name, value := range map[string]any{
		jwt.IssuerKey: k.Issuer, jwt.AudienceKey: Audience, jwt.SubjectKey: fmt.Sprintf("u%08d", number),
		jwt.ExpirationKey: now.Add(24 * time.Hour).Unix(), "x": strings.Repeat("x", pad),
	} {
		if err := t.Set(name, value); err != nil {
			return "", err
		}
	}
	head := jws.NewHeaders()
	if err := head.Set(jws.KeyIDKey, k.KeyID()); err != nil {
		return "", err
	}
	signed, err := jwt.Sign(t, jwt.WithKey(jwa.SignatureAlgorithm(k.Algorithm), k.private, jws.WithProtectedHeaders(head)))
	return string(signed), err
}
