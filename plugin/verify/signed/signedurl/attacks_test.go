package signedurl_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/signedurl"
	"github.com/postern-wasm/postern/tools/vectors/vectest"
)

const (
	now    = 1767225600
	secret = "a secret that two sides share"
	host   = "https://h.example"
)

var signer = sync.OnceValues(func() (*rsa.PrivateKey, []byte) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		panic(err)
	}
	return private, public
})

// ask is a GET of a URL of h.example by the client 203.0.113.9; other header lines, and a
// method, an authority or an address instead, may follow.
func ask(t testing.TB, cfg signedurl.Config, target string, lines ...string) (signed.State, reason.Code) {
	t.Helper()
	scheme, err := signedurl.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms, Tolerance: 300e9, Body: signed.BodyReject}
	if cfg.Dialect == signedurl.CloudFront {
		_, public := signer()
		provider.Keys = []*signed.Key{vectest.Key(t, "k", "rsa", public, provider.Algorithms)}
	} else {
		provider.Keys = []*signed.Key{vectest.Key(t, "k", "hmac", []byte(secret), provider.Algorithms)}
	}
	method, authority, address := "GET", "h.example", "203.0.113.9"
	var more []request.Header
	for _, l := range lines {
		switch name, value, _ := strings.Cut(l, ": "); name {
		case "method":
			method = value
		case "authority":
			authority = value
		case "address":
			address = value
		default:
			more = append(more, request.Header{Name: name, Value: value})
		}
	}
	headers := append([]request.Header{
		{Name: ":method", Value: method}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: authority}, {Name: ":path", Value: target},
	}, more...)
	var view request.View
	if code := view.Read(headers, request.PathRaw); code != reason.OK {
		return signed.Refused, code
	}
	var a signed.Attempt
	r := &signed.Request{View: &view, Now: now * 1e9, Address: func() string { return address }}
	return a.Judge(provider, r, &signed.Body{Ended: true})
}

func mac1(text string) string {
	m := hmac.New(sha1.New, []byte(secret))
	m.Write([]byte(text))
	return base64.URLEncoding.EncodeToString(m.Sum(nil))
}

func prefixed(prefix string) string {
	text := "URLPrefix=" + base64.URLEncoding.EncodeToString([]byte(prefix)) + "&Expires=1767225660&KeyName=k"
	return text + "&Signature=" + mac1(text)
}

type attack struct {
	target string
	want   reason.Code
	lines  []string
}

func run(t *testing.T, cfg signedurl.Config, list map[string]attack) {
	t.Helper()
	for law, c := range list {
		t.Run(law, func(t *testing.T) {
			if _, code := ask(t, cfg, c.target, c.lines...); code != c.want {
				t.Errorf("%s, want %s", code, c.want)
			}
		})
	}
}

