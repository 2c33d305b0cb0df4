package host

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
	"github.com/postern-wasm/postern/host/upstream"
)

// calling is a module that holds each request, makes one callout for it, and
// does then what the answer's callback says.
func calling(timeout int64, then ...w.Code) *w.Module {
	return w.New(abi.Version021).
		Func("proxy_on_request_headers", 3, 1,
			w.Store(w.Ret+32, w.L(0)), // the stream, for the callback
			w.Do("proxy_http_call", w.S("idp"),
				w.Pairs(":method", "GET", ":path", "/keys", ":authority", "idp.example"),
				w.S(""), w.Pairs(), w.I(timeout), w.I(w.Ret+36)),
			w.I(1)).
		Func("proxy_on_http_call_response", 5, 0, then...).
		Func("proxy_on_delete", 1, 0)
}

// resume goes on with the stream whose callout was answered.
var resume = w.Seq(
	w.Do("proxy_set_effective_context", w.Load(w.Ret+32)),
	w.Do("proxy_continue_stream", w.I(0)),
)

// answers is a caller that a test answers by hand.
type answers struct {
	requests []*upstream.Request
	give     []func(*upstream.Answer)
	ctx      []context.Context
}

func (a *answers) Known(cluster string) bool { return cluster == "idp" }

func (a *answers) Call(ctx context.Context, r *upstream.Request, answer func(*upstream.Answer)) {
	a.requests = append(a.requests, r)
	a.give = append(a.give, answer)
	a.ctx = append(a.ctx, ctx)
}

func status200() *upstream.Answer {
	return &upstream.Answer{Headers: []abi.Pair{{Name: ":status", Value: "200"}}, Body: []byte("keys")}
}

func TestW01_AnswersThatComeTooLateTwiceOrForNobodyAreIgnored(t *testing.T) {
	var a answers
	b := serve(t, calling(5000, resume), Options{Callouts: &a})
	s := b.NewStream(StreamOptions{})
	wantState(t, s.RequestHeaders(get(), true), StatePaused)
	a.give[0](status200())
	a.give[0](status200())
	if n := b.RunDue(10); n != 1 {
		t.Errorf("%d events ran for one answer given twice", n)
	}
	wantState(t, s.RequestState(), StateContinue)
	s.Close()
	a.give[0](status200())
	b.clock.Advance(time.Minute)
	if n := b.RunDue(10); n != 0 {
		t.Errorf("%d events ran for an old answer or its timeout", n)
	}
	if a.ctx[0].Err() == nil {
		t.Error("the call's context outlives its answer")
	}

	// The stream is gone when the answer comes: the guest hears of it, finds no
	// such context, and nothing happens.
	s = b.NewStream(StreamOptions{})
	s.RequestHeaders(get(), true)
	s.Close()
	b.trace = nil
	a.give[1](status200())
	b.RunDue(10)
	if got := b.statuses("proxy_set_effective_context"); got != "BAD_ARGUMENT" {
		t.Errorf("effective context of a stream that is gone: %s", got)
	}

	// The root is gone: nobody hears of it.
	s = b.NewStream(StreamOptions{})
	s.RequestHeaders(get(), true)
	s.Close()
	if err := b.Configure(context.Background(), []byte("next")); err != nil {
		t.Fatal(err)
	}
	b.trace = nil
	a.give[2](status200())
	if n := b.RunDue(10); n != 0 || len(b.trace) != 0 {
		t.Errorf("%d events, %q for a root that is gone", n, b.trace)
	}
	if got := b.Workers()[0]; got.Roots != 1 || got.Streams != 0 {
		t.Errorf("leaked: %+v", got)
	}
}

func TestW02_ALocalAnswerOnTheRootContextDoesNothing(t *testing.T) {
	reply := w.Do("proxy_send_local_response", w.I(403), w.S("d"), w.S(""), w.Pairs(), w.I(-1))
	for _, c := range []struct {
		law  string
		then w.Code
		want State
	}{
		{"without the stream in effect it is OK and the stream stays paused", reply, StatePaused},
		{"with the stream in effect it answers", w.Seq(w.Do("proxy_set_effective_context", w.Load(w.Ret+32)), reply), StateAnswered},
	} {
		t.Run(c.law, func(t *testing.T) {
			var a answers
			b := serve(t, calling(0, c.then), Options{Callouts: &a})
			s := b.NewStream(StreamOptions{})
			defer s.Close()
			s.RequestHeaders(get(), true)
			a.give[0](status200())
			b.RunDue(10)
			wantState(t, s.RequestState(), c.want)
			if got := b.statuses("proxy_send_local_response"); got != "OK" {
				t.Errorf("status %s", got)
			}
		})
	}
}

