package parity

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// hooked signs a text as GitHub does.
func hooked(text string) build {
	return func(b *builder) {
		h := hookLine(text)
		line(h.Name, h.Value)(b)
	}
}

// slacked signs a text as Slack does, seconds from now.
func slacked(seconds int, text string) build {
	return func(b *builder) {
		stamp := strconv.FormatInt(b.mint.now.Unix()+int64(seconds), 10)
		line("x-slack-request-timestamp", stamp)(b)
		line("x-slack-signature", "v0="+macOf("slack secret", "v0:"+stamp+":"+text))(b)
	}
}

// zipped is a text of zeros in gzip.
func zipped(zeros int) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(bytes.Repeat([]byte("0"), zeros))
	_ = w.Close()
	return b.String()
}

// hooksGroup: webhooks.
var hooksGroup = group{
	name: "hooks", hold: true, config: `{
  "providers": {
    "gh": {"signed_request": {"preset": "github", "client_id_header": "x-client", "key_id_header": "x-key-id", "body": {"max_bytes": 4096},
      "keys": [{"id": "old", "client": "octo", "secret": {"inline": "former secret"}, "not_after": 1700000000}, {"id": "new", "client": "octo", "secret": {"inline": "hook secret"}}]}},
    "slack": {"signed_request": {"preset": "slack", "keys": [{"id": "s1", "secret": {"inline": "slack secret"}}]}},
    "none": {"signed_request": {"preset": "github", "body": {"mode": "reject"}, "keys": [{"id": "n1", "secret": {"inline": "hook secret"}}]}}
  },
  "rules": [
    {"match": {"path": "/slack"}, "requires": {"provider_name": "slack"}},
    {"match": {"path": "/none"}, "requires": {"provider_name": "none"}},
    {"match": {"path": "/octo"}, "requires": {"provider_name": "gh"}, "authorize": {"clients": ["octo"]}},
    {"match": {"path": "/acme"}, "requires": {"provider_name": "gh"}, "authorize": {"clients": ["acme"]}},
    {"match": {"path": "/scoped"}, "requires": {"provider_name": "gh"}, "authorize": {"scopes": {"all": ["write"]}}},
    {"match": {"path": "/reported"}, "requires": {"provider_name": "gh"}, "mode": "report"},
    {"match": {"prefix": "/"}, "requires": {"provider_name": "gh"}}
  ]
}`,
	cases: []scenario{
		{law: "a signed body", send: call("POST", "/", hooked(`{"a":1}`), body(`{"a":1}`)), want: byHook()},
		{law: "who says so himself is nobody", send: call("POST", "/", hooked("body"), body("body"), line("x-client", "root"), line("X-Key-Id", "root")), want: byHook(without("x-client", "x-key-id"))},
		{law: "no body, signed as such", send: get("/", hooked("")), want: byHook()},
		{law: "Y-06 bytes that are no text", send: call("POST", "/", hooked("\x00\xff\xfe"), body("\x00\xff\xfe")), want: byHook()},
		{law: "Y-07 a body in gzip is signed as it is on the wire", send: call("POST", "/", line("content-encoding", "gzip"), hooked(zipped(1000)), body(zipped(1000))), want: byHook()},
		{law: "Y-07 the text within it is not what counts", send: call("POST", "/", line("content-encoding", "gzip"), hooked(strings.Repeat("0", 1000)), body(zipped(1000))), want: badHook("signature_invalid")},
		{law: "Y-07 what would grow a thousandfold is as long as it is on the wire", send: call("POST", "/", line("content-encoding", "gzip"), hooked(zipped(3<<20)), body(zipped(3<<20))), want: byHook()},
		{law: "Y-06 a body with a line feed more", send: call("POST", "/", hooked("{}"), body("{}\n")), want: badHook("signature_invalid")},
		{law: "Y-06 the same JSON in another order", send: call("POST", "/", hooked(`{"a":1,"b":2}`), body(`{"b":2,"a":1}`)), want: badHook("signature_invalid")},
		{law: "Y-09 a body where none is signed", send: call("GET", "/", hooked(""), body("x")), want: badHook("signature_invalid")},
		{law: "Y-03 the limit", send: call("POST", "/", hooked(strings.Repeat("x", 4096)), body(strings.Repeat("x", 4096))), want: byHook()},
		{law: "Y-03 a byte more", send: call("POST", "/", hooked(strings.Repeat("x", 4097)), body(strings.Repeat("x", 4097))), want: want{reason: "body_too_large", status: 413, code: "content_too_large"}.by("gh")},
		{law: "no signature", send: call("POST", "/", body("x")), want: missing("missing").challenging("", "Signature").by("gh")},
		{law: "B-12 the header of SHA-1 alone", send: call("POST", "/", line("x-hub-signature", "sha1="+strings.Repeat("0", 40)), body("x")), want: missing("missing").challenging("", "Signature")},
		{law: "a key that has ended", send: call("POST", "/", line("x-hub-signature-256", "sha256="+macOf("former secret", "x")), body("x")), want: badHook("signature_invalid")},
		{law: "B-11 two lines", send: call("POST", "/", hooked("x"), hooked("x"), body("x")), want: malformed("several_credentials").by("gh")},
		{law: "B-09 a signature of no bytes", send: call("POST", "/", line("x-hub-signature-256", "sha256="), body("x")), want: badHook("signature_malformed|signature_invalid")},
		{law: "Y-09 a body where none is taken", send: call("POST", "/none", hooked("x"), body("x")), want: want{reason: "body_not_allowed", status: 400, code: "invalid_request"}.by("none")},
		{law: "no body where none is taken", send: get("/none", hooked("")), want: untouched().by("none")},
		{law: "the client that is allowed", send: call("POST", "/octo", hooked("x"), body("x")), want: byHook()},
		{law: "another client", send: call("POST", "/acme", hooked("x"), body("x")), want: denied("client_denied").by("gh")},
		{law: "a signature grants no scope", send: call("POST", "/scoped", hooked("x"), body("x")), want: want{reason: "insufficient_scope", status: 403, code: "insufficient_scope"}.by("gh")},
		{law: "reported: it goes on as nobody's, with its body", send: call("POST", "/reported", hooked("x"), body("y"), line("x-client", "root")), want: reported("signature_invalid", without("x-client")).by("gh")},
		{law: "signed now", send: call("POST", "/slack", slacked(0, "body"), body("body")), want: untouched().by("slack")},
		{law: "B-02 a digit moved from the time to the body", send: call("POST", "/slack", slacked(0, "body"), body("1body")), want: badHook("signature_invalid").by("slack")},
		{law: "signed too long ago", send: call("POST", "/slack", slacked(-400, "body"), body("body")), want: badHook("signature_expired").by("slack")},
		{law: "signed in the future", send: call("POST", "/slack", slacked(400, "body"), body("body")), want: badHook("signature_in_future").by("slack")},
	},
}

