package cavage_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

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
		"D-14 two lines that a proxy joined": {cavage.Draft12, reason.SignatureMalformed, []string{head + "," + strings.TrimPrefix(head, "authorization: "), "date: " + date}},
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
