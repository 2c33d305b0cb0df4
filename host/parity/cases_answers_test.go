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
