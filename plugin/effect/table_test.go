package effect

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
)

var update = flag.Bool("update", false, "write the table of reasons anew")

const tablePath = "../reason/README.md"

// TestReasonTable holds the documentation's table of reasons to what is answered; a
// change of it is a change for whoever alerts on a code or matches an answer.
// `go test ./plugin/effect -run TestReasonTable -update` writes it.
func TestReasonTable(t *testing.T) {
	var b strings.Builder
	b.WriteString(tableHead)
	for _, c := range reason.All() {
		row := rowOf(c)
		fmt.Fprintf(&b, "| `%s` | %d | `%s` | %s | %s | %d |\n", c, row.status, row.code, row.text, notes(row), grpcStatus(row.status))
	}
	if *update {
		if err := os.WriteFile(tablePath, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(tablePath)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("%s is not what is answered; if the change is meant: go test ./plugin/effect -run TestReasonTable -update", tablePath)
	}
}

func notes(row answerRow) string {
	var list []string
	switch row.challenge {
	case noChallenge:
	case plainChallenge:
		list = append(list, "challenge without an error")
	case errorChallenge:
		list = append(list, "challenge")
	}
	if row.retry {
		list = append(list, "`Retry-After`")
	}
	return strings.Join(list, ", ")
}

const tableHead = `# Reasons

Every refusal has one reason. Its code is stable: alert on it. Operators see it in the
response code details (` + "`postern_denied{expired}`" + `), in the log line, in the metric
` + "`postern_denied`" + ` (or ` + "`postern_reported`" + `) and in the filter state; callers see status, error and
message, in the form and with the exceptions that ` + "`failure_response`" + ` says, and never the code.
With ` + "`compat: \"jwt_authn\"`" + ` they see that filter's texts instead. A test holds this table to
what is answered.

| code | status | error | message | headers | gRPC |
| --- | --- | --- | --- | --- | --- |
`

// TestForms: RFC 9457, text, and answers of one's own.
func TestForms(t *testing.T) {
	own := make([]Own, reason.Count())
	own[reason.Expired] = Own{Status: 403, Body: "<p>", HasBody: true, ContentType: "text/html"}
	own[reason.NoRule] = Own{Status: 401}
	own[reason.KeysUnavailable] = Own{Status: 500}
	for _, tc := range []struct {
		law     string
		form    Form
		code    reason.Code
		id      string
		grpc    bool
		status  uint32
		headers string
		body    string
		gstatus int32
	}{
		{"text", FormText, reason.Missing, "r-1", false, 401, `www-authenticate: Bearer realm="edge"|content-type: text/plain; charset=utf-8`, "A credential is required.\n", -1},
		{"a problem", FormProblem, reason.Missing, "", false, 401, `www-authenticate: Bearer realm="edge"|content-type: application/problem+json`, `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"A credential is required.","error":"unauthorized"}`, -1},
		{"a problem with an id", FormProblem, reason.PathNotNormal, "r-1", false, 400, "content-type: application/problem+json", `{"type":"about:blank","title":"Bad Request","status":400,"detail":"The request path is malformed.","error":"invalid_request","request_id":"r-1"}`, -1},
		{"a problem whose status has no title", FormProblem, reason.KeysUnavailable, "", false, 500, "retry-after: 7|content-type: application/problem+json", `{"type":"about:blank","status":500,"detail":"The keys to verify the credential are not available.","error":"temporarily_unavailable"}`, -1},
		{"a body of one's own is sent as it is", FormJSON, reason.Expired, "r-1", false, 403, `www-authenticate: Bearer realm="edge", error="invalid_token", error_description="The token has expired."|content-type: text/html`, "<p>", -1},
		{"a 401 of one's own has a challenge", FormJSON, reason.NoRule, "", false, 401, `www-authenticate: Bearer realm="edge"|content-type: application/json`, `{"error":"access_denied","message":"Access is denied."}`, -1},
		{"gRPC has the message and the status of the table", FormProblem, reason.Expired, "r-1", true, 403, `www-authenticate: Bearer realm="edge", error="invalid_token", error_description="The token has expired."`, "The token has expired.", 16},
	} {
		for _, prepared := range []bool{true, false} {
			cfg := &Config{Realm: "edge", Form: tc.form, Own: own}
			if prepared {
				cfg.Prepare()
			}
			var w Writer
			v := view(t, "/x", "content-type", "application/grpc")
			v.RequestID, v.GRPC = tc.id, tc.grpc
			a := w.Refuse(cfg, v, tc.code, 7, "")
			var headers []string
			for _, h := range a.Headers {
				headers = append(headers, h.Name+": "+h.Value)
			}
			if a.Status != tc.status || a.GRPC != tc.gstatus || strings.Join(headers, "|") != tc.headers || string(a.Body) != tc.body {
				t.Errorf("%s (prepared: %v): %d, gRPC %d, %q, %q", tc.law, prepared, a.Status, a.GRPC, headers, a.Body)
			}
		}
	}
}
