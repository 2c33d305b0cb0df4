package signedurl_test

import (
	"crypto/md5"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/signedurl"
	"github.com/postern-wasm/postern/tools/vectors/vectest"
)

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
	run(t, nginx("$secure_link_expires$host$uri $secret"), map[string]attack{
		"nginx makes a host's case lower, and takes its port off": {"/a?expires=1767225660&" + link("1767225660h.example/a "+secret), reason.OK, []string{"authority: H.Example:8443"}},
		"another host": {"/a?expires=1767225660&" + link("1767225660h.example/a "+secret), reason.SignatureInvalid, []string{"authority: i.example"}},
	})
	end := link("/f11767225660 " + secret)
	run(t, nginx("$uri$secure_link_expires $secret"), map[string]attack{
		"B-02 a path and its end":             {"/f1?" + end + "&expires=1767225660", reason.OK, nil},
		"B-02 a digit of the path in it":      {"/f?" + end + "&expires=11767225660", reason.TimestampMalformed, nil},
		"B-02 a digit of the end in the path": {"/f11?" + end + "&expires=767225660", reason.SignatureExpired, nil},
	})
	run(t, nginx("$secure_link_expires$arg_u$uri $secret"), map[string]attack{
		"B-02 an argument's digit in the end": {"/a?expires=17672256601&u=x&" + link("17672256601x/a "+secret), reason.TimestampMalformed, nil},
	})
	for expression, want := range map[string]string{
		"": "$secret", "$uri": "$secret", "$uri$secret$secret": "$secret", "$secret": "$uri", "$uri$secret$": "no variable", "$uri$secret${x": "no variable",
		"$uri$secret$cookie_x": "$cookie_x", "$uri$secret$arg_": "$arg_", strings.Repeat("$uri", 40) + "$secret": "32",
	} {
		if _, err := signedurl.New(nginx(expression)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", expression, err)
		}
	}
	for expression, movable := range map[string]bool{
		"$uri$arg_u $secret": true, "$arg_u$uri $secret": true, "$http_x$uri $secret": true, "$arg_u$arg_v $uri $secret": true,
		"$uri$remote_addr $secret": true, "$uri$uri $secret": true, "$uri$host $secret": true, "$uri|$arg_u|$secret": false,
		"$host$uri $secret": false, "$http_host$uri $secret": false, "$request_method$uri $secret": false, "$uri$secure_link_expires $secret": false,
		"$arg_expires$uri$secret$arg_u": false, signedurl.DefaultExpression: false, // nginx' own
	} {
		s, err := signedurl.New(nginx(expression))
		if err != nil || strings.Contains(strings.Join(s.Warnings(), ""), "side by side") != movable {
			t.Errorf("B-02 %q: %v %q", expression, err, s.Warnings())
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
	for _, base := range []string{"/", "x", "https://", "https:///a", "://h", "https://h?x", "https://h/a?x"} {
		if _, err := signedurl.New(signedurl.Config{PublicBase: base}); err == nil {
			t.Errorf("%q is taken", base)
		}
	}
}

// FuzzRead: no URL and no cookie panics, and none passes: nobody has signed it.
func FuzzRead(f *testing.F) {
	for file := range dialects {
		for _, v := range vectest.Load[vector](f, file) {
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
			v := vector{Case: vectest.Case{Now: now}}
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
			provider.Keys = []*signed.Key{vectest.Key(t, "my-key", alg, material, provider.Algorithms)}
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
		v := vectest.Load[vector](b, file)[0]
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
