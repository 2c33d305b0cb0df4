package cavage_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/cavage"
)

const (
	now    = 1767225600
	date   = "Thu, 01 Jan 2026 00:00:00 GMT"
	stale  = "Wed, 31 Dec 2025 00:00:00 GMT"
	secret = "a secret that two sides share"
)

func mac(text string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// get is a GET /a?b by one client, with these header lines besides.
func get(t testing.TB, cfg cavage.Config, lines ...string) (signed.State, reason.Code) {
	t.Helper()
	scheme := cavage.New(cfg)
	provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms, Tolerance: 300e9}
	k, err := signed.NewSecret([]byte(secret), provider.Algorithms)
	if err != nil {
		t.Fatal(err)
	}
	k.ID = "c"
	provider.Keys = []*signed.Key{k}
	headers := []request.Header{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "h"}, {Name: ":path", Value: "/a?b"}}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		headers = append(headers, request.Header{Name: name, Value: value})
	}
	var view request.View
	if code := view.Read(headers, request.PathRaw); code != reason.OK {
		return signed.Refused, code
	}
	var a signed.Attempt
	return a.Judge(provider, &signed.Request{View: &view, Now: now * 1e9}, &signed.Body{Ended: true})
}

func TestAttacks(t *testing.T) {
	good := mac("(request-target): get /a?b\ndate: " + date)
	head := `authorization: Signature keyId="c",algorithm="hmac-sha256",headers="(request-target) date",signature="` + good + `"`
	with := func(text string) string { return strings.Replace(head, `keyId="c"`, text, 1) }
	list := func(names, text string) string {
		return `authorization: Signature keyId="c",algorithm="hmac-sha256",headers="` + names + `",signature="` + mac(text) + `"`
	}
	kong := func(names, text string) string {
		return `authorization: hmac username="c", algorithm="hmac-sha256", headers="` + names + `", signature="` + mac(text) + `"`
	}
	many, lines := make([]string, 65), []string{"date: " + date}
	for i := range many {
		many[i] = "x-" + strings.Repeat("a", i+1)
		lines = append(lines, many[i]+": 1")
	}
	for law, c := range map[string]struct {
		dialect cavage.Dialect
		want    reason.Code
		lines   []string
	}{
		"good":                               {cavage.Draft12, reason.OK, []string{head, "date: " + date}},
		"no date":                            {cavage.Draft12, reason.ComponentMissing, []string{head}},
		"B-01 empty is signed as empty":      {cavage.Draft12, reason.OK, []string{list("(request-target) date x-e", "(request-target): get /a?b\ndate: "+date+"\nx-e: "), "date: " + date, "x-e: "}},
		"B-01 two lines are joined":          {cavage.Draft12, reason.OK, []string{list("(request-target) date x-e", "(request-target): get /a?b\ndate: "+date+"\nx-e: 1, 2"), "date: " + date, "x-e: 1", "x-e:  2 "}},
		"B-05 spaces within stay":            {cavage.Draft12, reason.OK, []string{list("(request-target) date x-e", "(request-target): get /a?b\ndate: "+date+"\nx-e: 1  2,\t3"), "date: " + date, "x-e: 1  2,\t3"}},
		"B-06 a name in upper case":          {cavage.Draft12, reason.SignatureMalformed, []string{list("(request-target) Date", "(request-target): get /a?b\ndate: "+date), "date: " + date}},
		"B-06 a name twice":                  {cavage.Draft12, reason.SignatureMalformed, []string{list("(request-target) date date", "(request-target): get /a?b\ndate: "+date+"\ndate: "+date), "date: " + date}},
		"B-06 65 names":                      {cavage.Draft12, reason.SignaturesTooMany, append(lines, list(strings.Join(many, " "), ""))},
		"B-06 no names":                      {cavage.Draft12, reason.SignatureMalformed, []string{list("", ""), "date: " + date}},
		"B-09 an empty signature":            {cavage.Draft12, reason.SignatureMalformed, []string{strings.Replace(head, good, "", 1), "date: " + date}},
		"B-09 a shorter one":                 {cavage.Draft12, reason.SignatureInvalid, []string{strings.Replace(head, good, "AAAA", 1), "date: " + date}},
		"B-10 without padding":               {cavage.Draft12, reason.SignatureMalformed, []string{strings.Replace(head, good, strings.TrimRight(good, "="), 1), "date: " + date}},
		"B-12 no algorithm":                  {cavage.Draft12, reason.SignatureMalformed, []string{strings.Replace(head, `algorithm="hmac-sha256",`, "", 1), "date: " + date}},
		"B-12 hmac-sha1 has to be asked for": {cavage.Draft12, reason.AlgorithmNotAllowed, []string{strings.Replace(head, "sha256", "sha1", 1), "date: " + date}},
		"D-12 no list":                       {cavage.Draft12, reason.ComponentMissing, []string{strings.Replace(head, `headers="(request-target) date",`, "", 1), "date: " + date}},
		"D-12 no request target":             {cavage.Draft12, reason.ComponentNotCovered, []string{list("date", "date: "+date), "date: " + date}},
		"D-12 a fresh unsigned x-date":       {cavage.Kong, reason.SignatureExpired, []string{kong("@request-target date", "@request-target: get /a?b\ndate: "+stale), "date: " + stale, "x-date: " + date}},
		"D-12 a signed x-date counts":        {cavage.Kong, reason.OK, []string{kong("@request-target x-date", "@request-target: get /a?b\nx-date: "+date), "date: " + stale, "x-date: " + date}},
		"D-12 x-date is Kong's alone":        {cavage.Draft12, reason.ComponentNotCovered, []string{list("(request-target) x-date", "(request-target): get /a?b\nx-date: "+stale), "date: " + date, "x-date: " + stale}},
		"D-12 and so with APISIX":            {cavage.APISIX, reason.ComponentNotCovered, []string{list("@request-target x-date", "c\nGET /a?b\nx-date: "+stale+"\n"), "date: " + date, "x-date: " + stale}},
		"D-13 (created) with hmac-sha256":    {cavage.Draft12, reason.ComponentUnsupported, []string{strings.Replace(list("(request-target) (created)", ""), `keyId="c"`, `keyId="c",created=1767225600`, 1)}},
		"it expires in 1970":                 {cavage.Draft12, reason.SignatureExpired, []string{`authorization: Signature keyId="c",algorithm="hs2019",created=1767225600,expires=0,headers="(request-target) (created) (expires)",signature="AAAA"`}},
		"D-13 rsa-sha256 with a secret":      {cavage.Draft12, reason.SignatureInvalid, []string{strings.Replace(head, "hmac-sha256", "rsa-sha256", 1), "date: " + date}},
		"D-13 another client's algorithm":    {cavage.Draft12, reason.AlgorithmNotAllowed, []string{strings.Replace(head, "hmac-sha256", "none", 1), "date: " + date}},
		"D-14 a parameter twice":             {cavage.Draft12, reason.SignatureMalformed, []string{with(`keyId="c",keyId="c"`), "date: " + date}},
		"D-14 unquoted":                      {cavage.Draft12, reason.SignatureMalformed, []string{with(`keyId=c`), "date: " + date}},
		"D-14 an escaped quote":              {cavage.Draft12, reason.SignatureMalformed, []string{with(`keyId="c\""`), "date: " + date}},
		"D-14 unknown":                       {cavage.Draft12, reason.SignatureMalformed, []string{with(`keyId="c",opaque="x"`), "date: " + date}},
		"D-14 in both header fields":         {cavage.Draft12, reason.SeveralCredentials, []string{head, strings.Replace(head, "authorization: Signature ", "signature: ", 1), "date: " + date}},
		"D-14 two lines":                     {cavage.Draft12, reason.SeveralCredentials, []string{head, head, "date: " + date}},
		"D-14 two lines that a proxy joined": {cavage.Draft12, reason.SeveralCredentials, []string{head + "," + strings.TrimPrefix(head, "authorization: "), "date: " + date}},
		"D-14 the same with Kong":            {cavage.Kong, reason.SeveralCredentials, []string{kong("@request-target date", "@request-target: get /a?b\ndate: "+date) + " , \thmac x", "date: " + date}},
		"D-14 with another scheme's":         {cavage.Draft12, reason.SignatureMalformed, []string{head + ", Bearer x", "date: " + date}},
		"D-24 request-line without HTTP/1":   {cavage.Kong, reason.ComponentUnsupported, []string{kong("request-line date", "GET /a?b HTTP/2\ndate: "+date), "date: " + date}},
		"two dates":                          {cavage.Draft12, reason.SeveralCredentials, []string{list("(request-target) date", "(request-target): get /a?b\ndate: "+date+", "+date), "date: " + date, "date: " + date}},
		"another scheme":                     {cavage.Draft12, reason.Missing, []string{"authorization: Bearer x"}},
		"another dialect":                    {cavage.Kong, reason.Missing, []string{head, "date: " + date}},
	} {
		t.Run(law, func(t *testing.T) {
			if _, code := get(t, cavage.Config{Dialect: c.dialect}, c.lines...); code != c.want {
				t.Errorf("%s, want %s", code, c.want)
			}
		})
	}
}

