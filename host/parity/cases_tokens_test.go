package parity

import "strings"

var tokensGroup = group{
	name: "tokens", config: oneProvider, provider: "corp",
	cases: []scenario{
		{law: "no credential is told so without an error code", send: get("/"), want: missing("missing")},
		{law: "an empty Authorization header is malformed, not missing", send: get("/", line("authorization", "")), want: invalid("token_malformed")},
		{law: "another scheme is told that it is not supported", send: get("/", line("authorization", "Basic YTpi")), want: missing("unsupported_scheme")},
		{law: "a scheme that only begins like Bearer is another one", send: get("/", inLine("authorization", "Bearert TOKEN")), want: missing("unsupported_scheme")},
		{law: "the scheme is compared without case: bearer", send: get("/", tokenIn("authorization", "bearer ")), want: allowed()},
		{law: "the scheme is compared without case: BEARER", send: get("/", tokenIn("authorization", "BEARER ")), want: allowed()},
		{law: "the header name is compared without case", send: get("/", tokenIn("AUTHORIZATION", "Bearer ")), want: allowed()},
		{law: "a token is not looked for behind other words", send: get("/", inLine("authorization", "X Bearer TOKEN")), want: missing("unsupported_scheme")},
		{law: "a bare token without a scheme is not read", send: get("/", inLine("authorization", "TOKEN")), want: missing("unsupported_scheme")},
		{law: "a scheme without a token is malformed", send: get("/", line("authorization", "Bearer")), want: invalid("token_malformed")},
		{law: "access_token in the query is not read unless configured", send: get("/?access_token=TOKEN", inTarget()), want: missing("missing")},
		{law: "two Authorization lines are refused whatever they hold", send: get("/", bearer(), bearer(by("p256"))), want: malformed("several_credentials")},
		{law: "the same token twice is refused too", send: get("/", bearer(), bearer()), want: malformed("several_credentials")},
		{law: "a good token beside Basic is refused", send: get("/", bearer(), line("authorization", "Basic YTpi")), want: malformed("several_credentials")},
		{law: "two tokens in one line are refused", send: get("/", inLine("authorization", "Bearer TOKEN, Bearer TOKEN")), want: malformed("several_credentials")},

		{law: "one word is no token", send: get("/", line("authorization", "Bearer abc")), want: invalid("token_malformed")},
		{law: "two segments are no token", send: get("/", line("authorization", "Bearer e30.e30")), want: invalid("token_malformed")},
		{law: "four segments are no token", send: get("/", bearer(edit(suffix(".e30")))), want: invalid("token_malformed")},
		{law: "six segments are no token", send: get("/", bearer(edit(suffix(".a.b.c")))), want: invalid("token_malformed")},
		{law: "five segments are an encrypted token", send: get("/", line("authorization", "Bearer eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA")), want: invalid("token_encrypted")},
		{law: "an empty header segment is refused", send: get("/", bearer(segment(0, blank))), want: invalid("token_malformed")},
		{law: "an empty payload segment is refused", send: get("/", bearer(segment(1, blank))), want: invalid("token_malformed")},
		{law: "a leading dot is refused", send: get("/", bearer(edit(prefix(".")))), want: invalid("token_malformed")},
		{law: "a thousand dots are refused", send: get("/", line("authorization", "Bearer "+strings.Repeat(".", 1000))), want: invalid("token_malformed")},
		{law: "padding of the header is refused", send: get("/", bearer(segment(0, suffix("=")))), want: invalid("token_malformed")},
		{law: "padding of the payload is refused", send: get("/", bearer(segment(1, suffix("=")))), want: invalid("token_malformed")},
		{law: "padding of the signature is refused", send: get("/", bearer(segment(2, suffix("==")))), want: invalid("token_malformed")},
		{law: "the standard base64 alphabet is refused", send: get("/", bearer(segment(2, func(s string) string { return "+/" + s[2:] }))), want: invalid("token_malformed")},
		{law: "a segment of a length that base64 never has is refused", send: get("/", bearer(by("p256"), segment(2, func(s string) string { return s[:len(s)-1] }))), want: invalid("token_malformed")},
		{law: "unused bits of the header must be zero", send: get("/", bearer(by("p256"), segment(0, trailingBits))), want: invalid("token_malformed")},
		{law: "unused bits of the payload must be zero", send: get("/", bearer(claim("sub", "al"), segment(1, trailingBits))), want: invalid("token_malformed")},
		{law: "unused bits of the signature must be zero", send: get("/", bearer(by("p256"), segment(2, trailingBits))), want: invalid("token_malformed")},
		{law: "a space inside a token is refused", send: get("/", bearer(segment(1, func(s string) string { return s[:4] + " " + s[4:] }))), want: invalid("token_malformed")},
		{law: "a tab inside a token is refused", send: get("/", bearer(segment(1, func(s string) string { return s[:4] + "\t" + s[4:] }))), want: invalid("token_malformed")},
		{law: "a byte beyond ASCII in a token is refused", send: get("/", bearer(segment(1, func(s string) string { return s[:4] + "\xff" + s[4:] }))), want: invalid("token_malformed")},
		{law: "quotes around a token are refused", send: get("/", inLine("authorization", `Bearer "TOKEN"`)), want: invalid("token_malformed")},
		{law: "an escaped dot in a header is no dot", send: get("/", bearer(edit(func(s string) string { return strings.ReplaceAll(s, ".", "%2E") }))), want: invalid("token_malformed")},
		{law: "a token of max_token_bytes is accepted", send: get("/", bearer(sized(16384))), want: allowed()},
		{law: "a token of one byte more is refused", send: get("/", bearer(head("n", "x"), sized(16385))), want: invalid("token_too_large")},
	},
}

