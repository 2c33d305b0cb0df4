package config

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jsonx"
)

// TestSecretsHaveOneOfThreeForms: the bytes meant, or one problem that quotes nothing.
func TestSecretsHaveOneOfThreeForms(t *testing.T) {
	const hidden = "hunter2"
	environment := map[string]string{
		"PLAIN": hidden, "EMPTY": "", "LINE": hidden + "\n", "CRLF": hidden + "\r\n", "BYTES": "\x00\xff" + hidden,
		"PEM": "\ufeff -----BEGIN PUBLIC KEY-----\n" + hidden, "LONG": strings.Repeat("x", 4097), "LONGEST": strings.Repeat("x", 4096),
	}
	for _, tc := range []struct{ law, text, want, problem, warning string }{
		{"a text is its bytes", `{"inline":"hunter2"}`, hidden, "", ""},
		{"a text is its bytes in UTF-8", `{"inline":"\u00e9\u0000"}`, "\xc3\xa9\x00", "", ""},
		{"base64 is decoded", `{"inline_base64":"aHVudGVyMg=="}`, hidden, "", ""},
		{"the other spelling of the key", `{"inlineBase64":"aHVudGVyMg=="}`, hidden, "", ""},
		{"base64 without padding", `{"inline_base64":"aHVudGVyMg"}`, hidden, "", ""},
		{"base64 in either alphabet", `{"inline_base64":"-_8="}`, "\xfb\xff", "", ""},
		{"a variable", `{"env":"PLAIN"}`, hidden, "", ""},
		{"a variable is taken byte for byte", `{"env":"BYTES"}`, "\x00\xff" + hidden, "", ""},
		{"a line break at a variable's end counts, with a warning", `{"env":"LINE"}`, hidden + "\n", "", "secret.env: the variable's value ends in a line break, which is taken as part of the secret"},
		{"so does one of two bytes", `{"env":"CRLF"}`, hidden + "\r\n", "", "secret.env: the variable's value ends in a line break, which is taken as part of the secret"},
		{"4096 bytes", `{"env":"LONGEST"}`, environment["LONGEST"], "", ""},
		{"4097 bytes", `{"env":"LONG"}`, "", "secret.env: a secret has at most 4096 bytes", ""},
		{"K-06: an empty text", `{"inline":""}`, "", "secret.inline: must not be empty", ""},
		{"K-06: nothing in base64", `{"inline_base64":""}`, "", "secret.inline_base64: must not be empty", ""},
		{"K-06: padding alone", `{"inline_base64":"="}`, "", "secret.inline_base64: must not be empty", ""},
		{"K-06: an empty variable", `{"env":"EMPTY"}`, "", "secret.env: names an environment variable that is empty", ""},
		{"no name of a variable", `{"env":""}`, "", "secret.env: must not be empty", ""},
		{"a variable that is not set", `{"env":"hunter2"}`, "", "secret.env: names an environment variable that is not set (see environment_variables in Envoy's vm_config)", ""},
		{"what is not base64", `{"inline_base64":"hunter2!"}`, "", "secret.inline_base64: is not base64", ""},
		{"base64 with trailing bits", `{"inline_base64":"aHVudGVyMh=="}`, "", "secret.inline_base64: is not base64", ""},
		{"J-03: a PEM block, wherever it begins", `{"env":"PEM"}`, "", "secret.env: holds a PEM block, which is no secret to compute with", ""},
		{"J-03: a PEM block in base64", `{"inline_base64":"AC0tLS0tQkVHSU4gWC0tLS0t"}`, "", "secret.inline_base64: holds a PEM block, which is no secret to compute with", ""},
		{"a secret that stands by itself", `"hunter2"`, "", "secret: want an object, not a string", ""},
		{"two forms", `{"inline":"hunter2","env":"PLAIN"}`, "", "secret.env: only one of inline, inline_base64, env may be given", ""},
		{"no form", `{}`, "", "secret: one of inline, inline_base64, env is required", ""},
		{"a form that is none", `{"file":"hunter2"}`, "", "secret: unknown key", ""},
		{"a secret that is a key, as {hunter2} is in YAML", `{"hunter2":null}`, "", "secret: unknown key", ""},
		{"a form that is misspelt", `{"inlin":"hunter2"}`, "", "secret: unknown key; did you mean \"inline\"?", ""},
		{"another type", `{"inline":["hunter2"]}`, "", "secret.inline: want a string, not a list", ""},
	} {
		b := &builder{out: &findings{}, env: func(name string) (string, bool) { s, ok := environment[name]; return s, ok }}
		root, err := jsonx.Read([]byte(`{"secret":`+tc.text+`}`), jsonx.Limits{MaxBytes: 1 << 16, MaxDepth: 8})
		if err != nil {
			t.Fatal(tc.law, err)
		}
		o := value{json: root, out: b.out}.object()
		got := b.secret(o.get("secret"))
		if tc.problem == "" && string(got) != tc.want {
			t.Errorf("%s: %q", tc.law, got)
		}
		hold(t, tc.law, "problems", b.out.errors, tc.problem)
		hold(t, tc.law, "warnings", b.out.warnings, tc.warning)
		for _, p := range append(b.out.errors, b.out.warnings...) {
			if strings.Contains(p.String(), hidden) || strings.Contains(p.String(), "aHVudGVy") {
				t.Errorf("%s: quoted: %s", tc.law, p)
			}
		}
	}
}

