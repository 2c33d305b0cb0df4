package aliyun_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/aliyun"
)

const (
	now    = 1767225600
	stamp  = "1767225600000"
	secret = "a secret that two sides share"
	form   = "application/x-www-form-urlencoded"
	names  = "x-ca-key,x-ca-nonce,x-ca-timestamp"
	lines  = "x-ca-key:c\nx-ca-nonce:n\nx-ca-timestamp:" + stamp + "\n"
)

// ask is a POST by one client; the header x-ca-key is there, and what else is said.
func ask(t testing.TB, cfg aliyun.Config, target, body string, more ...string) (signed.State, reason.Code) {
	t.Helper()
	scheme := aliyun.New(cfg)
	provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms, Tolerance: 900e9}
	k, err := signed.NewSecret([]byte(secret), provider.Algorithms)
	if err != nil {
		t.Fatal(err)
	}
	k.ID = "c"
	provider.Keys = []*signed.Key{k}
	headers := []request.Header{{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "h"}, {Name: ":path", Value: target}}
	for _, l := range append([]string{"x-ca-key: c"}, more...) {
		name, value, _ := strings.Cut(l, ": ")
		headers = append(headers, request.Header{Name: name, Value: value})
	}
	var view request.View
	if code := view.Read(headers, request.PathRaw); code != reason.OK {
		return signed.Refused, code
	}
	var a signed.Attempt
	return a.Judge(provider, &signed.Request{View: &view, Now: now * 1e9}, &signed.Body{
		Ended: true, Size: int64(len(body)),
		Each:  func(f func([]byte)) bool { f([]byte(body)); return true },
		Whole: func() (string, bool) { return body, true },
	})
}

func mac(text string) string { return "x-ca-signature: " + with(sha256.New, text) }

