package host

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

// picky takes configurations that begin with "g" and logs them.
func picky() *w.Module {
	return w.New(abi.Version021).Func("proxy_on_configure", 2, 1,
		w.Do("proxy_get_buffer_bytes", w.I(7), w.I(0), w.I(20), w.I(w.Ret), w.I(w.Ret+4)), w.LogAt(w.Ret, w.Ret+4),
		w.If(w.Seq(w.L(1), w.Eqz), w.Do("proxy_log", w.I(3), w.S("empty")), w.I(0), w.Return),
		w.Load(w.Ret), w.Raw(0x2d, 0, 0), w.I('g'), w.Eq).
		Func("proxy_on_request_headers", 3, 1, w.Log("serving"), w.I(0))
}

func TestW12_ARefusedConfigurationKeepsTheFormerOne(t *testing.T) {
	b, err := load(t, picky(), Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	s := b.NewStream(StreamOptions{})
	wantState(t, s.RequestHeaders(get(), true), StateTrapped)
	s.Close()
	for _, c := range []struct {
		law, config string
		taken       bool
	}{
		{"0 bytes at first", "", false},
		{"good", "good", true},
		{"0 bytes", "", false},
		{"bad UTF-8", "\xff\xfe", false},
		{"10 MB", strings.Repeat("x", 10<<20), false},
		{"good again", "good", true},
		{"good a third time", "good", true},
		{"good of 10 MB", "g" + strings.Repeat("x", 10<<20), true},
	} {
		err := b.Configure(ctx, []byte(c.config))
		var refused *ConfigError
		switch {
		case c.taken && err != nil:
			t.Errorf("%s: %v", c.law, err)
		case !c.taken && !errors.As(err, &refused):
			t.Errorf("%s: taken, or another error: %v", c.law, err)
		case !c.taken && (refused.Stage != "configure" || len(refused.Logs) == 0):
			t.Errorf("%s: %+v", c.law, refused)
		}
		if c.law == "0 bytes" && !strings.HasSuffix(refused.Error(), "\nempty") {
			t.Errorf("error %q lacks the guest's line", refused)
		}
		if c.law == "0 bytes at first" {
			continue
		}
		for range 2 {
			s := b.NewStream(StreamOptions{})
			if got := s.RequestHeaders(get(), true); got != StateContinue {
				t.Errorf("after %s: %v", c.law, got)
			}
			s.Close()
		}
	}
	for _, stats := range b.Workers() {
		if stats.Roots != 1 || !stats.Serving {
			t.Errorf("worker %+v", stats)
		}
	}
}

// trapping traps on a request with x-trap, and counts ticks.
func trapping() *w.Module {
	return w.New(abi.Version021).
		Func("proxy_on_request_headers", 3, 1,
			w.If(w.Seq(w.Env("proxy_get_header_map_value", w.I(0), w.S("x-trap"), w.I(w.Ret), w.I(w.Ret+4)), w.Eqz), w.Unreachable),
			w.If(w.Seq(w.Env("proxy_get_header_map_value", w.I(0), w.S("x-hold"), w.I(w.Ret), w.I(w.Ret+4)), w.Eqz), w.I(1), w.Return),
			w.I(0)).
		Func("proxy_on_response_headers", 3, 1, w.Log("response callback"), w.I(0)).
		Func("proxy_on_tick", 1, 0, w.Log("tick")).
		Func("proxy_on_configure", 2, 1, w.Do("proxy_set_tick_period_milliseconds", w.I(100)), w.I(1))
}

func try(b *bench, kv ...string) State {
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	return s.RequestHeaders(get(kv...), true)
}

func TestW13_ATrapAnswers503AndClosesTheWorker(t *testing.T) {
	b := serve(t, trapping(), Options{})
	held := b.NewStream(StreamOptions{})
	defer held.Close()
	wantState(t, held.RequestHeaders(get("x-hold", "1"), true), StatePaused)
	changed := held.Changed()

	s := b.NewStream(StreamOptions{})
	wantState(t, s.RequestHeaders(get("x-trap", "1"), true), StateTrapped)
	a, ok := s.Answer()
	if !ok || a.Status != 503 || len(a.Body) != 0 || a.Details != "wasm_fail_stream" || text(a.Headers) != ":status: 503" {
		t.Errorf("answer %+v", a)
	}
	s.Close()
	if len(b.logs) != 1 || !strings.HasPrefix(b.logs[0], "critical vm trapped: ") {
		t.Errorf("logs %q: no response callback may run", b.logs)
	}
	select {
	case <-changed:
	default:
		t.Error("the stream that was held is not told")
	}
	wantState(t, held.RequestState(), StateTrapped)
	b.clock.Advance(time.Hour)
	if n := b.RunDue(100); n != 0 {
		t.Errorf("%d ticks of a dead vm", n)
	}
	wantState(t, try(b), StateTrapped)
	if err := b.Configure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	wantState(t, try(b), StateContinue)
}

func TestW13_ReloadAfterTheBackoff(t *testing.T) {
	b := serve(t, trapping(), Options{TrapPolicy: TrapReload, ReloadBackoff: 2 * time.Second})
	wantState(t, try(b, "x-trap", "1"), StateTrapped)
	wantState(t, try(b), StateTrapped)
	b.clock.Advance(1999 * time.Millisecond)
	wantState(t, try(b), StateTrapped)
	b.clock.Advance(time.Millisecond)
	wantState(t, try(b), StateContinue)
	if got := b.Workers()[0]; got.Traps != 1 || got.Reloads != 1 || !got.Serving || got.LastTrap == "" {
		t.Errorf("stats %+v", got)
	}
}

func TestATrapInOneWorkerLeavesTheOthers(t *testing.T) {
	b := serve(t, trapping(), Options{Workers: 2})
	one := b.NewStream(StreamOptions{Worker: 1})
	wantState(t, one.RequestHeaders(get("x-trap", "1"), true), StateTrapped)
	one.Close()
	for worker, want := range map[int]State{1: StateTrapped, 2: StateContinue} {
		s := b.NewStream(StreamOptions{Worker: worker})
		wantState(t, s.RequestHeaders(get(), true), want)
		s.Close()
	}
}

func TestATrapAfterTheResponseHasBegunIsAReset(t *testing.T) {
	m := w.New(abi.Version021).Func("proxy_on_response_body", 3, 1, w.Unreachable)
	b := serve(t, m, Options{})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	s.RequestHeaders(get(), true)
	s.ResponseHeaders([]abi.Pair{{Name: ":status", Value: "200"}}, false)
	if p := s.TakeResponse(); p.Headers == nil {
		t.Fatal("no headers")
	}
	wantState(t, s.ResponseBody([]byte("x"), true), StateTrapped)
	if _, ok := s.Answer(); ok {
		t.Error("an answer, after the response has begun")
	}
}
