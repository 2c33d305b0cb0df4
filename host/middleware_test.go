package host

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
	"github.com/postern-wasm/postern/host/upstream"
)

// has is a condition: the request has a header.
func has(name string) w.Code {
	return w.Seq(w.Env("proxy_get_header_map_value", w.I(0), w.S(name), w.I(w.Ret), w.I(w.Ret+4)), w.Eqz)
}

// gate is a module that does to requests what their headers ask for.
func gate() *w.Module {
	reply := w.Do("proxy_send_local_response", w.I(401), w.S("denied"), w.S("no\n"), w.Pairs("www-authenticate", "Bearer"), w.I(-1))
	return w.New(abi.Version021).
		Func("proxy_on_request_headers", 3, 1,
			w.If(has("x-deny"), reply),
			w.If(has("x-trap"), w.Unreachable),
			w.If(has("x-bad"), w.Do("proxy_add_header_map_value", w.I(0), w.S("x-y"), w.S("a\r\nb: c"))),
			w.If(has("x-call"), w.Store(w.Ret+32, w.L(0)), w.Do("proxy_http_call", w.S("idp"),
				w.Pairs(":method", "GET", ":path", "/", ":authority", "a"), w.S(""), w.Pairs(), w.I(60000), w.I(w.Ret)),
				w.I(1), w.Return),
			w.If(has("x-hold"), w.I(1), w.Return),
			w.If(has("x-path"), w.Do("proxy_replace_header_map_value", w.I(0), w.S(":path"), w.S("/new//p?x=%41"))),
			w.Do("proxy_replace_header_map_value", w.I(0), w.S("x-user"), w.S("u")), w.I(0)).
		Func("proxy_on_request_body", 3, 1,
			w.If(w.Seq(w.L(2), w.Eqz), w.I(1), w.Return), // hold until it is whole
			w.Do("proxy_set_buffer_bytes", w.I(0), w.I(0), w.I(0), w.S("<")), w.I(0)).
		Func("proxy_on_request_trailers", 2, 1,
			w.Do("proxy_add_header_map_value", w.I(1), w.S("x-seen"), w.S("t")), w.I(0)).
		Func("proxy_on_response_headers", 3, 1,
			w.Do("proxy_add_header_map_value", w.I(2), w.S("x-module"), w.S("r")),
			w.Do("proxy_remove_header_map_value", w.I(2), w.S("content-length")), w.I(0)).
		Func("proxy_on_response_body", 3, 1, w.I(0)).
		Func("proxy_on_http_call_response", 5, 0, resume)
}

