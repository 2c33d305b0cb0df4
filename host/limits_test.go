package host

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

func TestAGuestThatDoesNotComeBackIsStopped(t *testing.T) {
	for law, m := range map[string]*w.Module{
		"an endless loop": w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, w.Forever(), w.I(0)),
		"an endless loop of host calls": w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
			w.Forever(w.Do("proxy_get_current_time_nanoseconds", w.I(w.Ret))), w.I(0)),
		"recursion that never gets deep": w.New(abi.Version021).
			Func("twice", 1, 0, w.If(w.L(0),
				w.L(0), w.I(-1), w.Add, w.Call("twice"), w.L(0), w.I(-1), w.Add, w.Call("twice"))).
			Func("proxy_on_request_headers", 3, 1, w.I(60), w.Call("twice"), w.I(0)),
		"recursion without end": w.New(abi.Version021).
			Func("deeper", 0, 0, w.Call("deeper")).
			Func("proxy_on_request_headers", 3, 1, w.Call("deeper"), w.I(0)),
		"an allocator that never returns": w.New(abi.Version021).
			Allocator("malloc", w.Forever(), w.I(0)).
			Func("proxy_on_request_headers", 3, 1,
				w.Do("proxy_get_header_map_pairs", w.I(0), w.I(w.Ret), w.I(w.Ret+4)), w.I(0)),
	} {
		t.Run(law, func(t *testing.T) {
			b := serve(t, m, Options{CallDeadline: 20 * time.Millisecond})
			wantState(t, try(b), StateTrapped)
			if got := b.Workers()[0]; got.Traps != 1 || got.LastTrap == "" {
				t.Errorf("stats %+v", got)
			}
		})
	}
}