func TestGoogle(t *testing.T) {
	text := "/a?x=1&Expires=1767225660&KeyName=k"
	good := text + "&Signature=" + mac1(host+text)
	signature := mac1(host + text)
	odd := func(text string) string { return text + "&Signature=" + mac1(host+text) }
	run(t, signedurl.Config{Dialect: signedurl.Google}, map[string]attack{
		"good":                                        {good, reason.OK, nil},
		"HEAD":                                        {good, reason.OK, []string{"method: HEAD"}},
		"nobody signs DELETE":                         {good, reason.ComponentNotCovered, []string{"method: DELETE"}},
		"D-25 a parameter after the signature":        {good + "&y=1", reason.SignatureMalformed, nil},
		"D-25 an empty one":                           {good + "&", reason.SignatureMalformed, nil},
		"D-25 %53ignature alone":                      {strings.Replace(good, "Signature", "%53ignature", 1), reason.SignatureMalformed, nil},
		"D-25 %53ignature besides":                    {"/a?%53ignature=" + signature + "&" + good[3:], reason.SignatureMalformed, nil},
		"D-25 signature twice":                        {good + "&Signature=" + signature, reason.SignatureMalformed, nil},
		"D-25 other case is none":                     {strings.Replace(good, "Signature", "signature", 1), reason.Missing, nil},
		"D-25 Expires in other case":                  {odd("/a?expires=1767225660&KeyName=k"), reason.SignatureMalformed, nil},
		"D-25 a fragment":                             {odd("/a#b?Expires=1767225660&KeyName=k"), reason.SignatureMalformed, nil},
		"D-28 Expires twice":                          {odd("/a?Expires=1767225660&Expires=1767225660&KeyName=k"), reason.SignatureMalformed, nil},
		"D-28 Expires twice, one encoded":             {odd("/a?%45xpires=1767225660&Expires=1767225660&KeyName=k"), reason.SignatureMalformed, nil},
		"D-28 an unpadded signature":                  {strings.TrimRight(good, "="), reason.SignatureMalformed, nil},
		"D-28 a prefix is one of characters":          {"/video-private?" + prefixed(host+"/vid"), reason.OK, nil},
		"D-28 but not of hosts":                       {"/a?" + prefixed("https://h.exampl"), reason.ResourceMismatch, nil},
		"the host as a prefix":                        {"/a?" + prefixed(host), reason.OK, nil},
		"an empty prefix":                             {"/a?" + prefixed(""), reason.ResourceMismatch, nil},
		"another scheme":                              {"/a?" + prefixed("http://h.example/"), reason.ResourceMismatch, nil},
		"dot segments below a prefix":                 {"/a/../b?" + prefixed(host+"/a/"), reason.ResourceMismatch, nil},
		"encoded dot segments below a prefix":         {"/a/%2e%2e/b?" + prefixed(host+"/a/"), reason.ResourceMismatch, nil},
		"an encoded slash below a prefix":             {"/a/..%2fb?" + prefixed(host+"/a/"), reason.ResourceMismatch, nil},
		"a backslash below a prefix":                  {`/a/..\b?` + prefixed(host+"/a/"), reason.ResourceMismatch, nil},
		"a query in a prefix":                         {"/a?" + prefixed(host+"/a?"), reason.ResourceMismatch, nil},
		"a parameter between the prefix and its end":  {"/a?" + strings.Replace(prefixed(host), "&Expires", "&x=1&Expires", 1), reason.SignatureMalformed, nil},
		"a parameter before the prefix is not signed": {"/a?x=1&" + prefixed(host), reason.OK, nil},
		"parameters in another order":                 {odd("/a?KeyName=k&Expires=1767225660"), reason.SignatureMalformed, nil},
		"no key":                                      {odd("/a?Expires=1767225660&KeyName="), reason.SignatureMalformed, nil},
		"no time":                                     {odd("/a?Expires=&KeyName=k"), reason.TimestampMalformed, nil},
		"a signed number":                             {odd("/a?Expires=+1767225660&KeyName=k"), reason.TimestampMalformed, nil},
		"40 digits":                                   {odd("/a?Expires=" + strings.Repeat("9", 40) + "&KeyName=k"), reason.TimestampMalformed, nil},
		"1970 is no end of time":                      {odd("/a?Expires=0&KeyName=k"), reason.SignatureExpired, nil},
		"the last second":                             {odd("/a?Expires=1767225600&KeyName=k"), reason.OK, nil},
		"an app's own Expires":                        {"/a?Expires=1&x=2", reason.Missing, nil},
	})
	run(t, signedurl.Config{Dialect: signedurl.Google, MaxTTL: 60e9}, map[string]attack{
		"max_ttl":             {good, reason.OK, nil},
		"one second too long": {odd("/a?Expires=1767225661&KeyName=k"), reason.SignatureInFuture, nil},
	})
	base := "https://cdn.example/v1/a?Expires=1767225660&KeyName=k"
	run(t, signedurl.Config{Dialect: signedurl.Google, PublicBase: "https://cdn.example/v1/", Methods: []string{"POST"}}, map[string]attack{
		"the public URL is signed":    {"/a?Expires=1767225660&KeyName=k&Signature=" + mac1(base), reason.OK, []string{"method: POST"}},
		"its own is not":              {good, reason.SignatureInvalid, []string{"method: POST"}},
		"a method that is not listed": {"/a?Expires=1767225660&KeyName=k&Signature=" + mac1(base), reason.ComponentNotCovered, nil},
		"a prefix of the public URL":  {"/a?" + prefixed("https://cdn.example/v1/a"), reason.OK, []string{"method: POST"}},
	})
}

func akamai(signed, hidden string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(signed + hidden))
	return "tok=" + signed + "~hmac=" + hex.EncodeToString(m.Sum(nil))
}