func TestW03_AfterALocalAnswerTheStreamIsInert(t *testing.T) {
	reply := w.Do("proxy_send_local_response", w.I(401), w.S("first"), w.S(""), w.Pairs(), w.I(-1))
	m := w.New(abi.Version021).
		Func("proxy_on_request_headers", 3, 1, reply,
			w.Do("proxy_send_local_response", w.I(200), w.S("second"), w.S(""), w.Pairs(), w.I(-1)),
			w.Do("proxy_continue_stream", w.I(0)), w.I(0)).
		Func("proxy_on_request_body", 3, 1, w.I(0)).
		Func("proxy_on_request_trailers", 2, 1, w.I(0)).
		Func("proxy_on_response_headers", 3, 1, w.I(0)).
		Func("proxy_on_log", 1, 0)
	b := serve(t, m, Options{StopIteration: true})
	s := b.NewStream(StreamOptions{})
	wantState(t, s.RequestHeaders(get(), false), StateAnswered)
	wantState(t, s.RequestBody([]byte("x"), false), StateAnswered)
	wantState(t, s.RequestTrailers(nil), StateAnswered)
	wantState(t, s.ResponseHeaders([]abi.Pair{{Name: ":status", Value: "200"}}, true), StateAnswered)
	a, ok := s.Answer()
	if !ok || a.Status != 401 || a.Details != "first" {
		t.Errorf("answer %+v: the first must win", a)
	}
	if p := s.TakeRequest(); !p.Empty() {
		t.Errorf("upstream got %+v", p)
	}
	s.Close()
	want := "context_create(2,1) request_headers(2,4,0) response_headers(2,1,1) log(2)"
	if got := "context_create(2,1) " + b.callbacks(); got != want {
		t.Errorf("callbacks %s\nwant      %s", got, want)
	}
}

func TestW04_WhatComesOutOfOrderIsIgnored(t *testing.T) {
	b := serve(t, returning(0, 0, 0), Options{})
	s := b.NewStream(StreamOptions{})
	wantState(t, s.RequestBody([]byte("x"), false), StateIdle)
	wantState(t, s.RequestTrailers(nil), StateIdle)
	wantState(t, s.ResponseHeaders([]abi.Pair{{Name: ":status", Value: "200"}}, true), StateIdle)
	wantState(t, s.RequestHeaders(get(), false), StateContinue)
	wantState(t, s.RequestHeaders(get(), false), StateContinue)
	wantState(t, s.RequestBody([]byte("ab"), true), StateContinue)
	wantState(t, s.RequestBody([]byte("more"), true), StateContinue)
	wantState(t, s.RequestTrailers(nil), StateContinue)
	s.Close()
	s.Close()
	s.RequestBody([]byte("x"), true)
	s.ResponseHeaders(nil, true)
	if got, want := b.callbacks(), "request_headers(2,4,0) request_body(2,2,1)"; got != want {
		t.Errorf("callbacks %s, want %s", got, want)
	}
}

func TestW05_APairsBufferThatLiesIsEmptyAndNeverATrap(t *testing.T) {
	le := func(v ...uint32) string {
		var b []byte
		for _, n := range v {
			b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		}
		return string(b)
	}
	for law, buf := range map[string]string{
		"count of 2^32-1":      le(math.MaxUint32),
		"lengths past the end": le(1, 100, 100) + "a\x00b\x00",
		"length of 2^32-1":     le(1, math.MaxUint32, 1) + "a\x00b\x00",
		"no NULs":              le(1, 1, 1) + "a.b.",
		"bytes left over":      le(1, 1, 1) + "a\x00b\x00c",
		"cut in the count":     "\x01\x00",
		"more than 1024 pairs": le(1025) + strings.Repeat(le(0, 0), 1025) + strings.Repeat("\x00\x00", 1025),
	} {
		t.Run(law, func(t *testing.T) {
			m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
				w.Do("proxy_send_local_response", w.I(401), w.S(""), w.S(""), w.S(buf), w.I(-1)), w.I(0))
			b := serve(t, m, Options{})
			s := b.NewStream(StreamOptions{})
			defer s.Close()
			wantState(t, s.RequestHeaders(get(), true), StateAnswered)
			if a, _ := s.Answer(); text(a.Headers) != ":status: 401" {
				t.Errorf("headers %s", text(a.Headers))
			}
		})
	}
	t.Run("ptr 0 and length 0 are no pairs; an empty name is one", func(t *testing.T) {
		m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
			w.Do("proxy_set_header_map_pairs", w.I(0), w.Pairs("", "v")),
			w.Do("proxy_set_header_map_pairs", w.I(0), w.I(0), w.I(0)), w.I(0))
		b := serve(t, m, Options{})
		s := b.NewStream(StreamOptions{})
		defer s.Close()
		wantState(t, s.RequestHeaders(get(), true), StateContinue)
		if p := s.TakeRequest(); len(p.Headers) != 0 {
			t.Errorf("headers %s", text(p.Headers))
		}
		if got := b.statuses("proxy_set_header_map_pairs"); got != "OK OK" {
			t.Errorf("statuses %s", got)
		}
	})
}