var headersGroup = group{
	name: "jose-headers", config: oneProvider, provider: "corp",
	cases: []scenario{
		{law: "typ JWT is accepted", send: get("/", bearer(head("typ", "JWT"))), want: allowed()},
		{law: "an unknown header member is ignored", send: get("/", bearer(head("x-note", []int{1}))), want: allowed()},
		{law: "jku is never followed", send: get("/", bearer(head("jku", "http://127.0.0.1:1/keys"))), want: allowed()},
		{law: "x5u is never followed", send: get("/", bearer(head("x5u", "http://127.0.0.1:1/cert"))), want: allowed()},
		{law: "an embedded key is not trusted", send: get("/", bearer(by("rsa-stranger"), head("kid", nil), embedded)), want: invalid("bad_signature")},
		{law: "an embedded key under an unknown kid is not trusted", send: get("/", bearer(by("rsa-stranger"), embedded)), want: invalid("key_unknown")},
		{law: "an embedded key under a known kid is not trusted", send: get("/", bearer(by("rsa-stranger"), head("kid", "rsa"), embedded)), want: invalid("bad_signature")},

		{law: "an unknown kid is refused", send: get("/", bearer(head("kid", "nobody"))), want: invalid("key_unknown")},
		{law: "kid is compared with case", send: get("/", bearer(head("kid", "RSA"))), want: invalid("key_unknown")},
		{law: "kid is compared whole: a prefix", send: get("/", bearer(head("kid", "rs"))), want: invalid("key_unknown")},
		{law: "kid is compared whole: a trailing space", send: get("/", bearer(head("kid", "rsa "))), want: invalid("key_unknown")},
		{law: "an empty kid is a kid that no key has", send: get("/", bearer(head("kid", ""))), want: invalid("key_unknown")},
		{law: "a kid that is a path is only a name", send: get("/", bearer(head("kid", "../../rsa"))), want: invalid("key_unknown")},
		{law: "a kid that is a number is refused", send: get("/", bearer(head("kid", 7))), want: invalid("header_malformed")},
		{law: "a kid that is an object is refused", send: get("/", bearer(head("kid", map[string]int{}))), want: invalid("header_malformed")},
		{law: "a kid of four thousand bytes is refused", send: get("/", bearer(head("kid", strings.Repeat("k", 4000)))), want: invalid("key_unknown|header_malformed")},

		{law: "crit that names a member which is there is refused", send: get("/", bearer(head("exp", 1), head("crit", []string{"exp"}))), want: invalid("critical_header")},
		{law: "crit that names an absent member is refused", send: get("/", bearer(head("crit", []string{"exp"}))), want: invalid("critical_header")},
		{law: "crit that names a registered member is refused", send: get("/", bearer(head("crit", []string{"alg"}))), want: invalid("critical_header")},
		{law: "crit with b64 is refused, though b64 is true", send: get("/", bearer(head("b64", true), head("crit", []string{"b64"}))), want: invalid("critical_header")},
		{law: "crit with b64 is refused where b64 is false", send: get("/", bearer(head("b64", false), head("crit", []string{"b64"}))), want: invalid("critical_header")},
		{law: "an empty crit is refused", send: get("/", bearer(head("crit", []string{}))), want: invalid("critical_header")},
		{law: "a crit that is no list is refused", send: get("/", bearer(head("crit", "b64"))), want: invalid("critical_header")},
		{law: "a crit that is null is refused", send: get("/", bearer(head("crit", rawJSON("null")))), want: invalid("critical_header")},
		{law: "a crit that lists a number is refused", send: get("/", bearer(head("crit", []int{1}))), want: invalid("critical_header")},
		{law: "zip on a JWS is refused", send: get("/", bearer(head("zip", "DEF"))), want: invalid("critical_header|header_malformed")},

		{law: "a header that is no JSON is refused", send: get("/", bearer(headText("alg=RS256"))), want: invalid("header_malformed")},
		{law: "a header that is an array is refused", send: get("/", bearer(headText(`["RS256"]`))), want: invalid("header_malformed")},
		{law: "a header name given twice is refused", send: get("/", bearer(headText(`{"alg":"RS256","kid":"rsa","alg":"RS256"}`))), want: invalid("header_malformed")},
		{law: "a header name given twice in other spelling is refused", send: get("/", bearer(headText(`{"alg":"RS256","kid":"rsa","\u0061lg":"RS256"}`))), want: invalid("header_malformed")},
		{law: "text after the header object is refused", send: get("/", bearer(headText(`{"alg":"RS256","kid":"rsa"}{}`))), want: invalid("header_malformed")},
		{law: "a byte order mark before the header is refused", send: get("/", bearer(headText("\xef\xbb\xbf"+`{"alg":"RS256","kid":"rsa"}`))), want: invalid("header_malformed")},
		{law: "a header that is not UTF-8 is refused", send: get("/", bearer(headText("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x\":\"\xff\"}"))), want: invalid("header_malformed")},
	},
}

// embedded puts the stranger's public key into the header (RFC 7515 §4.1.3).
func embedded(d *draft) {
	head("jwk", d.mint.keys.jwk(published("rsa-stranger")))(d)
}

func suffix(text string) func(string) string { return func(s string) string { return s + text } }
func prefix(text string) func(string) string { return func(s string) string { return text + s } }
func blank(string) string                    { return "" }
