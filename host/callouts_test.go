package host

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
	"github.com/postern-wasm/postern/host/upstream"
)

// show logs a callout's status header and body.
var show = w.Seq(
	w.Store(w.Ret, w.I(0)), w.Store(w.Ret+4, w.I(0)),
	w.Do("proxy_get_header_map_value", w.I(6), w.S(":status"), w.I(w.Ret), w.I(w.Ret+4)), w.LogAt(w.Ret, w.Ret+4),
	w.Store(w.Ret, w.I(0)), w.Store(w.Ret+4, w.I(0)),
	w.Do("proxy_get_buffer_bytes", w.I(4), w.I(0), w.I(100), w.I(w.Ret), w.I(w.Ret+4)), w.LogAt(w.Ret, w.Ret+4),
)

func TestCallouts(t *testing.T) {
	route := upstream.Route{Cluster: "idp", Path: "/keys"}
	for _, c := range []struct {
		law     string
		timeout int64
		answers []upstream.Answer
		after   time.Duration // when it comes
		call    string        // the callback's headers, body, trailers
		logs    string
	}{
		{"an answer", 5000, []upstream.Answer{*status200()}, 0, "(1,4,1,4,0)", "info 200|info keys"},
		{"an answer with a delay", 5000, []upstream.Answer{{
			Headers: status200().Headers, Delay: 3 * time.Second,
			Trailers: []abi.Pair{{Name: "x", Value: "y"}},
		}}, 3 * time.Second, "(1,4,1,0,1)", "info 200|info "},
		{
			"a timeout is a 504 of three headers and 24 bytes", 5000,
			[]upstream.Answer{{Delay: 5001 * time.Millisecond}},
			5 * time.Second, "(1,4,3,24,0)", "info 504|info upstream request timeout",
		},
		{
			"a reset is an answer without headers", 5000,
			[]upstream.Answer{{Reset: true, Delay: time.Second}},
			time.Second, "(1,4,0,0,0)", "info |info ",
		},
		{"no route: no healthy upstream", 5000, nil, 0, "(1,4,3,19,0)", "info 503|info no healthy upstream"},
		{
			"timeout 0 waits for ever", 0,
			[]upstream.Answer{{Headers: status200().Headers, Delay: 999 * time.Hour}},
			999 * time.Hour, "(1,4,1,0,0)", "info 200|info ",
		},
	} {
		t.Run(c.law, func(t *testing.T) {
			var scripted upstream.Scripted
			scripted.AddCluster("idp")
			scripted.Set(route, c.answers...)
			b := serve(t, calling(c.timeout, show, resume), Options{Callouts: &scripted})
			s := b.NewStream(StreamOptions{})
			defer s.Close()
			wantState(t, s.RequestHeaders(get(), true), StatePaused)
			e, ok := b.Next()
			if !ok || !e.Due.Equal(epoch.Add(c.after)) || e.Kind != EventCallout || e.Worker != 1 {
				t.Fatalf("next event %+v %v", e, ok)
			}
			if n := b.RunDue(1); (n == 1) != (c.after == 0) {
				t.Errorf("%d events before the time", n)
			}
			b.clock.Set(e.Due)
			b.RunDue(1)
			wantState(t, s.RequestState(), StateContinue)
			if got := b.callbacks(); !strings.HasSuffix(got, "http_call_response"+c.call) {
				t.Errorf("callbacks %s, want %s", got, c.call)
			}
			if got := strings.Join(b.logs, "|"); got != c.logs {
				t.Errorf("logs %q, want %q", got, c.logs)
			}
			if p := s.TakeRequest(); part(p) != "H$" {
				t.Errorf("upstream got %q", part(p))
			}
			if e, ok := b.Next(); ok {
				t.Errorf("an event is left: %+v", e)
			}
		})
	}
}

