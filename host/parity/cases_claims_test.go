package parity

import "strings"

var claimsGroup = group{
	name: "claims", config: oneProvider, provider: "corp",
	cases: []scenario{
		{law: "an expired token is told so", send: get("/", bearer(at("exp", -3600))), want: invalid("expired").says("The token has expired.")},
		{law: "an expired token with a bad signature gets one refusal", send: get("/", bearer(at("exp", -3600), segment(2, flipped))), want: invalid("expired|bad_signature")},
		{law: "a token without exp is refused", send: get("/", bearer(claim("exp", nil))), want: invalid("expiration_missing")},
		{law: "claim names are compared with case: EXP is not exp", send: get("/", bearer(claim("exp", nil), claim("EXP", 4000000000))), want: invalid("expiration_missing")},
		{law: "an exp that is text is refused", send: get("/", bearer(claim("exp", "4000000000"))), want: invalid("claim_malformed")},
		{law: "an exp that is null is refused", send: get("/", bearer(claim("exp", rawJSON("null")))), want: invalid("claim_malformed|expiration_missing")},
		{law: "an exp that is true is refused", send: get("/", bearer(claim("exp", true))), want: invalid("claim_malformed")},
		{law: "an exp that is a list is refused", send: get("/", bearer(claim("exp", []int{4000000000}))), want: invalid("claim_malformed")},
		{law: "an exp of 0 is refused", send: get("/", bearer(claim("exp", 0))), want: invalid("expired|claim_malformed")},
		{law: "a negative exp is refused", send: get("/", bearer(claim("exp", -1))), want: invalid("claim_malformed")},
		{law: "an exp over 2^53 is refused", send: get("/", bearer(claim("exp", rawJSON("9007199254740993")))), want: invalid("claim_malformed")},
		{law: "an exp of 1e300 is refused", send: get("/", bearer(claim("exp", rawJSON("1e300")))), want: invalid("claim_malformed")},
		{law: "an exp that would wrap 64 bits is refused", send: get("/", bearer(claim("exp", rawJSON("18446744073709551616")))), want: invalid("claim_malformed")},
		{law: "an exp with an exponent has its value", send: get("/", bearer(claim("exp", rawJSON("4e9")))), want: allowed()},
		{law: "a fractional exp is accepted", send: get("/", bearer(claim("exp", rawJSON("4000000000.5")))), want: allowed()},
		{law: "a token that is not yet valid is refused", send: get("/", bearer(at("nbf", 3600))), want: invalid("not_yet_valid")},
		{law: "a past nbf is accepted", send: get("/", bearer(at("nbf", -60))), want: allowed()},
		{law: "an nbf that is text is refused", send: get("/", bearer(claim("nbf", "1"))), want: invalid("claim_malformed")},
		{law: "a token issued in the future is refused", send: get("/", bearer(at("iat", 3600))), want: invalid("issued_in_future")},
		{law: "an iat that is text is refused", send: get("/", bearer(claim("iat", "1"))), want: invalid("claim_malformed")},
		{law: "a token without iat is accepted", send: get("/", bearer(claim("iat", nil))), want: allowed()},

		{law: "another issuer is refused", send: get("/", bearer(claim("iss", "https://other.test"))), want: invalid("issuer_mismatch")},
		{law: "no issuer is refused", send: get("/", bearer(claim("iss", nil))), want: invalid("issuer_mismatch")},
		{law: "an issuer with a slash more is another one", send: get("/", bearer(claim("iss", "https://issuer.test/"))), want: invalid("issuer_mismatch")},
		{law: "an issuer in other case is another one", send: get("/", bearer(claim("iss", "https://ISSUER.test"))), want: invalid("issuer_mismatch")},
		{law: "an issuer that begins alike is another one", send: get("/", bearer(claim("iss", "https://issuer.test.evil"))), want: invalid("issuer_mismatch")},
		{law: "an issuer that is a list is refused", send: get("/", bearer(claim("iss", []string{"https://issuer.test"}))), want: invalid("claim_malformed|issuer_mismatch")},

		{law: "one of several audiences is enough", send: get("/", bearer(claim("aud", []string{"other", "api"}))), want: allowed()},
		{law: "another audience is refused", send: get("/", bearer(claim("aud", "other"))), want: invalid("audience_mismatch")},
		{law: "no audience is refused", send: get("/", bearer(claim("aud", nil))), want: invalid("audience_mismatch")},
		{law: "an empty list of audiences is refused", send: get("/", bearer(claim("aud", []string{}))), want: invalid("audience_mismatch")},
		{law: "an audience is compared whole: a prefix", send: get("/", bearer(claim("aud", "ap"))), want: invalid("audience_mismatch")},
		{law: "an audience is compared whole: more text", send: get("/", bearer(claim("aud", "api other"))), want: invalid("audience_mismatch")},
		{law: "an audience is compared whole: a slash more", send: get("/", bearer(claim("aud", "api/"))), want: invalid("audience_mismatch")},
		{law: "an audience is compared with case", send: get("/", bearer(claim("aud", "API"))), want: invalid("audience_mismatch")},
		{law: "a number among audiences is refused", send: get("/", bearer(claim("aud", []any{"api", 7}))), want: invalid("claim_malformed")},
		{law: "an audience that is an object is refused", send: get("/", bearer(claim("aud", map[string]string{"api": "api"}))), want: invalid("claim_malformed")},
		{law: "a nested list of audiences is refused", send: get("/", bearer(claim("aud", [][]string{{"api"}}))), want: invalid("claim_malformed")},
		{law: "a subject that is a number is refused", send: get("/", bearer(claim("sub", 7))), want: invalid("claim_malformed")},
		{law: "a token without subject is accepted", send: get("/", bearer(claim("sub", nil))), want: allowed()},

		{law: "a claim given twice is refused, the good one first", send: get("/", bearer(twice("exp", 1))), want: invalid("payload_malformed")},
		{law: "a claim given twice is refused, the good one last", send: get("/", bearer(claim("iss", "https://other.test"), twice("iss", "https://issuer.test"))), want: invalid("payload_malformed")},
		{law: "a claim given twice in other spelling is refused", send: get("/", bearer(payload(`{"iss":"https://issuer.test","aud":"api","exp":4000000000,"\u0065xp":4000000000}`))), want: invalid("payload_malformed")},
		{law: "a name given twice inside a claim is refused", send: get("/", bearer(claim("cnf", rawJSON(`{"a":1,"a":2}`)))), want: invalid("payload_malformed")},
		{law: "a claim that is not UTF-8 is refused", send: get("/", bearer(claim("x", rawJSON("\"\xc0\xaf\"")))), want: invalid("payload_malformed")},
		{law: "a lone surrogate is refused", send: get("/", bearer(claim("x", rawJSON(`"\ud800"`)))), want: invalid("payload_malformed")},
		{law: "a number that JSON does not know is refused", send: get("/", bearer(claim("x", rawJSON("01")))), want: invalid("payload_malformed")},
		{law: "NaN is refused", send: get("/", bearer(claim("x", rawJSON("NaN")))), want: invalid("payload_malformed")},
		{law: "text after the payload is refused", send: get("/", bearer(payload(`{"iss":"https://issuer.test","aud":"api","exp":4000000000}{}`))), want: invalid("payload_malformed")},
		{law: "a payload that is a list is refused", send: get("/", bearer(payload(`[{"iss":"https://issuer.test"}]`))), want: invalid("payload_malformed")},
		{law: "a payload that is null is refused", send: get("/", bearer(payload("null"))), want: invalid("payload_malformed")},
		{law: "a payload that is text is refused", send: get("/", bearer(payload(`"{}"`))), want: invalid("payload_malformed")},
		{law: "a depth of 32 is accepted", send: get("/", bearer(claim("x", nested(31)))), want: allowed()},
		{law: "a depth of 33 is refused", send: get("/", bearer(claim("x", nested(32)))), want: invalid("payload_malformed")},
		{law: "a depth of two thousand is refused", send: get("/", bearer(claim("x", nested(2000)))), want: invalid("payload_malformed")},
	},
}