func with(h func() hash.Hash, text string) string {
	m := hmac.New(h, []byte(secret))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func sum(body string) string {
	s := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString(s[:])
}

func TestAttacks(t *testing.T) {
	time, nonce, list := "x-ca-timestamp: "+stamp, "x-ca-nonce: n", "x-ca-signature-headers: "+names
	// A request's usual lines, its signature the text's.
	usual := func(text string, more ...string) []string {
		return append([]string{time, nonce, list, mac(text)}, more...)
	}
	plain := "POST\n\n\n\n\n" + lines // without the four headers
	formed := "POST\n\n\n" + form + "\n\n" + lines
	isForm := "content-type: " + form
	many := make([]string, 65)
	for i := range many {
		many[i] = "x-" + strings.Repeat("a", i+1)
	}
	for law, c := range map[string]struct {
		target, body string
		lines        []string
		want         reason.Code
	}{
		"good":                                          {"/a", "", usual(plain + "/a"), reason.OK},
		"parameters in order":                           {"/a?c=3&a=1&b", "", usual(plain + "/a?a=1&b&c=3"), reason.OK},
		"a query and a form":                            {"/a?b=2", "a=1&c", usual(formed+"/a?a=1&b=2&c", isForm), reason.OK},
		"a form of any case, with a charset":            {"/a", "a=1", usual("POST\n\n\nApplication/X-WWW-Form-Urlencoded ; charset=UTF-8\n\n"+lines+"/a?a=1", "content-type: Application/X-WWW-Form-Urlencoded ; charset=UTF-8"), reason.OK},
		"decoded, + is a space":                         {"/a?x=1+2%2B%E4%BD%A0", "", usual(plain + "/a?x=1 2+\u4f60"), reason.OK},
		"the path is not decoded":                       {"/a%20b", "", usual(plain + "/a%20b"), reason.OK},
		"no parameter is empty":                         {"/a?&x=1&&", "", usual(plain + "/a?x=1"), reason.OK},
		"D-24 a name twice in the query":                {"/a?x=1&x=2", "", usual(plain + "/a?x=1"), reason.ComponentNotCovered},
		"D-24 a name twice in the form":                 {"/a", "x=1&x=2", usual(formed+"/a?x=1", isForm), reason.ComponentNotCovered},
		"D-24 a name in query and form":                 {"/a?x=1", "x=2", usual(formed+"/a?x=1", isForm), reason.ComponentNotCovered},
		"D-24 a name twice, once encoded":               {"/a?x=1&%78=2", "", usual(plain + "/a?x=1"), reason.ComponentNotCovered},
		"D-24 two parameters in one value":              {"/a?x=1%26y=2", "", usual(plain + "/a?x=1&y=2"), reason.ComponentNotCovered},
		"D-24 two parameters in one name":               {"/a?x%26y=2", "", usual(plain + "/a?x&y=2"), reason.ComponentNotCovered},
		"D-24 a value in a name":                        {"/a?x%3D1", "", usual(plain + "/a?x=1"), reason.ComponentNotCovered},
		"D-24 a form under another content type":        {"/a", "x=1", usual("POST\n\n\ntext/plain\n\n"+lines+"/a", "content-type: text/plain"), reason.BodyNotCovered},
		"D-24 a form under none":                        {"/a", "x=1", usual(plain + "/a"), reason.BodyNotCovered},
		"D-24 a form that is signed as none":            {"/a", "x=1", usual(formed+"/a", isForm), reason.SignatureInvalid},
		"D-24 a form whose content type is changed":     {"/a", "x=1", usual(formed+"/a?x=1", "content-type: text/plain"), reason.SignatureInvalid},
		"D-24 an unsigned time":                         {"/a", "", []string{time, nonce, "x-ca-signature-headers: x-ca-nonce", mac("POST\n\n\n\n\nx-ca-nonce:n\n/a")}, reason.ComponentNotCovered},
		"D-24 an unsigned nonce":                        {"/a", "", []string{time, nonce, "x-ca-signature-headers: x-ca-timestamp", mac("POST\n\n\n\n\nx-ca-timestamp:" + stamp + "\n/a")}, reason.ComponentNotCovered},
		"D-24 no nonce":                                 {"/a", "", []string{time, "x-ca-signature-headers: x-ca-timestamp", mac("POST\n\n\n\n\nx-ca-timestamp:" + stamp + "\n/a")}, reason.NonceMissing},
		"D-24 no time":                                  {"/a", "", []string{nonce, "x-ca-signature-headers: x-ca-nonce", mac("POST\n\n\n\n\nx-ca-nonce:n\n/a")}, reason.TimestampMissing},
		"D-24 no list":                                  {"/a", "", []string{time, nonce, mac("POST\n\n\n\n\n/a")}, reason.ComponentNotCovered},
		"P-04 an empty nonce":                           {"/a", "", []string{time, "x-ca-nonce: ", list, mac("")}, reason.NonceMissing},
		"P-04 a nonce of 10 KB":                         {"/a", "", []string{time, "x-ca-nonce: " + strings.Repeat("n", 10240), list, mac("")}, reason.NonceMissing},
		"two nonces":                                    {"/a", "", append(usual(plain+"/a"), nonce), reason.ComponentMissing},
		"two times":                                     {"/a", "", append(usual(plain+"/a"), time), reason.ComponentMissing},
		"B-01 a listed header is absent":                {"/a", "", []string{time, nonce, list + ",x-b", mac("")}, reason.ComponentMissing},
		"B-01 a listed header is empty":                 {"/a", "", []string{time, nonce, "x-b: ", list + ",x-b", mac("POST\n\n\n\n\nx-b:\n" + lines + "/a")}, reason.OK},
		"B-01 a listed header twice":                    {"/a", "", []string{time, nonce, "x-b: 1", "x-b: 2", list + ",x-b", mac("")}, reason.ComponentMissing},
		"B-05 spaces within stay":                       {"/a", "", []string{time, nonce, "x-b:  1  2 ", list + ",x-b", mac("POST\n\n\n\n\nx-b:1  2\n" + lines + "/a")}, reason.OK},
		"B-06 a name twice":                             {"/a", "", []string{time, nonce, list + ",X-Ca-Key", mac("")}, reason.SignatureMalformed},
		"B-06 an empty name":                            {"/a", "", []string{time, nonce, list + ",", mac("")}, reason.ComponentUnsupported},
		"B-06 66 names":                                 {"/a", "", append([]string{time, nonce, "x-ca-signature-headers: " + strings.Join(many, ","), mac("")}, many...), reason.SignaturesTooMany},
		"B-06 names as they are spelt, in their order":  {"/a", "", []string{time, nonce, "x-ca-signature-headers: x-ca-nonce,X-Ca-Timestamp,X-Ca-Key", mac("POST\n\n\n\n\nX-Ca-Key:c\nX-Ca-Timestamp:" + stamp + "\nx-ca-nonce:n\n/a")}, reason.OK},
		"the signature itself is listed":                {"/a", "", []string{time, nonce, list + ",x-ca-signature", mac("")}, reason.ComponentUnsupported},
		"a header that is signed anyway":                {"/a", "", []string{time, nonce, list + ",date", mac("")}, reason.ComponentUnsupported},
		"a pseudo header":                               {"/a", "", []string{time, nonce, list + ",:path", mac("")}, reason.ComponentUnsupported},
		"Accept twice":                                  {"/a", "", usual("POST\n*/*\n\n\n\n"+lines+"/a", "accept: */*", "accept: x/y"), reason.SeveralCredentials},
		"B-09 an empty signature":                       {"/a", "", []string{time, nonce, list, "x-ca-signature: "}, reason.SignatureMalformed},
		"B-09 a shorter one":                            {"/a", "", []string{time, nonce, list, "x-ca-signature: AAAA"}, reason.SignatureInvalid},
		"B-10 without padding":                          {"/a", "", []string{time, nonce, list, strings.TrimRight(mac(plain+"/a"), "=")}, reason.SignatureMalformed},
		"B-11 two signatures":                           {"/a", "", append(usual(plain+"/a"), mac(plain+"/a")), reason.SeveralCredentials},
		"two keys":                                      {"/a", "", append(usual(plain+"/a"), "x-ca-key: d"), reason.SignatureMalformed},
		"B-12 an algorithm that nobody knows":           {"/a", "", append(usual(plain+"/a"), "x-ca-signature-method: none"), reason.AlgorithmNotAllowed},
		"B-12 SHA-1 has to be asked for":                {"/a", "", []string{time, nonce, list, "x-ca-signature-method: HmacSHA1", "x-ca-signature: " + with(sha1.New, plain+"/a")}, reason.AlgorithmNotAllowed},
		"Y-08 a digest":                                 {"/a", "body", usual("POST\n\n"+sum("body")+"\n\n\n"+lines+"/a", "content-md5: "+sum("body")), reason.OK},
		"Y-08 another body":                             {"/a", "Body", usual("POST\n\n"+sum("body")+"\n\n\n"+lines+"/a", "content-md5: "+sum("body")), reason.DigestMismatch},
		"Y-08 the digest of the empty body before one":  {"/a", "body", usual("POST\n\n"+sum("")+"\n\n\n"+lines+"/a", "content-md5: "+sum("")), reason.DigestMismatch},
		"Y-08 no digest":                                {"/a", "body", usual("POST\n\nx\n\n\n"+lines+"/a", "content-md5: x"), reason.DigestUnsupported},
		"Y-08 a form with another digest":               {"/a", "x=1", usual("POST\n\n"+sum("x=2")+"\n"+form+"\n\n"+lines+"/a?x=1", "content-md5: "+sum("x=2"), isForm), reason.DigestMismatch},
		"L-03 1,025 parameters":                         {"/a?" + strings.Repeat("x&", 1024) + "x", "", usual(plain + "/a"), reason.SignaturesTooMany},
		"a parameter without a name":                    {"/a?=1", "", usual(plain + "/a?=1"), reason.BodyMalformed},
		"an encoding that is none":                      {"/a?x=%4", "", usual(plain + "/a?x=%4"), reason.BodyMalformed},
		"seconds":                                       {"/a", "", []string{"x-ca-timestamp: 1767225600", nonce, list, mac("POST\n\n\n\n\nx-ca-key:c\nx-ca-nonce:n\nx-ca-timestamp:1767225600\n/a")}, reason.SignatureExpired},
		"a time that is none":                           {"/a", "", []string{"x-ca-timestamp: 1767225600000.0", nonce, list, mac("")}, reason.TimestampMalformed},
		"900 s ago":                                     {"/a", "", []string{"x-ca-timestamp: 1767224700000", nonce, list, mac("POST\n\n\n\n\nx-ca-key:c\nx-ca-nonce:n\nx-ca-timestamp:1767224700000\n/a")}, reason.OK},
		"P-02 900 s and a millisecond ahead":            {"/a", "", []string{"x-ca-timestamp: 1767226500001", nonce, list, mac("POST\n\n\n\n\nx-ca-key:c\nx-ca-nonce:n\nx-ca-timestamp:1767226500001\n/a")}, reason.SignatureInFuture},
		"a line within the path cannot be written here": {"/a\nx", "", usual(plain + "/a\nx"), reason.HeadersUnreadable},
	} {
		t.Run(law, func(t *testing.T) {
			if _, code := ask(t, aliyun.Config{}, c.target, c.body, c.lines...); code != c.want {
				t.Errorf("%s, want %s", code, c.want)
			}
		})
	}
}

// TestWhatMayBeLeftOut is what a configuration may do without, and what it may ask for.
func TestWhatMayBeLeftOut(t *testing.T) {
	bare := "POST\n\n\n\n\n/a"
	for law, c := range map[string]struct {
		cfg   aliyun.Config
		body  string
		lines []string
		want  reason.Code
	}{
		"a nonce and a time":                     {aliyun.Config{NonceOptional: true, TimeOptional: true}, "", []string{mac(bare)}, reason.OK},
		"but not if they are there":              {aliyun.Config{NonceOptional: true, TimeOptional: true}, "", []string{mac(bare), "x-ca-nonce: n"}, reason.ComponentNotCovered},
		"a digest":                               {aliyun.Config{NonceOptional: true, TimeOptional: true, BodyOptional: true}, "body", []string{mac(bare)}, reason.OK},
		"another header has to be listed":        {aliyun.Config{NonceOptional: true, TimeOptional: true, Components: []string{"x-b"}}, "", []string{mac(bare)}, reason.ComponentNotCovered},
		"SHA-1 that is asked for":                {aliyun.Config{NonceOptional: true, TimeOptional: true, Algorithms: signed.SetOf(signed.HMACSHA1)}, "", []string{"x-ca-signature-method: HmacSHA1", "x-ca-signature: " + with(sha1.New, bare)}, reason.OK},
		"SHA-256 where SHA-1 alone is asked for": {aliyun.Config{NonceOptional: true, TimeOptional: true, Algorithms: signed.SetOf(signed.HMACSHA1)}, "", []string{mac(bare)}, reason.AlgorithmNotAllowed},
	} {
		if _, code := ask(t, c.cfg, "/a", c.body, c.lines...); code != c.want {
			t.Errorf("%s: %s, want %s", law, code, c.want)
		}
	}
}

// FuzzRead: no request panics, and none passes: nobody has signed it.
func FuzzRead(f *testing.F) {
	f.Add("/a?x=1&y", "x=1&%78=2", form, names, stamp)
	f.Add("/a?=", "", "application/x-www-form-urlencoded;", "X-Ca-Key,,", "0")
	f.Add("/", "{}", "application/json", "x-ca-timestamp,x-ca-nonce", "")
	signature := mac("nothing that begins with a method")
	f.Fuzz(func(t *testing.T, target, body, contentType, list, time string) {
		state, code := ask(t, aliyun.Config{BodyOptional: true}, target, body, "content-type: "+contentType, "x-ca-signature-headers: "+list, "x-ca-timestamp: "+time, "x-ca-nonce: n", signature)
		if state != signed.Refused || code == reason.OK {
			t.Fatalf("%v %s", state, code)
		}
	})
}
