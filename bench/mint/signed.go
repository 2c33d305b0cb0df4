package mint

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// SignedSecret is what signed requests are signed with.
const SignedSecret = "the secret of a partner, of 36 bytes"

// SignedBase is their signed text in the words of a signature template.
const SignedBase = "{method}\n{target}\n{timestamp}\n{body:sha256:hex}"

// Signed returns n requests with bodies of size bytes, each another one, signed by
// HMAC-SHA256 over [SignedBase] at the time now: the signature in hex in x-signature,
// the time in x-timestamp.
func Signed(n, size int, now time.Time) *Corpus {
	c := &Corpus{Whole: make([]string, n)}
	stamp := fmt.Sprint(now.Unix())
	for i := range c.Whole {
		body := fmt.Sprintf(`{"id":"evt_%08d","data":"`, i)
		body += strings.Repeat("x", max(size-len(body)-len(`"}`), 0)) + `"}`
		sum := sha256.Sum256([]byte(body))
		mac := hmac.New(sha256.New, []byte(SignedSecret))
		mac.Write([]byte("POST\n" + requestPath + "\n" + stamp + "\n" + hex.EncodeToString(sum[:])))
		c.Whole[i] = "POST " + requestPath + requestHead +
			"Content-Type: application/json\r\n" +
			"X-Timestamp: " + stamp + "\r\n" +
			"X-Signature: " + hex.EncodeToString(mac.Sum(nil)) + "\r\n" +
			fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
	}
	return c
}
