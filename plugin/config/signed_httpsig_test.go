package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// The public key of RFC 9421 B.1.4, and its thumbprint.
const (
	botKey   = `"public_key":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}}`
	botPrint = "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"
)

// messageSignatures is a configuration with one provider of RFC 9421.
func messageSignatures(member, common, keys string) string {
	return `{"providers":{"p":{"signed_request":{"http_message_signatures":{` + member + `},` + common + `"keys":[` + keys + `]}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`
}

func TestMessageSignaturesThatCannotBe(t *testing.T) {
	const secret = `{"id":"k","secret":{"inline":"secret"}}`
	const bot = `{` + botKey + `}`
	for law, c := range map[string]struct{ member, common, keys, want string }{
		"an unknown component":            {``, `"require":{"components":["@body"]},`, secret, `http_message_signatures: "@body" is no component that a request has (require.components)`},
		"a part of a response":            {``, `"require":{"components":["@status"]},`, secret, `http_message_signatures: "@status" is no component that a request has (require.components)`},
		"a component in upper case":       {``, `"require":{"components":["Date"]},`, secret, `http_message_signatures: "Date" is no component that a request has (require.components)`},
		"65 components":                   {``, `"require":{"components":["date"` + strings.Repeat(`,"date"`, 64) + `]},`, secret, `http_message_signatures: requires more components, or longer ones, than a signature may cover (require.components)`},
		"a label that is none":            {`"label":"Sig"`, ``, secret, `http_message_signatures.label: a label begins with a lower-case letter and goes on with those, digits, and any of _-.*`},
		"an unknown profile":              {`"profile":"bots"`, ``, bot, `http_message_signatures.profile: want "web-bot-auth", not "bots"`},
		"an unknown member":               {`"tags":"a"`, ``, secret, `http_message_signatures.tags: unknown key; did you mean "tag"?`},
		"no created in the profile":       {`"profile":"web-bot-auth"`, `"require":{"created":false},`, bot, `http_message_signatures.profile: needs signatures that say when they were made (require.created)`},
		"a secret in the profile":         {`"profile":"web-bot-auth"`, ``, secret, `keys[0].secret: none of the algorithms can be verified with it (ed25519, ecdsa-p256-sha256, ecdsa-p384-sha384, rsa-v1_5-sha256, rsa-pss-sha512)`},
		"another id in the profile":       {`"profile":"web-bot-auth"`, ``, `{"id":"bot",` + botKey + `}`, `keys[0].id: web-bot-auth names a key by its RFC 7638 thumbprint, and takes no shared secret: this one's is "` + botPrint + `"`},
		"no id out of the profile":        {``, ``, bot, `keys[0].id: is required`},
		"a secret for a public algorithm": {``, `"require":{"algorithms":["ed25519"]},`, secret, `keys[0].secret: none of the algorithms can be verified with it (ed25519)`},
		"an algorithm that it has not":    {``, `"require":{"algorithms":["hmac-sha512"]},`, secret, `require: the scheme takes none of these algorithms`},
		"a notification_url":              {``, `"notification_url":"https://a.example/x",`, secret, `http_message_signatures: knows no notification_url: public_base_url says where senders see the service`},
		"a query in public_base_url":      {``, `"public_base_url":"https://a.example/?x",`, secret, `http_message_signatures: takes a scheme and an authority as public_base_url, and perhaps a path, but no query`},
		"replay by an id that it has not": {``, `"replay":{"by":"id"},`, secret, `replay.by: requests of this scheme carry no id`},
		"replay by what bears no time":    {``, `"require":{"created":false},"replay":{"by":"signature"},`, secret, `replay.by: requests of this scheme carry no signed time, so that none can be forgotten; "id" remembers ids for the tolerance`},
	} {
		_, problems := Parse([]byte(messageSignatures(c.member, c.common, c.keys)), environ)
		if got := said(problems); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s:\n got %q\nwant %q", law, got, c.want)
		}
	}
}

func TestMessageSignatures(t *testing.T) {
	const secret = `{"id":"k","secret":{"inline":"secret"}}`
	for law, text := range map[string]string{
		"nothing said":          messageSignatures(``, ``, secret),
		"tag and label":         messageSignatures(`"tag":"a","label":"sig1","allow_empty_components":true`, ``, secret),
		"components":            messageSignatures(``, `"require":{"components":["@target-uri","content-type;bs","@query-param;name=\"a\""],"body":false,"nonce":true},`, secret),
		"no components":         messageSignatures(``, `"require":{"components":[]},`, secret),
		"a public address":      messageSignatures(``, `"public_base_url":"https://api.example.com/v1/",`, secret),
		"the profile, by print": messageSignatures(`"profile":"web-bot-auth"`, ``, `{"id":"`+botPrint+`",`+botKey+`}`),
		"the profile":           messageSignatures(`"profile":"web-bot-auth"`, ``, `{`+botKey+`}`),
	} {
		cfg, problems := Parse([]byte(text), environ)
		if problems != nil {
			t.Errorf("%s: %v", law, problems)
			continue
		}
		s := cfg.Providers[0].Signed
		if s == nil || s.Replay.By != ReplayNonce || s.Replay.Required || len(s.Verify.Keys) != 1 {
			t.Errorf("%s: %+v", law, s)
			continue
		}
		if k := s.Verify.Keys[0]; k.ID != "k" && k.ID != botPrint || k.Algorithms().Only() == signed.NoAlgorithm {
			t.Errorf("%s: key %q", law, k.ID)
		}
	}
}

func TestPublicAddress(t *testing.T) {
	for text, want := range map[string][3]string{
		"https://a.example":          {"https", "a.example", ""},
		"http://a.example:8080/":     {"http", "a.example:8080", ""},
		"https://a.example/v1/b//":   {"https", "a.example", "/v1/b"},
		"https://[2001:db8::1]:1/v1": {"https", "[2001:db8::1]:1", "/v1"},
		"":                           {},
	} {
		if o, ok := origin(text); !ok || [3]string{o.Scheme, o.Authority, o.Path} != want {
			t.Errorf("%s: %+v, %v", text, o, ok)
		}
	}
	if _, ok := origin("https://a.example/b?c"); ok {
		t.Error("a query is taken")
	}
}
