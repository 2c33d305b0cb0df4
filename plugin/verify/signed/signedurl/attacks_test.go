package signedurl_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/md5"
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
// method or an address instead, may follow.
func ask(t testing.TB, cfg signedurl.Config, target string, lines ...string) (signed.State, reason.Code) {
	t.Helper()
	scheme, err := signedurl.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms, Tolerance: 300e9, Body: signed.BodyReject}
	if cfg.Dialect == signedurl.CloudFront {
		_, public := signer()
		provider.Keys = []*signed.Key{key(t, "k", "rsa", public, provider.Algorithms)}
	} else {
		provider.Keys = []*signed.Key{key(t, "k", "hmac", []byte(secret), provider.Algorithms)}
	}
	method, address := "GET", "203.0.113.9"
	var more []request.Header
	for _, l := range lines {
		switch name, value, _ := strings.Cut(l, ": "); name {
		case "method":
			method = value
		case "address":
			address = value
		default:
			more = append(more, request.Header{Name: name, Value: value})
		}
	}
	headers := append([]request.Header{
		{Name: ":method", Value: method}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "h.example"}, {Name: ":path", Value: target},
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

func front(text string) string {
	return strings.NewReplacer("+", "-", "=", "_", "/", "~").Replace(base64.StdEncoding.EncodeToString([]byte(text)))
}

func rsaOf(t testing.TB, text string) string {
	t.Helper()
	private, _ := signer()
	sum := sha1.Sum([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, private, crypto.SHA1, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return front(string(signature))
}

func TestCloudFront(t *testing.T) {
	canned := func(url string) string {
		return "&Signature=" + rsaOf(t, `{"Statement":[{"Resource":"`+url+`","Condition":{"DateLessThan":{"AWS:EpochTime":1767225660}}}]}`) + "&Key-Pair-Id=k"
	}
	custom := func(policy string) string {
		return "Policy=" + front(policy) + "&Signature=" + rsaOf(t, policy) + "&Key-Pair-Id=k"
	}
	const end = `"DateLessThan":{"AWS:EpochTime":1767225660}`
	statement := func(resource, conditions string) string {
		return custom(`{"Statement":[{"Resource":"` + resource + `","Condition":{` + conditions + `}}]}`)
	}
	good := "/a?x=1&Expires=1767225660" + canned(host+"/a?x=1")
	wild := statement(host+"/a/*", end)
	cookies := "cookie: CloudFront-" + strings.ReplaceAll(wild, "&", "; CloudFront-")
	run(t, signedurl.Config{Dialect: signedurl.CloudFront}, map[string]attack{
		"good":                                  {good, reason.OK, nil},
		"PUT":                                   {good, reason.ComponentNotCovered, []string{"method: PUT"}},
		"no query":                              {"/a?Expires=1767225660" + canned(host+"/a"), reason.OK, nil},
		"an empty query is not none":            {"/a?Expires=1767225660" + canned(host+"/a?"), reason.SignatureInvalid, nil},
		"D-25 a parameter after the signature":  {good + "&y=1", reason.SignatureMalformed, nil},
		"D-25 a parameter before":               {"/a?y=1&" + good[3:], reason.SignatureInvalid, nil},
		"D-25 %53ignature":                      {strings.Replace(good, "Signature", "%53ignature", 1), reason.SignatureMalformed, nil},
		"D-25 signature twice":                  {good + good[strings.Index(good, "&Signature"):], reason.SignatureMalformed, nil},
		"D-25 other case":                       {strings.Replace(good, "Signature", "signature", 1), reason.SignatureMalformed, nil},
		"D-26 policy and end both":              {"/a/b?Expires=1767225660&" + wild, reason.SignatureMalformed, nil},
		"D-26 neither":                          {"/a/b?" + wild[strings.Index(wild, "Signature"):], reason.SignatureMalformed, nil},
		"D-26 two statements":                   {"/a/b?" + custom(`{"Statement":[{"Resource":"`+host+`/a/*","Condition":{`+end+`}},{"Resource":"*","Condition":{`+end+`}}]}`), reason.SignatureMalformed, nil},
		"D-26 no statement":                     {"/a/b?" + custom(`{"Statement":[]}`), reason.SignatureMalformed, nil},
		"D-26 * below a host":                   {"/a/b?" + wild, reason.OK, nil},
		"D-26 * matches the query":              {"/a/b?x=1&" + wild, reason.OK, nil},
		"D-26 * outside":                        {"/b?" + wild, reason.ResourceMismatch, nil},
		"D-26 * does not leave the host":        {"/x.good.example/a?" + statement("https://*.good.example/a", end), reason.ResourceMismatch, nil},
		"D-26 * does not leave the scheme":      {"/a?" + statement("https*/a", end), reason.ResourceMismatch, nil},
		"D-26 * at the end of a host":           {"/a?" + statement("https://h.example*", end), reason.ResourceMismatch, nil},
		"D-26 * within the host":                {"/a?" + statement("https://*.example/a", end), reason.OK, nil},
		"D-26 * for the scheme":                 {"/a?" + statement("http*://h.example/a", end), reason.OK, nil},
		"D-26 ? within the host":                {"/a?" + statement("https://?.example/a", end), reason.OK, nil},
		"D-26 ? is no slash":                    {"/a?" + statement("https://h.example?a", end), reason.ResourceMismatch, nil},
		"D-26 * alone":                          {"/a?" + statement("*", end), reason.OK, nil},
		"D-26 another host":                     {"/a?" + statement("https://other.example/*", end), reason.ResourceMismatch, nil},
		"D-26 dot segments below *":             {"/a/../b?" + wild, reason.ResourceMismatch, nil},
		"D-26 an encoded slash below *":         {"/a/..%2fb?" + wild, reason.ResourceMismatch, nil},
		"D-26 DateLessThan is a text":           {"/a/b?" + statement("*", `"DateLessThan":{"AWS:EpochTime":"1767225660"}`), reason.SignatureMalformed, nil},
		"D-26 DateLessThan is no whole number":  {"/a/b?" + statement("*", `"DateLessThan":{"AWS:EpochTime":1.767225660e9}`), reason.SignatureMalformed, nil},
		"D-26 DateLessThan is negative":         {"/a/b?" + statement("*", `"DateLessThan":{"AWS:EpochTime":-1}`), reason.SignatureMalformed, nil},
		"D-26 DateLessThan is 0":                {"/a/b?" + statement("*", `"DateLessThan":{"AWS:EpochTime":0}`), reason.SignatureExpired, nil},
		"D-26 no DateLessThan":                  {"/a/b?" + statement("*", `"DateGreaterThan":{"AWS:EpochTime":1}`), reason.SignatureMalformed, nil},
		"D-26 no condition":                     {"/a/b?" + statement("*", ""), reason.SignatureMalformed, nil},
		"D-26 DateLessThan twice":               {"/a/b?" + statement("*", `"DateLessThan":{"AWS:EpochTime":1},`+end), reason.SignatureMalformed, nil},
		"D-26 Resource twice":                   {"/a/b?" + custom(`{"Statement":[{"Resource":"`+host+`/b","Resource":"*","Condition":{`+end+`}}]}`), reason.SignatureMalformed, nil},
		"D-26 a condition that nobody knows":    {"/a/b?" + statement("*", end+`,"StringLike":{"aws:UserAgent":"*"}`), reason.SignatureMalformed, nil},
		"D-26 a member that nobody knows":       {"/a/b?" + custom(`{"Version":"2","Statement":[{"Resource":"*","Condition":{`+end+`}}]}`), reason.SignatureMalformed, nil},
		"D-26 no resource":                      {"/a/b?" + custom(`{"Statement":[{"Condition":{`+end+`}}]}`), reason.SignatureMalformed, nil},
		"D-26 a list of resources":              {"/a/b?" + custom(`{"Statement":[{"Resource":["*"],"Condition":{`+end+`}}]}`), reason.SignatureMalformed, nil},
		"D-26 /0 is everybody":                  {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"0.0.0.0/0"}`), reason.OK, nil},
		"D-26 /0 of IPv4 is nobody in IPv6":     {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"0.0.0.0/0"}`), reason.AddressMismatch, []string{"address: 2001:db8::7"}},
		"D-26 a network":                        {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"203.0.113.0/28"}`), reason.OK, nil},
		"D-26 the first address after it":       {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"203.0.113.0/28"}`), reason.AddressMismatch, []string{"address: 203.0.113.16"}},
		"D-26 one address":                      {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"203.0.113.9"}`), reason.OK, nil},
		"D-26 a network of IPv6":                {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"2001:db8::/33"}`), reason.OK, []string{"address: 2001:db8:7fff::"}},
		"D-26 out of a network of IPv6":         {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"2001:db8::/33"}`), reason.AddressMismatch, []string{"address: 2001:db8:8000::"}},
		"D-26 a network that is none":           {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"203.0.113.9/33"}`), reason.AddressMismatch, nil},
		"D-26 a prefix length with a zero":      {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"203.0.113.9/024"}`), reason.AddressMismatch, nil},
		"D-26 an address with a port":           {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"203.0.113.9:80"}`), reason.AddressMismatch, nil},
		"D-26 an empty address":                 {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":""}`), reason.SignatureMalformed, nil},
		"D-26 the client is unknown":            {"/a?" + statement("*", end+`,"IpAddress":{"AWS:SourceIp":"0.0.0.0/0"}`), reason.AddressMismatch, []string{"address: "}},
		"a quote in a canned policy":            {`/a"?Expires=1767225660` + canned(host+`/a"`), reason.ResourceMismatch, nil},
		"a policy that is changed":              {"/b?" + strings.Replace(wild, front(`{"Statement"`)[:8], front(`{"Statement" `)[:8], 1), reason.ResourceMismatch, nil},
		"cookies":                               {"/a/b?x=1", reason.OK, []string{cookies}},
		"cookies and an app's own Expires":      {"/a/b?Expires=7&x", reason.OK, []string{cookies}},
		"cookies and parameters":                {"/a/b?" + wild, reason.SeveralCredentials, []string{cookies}},
		"a cookie twice":                        {"/a/b", reason.SignatureMalformed, []string{cookies + "; CloudFront-Key-Pair-Id=k"}},
		"a cookie is missing":                   {"/a/b", reason.SignatureMalformed, []string{"cookie: CloudFront-Key-Pair-Id=k"}},
		"other cookies":                         {"/a/b", reason.Missing, []string{"cookie: CloudFront-Policy=x"}},
		"base64 in the usual alphabet":          {"/a/b?" + strings.Replace(wild, "_", "=", 1), reason.SignatureMalformed, nil},
		"a long policy":                         {"/a/b?" + statement("*"+strings.Repeat(" ", 4096), end), reason.SignaturesTooMany, nil},
		"a pattern that is dear":                {"/" + strings.Repeat("a", 4000) + "b?" + statement(host+"/"+strings.Repeat("*a", 500), end), reason.ResourceMismatch, nil},
		"another key":                           {strings.Replace(good, "Key-Pair-Id=k", "Key-Pair-Id=l", 1), reason.SignatureInvalid, nil},
		"the end of the canned one, otherwise":  {"/a?Expires=01767225660" + canned(host+"/a"), reason.SignatureInvalid, nil},
		"D-26 a start in the future":            {"/a?" + statement("*", end+`,"DateGreaterThan":{"AWS:EpochTime":1767225601}`), reason.SignatureInFuture, nil},
		"D-26 a resource in a text with escape": {"/a?" + statement(`https:\/\/h.example\/a`, end), reason.OK, nil},
	})
}

