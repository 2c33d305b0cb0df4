package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// seen is a request as the upstream saw it.
func seen(path, user, credential string) *http.Request {
	r := &http.Request{RequestURI: path, Header: http.Header{}}
	if user != "" {
		r.Header.Set("X-User", user)
	}
	if credential != "" {
		r.Header.Set("Authorization", credential)
	}
	return r
}

// The table must not say ok to anything but what it expects.
func TestJudge(t *testing.T) {
	allow := row{path: "/a", status: 200, user: "alice"}
	open := row{path: "/a", status: 200}
	deny := row{path: "/a", status: 401, reason: "expired", header: challenge}
	allowed := access{Path: "/a", Status: 200, Allowed: true}
	denied := access{Path: "/a", Status: 401, Reason: "expired"}
	with := http.Header{challenge: {"Bearer"}}
	for _, tc := range []struct {
		law  string
		row  row
		got  outcome
		want string // part of the only problem; "" for none
	}{
		{"as expected, allowed", allow, outcome{status: 200, access: allowed, upstream: []*http.Request{seen("/a", "alice", "")}}, ""},
		{"as expected, open", open, outcome{status: 200, access: allowed, upstream: []*http.Request{seen("/a", "", "")}}, ""},
		{"as expected, refused", deny, outcome{status: 401, header: with, access: denied}, ""},
		{"another reason", deny, outcome{status: 401, header: with, access: access{Path: "/a", Status: 401, Reason: "missing"}}, "reason is missing"},
		{"another status for the client", deny, outcome{status: 403, header: with, access: denied}, "status is 403"},
		{"another status in the log", deny, outcome{status: 401, header: with, access: access{Path: "/a", Status: 403, Reason: "expired"}}, "status in the access line is 403"},
		{"a line of another request", deny, outcome{status: 401, header: with, access: access{Path: "/b", Status: 401, Reason: "expired"}}, "path in the access line is /b"},
		{"no challenge", deny, outcome{status: 401, access: denied}, "presence of Www-Authenticate is false"},
		{"refused and passed on", deny, outcome{status: 401, header: with, access: denied, upstream: []*http.Request{seen("/a", "", "")}}, "reached the upstream is 1"},
		{"allowed and not passed on", allow, outcome{status: 200, access: allowed}, "reached the upstream is 0"},
		{"passed on twice", open, outcome{status: 200, access: allowed, upstream: []*http.Request{seen("/a", "", ""), seen("/a", "", "")}}, "reached the upstream is 2"},
		{"another user", allow, outcome{status: 200, access: allowed, upstream: []*http.Request{seen("/a", "admin", "")}}, "x-user that the upstream saw is admin"},
		{"a user on an open path", open, outcome{status: 200, access: allowed, upstream: []*http.Request{seen("/a", "admin", "")}}, "x-user that the upstream saw is admin"},
		{"a credential passed on", allow, outcome{status: 200, access: allowed, upstream: []*http.Request{seen("/a", "alice", "Bearer x")}}, "credential at the upstream is true"},
		{"another path", allow, outcome{status: 200, access: allowed, upstream: []*http.Request{seen("/b", "alice", "")}}, "path that the upstream saw is /b"},
	} {
		t.Run(tc.law, func(t *testing.T) {
			problems := tc.row.judge(tc.got)
			switch {
			case tc.want == "" && len(problems) == 0:
			case tc.want != "" && len(problems) == 1 && strings.Contains(problems[0], tc.want):
			default:
				t.Errorf("problems %q, want %q", problems, tc.want)
			}
			var out bytes.Buffer
			r := report{out: &out}
			r.row(tc.row, tc.got)
			if failed := strings.Contains(out.String(), "FAIL"); failed != (tc.want != "") || r.failed == 1 != failed {
				t.Errorf("printed\n%s", out.String())
			}
		})
	}
}

// Every row says what it is, is unlike the others, and refuses with a reason.
func TestRows(t *testing.T) {
	names := map[string]bool{}
	groups, refused := 0, 0
	for _, r := range rows() {
		if r.what == "" || r.path == "" || r.headers == nil || names[r.what] && r.path != "/partner/orders" && r.group == "" {
			t.Errorf("row %q is not whole, or is there twice", r.what)
		}
		names[r.what] = true
		if r.group != "" {
			groups++
		}
		if (r.status == 200) != (r.reason == "") || r.reason != "" && r.user != "" {
			t.Errorf("row %q contradicts itself", r.what)
		}
		if r.status == 401 && r.header != challenge {
			t.Errorf("row %q: a 401 has a challenge", r.what)
		}
		if r.reason != "" {
			refused++
		}
	}
	if len(names) < 20 || groups < 5 || refused < 12 {
		t.Errorf("%d rows in %d groups, %d refused", len(names), groups, refused)
	}
}
