package parity

// Three groups of one policy: /open asks nothing, everything else asks for a token.
const pathRules = `
  "providers": {"corp": {"local_jwks": {"inline_string": {{set "rsa"}}}}},
  "rules": [
    {"match": {"path_separated_prefix": "/open"}},
    {"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}
  ]`

// refusedPath is the answer to a path that is not normal.
func refusedPath() want { return malformed("path_not_normal") }

var pathsRefuseGroup = group{
	name: "paths-refuse", provider: "corp", config: `{` + pathRules + `}`,
	cases: []scenario{
		{law: "refuse: a normal path passes", send: get("/open/a.b/c-d_e~f/%20"), want: untouched()},
		{law: "refuse: .. is refused", send: get("/open/../api"), want: refusedPath()},
		{law: "refuse: .. at the end is refused", send: get("/open/.."), want: refusedPath()},
		{law: "refuse: .. is refused with a token too", send: get("/open/../api", bearer()), want: refusedPath()},
		{law: "refuse: . is refused", send: get("/./open"), want: refusedPath()},
		{law: "refuse: an escaped .. is refused", send: get("/open/%2e%2e/api"), want: refusedPath()},
		{law: "refuse: a half escaped .. is refused", send: get("/open/.%2E/api"), want: refusedPath()},
		{law: "refuse: .. with a parameter is refused", send: get("/open/..;/api"), want: refusedPath()},
		{law: "refuse: .. with a named parameter is refused", send: get("/open/..;a=b/api"), want: refusedPath()},
		{law: "refuse: an escaped .. with a parameter is refused", send: get("/open/%2e%2e;/api"), want: refusedPath()},
		{law: "refuse: .. after a segment with a parameter is refused", send: get("/open;/../api"), want: refusedPath()},
		{law: "refuse: a doubled slash at the start is refused", send: get("//open"), want: refusedPath()},
		{law: "refuse: a doubled slash is refused", send: get("/open//x"), want: refusedPath()},
		{law: "refuse: an escaped slash is refused", send: get("/open%2fx"), want: refusedPath()},
		{law: "refuse: an escaped slash is refused in capitals", send: get("/open%2Fx"), want: refusedPath()},
		{law: "refuse: an escaped backslash is refused", send: get("/open%5cx"), want: refusedPath()},
		{law: "refuse: a backslash is refused", send: get(`/open\x`), want: refusedPath()},
		{law: "refuse: a percent sign alone is refused", send: get("/open/%"), want: refusedPath()},
		{law: "refuse: a cut escape is refused", send: get("/open/%2"), want: refusedPath()},
		{law: "refuse: an escape that is no number is refused", send: get("/open/%zz"), want: refusedPath()},
		{law: "refuse: another escape's notation is refused", send: get("/open/%u0061"), want: refusedPath()},
		{law: "refuse: an escaped NUL is refused", send: get("/open/%00"), want: refusedPath()},
		{law: "refuse: a doubly escaped .. is literal text", send: get("/open/%252e%252e/x"), want: untouched()},
		{law: "refuse: three dots are a name", send: get("/open/.../x"), want: untouched()},
		{law: "refuse: a dot in a name is no segment", send: get("/open/..a/.b/c."), want: untouched()},
		{law: "refuse: a parameter of a segment is part of it", send: get("/open/a;v=1/x"), want: untouched()},
		{law: "refuse: a parameter makes another segment", send: get("/open;x"), want: missing("missing")},
		{law: "refuse: an escaped # is text", send: get("/open/%23/x"), want: untouched()},
		{law: "refuse: the query is free", send: get("/open?/../a//b%2f%zz\\"), want: untouched()},
		{law: "refuse: an unreserved escape is its letter, and goes on as sent", send: get("/%6fpen/%41"), want: untouched()},
		{law: "refuse: a raw # is refused", send: get("/open#/../api"), want: refusedPath(), door: "Envoy refuses a fragment in :path itself"},
		{law: "refuse: a byte beyond ASCII is refused", send: get("/open/\xc3\xa9"), want: refusedPath(), door: "Envoy's HTTP/1 codec refuses the request line"},
		{law: "refuse: a control byte is refused", send: get("/open/\x01"), want: refusedPath(), door: "Envoy's HTTP/1 codec refuses the request line"},
		{law: "refuse: DEL is refused", send: get("/open/\x7f"), want: refusedPath(), door: "Envoy's HTTP/1 codec refuses the request line"},
	},
}

var pathsNormalizeGroup = group{
	name: "paths-normalize", provider: "corp", config: `{"paths": "normalize",` + pathRules + `}`,
	cases: []scenario{
		{law: "normalize: a normal path is left alone", send: get("/open/a?b=c"), want: untouched()},
		{law: "normalize: what .. leads out of is not what is matched", send: get("/open/../api"), want: missing("missing")},
		{law: "normalize: the upstream gets the path that was matched", send: get("/open/../api", bearer()), want: allowed(to("/api"))},
		{law: "normalize: .. into an open path is open, and goes on so", send: get("/api/../open/x"), want: untouched(to("/open/x"))},
		{law: "normalize: . is removed", send: get("/./open/./x"), want: untouched(to("/open/x"))},
		{law: "normalize: an escaped .. is one", send: get("/api/%2e%2E/open"), want: untouched(to("/open"))},
		{law: "normalize: slashes are merged", send: get("//open///x"), want: untouched(to("/open/x"))},
		{law: "normalize: .. is removed before slashes are merged", send: get("/open//../api", bearer()), want: untouched(to("/open/api"))},
		{law: "normalize: .. above the top stays at the top", send: get("/../../open"), want: untouched(to("/open"))},
		{law: "normalize: the query goes on as it is", send: get("/a/../open?x=/../%zz//"), want: untouched(to("/open?x=/../%zz//"))},
		{law: "normalize: an escaped slash is still refused", send: get("/api/%2fopen"), want: refusedPath()},
		{law: "normalize: a backslash is still refused", send: get(`/api\..\open`), want: refusedPath()},
		{law: "normalize: a malformed escape is still refused", send: get("/open/%zz"), want: refusedPath()},
		{law: "normalize: .. with a parameter is still refused", send: get("/open/..;/api"), want: refusedPath()},
		{law: "normalize: an escaped NUL is still refused", send: get("/open/%00"), want: refusedPath()},
	},
}

var pathsRawGroup = group{
	name: "paths-raw", provider: "corp", config: `{"paths": "raw",` + pathRules + `}`,
	cases: []scenario{
		{law: "raw: .. is text", send: get("/open/../api"), want: untouched()},
		{law: "raw: slashes are text", send: get("/open//x"), want: untouched()},
		{law: "raw: a doubled slash at the start is another path", send: get("//open"), want: missing("missing")},
		{law: "raw: an escape is text", send: get("/%6fpen"), want: missing("missing")},
		{law: "raw: an escaped slash is text", send: get("/open/%2f"), want: untouched()},
		{law: "raw: the query is still no part of it", send: get("/open?x"), want: untouched()},
	},
}
