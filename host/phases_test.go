package host

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

// callbacks returns the callbacks of a trace with their arguments, in order.
func (b *bench) callbacks() string {
	var calls []string
	for _, line := range b.trace {
		line = strings.TrimPrefix(line, "1 ")
		if strings.HasPrefix(line, "proxy_on_") && !strings.Contains(line, "->") {
			calls = append(calls, strings.TrimPrefix(line, "proxy_on_"))
		}
	}
	return strings.Join(calls, " ")
}

// statuses returns the statuses of a host call in a trace, in order.
func (b *bench) statuses(call string) string {
	var s []string
	for _, line := range b.trace {
		line = strings.TrimSpace(line[1:])
		if rest, ok := strings.CutPrefix(line, call+"("); ok {
			s = append(s, rest[strings.Index(rest, ")")+2:])
		}
	}
	return strings.Join(s, " ")
}

// returning is a module whose callbacks return fixed actions; -1 leaves one out.
func returning(headers, body, trailers int64) *w.Module {
	m := w.New(abi.Version021)
	for _, dir := range []string{"request", "response"} {
		for name, v := range map[string]int64{"headers": headers, "body": body, "trailers": trailers} {
			params := 3
			if name == "trailers" {
				params = 2
			}
			if v >= 0 {
				m.Func("proxy_on_"+dir+"_"+name, params, 1, w.I(v))
			}
		}
	}
	return m
}

// continuing is a module that continues the stream and then returns an action,
// on headers or on the body.
func continuing(headers, body int64) *w.Module {
	cont := w.Do("proxy_continue_stream", w.I(0))
	m := w.New(abi.Version021)
	if headers >= 0 {
		return m.Func("proxy_on_request_headers", 3, 1, cont, w.I(headers)).
			Func("proxy_on_request_body", 3, 1, w.I(body))
	}
	return m.Func("proxy_on_request_headers", 3, 1, w.I(0)).
		Func("proxy_on_request_body", 3, 1, cont, w.I(body))
}

// drive feeds a request: H headers, h headers that end; a digit a piece of so
// many bytes; e an empty last piece; t trailers. It returns what went upstream
// after each step: H, the number of bytes, t, and $ for the end.
func drive(s *Stream, steps string) string {
	var out []string
	for _, step := range steps {
		switch step {
		case 'H', 'h':
			s.RequestHeaders(get(), step == 'h')
		case 'e':
			s.RequestBody(nil, true)
		case 't':
			s.RequestTrailers([]abi.Pair{{Name: "x-t", Value: "1"}})
		default:
			s.RequestBody(make([]byte, step-'0'), false)
		}
		out = append(out, part(s.TakeRequest()))
	}
	return strings.Join(out, ",")
}

func part(p Part) string {
	var s string
	if p.Headers != nil {
		s += "H"
	}
	if len(p.Body) > 0 {
		s += string(rune('0' + len(p.Body)))
	}
	if p.Trailers != nil {
		s += "t"
	}
	if p.End {
		s += "$"
	}
	return s
}

