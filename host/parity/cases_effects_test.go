package parity

import (
	"encoding/base64"
	"strings"
)

// effectsGroup: what a proved request carries on, and what no client can claim.
var effectsGroup = group{
	name: "effects", config: `{
  "providers": {
    "corp": {
      "issuer": "https://issuer.test",
      "forward_payload_header": "X-Jwt-Payload",
      "claim_to_headers": [
        {"header_name": "X-User", "claim_name": "sub"},
        {"header_name": "x-roles", "claim_name": "roles"},
        {"header_name": "x-tenant", "claim_name": "tenant.id"},
        {"header_name": "x-account", "claim_name": "account"},
        {"header_name": "x-admin", "claim_name": "admin"},
        {"header_name": "x-level", "claim_name": "https://issuer.test/level"}
      ],
      "local_jwks": {"inline_string": {{set "rsa"}}}
    },
    "second": {
      "issuer": "https://second.test", "from_headers": [{"name": "x-second"}],
      "claim_to_headers": [{"header_name": "x-second-user", "claim_name": "sub"}],
      "local_jwks": {"inline_string": {{set "rsa"}}}
    },
    "third": {"issuer": "https://third.test", "from_headers": [{"name": "x-third"}], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "padded": {
      "issuer": "https://padded.test",
      "forward_payload_header": "x-padded-payload", "pad_forward_payload_header": true,
      "local_jwks": {"inline_string": {{set "rsa"}}}
    }
  },
  "rules": [
    {"match": {"path_separated_prefix": "/either"}, "requires": {"requires_any": {"requirements": [
      {"requires_all": {"requirements": [{"provider_name": "corp"}, {"provider_name": "third"}]}},
      {"provider_name": "second"}]}}},
    {"match": {"path_separated_prefix": "/padded"}, "requires": {"provider_name": "padded"}},
    {"match": {"path_separated_prefix": "/open"}},
    {"match": {"path_separated_prefix": "/optional"}, "requires": {"allow_missing": {}}},
    {"match": {"path_separated_prefix": "/tolerant"}, "requires": {"allow_missing_or_failed": {}}},
    {"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}
  ]
}`,
	cases: []scenario{
		{
			law: "the payload goes on as base64url without padding", send: get("/", bearer(payload(plain))),
			want: allowed(adding("x-jwt-payload", b64([]byte(plain))), adding("x-user", "alice")),
		},
		{
			law: "the payload goes on padded if asked", send: get("/padded", bearer(payload(paddedPlain))),
			want: allowed(adding("x-padded-payload", base64.URLEncoding.EncodeToString([]byte(paddedPlain)))),
		},
		{law: "an integer of 64 bits goes on digit by digit", send: sendClaims(`"account":9007199254740993`), want: claims(`"account":9007199254740993`, "x-account", "9007199254740993")},
		{law: "an integer of 20 digits goes on digit by digit", send: sendClaims(`"account":12345678901234567890`), want: claims(`"account":12345678901234567890`, "x-account", "12345678901234567890")},
		{law: "a number goes on as written: 1.0", send: sendClaims(`"account":1.0`), want: claims(`"account":1.0`, "x-account", "1.0")},
		{law: "a number goes on as written: 1e3", send: sendClaims(`"account":1e3`), want: claims(`"account":1e3`, "x-account", "1e3")},
		{law: "a boolean goes on as a word", send: sendClaims(`"admin":false`), want: claims(`"admin":false`, "x-admin", "false")},
		{law: "a text goes on unescaped", send: sendClaims(`"account":"a\u002fb \"c\""`), want: claims(`"account":"a\u002fb \"c\""`, "x-account", `a/b "c"`)},
		{law: "a list goes on as base64 of its JSON", send: sendClaims(`"roles":["a,b","c"]`), want: claims(`"roles":["a,b","c"]`, "x-roles", std64([]byte(`["a,b","c"]`)))},
		{law: "a claim in a claim is found by its path", send: sendClaims(`"tenant":{"id":"t1"}`), want: claims(`"tenant":{"id":"t1"}`, "x-tenant", "t1")},
		{law: "a claim whose name has dots is found by its name", send: sendClaims(`"https://issuer.test/level":"5"`), want: claims(`"https://issuer.test/level":"5"`, "x-level", "5")},
		{law: "a claim that is null writes no header", send: sendClaims(`"account":null`), want: claims(`"account":null`)},

		{law: "a claim with a line break never becomes a header", send: sendClaims(`"account":"a\r\nx-admin: true"`), want: invalid("claim_unwritable")},
		{law: "a claim with a NUL never becomes a header", send: sendClaims(`"account":"a\u0000b"`), want: invalid("claim_unwritable")},
		{law: "a claim beyond ASCII never becomes a raw header", send: sendClaims(`"account":"é"`), want: invalid("claim_unwritable")},
		{law: "a claim of 9000 bytes never becomes a header", send: sendClaims(`"account":"` + strings.Repeat("x", 9000) + `"`), want: invalid("claim_unwritable")},

		{law: "a client's identity header is replaced", send: get("/", bearer(payload(plain)), line("x-user", "root")), want: plainClaims(without("x-user"))},
		{law: "a client's identity header is replaced in any case and number", send: get("/", bearer(payload(plain)), line("X-USER", "root"), line("x-User", ""), line("x-user", "root")), want: plainClaims(without("x-user"))},
		{law: "a client's identity header is gone where the claim is absent", send: get("/", bearer(payload(plain)), line("x-roles", "admin")), want: plainClaims(without("x-roles"))},
		{law: "a client's payload header is replaced", send: get("/", bearer(payload(plain)), line("x-jwt-payload", "e30")), want: plainClaims(without("x-jwt-payload"))},
		{law: "a client's identity header of another provider is gone too", send: get("/", bearer(payload(plain)), line("x-padded-payload", "e30")), want: plainClaims(without("x-padded-payload"))},
		{law: "a client's identity header is gone on an open path", send: get("/open", line("x-user", "root"), line("x-jwt-payload", "e30")), want: untouched(without("x-user", "x-jwt-payload"))},
		{law: "a client's identity header is gone where a credential is optional", send: get("/optional", line("x-user", "root")), want: untouched(without("x-user"))},
		{law: "a client's identity header is gone where a failure is tolerated", send: get("/tolerant", bearer(segment(2, flipped)), line("x-user", "root")), want: untouched(without("x-user"))},
		{law: "a failed token's claims never become headers", send: get("/tolerant", bearer(payload(plain), segment(2, flipped))), want: untouched()},
		{law: "an optional credential that is good writes its headers", send: get("/optional", bearer(payload(plain))), want: plainClaims()},
		{law: "a proved identity counts only in a branch that is satisfied", send: get("/either", bearer(payload(plain)), second()), want: untouched(without("x-second"), adding("x-second-user", "bob")).by("second")},
		{law: "a branch's identities count together", send: get("/either", bearer(payload(plain)), tokenIn("x-third", "", claim("iss", "https://third.test")), second()), want: plainClaims(without("x-third"))},
		{law: "a header that only looks like an identity header stays", send: get("/open", line("x-user-name", "root")), want: untouched()},
		{law: "other headers stay as they are, in order", send: get("/open", line("x-a", "2"), line("X-A", "1"), line("x-b", " \tinner  space\t"), line("accept", "*/*")), want: untouched()},
		{law: "a body goes on", send: call("POST", "/", body("a=1&b=2"), bearer(payload(plain)), line("content-type", "text/plain")), want: plainClaims()},
	},
}

// plain is a good payload whose length is no multiple of three; the time is far ahead.
const plain = `{"iss":"https://issuer.test","sub":"alice","aud":"api","exp":4000000000}`

const paddedPlain = `{"iss":"https://padded.test","sub":"alice","aud":"api","exp":40000000000}`

// second is a token of the provider of that name.
func second() build {
	return tokenIn("x-second", "", claim("iss", "https://second.test"), claim("sub", "bob"))
}

// sendClaims asks with a token that has these members besides a good issuer and exp.
func sendClaims(members string) build { return get("/", bearer(payload(withClaims(members)))) }

func withClaims(members string) string {
	return `{"iss":"https://issuer.test","exp":4000000000,` + members + `}`
}

// claims is what the upstream sees of such a request: the payload, and header lines.
func claims(members string, lines ...string) want {
	w := allowed(adding("x-jwt-payload", b64([]byte(withClaims(members)))))
	for i := 0; i < len(lines); i += 2 {
		adding(lines[i], lines[i+1])(&w)
	}
	return w
}

// plainClaims is what the upstream sees of a request with plain.
func plainClaims(options ...func(*want)) want {
	return allowed(append(options, adding("x-jwt-payload", b64([]byte(plain))), adding("x-user", "alice"))...)
}
