package parity

// answersGroup: the form of refusals.
var answersGroup = group{
	name: "answers", config: oneProvider, provider: "corp",
	cases: []scenario{
		{law: "the request id is in the answer", send: get("/", line("x-request-id", "3b7f-01")), want: missing("missing").withID("3b7f-01")},
		{law: "the request id is in every answer", send: get("/", bearer(at("exp", -3600)), line("x-request-id", "3b7f-01")), want: invalid("expired").withID("3b7f-01")},
		{law: "a request id that could break the answer is left out", send: get("/", line("x-request-id", `a","error":"none`)), want: missing("missing")},
		{law: "two request ids reach a filter as one line, which is the id", send: get("/", line("x-request-id", "1"), line("x-request-id", "2")), want: missing("missing").withID("1,2")},
		{law: "HEAD gets the status and the challenge without a body", send: call("HEAD", "/"), want: missing("missing")},
		{law: "HEAD gets the error of its token", send: call("HEAD", "/", bearer(at("exp", -3600))), want: invalid("expired")},
		{law: "a body of a refused request does not matter", send: call("POST", "/", body("a=1")), want: missing("missing")},
		{law: "gRPC without a credential is UNAUTHENTICATED", send: call("POST", "/pkg.Service/Call", line("content-type", "application/grpc"), line("te", "trailers"), body("\x00\x00\x00\x00\x00")), want: missing("missing").asGRPC("16")},
		{law: "gRPC with an expired token is UNAUTHENTICATED", send: call("POST", "/pkg.Service/Call", line("content-type", "application/grpc+proto"), bearer(at("exp", -3600)), body("")), want: invalid("expired").asGRPC("16")},
		{law: "gRPC with a bad path is INVALID_ARGUMENT", send: call("POST", "/pkg.Service/../Call", line("content-type", "application/grpc"), body("")), want: malformed("path_not_normal").asGRPC("3")},
		{law: "H-24 gRPC in another case is HTTP to the host, and answered so", send: call("POST", "/pkg.Service/Call", line("content-type", "Application/gRPC+Proto"), line("x-request-id", "3b7f-01"), body("")), want: missing("missing").withID("3b7f-01")},
		{law: "H-24 gRPC with a parameter is HTTP to the host, and answered so", send: call("POST", "/pkg.Service/../Call", line("content-type", "application/grpc; charset=utf-8"), body("")), want: malformed("path_not_normal")},
		{law: "gRPC-Web is not gRPC", send: call("POST", "/", line("content-type", "application/grpc-web"), body("")), want: missing("missing")},
		{law: "an answer never repeats the request's path or query", send: get("/secret-path?access_token=abc"), want: missing("missing")},
	},
}

// denyGroup: what happens where nothing is allowed.
var denyGroup = group{
	name: "no-rules", config: `{}`,
	cases: []scenario{
		{law: "an empty configuration denies everything", send: get("/"), want: denied("no_rule")},
		{law: "an empty configuration denies gRPC with PERMISSION_DENIED", send: call("POST", "/a/b", line("content-type", "application/grpc"), body("")), want: denied("no_rule").asGRPC("7")},
	},
}

// problemGroup: failure_response problem+json (RFC 9457), and answers of one's own.
var problemGroup = group{
	name: "answers-problem", provider: "corp", config: `{
  "failure_response": {"format": "problem+json", "overrides": {
    "expired": {"status": 403, "body": "<p>Sign in again.</p>", "content_type": "text/html; charset=utf-8"},
    "no_rule": {"status": 404},
    "path_not_normal": {"body": "no"}
  }},
  "providers": {"corp": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}}},
  "rules": [{"match": {"path_separated_prefix": "/api"}, "requires": {"provider_name": "corp"}}]
}`,
	cases: []scenario{
		{
			law: "a problem has a type, a title, a status and a detail", send: get("/api"),
			want: missing("missing").in("application/problem+json", `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"A credential is required.","error":"unauthorized"}`),
		},
		{
			law: "a problem names the request", send: get("/api", bearer(claim("iss", "https://other.test")), line("x-request-id", "3b7f-01")),
			want: invalid("issuer_mismatch").says("The token issuer is not accepted.").in("application/problem+json", `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The token issuer is not accepted.","error":"invalid_token","request_id":"3b7f-01"}`),
		},
		{
			law: "a status and a body of one's own; the challenge stays", send: get("/api", bearer(at("exp", -3600)), line("x-request-id", "3b7f-01")),
			want: want{reason: "expired", status: 403, code: "invalid_token", judged: true, challenged: true}.says("The token has expired.").in("text/html; charset=utf-8", "<p>Sign in again.</p>"),
		},
		{
			law: "a status of one's own stands in the problem", send: get("/"),
			want: want{reason: "no_rule", status: 404, code: "access_denied"}.in("application/problem+json", `{"type":"about:blank","title":"Not Found","status":404,"detail":"Access is denied.","error":"access_denied"}`),
		},
		{
			law: "a body of one's own is text unless it says otherwise", send: get("/api/../x"),
			want: malformed("path_not_normal").in("text/plain; charset=utf-8", "no"),
		},
		{law: "H-24 gRPC has neither", send: call("POST", "/api/Call", line("content-type", "application/grpc+proto"), bearer(at("exp", -3600)), body("")), want: invalid("expired").asGRPC("16")},
	},
}

// textGroup: failure_response text.
var textGroup = group{
	name: "answers-text", provider: "corp", config: `{
  "failure_response": {"format": "text"}, "realm": "edge \u0027one\u0027",
  "providers": {"corp": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`,
	cases: []scenario{
		{
			law: "H-25 the message alone; the realm is the configured one whatever the path is", send: get("/%22,error=%22x?access_token=secret%22%5C", line("x-request-id", "3b7f-01")),
			want: missing("missing").realm("edge 'one'").in("text/plain; charset=utf-8", "A credential is required.\n"),
		},
		{
			law: "the message of a bad token", send: get("/", bearer(at("exp", -3600))),
			want: invalid("expired").realm("edge 'one'").says("The token has expired.").in("text/plain; charset=utf-8", "The token has expired.\n"),
		},
	},
}