func TestAGuestThatNeverStartsDoesNotLoad(t *testing.T) {
	for law, m := range map[string]*w.Module{
		"_initialize":   w.New(abi.Version021).Func("_initialize", 0, 0, w.Forever()),
		"_start":        w.New(abi.Version020).Func("_start", 0, 0, w.Forever()),
		"start section": w.New(abi.Version010).Func("begin", 0, 0, w.Forever()).Start("begin"),
		"a trap":        w.New(abi.Version010).Func("_start", 0, 0, w.Unreachable),
	} {
		t.Run(law, func(t *testing.T) {
			_, err := load(t, m, Options{CallDeadline: 20 * time.Millisecond})
			var refused *LoadError
			if !errors.As(err, &refused) {
				t.Fatalf("error %v", err)
			}
			if law != "a trap" && !errors.Is(err, guest.ErrDeadline) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestMemoryIsCapped(t *testing.T) {
	grow := w.Seq(w.I(1), w.Raw(0x40, 0)) // memory.grow by a page
	m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
		w.If(w.Seq(grow, w.I(-1), w.Eq), w.Log("refused"), w.I(0), w.Return), w.Log("grown"), w.I(0))
	b := serve(t, m, Options{MemoryLimit: 4*guest.PageSize + 5})
	for range 3 {
		try(b)
	}
	if got := strings.Join(b.logs, " "); got != "info grown info grown info refused" {
		t.Errorf("logs %s", got)
	}
	if got := b.Workers()[0].MemoryBytes; got != 4*guest.PageSize {
		t.Errorf("memory of %d bytes", got)
	}
	_, err := load(t, w.New(abi.Version021).Pages(5), Options{MemoryLimit: 4 * guest.PageSize})
	var refused *LoadError
	if !errors.As(err, &refused) {
		t.Errorf("a module that wants more than the cap: %v", err)
	}
}

func TestLoading(t *testing.T) {
	env := func(name string, args ...w.Code) w.Code { return w.Do(name, args...) }
	for _, c := range []struct {
		law    string
		module *w.Module
		want   string // in the error; "" loads
	}{
		{"no marker", w.New(abi.VersionUnknown), "missing or unknown proxy-wasm abi version"},
		{"no allocator", w.New(abi.Version021).NoAllocator(), "exports neither malloc nor"},
		{"malloc is an allocator", w.New(abi.Version021).Allocator("malloc"), ""},
		{"continue_stream is not in 0.1.0", w.New(abi.Version010).Func("f", 0, 0, env("proxy_continue_stream", w.I(0))), `missing import "env.proxy_continue_stream" in abi 0.1.0`},
		{"continue_request is in 0.1.0", w.New(abi.Version010).Func("f", 0, 0, env("proxy_continue_request")), ""},
		{"continue_request is not in 0.2.0", w.New(abi.Version020).Func("f", 0, 0, env("proxy_continue_request")), "missing import"},
		{"get_log_level is not in 0.2.0", w.New(abi.Version020).Func("f", 0, 0, env("proxy_get_log_level", w.I(0))), "missing import"},
		{"get_log_level is in 0.2.1", w.New(abi.Version021).Func("f", 0, 0, env("proxy_get_log_level", w.I(0))), ""},
		{"a function of another host", w.New(abi.Version021).Func("f", 0, 0, env("proxy_get_secret", w.I(0))), `missing import "env.proxy_get_secret"`},
		{"an import of the wrong type", w.New(abi.Version021).Func("f", 0, 0, env("proxy_log", w.I(0))), "it fails to start"},
		{"three parameters under 0.1.0", w.New(abi.Version010).Func("proxy_on_request_headers", 3, 1, w.I(0)), "bad function signature: proxy_on_request_headers"},
		{"two parameters under 0.1.0", w.New(abi.Version010).Func("proxy_on_request_headers", 2, 1, w.I(0)), ""},
		{"two parameters under 0.2.0", w.New(abi.Version020).Func("proxy_on_request_headers", 2, 1, w.I(0)), "bad function signature"},
		{"wasi_unstable", w.New(abi.Version021).Func("f", 0, 0, w.Import("wasi_unstable", "sched_yield", true), w.Drop), ""},
		{"no file system", w.New(abi.Version021).Func("f", 0, 0, w.Import("wasi_snapshot_preview1", "fd_unheard_of", true), w.Drop), "missing import"},
		{"logging while it starts", w.New(abi.Version021).Func("_initialize", 0, 0, w.Log("hello")), ""},
		{"main after _initialize", w.New(abi.Version021).Func("_initialize", 0, 0).Func("main", 2, 1, w.Log("main"), w.I(0)), ""},
		{"shared data while it starts", w.New(abi.Version021).Func("_initialize", 0, 0,
			env("proxy_set_shared_data", w.S("k"), w.S("v"), w.I(0))), "restricted callback: proxy_set_shared_data"},
		{"a callout while it allocates", w.New(abi.Version021).Allocator("malloc",
			env("proxy_set_tick_period_milliseconds", w.I(5)), w.I(0)), ""},
	} {
		t.Run(c.law, func(t *testing.T) {
			_, err := load(t, c.module, Options{})
			var refused *LoadError
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %q in a LoadError", err, c.want)
			}
		})
	}
	t.Run("bytes that are no module", func(t *testing.T) {
		for _, code := range []string{"", "\x00asm", "\x00asm\x01\x00\x00\x00", "<html>"} {
			_, err := New(context.Background(), []byte(code), Options{})
			var refused *LoadError
			if !errors.As(err, &refused) {
				t.Errorf("%q: %v", code, err)
			}
		}
	})
}

func TestARestrictedCallInTheAllocatorTraps(t *testing.T) {
	m := w.New(abi.Version021).
		Allocator("malloc", w.Do("proxy_set_tick_period_milliseconds", w.I(5)), w.I(0)).
		Func("proxy_on_request_headers", 3, 1,
			w.Do("proxy_get_header_map_pairs", w.I(0), w.I(w.Ret), w.I(w.Ret+4)), w.I(0))
	b := serve(t, m, Options{})
	wantState(t, try(b), StateTrapped)
	if got := b.Workers()[0].LastTrap; !strings.Contains(got, "restricted callback") {
		t.Errorf("trap %q", got)
	}
}

func TestOptionsOutOfRange(t *testing.T) {
	for law, o := range map[string]Options{
		"workers": {Workers: 257}, "negative workers": {Workers: -1}, "memory": {MemoryLimit: 1<<32 + 1},
		"memory below a page": {MemoryLimit: 100}, "buffer": {BufferLimit: -1}, "profile": {Profile: 9}, "policy": {TrapPolicy: 9},
	} {
		if _, err := New(context.Background(), w.New(abi.Version021).Build(), o); err == nil {
			t.Errorf("%s: taken", law)
		}
	}
}

func TestCloseFreesEverythingAndEndsStreams(t *testing.T) {
	b, err := load(t, trapping(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Configure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	s := b.NewStream(StreamOptions{})
	s.RequestHeaders(get("x-hold", "1"), false)
	for range 2 {
		if err := b.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	wantState(t, s.RequestState(), StateTrapped)
	s.RequestBody([]byte("x"), true)
	s.Close()
	wantState(t, try(b), StateTrapped)
	if err := b.Configure(context.Background(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("configure: %v", err)
	}
	for _, stats := range b.Workers() {
		if stats.MemoryBytes != 0 || stats.Roots != 0 || stats.Streams != 0 {
			t.Errorf("left over: %+v", stats)
		}
	}
}
