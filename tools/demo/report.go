package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// report prints the table as it grows.
type report struct {
	out           io.Writer
	count, failed int
}

const format = "%3s  %-46s %-6s %-22s %-20s %s\n"

func (r *report) title() {
	fmt.Fprintln(r.out, "postern serve, the module in wazero, real sockets on loopback:")
	fmt.Fprintln(r.out)
	fmt.Fprintf(r.out, format, "", "what was sent", "status", "reason", "the upstream saw", "")
}

// row prints one row.
func (r *report) row(row row, got outcome) {
	if row.group != "" {
		fmt.Fprintf(r.out, "\n     %s\n", row.group)
	}
	r.count++
	verdict := "ok"
	problems := row.judge(got)
	if len(problems) > 0 {
		r.failed++
		verdict = "FAIL"
	}
	reason := got.access.Reason
	if got.access.Allowed {
		reason = "allowed"
	}
	fmt.Fprintf(r.out, format, fmt.Sprint(r.count), row.what, fmt.Sprint(got.status), reason, saw(got.upstream), verdict)
	for _, p := range problems {
		fmt.Fprintf(r.out, "     ! %s\n", p)
	}
}

// saw says in short what reached the upstream.
func saw(requests []*http.Request) string {
	switch {
	case len(requests) == 0:
		return "nothing"
	case len(requests) > 1:
		return fmt.Sprintf("%d requests", len(requests))
	}
	users := requests[0].Header.Values("X-User")
	if len(users) == 0 {
		return "no user"
	}
	return "user " + strings.Join(users, ", ")
}

// judge compares what came with what must come.
func (row row) judge(got outcome) (problems []string) {
	differs := func(what string, got, want any) {
		if got != want {
			problems = append(problems, fmt.Sprintf("%s is %v, must be %v", what, got, want))
		}
	}
	allowed := row.reason == ""
	differs("status", got.status, row.status)
	differs("reason", got.access.Reason, row.reason)
	differs("verdict allowed", got.access.Allowed, allowed)
	differs("status in the access line", got.access.Status, row.status)
	differs("path in the access line", got.access.Path, row.path)
	if row.header != "" {
		differs("presence of "+row.header, got.header.Get(row.header) != "", true)
	}
	if !allowed {
		differs("number of requests that reached the upstream", len(got.upstream), 0)
		return problems
	}
	differs("number of requests that reached the upstream", len(got.upstream), 1)
	for _, r := range got.upstream {
		differs("path that the upstream saw", r.RequestURI, row.path)
		differs("x-user that the upstream saw", strings.Join(r.Header.Values("X-User"), ", "), row.user)
		differs("presence of a credential at the upstream", r.Header.Get("Authorization") != "", false)
	}
	return problems
}

func (r *report) end(took time.Duration) {
	fmt.Fprintf(r.out, "\n%d requests, %d as expected, %.1f s\n", r.count, r.count-r.failed, took.Seconds())
	if r.failed > 0 {
		return
	}
	fmt.Fprint(r.out, `
Next:
  build/postern serve --config testdata/readme/first.yaml --upstream http://127.0.0.1:9000   your service behind it
  build/postern --help                                                                       tokens, keys, checks, replay
  make test                                                                                  all of it, in a real Envoy too
`)
}