func link(text string) string {
	sum := md5.Sum([]byte(text))
	return "md5=" + base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestNginx(t *testing.T) {
	nginx := func(expression string) signedurl.Config {
		return signedurl.Config{Dialect: signedurl.Nginx, Expression: expression, SignatureParam: "md5", ExpiresParam: "expires"}
	}
	sum := link("1767225660/a203.0.113.9 " + secret)
	good := sum + "&expires=1767225660"
	run(t, nginx(signedurl.DefaultExpression), map[string]attack{
		"good":                           {"/a?" + good, reason.OK, nil},
		"no other parameter is signed":   {"/a?x&" + good + "&y", reason.OK, nil},
		"another client":                 {"/a?" + good, reason.SignatureInvalid, []string{"address: 203.0.113.8"}},
		"an unknown client":              {"/a?" + good, reason.AddressMismatch, []string{"address: "}},
		"D-25 twice":                     {"/a?" + good + "&" + good, reason.SignatureMalformed, nil},
		"D-25 an encoded name":           {"/a?" + strings.Replace(good, "md5", "%6dd5", 1), reason.SignatureMalformed, nil},
		"D-25 other case is none":        {"/a?" + strings.Replace(good, "md5", "MD5", 1), reason.Missing, nil},
		"D-28 without its end":           {"/a?" + sum, reason.TimestampMissing, nil},
		"D-28 with padding":              {"/a?" + sum + "==&expires=1767225660", reason.SignatureMalformed, nil},
		"D-28 the end twice":             {"/a?" + good + "&expires=1767225660", reason.SignatureMalformed, nil},
		"dot segments":                   {"/b/../a?" + good, reason.ResourceMismatch, nil},
		"encoded, and decoded by nginx":  {"/%61?" + good, reason.OK, nil},
		"an encoded slash":               {"/a%2fb?" + link("1767225660/a/b203.0.113.9 "+secret) + "&expires=1767225660", reason.ResourceMismatch, nil},
		"a NUL, for length extension":    {"/a%00?" + good, reason.ResourceMismatch, nil},
		"POST":                           {"/a?" + good, reason.ComponentNotCovered, []string{"method: POST"}},
		"another end":                    {"/a?" + sum + "&expires=1767225661", reason.SignatureInvalid, nil},
		"B-09 an empty signature":        {"/a?md5=&expires=1767225660", reason.SignatureMalformed, nil},
		"B-09 the MD5 of another length": {"/a?md5=AAAA&expires=1767225660", reason.SignatureMalformed, nil},
	})
	run(t, nginx("$uri$secret"), map[string]attack{
		"D-28 a link without an end":             {"/a?" + link("/a"+secret), reason.OK, nil},
		"D-28 an end that is past counts anyway": {"/a?" + link("/a"+secret) + "&expires=1767225599", reason.SignatureExpired, nil},
		"D-28 an end that is none is no end":     {"/a?" + link("/a"+secret) + "&expires=", reason.TimestampMalformed, nil},
	})
	run(t, nginx("${request_method}|$scheme|$host|$http_host|$http_x_user|$arg_u|$uri|$arg_expires|${secret}!"), map[string]attack{
		"every variable":      {"/a?u=1%20&expires=1767225660&" + link("POST|https|h.example|h.example|me|1%20|/a|1767225660|"+secret+"!"), reason.OK, []string{"x-user: me", "method: POST"}},
		"a header twice":      {"/a?u=1&expires=1767225660&" + link(""), reason.ComponentMissing, []string{"x-user: me", "x-user: me"}},
		"an argument missing": {"/a?expires=1767225660&" + link(""), reason.ComponentMissing, []string{"x-user: me"}},
		"an argument twice":   {"/a?u=1&%75=1&expires=1767225660&" + link(""), reason.ComponentMissing, []string{"x-user: me"}},
	})
	for expression, want := range map[string]string{
		"": "$secret", "$uri": "$secret", "$uri$secret$secret": "$secret", "$secret": "$uri", "$uri$secret$": "no variable", "$uri$secret${x": "no variable",
		"$uri$secret$cookie_x": "$cookie_x", "$uri$secret$arg_": "$arg_", strings.Repeat("$uri", 40) + "$secret": "32",
	} {
		if _, err := signedurl.New(nginx(expression)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", expression, err)
		}
	}
	for expression, want := range map[string]int{signedurl.DefaultExpression: 1, "$uri$secret": 2, "$secret$uri": 3, "$secret$uri$arg_expires": 2} {
		s, err := signedurl.New(nginx(expression))
		if err != nil || len(s.Warnings()) != want || s.Traits().Timed != strings.Contains(expression, "expires") {
			t.Errorf("D-28 %q: %v %v", expression, err, s.Warnings())
		}
	}
}

func TestAPublicBaseIsAnAbsoluteURL(t *testing.T) {
	for _, base := range []string{"/", "x", "https://", "https:///a", "://h"} {
		if _, err := signedurl.New(signedurl.Config{PublicBase: base}); err == nil {
			t.Errorf("%q is taken", base)
		}
	}
}

// FuzzRead: no URL and no cookie panics, and none passes: nobody has signed it.
func FuzzRead(f *testing.F) {
	for file := range dialects {
		for _, v := range load(f, file) {
			target := v.Request.Path
			if v.Request.Query != nil {
				target += "?" + *v.Request.Query
			}
			line := ""
			for _, h := range v.Request.Headers {
				line = h[1]
			}
			f.Add(target, line)
		}
	}
	_, public := signer()
	f.Fuzz(func(t *testing.T, target, line string) {
		for _, dialect := range dialects {
			v := vector{Now: now}
			v.Config.TokenName, v.Config.Expression, v.Config.EscapeEarly, v.Config.Source = "hdnts", signedurl.DefaultExpression, true, "127.0.0.1"
			scheme, err := signedurl.New(v.config(dialect))
			if err != nil {
				t.Fatal(err)
			}
			provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms}
			alg, material := "hmac", []byte(secret)
			if dialect == signedurl.CloudFront {
				alg, material = "rsa", public
			}
			provider.Keys = []*signed.Key{key(t, "my-key", alg, material, provider.Algorithms)}
			var view request.View
			headers := []request.Header{
				{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "cdn.example.com"}, {Name: ":path", Value: target}, {Name: "cookie", Value: line},
			}
			if view.Read(headers, request.PathRaw) != reason.OK {
				return
			}
			var a signed.Attempt
			state, code := a.Judge(provider, &signed.Request{View: &view, Now: now * 1e9, Address: func() string { return "127.0.0.1" }}, &signed.Body{Ended: true})
			if state != signed.Refused || code == reason.OK {
				t.Fatalf("%q %q: %v %s", target, line, state, code)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for file, dialect := range dialects {
		v := load(b, file)[0]
		b.Run(file, func(b *testing.B) {
			judge, _ := v.ready(b, dialect)
			b.ReportAllocs()
			for b.Loop() {
				if state, code := judge(); state != signed.Proved {
					b.Fatal(code)
				}
			}
		})
	}
}
