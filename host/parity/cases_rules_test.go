package parity

import "strings"

// rulesGroup: which requests a match covers. A rule here asks nothing, so that what
// matches goes on untouched and what does not is denied.
var rulesGroup = group{
	name: "rules", provider: "corp", config: `{
  "providers": {"corp": {"local_jwks": {"inline_string": {{set "rsa"}}}}},
  "rules": [
    {"match": {"path": "/exact"}},
    {"match": {"path": "/FoldedPath", "case_sensitive": false}},
    {"match": {"prefix": "/pre/"}},
    {"match": {"prefix": "/FoldedPrefix", "case_sensitive": false}},
    {"match": {"path_separated_prefix": "/sep"}},
    {"match": {"safe_regex": {"regex": "/re/[0-9]+"}}},
    {"match": {"safe_regex": {"regex": "/slow/(a+)+b"}}},
    {"match": {"path": "/h/exact", "headers": [{"name": "X-Env", "string_match": {"exact": "prod"}}]}},
    {"match": {"path": "/h/folded", "headers": [{"name": "x-env", "string_match": {"exact": "prod", "ignore_case": true}}]}},
    {"match": {"path": "/h/prefix", "headers": [{"name": "x-env", "string_match": {"prefix": "pro"}}]}},
    {"match": {"path": "/h/suffix", "headers": [{"name": "x-env", "string_match": {"suffix": "od"}}]}},
    {"match": {"path": "/h/contains", "headers": [{"name": "x-env", "string_match": {"contains": "ro"}}]}},
    {"match": {"path": "/h/regex", "headers": [{"name": "x-env", "string_match": {"safe_regex": {"regex": "p.*d"}}}]}},
    {"match": {"path": "/h/present", "headers": [{"name": "x-env", "present_match": true}]}},
    {"match": {"path": "/h/absent", "headers": [{"name": "x-env", "present_match": false}]}},
    {"match": {"path": "/h/not", "headers": [{"name": "x-env", "string_match": {"exact": "prod"}, "invert_match": true}]}},
    {"match": {"path": "/h/range", "headers": [{"name": "x-version", "range_match": {"start": "2", "end": "5"}}]}},
    {"match": {"path": "/h/both", "headers": [{"name": "x-env", "string_match": {"exact": "prod"}}, {"name": "x-zone", "present_match": true}]}},
    {"match": {"path": "/q/exact", "query_parameters": [{"name": "v", "string_match": {"exact": "2"}}]}},
    {"match": {"path": "/q/present", "query_parameters": [{"name": "v", "present_match": true}]}},
    {"match": {"path": "/m", "methods": ["GET", "POST"]}},
    {"match": {"path": "/host", "hosts": ["a.test", "B.test:8443"]}},
    {"match": {"prefix": "/first/open"}},
    {"match": {"prefix": "/first"}, "requires": {"provider_name": "corp"}},
    {"match": {"prefix": "/late"}, "requires": {"provider_name": "corp"}},
    {"match": {"prefix": "/late/open"}}
  ]
}`,
	cases: []scenario{
		{law: "path matches itself", send: get("/exact"), want: untouched()},
		{law: "path matches with a query", send: get("/exact?x=1"), want: untouched()},
		{law: "path matches with an empty query", send: get("/exact?"), want: untouched()},
		{law: "path matches whatever the query looks like", send: get("/exact?/../other"), want: untouched()},
		{law: "path matches an escaped letter of itself", send: get("/%65xact"), want: untouched()},
		{law: "path does not match a slash more", send: get("/exact/"), want: denied("no_rule")},
		{law: "path does not match parameters of a segment", send: get("/exact;x=1"), want: denied("no_rule")},
		{law: "path does not match other case", send: get("/Exact"), want: denied("no_rule")},
		{law: "path folds case if asked", send: get("/foldedPATH"), want: untouched()},
		{law: "path folds case of an escaped letter too", send: get("/%66oldedpath"), want: untouched()},
		{law: "prefix matches what begins with it", send: get("/pre/x"), want: untouched()},
		{law: "prefix matches itself", send: get("/pre/"), want: untouched()},
		{law: "prefix does not match less", send: get("/pre"), want: denied("no_rule")},
		{law: "prefix does not match in the query", send: get("/?/pre/"), want: denied("no_rule")},
		{law: "prefix folds case if asked", send: get("/foldedprefix/x"), want: untouched()},
		{law: "path_separated_prefix matches itself", send: get("/sep"), want: untouched()},
		{law: "path_separated_prefix matches below itself", send: get("/sep/x"), want: untouched()},
		{law: "path_separated_prefix matches with a query", send: get("/sep?x"), want: untouched()},
		{law: "path_separated_prefix does not match a longer segment", send: get("/separate"), want: denied("no_rule")},
		{law: "safe_regex matches", send: get("/re/12"), want: untouched()},
		{law: "safe_regex matches without the query", send: get("/re/12?x"), want: untouched()},
		{law: "safe_regex must match the whole path: more after", send: get("/re/12x"), want: denied("no_rule")},
		{law: "safe_regex must match the whole path: more before", send: get("/x/re/12"), want: denied("no_rule")},

		{law: "safe_regex takes no time that grows beyond the path", send: get("/slow/" + strings.Repeat("a", 8000)), want: denied("no_rule")},

		{law: "a header matches exactly", send: get("/h/exact", line("x-env", "prod")), want: untouched()},
		{law: "a header of other value does not match", send: get("/h/exact", line("x-env", "production")), want: denied("no_rule")},
		{law: "a header of other case does not match", send: get("/h/exact", line("x-env", "PROD")), want: denied("no_rule")},
		{law: "a header that is absent does not match", send: get("/h/exact"), want: denied("no_rule")},
		{law: "header lines are judged one by one, not joined", send: get("/h/exact", line("x-env", "dev"), line("x-env", "prod")), want: untouched()},
		{law: "a comma in a header line is part of its value", send: get("/h/exact", line("x-env", "dev,prod")), want: denied("no_rule")},
		{law: "a header folds case if asked", send: get("/h/folded", line("x-env", "PROD")), want: untouched()},
		{law: "a header matches by prefix", send: get("/h/prefix", line("x-env", "production")), want: untouched()},
		{law: "a header matches by suffix", send: get("/h/suffix", line("x-env", "wood")), want: untouched()},
		{law: "a header matches by what it contains", send: get("/h/contains", line("x-env", "front")), want: untouched()},
		{law: "a header matches by regular expression", send: get("/h/regex", line("x-env", "paid")), want: untouched()},
		{law: "a header's regular expression must match the whole value", send: get("/h/regex", line("x-env", "prepaid!")), want: denied("no_rule")},
		{law: "present_match: present", send: get("/h/present", line("x-env", "")), want: untouched()},
		{law: "present_match: absent", send: get("/h/present"), want: denied("no_rule")},
		{law: "present_match false: absent", send: get("/h/absent"), want: untouched()},
		{law: "present_match false: present", send: get("/h/absent", line("x-env", "prod")), want: denied("no_rule")},
		{law: "invert_match: another value", send: get("/h/not", line("x-env", "dev")), want: untouched()},
		{law: "invert_match: that value", send: get("/h/not", line("x-env", "prod")), want: denied("no_rule")},
		{law: "invert_match: one of two lines has that value", send: get("/h/not", line("x-env", "dev"), line("x-env", "prod")), want: denied("no_rule")},
		{law: "range_match includes its start", send: get("/h/range", line("x-version", "2")), want: untouched()},
		{law: "range_match excludes its end", send: get("/h/range", line("x-version", "5")), want: denied("no_rule")},
		{law: "range_match asks for an integer", send: get("/h/range", line("x-version", "3.5")), want: denied("no_rule")},
		{law: "all header conditions must hold", send: get("/h/both", line("x-env", "prod")), want: denied("no_rule")},
		{law: "all header conditions hold", send: get("/h/both", line("x-env", "prod"), line("x-zone", "1")), want: untouched()},

		{law: "a query parameter matches exactly", send: get("/q/exact?u=1&v=2"), want: untouched()},
		{law: "of two of a name the first counts", send: get("/q/exact?v=2&v=1"), want: untouched()},
		{law: "and not the second", send: get("/q/exact?v=1&v=2"), want: denied("no_rule")},
		{law: "a query parameter of other value does not match", send: get("/q/exact?v=22"), want: denied("no_rule")},
		{law: "a query parameter that is absent does not match", send: get("/q/exact"), want: denied("no_rule")},
		{law: "a query parameter that is present matches", send: get("/q/present?v"), want: untouched()},
		{law: "a query parameter's name is matched whole", send: get("/q/present?vv=1"), want: denied("no_rule")},

		{law: "a listed method matches", send: call("POST", "/m", body("x")), want: untouched()},
		{law: "a method that is not listed does not match", send: call("PUT", "/m", body("x")), want: denied("no_rule")},
		{law: "HEAD is not GET", send: call("HEAD", "/m"), want: denied("no_rule")},
		{law: "a method override header is only a header", send: call("DELETE", "/m", line("x-http-method-override", "GET")), want: denied("no_rule")},

		{law: "a listed host matches", send: get("/host", authority("a.test")), want: untouched()},
		{law: "a host is compared without case", send: get("/host", authority("A.TEST")), want: untouched()},
		{law: "a host's default port is none", send: get("/host", authority("a.test:80")), want: untouched()},
		{law: "a host's last dot is none", send: get("/host", authority("a.test.")), want: untouched()},
		{law: "a host on another port is another host", send: get("/host", authority("a.test:8443")), want: denied("no_rule")},
		{law: "a host with its port matches", send: get("/host", authority("b.test:8443")), want: untouched()},
		{law: "a host below a listed one is another host", send: get("/host", authority("x.a.test")), want: denied("no_rule")},
		{law: "x-forwarded-host is only a header", send: get("/host", authority("evil.test"), line("x-forwarded-host", "a.test")), want: denied("no_rule")},

		{law: "the first rule that matches decides: open", send: get("/first/open"), want: untouched()},
		{law: "the first rule that matches decides: closed", send: get("/first/other"), want: missing("missing")},
		{law: "a later rule does not open what an earlier one closes", send: get("/late/open"), want: missing("missing")},
		{law: "no rule at all: denied, credential or not", send: get("/nothing", bearer()), want: denied("no_rule")},
		{law: "OPTIONS * is no path that a rule could match", send: call("OPTIONS", "*"), want: denied("no_rule"), door: "Envoy answers 404 to a :path without a slash"},
		{law: "a header that claims another path changes nothing", send: get("/nothing", line("x-envoy-original-path", "/exact"), line("x-original-url", "/exact")), want: denied("no_rule")},
	},
}

// openGroup: default allow. What no rule matches passes, but not what a client
// claims to be.
var openGroup = group{
	name: "default-allow", provider: "corp", config: `{
  "providers": {"corp": {"claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}], "local_jwks": {"inline_string": {{set "rsa"}}}}},
  "rules": [{"match": {"path_separated_prefix": "/api"}, "requires": {"provider_name": "corp"}}],
  "default": "allow"
}`,
	cases: []scenario{
		{law: "default allow: what no rule matches passes", send: get("/other"), want: untouched()},
		{law: "default allow: a token there is not read", send: get("/other", bearer(at("exp", -3600))), want: untouched()},
		{law: "default allow: a matched path is still judged", send: get("/api"), want: missing("missing")},
		{law: "default allow: a spoofed identity header is gone", send: get("/other", line("x-user", "root"), line("X-USER", "root")), want: untouched(without("x-user"))},
	},
}