// byHook: let through as octo's.
func byHook(options ...func(*want)) want {
	w := untouched(append(options, adding("x-client", "octo"), adding("x-key-id", "new"))...)
	return w.by("gh")
}

func badHook(reason string) want {
	return badlySigned(reason).challenging("Signature", "Signature").by("gh")
}

// mixedGroup: a signature or a token, a signature and a token.
var mixedGroup = group{
	name: "mixed", hold: true, config: `{
  "providers": {
    "gh": {"signed_request": {"preset": "github", "client_id_header": "x-client", "key_id_header": "x-key-id", "keys": [{"id": "new", "client": "octo", "secret": {"inline": "hook secret"}}]}},
    "corp": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "rsa"}}}, "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}]}
  },
  "rules": [
    {"match": {"path": "/or"}, "requires": {"requires_any": {"requirements": [{"provider_name": "gh"}, {"provider_name": "corp"}]}}},
    {"match": {"path": "/and"}, "requires": {"requires_all": {"requirements": [{"provider_name": "gh"}, {"provider_name": "corp"}]}}},
    {"match": {"path": "/may"}, "requires": {"allow_missing": {}}},
    {"match": {"path": "/open"}, "requires": {"requires_any": {"requirements": [{"provider_name": "gh"}, {"allow_missing": {}}]}}}
  ]
}`,
	cases: []scenario{
		{law: "or: signed", send: call("POST", "/or", hooked("x"), body("x")), want: byHook()},
		{law: "or: a token", send: call("POST", "/or", bearer(), body("x")), want: allowed(adding("x-user", "alice")).by("corp")},
		{law: "or: a token beside a bad signature", send: call("POST", "/or", bearer(), hooked("y"), body("x")), want: allowed(adding("x-user", "alice")).by("corp")},
		{law: "or: a good signature beside a bad token", send: call("POST", "/or", bearer(by("rsa-stranger")), hooked("x"), body("x")), want: byHook()},
		{law: "or: neither", send: call("POST", "/or", body("x")), want: missing("missing").challenging("", "Signature", "Bearer")},
		{law: "or: a bad signature", send: call("POST", "/or", hooked("y"), body("x")), want: badlySigned("signature_invalid").challenging("Signature", "Signature", "Bearer").by("gh")},
		{law: "and: both", send: call("POST", "/and", hooked("x"), bearer(), body("x")), want: allowed(adding("x-client", "octo"), adding("x-key-id", "new"), adding("x-user", "alice"))},
		{law: "and: a bad token", send: call("POST", "/and", hooked("x"), bearer(at("exp", -3600)), body("x")), want: invalid("expired").challenging("Bearer", "Signature", "Bearer").by("corp")},
		{law: "and: a bad signature", send: call("POST", "/and", hooked("y"), bearer(), body("x")), want: badlySigned("signature_invalid").challenging("Signature", "Signature", "Bearer").by("gh")},
		{law: "and: no token", send: call("POST", "/and", hooked("x"), body("x")), want: missing("missing").challenging("", "Signature", "Bearer").by("corp")},
		{law: "may: neither", send: call("POST", "/may", body("x")), want: untouched()},
		{law: "may: signed", send: call("POST", "/may", hooked("x"), body("x")), want: byHook()},
		{law: "may: badly signed", send: call("POST", "/may", hooked("y"), body("x")), want: badlySigned("signature_invalid").by("gh")},
		{law: "open: nothing", send: call("POST", "/open", body("x")), want: untouched()},
		{law: "open: badly signed", send: call("POST", "/open", hooked("y"), body("x")), want: badHook("signature_invalid")},
	},
}

