package parity

// stepUp: proved, but its subject was authenticated too long ago (RFC 9470 §3).
func stepUp() want {
	return want{reason: "step_up_required", status: 401, code: "insufficient_user_authentication", judged: true}
}

// stepUpGroup: max_age, beside what no new authentication would mend. Each token is sent
// twice, and kept after the first time.
var stepUpGroup = group{
	name: "step-up", provider: "corp", config: `{
  "providers": {"corp": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}}},
  "rules": [
    {"match": {"prefix": "/rule"}, "requires": {"provider_name": "corp"}, "authorize": {"max_age": "600s", "clients": ["app"]}},
    {"match": {"prefix": "/requirement"}, "requires": {"provider_name": "corp", "authorize": {"maxAge": {"seconds": 600}}}},
    {"match": {"prefix": "/any"}, "requires": {"provider_name": "corp"}}
  ]
}`,
	cases: []scenario{
		{law: "T-07 authenticated just now", send: get("/requirement", bearer(at("auth_time", -5))), want: allowed()},
		{law: "T-07 authenticated an hour ago", send: get("/requirement", bearer(at("auth_time", -3600))), want: stepUp().says("A more recent authentication is required.")},
		{law: "T-07 auth_time absent", send: get("/requirement", bearer()), want: stepUp()},
		{law: "T-07 auth_time as text", send: get("/requirement", bearer(claim("auth_time", "4000000000"))), want: stepUp()},
		{law: "T-07 auth_time in the future", send: get("/requirement", bearer(at("auth_time", 3600))), want: stepUp()},
		{law: "T-07 auth_time with a fraction", send: get("/requirement", bearer(claim("auth_time", rawJSON("1700000000.5")))), want: stepUp()},
		{law: "T-07 auth_time null", send: get("/requirement", bearer(claim("auth_time", rawJSON("null")))), want: stepUp()},
		{law: "T-07 auth_time in milliseconds", send: get("/requirement", bearer(claim("auth_time", rawJSON("4000000000000")))), want: stepUp()},
		{law: "T-07 long ago where nobody asks", send: get("/any", bearer(at("auth_time", -3600))), want: allowed()},
		{law: "T-07 badly signed", send: get("/requirement", bearer(at("auth_time", -3600), segment(2, flipped))), want: invalid("bad_signature")},
		{law: "T-07 and the right client", send: get("/rule", bearer(at("auth_time", -5), claim("client_id", "app"))), want: allowed()},
		{law: "T-07 the right client, long ago", send: get("/rule", bearer(at("auth_time", -3600), claim("client_id", "app"))), want: stepUp()},
		{law: "T-07 another client is not asked to authenticate anew", send: get("/rule", bearer(at("auth_time", -3600), claim("client_id", "other"))), want: notAllowed("client_denied")},
		{law: "T-07 a gRPC client is told UNAUTHENTICATED", send: call("POST", "/requirement", bearer(), line("content-type", "application/grpc")), want: stepUp().asGRPC("16")},
	},
}