// front is a server with the gate in front of an echoing handler.
func front(t *testing.T, opts Options, next http.HandlerFunc) (*httptest.Server, *Host) {
	t.Helper()
	h, err := New(context.Background(), gate().Build(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Configure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(h.Middleware(next))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = nil
	t.Cleanup(func() {
		srv.Close()
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return srv, h
}

// echo answers with what it saw.
func echo(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	rw.Header().Set("Trailer", "X-After")
	fmt.Fprintf(rw, "%s %s host=%s user=%q body=%q err=%v trailer=%q", r.Method, r.RequestURI, r.Host,
		r.Header["X-User"], body, err, r.Trailer.Get("X-T")+r.Trailer.Get("X-Seen"))
	rw.Header().Set("X-After", "done")
}

func TestMiddleware(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			var mu sync.Mutex
			var seen []Decision
			srv, _ := front(t, Options{StopIteration: true, Observe: func(_ *http.Request, d Decision) {
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, d)
			}}, echo)
			if proto == "HTTP/2.0" {
				srv.StartTLS()
			} else {
				srv.Start()
			}
			for _, c := range []struct {
				law    string
				header string
				body   string
				status int
				want   string
			}{
				{"a request passes, spoofed header replaced", "X-User: spoofed", "", 200, `GET /p?a=%2f host=a.example user=["u"] body="" err=<nil> trailer=""`},
				{"a body is held and changed", "X-A: b", "hello", 200, `POST /p?a=%2f host=a.example user=["u"] body="<hello" err=<nil> trailer=""`},
				{"headers held, body delivered", "X-Hold: 1", "hello", 200, `POST /p?a=%2f host=a.example user=[] body="<hello" err=<nil> trailer=""`},
				{"with trailers no piece of body is the last", "X-Trailer: 1", "hello", 200, `POST /p?a=%2f host=a.example user=["u"] body="hello" err=<nil> trailer="1t"`},
				{"the path is the module's, byte for byte", "X-Path: 1", "", 200, `GET /new//p?x=%41 host=a.example user=["u"] body="" err=<nil> trailer=""`},
				{"an answer of the module's", "X-Deny: 1", "unread", 401, "no\n"},
				{"a header with a line break", "X-Bad: 1", "", 503, ""},
			} {
				t.Run(c.law, func(t *testing.T) {
					method, body := "GET", io.Reader(nil)
					if c.body != "" {
						method, body = "POST", io.MultiReader(strings.NewReader(c.body))
					}
					r, err := http.NewRequest(method, srv.URL+"/p?a=%2f", body)
					if err != nil {
						t.Fatal(err)
					}
					r.Host = "a.example"
					name, value, _ := strings.Cut(c.header, ": ")
					r.Header.Set(name, value)
					if name == "X-Trailer" {
						r.Trailer = http.Header{"X-T": {"1"}}
					}
					resp, err := srv.Client().Do(r)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					got, _ := io.ReadAll(resp.Body)
					if resp.StatusCode != c.status || string(got) != c.want || resp.Proto != proto {
						t.Errorf("%s %d %q\nwant %d %q", resp.Proto, resp.StatusCode, got, c.status, c.want)
					}
					if c.status == 200 && (resp.Header.Get("X-Module") != "r" || resp.Trailer.Get("X-After") != "done") {
						t.Errorf("header %v trailer %v", resp.Header, resp.Trailer)
					}
					if c.status == 401 && (resp.Header.Get("Www-Authenticate") != "Bearer" || resp.Header.Get("X-Module") != "r") {
						t.Errorf("header %v", resp.Header)
					}
				})
			}
			mu.Lock()
			defer mu.Unlock()
			if d := seen[0]; d.State != StateContinue || d.Status != 200 || d.Worker != 1 {
				t.Errorf("decision %+v", d)
			}
			if d := seen[5]; d.State != StateAnswered || d.Status != 401 || d.Details != "denied" {
				t.Errorf("decision %+v", d)
			}
		})
	}
}

func TestMiddlewareHoldsForACallout(t *testing.T) {
	caller := make(chan func(*upstream.Answer), 1)
	srv, h := front(t, Options{Callouts: callerFunc(func(answer func(*upstream.Answer)) { caller <- answer })}, echo)
	srv.Start()
	go func() {
		answer := <-caller
		answer(&upstream.Answer{Headers: status200().Headers, Delay: 20 * time.Millisecond})
	}()
	r, _ := http.NewRequest("GET", srv.URL, nil)
	r.Header.Set("X-Call", "1")
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}

	// A client that goes away while the request is held ends the stream.
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-caller; cancel() }()
	if resp, err := srv.Client().Do(r.WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
		if err == nil {
			resp.Body.Close()
		}
	}
	for i := 0; h.Workers()[0].Streams != 0; i++ {
		if i > 30_000 {
			t.Fatal("the stream is still open")
		}
		time.Sleep(time.Millisecond)
	}
}

type callerFunc func(answer func(*upstream.Answer))

func (callerFunc) Known(string) bool { return true }

func (f callerFunc) Call(_ context.Context, _ *upstream.Request, answer func(*upstream.Answer)) {
	f(answer)
}

func TestMiddlewareATrapIs503AndTheNextRequestToo(t *testing.T) {
	srv, h := front(t, Options{}, echo)
	srv.Start()
	for _, header := range []string{"X-Trap", "X-Fine"} {
		r, _ := http.NewRequest("GET", srv.URL, nil)
		r.Header.Set(header, "1")
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 503 || len(body) != 0 {
			t.Errorf("%s: %d %q", header, resp.StatusCode, body)
		}
	}
	if h.Workers()[0].Serving {
		t.Error("still serving")
	}
}

