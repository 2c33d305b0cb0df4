package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/verify/signed/template"
)

// signedText is a configuration with one provider of signed requests.
func signedText(members string) string {
	return `{"providers":{"p":{"signed_request":{` + members + `,"keys":[{"id":"k","secret":{"inline":"secret"}}]}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`
}

// said are problems without the path that all of them have.
func said(problems []Problem) []string {
	var list []string
	for _, p := range problems {
		list = append(list, strings.TrimPrefix(p.Path, "providers.p.signed_request.")+": "+p.Text)
	}
	return list
}

// TestTemplatesThatCannotBe: each mistake is one message that names its place.
func TestTemplatesThatCannotBe(t *testing.T) {
	const sig = `"algorithm":"hmac-sha256","signature":{"header":"x-sig"},`
	for law, c := range map[string]struct{ template, want string }{
		"an unknown piece":                   {sig + `"base":"{timestmp}{body}"`, `template.base: has an unknown piece {timestmp}; did you mean "timestamp"?`},
		"no such piece at all":               {sig + `"base":"{whatever}"`, `template.base: has an unknown piece {whatever}`},
		"a brace that is not closed":         {sig + `"base":"{body"`, `template.base: has a "{" without "}"; "{{" is a brace`},
		"the body twice":                     {sig + `"base":"{body}{body}"`, `template.base: has the body twice`},
		"the body and its digest":            {sig + `"base":"{body:sha256:hex}{body}"`, `template.base: has the body twice`},
		"an unknown hash":                    {sig + `"base":"{body:md5:hex}"`, `template.base: wants {body:sha256:hex}, with sha1, sha256, sha384 or sha512, and hex, base64 or base64url`},
		"a header that is none":              {sig + `"base":"{header:X A}{body}"`, `template.base: names a header that is none: X A`},
		"a header twice":                     {sig + `"base":"{headers:a;a}{body}"`, `template.base: names a header twice: a`},
		"no base":                            {`"algorithm":"hmac-sha256","signature":{"header":"x-sig"}`, `template.base: is required`},
		"an empty base":                      {sig + `"base":""`, `template.base: must not be empty`},
		"no signature":                       {`"algorithm":"hmac-sha256","base":"{body}"`, `template.signature: is required`},
		"no algorithm":                       {`"signature":{"header":"x-sig"},"base":"{body}"`, `template.signature: needs an algorithm: its own, or the template's`},
		"an unknown algorithm":               {`"algorithm":"hmac-sha265","signature":{"header":"x-sig"},"base":"{body}"`, `template.algorithm: no algorithm "hmac-sha265"; did you mean "hmac-sha256"?`},
		"an algorithm of another scheme":     {`"algorithm":"md5","signature":{"header":"x-sig"},"base":"{body}"`, `template.algorithm: no algorithm "md5"`},
		"a signature nowhere":                {`"algorithm":"hmac-sha256","signature":{"prefix":"a"},"base":"{body}"`, `template.signature: one of header, query, cookie, parameter, body_member is required`},
		"a signature in two places":          {`"algorithm":"hmac-sha256","signature":{"header":"a","query":"b"},"base":"{body}"`, `template.signature.query: only one of header, query, cookie, parameter, body_member may be given`},
		"a signature in the body":            {`"algorithm":"hmac-sha256","signature":{"body_member":"a"},"base":"{body}"`, `template.signature: cannot stand in the body`},
		"half a list":                        {`"algorithm":"hmac-sha256","signature":{"header":"a","list":{"separator":","}},"base":"{body}"`, `template.signature.list.key_value: is required`},
		"last of a header":                   {`"algorithm":"hmac-sha256","signature":{"header":"a","last":true},"base":"{body}"`, `template.signature: can be the last of a query only`},
		"an unknown member":                  {sig + `"bases":"{body}"`, `template.bases: unknown key; did you mean "base"?`},
		"a piece without its place":          {sig + `"base":"{nonce}.{body}"`, `template.base: has {nonce}, and the template no nonce`},
		"a time that is not signed":          {sig + `"timestamp":{"header":"x-ts"},"base":"{body}"`, `template.timestamp: is not in the base: whoever sends a request again could change it`},
		"a nonce that is not signed":         {sig + `"nonce":{"header":"x-n"},"base":"{body}"`, `template.nonce: is not in the base: whoever sends a request again could change it`},
		"a digest that is not signed (Y-08)": {sig + `"digest":{"header":"digest"},"base":"{target}"`, `template.digest: is not in the base: whoever changes the body could change it`},
		"a list of headers in no base":       {sig + `"signed_headers":{"header":"x-l"},"base":"{body}"`, `template.base: has neither {signed_headers:values} nor {signed_headers:lines}`},
		"a parameter that is not signed":     {`"algorithm":"hmac-sha256","signature":{"parameter":"s"},"base":"{body}"`, `template.signature: stands in a form that the base has nothing of ({parameters:minus:NAME})`},
		"too many texts":                     {sig + `"base":["{body}","a{body}","b{body}","c{body}","d{body}"]`, `template.base: with 1 places of signatures makes more than 4 texts to verify`},
		"a base URL with a query":            {sig + `"public_base_url":"https://h?x=1","base":"{url}{body}"`, `template.public_base_url: has a query`},
		"a challenge that is none":           {sig + `"challenge":"a\r\nb","base":"{body}"`, `template.challenge: is no name that a scheme can have (RFC 9110 §11.1)`},
		"B-08 a base URL with a user":        {sig + `"public_base_url":"https://u@h","base":"{url}{body}"`, `template.public_base_url: want an absolute URL without user information or fragment`},
	} {
		t.Run(law, func(t *testing.T) {
			cfg, problems := Parse([]byte(signedText(`"template":{`+c.template+`}`)), nil)
			if got := said(problems); cfg != nil || !slices.Contains(got, c.want) {
				t.Errorf("%q", got)
			}
		})
	}
	_, problems := Parse([]byte(signedText(`"preset":"gihtub"`)), nil)
	if got := said(problems); !slices.Equal(got, []string{`preset: no preset "gihtub"; did you mean "github"?`}) {
		t.Errorf("%q", got)
	}
}