func TestCalloutsThatAreRefused(t *testing.T) {
	head := []string{":method", "GET", ":path", "/", ":authority", "a"}
	call := func(cluster string, timeout int64, kv ...string) w.Code {
		return w.Do("proxy_http_call", w.S(cluster), w.Pairs(kv...), w.S(""), w.Pairs(), w.I(timeout), w.I(w.Ret))
	}
	m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
		call("idp", 1, head...), call("nobody", 1, head...), call("idp", -1, head...),
		call("idp", 1, head[:4]...), call("idp", 1, head[2:]...), call("idp", 1, ":method", "GET", ":authority", "a"),
		call("idp", 1, ":method", "GET", ":path", "/", "Host", "a"), w.I(0))
	var a answers
	b := serve(t, m, Options{Callouts: &a})
	try(b)
	want := "OK BAD_ARGUMENT BAD_ARGUMENT BAD_ARGUMENT BAD_ARGUMENT BAD_ARGUMENT OK"
	if got := b.statuses("proxy_http_call"); got != want {
		t.Errorf("statuses %s\nwant     %s", got, want)
	}
	if len(a.requests) != 2 || a.requests[1].Header(":authority") != "a" {
		t.Errorf("calls %+v", a.requests)
	}
	b = serve(t, m, Options{})
	try(b)
	if got := b.statuses("proxy_http_call"); strings.Contains(got, "OK") {
		t.Errorf("without a caller: %s", got)
	}
	b = serve(t, m, Options{Profile: ProfileGoogle, Callouts: &a})
	try(b)
	if got := b.statuses("proxy_http_call"); got != strings.TrimSpace(strings.Repeat("UNIMPLEMENTED ", 7)) {
		t.Errorf("google: %s", got)
	}
}

func TestACanarysCalloutsAreNotMade(t *testing.T) {
	m := w.New(abi.Version021).Func("proxy_on_configure", 2, 1,
		w.Do("proxy_http_call", w.S("idp"), w.Pairs(":method", "GET", ":path", "/", ":authority", "a"),
			w.S(""), w.Pairs(), w.I(0), w.I(w.Ret)), w.I(1))
	var a answers
	serve(t, m, Options{Callouts: &a, Workers: 2})
	if len(a.requests) != 2 {
		t.Errorf("%d calls of two workers and a canary", len(a.requests))
	}
}

func TestContinueAfterAPauseDeliversTheBody(t *testing.T) {
	// The guest pauses on headers without StopIteration; the body and the
	// trailers wait until the callout's answer.
	m := calling(0, resume).
		Func("proxy_on_request_body", 3, 1, w.I(0)).
		Func("proxy_on_request_trailers", 2, 1, w.I(0))
	var a answers
	b := serve(t, m, Options{Callouts: &a, BufferLimit: 4})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	if out := drive(s, "H3"); out != "," || s.BodyStopped() != true {
		t.Fatalf("upstream %q", out)
	}
	drive(s, "3t")
	a.give[0](status200())
	b.RunDue(1)
	want := "request_headers(2,4,0) http_call_response(1,4,1,4,0) request_body(2,6,0) request_trailers(2,1)"
	if got := b.callbacks(); got != want {
		t.Errorf("callbacks %s\nwant      %s", got, want)
	}
	if got := part(s.TakeRequest()); got != "H6t$" {
		t.Errorf("upstream got %q", got)
	}
}

func TestTicksFollowTheClock(t *testing.T) {
	b := serve(t, trapping(), Options{Workers: 2})
	if e, ok := b.Next(); !ok || e.Kind != EventTick || !e.Due.Equal(epoch.Add(100*time.Millisecond)) {
		t.Fatalf("next %+v", e)
	}
	b.clock.Advance(350 * time.Millisecond)
	if n := b.RunDue(100); n != 6 || len(b.logs) != 6 {
		t.Errorf("%d events, %d ticks of two workers in 3.5 periods", n, len(b.logs))
	}
	b.clock.Advance(time.Hour)
	if n := b.RunDue(64); n != 64 {
		t.Errorf("%d events", n)
	}
	if n := b.RunDue(64); n != 0 {
		t.Errorf("%d ticks were kept that were to be dropped", n)
	}
	if e, _ := b.Next(); !e.Due.Equal(b.clock.Now().Add(100 * time.Millisecond)) {
		t.Errorf("next %+v", e)
	}
	if err := b.Configure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	b.logs = nil
	b.clock.Advance(100 * time.Millisecond)
	if n := b.RunDue(100); n != 2 {
		t.Errorf("%d ticks: an old root still ticks", n)
	}
}

