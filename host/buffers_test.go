package host

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

func TestBufferBytes(t *testing.T) {
	read := func(start, n int64) w.Code {
		return w.Seq(w.Do("proxy_get_buffer_bytes", w.I(0), w.I(start), w.I(n), w.I(w.Ret), w.I(w.Ret+4)),
			w.LogAt(w.Ret, w.Ret+4))
	}
	set := func(start, n int64, v string) w.Code {
		return w.Do("proxy_set_buffer_bytes", w.I(0), w.I(start), w.I(n), w.S(v))
	}
	m := w.New(abi.Version021).
		Func("proxy_on_request_headers", 3, 1, read(0, 9), w.I(0)).
		Func("proxy_on_request_body", 3, 1, read(0, 99), read(1, 2), read(4, 1), read(9, 1), read(0, 0), read(2, -1),
			set(0, 0, "<"), set(5, 0, ">"), set(1, 1, "no"), read(0, 99), set(0, 99, "whole"), w.I(0))
	b := serve(t, m, Options{})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	s.RequestHeaders(get(), false)
	s.RequestBody([]byte("abcd"), true)
	want := "info |info abcd|info bc|info |info |info |info cd|info <abcd>"
	if got := strings.Join(b.logs, "|"); got != want {
		t.Errorf("read %q, want %q", got, want)
	}
	if got, want := b.statuses("proxy_get_buffer_bytes"), "NOT_FOUND"+strings.Repeat(" OK", 7); got != want {
		t.Errorf("get %s, want %s", got, want)
	}
	if got, want := b.statuses("proxy_set_buffer_bytes"), "OK OK BAD_ARGUMENT OK"; got != want {
		t.Errorf("set %s, want %s", got, want)
	}
	if p := s.TakeRequest(); string(p.Body) != "whole" {
		t.Errorf("upstream got %q", p.Body)
	}
}

func TestABodyOverTheLimit(t *testing.T) {
	m := w.New(abi.Version021).
		Func("proxy_on_request_body", 3, 1, w.I(1)).
		Func("proxy_on_response_body", 3, 1, w.I(1))
	b := serve(t, m, Options{BufferLimit: 20})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	s.RequestHeaders(get(), false)
	wantState(t, s.RequestBody(make([]byte, 20), false), StatePaused)
	// The answer passes the response callbacks, which hold it.
	wantState(t, s.RequestBody(make([]byte, 1), false), StatePaused)

	s = b.NewStream(StreamOptions{})
	defer s.Close()
	s.RequestHeaders(get(), true)
	s.ResponseHeaders([]abi.Pair{{Name: ":status", Value: "200"}}, false)
	wantState(t, s.ResponseBody(make([]byte, 21), false), StateAnswered)
	if a, ok := s.Answer(); !ok || a.Status != 500 || a.Details != "response_payload_too_large" {
		t.Errorf("answer %+v", a)
	}

	b = serve(t, w.New(abi.Version021).Func("proxy_on_request_body", 3, 1, w.I(1)), Options{BufferLimit: 20})
	s = b.NewStream(StreamOptions{})
	defer s.Close()
	s.RequestHeaders(get(), false)
	s.RequestBody(make([]byte, 20), false)
	wantState(t, s.RequestBody(make([]byte, 1), true), StateAnswered)
	if a, ok := s.Answer(); !ok || a.Status != 413 || a.Details != "request_payload_too_large" {
		t.Errorf("answer %+v", a)
	}
}

func TestHostIsAnAliasOfAuthority(t *testing.T) {
	m := w.New(abi.Version020).Func("proxy_on_request_headers", 3, 1,
		w.Do("proxy_get_header_map_value", w.I(0), w.S("HOST"), w.I(w.Ret), w.I(w.Ret+4)), w.LogAt(w.Ret, w.Ret+4),
		w.Do("proxy_get_header_map_value", w.I(0), w.S("X-Dup"), w.I(w.Ret), w.I(w.Ret+4)), w.LogAt(w.Ret, w.Ret+4),
		w.Do("proxy_remove_header_map_value", w.I(0), w.S("x-dup")),
		w.Do("proxy_get_header_map_value", w.I(0), w.S("x-dup"), w.I(w.Ret), w.I(w.Ret+4)),
		w.I(0))
	b := serve(t, m, Options{})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	s.RequestHeaders(get("x-dup", "a", "X-DUP", "b"), true)
	if got := strings.Join(b.logs, "|"); got != "info a.example|info a" {
		t.Errorf("logs %s", got)
	}
	if got := b.statuses("proxy_get_header_map_value"); got != "OK OK NOT_FOUND" {
		t.Errorf("statuses %s", got)
	}
}

func TestArrive(t *testing.T) {
	for _, c := range []struct {
		law   string
		in    []abi.Pair
		http2 bool
		want  string
	}{
		{"two authorization lines are one pair", []abi.Pair{{Name: "Authorization", Value: "A"}, {Name: "authorization", Value: "B"}}, false, "authorization: A,B"},
		{"x-api-key stays two", []abi.Pair{{Name: "x-api-key", Value: "A"}, {Name: "x-api-key", Value: "B"}}, false, "x-api-key: A; x-api-key: B"},
		{"cookies stay two on h1", []abi.Pair{{Name: "cookie", Value: "a=1"}, {Name: "Cookie", Value: "b=2"}}, false, "cookie: a=1; cookie: b=2"},
		{"cookies are joined on h2", []abi.Pair{{Name: "cookie", Value: "a=1"}, {Name: "x", Value: "y"}, {Name: "cookie", Value: "b=2"}}, true, "cookie: a=1; b=2; x: y"},
		{"pseudo headers come first", []abi.Pair{{Name: "x", Value: "1"}, {Name: ":path", Value: "/"}, {Name: "Host", Value: "h"}}, false, ":path: /; :authority: h; x: 1"},
		{"an empty line adds nothing", []abi.Pair{{Name: "origin", Value: ""}, {Name: "origin", Value: "o"}, {Name: "origin", Value: ""}}, false, "origin: o"},
	} {
		t.Run(c.law, func(t *testing.T) {
			if got := text(Arrive(c.in, c.http2)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
