package sign

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// urlSafe is base64url without padding.
func urlSafe(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// httpDate is a time as RFC 9110 §5.6.7 writes it.
func httpDate(t time.Time) string {
	return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
}

// unreserved are the characters that RFC 3986 never encodes.
const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// percent encodes every byte but those that are kept.
func percent(s, kept string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(kept, s[i]) >= 0 {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}

// queryPairs splits a query; what is percent-encoded stays so.
func queryPairs(query *string) [][2]string {
	if query == nil {
		return nil
	}
	var pairs [][2]string
	for part := range strings.SplitSeq(*query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, [2]string{name, value})
	}
	return pairs
}

// unescape decodes percent-encoding and leaves plus signs alone.
func unescape(s string) (string, error) { return url.PathUnescape(s) }

// contentDigest is a Content-Digest of RFC 9530, digestHeader the older Digest of RFC
// 3230, over the body.
func contentDigest(hash string, body []byte) (string, error) {
	name, sum, err := bodyHash(hash, body)
	return name + "=:" + base64Of(sum) + ":", err
}

func digestHeader(hash string, body []byte) (string, error) {
	name, sum, err := bodyHash(hash, body)
	return strings.ToUpper(name) + "=" + base64Of(sum), err
}

func bodyHash(hash string, body []byte) (name string, sum []byte, err error) {
	switch hash {
	case "", "sha-256":
		s := sha256.Sum256(body)
		return "sha-256", s[:], nil
	case "sha-512":
		s := sha512.Sum512(body)
		return "sha-512", s[:], nil
	}
	return "", nil, fmt.Errorf("no digest %q; want sha-256 or sha-512", hash)
}