func TestAkamai(t *testing.T) {
	const end = "exp=1767225660"
	good := akamai(end+"~acl=/a/*", "")
	run(t, signedurl.Config{Dialect: signedurl.Akamai, TokenName: "tok"}, map[string]attack{
		"good":                           {"/a/b?" + good, reason.OK, nil},
		"in a cookie":                    {"/a/b", reason.OK, []string{"cookie: x=y; " + good}},
		"on the second line of cookies":  {"/a/b", reason.OK, []string{"cookie: x=y", "cookie: " + good}},
		"in both":                        {"/a/b?" + good, reason.SeveralCredentials, []string{"cookie: " + good}},
		"two cookies":                    {"/a/b", reason.SeveralCredentials, []string{"cookie: " + good + "; " + good}},
		"D-25 twice":                     {"/a/b?" + good + "&" + good, reason.SeveralCredentials, nil},
		"D-25 an encoded name":           {"/a/b?" + strings.Replace(good, "tok", "%74ok", 1), reason.SeveralCredentials, nil},
		"D-25 other case is none":        {"/a/b?" + strings.Replace(good, "tok", "Tok", 1), reason.Missing, nil},
		"D-27 dot segments":              {"/a/../b?" + good, reason.ResourceMismatch, nil},
		"D-27 an encoded slash":          {"/a%2f..%2fb?" + good, reason.ResourceMismatch, nil},
		"D-27 an encoded slash below":    {"/a/..%2fb?" + good, reason.ResourceMismatch, nil},
		"D-27 encoded dots":              {"/a/%2e%2E/b?" + good, reason.ResourceMismatch, nil},
		"D-27 two slashes":               {"/a//b?" + good, reason.ResourceMismatch, nil},
		"D-27 a list":                    {"/c?" + akamai(end+"~acl=/a/*!/c!/d", ""), reason.OK, nil},
		"D-27 what is not in the list":   {"/cc?" + akamai(end+"~acl=/a/*!/c!/d", ""), reason.ResourceMismatch, nil},
		"D-27 an empty list":             {"/a?" + akamai(end+"~acl=!", ""), reason.ResourceMismatch, nil},
		"D-27 exp twice":                 {"/a/b?" + akamai(end+"~"+end+"~acl=/a/*", ""), reason.SignatureMalformed, nil},
		"D-27 a field within data":       {"/a/b?" + akamai("exp=1767225000~acl=/a/*~data=x~"+end, ""), reason.SignatureMalformed, nil},
		"D-27 ~ within data":             {"/a/b?" + akamai(end+"~acl=/a/*~data=x~y", ""), reason.SignatureMalformed, nil},
		"D-27 hmac not last":             {"/a/b?" + good + "~data=x", reason.SignatureMalformed, nil},
		"D-27 hmac first":                {"/a/b?tok=" + good[strings.Index(good, "hmac"):] + "~" + end, reason.SignatureMalformed, nil},
		"D-27 hmac twice":                {"/a/b?" + good + good[strings.Index(good, "~hmac"):], reason.SignatureMalformed, nil},
		"D-27 acl and url":               {"/a/b?" + akamai(end+"~acl=/a/*~url=/a/b", ""), reason.SignatureMalformed, nil},
		"a url":                          {"/a/b?" + akamai(end, "~url=/a/b"), reason.OK, nil},
		"another url":                    {"/a/c?" + akamai(end, "~url=/a/b"), reason.SignatureInvalid, nil},
		"no query is signed":             {"/a/b?y=1&" + akamai(end, "~url=/a/b") + "&z", reason.OK, nil},
		"an address":                     {"/a/b?" + akamai("ip=203.0.113.9~"+end+"~acl=/*", ""), reason.OK, nil},
		"another address":                {"/a/b?" + akamai("ip=203.0.113.8~"+end+"~acl=/*", ""), reason.AddressMismatch, nil},
		"an address in IPv6's long form": {"/a/b?" + akamai("ip=2001:db8:0:0:0:0:0:7~"+end+"~acl=/*", ""), reason.OK, []string{"address: 2001:db8::7"}},
		"an unknown address":             {"/a/b?" + akamai("ip=203.0.113.9~"+end+"~acl=/*", ""), reason.AddressMismatch, []string{"address: "}},
		"? is one character":             {"/a/b?" + akamai(end+"~acl=/a/?", ""), reason.OK, nil},
		"? is not none":                  {"/a/?" + akamai(end+"~acl=/a/?", ""), reason.ResourceMismatch, nil},
		"an unknown field":               {"/a/b?" + akamai(end+"~acl=/*~x=1", ""), reason.SignatureMalformed, nil},
		"an empty field":                 {"/a/b?" + akamai(end+"~acl=/*~id=", ""), reason.SignatureMalformed, nil},
		"1970 is no end of time":         {"/a/b?" + akamai("exp=0~acl=/*", ""), reason.SignatureExpired, nil},
		"a start that is no number":      {"/a/b?" + akamai("st=now~"+end+"~acl=/*", ""), reason.TimestampMalformed, nil},
		"a long token":                   {"/a/b?" + akamai(end+"~acl=/*~data="+strings.Repeat("x", 4096), ""), reason.SignaturesTooMany, nil},
		"a pattern that is dear":         {"/" + strings.Repeat("a", 4000) + "b?" + akamai(end+"~acl=/"+strings.Repeat("*a", 1500), ""), reason.ResourceMismatch, nil},
		"half of a MAC":                  {"/a/b?" + good[:len(good)-32], reason.SignatureMalformed, nil},
	})
	run(t, signedurl.Config{Dialect: signedurl.Akamai, TokenName: "tok", EscapeEarly: true, Salt: "pepper"}, map[string]attack{
		"escaped early":      {"/a/b?" + akamai(end+"~acl=%2fa%2f%2a%21%2fb", "~salt=pepper"), reason.OK, nil},
		"without the salt":   {"/a/b?" + akamai(end+"~acl=%2fa%2f%2a", ""), reason.SignatureInvalid, nil},
		"a url":              {"/a%20b?" + akamai(end, "~url=%2fa%2520b~salt=pepper"), reason.OK, nil},
		"an escape of none":  {"/a/b?" + akamai(end+"~acl=%2fa%2", "~salt=pepper"), reason.SignatureMalformed, nil},
		"an address escaped": {"/a/b?" + akamai("ip=2001%3adb8%3a%3a7~"+end+"~acl=%2f%2a", "~salt=pepper"), reason.OK, []string{"address: 2001:db8::7"}},
	})
}
