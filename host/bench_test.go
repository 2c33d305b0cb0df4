package host

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

// BenchmarkRequestHeaders is a whole stream through a module written by hand:
// headers in, headers out, closed. "nothing" is the host's own floor.
func BenchmarkRequestHeaders(b *testing.B) {
	one := w.Do("proxy_get_header_map_value", w.I(0), w.S("x-api-key"), w.I(w.Ret), w.I(w.Ret+4))
	reset := w.Raw(0x41, 0x80, 0x80, 4, 0x24, 0) // the bump pointer back to 64 KiB
	pairs := w.Do("proxy_get_header_map_pairs", w.I(0), w.I(w.Ret), w.I(w.Ret+4))
	count := w.Seq(w.I(10000), w.Set(3), w.Raw(0x03, 0x40), w.L(3), w.I(-1), w.Add, w.Raw(0x22, 3, 0x0d, 0, 0x0b))
	create := func(m *w.Module) *w.Module {
		return m.Func("proxy_on_context_create", 2, 0).Func("proxy_on_delete", 1, 0)
	}
	for _, c := range []struct {
		name   string
		module *w.Module
		opts   Options
	}{
		{"nothing", w.New(abi.Version021), Options{}},
		{"continue", w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, w.I(0)), Options{}},
		{"create-delete", create(w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, w.I(0))), Options{}},
		{"one-header", create(w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, reset, one, w.I(0))), Options{}},
		{"all-pairs", create(w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, reset, pairs, w.I(0))), Options{}},
		{"loop-10000", w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, count, w.I(0)), Options{}},
		{"loop-10000-no-deadline", w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, count, w.I(0)), Options{CallDeadline: -1}},
	} {
		b.Run(c.name, func(b *testing.B) {
			h, err := New(context.Background(), c.module.Build(), c.opts)
			if err != nil {
				b.Fatal(err)
			}
			defer h.Close(context.Background())
			if err := h.Configure(context.Background(), nil); err != nil {
				b.Fatal(err)
			}
			headers := get("user-agent", "bench/1", "accept", "*/*", "x-api-key", "0123456789abcdef",
				"x-request-id", "7b7f3d5a", "x-forwarded-proto", "http", "content-type", "text/plain")
			b.ReportAllocs()
			for b.Loop() {
				s := h.NewStream(StreamOptions{})
				if s.RequestHeaders(headers, true) != StateContinue {
					b.Fatal("not let through")
				}
				p := s.TakeRequest()
				if p.Headers == nil {
					b.Fatal("no headers")
				}
				s.Close()
			}
		})
	}
}

// BenchmarkMiddleware is a request through net/http's types, no sockets, with a
// module that reads one header, and without a module.
func BenchmarkMiddleware(b *testing.B) {
	one := w.Do("proxy_get_header_map_value", w.I(0), w.S("x-api-key"), w.I(w.Ret), w.I(w.Ret+4))
	reset := w.Raw(0x41, 0x80, 0x80, 4, 0x24, 0)
	m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, reset, one, w.I(0))
	h, err := New(context.Background(), m.Build(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close(context.Background())
	if err := h.Configure(context.Background(), nil); err != nil {
		b.Fatal(err)
	}
	next := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) })
	for name, handler := range map[string]http.Handler{"with": h.Middleware(next), "without": next} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/p?q=1", nil)
			r.Header.Set("X-Api-Key", "0123456789abcdef")
			r.Header.Set("User-Agent", "bench/1")
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

// BenchmarkNewHost is what a fresh instance costs, from a compiled module.
func BenchmarkNewHost(b *testing.B) {
	m, err := Compile(context.Background(), gate().Build(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close(context.Background())
	b.ReportAllocs()
	for b.Loop() {
		h, err := m.NewHost(context.Background(), Options{Clock: NewVirtualClock(epoch)})
		if err != nil {
			b.Fatal(err)
		}
		if err := h.Configure(context.Background(), nil); err != nil {
			b.Fatal(err)
		}
		if err := h.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
