package parity

import (
	"strconv"
	"strings"
)

// compatGroup: jwt_authn's behaviours, and those of its defects that stay out of compat.
var compatGroup = group{
	name: "compat", config: `{
  "compat": "jwt_authn",
  "bypass_cors_preflight": true,
  "providers": {
    "corp": {
      "issuer": "https://issuer.test", "audiences": ["https://api/", "web"],
      "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}],
      "local_jwks": {"inline_string": {{set "rsa"}}}
    },
    "kept": {
      "issuer": "https://kept.test", "from_cookies": ["session"], "forward_payload_header": "x-kept",
      "local_jwks": {"inline_string": {{set "rsa"}}}
    }
  },
  "rules": [
    {"match": {"prefix": "/optional"}, "requires": {"allow_missing": {}}},
    {"match": {"prefix": "/tolerant"}, "requires": {"allow_missing_or_failed": {}}},
    {"match": {"prefix": "/unverified"}, "requires": {"extract_only_without_validation": {}}},
    {"match": {"prefix": "/claims"}, "requires": {"extract_only_without_validation": {}}, "authorize": {"claims": [{"path": ["sub"], "equals": "alice"}]}},
    {"match": {"prefix": "/admin", "headers": [{"name": "x-role", "string_match": {"exact": "admin"}}]}, "requires": {}},
    {"match": {"prefix": "/admin"}, "requires": {"provider_name": "corp"}},
    {"match": {"prefix": "/cookie"}, "requires": {"provider_name": "kept"}},
    {"match": {"prefix": "/api"}, "requires": {"provider_name": "corp"}},
    {"match": {"prefix": "/open"}}
  ]
}`,
	cases: []scenario{
		{law: "compat: a good token passes, folded audience", send: get("/api", bearer(claim("aud", "http://api"))), want: allowed(adding("x-user", "alice"))},
		{law: "compat: no token", send: get("/api"), want: authn("Jwt is missing", "/api")},
		{law: "compat: no rule, no token, no identity (F-01)", send: get("/nowhere", line("x-user", "root"), line("x-kept", "e30")), want: untouched(without("x-user", "x-kept"))},
		{law: "compat: an open rule lets no identity in (F-01)", send: get("/open", line("x-user", "root")), want: untouched(without("x-user"))},
		{law: "compat: an allowance lets no identity in (F-01)", send: get("/optional", line("x-user", "root")), want: untouched(without("x-user"))},
		{law: "compat: another audience is 403", send: get("/api", bearer(claim("aud", "else"))), want: authnStatus(403, "Audiences in Jwt are not allowed", "/api")},
		{law: "compat: expired", send: get("/api", bearer(claim("aud", "web"), at("exp", -3600))), want: authn("Jwt is expired", "/api")},
		{law: "compat: exp absent is accepted", send: get("/api", bearer(claim("aud", "web"), claim("exp", nil))), want: allowed(adding("x-user", "alice"))},
		{law: "compat: exp 0 is as absent", send: get("/api", bearer(claim("aud", "web"), claim("exp", 0))), want: allowed(adding("x-user", "alice"))},
		{law: "compat: iat in the future is accepted", send: get("/api", bearer(claim("aud", "web"), at("iat", 7200))), want: allowed(adding("x-user", "alice"))},
		{law: "compat: the prefix stands anywhere in the value", send: get("/api", tokenIn("authorization", "X Bearer ", claim("aud", "web"))), want: allowed(adding("x-user", "alice"))},
		{law: "compat: a scheme is compared with case", send: get("/api", tokenIn("authorization", "bearer ", claim("aud", "web"))), want: authn("Jwt is missing", "/api")},
		{law: "compat: the token may stand in the query", send: get("/api?b=1&access_token=TOKEN&a=2", inTarget(claim("aud", "web"))), want: untouched(to("/api?a=2&b=1"), adding("x-user", "alice"))},
		{law: "compat: all of several tokens must be good", send: get("/api?access_token=TOKEN", inTarget(claim("aud", "web")), bearer(claim("aud", "web"), at("exp", -3600))), want: authn("Jwt is expired", "/api")},
		{law: "compat: a cookie stays", send: get("/cookie", inLine("cookie", "a=b; session=TOKEN", claim("iss", "https://kept.test"), payloadIs())), want: untouched(adding("x-kept", b64([]byte(keptPayload))))},
		{law: "compat: the realm has no query (H-25)", send: get("/api/x?access_token=garbage"), want: authn("Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections", "/api/x")},
		{law: "compat: nothing in the path ends the realm (H-25)", send: get(`/api/x",error="y\?access_token=garbage`), want: authn("Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections", `/api/x",error="y\`)},
		{law: "compat: a comma behind the token is part of it (E-08)", send: get("/api", inLine("authorization", "Bearer TOKEN,", claim("aud", "web"))), want: authn("Jwt signature is an invalid Base64url encoded", "/api")},
		{law: "compat: a quote behind the token is part of it (E-08)", send: get("/api", inLine("authorization", `Bearer "TOKEN"`, claim("aud", "web"))), want: authn("Jwt signature is an invalid Base64url encoded", "/api")},
		{law: "compat: an escaped dot is none (E-08)", send: get("/api", line("authorization", "Bearer a%2Eb%2Ec")), want: authn("Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections", "/api")},

		{law: "compat: allow_missing: a malformed token is refused (X-17)", send: get("/optional", line("authorization", "Bearer garbage")), want: authn("Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections", "/optional")},
		{law: "compat: allow_missing: an unknown issuer is refused (X-17)", send: get("/optional", bearer(claim("iss", "https://stranger.test"))), want: authn("Jwt issuer is not configured", "/optional")},
		{law: "compat: allow_missing: a bad token before a good one is refused", send: get("/optional?access_token=garbage", bearer(claim("aud", "web"))), want: authn("Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections", "/optional")},
		{law: "compat: allow_missing_or_failed: a bad token gives no identity", send: get("/tolerant", line("authorization", "Bearer garbage"), line("x-user", "root")), want: untouched(without("x-user"))},

		{law: "compat: each value of a header is tested by itself (H-17)", send: get("/admin", line("x-role", "user"), line("x-role", "admin")), want: untouched()},
		{law: "compat: values joined by a comma are not one of them (H-17)", send: get("/admin", line("x-role", "user,admin")), want: authn("Jwt is missing", "/admin")},

		{law: "compat: a full preflight passes, without an identity (H-14)", send: call("OPTIONS", "/api", line("origin", "https://app.test"), line("access-control-request-method", "GET"), line("x-user", "root"), body("x")), want: untouched(without("x-user"))},
		{law: "compat: a preflight needs an origin (H-14)", send: call("OPTIONS", "/api", line("origin", ""), line("access-control-request-method", "GET")), want: authn("Jwt is missing", "/api")},
		{law: "compat: a preflight needs a method (H-14)", send: call("OPTIONS", "/api", line("origin", "https://app.test"), line("access-control-request-method", "")), want: authn("Jwt is missing", "/api")},
		{law: "compat: a POST is no preflight (H-14)", send: call("POST", "/api", line("origin", "https://app.test"), line("access-control-request-method", "GET"), body("x")), want: authn("Jwt is missing", "/api")},

		{law: "extract, compat: a bad signature is told, whatever the client says, and nothing passed on (C-13)", send: get("/unverified", bearer(claim("aud", "web"), segment(2, flipped)), line("x-jwt-signature-verified", "true"), line("x-user", "root")), want: untouched(without("x-jwt-signature-verified", "x-user"), adding("x-jwt-signature-verified", "false"))},
		{law: "extract, compat: a good token's claims are passed on, the client's word is not (C-13)", send: get("/unverified", bearer(claim("aud", "web")), line("x-jwt-signature-verified", "true")), want: allowed(without("x-jwt-signature-verified"), adding("x-user", "alice"))},
		{law: "extract: without a token the client's word is gone (C-13)", send: get("/unverified", line("x-jwt-signature-verified", "true")), want: untouched(without("x-jwt-signature-verified"))},
		{law: "extract: a text that is no token is passed on as unverified", send: get("/unverified", line("authorization", "Bearer garbage")), want: untouched(adding("x-jwt-signature-verified", "false"))},
		{law: "extract: unverified claims meet no authorize (C-13)", send: get("/claims", bearer(claim("aud", "web"))), want: missing("missing")},
	},
}

// preflightGroup: bypass_cors_preflight and strip_failure_response in the strict mode.
var preflightGroup = group{
	name: "preflight", config: `{
  "bypass_cors_preflight": true, "strip_failure_response": true,
  "providers": {
    "corp": {"issuer": "https://issuer.test", "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "other": {
      "issuer": "https://other.test", "from_headers": [{"name": "x-other"}], "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}],
      "local_jwks": {"inline_string": {{set "rsa"}}}
    }
  },
  "rules": [
    {"match": {"prefix": "/both"}, "requires": {"requires_all": {"requirements": [{"provider_name": "other"}, {"extract_only_without_validation": {"verification_status_header": "x-proved"}}]}}},
    {"match": {"prefix": "/unverified"}, "requires": {"extract_only_without_validation": {"verification_status_header": "x-proved"}}},
    {"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}
  ]
}`,
	cases: []scenario{
		{law: "a full preflight passes, without an identity (H-14)", send: call("OPTIONS", "/", line("origin", "https://app.test"), line("access-control-request-method", "GET"), line("x-user", "root"), body("x")), want: untouched(without("x-user"))},
		{law: "two origins are no preflight (H-14)", send: call("OPTIONS", "/", line("origin", "https://a.test, https://b.test"), line("access-control-request-method", "GET")), want: stripped(401, "missing")},
		{law: "a preflight needs an origin and a method (H-14)", send: call("OPTIONS", "/", line("origin", "https://app.test")), want: stripped(401, "missing")},
		{law: "a stripped refusal has neither body nor challenge", send: get("/", bearer(at("exp", -3600)), line("x-request-id", "r-1")), want: stripped(401, "expired")},
		{law: "extract, strict: unverified claims say so in the header of that name (C-13)", send: get("/unverified", bearer(segment(2, flipped)), line("x-proved", "true")), want: allowed(without("x-proved"), adding("x-proved", "false"), adding("x-user", "alice"))},
		{law: "extract, strict: no unverified claim takes a proved one's header (C-13)", send: get("/both", tokenIn("x-other", "", claim("iss", "https://other.test")), bearer(claim("sub", "root"), segment(2, flipped))), want: allowed(without("x-other"), adding("x-proved", "false"), adding("x-user", "alice"))},
		{law: "extract, strict: an expired token's claims are not passed on", send: get("/unverified", bearer(at("exp", -3600))), want: untouched(adding("x-proved", "false"))},
	},
}

const keptPayload = `{"iss":"https://kept.test","sub":"alice"}`

func payloadIs() mod { return payload(keptPayload) }

// authn: jwt_authn's refusal of that text for a path.
func authn(text, path string) want { return authnStatus(401, text, path) }

func authnStatus(status int, text, path string) want {
	w := want{reason: "other: jwt_authn_access_denied{" + strings.ReplaceAll(text, " ", "_") + "}", status: status, text: text}
	w.challenge = "Bearer realm=" + strconv.Quote("http://api.test"+path)
	if text != "Jwt is missing" {
		w.challenge += `, error="invalid_token"`
	}
	return w
}

// stripped: a refusal of which nothing is told.
func stripped(status int, reason string) want {
	return want{reason: reason, status: status, bare: true}
}