// hold compares a list of at most one finding with what it should begin with.
func hold(t *testing.T, law, what string, list []Problem, want string) {
	t.Helper()
	if want == "" && len(list) > 0 || want != "" && (len(list) == 0 || !strings.HasPrefix(list[0].String(), want)) {
		t.Errorf("%s: %s %v", law, what, list)
	}
}

// TestNothingThatMayBeACredentialIsQuoted: a credential in the wrong place is told by its
// place alone, since the module logs what is wrong.
func TestNothingThatMayBeACredentialIsQuoted(t *testing.T) {
	const (
		user   = `https://me:hunter2@hooks.example/`
		signed = `{"providers":{"p":{"signed_request":{%}}},"rules":[]}`
		tokens = `{"providers":{"p":{"issuer":"i",%}},"rules":[]}`
		match  = `{"rules":[{"match":{%},"requires":{}}]}`
		hooks  = `"preset":"github","keys":[{"id":"a","secret":{"inline":"s"}}],`
		secret = `"preset":"github","keys":[{"id":"a","secret":`
	)
	for _, c := range []struct{ in, members string }{
		{signed, hooks + `"public_base_url":"` + user + `"`},
		{signed, hooks + `"notification_url":"` + user + `"`},
		{signed, hooks + `"public_base_url":"me:hunter2@hooks.example"`},
		{signed, `"template":{"public_base_url":"` + user + `","notification_url":"ftp://hunter2@h"}`},
		{signed, `"signed_url":{"dialect":"akamai","token_name":"hdnts=hmac=hunter2"},"keys":[]`},
		{signed, `"signed_url":{"dialect":"akamai","salt":{"hunter2":null}},"keys":[]`},
		{signed, secret + `{"hunter2":null}}]`},
		{signed, secret + `{"env":"hunter2"}}]`},
		{signed, secret + `"hunter2"}]`},
		{signed, `"preset":"discord","keys":[{"id":"a","public_key":{"text":"hunter2"}}]`},
		{tokens, `"local_jwks":{"environment_variable":"{\"keys\":[{\"kty\":\"oct\",\"k\":\"hunter2\"}]}"}`},
		{tokens, `"local_jwks":{"inline_string":"hunter2"}`},
		{tokens, `"remote_jwks":{"http_uri":{"uri":"` + user + `","cluster":"c"}}`},
		{tokens, `"discovery":{"uri":"` + user + `","cluster":"c"}`},
		{tokens, `"local_jwks":{},"from_cookies":["session=hunter2"]`},
		{tokens, `"local_jwks":{},"from_headers":[{"name":"Authorization: Bearer hunter2"}]`},
		{match, `"hosts":["` + user + `"]`},
		{match, `"path_separated_prefix":"/a?token=hunter2"`},
		{`{"limits":{"shared_data_secret":%}}`, `{"hunter2":null}`},
	} {
		_, problems := Parse([]byte(strings.Replace(c.in, "%", c.members, 1)), nil)
		if len(problems) == 0 {
			t.Errorf("%s: passes", c.members)
		}
		for _, p := range problems {
			if strings.Contains(p.String(), "hunter2") {
				t.Errorf("%s: %s", c.members, p)
			}
		}
	}
}
