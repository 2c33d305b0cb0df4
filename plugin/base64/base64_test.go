package base64

import (
	"encoding/base64"
	"testing"
)

func TestAsTheStandardLibrary(t *testing.T) {
	b := make([]byte, 0, 600)
	for i := range 600 {
		for f, want := range map[Form]*base64.Encoding{Standard: base64.StdEncoding, URL: base64.RawURLEncoding} {
			if got := string(Append([]byte("x"), f, string(b))); got != "x"+want.EncodeToString(b) {
				t.Fatalf("form %d of %d bytes: %s", f, len(b), got)
			}
		}
		b = append(b, byte(i*7+i>>8))
	}
}
