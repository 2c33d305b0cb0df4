package sign

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Unix(1767225600, 0)

func mustRequest(t *testing.T, method, url, body string, headers ...Header) *Request {
	t.Helper()
	r, err := NewRequest(method, url, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Headers = headers
	return r
}

// RFC 9421 B.2.6: the key is B.1.4's, the signature is printed there.
func TestRFC9421ExampleWithEd25519(t *testing.T) {
	block, _ := pem.Decode([]byte("-----BEGIN PRIVATE KEY-----\n" +
		"MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n"))
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	r := mustRequest(t, "POST", "https://example.com/foo?param=Value&Pet=dog", `{"hello": "world"}`,
		Header{"date", "Tue, 20 Apr 2021 02:07:55 GMT"}, Header{"content-type", "application/json"}, Header{"content-length", "18"})
	s, _ := Lookup("rfc9421")
	signed, err := s.Sign(r, []Key{{ID: "test-key-ed25519", Private: private.(crypto.Signer)}}, Options{
		Time: time.Unix(1618884473, 0), Label: "sig-b26",
		Components: []string{"date", "@method", "@path", "@authority", "content-type", "content-length"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
	if got := signed.Values("signature"); len(got) != 1 || got[0] != want {
		t.Errorf("got %q", got)
	}
}

// keys are one of each kind.
func keys(t *testing.T) map[string]Key {
	t.Helper()
	_, ed, err1 := ed25519.GenerateKey(rand.Reader)
	p256, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, err3 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	r, err4 := rsa.GenerateKey(rand.Reader, 2048)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]Key{
		"secret": {ID: "k", Secret: []byte("it is a secret")},
		"ed":     {ID: "k", Private: ed}, "p256": {ID: "k", Private: p256}, "p384": {ID: "k", Private: p384},
		"rsa": {ID: "k", Private: r},
	}
}

// What a private key signs is what its public half verifies.
func TestSignaturesVerify(t *testing.T) {
	all := keys(t)
	for _, test := range []struct{ key, algorithm string }{
		{"ed", "ed25519"},
		{"p256", "ecdsa-p256-sha256"},
		{"p256", "ecdsa-p256-sha256-der"},
		{"p384", "ecdsa-p384-sha384"},
		{"rsa", "rsa-pss-sha512"},
		{"rsa", "rsa-v1_5-sha256"},
		{"rsa", "rsa-v1_5-sha1"},
	} {
		k, message := all[test.key], []byte("what is signed")
		sig, err := k.sign(test.algorithm, message)
		if err != nil {
			t.Fatal(test.algorithm, err)
		}
		ok := verify(test.algorithm, k.Private.Public(), message, sig)
		if test.key == "p384" {
			sum := sha512.Sum384(message)
			ok = len(sig) == 96 && ecdsa.Verify(k.Private.Public().(*ecdsa.PublicKey), sum[:],
				new(big.Int).SetBytes(sig[:48]), new(big.Int).SetBytes(sig[48:]))
		}
		if !ok {
			t.Errorf("%s: %d bytes that do not verify", test.algorithm, len(sig))
		}
		for name, other := range all {
			if _, err := other.sign(test.algorithm, message); err == nil && name != test.key {
				t.Errorf("%s signs with a key of kind %s", test.algorithm, name)
			}
		}
	}
}

// Every scheme signs with the kind of key that is its own, and with no other; the
// request that it is given stays as it was; a signature changes with what is signed.
func TestEverySchemeSigns(t *testing.T) {
	all := keys(t)
	kinds := map[string][]string{
		"discord": {"ed"}, "sendgrid": {"p256"}, "cloudfront": {"rsa"},
		"standard-webhooks": {"secret", "ed"}, "svix": {"secret", "ed"},
		"rfc9421": {"secret", "ed", "p256", "p384", "rsa"}, "web-bot-auth": {"ed", "p256", "p384", "rsa"},
		"cavage": {"secret", "ed", "p256", "p384", "rsa"},
	}
	names := map[string]bool{}
	for _, s := range Schemes() {
		if names[s.Name] || s.About == "" || s.Source == "" {
			t.Errorf("%q comes twice, or says too little", s.Name)
		}
		names[s.Name] = true
		fitting := kinds[s.Name]
		if fitting == nil {
			fitting = []string{"secret"}
		}
		o := Options{Time: noon, Region: "eu-west-1", Service: "execute-api", ID: "msg_1", Nonce: "n-1"}
		for kind, key := range all {
			r := mustRequest(t, "POST", "https://example.com/a?b=c", "body", Header{"content-type", "application/x-www-form-urlencoded"})
			signed, err := s.Sign(r, []Key{key}, o)
			if (err == nil) != slices.Contains(fitting, kind) {
				t.Errorf("%s with a key of kind %s: %v", s.Name, kind, err)
			}
			if r.URL() != "https://example.com/a?b=c" || len(r.Headers) != 1 || string(r.Body) != "body" {
				t.Errorf("%s: the request was changed", s.Name)
			}
			if err != nil {
				continue
			}
			if whole(signed) == whole(r) {
				t.Errorf("%s: nothing was added", s.Name)
			}
		}
		if _, err := s.Sign(mustRequest(t, "GET", "https://h/", ""), nil, o); err == nil {
			t.Errorf("%s signs without a key", s.Name)
		}
		if _, err := s.Sign(mustRequest(t, "GET", "https://h/", ""), []Key{all[fitting[0]]}, Options{}); err == nil {
			t.Errorf("%s signs without a time", s.Name)
		}
		both := []Key{all[fitting[0]], all[fitting[0]]}
		if _, err := s.Sign(mustRequest(t, "GET", "https://h/", ""), both, o); (err == nil) != s.Many {
			t.Errorf("%s with two keys: %v", s.Name, err)
		}
	}
	if len(names) < 29 {
		t.Errorf("%d schemes", len(names))
	}
}

// What a user may ask for and cannot have is told, not left out.
func TestSchemesRefuse(t *testing.T) {
	secret := []Key{{ID: "k", Secret: []byte("s")}}
	for _, test := range []struct {
		name, scheme, url string
		o                 Options
	}{
		{"a component that is not there", "rfc9421", "https://h/", Options{Components: []string{"x-none"}}},
		{"a component of a response", "rfc9421", "https://h/", Options{Components: []string{"@status"}}},
		{"a component twice", "rfc9421", "https://h/", Options{Components: []string{"@path", "@path"}}},
		{"a parameter that comes twice", "rfc9421", "https://h/?a=1&a=2", Options{Components: []string{`@query-param;name="a"`}}},
		{"a parameter without a name", "rfc9421", "https://h/?a=1", Options{Components: []string{"@query-param"}}},
		{"no such digest", "rfc9421", "https://h/", Options{Digest: "md5", Components: []string{"content-digest"}}},
		{"no region", "sigv4", "https://h/", Options{Service: "s"}},
		{"a plus sign in the query", "sigv4", "https://h/?a=+", Options{Region: "r", Service: "s"}},
		{"a signed header that is absent", "sigv4", "https://h/", Options{Region: "r", Service: "s", Components: []string{"host", "x-none"}}},
		{"a listed header that is absent", "cavage", "https://h/", Options{Components: []string{"x-none"}}},
		{"an end that is not given", "cavage", "https://h/", Options{Components: []string{"(expires)"}}},
		{"an id with a dot", "standard-webhooks", "https://h/", Options{ID: "a.b"}},
		{"an algorithm that is none", "aliyun", "https://h/", Options{Algorithm: "hmac-md5"}},
		{"a signature in a body that is no form", "query-hmac", "https://h/", Options{Carrier: "body"}},
	} {
		s, ok := Lookup(test.scheme)
		test.o.Time = noon
		if _, err := s.Sign(mustRequest(t, "GET", test.url, ""), secret, test.o); err == nil || !ok {
			t.Errorf("%s: signed", test.name)
		}
	}
}

func TestNewRequest(t *testing.T) {
	r, err := NewRequest("GET", "HTTPS://Example.com:8443/a//b/../c%2f?x=1?y", nil)
	if err != nil || r.Scheme != "https" || r.Authority != "Example.com:8443" || r.Path != "/a//b/../c%2f" || *r.Query != "x=1?y" {
		t.Errorf("got %+v, %v", r, err)
	}
	r, err = NewRequest("GET", "http://h?", nil)
	if err != nil || r.Path != "/" || r.Query == nil || *r.Query != "" || r.Target() != "/?" {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, url := range []string{"", "/path", "ftp://h/", "https://", "https:///x", "https://u@h/", "https://h/#f", "https://h/a b", "https://h/é"} {
		if r, err := NewRequest("GET", url, nil); err == nil {
			t.Errorf("%q became %+v", url, r)
		}
	}
}

// The command line carries every byte to curl: a shell runs it, with a curl that shows
// its arguments and what it reads.
func TestCurlSurvivesTheShell(t *testing.T) {
	for _, body := range []string{"", "it's $HOME `id` \"x\" \\ *\n", "\x00\xff\x1b[2J", "@file"} {
		r := mustRequest(t, "POST", "https://h/a[1]?b=$x&c='d'", body, Header{"x-a", "it's; $PATH"}, Header{"x-empty", ""})
		script := `curl() { for a; do printf '%s\0' "$a"; case "$a" in @-) cat;; esac; done; }
` + r.Curl()
		cmd := exec.Command("sh", "-c", script)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		args := strings.Split(string(out), "\x00")
		sent := ""
		switch i := slices.Index(args, "--data-raw"); {
		case i >= 0:
			sent = args[i+1]
		case strings.Contains(string(out), "--data-binary\x00@-\x00"):
			_, sent, _ = strings.Cut(string(out), "--data-binary\x00@-\x00")
		}
		if sent != body {
			t.Errorf("body %q became %q", body, sent)
		}
		for _, want := range []string{r.URL(), "x-a: it's; $PATH", "x-empty;", "accept:", "--path-as-is", "POST"} {
			if !slices.Contains(args, want) {
				t.Errorf("no argument %q in %q", want, args)
			}
		}
	}
}

// The HTTP text is a request to others, too.
func TestHTTPIsARequest(t *testing.T) {
	r := mustRequest(t, "PUT", "https://example.com/a?b", "hello", Header{"x-a", "1"}, Header{"x-a", "2"})
	got, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.HTTP())))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(got.Body)
	if err != nil || string(body) != "hello" || got.Host != "example.com" || got.RequestURI != "/a?b" || len(got.Header["X-A"]) != 2 {
		t.Errorf("got %+v, %q, %v", got, body, err)
	}
}

func TestSecretForms(t *testing.T) {
	for _, test := range []struct {
		scheme, text, want string
	}{
		{"github", "whsec_YWJj", "whsec_YWJj"},
		{"stripe", "whsec_YWJj", "whsec_YWJj"},
		{"standard-webhooks", "whsec_YWJj", "abc"},
		{"svix", "YWJj", "abc"},
		{"azure-appconfig", "YWJj", "abc"},
		{"akamai", "616263", "abc"},
		{"google", "_-8=", "\xff\xef"},
		{"google", "_-8", "\xff\xef"},
		{"standard-webhooks", "whsec_", ""},
		{"svix", "not base64!", ""},
		{"akamai", "xyz", ""},
		{"github", "", ""},
	} {
		s, _ := Lookup(test.scheme)
		got, err := s.Secret(test.text)
		if string(got) != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s, %q: got %q, %v", test.scheme, test.text, got, err)
		}
		if err != nil && test.text != "" && test.text != "whsec_" && strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: the error quotes the secret", test.scheme)
		}
	}
}

// RFC 8037 A.3 and RFC 7638 §3.1.
func TestThumbprint(t *testing.T) {
	seed, err := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Thumbprint(Key{Private: ed25519.NewKeyFromSeed(seed)})
	if want := "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	n, err := base64.RawURLEncoding.DecodeString("0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs" +
		"tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw")
	if err != nil {
		t.Fatal(err)
	}
	private := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}}
	got, err = Thumbprint(Key{Private: private})
	if want := "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
