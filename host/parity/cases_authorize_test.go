package parity

// lacking: proved, but a scope is not granted: 403 with a challenge that says so.
func lacking(scope string) want {
	return want{reason: "insufficient_scope", status: 403, code: "insufficient_scope", scope: scope, judged: true}
}

// notAllowed: proved, and not allowed: 403 without a challenge.
func notAllowed(reason string) want {
	return want{reason: reason, status: 403, code: "access_denied", judged: true}
}

// authorizeGroup: what a proved request must be granted. The token cache is on: every
// later case of the same token is a hit, and judged anew (S-04).
var authorizeGroup = group{
	name: "authorize", provider: "corp", config: authorizeConfig("false"),
	cases: []scenario{
		{law: "all scopes are granted", send: get("/scopes", bearer(claim("scope", "orders.read openid"))), want: allowed()},
		{law: "C-08 a longer scope is another one", send: get("/scopes", bearer(claim("scope", "orders.readwrite"))), want: lacking("")},
		{law: "C-08 a scope in other case is another one", send: get("/scopes", bearer(claim("scope", "Orders.read"))), want: lacking("")},
		{law: "C-08 a tab divides nothing", send: get("/scopes", bearer(claim("scope", "openid\torders.read"))), want: lacking("")},
		{law: "C-08 a line feed divides nothing", send: get("/scopes", bearer(claim("scope", "openid\norders.read"))), want: lacking("")},
		{law: "C-08 an element of a list is one scope", send: get("/scopes", bearer(claim("scp", []string{"a orders.read"}))), want: lacking("")},
		{law: "C-08 a number is no scope", send: get("/scopes", bearer(claim("scope", 7))), want: lacking("")},
		{law: "C-08 a list grants", send: get("/scopes", bearer(claim("scp", []string{"openid", "orders.read"}))), want: allowed()},
		{law: "C-08 a list may hold what is no scope", send: get("/scopes", bearer(claim("scp", []any{7, "orders.read"}))), want: allowed()},
		{law: "C-08 scope and scp disagree: what either grants is granted", send: get("/scopes", bearer(claim("scope", "openid"), claim("scp", []string{"orders.read"}))), want: allowed()},
		{law: "C-08 another claim grants nothing", send: get("/scopes", bearer(claim("permissions", []string{"orders.read"}))), want: lacking("")},
		{law: "a lack of scope is told of a token that is proved alone", send: get("/scopes", bearer(claim("scope", "x"), segment(2, flipped))), want: invalid("bad_signature")},
		{law: "a lack of scope is not told of an expired token", send: get("/scopes", bearer(claim("scope", "x"), at("exp", -3600))), want: invalid("expired")},
		{law: "without a token one is asked for", send: get("/scopes"), want: missing("missing")},
		{law: "S-04 a token that passed here is judged anew where more is asked, first", send: get("/write", bearer(claim("scope", "orders.read"), claim("jti", "S-04"), claim("exp", 4000000000), claim("iat", 1))), want: lacking("")},
		{law: "S-04 it passes where it is enough", send: get("/scopes", bearer(claim("scope", "orders.read"), claim("jti", "S-04"), claim("exp", 4000000000), claim("iat", 1))), want: allowed()},
		{law: "S-04 and is refused again where it is not", send: get("/write", bearer(claim("scope", "orders.read"), claim("jti", "S-04"), claim("exp", 4000000000), claim("iat", 1))), want: lacking("")},
		{law: "one scope of any is enough", send: get("/write", bearer(claim("scope", "orders.read orders.admin"))), want: allowed()},
		{law: "any does not stand for all", send: get("/write", bearer(claim("scope", "orders.admin"))), want: lacking("")},
		{law: "a gRPC client is told PERMISSION_DENIED", send: call("POST", "/scopes", bearer(claim("scope", "x")), line("content-type", "application/grpc")), want: lacking("").asGRPC("7")},
		{law: "the request's id is told with a lack of scope", send: get("/scopes", bearer(claim("scope", "x")), line("x-request-id", "r-1")), want: lacking("").withID("r-1")},

		{law: "a role of a list is enough", send: get("/admin", bearer(claim("realm_access", rawJSON(`{"roles":["user","admin"]}`)))), want: allowed()},
		{law: "other roles are not", send: get("/admin", bearer(claim("realm_access", rawJSON(`{"roles":["user","administrator"]}`)))), want: notAllowed("claim_denied")},
		{law: "C-09 roles that are objects are none", send: get("/admin", bearer(claim("realm_access", rawJSON(`{"roles":[{"admin":"admin"}]}`)))), want: notAllowed("claim_denied")},
		{law: "C-09 no path leads through a list", send: get("/admin", bearer(claim("realm_access", rawJSON(`[{"roles":["admin"]}]`)))), want: notAllowed("claim_denied")},
		{law: "C-09 no path leads through null", send: get("/admin", bearer(claim("realm_access", rawJSON(`null`)))), want: notAllowed("claim_denied")},
		{law: "N-03 a name given twice inside what a rule reads is refused", send: get("/admin", bearer(claim("realm_access", rawJSON(`{"roles":["user"],"roles":["admin"]}`)))), want: invalid("payload_malformed")},
		{law: "N-03 a name given twice in other spelling too", send: get("/admin", bearer(claim("realm_access", rawJSON(`{"roles":["user"],"r\u006fles":["admin"]}`)))), want: invalid("payload_malformed")},
		{law: "C-09 true is true", send: get("/verified", bearer(claim("email_verified", true))), want: allowed()},
		{law: "C-09 \"true\" is not true", send: get("/verified", bearer(claim("email_verified", "true"))), want: notAllowed("claim_denied")},
		{law: "C-09 1 is not true", send: get("/verified", bearer(claim("email_verified", 1))), want: notAllowed("claim_denied")},
		{law: "a number is compared as written", send: get("/number", bearer(claim("level", rawJSON("9007199254740993")))), want: allowed()},
		{law: "the number beside it is another one", send: get("/number", bearer(claim("level", rawJSON("9007199254740992")))), want: notAllowed("claim_denied")},
		{law: "a number in quotes is another one", send: get("/number", bearer(claim("level", "9007199254740993"))), want: notAllowed("claim_denied")},
		{law: "N-11 a claim with a dot in its name", send: get("/dotted", bearer(claim("a.b", "x"))), want: allowed()},
		{law: "N-11 is not the one nested so", send: get("/dotted", bearer(claim("a", rawJSON(`{"b":"x"}`)))), want: notAllowed("claim_denied")},
		{law: "all groups", send: get("/groups", bearer(claim("groups", []string{"b", "c", "a"}))), want: allowed()},
		{law: "not all groups", send: get("/groups", bearer(claim("groups", []string{"a", "c"}))), want: notAllowed("claim_denied")},
		{law: "a claim that must not be there", send: get("/groups", bearer(claim("groups", []string{"a", "b"}), claim("act", rawJSON(`{"sub":"x"}`)))), want: notAllowed("claim_denied")},
		{law: "a claim that must not be there, null", send: get("/groups", bearer(claim("groups", []string{"a", "b"}), claim("act", rawJSON(`null`)))), want: notAllowed("claim_denied")},

		{law: "the client is allowed", send: get("/clients", bearer(claim("client_id", "app"))), want: allowed()},
		{law: "the authorized party is", send: get("/clients", bearer(claim("azp", "app"))), want: allowed()},
		{law: "another client is not", send: get("/clients", bearer(claim("client_id", "other"))), want: notAllowed("client_denied")},
		{law: "no client is not", send: get("/clients", bearer()), want: notAllowed("client_denied")},
		{law: "one claim does not hide the other", send: get("/clients", bearer(claim("client_id", "app"), claim("azp", "other"))), want: notAllowed("client_denied")},

		{law: "the rule and its requirement both ask: both are met", send: get("/twice", bearer(claim("client_id", "app"), claim("scope", "orders.read"))), want: allowed()},
		{law: "the requirement's is not", send: get("/twice", bearer(claim("scope", "orders.read"))), want: notAllowed("client_denied")},
		{law: "the rule's is not", send: get("/twice", bearer(claim("client_id", "app"))), want: lacking("")},

		{law: "C-12 the first is proved and lacks a scope, the second passes: nothing of the first goes on", send: get("/either", bearer(claim("scope", "x")), partner(claim("sub", "bob"))), want: untouched(without("x-partner"), adding("x-user", "bob")).by("partner")},
		{law: "C-12 the rule sees the second alone", send: get("/either-admin", bearer(claim("role", "admin")), partner()), want: notAllowed("claim_denied").by("partner")},
		{law: "C-12 the first is good enough", send: get("/either", bearer(claim("scope", "orders.read")), partner(claim("sub", "bob"))), want: allowed(adding("x-user", "alice")).by("user")},
		{law: "C-12 the first lacks a scope, the second is bad", send: get("/either", bearer(claim("scope", "x")), partner(segment(2, flipped))), want: lacking("").by("user")},
		{law: "C-12 the first lacks a scope, there is no second", send: get("/either", bearer(claim("scope", "x"))), want: lacking("").by("user")},
		{law: "two are proved: one who meets all is enough", send: get("/both", bearer(claim("client_id", "app"), claim("scope", "orders.read")), partner()), want: allowed(without("x-partner"), adding("x-user", "alice"))},
		{law: "two are proved: what they hold is not added up", send: get("/both", bearer(claim("client_id", "app")), partner(claim("scope", "orders.read"))), want: lacking("")},

		{law: "optional, and there is none", send: get("/optional"), want: untouched()},
		{law: "optional, and it is allowed", send: get("/optional", bearer(claim("scope", "orders.read"))), want: allowed()},
		{law: "optional, but there is one that lacks a scope", send: get("/optional", bearer(claim("scope", "x"))), want: lacking("")},
		{law: "the rule asks what the requirement leaves open: there is none", send: get("/strict"), want: missing("missing")},
		{law: "the rule asks what the requirement leaves open: it is there", send: get("/strict", bearer(claim("scope", "orders.read"))), want: allowed()},
		{law: "the rule asks what the requirement leaves open: it is bad", send: get("/tolerant", bearer(claim("scope", "orders.read"), segment(2, flipped))), want: missing("missing")},
	},
}