// TestTemplatesThatAreOdd: what can be, and what a reviewer should know of it (B-02, P-11).
func TestTemplatesThatAreOdd(t *testing.T) {
	const sig = `"algorithm":"hmac-sha256","signature":{"header":"x-sig"},`
	lacks := func(what string) string {
		return "template.base: does not cover " + what + ": a request that is signed for one is good for every other that this provider guards"
	}
	const beside = " side by side: what ends the one may begin the other"
	const joins = ", which joins its parts without a border: what ends the one may begin the other"
	const head = "{method} {authority} {target}"
	for template, want := range map[string][]string{
		`"base":"` + head + `\n{body}"`:                                      nil,
		`"base":"{body}"`:                                                    {lacks("method, path, host")},
		`"base":"{method} {authority}\n{body}"`:                              {lacks("path")},
		`"base":"{url}\n{body}"`:                                             {lacks("method")},
		`"base":"{method} {target}\n{body}"`:                                 {lacks("host")},
		`"base":"{method} {target}\n{header:host}\n{body}"`:                  nil,
		`"public_base_url":"https://h","base":"{method} {target}\n{body}"`:   nil,
		`"notification_url":"https://h/x","base":"{method}{url}{body}"`:      {lacks("path, host"), "template.base: has {url} and {body}" + beside},
		`"base":"` + head + `"`:                                              {"template.base: covers no body: requests with one are refused"},
		`"base":"{method}{url}{body}"`:                                       {"template.base: has {url} and {body}" + beside},
		`"base":"` + head + `\n{header:a}{header:b}\n{body}"`:                {"template.base: has {header} and {header}" + beside},
		`"base":"` + head + `\n{header:a}:{header:b}\n{body}"`:               {`template.base: has {header}, which may hold the ":" that is to end it`},
		`"base":"{method} {authority}{path}?{query}\n{body}"`:                nil,
		`"base":"{method}|{authority}|{path}|{body}"`:                        {`template.base: has {path}, which may hold the "|" that is to end it`},
		`"timestamp":{"header":"t"},"base":"{method}{url}{timestamp}{body}"`: nil,
		`"timestamp":{"header":"t"},"base":"{method}{url}:{timestamp}"`:      {"template.base: covers no body: requests with one are refused"},
		`"timestamp":{"header":"t"},"base":"` + head + `\n{header:t}{body}"`: {"template.base: has {header} and {body}" + beside},
		`"id":{"header":"i"},"base":"` + head + `\n{id}.{body}"`:             nil,
		`"base":"` + head + `\n{body:sha256:hex}{header:a}"`:                 nil,
		`"base":"{method} {authority}{path}\n{parameters:minus:s}"`:          {"template.base: has {parameters:minus}" + joins},
		`"base":"{method} {authority}{path}\n{form:sorted}"`:                 {"template.base: has {form:sorted}" + joins},
		`"digest":{"header":"d"},"base":"` + head + `\n{headers:d}"`:         nil,
	} {
		cfg, problems := Parse([]byte(signedText(`"template":{`+sig+template+`}`)), nil)
		if cfg == nil {
			t.Errorf("%s: %v", template, problems)
			continue
		}
		if got := said(cfg.Warnings); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", template, got, want)
		}
	}
}

