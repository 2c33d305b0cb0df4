package host

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
	"github.com/postern-wasm/postern/host/upstream"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestTrace compares every crossing of the border, from the load to the reload,
// with a golden file: what it shows is what a guest sees of the host.
func TestTrace(t *testing.T) {
	var scripted upstream.Scripted
	scripted.Set(upstream.Route{Cluster: "idp"}, upstream.Answer{Headers: status200().Headers, Delay: time.Second})
	m := gate().
		Func("_initialize", 0, 0).
		Func("proxy_on_context_create", 2, 0).
		Func("proxy_on_vm_start", 2, 1, w.I(1)).
		Func("proxy_on_configure", 2, 1, w.I(1)).
		Func("proxy_on_log", 1, 0).
		Func("proxy_on_done", 1, 1, w.I(1)).
		Func("proxy_on_delete", 1, 0)
	b, err := load(t, m, Options{Callouts: &scripted, StopIteration: true})
	if err != nil {
		t.Fatal(err)
	}
	note := func(s string) { b.trace = append(b.trace, "# "+s) }
	note("first configuration")
	if err := b.Configure(context.Background(), []byte("config")); err != nil {
		t.Fatal(err)
	}
	exchange := func(name string, h []abi.Pair, steps string) *Stream {
		note(name)
		s := b.NewStream(StreamOptions{})
		end := steps == ""
		s.RequestHeaders(h, end)
		drive(s, steps)
		return s
	}
	s := exchange("a request with a body and trailers, and its response", get(), "23t")
	s.ResponseHeaders([]abi.Pair{{Name: ":status", Value: "200"}}, false)
	s.ResponseBody([]byte("x"), true)
	s.Close()
	exchange("a local answer", get("x-deny", "1"), "").Close()
	s = exchange("a request that waits for a callout", get("x-call", "1"), "")
	b.clock.Advance(time.Second)
	b.RunDue(10)
	s.Close()
	note("a new configuration")
	if err := b.Configure(context.Background(), []byte("config 2")); err != nil {
		t.Fatal(err)
	}
	exchange("a trap", get("x-trap", "1"), "").Close()

	got := strings.Join(b.trace, "\n") + "\n"
	const file = "testdata/trace.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the trace has changed; got\n%s", got)
	}
}