// partner adds a token of the provider of that name, in its own header.
func partner(mods ...mod) build {
	return tokenIn("x-partner", "", append([]mod{claim("iss", "https://partner.test")}, mods...)...)
}

// discloseGroup: the same lack, told where the configuration says so.
var discloseGroup = group{
	name: "disclose", provider: "corp", config: authorizeConfig("true"),
	cases: []scenario{
		{law: "what is lacking is named", send: get("/scopes", bearer(claim("scope", "x"))), want: lacking("orders.read")},
		{law: "all and any are named", send: get("/write", bearer(claim("scope", "x"))), want: lacking("orders.read orders.write orders.admin")},
		{law: "the scopes of the branch that is told of are named", send: get("/either", bearer(claim("scope", "x"))), want: lacking("orders.read").by("user")},
		{law: "no other refusal names scopes", send: get("/scopes", bearer(claim("scope", "x"), at("exp", -3600))), want: invalid("expired")},
		{law: "without a token none is named", send: get("/scopes"), want: missing("missing")},
	},
}

func authorizeConfig(disclose string) string {
	return `{
  "disclose_scopes": ` + disclose + `,
  "providers": {
    "corp": {
      "issuer": "https://issuer.test", "audiences": ["api"], "local_jwks": {"inline_string": {{set "rsa"}}},
      "claim_to_headers": [{"header_name": "x-corp", "claim_name": "corp"}]
    },
    "user": {
      "issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}, "required_scopes": {"all": ["orders.read"]},
      "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}]
    },
    "partner": {
      "issuer": "https://partner.test", "from_headers": [{"name": "x-partner"}], "local_jwks": {"inline_string": {{set "rsa"}}},
      "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}]
    }
  },
  "requirement_map": {"app": {"provider_name": "corp", "authorize": {"clients": ["app"]}}},
  "rules": [
    {"match": {"path": "/scopes"}, "requires": {"provider_name": "corp"}, "authorize": {"scopes": {"all": ["orders.read"], "any": []}}},
    {"match": {"path": "/write"}, "requires": {"provider_name": "corp"}, "authorize": {"scopes": {"all": ["orders.read"], "any": ["orders.write", "orders.admin"]}}},
    {"match": {"path": "/admin"}, "requires": {"provider_name": "corp"}, "authorize": {"claims": [{"path": ["realm_access", "roles"], "any_of": ["admin", "root"]}]}},
    {"match": {"path": "/verified"}, "requires": {"provider_name": "corp"}, "authorize": {"claims": [{"path": ["email_verified"], "equals": true}]}},
    {"match": {"path": "/number"}, "requires": {"provider_name": "corp"}, "authorize": {"claims": [{"path": ["level"], "equals": 9007199254740993}]}},
    {"match": {"path": "/dotted"}, "requires": {"provider_name": "corp"}, "authorize": {"claims": [{"path": ["a.b"], "prefix": "x"}]}},
    {"match": {"path": "/groups"}, "requires": {"provider_name": "corp"}, "authorize": {"claims": [{"path": ["groups"], "all_of": ["a", "b"]}, {"path": ["act"], "exists": false}]}},
    {"match": {"path": "/clients"}, "requires": {"provider_name": "corp"}, "authorize": {"clients": ["app", "web"]}},
    {"match": {"path": "/twice"}, "requirement_name": "app", "authorize": {"scopes": {"all": ["orders.read"]}}},
    {"match": {"path": "/either"}, "requires": {"requires_any": {"requirements": [{"provider_name": "user"}, {"provider_name": "partner"}]}}},
    {"match": {"path": "/either-admin"}, "requires": {"requires_any": {"requirements": [
      {"provider_name": "corp", "authorize": {"clients": ["app"]}}, {"provider_name": "partner"}]}}, "authorize": {"claims": [{"path": ["role"], "equals": "admin"}]}},
    {"match": {"path": "/both"}, "requires": {"requires_all": {"requirements": [{"provider_name": "corp"}, {"provider_name": "partner"}]}},
      "authorize": {"scopes": {"all": ["orders.read"]}, "clients": ["app"]}},
    {"match": {"path": "/optional"}, "requires": {"requires_any": {"requirements": [
      {"provider_name": "corp", "authorize": {"scopes": {"all": ["orders.read"]}}}, {"allow_missing": {}}]}}},
    {"match": {"path": "/strict"}, "requires": {"requires_any": {"requirements": [{"provider_name": "corp"}, {"allow_missing": {}}]}}, "authorize": {"scopes": {"all": ["orders.read"]}}},
    {"match": {"path": "/tolerant"}, "requires": {"allow_missing_or_failed": {}}, "authorize": {"scopes": {"all": ["orders.read"]}}}
  ]
}`
}