func TestPhases(t *testing.T) {
	for _, c := range []struct {
		law       string
		module    *w.Module
		opts      Options
		steps     string
		callbacks string
		out       string
		state     State
	}{
		{
			"continue: each piece on its own, the end an empty one",
			returning(0, 0, 0),
			Options{},
			"H23e",
			"request_headers(1,4,0) request_body(1,2,0) request_body(1,3,0) request_body(1,0,1)", "H,2,3,$", StateContinue,
		},
		{
			"headers that end the stream end it upstream",
			returning(0, 0, 0),
			Options{},
			"h", "request_headers(1,4,1)", "H$", StateContinue,
		},
		{
			"trailers end the request, and the last piece does not",
			returning(0, 0, 0),
			Options{},
			"H2t",
			"request_headers(1,4,0) request_body(1,2,0) request_trailers(1,1)", "H,2,t$", StateContinue,
		},
		{
			"a pause on headers without StopIteration: the body is never delivered",
			returning(1, 0, 0),
			Options{},
			"H23e", "request_headers(1,4,0)", ",,,", StatePaused,
		},
		{"nor are trailers", returning(1, 0, 0), Options{}, "H2t", "request_headers(1,4,0)", ",,", StatePaused},
		{
			"with StopIteration the body is delivered, and Continue on it releases the headers",
			returning(1, 0, 0),
			Options{StopIteration: true},
			"H23e",
			"request_headers(1,4,0) request_body(1,2,0) request_body(1,3,0) request_body(1,0,1)", ",H2,3,$", StateContinue,
		},
		{
			"with StopIteration and a pause on the body its size is the whole's",
			returning(1, 1, 0),
			Options{StopIteration: true},
			"H222e",
			"request_headers(1,4,0) request_body(1,2,0) request_body(1,4,0) request_body(1,6,0) request_body(1,6,1)", ",,,,", StatePaused,
		},
		{
			"a body callback that is not exported counts as Continue",
			returning(1, -1, -1),
			Options{StopIteration: true},
			"H2e", "request_headers(1,4,0)", ",H2,$", StateContinue,
		},
		{
			"Continue on trailers releases headers and body",
			returning(1, 1, 0),
			Options{StopIteration: true},
			"H2t",
			"request_headers(1,4,0) request_body(1,2,0) request_trailers(1,1)", ",,H2t$", StateContinue,
		},
		{
			"a trailers callback that is not exported releases, too",
			returning(1, 1, -1),
			Options{StopIteration: true},
			"H2t",
			"request_headers(1,4,0) request_body(1,2,0)", ",,H2t$", StateContinue,
		},
		{
			"a pause on trailers holds all", returning(0, 1, 1),
			Options{},
			"H2t",
			"request_headers(1,4,0) request_body(1,2,0) request_trailers(1,1)", "H,,", StatePaused,
		},
		{
			"a pause on the body after Continue on headers: they are gone already",
			returning(0, 1, 0),
			Options{},
			"H22e",
			"request_headers(1,4,0) request_body(1,2,0) request_body(1,4,0) request_body(1,4,1)", "H,,,", StatePaused,
		},
		{
			"an action that is none holds everything", returning(77, 0, 0),
			Options{StopIteration: true},
			"H2e",
			"request_headers(1,4,0)", ",,", StatePaused,
		},
		{
			"a body action that is none drops the piece and holds", returning(0, 77, 0),
			Options{},
			"H2",
			"request_headers(1,4,0) request_body(1,2,0)", "H,", StatePaused,
		},
		// Measured on Envoy 1.40: what the guest asks for comes before its result.
		{
			"continue and then a pause on headers: the headers go, the body stays",
			continuing(1, 0),
			Options{},
			"H23e", "request_headers(1,4,0)", "H,,,", StatePaused,
		},
		{
			"with StopIteration the body follows", continuing(1, 0),
			Options{StopIteration: true},
			"H23e",
			"request_headers(1,4,0) request_body(1,2,0) request_body(1,3,0) request_body(1,0,1)", "H,2,3,$", StateContinue,
		},
		{
			"continue and then a pause on the body: what was held before goes",
			continuing(-1, 1),
			Options{},
			"H23e",
			"request_headers(1,4,0) request_body(1,2,0) request_body(1,5,0) request_body(1,0,1)", "H,,5,$", StateContinue,
		},
		{
			"a piece that is dropped is gone", returning(0, 3, 0),
			Options{},
			"H2e",
			"request_headers(1,4,0) request_body(1,2,0) request_body(1,0,1)", "H,,", StatePaused,
		},
		{
			"held without bound a piece is shown on its own", returning(0, 2, 0),
			Options{BufferLimit: 4},
			"H33e",
			"request_headers(1,4,0) request_body(1,3,0) request_body(1,3,0) request_body(1,0,1)", "H,,,", StatePaused,
		},
		{
			"google: Pause is Continue, and trailers never come",
			returning(1, 1, 1),
			Options{Profile: ProfileGoogle},
			"H2t",
			"request_headers(1,4,0) request_body(1,2,0)", "H,2,t$", StateContinue,
		},
		{
			"nginx: headers never end the stream, the body comes whole, nothing goes before",
			returning(0, 0, 0),
			Options{Profile: ProfileNginx},
			"H23e",
			"request_headers(1,4,0) request_body(1,5,1)", ",,,H5$", StateContinue,
		},
		{
			"nginx: without a body the headers go, and were not the end",
			returning(0, 0, 0),
			Options{Profile: ProfileNginx},
			"h", "request_headers(1,4,0)", "H$", StateContinue,
		},
		{
			"nginx: a pause on headers holds the body back",
			returning(1, 0, 0),
			Options{Profile: ProfileNginx},
			"H2e", "request_headers(1,4,0)", ",,", StatePaused,
		},
	} {
		t.Run(c.law, func(t *testing.T) {
			b := serve(t, c.module, c.opts)
			// One root context, so the first stream is context 2: shown as 1.
			s := b.NewStream(StreamOptions{})
			defer s.Close()
			out := drive(s, c.steps)
			if got := strings.ReplaceAll(b.callbacks(), "(2,", "(1,"); got != c.callbacks {
				t.Errorf("callbacks %s\nwant      %s", got, c.callbacks)
			}
			if out != c.out {
				t.Errorf("upstream %q, want %q", out, c.out)
			}
			if got := s.RequestState(); got != c.state {
				t.Errorf("state %v, want %v", got, c.state)
			}
		})
	}
}

