package mint

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwt"
)

func TestGoodTokens(t *testing.T) {
	now := time.Now()
	for _, a := range Algorithms() {
		key, err := NewKey(a)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := key.Good(7, 20, now, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, token := range tokens {
			if seen[token] {
				t.Errorf("%s: a token twice", a)
			}
			seen[token] = true
			// RS256 and PS256 need 342 characters for the signature alone.
			if len(token) < 490 || len(token) > 800 {
				t.Errorf("%s: %d bytes", a, len(token))
			}
			if _, err := jwt.ParseString(token, jwt.WithKeySet(key.Set()), jwt.WithIssuer(Issuer), jwt.WithAudience(Audience)); err != nil {
				t.Errorf("%s: %v", a, err)
			}
			claims := map[string]any{}
			body, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
			if err == nil {
				err = json.Unmarshal(body, &claims)
			}
			if err != nil || len(claims) != Claims {
				t.Errorf("%s: %d claims, %v", a, len(claims), err)
			}
		}
		other, err := NewKey(a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jwt.ParseString(tokens[0], jwt.WithKeySet(other.Set())); err == nil {
			t.Errorf("%s: verified by another key", a)
		}
		set, err := key.JWKS()
		if err != nil {
			t.Fatal(err)
		}
		for _, private := range []string{`"d":`, `"p":`, `"q":`} {
			if strings.Contains(set, private) {
				t.Errorf("%s: the set holds the private member %s", a, private)
			}
		}
	}
	if _, err := NewKey("none"); err == nil {
		t.Error("a key for none")
	}
}

func TestBadTokensAreBadForTheReasonTheyName(t *testing.T) {
	now := time.Now()
	key, err := NewKey("RS256")
	if err != nil {
		t.Fatal(err)
	}
	judge := func(token string) error {
		_, err := jwt.ParseString(token, jwt.WithKeySet(key.Set()), jwt.WithAcceptableSkew(time.Minute))
		return err
	}
	for _, kind := range Refused() {
		tokens, err := key.Bad(kind, 3, now)
		if err != nil {
			t.Fatal(err)
		}
		if len(tokens) != 3 {
			t.Fatalf("%s: %d tokens", kind, len(tokens))
		}
		if kind == "no token" {
			if strings.Join(tokens, "") != "" {
				t.Errorf("%s: %q", kind, tokens)
			}
			continue
		}
		if judge(tokens[0]) == nil {
			t.Errorf("%s is accepted by jwx", kind)
		}
	}
	// Each of these is good but for one thing.
	expired, _ := key.Bad("expired", 1, now)
	if _, err := jwt.ParseString(expired[0], jwt.WithKeySet(key.Set()), jwt.WithValidate(false)); err != nil {
		t.Errorf("expired: the signature is bad as well: %v", err)
	}
	tampered, _ := key.Bad("bad signature", 1, now)
	if _, err := jwt.ParseString(tampered[0], jwt.WithVerify(false)); err != nil {
		t.Errorf("bad signature: the rest is bad as well: %v", err)
	}
	unknown, _ := key.Bad("unknown kid", 65, now)
	kids := map[string]bool{}
	for _, token := range unknown {
		if _, err := jwt.ParseString(token, jwt.WithVerify(false)); err != nil {
			t.Errorf("unknown kid: %v", err)
		}
		kids[strings.Split(token, ".")[0]] = true
	}
	if len(kids) != 64 {
		t.Errorf("%d kids", len(kids))
	}
	if _, err := key.Bad("no such kind", 1, now); err == nil {
		t.Error("an unknown kind is made")
	}
}

func TestARequestIsWhatNetHTTPReads(t *testing.T) {
	c := &Corpus{Tokens: []string{"one", ""}}
	for i, want := range []string{"Bearer one", "", "Bearer one"} {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(c.Append(nil, i))))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Header.Get("Authorization"); got != want {
			t.Errorf("request %d: %q, want %q", i, got, want)
		}
	}
}