// nested is a list in a list and so on; the payload itself is one level more.
func nested(depth int) rawJSON {
	return rawJSON(strings.Repeat("[", depth) + strings.Repeat("]", depth))
}

// timeGroup: what clock_skew_seconds and require_expiration say. Margins are far
// wider than a run takes; exact bounds are tested in the rooms.
var timeGroup = group{
	name: "time", config: `{
  "providers": {
    "hour": {"issuer": "https://issuer.test", "clock_skew_seconds": 3600, "local_jwks": {"inline_string": {{set "rsa"}}}},
    "none": {"issuer": "https://issuer.test", "clock_skew_seconds": 0, "local_jwks": {"inline_string": {{set "rsa"}}}},
    "ever": {"issuer": "https://issuer.test", "require_expiration": false, "local_jwks": {"inline_string": {{set "rsa"}}}},
    "any": {"local_jwks": {"inline_string": {{set "rsa"}}}}
  },
  "rules": [
    {"match": {"prefix": "/hour"}, "requires": {"provider_name": "hour"}},
    {"match": {"prefix": "/none"}, "requires": {"provider_name": "none"}},
    {"match": {"prefix": "/ever"}, "requires": {"provider_name": "ever"}},
    {"match": {"prefix": "/any"}, "requires": {"provider_name": "any"}}
  ]
}`,
	cases: []scenario{
		{law: "a token within the skew after exp is accepted", send: get("/hour", bearer(at("exp", -1800))), want: allowed()},
		{law: "a token beyond the skew after exp is refused", send: get("/hour", bearer(at("exp", -7200))), want: invalid("expired")},
		{law: "a token within the skew before nbf is accepted", send: get("/hour", bearer(at("nbf", 1800))), want: allowed()},
		{law: "a token beyond the skew before nbf is refused", send: get("/hour", bearer(at("nbf", 7200))), want: invalid("not_yet_valid")},
		{law: "an iat within the skew is accepted", send: get("/hour", bearer(at("iat", 1800))), want: allowed()},
		{law: "an iat beyond the skew is refused", send: get("/hour", bearer(at("iat", 7200))), want: invalid("issued_in_future")},
		{law: "a skew of 0 is none", send: get("/none", bearer(at("exp", -30))), want: invalid("expired")},
		{law: "without require_expiration a token may last for ever", send: get("/ever", bearer(claim("exp", nil))), want: allowed()},
		{law: "without require_expiration an exp still counts", send: get("/ever", bearer(at("exp", -3600))), want: invalid("expired")},
		{law: "without an issuer any issuer is accepted", send: get("/any", bearer(claim("iss", "https://other.test"))), want: allowed()},
		{law: "without an issuer none is accepted", send: get("/any", bearer(claim("iss", nil))), want: allowed()},
		{law: "without audiences any audience is accepted", send: get("/any", bearer(claim("aud", "other"))), want: allowed()},
		{law: "without audiences an audience must still be one", send: get("/any", bearer(claim("aud", 7))), want: invalid("claim_malformed")},
	},
}
