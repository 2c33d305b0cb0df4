package host

import (
	"bytes"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

// wasi calls a function of WASI and logs its errno as two digits.
func wasi(name string, args ...w.Code) w.Code {
	return w.Seq(
		w.Store(w.Ret+100, w.Import("wasi_snapshot_preview1", name, true, args...)),
		w.I(w.Ret+104), w.Load(w.Ret+100), w.I(10), w.Raw(0x6e), w.I('0'), w.Add, w.Raw(0x3a, 0, 0),
		w.I(w.Ret+105), w.Load(w.Ret+100), w.I(10), w.Raw(0x70), w.I('0'), w.Add, w.Raw(0x3a, 0, 0),
		w.Do("proxy_log", w.I(1), w.I(w.Ret+104), w.I(2)),
	)
}

func TestWASIAnswersAsEnvoyDoes(t *testing.T) {
	p := w.I(w.Ret)
	iov := w.Seq( // one slice: "line\n"
		w.I(w.Ret+40), w.S("line\n"), w.Set(3), w.Raw(0x36, 2, 0),
		w.I(w.Ret+44), w.L(3), w.Raw(0x36, 2, 0))
	for _, c := range []struct {
		law   string
		codes []w.Code
		logs  string
	}{
		{"standard output is info, without the newline", []w.Code{iov, wasi("fd_write", w.I(1), w.I(w.Ret+40), w.I(1), p)}, "info line|debug 00"},
		{"standard error is error", []w.Code{iov, wasi("fd_write", w.I(2), w.I(w.Ret+40), w.I(1), p)}, "error line|debug 00"},
		{"there is no file", []w.Code{iov, wasi("fd_write", w.I(3), w.I(w.Ret+40), w.I(1), p)}, "debug 08"},
		{"a list of slices out of memory", []w.Code{wasi("fd_write", w.I(1), w.I(-8), w.I(9), p)}, "debug 21"},
		{"as many slices as there are numbers", []w.Code{wasi("fd_write", w.I(1), w.I(0), w.I(-1), p)}, "debug 21"},
		{"no processor clocks", []w.Code{wasi("clock_time_get", w.I(2), w.J(0), p)}, "debug 58"},
		{"a clock's resolution", []w.Code{wasi("clock_res_get", w.I(1), p)}, "debug 00"},
		{"random bytes up to 64 KiB", []w.Code{wasi("random_get", p, w.I(65536)), wasi("random_get", p, w.I(65537))}, "debug 00|debug 28"},
		{"no files", []w.Code{wasi("path_open", p, p, p, p, p, w.J(0), w.J(0), p, p)}, "debug 44"},
		{"no directories", []w.Code{wasi("fd_prestat_get", w.I(3), p)}, "debug 08"},
		{"nothing to read", []w.Code{wasi("fd_read", w.I(0), p, p, p)}, "debug 52"},
		{"output streams can be stated", []w.Code{wasi("fd_fdstat_get", w.I(1), p), wasi("fd_fdstat_get", w.I(0), p)}, "debug 00|debug 08"},
		{"nobody sleeps", []w.Code{wasi("poll_oneoff", p, p, w.I(1), w.I(w.Ret)), w.Store(w.Ret+4, w.I(0)), w.LogAt(w.Ret, w.Ret)}, "debug 00|info "},
		{"no sockets", []w.Code{wasi("sock_shutdown", w.I(1), w.I(0))}, "debug 58"},
		{"sched_yield", []w.Code{wasi("sched_yield")}, "debug 00"},
		{"no arguments", []w.Code{wasi("args_sizes_get", w.I(w.Ret+8), w.I(w.Ret+12)), w.LogAt(w.Ret+8, w.Ret+12)}, "debug 00|info "},
	} {
		t.Run(c.law, func(t *testing.T) {
			m := w.New(abi.Version021).Pages(3).Func("proxy_on_request_headers", 3, 1, append(c.codes, w.I(0))...)
			b := serve(t, m, Options{})
			wantState(t, try(b), StateContinue)
			if got := strings.Join(b.logs, "|"); got != c.logs {
				t.Errorf("logs %q, want %q", got, c.logs)
			}
		})
	}
}

func TestTheEnvironmentIsTheOptions(t *testing.T) {
	m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
		wasi("environ_sizes_get", w.I(w.Ret), w.I(w.Ret+4)),
		wasi("environ_get", w.I(400), w.I(500)),
		w.Do("proxy_log", w.I(2), w.Load(404), w.I(3)),
		w.Do("proxy_log", w.I(2), w.I(500), w.Load(w.Ret+4)), w.I(0))
	b := serve(t, m, Options{Env: map[string]string{"B": "2", "A": "one"}})
	wantState(t, try(b), StateContinue)
	if got, want := strings.Join(b.logs, "|"), "debug 00|debug 00|info B=2|info A=one\x00B=2\x00"; got != want {
		t.Errorf("logs %q, want %q", got, want)
	}
}

func TestTimeAndRandomnessAreTheOptions(t *testing.T) {
	m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
		w.Do("proxy_get_current_time_nanoseconds", w.I(w.Ret)), w.Do("proxy_log", w.I(2), w.I(w.Ret), w.I(8)),
		wasi("clock_time_get", w.I(0), w.J(0), w.I(w.Ret)), w.Do("proxy_log", w.I(2), w.I(w.Ret), w.I(8)),
		wasi("random_get", w.I(w.Ret), w.I(4)), w.Do("proxy_log", w.I(2), w.I(w.Ret), w.I(4)), w.I(0))
	b := serve(t, m, Options{Rand: bytes.NewReader([]byte("abcd"))})
	wantState(t, try(b), StateContinue)
	now := "info " + string(abi.TimeProperty(epoch))
	if got, want := strings.Join(b.logs, "|"), now+"|debug 00|"+now+"|debug 00|info abcd"; got != want {
		t.Errorf("logs %q, want %q", got, want)
	}
	b.logs = nil
	try(b)
	if got := b.logs[3]; got != "debug 29" {
		t.Errorf("a source that has run dry: %s", got)
	}
}

func TestGoogleFreezesTheClockOfAStream(t *testing.T) {
	m := w.New(abi.Version021).Func("proxy_on_request_body", 3, 1,
		w.Do("proxy_get_current_time_nanoseconds", w.I(w.Ret)), w.Do("proxy_log", w.I(2), w.I(w.Ret), w.I(8)), w.I(0))
	b := serve(t, m, Options{Profile: ProfileGoogle})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	s.RequestHeaders(get(), false)
	b.clock.Advance(1)
	s.RequestBody([]byte("x"), true)
	if got := b.logs[0]; got != "info "+string(abi.TimeProperty(epoch)) {
		t.Errorf("time %q", got)
	}
}
