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

func TestSizedTokensAreGoodAndAsLongAsAsked(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		algorithm string
		size      int
	}{{"ES256", 300}, {"ES256", 301}, {"ES256", 302}, {"ES256", 1000}, {"RS256", BigBytes}} {
		key, err := NewKey(c.algorithm)
		if err != nil {
			t.Fatal(err)
		}
		key.Issuer = "https://other.example"
		tokens, err := key.Sized(3, 2, c.size, now)
		if err != nil {
			t.Fatal(err)
		}
		if len(tokens) != 2 || tokens[0] == tokens[1] {
			t.Errorf("%s: %d tokens, or two alike", c.algorithm, len(tokens))
		}
		for _, token := range tokens {
			if len(token) < c.size-2 || len(token) > c.size+2 {
				t.Errorf("%s: %d bytes, want %d", c.algorithm, len(token), c.size)
			}
			if _, err := jwt.ParseString(token, jwt.WithKeySet(key.Set()), jwt.WithIssuer("https://other.example"), jwt.WithAudience(Audience)); err != nil {
				t.Errorf("%s of %d: %v", c.algorithm, c.size, err)
			}
		}
		if _, err := key.Sized(0, 1, 100, now); err == nil {
			t.Errorf("%s: a token of 100 bytes", c.algorithm)
		}
	}
}

func TestFillerIsThatManyBytesOfHeaders(t *testing.T) {
	const size = 59_000
	c := &Corpus{Tokens: []string{"t"}, Paths: []string{"/a", "/b"}, Lines: Filler(size)}
	if n := len(c.Lines); n < size-1000 || n > size {
		t.Errorf("%d bytes of lines", n)
	}
	for i, path := range []string{"/a", "/b", "/a"} {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(c.Append(nil, i))))
		if err != nil {
			t.Fatal(err)
		}
		// A proxy takes 100 lines at most unless told otherwise.
		if r.URL.Path != path || len(r.Header) < 50 || len(r.Header) > 90 {
			t.Errorf("request %d: path %q, %d headers", i, r.URL.Path, len(r.Header))
		}
	}
}
