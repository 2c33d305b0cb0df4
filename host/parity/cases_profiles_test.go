package parity

import "strings"

// access makes a token a good access token of RFC 9068.
func access(mods ...mod) build {
	return bearer(append([]mod{head("typ", "at+jwt"), claim("client_id", "app"), claim("jti", "t-1")}, mods...)...)
}

// identifies makes a token a good ID token for the client "web".
func identifies(mods ...mod) build {
	return bearer(append([]mod{claim("aud", "web"), claim("nonce", "n")}, mods...)...)
}

// workload makes a token a good JWT-SVID: nothing but sub, aud and exp.
func workload(mods ...mod) build {
	return bearer(append([]mod{by("p256"), claim("iss", nil), claim("iat", nil), claim("sub", "spiffe://prod.test/ns/a/sa/b")}, mods...)...)
}

// named is a workload with that SPIFFE ID.
func named(id string) build { return get("/svid", workload(claim("sub", id))) }

// profilesGroup: each kind of token at its own provider, and none at another's.
var profilesGroup = group{
	name: "profiles", config: `{
  "providers": {
    "plain": {"issuer": "https://issuer.test", "audiences": ["api", "web"], "local_jwks": {"inline_string": {{set "main"}}}},
    "access": {"issuer": "https://issuer.test", "audiences": ["api", "web"], "profile": "at+jwt", "require_expiration": false, "local_jwks": {"inline_string": {{set "main"}}}},
    "identifies": {"issuer": "https://issuer.test", "audiences": ["web", "mobile"], "profile": "id_token", "local_jwks": {"inline_string": {{set "main"}}}},
    "svid": {"profile": "jwt-svid", "trustDomain": "prod.test", "audiences": ["api"], "local_jwks": {"inline_string": {{set "svid"}}}}
  },
  "rules": [
    {"match": {"prefix": "/plain"}, "requires": {"provider_name": "plain"}},
    {"match": {"prefix": "/access"}, "requires": {"provider_name": "access"}},
    {"match": {"prefix": "/id"}, "requires": {"provider_name": "identifies"}},
    {"match": {"prefix": "/svid"}, "requires": {"provider_name": "svid"}},
    {"match": {"prefix": "/other"}, "requires": {"provider_and_audiences": {"provider_name": "identifies", "audiences": ["desk", "api"]}}}
  ]
}`,
	cases: []scenario{
		{law: "J-15 an access token", send: get("/access", access()), want: allowed().by("access")},
		{law: "J-15 AT+JWT", send: get("/access", access(head("typ", "AT+JWT"))), want: allowed().by("access")},
		{law: "J-15 application/AT+JWT", send: get("/access", access(head("typ", "application/AT+JWT"))), want: allowed().by("access")},
		{law: "J-15 no typ", send: get("/access", access(head("typ", nil))), want: invalid("type_mismatch").by("access").says("The token type is not accepted.")},
		{law: "J-15, C-07 JWT", send: get("/access", access(head("typ", "JWT"))), want: invalid("type_mismatch").by("access")},
		{law: "J-15 a space before", send: get("/access", access(head("typ", " at+jwt"))), want: invalid("type_mismatch").by("access")},
		{law: "J-15 a parameter", send: get("/access", access(head("typ", "at+jwt;v=1"))), want: invalid("type_mismatch").by("access")},
		{law: "J-15 application/at+jwt2", send: get("/access", access(head("typ", "application/at+jwt2"))), want: invalid("type_mismatch").by("access")},
		{law: "RFC 9068 without sub", send: get("/access", access(claim("sub", nil))), want: invalid("claim_missing").by("access").says("The token lacks a claim.")},
		{law: "RFC 9068 without client_id", send: get("/access", access(claim("client_id", nil))), want: invalid("claim_missing").by("access")},
		{law: "RFC 9068 without jti", send: get("/access", access(claim("jti", nil))), want: invalid("claim_missing").by("access")},
		{law: "RFC 9068 without iat", send: get("/access", access(claim("iat", nil))), want: invalid("claim_missing").by("access")},
		{law: "RFC 9068 without exp, though the provider asks for none", send: get("/access", access(claim("exp", nil))), want: invalid("expiration_missing").by("access")},
		{law: "RFC 9068 without aud", send: get("/access", access(claim("aud", nil))), want: invalid("audience_mismatch").by("access")},
		{law: "RFC 9068 without iss", send: get("/access", access(claim("iss", nil))), want: invalid("issuer_mismatch").by("access")},
		{law: "RFC 9068 badly signed", send: get("/access", access(segment(2, flipped))), want: invalid("bad_signature").by("access")},
		{law: "S-04 an access token seen at another provider first", send: get("/plain", access(claim("iat", 1), claim("exp", 4000000000))), want: allowed().by("plain")},
		{law: "S-04 is one here", send: get("/access", access(claim("iat", 1), claim("exp", 4000000000))), want: allowed().by("access")},
		{law: "S-04 a plain token that passed elsewhere", send: get("/plain", bearer(claim("iat", 1), claim("exp", 4000000000))), want: allowed().by("plain")},
		{law: "S-04 is no access token", send: get("/access", bearer(claim("iat", 1), claim("exp", 4000000000))), want: invalid("type_mismatch").by("access")},

		{law: "J-16 a DPoP proof is nobody's credential", send: get("/plain", bearer(head("typ", "dpop+jwt"))), want: invalid("type_mismatch").by("plain")},
		{law: "J-16 a logout token", send: get("/plain", bearer(head("typ", "logout+jwt"))), want: invalid("type_mismatch").by("plain")},
		{law: "J-16 a security event", send: get("/plain", bearer(head("typ", "secevent+jwt"))), want: invalid("type_mismatch").by("plain")},
		{law: "J-16 an introspection answer, in full and in other case", send: get("/plain", bearer(head("typ", "application/Token-Introspection+JWT"))), want: invalid("type_mismatch").by("plain")},
		{law: "J-16 a type of one's own", send: get("/plain", bearer(head("typ", "session+jwt"))), want: allowed().by("plain")},

		{law: "an ID token", send: get("/id", identifies()), want: allowed().by("identifies")},
		{law: "C-07 an access token", send: get("/id", identifies(head("typ", "at+jwt"))), want: invalid("type_mismatch").by("identifies")},
		{law: "C-07 an ID token where an access token is due", send: get("/access", identifies()), want: invalid("type_mismatch").by("access")},
		{law: "C-07 two audiences and no azp", send: get("/id", identifies(claim("aud", []string{"web", "other"}))), want: invalid("party_mismatch").by("identifies").says("The token was issued to another party.")},
		{law: "two audiences and azp ours", send: get("/id", identifies(claim("aud", []string{"web", "other"}), claim("azp", "web"))), want: allowed().by("identifies")},
		{law: "C-07 a foreign azp", send: get("/id", identifies(claim("azp", "other"))), want: invalid("party_mismatch").by("identifies")},
		{law: "C-07 a foreign azp that is an audience", send: get("/id", identifies(claim("aud", []string{"web", "other"}), claim("azp", "other"))), want: invalid("party_mismatch").by("identifies")},
		{law: "azp is compared with the requirement's audiences", send: get("/other", identifies(claim("aud", []string{"desk", "web"}), claim("azp", "web"))), want: invalid("party_mismatch").by("identifies")},
		{law: "and is one of them", send: get("/other", identifies(claim("aud", []string{"desk", "web"}), claim("azp", "api"))), want: allowed().by("identifies")},
		{law: "an ID token without iat", send: get("/id", identifies(claim("iat", nil))), want: invalid("claim_missing").by("identifies")},
		{law: "an ID token without sub", send: get("/id", identifies(claim("sub", nil))), want: invalid("claim_missing").by("identifies")},

		{law: "a JWT-SVID", send: get("/svid", workload()), want: allowed().by("svid")},
		{law: "a JWT-SVID of type JOSE", send: get("/svid", workload(head("typ", "JOSE"))), want: allowed().by("svid")},
		{law: "C-10 of another type", send: get("/svid", workload(head("typ", "at+jwt"))), want: invalid("type_mismatch").by("svid")},
		{law: "C-10 EdDSA", send: get("/svid", workload(by("ed"))), want: invalid("algorithm_not_allowed").by("svid")},
		{law: "C-10 aud absent", send: get("/svid", workload(claim("aud", nil))), want: invalid("audience_mismatch").by("svid")},
		{law: "C-10 exp absent", send: get("/svid", workload(claim("exp", nil))), want: invalid("expiration_missing").by("svid")},
		{law: "C-10 a key of the bundle for other uses", send: get("/svid", workload(by("rsa"))), want: invalid("key_unknown").by("svid")},
		{law: "C-10 a key of the bundle that says nothing", send: get("/svid", workload(by("p384"))), want: invalid("key_unknown").by("svid")},
		{law: "C-10 no sub", send: get("/svid", workload(claim("sub", nil))), want: invalid("claim_missing").by("svid")},
		{law: "C-10 the domain is longer", send: named("spiffe://prod.test.evil/a"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 the scheme in other case", send: named("SPIFFE://prod.test/a"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 the domain in other case", send: named("spiffe://PROD.test/a"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 user information", send: named("spiffe://u@prod.test/a"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 a port", send: named("spiffe://prod.test:443/a"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 a query", send: named("spiffe://prod.test/a?b"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 an empty segment", send: named("spiffe://prod.test//a"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 a dot segment", send: named("spiffe://prod.test/a/../b"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 %2f", send: named("spiffe://prod.test/a%2fb"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 an empty path", send: named("spiffe://prod.test"), want: invalid("subject_mismatch").by("svid")},
		{law: "C-10 a path of nothing", send: named("spiffe://prod.test/"), want: invalid("subject_mismatch").by("svid")},
	},
}

// tenantIs has the issuer of a tenant, and says to be another's.
func tenantIs(issuer, tid string) build {
	return bearer(claim("iss", issuer), claim("tid", tid))
}

// issuersGroup: several issuers and tenants on one key set, named and found by issuer.
var issuersGroup = group{
	name: "issuers", config: `{
  "providers": {
    "a-list": {"issuers": ["https://a.test", "b.test"], "claim_to_headers": [{"header_name": "x-list", "claim_name": "sub"}], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "b-tenants": {"issuerPattern": "https://login.test/{tid}/v2.0", "issuerBindClaims": {"tid": ["t1", "t2"]},
      "claim_to_headers": [{"header_name": "x-tenant", "claim_name": "tid"}], "local_jwks": {"inline_string": {{set "rsa"}}}}
  },
  "rules": [
    {"match": {"prefix": "/list"}, "requires": {"provider_name": "a-list"}},
    {"match": {"prefix": "/tenants"}, "requires": {"provider_name": "b-tenants"}},
    {"match": {"prefix": "/"}, "requires": {"allow_missing": {}}}
  ]
}`,
	cases: []scenario{
		{law: "the first issuer", send: get("/list", bearer(claim("iss", "https://a.test"))), want: allowed(adding("x-list", "alice")).by("a-list")},
		{law: "the second issuer", send: get("/list", bearer(claim("iss", "b.test"))), want: allowed(adding("x-list", "alice")).by("a-list")},
		{law: "C-04 a slash more", send: get("/list", bearer(claim("iss", "https://a.test/"))), want: invalid("issuer_mismatch").by("a-list")},
		{law: "C-04 a list of both", send: get("/list", bearer(claim("iss", []string{"https://a.test", "b.test"}))), want: invalid("claim_malformed").by("a-list")},
		{law: "no issuer", send: get("/list", bearer(claim("iss", nil))), want: invalid("issuer_mismatch").by("a-list")},

		{law: "a tenant", send: get("/tenants", tenantIs("https://login.test/t1/v2.0", "t1")), want: allowed(adding("x-tenant", "t1")).by("b-tenants")},
		{law: "another tenant", send: get("/tenants", tenantIs("https://login.test/t2/v2.0", "t2")), want: allowed(adding("x-tenant", "t2")).by("b-tenants")},
		{law: "a tenant that is not listed", send: get("/tenants", tenantIs("https://login.test/t3/v2.0", "t3")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 a tenant who says to be another", send: get("/tenants", tenantIs("https://login.test/t1/v2.0", "t2")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 a slash in the tenant", send: get("/tenants", tenantIs("https://login.test/t1/x/v2.0", "t1/x")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 dots for a tenant", send: get("/tenants", tenantIs("https://login.test/../v2.0", "..")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 %2f in the tenant", send: get("/tenants", tenantIs("https://login.test/t1%2f/v2.0", "t1%2f")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 an empty tenant", send: get("/tenants", tenantIs("https://login.test//v2.0", "")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 a line break in the tenant", send: get("/tenants", tenantIs("https://login.test/t1\n/v2.0", "t1\n")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 a dot is a dot", send: get("/tenants", tenantIs("https://loginxtest/t1/v2.0", "t1")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 text before", send: get("/tenants", tenantIs("x https://login.test/t1/v2.0", "t1")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 text behind", send: get("/tenants", tenantIs("https://login.test/t1/v2.0.evil.test", "t1")), want: invalid("issuer_mismatch").by("b-tenants")},
		{law: "C-05 no claim", send: get("/tenants", bearer(claim("iss", "https://login.test/t1/v2.0"))), want: invalid("issuer_mismatch").by("b-tenants")},

		{law: "optional: the provider is found by one of its issuers", send: get("/", bearer(claim("iss", "b.test"))), want: allowed(adding("x-list", "alice")).by("a-list")},
		{law: "optional: the provider is found by its pattern", send: get("/", tenantIs("https://login.test/t2/v2.0", "t2")), want: allowed(adding("x-tenant", "t2")).by("b-tenants")},
		{law: "optional: a tenant who says to be another is nobody's", send: get("/", tenantIs("https://login.test/t2/v2.0", "t1")), want: want{reason: "issuer_unknown", status: 401, code: "invalid_token"}},
		{law: "optional: another issuer is nobody's", send: get("/", bearer()), want: want{reason: "issuer_unknown", status: 401, code: "invalid_token"}},
		{law: "optional: the right provider, badly signed", send: get("/", bearer(claim("iss", "b.test"), segment(2, flipped))), want: invalid("bad_signature").by("a-list")},
		{law: "optional: none", send: get("/"), want: untouched()},
	},
}

// encodingsGroup: claims as headers in each encoding, and names that pass for others'.
var encodingsGroup = group{
	name: "encodings", provider: "corp", config: `{
  "providers": {
    "corp": {
      "issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}},
      "claim_to_headers": [
        {"header_name": "X-User", "claim_name": "sub", "encoding": "string"},
        {"header_name": "x-csv", "claim_name": "csv", "encoding": "csv"},
        {"header_name": "x-json", "claim_name": "json", "encoding": "json"},
        {"header_name": "x-base64", "claim_name": "base64", "encoding": "base64json"},
        {"header_name": "x-flat", "claim_name": "a.b"},
        {"header_name": "x-nested", "claimPath": ["a", "b"]},
        {"header_name": "x-unnamed", "claim_path": [""]}
      ]
    }
  },
  "rules": [{"match": {"prefix": "/open"}, "requires": {}}, {"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`,
	cases: []scenario{
		{law: "a list as csv", send: sendClaims(`"csv":["a","b",7,true]`), want: allowed(adding("x-csv", "a,b,7,true"))},
		{law: "a text as csv is a list of one", send: sendClaims(`"csv":"a"`), want: allowed(adding("x-csv", "a"))},
		{law: "an empty list writes no header", send: get("/", bearer(payload(withClaims(`"csv":[]`))), line("x-csv", "root")), want: allowed(without("x-csv"))},
		{law: "F-07 a comma in csv", send: sendClaims(`"csv":["a,b","c"]`), want: invalid("claim_unwritable")},
		{law: "F-07 a line break in csv", send: sendClaims(`"csv":["a","c\r\nd"]`), want: invalid("claim_unwritable")},
		{law: "F-07 a quote in csv", send: sendClaims(`"csv":["\"a\""]`), want: invalid("claim_unwritable")},
		{law: "F-07 an empty element in csv", send: sendClaims(`"csv":["a",""]`), want: invalid("claim_unwritable")},
		{law: "F-07 a list in csv", send: sendClaims(`"csv":["a",["b"]]`), want: invalid("claim_unwritable")},
		{law: "F-07 an object as csv", send: sendClaims(`"csv":{"a":"b"}`), want: invalid("claim_unwritable")},
		{law: "F-07 four thousand roles", send: sendClaims(`"csv":[` + strings.Repeat(`"r1",`, 3999) + `"r1"]`), want: invalid("claim_unwritable|token_too_large")},
		{law: "F-07 a thousand roles fit", send: sendClaims(`"csv":[` + strings.Repeat(`"r1",`, 999) + `"r1"]`), want: allowed(adding("x-csv", strings.Repeat("r1,", 999)+"r1"))},
		{law: "F-04 anything as json", send: sendClaims(`"json":{"a" : ["x y", "é", "c\r\nd", 1.0]}`), want: allowed(adding("x-json", `{"a":["x y","\u00e9","c\r\nd",1.0]}`))},
		{law: "a text as json has quotes", send: sendClaims(`"json":"a"`), want: allowed(adding("x-json", `"a"`))},
		{law: "F-08 an integer as json", send: sendClaims(`"json":12345678901234567890`), want: allowed(adding("x-json", `12345678901234567890`))},
		{law: "F-04 anything as base64 of json", send: sendClaims(`"base64":["a,b","é\r\n"]`), want: allowed(adding("x-base64", std64([]byte(`["a,b","é\r\n"]`))))},
		{law: "a text as base64 of json has quotes", send: sendClaims(`"base64":"a"`), want: allowed(adding("x-base64", std64([]byte(`"a"`))))},
		{law: "null is as absent in every encoding", send: sendClaims(`"csv":null,"json":null,"base64":null,"sub":null`), want: invalid("claim_malformed")},
		{law: "null is as absent", send: sendClaims(`"csv":null,"json":null,"base64":null`), want: allowed()},
		{law: "N-11 a flat name wins over a path, a path knows no flat name", send: sendClaims(`"a.b":"flat","a":{"b":"nested"}`), want: allowed(adding("x-flat", "flat"), adding("x-nested", "nested"))},
		{law: "N-11 a path where there is no flat name", send: sendClaims(`"a":{"b":"nested"}`), want: allowed(adding("x-flat", "nested"), adding("x-nested", "nested"))},
		{law: "N-11 a flat name alone", send: sendClaims(`"a.b":"flat"`), want: allowed(adding("x-flat", "flat"))},
		{law: "N-11 a name in other spelling", send: sendClaims(`"a":{"\u0062":"nested"}`), want: allowed(adding("x-flat", "nested"), adding("x-nested", "nested"))},
		{law: "N-11 an empty name", send: sendClaims(`"":"unnamed"`), want: allowed(adding("x-unnamed", "unnamed"))},

		{law: "F-02 X_User is gone", send: get("/", bearer(), line("X_User", "root")), want: allowed(without("x_user"), adding("x-user", "alice"))},
		{law: "F-02 x.user is gone", send: get("/", bearer(), line("x.user", "root")), want: allowed(without("x.user"), adding("x-user", "alice"))},
		{law: "F-02 X_User is gone on an open path", send: get("/open", line("X_User", "root"), line("x_user", "")), want: untouched(without("x_user"))},
		{law: "F-03 a connection option that is our header", send: get("/", bearer(), line("connection", "x-user")), want: allowed(without("connection"), adding("x-user", "alice"))},
		{law: "F-03 among others", send: get("/", bearer(), line("Connection", "close, X-User")), want: allowed(without("connection"), adding("x-user", "alice"))},
		{law: "F-03 and the client's own of that name", send: get("/", bearer(), line("connection", "x-user"), line("x-user", "root")), want: allowed(without("connection", "x-user"), adding("x-user", "alice"))},
		{law: "F-02 X_Users stays", send: get("/open", line("x_users", "root")), want: untouched()},
	},
}
