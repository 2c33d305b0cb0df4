package signedurl_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed/signedurl"
)

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
		"the end of the canned one, otherwise":  {"/a?Expires=01767225660" + canned(host+"/a"), reason.TimestampMalformed, nil},
		"another end of the canned one":         {"/a?Expires=1767225661" + canned(host+"/a"), reason.SignatureInvalid, nil},
		"D-26 a start in the future":            {"/a?" + statement("*", end+`,"DateGreaterThan":{"AWS:EpochTime":1767225601}`), reason.SignatureInFuture, nil},
		"D-26 a resource in a text with escape": {"/a?" + statement(`https:\/\/h.example\/a`, end), reason.OK, nil},
	})
}
