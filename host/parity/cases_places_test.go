package parity

import "strings"

// placesGroup: where a token is looked for, and how it leaves the request.
var placesGroup = group{
	name: "places", config: `{
  "providers": {
    "header": {"from_headers": [{"name": "X-Token"}], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "prefixed": {"from_headers": [{"name": "x-auth", "value_prefix": "JWT "}], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "query": {"from_params": ["access_token"], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "cookie": {"from_cookies": ["session"], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "keep": {"forward": true, "local_jwks": {"inline_string": {{set "rsa"}}}},
    "keep-query": {"forward": true, "from_params": ["access_token"], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "keep-cookie": {"forward": true, "from_cookies": ["session"], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "many": {"from_headers": [{"name": "x-token"}], "from_params": ["token"], "from_cookies": ["token"], "local_jwks": {"inline_string": {{set "rsa"}}}}
  },
  "rules": [
    {"match": {"path": "/header"}, "requires": {"provider_name": "header"}},
    {"match": {"path": "/prefixed"}, "requires": {"provider_name": "prefixed"}},
    {"match": {"path": "/query"}, "requires": {"provider_name": "query"}},
    {"match": {"path": "/cookie"}, "requires": {"provider_name": "cookie"}},
    {"match": {"path": "/keep"}, "requires": {"provider_name": "keep"}},
    {"match": {"path": "/keep-query"}, "requires": {"provider_name": "keep-query"}},
    {"match": {"path": "/keep-cookie"}, "requires": {"provider_name": "keep-cookie"}},
    {"match": {"path": "/many"}, "requires": {"provider_name": "many"}}
  ]
}`,
	cases: []scenario{
		{law: "from_headers: the header is read and removed", send: get("/header", tokenIn("x-token", "")), want: untouched(without("x-token"))},
		{law: "from_headers: Authorization is not read then, nor removed", send: get("/header", tokenIn("x-token", ""), line("authorization", "Basic YTpi")), want: untouched(without("x-token"))},
		{law: "from_headers: a token in Authorization is not found", send: get("/header", bearer()), want: missing("missing")},
		{law: "from_headers: two lines are refused", send: get("/header", tokenIn("x-token", ""), tokenIn("X-Token", "")), want: malformed("several_credentials")},
		{law: "from_headers: an empty value is malformed", send: get("/header", line("x-token", "")), want: invalid("token_malformed")},
		{law: "value_prefix: what follows it is the token", send: get("/prefixed", tokenIn("x-auth", "JWT ")), want: untouched(without("x-auth"))},
		{law: "value_prefix: a value without it is none", send: get("/prefixed", tokenIn("x-auth", "")), want: missing("missing")},
		{law: "value_prefix: it is at the start or not there", send: get("/prefixed", tokenIn("x-auth", "x JWT ")), want: missing("missing")},

		{law: "from_params: the only parameter leaves no question mark", send: get("/query?access_token=TOKEN", inTarget()), want: untouched(to("/query"))},
		{law: "from_params: the others stay byte for byte", send: get("/query?a=%41&access_token=TOKEN&b=1+2&&c", inTarget()), want: untouched(to("/query?a=%41&b=1+2&&c"))},
		{law: "from_params: the first parameter", send: get("/query?access_token=TOKEN&b=2", inTarget()), want: untouched(to("/query?b=2"))},
		{law: "from_params: the last parameter", send: get("/query?a=1&access_token=TOKEN", inTarget()), want: untouched(to("/query?a=1"))},
		{law: "from_params: the value is percent-decoded", send: get("/query?access_token=TOKEN", inTarget(edit(escapedDots))), want: untouched(to("/query"))},
		{law: "from_params: the value is decoded once", send: get("/query?access_token=TOKEN", inTarget(edit(twiceEscapedDots))), want: invalid("token_malformed")},
		{law: "from_params: the name is percent-decoded", send: get("/query?access%5Ftoken=TOKEN&b=2", inTarget()), want: untouched(to("/query?b=2"))},
		{law: "from_params: the name is compared with case", send: get("/query?Access_Token=TOKEN", inTarget()), want: missing("missing")},
		{law: "from_params: a semicolon separates nothing", send: get("/query?a;access_token=TOKEN", inTarget()), want: missing("missing")},
		{law: "from_params: two values are refused", send: get("/query?access_token=TOKEN&access_token=TOKEN", inTarget()), want: malformed("several_credentials")},
		{law: "from_params: two values are refused in any spelling", send: get("/query?access_token=TOKEN&access%5ftoken=x", inTarget()), want: malformed("several_credentials")},
		{law: "from_params: an empty value is malformed", send: get("/query?access_token="), want: invalid("token_malformed")},
		{law: "from_params: no parameter is missing", send: get("/query?a=1"), want: missing("missing")},

		{law: "from_cookies: the only cookie leaves no line", send: get("/cookie", inLine("cookie", "session=TOKEN")), want: untouched(without("cookie"))},
		{law: "from_cookies: the others stay", send: get("/cookie", inLine("cookie", "a=1; session=TOKEN; b=2")), want: untouched(without("cookie"), adding("cookie", "a=1; b=2"))},
		{law: "from_cookies: the name is compared whole", send: get("/cookie", inLine("cookie", "xsession=TOKEN")), want: missing("missing")},
		{law: "from_cookies: the name is compared with case", send: get("/cookie", inLine("cookie", "Session=TOKEN")), want: missing("missing")},
		{law: "from_cookies: two of one name are refused", send: get("/cookie", inLine("cookie", "session=bad; session=TOKEN")), want: malformed("several_credentials")},
		{law: "from_cookies: two of one name in two lines are refused", send: get("/cookie", inLine("cookie", "session=TOKEN"), inLine("cookie", "session=TOKEN")), want: malformed("several_credentials")},
		{law: "from_cookies: the second line is read", send: get("/cookie", line("cookie", "a=1"), inLine("cookie", "session=TOKEN; b=2")), want: untouched(without("cookie"), adding("cookie", "a=1"), adding("cookie", "b=2"))},
		{law: "from_cookies: no cookie is missing", send: get("/cookie", line("cookie", "a=1")), want: missing("missing")},

		{law: "forward: Authorization stays", send: get("/keep", bearer()), want: untouched()},
		{law: "forward: the query stays", send: get("/keep-query?a=1&access_token=TOKEN", inTarget()), want: untouched()},
		{law: "forward: the cookie stays", send: get("/keep-cookie", inLine("cookie", "a=1; session=TOKEN")), want: untouched()},

		{law: "several places: the header", send: get("/many", tokenIn("x-token", "")), want: untouched(without("x-token"))},
		{law: "several places: the query", send: get("/many?token=TOKEN", inTarget()), want: untouched(to("/many"))},
		{law: "several places: the cookie", send: get("/many", inLine("cookie", "token=TOKEN")), want: untouched(without("cookie"))},
		{law: "several places: header and query are refused", send: get("/many?token=TOKEN", inTarget(), tokenIn("x-token", "")), want: malformed("several_credentials")},
		{law: "several places: query and cookie are refused", send: get("/many?token=TOKEN", inTarget(), inLine("cookie", "token=TOKEN")), want: malformed("several_credentials")},
	},
}

func escapedDots(s string) string      { return strings.ReplaceAll(s, ".", "%2E") }
func twiceEscapedDots(s string) string { return strings.ReplaceAll(s, ".", "%252E") }
