package serve

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host"
)

func TestVerdict(t *testing.T) {
	for _, tc := range []struct {
		law     string
		d       host.Decision
		allowed bool
		reason  string
	}{
		{"let through", host.Decision{State: host.StateContinue, Status: 404}, true, ""},
		{"refused by the module", host.Decision{State: host.StateAnswered, Details: "postern_denied{expired}"}, false, "expired"},
		{"answered by the host", host.Decision{State: host.StateAnswered, Details: "request_payload_too_large"}, false, "request_payload_too_large"},
		{"details that only begin like the module's", host.Decision{State: host.StateAnswered, Details: "postern_denied{x"}, false, "postern_denied{x"},
		{"answered without a word", host.Decision{State: host.StateAnswered}, false, "answered"},
		{"a trap", host.Decision{State: host.StateTrapped, Details: "wasm_fail_stream"}, false, "trap"},
		{"a reset", host.Decision{State: host.StateReset}, false, "reset"},
		{"the client left while the module waited", host.Decision{State: host.StatePaused}, false, "abandoned"},
		{"the zero value is no permission", host.Decision{}, false, "abandoned"},
	} {
		t.Run(tc.law, func(t *testing.T) {
			if allowed, reason := verdict(tc.d); allowed != tc.allowed || reason != tc.reason {
				t.Errorf("got %v %q, want %v %q", allowed, reason, tc.allowed, tc.reason)
			}
		})
	}
}

func TestObserved(t *testing.T) {
	long := "/" + strings.Repeat("a", 2*maxLoggedPath)
	for _, tc := range []struct {
		law, target string
		handler     http.HandlerFunc
		want        Access
	}{
		{"a status that was written", "/a?q", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, Access{Path: "/a", Status: 403}},
		{"an informational status is not the answer", "/a", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(201) }, Access{Path: "/a", Status: 201}},
		{"a body without a status", "/a", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }, Access{Path: "/a", Status: 200}},
		{"nothing written", "/a", func(http.ResponseWriter, *http.Request) {}, Access{Path: "/a", Status: 200}},
		{"a connection that is cut", "/a", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Access{Path: "/a", Status: 0}},
		{"what the module decided", "/a", func(_ http.ResponseWriter, r *http.Request) {
			observe(r, host.Decision{State: host.StateContinue, FilterState: map[string][]byte{providerState: []byte("corp")}})
		}, Access{Path: "/a", Status: 200, Allowed: true, Provider: "corp"}},
		{"the path as it was received", "/a/%2e/b;c//", func(http.ResponseWriter, *http.Request) {}, Access{Path: "/a/%2e/b;c//", Status: 200}},
		{"a target in absolute form is its path", "http://u:p@h/a%2fb?q", func(http.ResponseWriter, *http.Request) {}, Access{Path: "/a%2fb", Status: 200}},
		{"a long path is cut", long, func(http.ResponseWriter, *http.Request) {}, Access{Path: long[:maxLoggedPath], Status: 200}},
	} {
		t.Run(tc.law, func(t *testing.T) {
			var got *Access
			clock := time.Unix(1_800_000_000, 0)
			now := func() time.Time { clock = clock.Add(1500 * time.Microsecond); return clock }
			h := observed(tc.handler, now, func(a *Access) { got = a })
			func() {
				defer func() { _ = recover() }()
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", tc.target, nil))
			}()
			if got == nil {
				t.Fatal("nothing was reported")
			}
			want := tc.want
			want.Time, want.Method, want.Protocol = time.Unix(1_800_000_000, 1_500_000), "GET", "HTTP/1.1"
			want.Duration, want.DurationMS = 1500*time.Microsecond, 1.5
			if *got != want {
				t.Errorf("got  %+v\nwant %+v", *got, want)
			}
		})
	}
}
