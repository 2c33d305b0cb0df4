package parity

// reportProviders: one token of each kind of place that is taken out of the request, and
// one that stays.
const reportProviders = `
  "providers": {
    "corp": {
      "issuer": "https://issuer.test", "audiences": ["api"],
      "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
      "from_params": ["access_token"], "from_cookies": ["session"],
      "forward_payload_header": "x-jwt-payload",
      "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}],
      "local_jwks": {"inline_string": {{set "rsa"}}}
    },
    "kept": {
      "issuer": "https://issuer.test", "forward": true, "from_headers": [{"name": "x-kept"}],
      "claim_to_headers": [{"header_name": "x-kept-user", "claim_name": "sub"}],
      "local_jwks": {"inline_string": {{set "rsa"}}}
    }
  },`

// theirs are the identity headers of the configuration as a client would forge them.
func theirs(b *builder) {
	for _, name := range []string{"X-User", "x-user", "x-jwt-payload", "x-kept-user"} {
		line(name, "root")(b)
	}
}

// nobodys takes the forged ones out.
var nobodys = without("x-user", "x-jwt-payload", "x-kept-user")

// reportGroup: mode report at the top: nothing is refused, and nobody is anybody who is
// not proved to be (F-01, H-20).
var reportGroup = group{
	name: "report", config: `{"mode": "report",` + reportProviders + `
  "rules": [
    {"match": {"path": "/kept"}, "requires": {"provider_name": "kept"}},
    {"match": {"path": "/both"}, "requires": {"requires_all": {"requirements": [{"provider_name": "kept"}, {"provider_name": "corp"}]}}},
    {"match": {"path": "/scoped"}, "requires": {"provider_name": "corp"}, "authorize": {"scopes": {"all": ["write"]}}},
    {"match": {"path_separated_prefix": "/api"}, "requires": {"provider_name": "corp"}}
  ]
}`,
	cases: []scenario{
		{law: "F-01 a good token is taken as ever", send: get("/api", bearer(claim("aud", "api"), payload(plain)), theirs), want: allowed(nobodys, adding("x-user", "alice"), adding("x-jwt-payload", b64([]byte(plain)))).by("corp")},
		{law: "F-01 no token: the request goes on as nobody's", send: get("/api", theirs), want: reported("missing", nobodys)},
		{law: "F-01 H-20 an expired token: nobody's, and without the token", send: get("/api", bearer(claim("aud", "api"), at("exp", -3600)), theirs), want: reported("expired", nobodys, without("authorization")).by("corp")},
		{law: "F-01 H-20 a forged signature: nobody's, and without the token", send: get("/api", bearer(claim("aud", "api"), by("rsa-stranger")), theirs), want: reported("key_unknown", nobodys, without("authorization")).by("corp")},
		{law: "H-20 what is no token leaves all the same", send: get("/api", line("authorization", "Bearer a.b.c")), want: reported("token_malformed", without("authorization")).by("corp")},
		{law: "H-20 a proved token that may not do it leaves too", send: get("/scoped", bearer(claim("aud", "api")), theirs), want: reported("insufficient_scope", nobodys, without("authorization")).by("corp")},
		{law: "H-20 every copy in the query leaves, and no other byte", send: get("/api?a=1&access_token=x&b=%20&access%5ftoken=y&Access_Token=z&c", theirs), want: reported("several_credentials", nobodys, to("/api?a=1&b=%20&Access_Token=z&c"))},
		{law: "H-20 a token in the query leaves", send: get("/api?access_token=TOKEN", inTarget(claim("aud", "api"), at("exp", -3600))), want: reported("expired", to("/api")).by("corp")},
		{law: "H-20 a token in a cookie leaves, and no other cookie", send: get("/api", inLine("cookie", "a=1; session=TOKEN; b=2", claim("aud", "api"), at("exp", -3600))), want: reported("expired", without("cookie"), adding("cookie", "a=1; b=2")).by("corp")},
		{law: "H-20 header, query and cookie at once leave", send: get("/api?access_token=x", bearer(claim("aud", "api")), line("cookie", "session=y")), want: reported("several_credentials", without("authorization", "cookie"), to("/api"))},
		{law: "another scheme's credential is not ours to take", send: get("/api", line("authorization", "Basic YTpi")), want: reported("unsupported_scheme")},
		{law: "a credential that is forwarded stays, good or bad", send: get("/kept", line("x-kept", "a.b.c"), theirs), want: reported("token_malformed", nobodys).by("kept")},
		{law: "F-01 what one branch has proved is taken back with the other", send: get("/both", tokenIn("x-kept", ""), theirs), want: reported("missing", nobodys)},
		{law: "F-01 a path that is not normal goes on as it came", send: get("/api//x/../y", theirs), want: reported("path_not_normal", nobodys)},
		{law: "F-01 a path without a rule goes on", send: get("/elsewhere", theirs, line("authorization", "Bearer a.b.c")), want: reported("no_rule", nobodys)},
		{law: "a body goes on", send: call("POST", "/api", body("a=1")), want: reported("missing")},
		{law: "gRPC goes on", send: call("POST", "/api/Call", line("content-type", "application/grpc"), line("te", "trailers"), body("\x00\x00\x00\x00\x00")), want: reported("missing")},
		{law: "F-01 a host that cannot be read goes on, and nothing with it that would do for an identity", send: get("/api", authority("a,b"), theirs, line("x_user", "root"), line("X.User", "root"), line("x-user-agent", "a")), want: reported("headers_unreadable", nobodys, without("x_user", "x.user"))},
	},
}