func TestRequestMapIsGoneAfterContinueAndBackWhenLogging(t *testing.T) {
	read := w.Do("proxy_get_header_map_value", w.I(0), w.S(":path"), w.I(w.Ret), w.I(w.Ret+4))
	write := w.Do("proxy_replace_header_map_value", w.I(0), w.S("x"), w.S("y"))
	prop := w.Do("proxy_get_property", w.S("request\x00path"), w.I(w.Ret), w.I(w.Ret+4))
	all := w.Seq(read, write, prop)
	m := w.New(abi.Version021).
		Func("proxy_on_request_headers", 3, 1, all, w.I(0)).
		Func("proxy_on_request_body", 3, 1, all, w.I(0)).
		Func("proxy_on_log", 1, 0, all).
		Func("proxy_on_done", 1, 1, all, w.I(1)).
		Func("proxy_on_delete", 1, 0)
	b := serve(t, m, Options{})
	s := b.NewStream(StreamOptions{})
	drive(s, "H2e")
	s.Close()
	if got, want := b.statuses("proxy_get_header_map_value"), "OK BAD_ARGUMENT BAD_ARGUMENT OK BAD_ARGUMENT"; got != want {
		t.Errorf("get   %s\nwant  %s", got, want)
	}
	if got, want := b.statuses("proxy_replace_header_map_value"), "OK BAD_ARGUMENT BAD_ARGUMENT BAD_ARGUMENT BAD_ARGUMENT"; got != want {
		t.Errorf("write %s\nwant  %s", got, want)
	}
	if got, want := b.statuses("proxy_get_property"), "OK NOT_FOUND NOT_FOUND OK NOT_FOUND"; got != want {
		t.Errorf("prop  %s\nwant  %s", got, want)
	}
	if got := b.callbacks(); !strings.HasSuffix(got, "log(2) done(2) delete(2)") {
		t.Errorf("end %s", got)
	}
}

func TestPausedHeadersStayWritableInTheBodyPhase(t *testing.T) {
	m := w.New(abi.Version021).
		Func("proxy_on_request_headers", 3, 1, w.I(1)).
		Func("proxy_on_request_body", 3, 1,
			w.Do("proxy_replace_header_map_value", w.I(0), w.S("X-User"), w.S("u")), w.I(0))
	b := serve(t, m, Options{StopIteration: true})
	s := b.NewStream(StreamOptions{})
	defer s.Close()
	s.RequestHeaders(get("x-user", "spoofed"), false)
	s.RequestBody([]byte("a"), true)
	p := s.TakeRequest()
	if !strings.HasSuffix(text(p.Headers), "; x-user: u") || strings.Contains(text(p.Headers), "spoofed") {
		t.Fatalf("upstream saw %s", text(p.Headers))
	}
}
