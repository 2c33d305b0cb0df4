package sigv4_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/tools/vectors/vectest"
)

// named returns a vector to change.
func named(t testing.TB, name string) vector {
	t.Helper()
	list := vectest.Load[vector](t, "sigv4")
	at := slices.IndexFunc(list, func(v vector) bool { return v.Name == name })
	if at < 0 {
		t.Fatalf("no vector %s", name)
	}
	return list[at]
}

// header replaces text in a header field of the vector; with an empty field it adds one.
func (v *vector) header(name, old, text string) {
	for i, h := range v.Request.Headers {
		if h[0] == name && old != "" {
			v.Request.Headers[i][1] = strings.Replace(h[1], old, text, 1)
			return
		}
	}
	v.Request.Headers = append(v.Request.Headers, [2]string{name, text})
}

func (v *vector) query(old, text string) {
	q := strings.Replace(*v.Request.Query, old, text, 1)
	v.Request.Query = &q
}

// resign signs a vector anew whose canonical request is known.
func (v *vector) resign(names, canonical string) {
	const scope = "20260101/us-east-1/execute-api/aws4_request"
	sum := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + string(v.Secrets[0].Key))
	for _, part := range []string{"20260101", "us-east-1", "execute-api", "aws4_request", "AWS4-HMAC-SHA256\n20260101T000000Z\n" + scope + "\n" + hex.EncodeToString(sum[:])} {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	v.Request.Headers = slices.DeleteFunc(v.Request.Headers, func(h [2]string) bool { return h[0] == "authorization" || h[0] == "x-amz-date" })
	v.header("x-amz-date", "", "20260101T000000Z")
	v.header("authorization", "", "AWS4-HMAC-SHA256 Credential="+v.Secrets[0].ID+"/"+scope+", SignedHeaders="+names+", Signature="+hex.EncodeToString(key))
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestAttacks(t *testing.T) {
	host := named(t, "ok-get").Request.Authority
	for law, c := range map[string]struct {
		vector string
		want   reason.Code
		change func(v *vector)
	}{
		"signed by the test": {"ok-get", reason.OK, func(v *vector) {
			v.resign("host;x-amz-date", "GET\n/\n\nhost:"+host+"\nx-amz-date:20260101T000000Z\n\nhost;x-amz-date\n"+emptyHash)
		}},
		"B-05 spaces and lines": {"ok-get", reason.OK, func(v *vector) {
			v.header("x-a", "", " 1   2 ")
			v.header("x-a", "", "3,4")
			v.resign("host;x-a;x-amz-date", "GET\n/\n\nhost:"+host+"\nx-a:1 2,3,4\nx-amz-date:20260101T000000Z\n\nhost;x-a;x-amz-date\n"+emptyHash)
		}},
		"D-15 the date is not signed": {"ok-get", reason.ComponentNotCovered, func(v *vector) {
			v.resign("host", "GET\n/\n\nhost:"+host+"\n\nhost\n"+emptyHash)
		}},
		"D-15 the host is not signed": {"ok-get", reason.ComponentNotCovered, func(v *vector) {
			v.resign("x-amz-date", "GET\n/\n\nx-amz-date:20260101T000000Z\n\nx-amz-date\n"+emptyHash)
		}},
		"D-15 a session token is not signed": {"ok-get", reason.ComponentNotCovered, func(v *vector) { v.header("x-amz-security-token", "", "x") }},
		"D-15 an x-amz- header in any case":  {"ok-get", reason.ComponentNotCovered, func(v *vector) { v.header("X-Amz-Meta-Evil", "", "x") }},
		"D-16 an unsigned trailer's payload": {"ok-get", reason.ComponentNotCovered, func(v *vector) { v.header("x-amz-content-sha256", "", "STREAMING-UNSIGNED-PAYLOAD-TRAILER") }},
		"D-16 the same, signed": {"ok-get", reason.ComponentUnsupported, func(v *vector) {
			const p = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
			v.header("x-amz-content-sha256", "", p)
			v.Config.Unsigned = true
			v.resign("host;x-amz-content-sha256;x-amz-date", "GET\n/\n\nhost:"+host+"\nx-amz-content-sha256:"+p+"\nx-amz-date:20260101T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n"+p)
		}},
		"D-16 a credential in the query without a signature": {"query-ok", reason.SignatureMalformed, func(v *vector) { v.query("&X-Amz-Signature=", "&x=") }},
		"D-17 another spelling besides":                      {"query-ok", reason.SignatureMalformed, func(v *vector) { v.query("x=1", "x-amz-credential=evil") }},
		"D-17 a parameter twice, encoded":                    {"query-ok", reason.SignatureMalformed, func(v *vector) { v.query("x=1", "X%2dAmz%2dDate=20260101T000000Z") }},
		"D-17 another spelling instead":                      {"query-ok", reason.SignatureMalformed, func(v *vector) { v.query("X-Amz-Signature", "x-amz-signature") }},
		"D-17 header and query":                              {"query-ok", reason.SeveralCredentials, func(v *vector) { v.header("authorization", "", "AWS4-HMAC-SHA256 Credential=a") }},
		"two lines that a proxy joined": {"ok-get", reason.SeveralCredentials, func(v *vector) {
			v.header("authorization", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c,AWS4-HMAC-SHA256 ")
		}},
		"with another scheme's": {"ok-get", reason.SignatureMalformed, func(v *vector) {
			v.header("authorization", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a,, Bearer x,")
		}},
		"D-18 another region":                  {"ok-get", reason.SignerMismatch, func(v *vector) { v.header("authorization", "us-east-1", "us-east-2") }},
		"D-18 another terminator":              {"ok-get", reason.SignatureMalformed, func(v *vector) { v.header("authorization", "aws4_request", "aws4_reques") }},
		"D-18 one more part of the scope":      {"ok-get", reason.SignatureMalformed, func(v *vector) { v.header("authorization", "aws4_request", "aws4_request/x") }},
		"D-18 AWS4-HMAC-SHA1":                  {"ok-get", reason.AlgorithmNotAllowed, func(v *vector) { v.header("authorization", "SHA256", "SHA1") }},
		"D-18 AWS4-ECDSA-P256-SHA256":          {"ok-get", reason.AlgorithmNotAllowed, func(v *vector) { v.header("authorization", "HMAC-SHA256", "ECDSA-P256-SHA256") }},
		"D-18 expires 0":                       {"query-ok-last-second", reason.SignatureMalformed, func(v *vector) { v.query("Expires=600", "Expires=0") }},
		"D-18 expires 604801":                  {"query-ok-last-second", reason.SignatureExpired, func(v *vector) { v.query("Expires=600", "Expires=604801") }},
		"D-18 expires 1e3":                     {"query-ok-last-second", reason.SignatureMalformed, func(v *vector) { v.query("Expires=600", "Expires=1e3") }},
		"D-18 expires 2^64":                    {"query-ok-last-second", reason.SignatureMalformed, func(v *vector) { v.query("Expires=600", "Expires=18446744073709551616") }},
		"D-19 the path of S3 for another":      {"s3-ok-path-not-normalised", reason.SignatureInvalid, func(v *vector) { v.Config.S3 = false }},
		"D-19 encoded once for another family": {"ok-path-encoded", reason.SignatureInvalid, func(v *vector) { v.Config.S3 = true }},
		"D-19 a plus sign is itself":           {"ok", reason.SignatureInvalid, func(v *vector) { v.query("sp=a%20b", "sp=a+b") }},
		"D-19 the query is sorted encoded": {"ok-get", reason.OK, func(v *vector) {
			q := "a~=1&a%7B=2&a=3&a="
			v.Request.Query = &q
			v.resign("host;x-amz-date", "GET\n/\na=&a=3&a%7B=2&a~=1\nhost:"+host+"\nx-amz-date:20260101T000000Z\n\nhost;x-amz-date\n"+emptyHash)
		}},
		"B-01 a listed header is absent": {"ok-get", reason.ComponentMissing, func(v *vector) {
			v.resign("host;x-a;x-amz-date", "GET\n/\n\nhost:"+host+"\nx-a:\nx-amz-date:20260101T000000Z\n\nhost;x-a;x-amz-date\n"+emptyHash)
		}},
		"B-01 a listed header is absent, left out of the text": {"ok-get", reason.ComponentMissing, func(v *vector) {
			v.resign("host;x-a;x-amz-date", "GET\n/\n\nhost:"+host+"\nx-amz-date:20260101T000000Z\n\nhost;x-a;x-amz-date\n"+emptyHash)
		}},
		"B-01 a listed header is empty": {"ok-get", reason.OK, func(v *vector) {
			v.header("x-a", "", "")
			v.resign("host;x-a;x-amz-date", "GET\n/\n\nhost:"+host+"\nx-a:\nx-amz-date:20260101T000000Z\n\nhost;x-a;x-amz-date\n"+emptyHash)
		}},
		"B-01 two lines are joined in their order": {"ok-get", reason.SignatureInvalid, func(v *vector) {
			v.header("x-a", "", "2")
			v.header("x-a", "", "1")
			v.resign("host;x-a;x-amz-date", "GET\n/\n\nhost:"+host+"\nx-a:1,2\nx-amz-date:20260101T000000Z\n\nhost;x-a;x-amz-date\n"+emptyHash)
		}},
		"D-20 a payload in signed chunks": {"ok-get", reason.ComponentUnsupported, func(v *vector) {
			const p = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
			v.header("x-amz-content-sha256", "", p)
			v.resign("host;x-amz-content-sha256;x-amz-date", "GET\n/\n\nhost:"+host+"\nx-amz-content-sha256:"+p+"\nx-amz-date:20260101T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n"+p)
		}},
		"D-20 the same with a trailer": {"ok-get", reason.ComponentUnsupported, func(v *vector) {
			const p = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
			v.header("x-amz-content-sha256", "", p)
			v.resign("host;x-amz-content-sha256;x-amz-date", "GET\n/\n\nhost:"+host+"\nx-amz-content-sha256:"+p+"\nx-amz-date:20260101T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n"+p)
		}},
		"B-06 a name in upper case": {"ok-get", reason.SignatureMalformed, func(v *vector) { v.header("authorization", "=host", "=Host") }},
		"B-06 a name twice":         {"ok-get", reason.SignatureMalformed, func(v *vector) { v.header("authorization", "=host", "=host;host") }},
		"B-09 31 bytes":             {"ok-get", reason.SignatureMalformed, func(v *vector) { v.header("authorization", "Signature=", "Signature=ab, x=") }},
		"two dates":                 {"ok-get", reason.SeveralCredentials, func(v *vector) { v.header("x-amz-date", "", "20260101T000000Z") }},
		"a malformed path":          {"s3-ok-path-not-normalised", reason.SignatureMalformed, func(v *vector) { v.Request.Path = "/%zz" }},
	} {
		t.Run(law, func(t *testing.T) {
			v := named(t, c.vector)
			c.change(&v)
			if _, code := v.judge(t); code != c.want {
				t.Errorf("%s, want %s", code, c.want)
			}
		})
	}
}

// resignAt signs the vector's GET of / anew, at a stamp and for a scope's day.
func (v *vector) resignAt(stamp, day string) {
	scope := day + "/us-east-1/execute-api/aws4_request"
	sum := sha256.Sum256([]byte("GET\n/\n\nhost:" + v.Request.Authority + "\nx-amz-date:" + stamp + "\n\nhost;x-amz-date\n" + emptyHash))
	key := []byte("AWS4" + string(v.Secrets[0].Key))
	for _, part := range []string{day, "us-east-1", "execute-api", "aws4_request", "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + hex.EncodeToString(sum[:])} {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	v.Request.Headers = [][2]string{{"x-amz-date", stamp}, {"authorization", "AWS4-HMAC-SHA256 Credential=" + v.Secrets[0].ID + "/" + scope + ", SignedHeaders=host;x-amz-date, Signature=" + hex.EncodeToString(key)}}
}

// TestT06Stamps: a stamp is written in one way, is one of the calendar, and is of the
// scope's day. All of these are well signed.
func TestT06Stamps(t *testing.T) {
	for _, c := range []struct {
		stamp, day string
		want       reason.Code
	}{
		{"20260101T000000Z", "20260101", reason.OK},
		{"20251231T235959Z", "20251231", reason.OK},
		{"20251231T235959Z", "20260101", reason.SignerMismatch},
		{"20260101T000000Z", "20251231", reason.SignerMismatch},
		{"20251231T235500Z", "20251231", reason.OK},
		{"20251231T235459Z", "20251231", reason.SignatureExpired},
		{"20260101T000500Z", "20260101", reason.OK},
		{"20260101T000501Z", "20260101", reason.SignatureInFuture},
		{"20250230T000000Z", "20250230", reason.TimestampMalformed},
		{"20251231T240000Z", "20251231", reason.TimestampMalformed},
		{"20251231T235960Z", "20251231", reason.TimestampMalformed},
		{"20260101T000000z", "20260101", reason.TimestampMalformed},
		{"20260101t000000Z", "20260101", reason.TimestampMalformed},
		{"20260101T000000", "20260101", reason.TimestampMalformed},
		{"20260101T000000+0000", "20260101", reason.TimestampMalformed},
		{"2026-01-01T00:00:00Z", "20260101", reason.TimestampMalformed},
		{"20260101T000000.0Z", "20260101", reason.TimestampMalformed},
		{"1767225600", "20260101", reason.TimestampMalformed},
	} {
		v := named(t, "ok-get")
		v.resignAt(c.stamp, c.day)
		if _, code := v.judge(t); code != c.want {
			t.Errorf("%s of the day %s: %s, want %s", c.stamp, c.day, code, c.want)
		}
	}
}

// TestTheDateField: without x-amz-date the HTTP date counts, and is signed.
func TestTheDateField(t *testing.T) {
	v := named(t, "ok-get")
	v.resign("date;host", "GET\n/\n\ndate:Thu, 01 Jan 2026 00:00:00 GMT\nhost:"+v.Request.Authority+"\n\ndate;host\n"+emptyHash)
	v.Request.Headers = slices.DeleteFunc(v.Request.Headers, func(h [2]string) bool { return h[0] == "x-amz-date" })
	v.header("date", "", "Thu, 01 Jan 2026 00:00:00 GMT")
	if _, code := v.judge(t); code != reason.OK {
		t.Error(code)
	}
}

// FuzzRead: nothing panics, and nothing passes but what was signed.
func FuzzRead(f *testing.F) {
	for _, v := range vectest.Load[vector](f, "sigv4") {
		query := ""
		if v.Request.Query != nil {
			query = *v.Request.Query
		}
		for _, h := range v.Request.Headers {
			if h[0] == "authorization" || len(v.Request.Headers) == 0 {
				f.Add(h[1], v.Request.Path, query)
			}
		}
		f.Add("", v.Request.Path, query)
	}
	good := named(f, "ok-get")
	f.Fuzz(func(t *testing.T, authorization, path, query string) {
		v := good
		v.Request.Headers = slices.Clone(v.Request.Headers)
		v.Request.Headers[len(v.Request.Headers)-1] = [2]string{"authorization", authorization}
		v.Request.Path, v.Request.Query = path, &query
		state, code := v.judge(t)
		if (state == signed.Proved) != (code == reason.OK) {
			t.Fatalf("%v with %s", state, code)
		}
		if state == signed.Proved && !strings.Contains(authorization, "/20251231/") {
			t.Fatalf("%q passes", authorization)
		}
	})
}