// partnered is a signed call; again sends the very same.
func partnered(nonce, text string) build { return partneredAt(0, nonce, text) }

// partneredAt is one that is signed seconds from now.
func partneredAt(seconds int, nonce, text string) build {
	return func(b *builder) {
		b.request = partnerRequest(b.mint.now.Add(time.Duration(seconds)*time.Second), nonce, text)
	}
}

// changed sends another body than the signed one.
func changed(send build, text string) build {
	return func(b *builder) {
		send(b)
		b.request.Body = []byte(text)
	}
}

// partnersGroup: calls that must not come twice (P-01).
var partnersGroup = group{
	name: "partners", hold: true, once: true, provider: "partner", config: fmt.Sprintf(partnerConfig, ""),
	cases: []scenario{
		{law: "P-01 a signed call", send: partnered("n1", "body"), want: untouched().by("partner")},
		{law: "P-01 the very same again", send: partnered("n1", "body"), want: want{reason: "replayed", status: 401, code: "replayed_request"}.challenging("Signature", "Signature").by("partner")},
		{law: "P-04 another nonce", send: partnered("n2", "body"), want: untouched().by("partner")},
		{law: "P-04 a nonce in another case", send: partnered("N2", "body"), want: untouched().by("partner")},
		{law: "a call without a body", send: partnered("n3", ""), want: untouched().by("partner")},
		{law: "and again", send: partnered("n3", ""), want: want{reason: "replayed", status: 401, code: "replayed_request"}.challenging("Signature", "Signature").by("partner")},
		{law: "P-02 signed ahead, within the tolerance", send: partneredAt(250, "n4", "body"), want: untouched().by("partner")},
		{law: "P-02 and again", send: partneredAt(250, "n4", "body"), want: want{reason: "replayed", status: 401, code: "replayed_request"}.challenging("Signature", "Signature").by("partner")},
		{law: "P-03 a fresh nonce over another body", send: changed(partnered("n5", "body"), "ydob"), want: badlySigned("signature_invalid").challenging("Signature", "Signature").by("partner")},
		{law: "P-03 the good request with that nonce", send: partnered("n5", "body"), want: untouched().by("partner")},
		{law: "P-06 the sender's retry: the nonce again at another time", send: partneredAt(1, "n5", "body"), want: untouched().by("partner")},
		{law: "P-04 no nonce", send: partnered("", "body"), want: badlySigned("nonce_missing").challenging("Signature", "Signature").by("partner")},
	},
}