// TestASignedTimeIsOneThatIsRead: where the time is not among what must be listed, no
// request can be remembered by it (P-05).
func TestASignedTimeIsOneThatIsRead(t *testing.T) {
	for _, c := range []struct {
		dialect   cavage.Dialect
		component string
		timed     bool
	}{
		{cavage.Draft12, "date", true},
		{cavage.Draft12, "(created)", true},
		{cavage.Draft12, "x-date", false},
		{cavage.APISIX, "x-date", false},
		{cavage.Kong, "x-date", true},
		{cavage.Kong, "host", false},
	} {
		if got := cavage.New(cavage.Config{Dialect: c.dialect, Components: []string{c.component}}).Traits().Timed; got != c.timed {
			t.Errorf("dialect %d, %s: %t", c.dialect, c.component, got)
		}
	}
}

// FuzzRead: no credential panics, and none passes but the one that was signed.
func FuzzRead(f *testing.F) {
	good := mac("(request-target): get /a?b\ndate: " + date)
	for _, s := range []string{
		`Signature keyId="c",algorithm="hmac-sha256",headers="(request-target) date",signature="` + good + `"`,
		`hmac username="c", algorithm="hmac-sha256", headers="date", signature="` + good + `"`,
		`Signature keyId="c",algorithm="hs2019",created=1,expires=2,headers="(created) (expires) host digest",signature="AAAA"`,
		`Signature ,,=`, `Signature keyId="`, `hmac `, "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, credential string) {
		for _, dialect := range dialects {
			state, code := get(t, cavage.Config{Dialect: dialect}, "authorization: "+credential, "date: "+date)
			if (state == signed.Proved) != (code == reason.OK) {
				t.Fatalf("%v with %s", state, code)
			}
			if state == signed.Proved && !strings.Contains(credential, good) {
				t.Fatalf("%q passes", credential)
			}
		}
	})
}

