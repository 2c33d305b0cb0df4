package host

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

// epoch is where the tests' clocks stand.
var epoch = time.Unix(1_700_000_000, 0)

// bench is a host with a log and a trace.
type bench struct {
	*Host
	t     testing.TB
	clock *VirtualClock
	logs  []string
	trace []string
}

// load makes a host on a virtual clock from an assembled module.
func load(t testing.TB, m *w.Module, opts Options) (*bench, error) {
	t.Helper()
	b := &bench{t: t, clock: NewVirtualClock(epoch)}
	if opts.Clock == nil {
		opts.Clock = b.clock
	}
	opts.Log = func(e LogEntry) { b.logs = append(b.logs, fmt.Sprintf("%s %s", e.Level, e.Text)) }
	opts.Trace = func(e TraceEvent) {
		b.trace = append(b.trace, fmt.Sprintf("%d%s %s", e.Worker, strings.Repeat("  ", e.Depth), e.Text))
	}
	h, err := New(context.Background(), m.Build(), opts)
	if err != nil {
		return nil, err
	}
	b.Host = h
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b, nil
}

// serve is load with a configuration that must be taken.
func serve(t testing.TB, m *w.Module, opts Options) *bench {
	t.Helper()
	b, err := load(t, m, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Configure(context.Background(), []byte("config")); err != nil {
		t.Fatal(err)
	}
	b.logs, b.trace = nil, nil
	return b
}

// get returns a GET request's headers with more of them.
func get(kv ...string) []abi.Pair {
	h := []abi.Pair{
		{Name: ":authority", Value: "a.example"},
		{Name: ":path", Value: "/p?q=1"},
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "http"},
	}
	for i := 0; i < len(kv); i += 2 {
		h = append(h, abi.Pair{Name: kv[i], Value: kv[i+1]})
	}
	return Arrive(h, false)
}

// wantState fails the test unless a state is the one wanted.
func wantState(t testing.TB, got, want State) {
	t.Helper()
	if got != want {
		t.Fatalf("state %v, want %v", got, want)
	}
}

// text renders headers for comparison.
func text(h []abi.Pair) string {
	var s []string
	for _, p := range h {
		s = append(s, p.Name+": "+p.Value)
	}
	return strings.Join(s, "; ")
}

func TestNothingExportedLetsEverythingThrough(t *testing.T) {
	b := serve(t, w.New(abi.Version021), Options{})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	wantState(t, s.RequestHeaders(get(), false), StateContinue)
	wantState(t, s.RequestBody([]byte("ab"), false), StateContinue)
	wantState(t, s.RequestBody([]byte("c"), true), StateContinue)
	p := s.TakeRequest()
	if string(p.Body) != "abc" || !p.End || p.Headers == nil {
		t.Fatalf("part %+v", p)
	}
	wantState(t, s.ResponseHeaders([]abi.Pair{{Name: ":status", Value: "200"}}, true), StateContinue)
	if p := s.TakeResponse(); text(p.Headers) != ":status: 200" || !p.End {
		t.Fatalf("response %+v", p)
	}
}

func TestLocalAnswer(t *testing.T) {
	m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
		w.Do("proxy_send_local_response", w.I(401), w.S("why not"), w.S("no"), w.Pairs("x-a", "1", "x-a", "2"), w.I(-1)),
		w.Do("proxy_send_local_response", w.I(500), w.S(""), w.S(""), w.Pairs(), w.I(-1)),
		w.I(0))
	m.Func("proxy_on_response_headers", 3, 1,
		w.Do("proxy_add_header_map_value", w.I(2), w.S("x-seen"), w.S("yes")), w.I(0))
	b := serve(t, m, Options{})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	wantState(t, s.RequestHeaders(get(), true), StateAnswered)
	a, ok := s.Answer()
	if !ok || a.Status != 401 || string(a.Body) != "no" || a.Details != "why_not" || a.GRPCStatus != -1 {
		t.Fatalf("answer %+v", a)
	}
	want := ":status: 401; x-a: 1; x-a: 2; content-length: 2; content-type: text/plain; x-seen: yes"
	if text(a.Headers) != want {
		t.Fatalf("headers %s\nwant    %s", text(a.Headers), want)
	}
	if p := s.TakeRequest(); !p.Empty() {
		t.Fatalf("something went upstream: %+v", p)
	}
}