// reportButGroup: mode report at the top and a rule that enforces. Nothing passes that may
// have been meant for it and could not be matched.
var reportButGroup = group{
	name: "report-but", config: `{"mode": "report",` + reportProviders + `
  "rules": [
    {"match": {"path_separated_prefix": "/enforced"}, "requires": {"provider_name": "corp"}, "mode": "enforce"},
    {"match": {"path_separated_prefix": "/api"}, "requires": {"provider_name": "corp"}}
  ]
}`,
	cases: []scenario{
		{law: "a rule that enforces refuses", send: get("/enforced"), want: missing("missing")},
		{law: "another reports", send: get("/api", theirs), want: reported("missing", nobodys)},
		{law: "a token of nobody's goes on where that is reported", send: get("/api", bearer(claim("aud", "other"))), want: reported("audience_mismatch", without("authorization")).by("corp")},
		{law: "S-04 a token that is known from a rule that reports is judged anew by one that enforces", send: get("/enforced", bearer(claim("aud", "other"))), want: invalid("audience_mismatch").by("corp")},
		{law: "a path without a rule goes on", send: get("/elsewhere", theirs), want: reported("no_rule", nobodys)},
		{law: "F-01 a host that cannot be read hides no rule that enforces", send: get("/enforced/x", authority("a,b")), want: malformed("headers_unreadable")},
		{law: "F-01 nor does one with a user", send: get("/enforced/x", authority("u@api.test")), want: malformed("headers_unreadable")},
		{law: "F-01 nor a path that is not normal", send: get("/enforced//x"), want: malformed("path_not_normal")},
		{law: "F-01 from wherever it begins", send: get("/api/../enforced/x"), want: malformed("path_not_normal")},
		{law: "F-01 in whatever spelling", send: get("/enforced%2fx"), want: malformed("path_not_normal")},
		{law: "F-01 what is no UTF-8", send: get("/enforced/%c0%af"), want: malformed("path_not_normal")},
	},
}

// reportRulesGroup: mode report on rules alone.
var reportRulesGroup = group{
	name: "report-rules", config: `{` + reportProviders + `
  "rules": [
    {"match": {"path": "/reported"}, "requires": {"provider_name": "corp"}, "mode": "report"},
    {"match": {"path": "/enforced"}, "requires": {"provider_name": "corp"}},
    {"match": {"path": "/never"}, "requires": {"requires_any": {"requirements": [{"provider_name": "corp"}, {"provider_name": "kept"}]}}, "mode": "report"}
  ]
}`,
	cases: []scenario{
		{law: "a rule that reports lets through", send: get("/reported", theirs), want: reported("missing", nobodys)},
		{law: "the next rule does not", send: get("/enforced"), want: missing("missing")},
		{law: "a request without a rule is refused", send: get("/"), want: denied("no_rule")},
		{law: "a path that is not normal is refused before any rule is found", send: get("/reported/../reported"), want: malformed("path_not_normal")},
		{law: "H-20 all providers of the rule are looked after", send: get("/never?access_token=a.b.c", line("x-kept", "d.e.f")), want: reported("token_malformed", to("/never")).by("kept")},
	},
}