func TestAnOldRootDrainsWithItsStreams(t *testing.T) {
	m := w.New(abi.Version021).
		Func("proxy_on_request_headers", 3, 1, w.I(0)).
		Func("proxy_on_configure", 2, 1, w.Do("proxy_set_tick_period_milliseconds", w.I(100)), w.I(1)).
		Func("proxy_on_tick", 1, 0).
		Func("proxy_on_done", 1, 1, w.I(1)).
		Func("proxy_on_delete", 1, 0)
	b := serve(t, m, Options{})
	s := b.NewStream(StreamOptions{})
	s.RequestHeaders(get(), true)
	if err := b.Configure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	b.trace = nil
	b.clock.Advance(100 * time.Millisecond)
	b.RunDue(10)
	if got := b.callbacks(); got != "tick(1) tick(3)" {
		t.Errorf("both roots tick: %s", got)
	}
	b.trace = nil
	s.Close()
	if got := b.callbacks(); got != "done(2) delete(2) done(1) delete(1)" {
		t.Errorf("callbacks %s", got)
	}
	if try(b); !strings.Contains(b.callbacks(), "request_headers(4,") {
		t.Errorf("ids go on: %s", b.callbacks())
	}
}

func TestARootMayPutItsEndOff(t *testing.T) {
	m := w.New(abi.Version021).
		Func("proxy_on_tick", 1, 0, w.Do("proxy_done")).
		Func("proxy_on_configure", 2, 1, w.Do("proxy_set_tick_period_milliseconds", w.I(100)), w.I(1)).
		Func("proxy_on_done", 1, 1, w.I(0)).
		Func("proxy_on_delete", 1, 0)
	b := serve(t, m, Options{})
	if err := b.Configure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if got := b.callbacks(); !strings.HasSuffix(got, "done(1)") || b.Workers()[0].Roots != 2 {
		t.Errorf("callbacks %s", got)
	}
	b.trace = nil
	b.clock.Advance(100 * time.Millisecond)
	b.RunDue(10)
	if got := b.callbacks(); got != "tick(1) tick(2) delete(1)" || b.Workers()[0].Roots != 1 {
		t.Errorf("callbacks %s", got)
	}
	if got := b.statuses("proxy_done"); got != "OK NOT_FOUND" {
		t.Errorf("statuses %s", got)
	}
}

func TestQueuesWakeOneWorker(t *testing.T) {
	m := w.New(abi.Version021).
		Func("proxy_on_configure", 2, 1, w.Do("proxy_register_shared_queue", w.S("q"), w.I(w.Ret)), w.I(1)).
		Func("proxy_on_request_headers", 3, 1,
			w.Do("proxy_resolve_shared_queue", w.S(""), w.S("none"), w.I(w.Ret)),
			w.Do("proxy_resolve_shared_queue", w.S("vm"), w.S("q"), w.I(w.Ret)),
			w.Do("proxy_enqueue_shared_queue", w.I(99), w.S("lost")),
			w.Do("proxy_enqueue_shared_queue", w.I(1), w.S("item")), w.I(0)).
		Func("proxy_on_queue_ready", 2, 0,
			w.Do("proxy_dequeue_shared_queue", w.L(1), w.I(w.Ret), w.I(w.Ret+4)), w.LogAt(w.Ret, w.Ret+4),
			w.Do("proxy_dequeue_shared_queue", w.L(1), w.I(w.Ret), w.I(w.Ret+4)),
			w.Do("proxy_dequeue_shared_queue", w.I(7), w.I(w.Ret), w.I(w.Ret+4)))
	b := serve(t, m, Options{Workers: 2, VMID: "vm"})
	try(b)
	b.RunDue(10)
	if got := strings.Join(b.logs, "|"); got != "info item" {
		t.Errorf("logs %s", got)
	}
	if got := b.statuses("proxy_resolve_shared_queue"); got != "NOT_FOUND OK" {
		t.Errorf("resolve %s", got)
	}
	if got := b.statuses("proxy_enqueue_shared_queue"); got != "NOT_FOUND OK" {
		t.Errorf("enqueue %s", got)
	}
	if got := b.statuses("proxy_dequeue_shared_queue"); got != "OK EMPTY NOT_FOUND" {
		t.Errorf("dequeue %s", got)
	}
}