// TestW06 passes sizes and pointers that lie to every import that takes them.
func TestW06_PointersThatLieAreRefusedAndNeverATrap(t *testing.T) {
	const bad = -16 // 4 GiB less 16
	in, ok := []w.Code{w.I(bad), w.I(8)}, []w.Code{w.I(2000), w.I(0)}
	out, good := w.I(bad), w.I(w.Ret)
	huge := []w.Code{w.I(2000), w.I(math.MaxInt32)}
	for _, c := range []struct {
		name string
		args []w.Code
	}{
		{"proxy_log", append([]w.Code{w.I(1)}, in...)},
		{"proxy_log", append([]w.Code{w.I(1)}, huge...)},
		{"proxy_get_log_level", []w.Code{out}},
		{"proxy_get_current_time_nanoseconds", []w.Code{out}},
		{"proxy_get_header_map_size", []w.Code{w.I(0), out}},
		{"proxy_get_header_map_pairs", []w.Code{w.I(0), out, good}},
		{"proxy_get_header_map_pairs", []w.Code{w.I(0), good, out}},
		{"proxy_set_header_map_pairs", append([]w.Code{w.I(0)}, in...)},
		{"proxy_get_header_map_value", append(append([]w.Code{w.I(0)}, in...), good, good)},
		{"proxy_get_header_map_value", []w.Code{w.I(0), w.S(":path"), out, good}},
		{"proxy_add_header_map_value", append(append([]w.Code{w.I(0)}, in...), ok...)},
		{"proxy_add_header_map_value", append(append([]w.Code{w.I(0)}, ok...), huge...)},
		{"proxy_replace_header_map_value", append(append([]w.Code{w.I(0)}, ok...), in...)},
		{"proxy_remove_header_map_value", append([]w.Code{w.I(0)}, huge...)},
		{"proxy_get_buffer_bytes", []w.Code{w.I(6), w.I(0), w.I(8), out, good}},
		{"proxy_get_buffer_status", []w.Code{w.I(6), out, good}},
		{"proxy_send_local_response", append(append(append(append([]w.Code{w.I(1)}, in...), ok...), ok...), w.I(-1))},
		{"proxy_send_local_response", append(append(append(append([]w.Code{w.I(1)}, ok...), ok...), huge...), w.I(-1))},
		{"proxy_http_call", append(append(append(append(append([]w.Code{}, in...), ok...), ok...), ok...), w.I(0), good)},
		{"proxy_http_call", append(append(append(append(append([]w.Code{}, ok...), ok...), ok...), ok...), w.I(0), out)},
		{"proxy_grpc_stream", append(append(append(append(append([]w.Code{}, in...), ok...), ok...), ok...), good)},
		{"proxy_get_status", []w.Code{out, good, good}},
		{"proxy_get_property", append(append([]w.Code{}, in...), good, good)},
		{"proxy_get_property", []w.Code{w.S("plugin_name"), good, out}},
		{"proxy_set_property", append(append([]w.Code{}, ok...), huge...)},
		{"proxy_get_shared_data", append(append([]w.Code{}, in...), good, good, good)},
		{"proxy_set_shared_data", append(append(append([]w.Code{}, ok...), huge...), w.I(0))},
		{"proxy_register_shared_queue", append(append([]w.Code{}, ok...), out)},
		{"proxy_resolve_shared_queue", append(append(append([]w.Code{}, ok...), in...), good)},
		{"proxy_enqueue_shared_queue", append([]w.Code{w.I(1)}, huge...)},
		{"proxy_define_metric", append(append([]w.Code{w.I(0)}, ok...), out)},
		{"proxy_call_foreign_function", append(append(append([]w.Code{}, in...), ok...), good, good)},
		{"proxy_call_foreign_function", append(append([]w.Code{w.S("verify_signature")}, huge...), good, good)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, w.Do(c.name, c.args...), w.I(0))
			b := serve(t, m, Options{VMConfig: []byte("vm config")})
			s := b.NewStream(StreamOptions{})
			defer s.Close()
			wantState(t, s.RequestHeaders(get(), true), StateContinue)
			if got := b.statuses(c.name); got != "INVALID_MEMORY_ACCESS" {
				t.Errorf("status %s", got)
			}
		})
	}
}

