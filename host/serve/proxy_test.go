package serve

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestParseUpstream(t *testing.T) {
	for in, ok := range map[string]bool{
		"http://127.0.0.1:9000": true, "https://api.example": true, "h2c://[::1]:50051": true, "http://h:1/": true,
		"127.0.0.1:9000": false, "http://": false, "ftp://h": false, "http://h/base": false, "http://u:p@h": false,
		"http://h?x": false, "http:h": false, "": false, "http://h:1 ": false,
	} {
		if _, err := ParseUpstream(in); (err == nil) != ok {
			t.Errorf("%q: error %v, want ok %v", in, err, ok)
		}
	}
}

func TestParseCluster(t *testing.T) {
	for in, ok := range map[string]bool{
		"idp=https://login.example": true, "a=b=http://h": false, "=http://h": false, "idp": false,
		"idp=h2c://h": false, "idp=http://h:80/": true, "idp=http://h/x": false,
	} {
		if _, _, err := ParseCluster(in); (err == nil) != ok {
			t.Errorf("%q: error %v, want ok %v", in, err, ok)
		}
	}
}

// raw sends bytes and returns the answer's status and body.
func raw(t *testing.T, address, request string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // a test's connection
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// echo answers with the head of the request as it came over the wire.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close() //nolint:errcheck // a test's connection
				r := bufio.NewReader(conn)
				var head strings.Builder
				for {
					line, err := r.ReadString('\n')
					if err != nil || line == "\r\n" {
						break
					}
					head.WriteString(line)
				}
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", head.Len(), head.String())
			}()
		}
	}()
	return l.Addr().String()
}

// front is the proxy without a module in it.
func front(t *testing.T, up string) string {
	t.Helper()
	u, err := ParseUpstream(up)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(u, slog.New(slog.DiscardHandler))
	s := httptest.NewUnstartedServer(nil)
	s.Config = newHTTPServer(observed(p, time.Now, func(*Access) {}), slog.New(slog.DiscardHandler))
	s.Start()
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestWhatTheUpstreamSees(t *testing.T) {
	address := front(t, "http://"+echo(t))
	for _, tc := range []struct {
		name, head string
		want, not  []string
	}{
		{"the path, byte for byte", "GET /a/../b//c%2F%7e;x=1/%41?q=%zz&;&&a=b;c HTTP/1.1", []string{"GET /a/../b//c%2F%7e;x=1/%41?q=%zz&;&&a=b;c HTTP/1.1\r\n"}, nil},
		{"a path that begins with two slashes", "GET //evil.example/x HTTP/1.1", []string{"GET //evil.example/x HTTP/1.1\r\n", "Host: api.example\r\n"}, nil},
		{"a question mark with nothing after it", "GET /a? HTTP/1.1", []string{"GET /a? HTTP/1.1\r\n"}, nil},
		{"a brace and a quote in the path", `GET /{"a"}|b^c HTTP/1.1`, []string{"GET /{\"a\"}|b^c HTTP/1.1\r\n"}, nil},
		{"OPTIONS of the server as a whole", "OPTIONS * HTTP/1.1", []string{"OPTIONS * HTTP/1.1\r\n"}, nil},
		{"lines of one header in their order", "GET / HTTP/1.1\r\nX-A: 1\r\nX-B: 0\r\nX-A: 2", []string{"X-A: 1\r\nX-A: 2\r\n"}, nil},
		{"forwarding headers as the client wrote them", "GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: gopher\r\nForwarded: for=x", []string{"X-Forwarded-For: 192.0.2.1\r\n", "X-Forwarded-Proto: gopher\r\n", "Forwarded: for=x\r\n"}, nil},
		{"no header that the client did not send", "GET / HTTP/1.1", nil, []string{"User-Agent", "Accept-Encoding", "X-Forwarded", "Via"}},
		{"nothing of this hop, nor what Connection names", "GET / HTTP/1.1\r\nConnection: keep-alive, X-User\r\nX-User: a\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip, trailers", []string{"Te: trailers\r\n"}, []string{"X-User", "Keep-Alive", "Proxy-Connection", "gzip"}},
		{"no upgrade", "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket", nil, []string{"Upgrade", "websocket"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, got := raw(t, address, tc.head+"\r\nHost: api.example\r\n\r\n")
			if status != http.StatusOK {
				t.Fatalf("status %d: %s", status, got)
			}
			for _, w := range tc.want {
				if !strings.Contains(got, w) {
					t.Errorf("missing %q in\n%s", w, got)
				}
			}
			for _, n := range tc.not {
				if strings.Contains(got, n) {
					t.Errorf("unwanted %q in\n%s", n, got)
				}
			}
		})
	}
}

func TestUpstreamThatFails(t *testing.T) {
	status, body := raw(t, front(t, "http://127.0.0.1:1"), "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	if status != http.StatusBadGateway || !strings.Contains(body, "does not answer") {
		t.Errorf("an upstream that is down: %d %s", status, body)
	}
	status, _ = raw(t, front(t, "http://"+echo(t)), "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n")
	if status != http.StatusNotImplemented {
		t.Errorf("CONNECT: %d", status)
	}
}

func TestH2CAndTrailers(t *testing.T) {
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Sum")
		_, _ = fmt.Fprintf(w, "%s %s %q", r.Proto, r.RequestURI, r.Trailer.Get("X-In"))
		w.Header().Set("X-Sum", fmt.Sprint(len(body)))
	}))
	up.Config.Protocols = new(http.Protocols)
	up.Config.Protocols.SetUnencryptedHTTP2(true)
	up.Start()
	t.Cleanup(up.Close)
	address := front(t, "h2c://"+strings.TrimPrefix(up.URL, "http://"))

	pr, pw := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/a%2fb", pr)
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"X-In": nil}
	go func() {
		_, _ = pw.Write([]byte("12345"))
		req.Trailer.Set("X-In", "in")
		_ = pw.Close()
	}()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // a test's connection
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := `HTTP/2.0 /a%2fb "in"`; string(body) != want {
		t.Errorf("the upstream saw %s, want %s", body, want)
	}
	if got := resp.Trailer.Get("X-Sum"); got != "5" {
		t.Errorf("trailer %q, want 5", got)
	}
}