// TestT06DatesOfHTTP: a date is written in one way, and is one of the calendar. All of these
// are well signed.
func TestT06DatesOfHTTP(t *testing.T) {
	for text, want := range map[string]reason.Code{
		date:                               reason.OK,
		"Wed, 31 Dec 2025 23:55:00 GMT":    reason.OK,
		"Wed, 31 Dec 2025 23:54:59 GMT":    reason.SignatureExpired,
		"Thu, 01 Jan 2026 00:05:00 GMT":    reason.OK,
		"Thu, 01 Jan 2026 00:05:01 GMT":    reason.SignatureInFuture,
		"Thursday, 01-Jan-26 00:00:00 GMT": reason.TimestampMalformed, // RFC 850
		"Thu Jan  1 00:00:00 2026":         reason.TimestampMalformed, // asctime
		"Fri, 01 Jan 2026 00:00:00 GMT":    reason.OK,                 // it was a Thursday: the name of a day says nothing
		"Thu, 01 Jan 2026 00:00:00 +0000":  reason.TimestampMalformed,
		"Thu, 01 Jan 2026 00:00:00 UTC":    reason.TimestampMalformed,
		"Wed, 31 Dec 2025 23:59:60 GMT":    reason.TimestampMalformed,
		"Thu, 01 Jan 26 00:00:00 GMT":      reason.TimestampMalformed,
		"Thu, 1 Jan 2026 00:00:00 GMT":     reason.TimestampMalformed,
		"Thu, 01 jan 2026 00:00:00 GMT":    reason.TimestampMalformed,
		"Wed, 31 Dec 2025 24:00:00 GMT":    reason.TimestampMalformed,
		"Sun, 30 Feb 2025 00:00:00 GMT":    reason.TimestampMalformed,
		"1767225600":                       reason.TimestampMalformed,
	} {
		credential := `authorization: Signature keyId="c",algorithm="hmac-sha256",headers="(request-target) date",signature="` + mac("(request-target): get /a?b\ndate: "+text) + `"`
		if _, code := get(t, cavage.Config{}, credential, "date: "+text); code != want {
			t.Errorf("%q: %s, want %s", text, code, want)
		}
	}
}