// acceptGroup: what a provider asks of its tokens beyond jose and time.
var acceptGroup = group{
	name: "accept", config: `{
  "providers": {
    "claims": {
      "issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}},
      "claims": [{"path": ["tid"], "any_of": ["t1", "t2"]}, {"path": ["ver"], "equals": "2.0"}]
    },
    "scopes": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}, "required_scopes": {"any": ["a", "b"], "claims": ["permissions"]}},
    "exact": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}, "subjects": {"exact": "alice"}},
    "prefix": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}, "subjects": {"prefix": "SVC-", "ignore_case": true}},
    "suffix": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}, "subjects": {"suffix": "@corp.test"}},
    "contains": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}, "subjects": {"contains": "/ns/prod/"}},
    "regex": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}, "subjects": {"safe_regex": {"regex": "(a+)+"}}},
    "short": {"issuer": "https://issuer.test", "require_expiration": false, "local_jwks": {"inline_string": {{set "rsa"}}}, "max_lifetime": "7200s"}
  },
  "rules": [
    {"match": {"prefix": "/claims"}, "requires": {"provider_name": "claims"}},
    {"match": {"prefix": "/scopes"}, "requires": {"provider_name": "scopes"}},
    {"match": {"prefix": "/exact"}, "requires": {"provider_name": "exact"}},
    {"match": {"prefix": "/prefix"}, "requires": {"provider_name": "prefix"}},
    {"match": {"prefix": "/suffix"}, "requires": {"provider_name": "suffix"}},
    {"match": {"prefix": "/contains"}, "requires": {"provider_name": "contains"}},
    {"match": {"prefix": "/regex"}, "requires": {"provider_name": "regex"}},
    {"match": {"prefix": "/short"}, "requires": {"provider_name": "short"}}
  ]
}`,
	cases: []scenario{
		{law: "all claims hold", send: get("/claims", bearer(claim("tid", "t2"), claim("ver", "2.0"))), want: allowed().by("claims")},
		{law: "one claim does not hold", send: get("/claims", bearer(claim("tid", "t3"), claim("ver", "2.0"))), want: invalid("claim_mismatch").by("claims")},
		{law: "the other does not", send: get("/claims", bearer(claim("tid", "t1"), claim("ver", 2.0))), want: invalid("claim_mismatch").by("claims")},
		{law: "a claim is not there", send: get("/claims", bearer(claim("ver", "2.0"))), want: invalid("claim_mismatch").by("claims")},
		{law: "what claims must be is told to nobody without a good token", send: get("/claims", bearer(segment(2, flipped))), want: invalid("bad_signature").by("claims")},
		{law: "S-04 and told again to whoever was told before", send: get("/claims", bearer(claim("ver", "2.0"))), want: invalid("claim_mismatch").by("claims")},
		{law: "a required scope", send: get("/scopes", bearer(claim("permissions", []string{"b"}))), want: allowed().by("scopes")},
		{law: "no required scope", send: get("/scopes", bearer(claim("permissions", []string{"c"}), claim("scope", "a"))), want: lacking("").by("scopes")},
		{law: "subjects exact", send: get("/exact", bearer()), want: allowed().by("exact")},
		{law: "subjects exact: a longer one", send: get("/exact", bearer(claim("sub", "alice2"))), want: invalid("subject_mismatch").by("exact")},
		{law: "subjects: none", send: get("/exact", bearer(claim("sub", nil))), want: invalid("subject_mismatch").by("exact")},
		{law: "subjects prefix without case", send: get("/prefix", bearer(claim("sub", "svc-7"))), want: allowed().by("prefix")},
		{law: "subjects prefix elsewhere", send: get("/prefix", bearer(claim("sub", "x-svc-7"))), want: invalid("subject_mismatch").by("prefix")},
		{law: "subjects suffix", send: get("/suffix", bearer(claim("sub", "bob@corp.test"))), want: allowed().by("suffix")},
		{law: "subjects suffix elsewhere", send: get("/suffix", bearer(claim("sub", "bob@corp.test.evil"))), want: invalid("subject_mismatch").by("suffix")},
		{law: "subjects contains", send: get("/contains", bearer(claim("sub", "spiffe://x/ns/prod/sa"))), want: allowed().by("contains")},
		{law: "subjects contains, in other case", send: get("/contains", bearer(claim("sub", "spiffe://x/ns/Prod/sa"))), want: invalid("subject_mismatch").by("contains")},
		{law: "subjects regex is whole", send: get("/regex", bearer(claim("sub", "aaa"))), want: allowed().by("regex")},
		{law: "H-26 subjects regex: what breaks others", send: get("/regex", bearer(claim("sub", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"))), want: invalid("subject_mismatch").by("regex")},
		{law: "a token that is good for an hour is short enough", send: get("/short", bearer()), want: allowed().by("short")},
		{law: "one that is good for three is not", send: get("/short", bearer(at("exp", 10800))), want: invalid("lifetime_too_long").by("short")},
		{law: "T-03 one that is good for milliseconds taken for seconds is not", send: get("/short", bearer(claim("exp", rawJSON("4000000000000")))), want: invalid("lifetime_too_long").by("short")},
		{law: "one that is good for ever is not", send: get("/short", bearer(claim("exp", nil))), want: invalid("expiration_missing").by("short")},
		{law: "one that is good beyond all clocks is not", send: get("/short", bearer(claim("exp", rawJSON("9007199254740992")))), want: invalid("lifetime_too_long").by("short")},
	},
}
