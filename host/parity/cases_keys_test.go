package parity

// keysGroup: what a key set given inline may be, and which of its keys are used.
var keysGroup = group{
	name: "keys", config: `{
  "providers": {
    "bytes": {"local_jwks": {"inline_bytes": {{set64 "rsa"}}}},
    "nameless": {"local_jwks": {"inline_string": {{set "without kids"}}}},
    "namesakes": {"local_jwks": {"inline_string": {{set "one kid"}}}},
    "uses": {"local_jwks": {"inline_string": {{set "use and ops"}}}},
    "strangers": {"local_jwks": {"inline_string": {{set "with strangers"}}}},
    "secrets": {"algorithms": ["HS256", "HS384", "HS512"], "local_jwks": {"inline_string": {{set "secrets"}}}},
    "mixed": {"algorithms": ["RS256", "HS256"], "local_jwks": {"inline_string": {{set "mixed"}}}},
    "one": {"algorithms": ["ES256"], "local_jwks": {"inline_string": {{set "main"}}}},
    "careless": {"local_jwks": {"inline_string": {{set "careless"}}}},
    "eighth": {"local_jwks": {"inline_string": {{set "eighth"}}}},
    "ninth": {"local_jwks": {"inline_string": {{set "ninth"}}}},
    "here": {"issuer": "https://here.test", "local_jwks": {"inline_string": {{set "rsa"}}}},
    "there": {"issuer": "https://there.test", "local_jwks": {"inline_string": {{set "namesake"}}}},
    "short": {"max_token_bytes": 600, "local_jwks": {"inline_string": {{set "rsa"}}}}
  },
  "rules": [
    {"match": {"prefix": "/bytes"}, "requires": {"provider_name": "bytes"}},
    {"match": {"prefix": "/nameless"}, "requires": {"provider_name": "nameless"}},
    {"match": {"prefix": "/namesakes"}, "requires": {"provider_name": "namesakes"}},
    {"match": {"prefix": "/uses"}, "requires": {"provider_name": "uses"}},
    {"match": {"prefix": "/strangers"}, "requires": {"provider_name": "strangers"}},
    {"match": {"prefix": "/secrets"}, "requires": {"provider_name": "secrets"}},
    {"match": {"prefix": "/mixed"}, "requires": {"provider_name": "mixed"}},
    {"match": {"prefix": "/one"}, "requires": {"provider_name": "one"}},
    {"match": {"prefix": "/careless"}, "requires": {"provider_name": "careless"}},
    {"match": {"prefix": "/eighth"}, "requires": {"provider_name": "eighth"}},
    {"match": {"prefix": "/ninth"}, "requires": {"provider_name": "ninth"}},
    {"match": {"prefix": "/here-or-there"}, "requires": {"requires_any": {"requirements": [{"provider_name": "here"}, {"provider_name": "there"}]}}},
    {"match": {"prefix": "/short"}, "requires": {"provider_name": "short"}}
  ]
}`,
	cases: []scenario{
		{law: "inline_bytes is base64 of a key set", send: get("/bytes", bearer()), want: allowed()},
		{law: "keys without kid are tried in turn", send: get("/nameless", bearer(head("kid", nil))), want: allowed()},
		{law: "keys without kid are tried by family", send: get("/nameless", bearer(by("p256"), head("kid", nil))), want: allowed()},
		{law: "keys without kid verify nothing that none of them signed", send: get("/nameless", bearer(by("rsa-alg"), head("kid", nil))), want: invalid("bad_signature")},
		{law: "keys without kid: a family that is not there", send: get("/nameless", bearer(by("ed"), head("kid", nil))), want: invalid("key_mismatch")},
		{law: "of keys with one kid the family decides: RSA", send: get("/namesakes", bearer(head("kid", "same"))), want: allowed()},
		{law: "of keys with one kid the family decides: EC", send: get("/namesakes", bearer(by("p256"), head("kid", "same"))), want: allowed()},
		{law: "of keys with one kid and family each is tried", send: get("/namesakes", bearer(by("rsa-next"), head("kid", "same"))), want: allowed()},
		{law: "a key for encryption verifies nothing", send: get("/uses", bearer()), want: invalid("key_unknown|key_mismatch")},
		{law: "a key for signatures verifies", send: get("/uses", bearer(by("rsa-next"))), want: allowed()},
		{law: "a key with key_ops verify verifies", send: get("/uses", bearer(by("p256"))), want: allowed()},
		{law: "a key with key_ops sign alone verifies nothing", send: get("/uses", bearer(by("p384"))), want: invalid("key_unknown|key_mismatch")},
		{law: "an unusable key leaves the others in use", send: get("/strangers", bearer()), want: allowed()},
		{law: "an unusable key is not there", send: get("/strangers", bearer(by("p384"))), want: invalid("key_unknown|key_mismatch")},

		{law: "a set that carries private members verifies all the same", send: get("/careless", bearer(by("ed"))), want: allowed()},
		{law: "eight keys without kid are tried", send: get("/eighth", bearer(head("kid", nil))), want: allowed()},
		{law: "a ninth key without kid is not", send: get("/ninth", bearer(head("kid", nil))), want: invalid("bad_signature")},
		{law: "one kid in two issuers' sets: each issuer's own key", send: get("/here-or-there", bearer(by("rsa-next"), head("kid", "rsa"), claim("iss", "https://there.test"))), want: allowed().by("there")},
		{law: "one kid in two issuers' sets: never the other's key", send: get("/here-or-there", bearer(by("rsa-next"), head("kid", "rsa"), claim("iss", "https://here.test"))), want: invalid("bad_signature|issuer_mismatch")},

		{law: "HS256 is accepted where it is listed", send: get("/secrets", bearer(by("hs256"))), want: allowed()},
		{law: "HS384 is accepted where it is listed", send: get("/secrets", bearer(by("hs384"))), want: allowed()},
		{law: "HS512 is accepted where it is listed", send: get("/secrets", bearer(by("hs512"))), want: allowed()},
		{law: "a changed MAC is refused", send: get("/secrets", bearer(by("hs256"), segment(2, flipped))), want: invalid("bad_signature")},
		{law: "a MAC cut to 16 bytes is refused", send: get("/secrets", bearer(by("hs256"), segment(2, bytesOf(half)))), want: invalid("bad_signature")},
		{law: "a MAC with a byte more is refused", send: get("/secrets", bearer(by("hs256"), segment(2, bytesOf(longer)))), want: invalid("bad_signature")},
		{law: "a MAC by another secret is refused", send: get("/secrets", bearer(by("hs512"), with("HS256"), head("kid", "hs256"))), want: invalid("bad_signature")},
		{law: "RS256 is refused where only HS is listed", send: get("/secrets", bearer()), want: invalid("algorithm_not_allowed")},
		{law: "RS256 and HS256 together: RS256", send: get("/mixed", bearer()), want: allowed()},
		{law: "RS256 and HS256 together: HS256", send: get("/mixed", bearer(by("hs256"))), want: allowed()},
		{law: "HS256 never uses the RSA key, whose PEM is public", send: get("/mixed", bearer(with("HS256"), secret(publicPEM))), want: invalid("key_mismatch")},
		{law: "HS256 by the public PEM under the secret's kid is refused", send: get("/mixed", bearer(by("hs256"), secret(publicPEM))), want: invalid("bad_signature")},
		{law: "HS256 by the public PEM without kid is refused", send: get("/mixed", bearer(with("HS256"), secret(publicPEM), head("kid", nil))), want: invalid("bad_signature")},
		{law: "RS256 never uses the secret", send: get("/mixed", bearer(head("kid", "hs256"))), want: invalid("key_mismatch")},
		{law: "algorithms is the whole list: ES256", send: get("/one", bearer(by("p256"))), want: allowed()},
		{law: "algorithms is the whole list: RS256 is not on it", send: get("/one", bearer()), want: invalid("algorithm_not_allowed")},
		{law: "algorithms is the whole list: EdDSA is not on it", send: get("/one", bearer(by("ed"))), want: invalid("algorithm_not_allowed")},
		{law: "max_token_bytes can be lower: a short token", send: get("/short", bearer()), want: allowed()},
		{law: "max_token_bytes can be lower: a long token", send: get("/short", bearer(claim("x", "0123456789012345678901234567890123456789012345678901234567890123456789"))), want: invalid("token_too_large")},
	},
}

func half(data []byte) []byte { return data[:len(data)/2] }