func TestMiddlewareAnswersInThePlaceOfNext(t *testing.T) {
	reply := w.Do("proxy_send_local_response", w.I(403), w.S("d"), w.S("no"), w.Pairs(), w.I(-1))
	for law, m := range map[string]*w.Module{
		"while next reads the body": w.New(abi.Version021).Func("proxy_on_request_body", 3, 1, reply, w.I(0)),
		"when next's headers come":  w.New(abi.Version021).Func("proxy_on_response_headers", 3, 1, reply, w.I(0)),
		"when the held body of next comes": w.New(abi.Version021).
			Func("proxy_on_response_headers", 3, 1, w.I(1)).
			Func("proxy_on_response_body", 3, 1, reply, w.I(0)),
	} {
		t.Run(law, func(t *testing.T) {
			h, err := New(context.Background(), m.Build(), Options{StopIteration: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Configure(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(h.Middleware(http.HandlerFunc(echo)))
			resp, err := http.Post(srv.URL, "text/plain", strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != 403 || string(body) != "no" || resp.Trailer != nil {
				t.Errorf("%d %q %v", resp.StatusCode, body, resp.Trailer)
			}
			srv.Close()
			if err := h.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestMiddlewareDoesNotWaitForABodyItHasAnswered(t *testing.T) {
	srv, _ := front(t, Options{StopIteration: true}, echo)
	srv.Start()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The body is announced and never comes.
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: a\r\nX-Deny: 1\r\nContent-Length: 100\r\n\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestW06_ABodyThatBreaksOffNeverEnds: 100 bytes are announced and 5 come. The
// module must not be told that they are the whole, nor may next take them for it.
func TestW06_ABodyThatBreaksOffNeverEnds(t *testing.T) {
	for _, hold := range []bool{true, false} {
		m := w.New(abi.Version021).Func("proxy_on_request_body", 3, 1, w.If(w.L(2), w.Log("end")), w.I(0))
		if hold {
			m.Func("proxy_on_request_headers", 3, 1, w.I(1)).
				Func("proxy_on_response_headers", 3, 1, w.I(0))
		}
		var mu sync.Mutex
		var logs []string
		h, err := New(context.Background(), m.Build(), Options{StopIteration: true, Log: func(e LogEntry) {
			mu.Lock()
			defer mu.Unlock()
			logs = append(logs, e.Text)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Configure(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		read := make(chan error, 1)
		srv := httptest.NewServer(h.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			read <- err
		})))
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello")
		conn.Close()
		if err := <-read; err == nil {
			t.Errorf("hold %v: next read a whole body", hold)
		}
		srv.Close()
		if err := h.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if len(logs) != 0 {
			t.Errorf("hold %v: the module was told of the end", hold)
		}
	}
}

func TestMiddlewareDoesNotWaitForAReaderThatOutlivesNext(t *testing.T) {
	done := make(chan error, 1)
	srv, _ := front(t, Options{}, func(rw http.ResponseWriter, r *http.Request) {
		reading := make(chan struct{})
		go func() { // as a transport does whose upstream has answered early
			close(reading)
			_, err := io.ReadAll(r.Body)
			done <- err
		}()
		<-reading
		time.Sleep(20 * time.Millisecond)
		rw.WriteHeader(http.StatusTeapot)
	})
	srv.Start()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello")
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot {
		t.Errorf("status %d", resp.StatusCode)
	}
	if err := <-done; err == nil {
		t.Error("the reader took what came for the whole")
	}
}

func TestMiddlewareStreamsAResponse(t *testing.T) {
	release := make(chan struct{})
	srv, _ := front(t, Options{}, func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(rw, "first")
		if err := http.NewResponseController(rw).Flush(); err != nil {
			t.Error(err)
		}
		<-release
		fmt.Fprint(rw, "second")
	})
	srv.Start()
	resp, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	buf := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, buf); err != nil || string(buf) != "first" {
		t.Fatalf("%q %v", buf, err)
	}
	close(release)
	if rest, _ := io.ReadAll(resp.Body); string(rest) != "second" {
		t.Errorf("rest %q", rest)
	}
}

func TestConnectionProperties(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "203.0.113.7:4711"
	p := connectionProperties(r)
	if string(p["source\x00address"]) != "203.0.113.7:4711" || string(p["source\x00port"]) != string(abi.Int64Property(4711)) ||
		p["connection\x00mtls"][0] != 0 || p["connection\x00tls_version"] != nil {
		t.Errorf("properties %q", p)
	}
	r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, ServerName: "a.example"}
	p = connectionProperties(r)
	if string(p["connection\x00tls_version"]) != "TLSv1.3" || p["connection\x00mtls"][0] != 0 ||
		string(p["connection\x00requested_server_name"]) != "a.example" {
		t.Errorf("properties %q", p)
	}
}
