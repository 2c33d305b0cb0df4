package jws

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestAWipedTokenKeepsNothing: neither a byte of the token nor a way to one, whether it
// was taken or refused, and wherever.
func TestAWipedTokenKeepsNothing(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	header := encode([]byte(`{"alg":"ES256","kid":"secret"}`))
	good := header + "." + encode([]byte(`{"sub":"secret"}`)) + "." + encode([]byte("secret signature"))
	var token Token
	token.Reserve(256)
	for law, raw := range map[string]string{
		"taken": good, "a bad header": "!" + good, "a bad payload": header + ".!!!!." + encode([]byte("s")),
		"a bad character late in the payload":        header + "." + encode([]byte("secret secret secret")) + "!.AAAA",
		"longer, and refused at its first character": "A." + encode([]byte(strings.Repeat("secret", 100))) + ".AAAA",
		"a bad signature":                            good + "!", "an unknown algorithm": encode([]byte(`{"alg":"x"}`)) + ".AAAA.AAAA",
		"longer than its memory": header + "." + encode([]byte(strings.Repeat("secret", 100))) + ".AAAA",
	} {
		_ = token.Parse(raw, 1<<14, 1)
		token.Wipe()
		if strings.Trim(string(token.home[:cap(token.home)]), "\x00") != "" {
			t.Errorf("%s: %q is left", law, token.home[:cap(token.home)])
		}
		if token.raw != "" || token.headerText != nil || token.payload != nil || token.signature != nil || token.kid != "" || len(token.text) != 0 || cap(token.text) != cap(token.home) {
			t.Errorf("%s: the token holds on to memory", law)
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		if err := token.Parse(good, 1<<14, 1); err != nil {
			t.Fatal(err)
		}
		token.Wipe()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
