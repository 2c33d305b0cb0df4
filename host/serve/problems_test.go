package serve

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

func TestProblems(t *testing.T) {
	logs := func(entries ...host.LogEntry) error { return &host.ConfigError{Stage: "configure", Logs: entries} }
	for _, tc := range []struct {
		law  string
		err  error
		want string
	}{
		{"the error lines, without their room and without warnings", logs(
			host.LogEntry{Level: abi.LogWarn, Text: "config: odd"},
			host.LogEntry{Level: abi.LogError, Text: "config: a: wrong"},
			host.LogEntry{Level: abi.LogError, Text: "b: wrong\nc: wrong\n"},
		), "a: wrong|b: wrong|c: wrong"},
		{"what there is, where there is no error line", logs(host.LogEntry{Level: abi.LogInfo, Text: "hm"}), "hm"},
		{"silence is said", logs(), "the module gave no reason"},
		{"a trap", &host.ConfigError{Stage: "configure", Err: errors.New("unreachable")}, "configure: unreachable"},
		{"another error", errors.New("closed"), "closed"},
	} {
		t.Run(tc.law, func(t *testing.T) {
			if got := strings.Join(Problems(tc.err), "|"); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestGuestLogWhileConfiguring(t *testing.T) {
	var out bytes.Buffer
	g := &guestLog{to: slog.New(slog.NewTextHandler(&out, nil))}
	said := func() string {
		defer out.Reset()
		return strings.Join(strings.Fields(out.String()), " ")
	}
	line := func(worker int, text string) { g.line(host.LogEntry{Level: abi.LogWarn, Text: text, Worker: worker}) }

	g.hold()
	line(0, "odd")
	line(1, "odd")
	line(2, "odd")
	line(1, "request")
	if got := said(); strings.Contains(got, "odd") || !strings.Contains(got, "msg=request") {
		t.Errorf("before the verdict: %s", got)
	}
	g.release(true)
	if got := said(); strings.Count(got, "odd") != 1 || !strings.Contains(got, "level=WARN") {
		t.Errorf("an accepted one's warning is said once: %s", got)
	}
	line(1, "odd")
	if got := said(); strings.Count(got, "odd") != 1 {
		t.Errorf("later it is said again: %s", got)
	}
	g.hold()
	line(0, "wrong")
	g.release(false)
	if got := said(); got != "" {
		t.Errorf("a refused one's lines are told by Problems: %s", got)
	}
}