// TestReplayByAnUnsignedID is possible and said to be weak; P-06, P-11.
func TestReplayByAnUnsignedID(t *testing.T) {
	for members, want := range map[string][]string{
		`"preset":"github","replay":{"by":"id"}`:                   {"replay.by: the id is not signed: whoever sends a request again can give it another"},
		`"preset":"svix","replay":{"by":"id"}`:                     nil,
		`"preset":"github"`:                                        nil,
		`"preset":"slack","require":{"body":false,"created":true}`: nil,
	} {
		text := strings.Replace(signedText(members), `"inline":"secret"`, `"inline_base64":"c2VjcmV0"`, 1)
		cfg, problems := Parse([]byte(text), nil)
		if cfg == nil {
			t.Errorf("%s: %v", members, problems)
			continue
		}
		if got := said(cfg.Warnings); !slices.Equal(got, want) {
			t.Errorf("%s: %q", members, got)
		}
	}
}

// TestPresetsTakeWhatTheProviderSays: its tolerance before the preset's, and no requirement
// that a template has no word for.
func TestPresetsTakeWhatTheProviderSays(t *testing.T) {
	for members, want := range map[string]int64{
		`"preset":"github"`:                  300 * second,
		`"preset":"linear"`:                  60 * second,
		`"preset":"paddle"`:                  5 * second,
		`"preset":"paddle","tolerance":"9s"`: 9 * second,
		`"tolerance":"0s","preset":"linear"`: 0,
	} {
		cfg, problems := Parse([]byte(signedText(members)), nil)
		if cfg == nil {
			t.Errorf("%s: %v", members, problems)
			continue
		}
		if got := cfg.Providers[0].Signed.Verify.Tolerance; got != want {
			t.Errorf("%s: %d", members, got)
		}
	}
	for members, want := range map[string]string{
		`"preset":"github","require":{"created":true}`:     "preset: has no timestamp, which require.created asks for",
		`"preset":"github","require":{"nonce":true}`:       "preset: has no nonce, which require.nonce asks for",
		`"preset":"github","require":{"components":["a"]}`: "preset: what its requests sign is its base; require.components is for schemes whose requests list it",
		`"preset":"github","replay":{"by":"nonce"}`:        "replay.by: requests of this scheme carry no nonce",
		`"preset":"github","replay":{"by":"signature"}`:    "replay.by: requests of this scheme carry no signed time, so that none can be forgotten; \"id\" remembers ids for the tolerance",
		`"preset":"svix"`: "keys[0].secret: is not in the form in which the vendor writes it (base64); inline_base64 takes the bytes themselves",
		`"preset":"github","require":{"algorithms":["hmac-sha1"]}`: "require: the scheme takes none of these algorithms",
	} {
		text := signedText(members)
		if strings.Contains(members, "svix") {
			text = strings.Replace(text, `"inline":"secret"`, `"inline":"no base64!"`, 1)
		}
		_, problems := Parse([]byte(text), nil)
		if got := said(problems); !slices.Contains(got, want) {
			t.Errorf("%s: %q", members, got)
		}
	}
}

// TestPresetTexts: each is a template as it stands, and nobody else's name.
func TestPresetTexts(t *testing.T) {
	for _, p := range template.Presets() {
		text, source, ok := Preset(p.Name)
		if !ok || source == "" {
			t.Errorf("%s is not found", p.Name)
		}
		secret := `"secret":{"inline_base64":"c2VjcmV0"}`
		if strings.Contains(text, `"ed25519"`) && !strings.Contains(text, "hmac") {
			secret = `"public_key":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}`
		}
		if strings.Contains(text, "ecdsa") {
			secret = `"public_key":{"text":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="}`
		}
		for _, members := range []string{`"preset":"` + p.Name + `"`, `"template":` + text} {
			if cfg, problems := Parse([]byte(strings.Replace(signedText(members), `"secret":{"inline":"secret"}`, secret, 1)), nil); cfg == nil {
				t.Errorf("%s: %v", members, problems)
			}
		}
	}
	if _, _, ok := Preset("none"); ok {
		t.Error("a preset that is none is found")
	}
}