func TestW06_AnAllocatorThatLiesIsRefused(t *testing.T) {
	for law, body := range map[string]w.Code{
		"null":              w.I(0),
		"behind the memory": w.I(-8),
		"over the end":      w.I(2*65536 - 1),
	} {
		t.Run(law, func(t *testing.T) {
			m := w.New(abi.Version021).Allocator("malloc", body).Func("proxy_on_request_headers", 3, 1,
				w.Do("proxy_get_header_map_value", w.I(0), w.S(":path"), w.I(w.Ret), w.I(w.Ret+4)),
				w.Do("proxy_get_header_map_pairs", w.I(0), w.I(w.Ret), w.I(w.Ret+4)), w.I(0))
			b := serve(t, m, Options{})
			s := b.NewStream(StreamOptions{})
			defer s.Close()
			wantState(t, s.RequestHeaders(get(), true), StateContinue)
			if got := b.statuses("proxy_get_header_map_value"); got != "INVALID_MEMORY_ACCESS" {
				t.Errorf("value: %s", got)
			}
			if got := b.statuses("proxy_get_header_map_pairs"); got != "INVALID_MEMORY_ACCESS" {
				t.Errorf("pairs: %s", got)
			}
		})
	}
}

func TestW07_Properties(t *testing.T) {
	paths := []string{
		"source\x00address", "source.address", "source\x00port", "connection\x00mtls", "connection", "nothing",
		"request\x00path", "request\x00url_path", "request\x00query", "request\x00headers\x00x-a",
		"request\x00headers\x00host", "request\x00method", "plugin_name", "plugin_root_id", "plugin_vm_id",
		"plugin_name\x00x", "", "postern.client", "wasm.postern.client", "xds\x00route_name", "a.b\x00c",
	}
	code := []w.Code{w.Do("proxy_set_property", w.S("postern.client"), w.S("c1"))}
	for _, p := range paths {
		code = append(code, w.Store(w.Ret, w.I(0)), w.Store(w.Ret+4, w.I(0)),
			w.Do("proxy_get_property", w.S(p), w.I(w.Ret), w.I(w.Ret+4)), w.LogAt(w.Ret, w.Ret+4))
	}
	m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, append(code, w.I(0))...)
	b := serve(t, m, Options{RootID: "root", VMID: "vm"})
	s := b.NewStream(StreamOptions{Properties: map[string][]byte{
		"source.address": []byte("203.0.113.7:4711"), "source.port": abi.Int64Property(4711),
		"connection.mtls": abi.BoolProperty(true), "a.b\x00c": []byte("dotted"),
	}})
	defer s.Close()
	s.RequestHeaders(get("x-a", "1", "x-a", "2"), true)
	want := []string{
		"OK 203.0.113.7:4711", "NOT_FOUND ", "OK \x67\x12\x00\x00\x00\x00\x00\x00", "OK \x01",
		"SERIALIZATION_FAILURE ", "NOT_FOUND ", "OK /p?q=1", "OK /p", "OK q=1", "OK 1,2", "OK a.example", "OK GET",
		"OK postern", "OK root", "OK vm", "NOT_FOUND ", "SERIALIZATION_FAILURE ", "OK c1", "NOT_FOUND ", "NOT_FOUND ", "OK dotted",
	}
	statuses := strings.Fields(b.statuses("proxy_get_property"))
	for i, p := range paths {
		got := statuses[i] + " " + strings.TrimPrefix(b.logs[i], "info ")
		if got != want[i] {
			t.Errorf("%q: %q, want %q", p, got, want[i])
		}
	}
	if fs := s.FilterState(); string(fs["postern.client"]) != "c1" {
		t.Errorf("filter state %q", fs)
	}
}
