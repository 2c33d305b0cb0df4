package host

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

func TestWhatNginxTrapsOn(t *testing.T) {
	reply := w.Do("proxy_send_local_response", w.I(401), w.S(""), w.S(""), w.Pairs(), w.I(-1))
	read := w.Do("proxy_get_buffer_bytes", w.I(0), w.I(0), w.I(9), w.I(w.Ret), w.I(w.Ret+4))
	tick := w.Do("proxy_set_tick_period_milliseconds", w.I(5))
	write := w.Do("proxy_replace_header_map_value", w.I(2), w.S("x"), w.S("y"))
	for _, c := range []struct {
		law     string
		headers w.Code
		want    string // in the trap; "" for none
	}{
		{"a local answer", reply, ""},
		{"a second local answer", w.Seq(reply, reply), "second local answer"},
		{"a body read on headers", read, "body read outside its phase"},
		{"a tick period set on a stream", tick, "tick period"},
		{"response headers written on request headers", write, "late header write"},
	} {
		t.Run(c.law, func(t *testing.T) {
			m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, c.headers, w.I(0))
			b := serve(t, m, Options{Profile: ProfileNginx})
			try(b)
			got := b.Workers()[0].LastTrap
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("trap %q, want %q", got, c.want)
			}
		})
		t.Run(c.law+" under envoy", func(t *testing.T) {
			m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, c.headers, w.I(0))
			b := serve(t, m, Options{})
			try(b)
			if got := b.Workers()[0].LastTrap; got != "" {
				t.Errorf("trap %q", got)
			}
		})
	}
}

func TestNginxRemovesAHeaderByEmptyingIt(t *testing.T) {
	m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
		w.Do("proxy_remove_header_map_value", w.I(0), w.S("X-User")),
		w.Do("proxy_remove_header_map_value", w.I(0), w.S("x-absent")), w.I(0))
	for profile, want := range map[Profile]string{ProfileNginx: "; x-user: ", ProfileEnvoy: ":scheme: http"} {
		b := serve(t, m, Options{Profile: profile})
		s := b.NewStream(StreamOptions{})
		s.RequestHeaders(get("x-user", "spoofed", "x-user", "twice"), true)
		if got := text(s.TakeRequest().Headers); !strings.HasSuffix(got, want) {
			t.Errorf("%v: %s", profile, got)
		}
		s.Close()
	}
}

func TestWhatGoogleLacks(t *testing.T) {
	m := w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1,
		w.Do("proxy_set_shared_data", w.S("k"), w.S("v"), w.I(0)),
		w.Do("proxy_register_shared_queue", w.S("q"), w.I(w.Ret)),
		w.Do("proxy_define_metric", w.I(0), w.S("m"), w.I(w.Ret)),
		w.Do("proxy_set_tick_period_milliseconds", w.I(5)),
		w.Do("proxy_call_foreign_function", w.S("clear_route_cache"), w.S(""), w.I(0), w.I(0)),
		w.Do("proxy_get_property", w.S("request\x00path"), w.I(w.Ret), w.I(w.Ret+4)),
		w.Do("proxy_get_property", w.S("plugin_root_id"), w.I(w.Ret), w.I(w.Ret+4)), w.I(1))
	b := serve(t, m, Options{Profile: ProfileGoogle})
	wantState(t, try(b), StateContinue)
	for call, want := range map[string]string{
		"proxy_set_shared_data": "UNIMPLEMENTED", "proxy_register_shared_queue": "UNIMPLEMENTED",
		"proxy_define_metric": "UNIMPLEMENTED", "proxy_set_tick_period_milliseconds": "UNIMPLEMENTED",
		"proxy_call_foreign_function": "NOT_FOUND", "proxy_get_property": "NOT_FOUND OK",
	} {
		if got := b.statuses(call); got != want {
			t.Errorf("%s: %s, want %s", call, got, want)
		}
	}
}

func TestAbi010AnswersAMissingHeaderWithNothing(t *testing.T) {
	m := w.New(abi.Version010).Func("proxy_on_request_headers", 2, 1,
		w.Do("proxy_get_header_map_value", w.I(0), w.S("x-absent"), w.I(w.Ret), w.I(w.Ret+4)),
		w.Do("proxy_get_configuration", w.I(w.Ret), w.I(w.Ret+4)), w.LogAt(w.Ret, w.Ret+4), w.I(0)).
		Func("proxy_on_configure", 2, 1,
			w.Do("proxy_get_configuration", w.I(w.Ret), w.I(w.Ret+4)), w.LogAt(w.Ret, w.Ret+4), w.I(1)).
		Func("proxy_on_http_call_response", 5, 0)
	b, err := load(t, m, Options{VMConfig: []byte("vm")})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Configure(t.Context(), []byte("plugin")); err != nil {
		t.Fatal(err)
	}
	wantState(t, try(b), StateContinue)
	if got := b.statuses("proxy_get_header_map_value"); got != "OK" {
		t.Errorf("status %s", got)
	}
	if got := strings.Join(b.logs, "|"); got != "info plugin|info plugin|info vm" {
		t.Errorf("configurations %s", got)
	}
}

func TestProfilesHaveNames(t *testing.T) {
	for _, p := range []Profile{ProfileEnvoy, ProfileGoogle, ProfileNginx} {
		if got, ok := ParseProfile(p.String()); !ok || got != p {
			t.Errorf("%v: %v", p, got)
		}
	}
	if _, ok := ParseProfile("apache"); ok {
		t.Error("apache is no profile")
	}
}

func TestNginxDeliversTheWholeBodyAfterAPause(t *testing.T) {
	for law, early := range map[string]bool{"the body was there": false, "the body comes later": true} {
		t.Run(law, func(t *testing.T) {
			m := calling(0, resume).Func("proxy_on_request_body", 3, 1, w.I(0))
			var a answers
			b := serve(t, m, Options{Profile: ProfileNginx, Callouts: &a})
			s := b.NewStream(StreamOptions{})
			defer s.Close()
			answer := func() {
				a.give[0](status200())
				b.RunDue(1)
			}
			s.RequestHeaders(get(), false)
			s.RequestBody([]byte("ab"), false)
			if early {
				answer()
			}
			s.RequestBody([]byte("c"), true)
			if !early {
				wantState(t, s.RequestState(), StatePaused)
				answer()
			}
			if got := part(s.TakeRequest()); got != "H3$" {
				t.Errorf("upstream got %q", got)
			}
			if got := b.callbacks(); !strings.HasSuffix(got, "request_body(2,3,1)") {
				t.Errorf("callbacks %s", got)
			}
		})
	}
}

func TestAGuestMakesTrailersInTheLastBodyCallback(t *testing.T) {
	add := w.Do("proxy_add_header_map_value", w.I(1), w.S("x-new"), w.S("t"))
	m := w.New(abi.Version021).Func("proxy_on_request_body", 3, 1, add, w.I(0))
	b := serve(t, m, Options{})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	if out := drive(s, "H2e"); out != "H,2,t$" {
		t.Errorf("upstream got %q", out)
	}
	if got := b.statuses("proxy_add_header_map_value"); got != "BAD_ARGUMENT OK" {
		t.Errorf("statuses %s", got)
	}
}
