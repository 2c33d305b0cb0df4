package mint

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

const (
	// Issuer is the iss of every key's tokens that is not given another.
	Issuer = "https://login.bench.example"
	// Audience is every token's aud.
	Audience = "orders"
	// Claims is how many claims a token has.
	Claims = 12
)

// token signs one with twelve claims; number makes it another one than the rest.
func (k *Key) token(number int, issued, expires time.Time, kid string) (string, error) {
	t := jwt.New()
	for name, value := range map[string]any{
		jwt.IssuerKey: k.Issuer, jwt.AudienceKey: Audience,
		jwt.SubjectKey:   fmt.Sprintf("user-%08d", number),
		jwt.IssuedAtKey:  issued.Unix(),
		jwt.NotBeforeKey: issued.Unix(), jwt.ExpirationKey: expires.Unix(),
		jwt.JwtIDKey: fmt.Sprintf("%08x-4c1e-4b7a-9f00-0123456789", number),
		"scope":      "orders.read orders.write profile",
		"azp":        "web-frontend", "tenant": "acme-europe",
		"roles": []string{"viewer", "editor"}, "ver": 2,
	} {
		if err := t.Set(name, value); err != nil {
			return "", err
		}
	}
	head := jws.NewHeaders()
	if err := head.Set(jws.KeyIDKey, kid); err != nil {
		return "", err
	}
	signed, err := jwt.Sign(t, jwt.WithKey(jwa.SignatureAlgorithm(k.Algorithm), k.private, jws.WithProtectedHeaders(head)))
	return string(signed), err
}

// Good makes n tokens that are valid for a day, numbered from first on; no two
// are alike. Progress, if not nil, hears of every thousand.
func (k *Key) Good(first, n int, now time.Time, progress func(done int)) ([]string, error) {
	return k.many(n, progress, func(i int) (string, error) {
		return k.token(first+i, now.Add(-time.Minute), now.Add(24*time.Hour), k.KeyID())
	})
}

// many makes n texts on both of a small machine's CPUs.
func (k *Key) many(n int, progress func(done int), one func(i int) (string, error)) ([]string, error) {
	const workers = 2
	texts := make([]string, n)
	var failed [workers]error
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < n && failed[w] == nil; i += workers {
				texts[i], failed[w] = one(i)
				if w == 0 && progress != nil && i%1000 == 0 {
					progress(i)
				}
			}
		})
	}
	group.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// Wide is the refused kind whose requests are large beside the token.
const Wide = "60 KB of headers"

// BigBytes is the length of a token that is nearly as long as one may be.
const BigBytes = 16_000

// Refused are the kinds of request that must be answered 401.
func Refused() []string {
	return []string{"no token", "garbage", "expired", "bad signature", "unknown kid", "garbage 16 KB", Wide, "10,000 dots", "deep JSON"}
}

// Bad makes n requests' tokens of one kind of Refused; "" means no token.
func (k *Key) Bad(kind string, n int, now time.Time) ([]string, error) {
	const first = 1 << 24 // no good token has a number as large
	good := func(i int, expires time.Time, kid string) (string, error) {
		return k.token(first+i, now.Add(-2*time.Hour), expires, kid)
	}
	var one func(i int) (string, error)
	switch kind {
	case "no token":
		one = func(int) (string, error) { return "", nil }
	case "garbage", Wide:
		one = func(i int) (string, error) { return garbage(i, 700), nil }
	case "expired":
		one = func(i int) (string, error) { return good(i, now.Add(-time.Hour), k.KeyID()) }
	case "bad signature":
		one = func(i int) (string, error) {
			text, err := good(i, now.Add(time.Hour), k.KeyID())
			return tampered(text), err
		}
	case "unknown kid":
		one = func(i int) (string, error) { return good(i, now.Add(time.Hour), fmt.Sprintf("kid-%d", i%64)) }
	case "garbage 16 KB":
		one = func(i int) (string, error) { return garbage(i, BigBytes), nil }
	case "10,000 dots":
		one = func(int) (string, error) { return strings.Repeat(".", 10000), nil }
	case "deep JSON":
		one = func(i int) (string, error) {
			head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + k.Algorithm + `","kid":"` + k.KeyID() + `"}`))
			deep := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000)))
			return head + "." + deep + "." + garbage(i, 86), nil
		}
	default:
		return nil, fmt.Errorf("no kind %q", kind)
	}
	return k.many(n, nil, one)
}

// garbage is n characters that look like a token's and are none.
func garbage(seed, n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	text := make([]byte, n)
	x := uint64(seed)*2 + 1
	for i := range text {
		x = x*6364136223846793005 + 1442695040888963407 // Knuth's MMIX
		text[i] = alphabet[x>>58]
	}
	return string(text)
}

// tampered changes one character in the middle of the signature, which stays
// base64url of the same length.
func tampered(token string) string {
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return token
	}
	at += (len(token) - at) / 2
	c := "A"
	if token[at] == 'A' {
		c = "B"
	}
	return token[:at] + c + token[at+1:]
}
