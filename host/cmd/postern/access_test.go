package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/serve"
)

// An access line has eight fields between single spaces, whatever a client sends.
func TestAccessLine(t *testing.T) {
	at := time.Date(2026, 11, 22, 18, 0, 0, 1_500_000, time.UTC)
	for _, tc := range []struct {
		law  string
		in   serve.Access
		want string
	}{
		{"allowed", serve.Access{Time: at, Method: "GET", Path: "/a", Status: 200, Allowed: true, Provider: "corp", DurationMS: 1.25}, "2026-11-22T18:00:00.001Z GET /a 200 allow - corp 1.250ms"},
		{"refused", serve.Access{Time: at, Method: "GET", Path: "/a", Status: 401, Reason: "expired", Provider: "corp"}, "2026-11-22T18:00:00.001Z GET /a 401 deny expired corp 0.000ms"},
		{"nobody there any more", serve.Access{Time: at, Method: "GET", Path: "/a", Reason: "abandoned"}, "2026-11-22T18:00:00.001Z GET /a - deny abandoned - 0.000ms"},
		{"bytes that would break the line", serve.Access{Time: at, Method: "GET", Path: "/a b\n\x1b[1m\"\xff", Status: 400, Reason: "path_not_normal", Provider: "my provider"}, `2026-11-22T18:00:00.001Z GET "/a b\n\x1b[1m\"\xff" 400 deny path_not_normal "my provider" 0.000ms`},
	} {
		t.Run(tc.law, func(t *testing.T) {
			var out strings.Builder
			accessWriter(&out, outputText)(&tc.in)
			if out.String() != tc.want+"\n" {
				t.Errorf("got  %swant %s", out.String(), tc.want)
			}
			out.Reset()
			accessWriter(&out, outputJSON)(&tc.in)
			var back serve.Access
			if err := json.Unmarshal([]byte(out.String()), &back); err != nil || strings.Count(out.String(), "\n") != 1 {
				t.Fatalf("%v in %q", err, out.String())
			}
			if back.Status != tc.in.Status || back.Reason != tc.in.Reason || back.Allowed != tc.in.Allowed || !back.Time.Equal(at) {
				t.Errorf("as JSON %s", out.String())
			}
		})
	}
}
