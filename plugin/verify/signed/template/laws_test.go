package template_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what Twilio uses
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

const (
	now     = int64(1767225600)
	theKey  = "the secret of this test"
	xSig    = "x-sig"
	message = `{"a":1}`
)

func mac256(text string) []byte {
	m := hmac.New(sha256.New, []byte(theKey))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func macHex(text string) string { return hex.EncodeToString(mac256(text)) }

func mac1Base64(text string) string {
	m := hmac.New(sha1.New, []byte(theKey))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// with returns the members of a provider with one key.
func with(template object, more ...object) object {
	m := object{"keys": []object{{"id": "k", "secret": object{"inline": theKey}}}}
	if template != nil {
		m["template"] = template
	}
	for _, o := range more {
		for name, value := range o {
			m[name] = value
		}
	}
	return m
}

// plain is a template with one signature in a header.
func plain(base string, more ...object) object {
	t := object{"algorithm": "hmac-sha256", "signature": object{"header": xSig}, "base": base}
	for _, o := range more {
		for name, value := range o {
			t[name] = value
		}
	}
	return t
}

// post is a request with some headers.
func post(target, body string, headers ...string) *call {
	c := &call{Method: "POST", Scheme: "https", Authority: "edge.example.com", Path: target, Body: []byte(body)}
	if path, query, ok := strings.Cut(target, "?"); ok {
		c.Path, c.Query = path, &query
	}
	for i := 0; i < len(headers); i += 2 {
		c.Headers = append(c.Headers, [2]string{headers[i], headers[i+1]})
	}
	return c
}

// TestPieces: what each piece writes, given by hand.
func TestPieces(t *testing.T) {
	const target = "/a%20b/c?b=2&a=%41&b=1&flag&a="
	ts := object{"timestamp": object{"header": "x-ts"}}
	for base, c := range map[string]struct {
		want string
		more []object
	}{
		"{method} {body}":              {"POST " + message, nil},
		"{method:lower} {body}":        {"post " + message, nil},
		"{scheme} {body}":              {"https " + message, nil},
		"{authority} {body}":           {"Edge.example.com:8443 " + message, nil},
		"{path} {body}":                {"/a%20b/c " + message, nil},
		"{query} {body}":               {"b=2&a=%41&b=1&flag&a= " + message, nil},
		"{target} {body}":              {target + " " + message, nil},
		"{url} {body}":                 {"https://Edge.example.com:8443" + target + " " + message, nil},
		"{url:port} {body}":            {"https://Edge.example.com:8443" + target + " " + message, nil},
		"{url:noport} {body}":          {"https://Edge.example.com" + target + " " + message, nil},
		"{url:decoded} {body}":         {"https://Edge.example.com:8443" + target + " " + message, nil},
		"{query:sorted} {body}":        {"a=&a=%41&b=1&b=2&flag " + message, nil},
		"{query:minus:b} {body}":       {"a=%41&flag&a= " + message, nil},
		"{header:x-one} {body}":        {"a  b, c " + message, nil},
		"{header:host} {body}":         {"Edge.example.com:8443 " + message, nil},
		"{headers:x-one;x-two} {body}": {"x-one:a  b, c\nx-two: " + message, nil},
		"{body:sha256:hex}":            {"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862", nil},
		"{body:sha256:base64}":         {"AVq9f1zFei3ZS3WQ8ErYCEJzkF7jPsXOvq5iJ2qX+GI=", nil},
		"{body:sha256:base64url}":      {"AVq9f1zFei3ZS3WQ8ErYCEJzkF7jPsXOvq5iJ2qX-GI", nil},
		"{body:sha1:hex}":              {"9f89c740ceb46d7418c924a78ac57941d5e96520", nil},
		"{{{body}}}":                   {"{" + message + "}}", nil},
		"v1\n{timestamp}\n{body}\nend": {"v1\n1767225600\n" + message + "\nend", []object{ts}},
		"{nonce}.{id}.{key_id}.{body}": {"n.i.k." + message, []object{{
			"nonce": object{"header": "x-nonce"}, "id": object{"header": "x-id"}, "key_id": object{"header": "x-key"},
		}}},
	} {
		t.Run(base, func(t *testing.T) {
			cfg := provider(t, with(plain(base, c.more...)))
			r := post(target, message, "x-one", " a  b, c\t", "x-two", "", "x-ts", "1767225600", "x-nonce", "n", "x-id", "i", "x-key", "k", xSig, macHex(c.want))
			r.Authority = "Edge.example.com:8443"
			if state, code, _ := judge(cfg, now, r, 3); state != signed.Proved {
				t.Errorf("%v %s: the text is not %q", state, code, c.want)
			}
		})
	}
}

// TestFormSorted: the fields of a form, decoded, in order, equal pairs once.
func TestFormSorted(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for body, want := range map[string]string{
		"":                        "",
		"b=2&a=1":                 "a1b2",
		"a=2&a=1&a=2":             "a1a2",
		"a=x+y&b=x%20y":           "ax ybx y",
		"a=%C3%A9&B=1":            "B1aé",
		"a&&b=&=c":                "cab",
		"a=1&b=%26%3D&c=a=b&c=%3": "",
		"%zz=1":                   "",
	} {
		cfg := provider(t, with(plain("{method} {form:sorted}")))
		c := post("/", body, "content-type", form+"; charset=utf-8", xSig, macHex("POST "+want))
		good := want != "" || body == ""
		if state, code, _ := judge(cfg, now, c, 3); (state == signed.Proved) != good || !good && code != reason.BodyMalformed {
			t.Errorf("%q: %v %s", body, state, code)
		}
		c.Headers[0][1] = "text/plain"
		if state, code, _ := judge(cfg, now, c, 3); (state == signed.Proved) != (body == "") {
			t.Errorf("%q as a text: %v %s", body, state, code)
		}
	}
	cfg := provider(t, with(plain("{method} {form:sorted}")))
	many := strings.Repeat("a=1&", 1024) + "a=1"
	if _, code, _ := judge(cfg, now, post("/", many, "content-type", form, xSig, macHex("POST a1")), 1<<20); code != reason.BodyMalformed {
		t.Errorf("1,025 fields: %s", code)
	}
}

// TestPlaces: where a signature may stand, and what is malformed there.
func TestPlaces(t *testing.T) {
	good := mac256("POST " + message)
	h := hex.EncodeToString(good)
	b64, url := base64.StdEncoding.EncodeToString(good), base64.RawURLEncoding.EncodeToString(good)
	escaped := strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(b64)
	list := object{"separator": ",", "key_value": "=", "field": "v1"}
	for law, c := range map[string]struct {
		where object
		r     *call
		want  reason.Code
	}{
		"a header":                        {object{"header": xSig}, post("/", message, xSig, h), reason.OK},
		"B-10 in upper case":              {object{"header": xSig}, post("/", message, xSig, strings.ToUpper(h)), reason.OK},
		"B-10 an odd digit":               {object{"header": xSig}, post("/", message, xSig, h[1:]), reason.SignatureMalformed},
		"B-10 0x":                         {object{"header": xSig}, post("/", message, xSig, "0x"+h), reason.SignatureMalformed},
		"B-10 an inner space":             {object{"header": xSig}, post("/", message, xSig, h[:10]+" "+h[10:]), reason.SignatureMalformed},
		"B-10 base64":                     {object{"header": xSig, "encoding": "base64"}, post("/", message, xSig, b64), reason.OK},
		"B-10 base64 without padding":     {object{"header": xSig, "encoding": "base64"}, post("/", message, xSig, strings.TrimRight(b64, "=")), reason.SignatureMalformed},
		"B-10 base64 of URLs for another": {object{"header": xSig, "encoding": "base64"}, post("/", message, xSig, url+"="), reason.SignatureMalformed},
		"B-10 trailing bits":              {object{"header": xSig, "encoding": "base64"}, post("/", message, xSig, b64[:42]+"x="), reason.SignatureMalformed},
		"B-10 base64url":                  {object{"header": xSig, "encoding": "base64url"}, post("/", message, xSig, url), reason.OK},
		"B-10 base64url padded":           {object{"header": xSig, "encoding": "base64url"}, post("/", message, xSig, url+"="), reason.OK},
		"B-09 no bytes":                   {object{"header": xSig}, post("/", message, xSig, ""), reason.SignatureMalformed},
		"B-09 no bytes after the prefix":  {object{"header": xSig, "prefix": "sha256="}, post("/", message, xSig, "sha256="), reason.SignatureMalformed},
		"B-09 a byte less":                {object{"header": xSig}, post("/", message, xSig, h[:62]), reason.SignatureInvalid},
		"B-09 a byte more":                {object{"header": xSig}, post("/", message, xSig, h+"00"), reason.SignatureInvalid},
		"none":                            {object{"header": xSig}, post("/", message), reason.Missing},
		"B-11 two lines":                  {object{"header": xSig}, post("/", message, xSig, h, xSig, h), reason.SeveralCredentials},
		"B-11 two lines in one":           {object{"header": xSig}, post("/", message, xSig, h+","+h), reason.SignatureMalformed},
		"B-11 either name":                {object{"header": []string{"a-sig", "b-sig"}}, post("/", message, "b-sig", h), reason.OK},
		"B-11 both names, agreeing":       {object{"header": []string{"a-sig", "b-sig"}}, post("/", message, "b-sig", h, "a-sig", h), reason.OK},
		"B-11 both names, disagreeing":    {object{"header": []string{"a-sig", "b-sig"}}, post("/", message, "b-sig", h, "a-sig", strings.ToUpper(h)), reason.SeveralCredentials},
		"a prefix":                        {object{"header": xSig, "prefix": "v1="}, post("/", message, xSig, "v1="+h), reason.OK},
		"a prefix that is not there":      {object{"header": xSig, "prefix": "v1="}, post("/", message, xSig, h), reason.SignatureMalformed},
		"a prefix in another case":        {object{"header": xSig, "prefix": "v1="}, post("/", message, xSig, "V1="+h), reason.SignatureMalformed},
		"a prefix that may be absent":     {object{"header": xSig, "prefix": "v1=", "prefix_optional": true}, post("/", message, xSig, h), reason.OK},
		"a list":                          {object{"header": xSig, "list": list}, post("/", message, xSig, "t=1,v1="+h), reason.OK},
		"B-11 the good one 16th":          {object{"header": xSig, "list": list}, post("/", message, xSig, strings.Repeat("v1=00,", 15)+"v1="+h), reason.OK},
		"B-11 the good one 17th":          {object{"header": xSig, "list": list}, post("/", message, xSig, strings.Repeat("v1=00,", 16)+"v1="+h), reason.SignaturesTooMany},
		"B-11 17, the good one first":     {object{"header": xSig, "list": list}, post("/", message, xSig, "v1="+h+strings.Repeat(",v1=00", 16)), reason.SignaturesTooMany},
		"B-11 10,000 others":              {object{"header": xSig, "list": list}, post("/", message, xSig, strings.Repeat("x=,", 10000)+"v1="+h), reason.SignaturesTooMany},
		"B-11 an empty item":              {object{"header": xSig, "list": list}, post("/", message, xSig, ",v1="+h), reason.SignatureMalformed},
		"B-11 an empty item at the end":   {object{"header": xSig, "list": list}, post("/", message, xSig, "v1="+h+","), reason.SignatureMalformed},
		"an item without a name":          {object{"header": xSig, "list": list}, post("/", message, xSig, "="+h+",v1="+h), reason.SignatureMalformed},
		"one that is no hex beside it":    {object{"header": xSig, "list": list}, post("/", message, xSig, "v1=dummy,v1="+h), reason.OK},
		"only ones that are no hex":       {object{"header": xSig, "list": list}, post("/", message, xSig, "v1=dummy,v1="), reason.SignatureMalformed},
		"B-12 only another version":       {object{"header": xSig, "list": list}, post("/", message, xSig, "v0="+h), reason.SignatureMalformed},
		"the query":                       {object{"query": "s"}, post("/?s="+h, message), reason.OK},
		"the query, encoded":              {object{"query": "s", "encoding": "base64"}, post("/?s="+escaped, message), reason.OK},
		"D-25 twice in the query":         {object{"query": "s"}, post("/?s="+h+"&s="+h, message), reason.SignatureMalformed},
		"D-25 twice, one encoded":         {object{"query": "s"}, post("/?s="+h+"&%73="+h, message), reason.SignatureMalformed},
		"in another case":                 {object{"query": "s"}, post("/?S="+h, message), reason.Missing},
		"a malformed encoding":            {object{"query": "s"}, post("/?s=%4", message), reason.SignatureMalformed},
		"the last of the query":           {object{"query": "s", "last": true}, post("/?a=1&s="+h, message), reason.OK},
		"D-25 not the last":               {object{"query": "s", "last": true}, post("/?s="+h+"&a=1", message), reason.SignatureMalformed},
		"D-25 an empty one after it":      {object{"query": "s", "last": true}, post("/?s="+h+"&", message), reason.SignatureMalformed},
		"D-25 twice, the second last":     {object{"query": "s", "last": true}, post("/?s="+h+"&s="+h, message), reason.SignatureMalformed},
		"a cookie":                        {object{"cookie": "s"}, post("/", message, "cookie", "a=1; s="+h+"; b=2"), reason.OK},
		"a cookie on another line":        {object{"cookie": "s"}, post("/", message, "cookie", "a=1", "cookie", "s="+h), reason.OK},
		"two cookies":                     {object{"cookie": "s"}, post("/", message, "cookie", "s="+h, "cookie", "s="+h), reason.SignatureMalformed},
		"a cookie in another case":        {object{"cookie": "s"}, post("/", message, "cookie", "S="+h), reason.Missing},
	} {
		t.Run(law, func(t *testing.T) {
			cfg := provider(t, with(object{"algorithm": "hmac-sha256", "signature": c.where, "base": "{method} {body}"}))
			if state, code, _ := judge(cfg, now, c.r, 3); code != c.want || (state == signed.Proved) != (c.want == reason.OK) {
				t.Errorf("%v %s, want %s", state, code, c.want)
			}
		})
	}
}

// TestTimes: each format, and nothing that is not quite it.
func TestTimes(t *testing.T) {
	for law, c := range map[string]struct {
		format, text string
		want         reason.Code
	}{
		"seconds":                {"unix", "1767225600", reason.OK},
		"milliseconds":           {"unix_ms", "1767225600999", reason.OK},
		"RFC 3339":               {"rfc3339", "2026-01-01T00:00:00Z", reason.OK},
		"RFC 3339, another zone": {"rfc3339", "2026-01-01T01:00:00.5+01:00", reason.OK},
		"HTTP's date":            {"http_date", "Thu, 01 Jan 2026 00:00:00 GMT", reason.OK},
		"ms for s":               {"unix", "1767225600000", reason.TimestampMalformed},
		"s for ms":               {"unix_ms", "1767225600", reason.SignatureExpired},
		"a sign":                 {"unix", "+1767225600", reason.TimestampMalformed},
		"a space":                {"unix", " 1767225600", reason.TimestampMalformed},
		"empty":                  {"unix", "", reason.TimestampMalformed},
		"40 digits":              {"unix", strings.Repeat("9", 40), reason.TimestampMalformed},
		"a date for seconds":     {"unix", "2026-01-01T00:00:00Z", reason.TimestampMalformed},
		"late":                   {"unix", "1767225299", reason.SignatureExpired},
		"early":                  {"unix", "1767225901", reason.SignatureInFuture},
	} {
		t.Run(law, func(t *testing.T) {
			cfg := provider(t, with(plain("{timestamp}.{body}", object{"timestamp": object{"header": "x-ts", "format": c.format}})))
			r := post("/", message, "x-ts", c.text, xSig, macHex(c.text+"."+message))
			if _, code, _ := judge(cfg, now, r, 3); code != c.want {
				t.Errorf("%s, want %s", code, c.want)
			}
		})
	}
	cfg := provider(t, with(plain("{timestamp}.{body}", object{"timestamp": object{"header": "x-ts"}})))
	sig := macHex("." + message)
	for law, r := range map[string]*call{
		"no time":   post("/", message, xSig, sig),
		"two times": post("/", message, xSig, sig, "x-ts", strconv.FormatInt(now, 10), "x-ts", strconv.FormatInt(now, 10)),
	} {
		if _, code, _ := judge(cfg, now, r, 3); code != reason.TimestampMissing && code != reason.TimestampMalformed {
			t.Errorf("%s: %s", law, code)
		}
	}
}

// TestMemberTimes: a time within a JSON body.
func TestMemberTimes(t *testing.T) {
	for body, want := range map[string]reason.Code{
		`{"at":1767225600}`: reason.OK,
		" { \"a\" : [{\"at\":1}] , \"at\" : 1767225600 }\n": reason.OK,
		`{"b":"}\",\"at\":1","at":1767225600}`:              reason.OK,
		`{"at":"1767225600"}`:                               reason.OK,
		`{"at":1767225600,"at":1767225600}`:                 reason.TimestampMalformed,
		`{"at":1767225000,"b":{"at":1767225600}}`:           reason.SignatureExpired,
		`{"b":{"at":1767225600}}`:                           reason.TimestampMissing,
		`{"at":1767225600.0}`:                               reason.TimestampMalformed,
		`{"at":17672256e2}`:                                 reason.TimestampMalformed,
		`{"at":null}`:                                       reason.TimestampMalformed,
		`{"at":{}}`:                                         reason.TimestampMalformed,
		`{"at":1767225600`:                                  reason.TimestampMalformed,
		`{"at":1767225600}}`:                                reason.TimestampMalformed,
		`{"at":1767225600,}`:                                reason.TimestampMalformed,
		`{"at" 1767225600}`:                                 reason.TimestampMalformed,
		`{"a\u0074":1767225600}`:                            reason.TimestampMalformed,
		`[{"at":1767225600}]`:                               reason.TimestampMalformed,
		`{"b":"`:                                            reason.TimestampMalformed,
		`{"b":[[[`:                                          reason.TimestampMalformed,
		`{}`:                                                reason.TimestampMissing,
		"\ufeff{\"at\":1767225600}":                         reason.TimestampMalformed,
		"":                                                  reason.TimestampMalformed,
	} {
		cfg := provider(t, with(plain("{body}", object{"timestamp": object{"body_member": "at"}})))
		if _, code, _ := judge(cfg, now, post("/", body, xSig, macHex(body)), 3); code != want {
			t.Errorf("%q: %s, want %s", body, code, want)
		}
	}
}
