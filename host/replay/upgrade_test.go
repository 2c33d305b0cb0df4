package replay_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/replay"
)

// reasons runs lines and returns the reasons, "" for what is allowed.
func reasons(t *testing.T, opts replay.Options, lines string) []string {
	t.Helper()
	var out strings.Builder
	e := replay.New(opts)
	defer e.Close(context.Background()) //nolint:errcheck // nothing is left to lose
	if err := e.Run(t.Context(), strings.NewReader(lines), &out); err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(out.String()) {
		var a struct {
			Allowed bool   `json:"allowed"`
			Reason  string `json:"reason"`
			Error   string `json:"error"`
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if a.Allowed != (a.Reason == "") || a.Error != "" {
			t.Errorf("answer %s", line)
		}
		list = append(list, a.Reason)
	}
	return list
}

// TestH23UpgradesInReplay: as in Envoy the headers of an upgrade are not the end.
func TestH23UpgradesInReplay(t *testing.T) {
	m := hmac.New(sha256.New, []byte("hook secret"))
	signature := `["x-hub-signature-256","sha256=` + hex.EncodeToString(m.Sum(nil)) + `"]`
	const upgrade = `["connection","keep-alive, Upgrade"],["upgrade","websocket"]`
	line := func(path, method, headers, more string) string {
		return `{"request":{"path":"` + path + `","method":"` + method + `","headers":[` + headers + `]` + more + `}}` + "\n"
	}
	got := reasons(t, replay.Options{Module: modulePath(t), Verdicts: true},
		`{"config":{"providers":{"hook":{"signed_request":{"preset":"github","keys":[{"id":"k","secret":{"inline":"hook secret"}}]}}},"rules":[{"match":{"prefix":"/hook"},"requires":{"provider_name":"hook"}},{"match":{"prefix":"/"}}]},"request":{"path":"/"}}`+"\n"+
			line("/hook", "GET", signature, "")+
			line("/hook", "GET", signature+","+upgrade, "")+
			line("/hook", "GET", signature+","+upgrade, `,"chunks":[]`)+
			line("/hook", "GET", signature+`,["upgrade","websocket"]`, "")+
			line("/ws", "GET", upgrade, "")+
			line("/ws", "GET", upgrade, `,"trailers":[["x","y"]]`))
	want := " |  | body_not_allowed | body_not_allowed |  |  | "
	if g := strings.Join(got, " | "); g != want {
		t.Errorf("got %q, want %q", g, want)
	}
}
