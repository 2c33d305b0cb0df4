package host

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
	"github.com/postern-wasm/postern/host/upstream"
)

// busy is a module that touches everything that VMs share.
func busy() *w.Module {
	return w.New(abi.Version021).
		Func("proxy_on_configure", 2, 1,
			w.Do("proxy_set_tick_period_milliseconds", w.I(2)),
			w.Do("proxy_define_metric", w.I(0), w.S("requests"), w.I(w.Ret+8)),
			w.Do("proxy_register_shared_queue", w.S("q"), w.I(w.Ret+12)), w.I(1)).
		Func("proxy_on_tick", 1, 0, w.Do("proxy_enqueue_shared_queue", w.Load(w.Ret+12), w.S("item"))).
		Func("proxy_on_queue_ready", 2, 0,
			w.Do("proxy_dequeue_shared_queue", w.L(1), w.I(w.Ret), w.I(w.Ret+4))).
		Func("proxy_on_request_headers", 3, 1,
			w.Do("proxy_increment_metric", w.I(0), w.J(1)),
			w.Do("proxy_set_shared_data", w.S("k"), w.S("v"), w.I(0)),
			w.Do("proxy_get_shared_data", w.S("k"), w.I(w.Ret), w.I(w.Ret+4), w.I(w.Ret+16)),
			w.If(has("x-trap"), w.Unreachable),
			w.Do("proxy_http_call", w.S("idp"), w.Pairs(":method", "GET", ":path", "/", ":authority", "a"),
				w.S(""), w.Pairs(), w.I(1000), w.I(w.Ret)),
			// The stream of a token stands at 8192 + token.
			w.Load(w.Ret), w.L(0), w.Raw(0x36, 2, 0x80, 0x40),
			w.I(1)).
		Func("proxy_on_http_call_response", 5, 0,
			w.Do("proxy_set_effective_context", w.Seq(w.L(1), w.Raw(0x28, 2, 0x80, 0x40))),
			w.Do("proxy_continue_stream", w.I(0))).
		Func("proxy_on_done", 1, 1, w.I(1)).
		Func("proxy_on_log", 1, 0).
		Func("proxy_on_delete", 1, 0)
}

// TestWorkersStreamsAndReloadsTogether is for the race detector.
func TestWorkersStreamsAndReloadsTogether(t *testing.T) {
	var lines atomic.Int64
	h, err := New(context.Background(), busy().Build(), Options{
		Workers: 3, TrapPolicy: TrapReload, ReloadBackoff: time.Millisecond,
		Log: func(LogEntry) { lines.Add(1) },
		Callouts: callerFunc(func(answer func(*upstream.Answer)) {
			go answer(&upstream.Answer{Headers: status200().Headers})
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := h.Configure(ctx, nil); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var passed, trapped atomic.Int64
	for g := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 60 {
				s := h.NewStream(StreamOptions{})
				kv := []string{"x-n", fmt.Sprint(i)}
				if g == 0 && i%20 == 7 {
					kv = []string{"x-trap", "1"}
				}
				s.RequestHeaders(get(kv...), true)
				wait, cancel := context.WithTimeout(ctx, time.Minute)
				switch s.WaitRequest(wait) {
				case StateContinue:
					passed.Add(1)
				case StateTrapped:
					trapped.Add(1)
				case StatePaused, StateIdle, StateAnswered, StateReset:
					t.Errorf("stream %d/%d is %v", g, i, s.RequestState())
				}
				cancel()
				s.TakeRequest()
				s.Close()
			}
		}()
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		for range 10 {
			if err := h.Configure(ctx, []byte("next")); err != nil {
				t.Error(err)
			}
			h.Workers()
			h.Metrics()
			h.Shared().Data("")
			time.Sleep(5 * time.Millisecond)
		}
	}()
	wg.Wait()
	if err := h.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if passed.Load() == 0 || trapped.Load() < 3 {
		t.Errorf("%d passed, %d trapped", passed.Load(), trapped.Load())
	}
	for _, m := range h.Metrics() {
		if m.Name == "requests" && m.Value < uint64(passed.Load()) {
			t.Errorf("metric %+v of %d", m, passed.Load())
		}
	}
}