// TestD13HS2019LeavesTheAlgorithmToTheKey: with an RSA key it is RSASSA-PSS over SHA-512,
// neither PKCS#1 v1.5 nor a MAC under the public key's text; with a secret it is a MAC.
func TestD13HS2019LeavesTheAlgorithmToTheKey(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	set, _, err := jwk.Parse(public, jwk.Limits{MaxBytes: 4096, MaxKeys: 1})
	if err != nil {
		t.Fatal(err)
	}
	const text = "(request-target): get /a?b\ndate: " + date
	long, short := sha512.Sum512([]byte(text)), sha256.Sum256([]byte(text))
	pss, err := rsa.SignPSS(rand.Reader, private, crypto.SHA512, long[:], &rsa.PSSOptions{SaltLength: 64})
	if err != nil {
		t.Fatal(err)
	}
	pkcs512, err := rsa.SignPKCS1v15(nil, private, crypto.SHA512, long[:])
	if err != nil {
		t.Fatal(err)
	}
	pkcs256, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, short[:])
	if err != nil {
		t.Fatal(err)
	}
	forged := hmac.New(sha512.New, public)
	forged.Write([]byte(text))
	shared := hmac.New(sha512.New, []byte(secret))
	shared.Write([]byte(text))
	for law, c := range map[string]struct {
		secret    bool
		algorithm string
		signature []byte
		want      reason.Code
	}{
		"hs2019, PSS":                         {false, "hs2019", pss, reason.OK},
		"hs2019, PKCS#1 with SHA-512":         {false, "hs2019", pkcs512, reason.SignatureInvalid},
		"hs2019, PKCS#1 with SHA-256":         {false, "hs2019", pkcs256, reason.SignatureInvalid},
		"hs2019, a MAC under the public key":  {false, "hs2019", forged.Sum(nil), reason.SignatureInvalid},
		"rsa-sha256, PKCS#1":                  {false, "rsa-sha256", pkcs256, reason.OK},
		"rsa-sha256, PSS":                     {false, "rsa-sha256", pss, reason.SignatureInvalid},
		"hmac-sha512, a MAC, with an RSA key": {false, "hmac-sha512", forged.Sum(nil), reason.SignatureInvalid},
		"hs2019, a MAC under a secret":        {true, "hs2019", shared.Sum(nil), reason.OK},
		"hs2019, PSS with a secret":           {true, "hs2019", pss, reason.SignatureInvalid},
	} {
		scheme := cavage.New(cavage.Config{})
		provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms, Tolerance: 300e9}
		var k *signed.Key
		if c.secret {
			k, err = signed.NewSecret([]byte(secret), provider.Algorithms)
		} else {
			k, err = signed.NewPublic(set.Key(0), provider.Algorithms)
		}
		if err != nil {
			t.Fatal(err)
		}
		k.ID = "c"
		provider.Keys = []*signed.Key{k}
		var view request.View
		if code := view.Read([]request.Header{
			{Name: ":method", Value: "GET"},
			{Name: ":scheme", Value: "https"},
			{Name: ":authority", Value: "h"},
			{Name: ":path", Value: "/a?b"},
			{Name: "date", Value: date},
			{Name: "authorization", Value: `Signature keyId="c",algorithm="` + c.algorithm + `",headers="(request-target) date",signature="` + base64.StdEncoding.EncodeToString(c.signature) + `"`},
		}, request.PathRaw); code != reason.OK {
			t.Fatal(code)
		}
		var a signed.Attempt
		if state, code := a.Judge(provider, &signed.Request{View: &view, Now: now * 1e9}, &signed.Body{Ended: true}); code != c.want || (state == signed.Proved) != (c.want == reason.OK) {
			t.Errorf("%s: %s, want %s", law, code, c.want)
		}
	}
}
