package host

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

func TestEndless(t *testing.T) {
	for _, tt := range []struct {
		law   string
		pairs []string
		want  bool
	}{
		{"a plain request", nil, false},
		{"an upgrade that Connection names", []string{"connection", "keep-alive, Upgrade", "upgrade", "websocket"}, true},
		{"named in another line", []string{"connection", "keep-alive", "upgrade", "websocket", "Connection", "upgrade"}, true},
		{"an upgrade that nobody names", []string{"connection", "upgrades", "upgrade", "websocket"}, false},
		{"a name without an upgrade", []string{"connection", "upgrade"}, false},
		{"a tunnel", []string{":method", "CONNECT"}, true},
	} {
		var h []abi.Pair
		for i := 0; i < len(tt.pairs); i += 2 {
			h = append(h, abi.Pair{Name: tt.pairs[i], Value: tt.pairs[i+1]})
		}
		if got := Endless(Arrive(h, false)); got != tt.want {
			t.Errorf("%s: %v", tt.law, got)
		}
	}
}

// knock sends the head of a request and reads the answer's, and what follows it until the
// connection ends.
func knock(t *testing.T, srv *httptest.Server, head string) (status int, rest string) {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprint(conn, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n")
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	_, _ = conn.Write([]byte("ping"))
	all, _ := io.ReadAll(r)
	return resp.StatusCode, string(all)
}

// switches agrees to an upgrade, sends four bytes back and hangs up.
func switches(rw http.ResponseWriter, _ *http.Request) {
	conn, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	_, _ = io.CopyN(conn, buffered, 4)
}

// behind is a server with a module in front of a handler.
func behind(t *testing.T, wasm []byte, config string, opts Options, next http.HandlerFunc) *httptest.Server {
	t.Helper()
	h, err := New(context.Background(), wasm, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Configure(context.Background(), []byte(config)); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h.Middleware(next))
	t.Cleanup(func() {
		srv.Close()
		if n := h.Workers()[0].Streams; n != 0 {
			t.Errorf("%d streams are still open", n)
		}
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return srv
}

const websocket = "\nConnection: Upgrade\nUpgrade: websocket"

// TestH23UpgradesOfSignedRequestsInMiddleware: what comes behind the headers of an upgrade
// is signed by nobody.
func TestH23UpgradesOfSignedRequestsInMiddleware(t *testing.T) {
	path := os.Getenv("POSTERN_MODULE")
	if path == "" {
		path = "../build/postern.wasm"
	}
	wasm, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("the module is not built (`make plugin` builds it): %v", err)
	}
	mac := func(key, text string) []byte {
		m := hmac.New(sha256.New, []byte(key))
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	secret := strings.Repeat("k", 32)
	token := b64([]byte(`{"alg":"HS256","kid":"h"}`)) + "." + b64(fmt.Appendf(nil, `{"iss":"i","aud":"a","exp":%d}`, time.Now().Unix()+600))
	token += "." + b64(mac(secret, token))
	config := `{"providers": {
		"hook": {"signed_request": {"preset": "github", "keys": [{"id": "k", "secret": {"inline": "hook secret"}}]}},
		"login": {"issuer": "i", "audiences": ["a"], "algorithms": ["HS256"],
			"local_jwks": {"inline_string": "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"h\",\"k\":\"` + b64([]byte(secret)) + `\"}]}"}}},
		"rules": [{"match": {"prefix": "/hook"}, "requires": {"provider_name": "hook"}},
			{"match": {"prefix": "/"}, "requires": {"provider_name": "login"}}]}`
	empty := "\nX-Hub-Signature-256: sha256=" + hex.EncodeToString(mac("hook secret", ""))
	for _, stop := range []bool{true, false} {
		reasons := make(chan string, 1)
		srv := behind(t, wasm, config, Options{StopIteration: stop, Env: WithVerdicts(nil), Observe: func(_ *http.Request, d Decision) {
			reasons <- string(d.FilterState["postern.reason"])
		}}, switches)
		for _, tt := range []struct {
			law, head, reason string
			status            int
		}{
			{"signed, without an upgrade", "GET /hook HTTP/1.1\nHost: a" + empty, "", 101},
			{"signed", "GET /hook HTTP/1.1\nHost: a" + websocket + empty, "body_not_allowed", 400},
			{"signed, by POST", "POST /hook HTTP/1.1\nHost: a\nContent-Length: 0" + websocket + empty, "body_not_allowed", 400},
			{"a token", "GET /ws HTTP/1.1\nHost: a\nAuthorization: Bearer " + token + websocket, "", 101},
			{"no token", "GET /ws HTTP/1.1\nHost: a" + websocket, "missing", 401},
		} {
			status, rest := knock(t, srv, tt.head)
			if reason := <-reasons; status != tt.status || reason != tt.reason || (rest == "ping") != (status == 101) {
				t.Errorf("stop iteration %v, %s: %d %q %q, want %d %q", stop, tt.law, status, reason, rest, tt.status, tt.reason)
			}
		}
	}
}

// The headers of an upgrade are not the end; the end follows all the same, so that nobody
// waits for it, and is the module's to judge before there is a next.
func TestMiddlewareEndsAnUpgrade(t *testing.T) {
	ends := func() *w.Module {
		return w.New(abi.Version021).Func("proxy_on_request_headers", 3, 1, w.If(w.L(2), w.Unreachable), w.If(has("x-hold"), w.I(1), w.Return), w.I(0))
	}
	reply := w.Do("proxy_send_local_response", w.I(403), w.S("d"), w.S("no"), w.Pairs(), w.I(-1))
	atEnd := func(code ...w.Code) []byte {
		return ends().Func("proxy_on_request_body", 3, 1, w.If(w.L(2), code...), w.I(0)).Build()
	}
	reads := func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(rw, "%q %v %d", body, err, r.ContentLength)
	}
	const get = "GET / HTTP/1.1\nHost: a\nConnection: Upgrade, close\nUpgrade: websocket"
	for _, tt := range []struct {
		law  string
		wasm []byte
		head string
		next http.HandlerFunc
		want string
	}{
		{"next hijacks", ends().Build(), get, switches, "101 ping"},
		{"next reads", ends().Build(), get, reads, `200 "" <nil> 0`},
		{"next leaves it", ends().Build(), get, func(http.ResponseWriter, *http.Request) {}, "200 "},
		{"a tunnel", ends().Build(), "CONNECT a:1 HTTP/1.1\nHost: a:1\nConnection: close", reads, `200 "" <nil> 0`},
		{"the module holds the headers until the end", atEnd(w.I(0), w.Return), get + "\nX-Hold: 1", switches, "101 ping"},
		{"the module answers at the end", atEnd(reply), get, switches, "403 no"},
		{"the module holds the headers and answers at the end", atEnd(reply), get + "\nX-Hold: 1", switches, "403 no"},
		{"the module traps at the end", atEnd(w.Unreachable), get, switches, "503 "},
		{"a body comes first", atEnd(w.I(0), w.Return), get + "\nContent-Length: 2\n\nab", reads, `200 "ab" <nil> 2`},
	} {
		t.Run(tt.law, func(t *testing.T) {
			srv := behind(t, tt.wasm, "", Options{StopIteration: true}, tt.next)
			status, rest := knock(t, srv, tt.head)
			if got := fmt.Sprint(status, " ", rest); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A request made by hand may have no body at all.
func TestMiddlewareEndsAnUpgradeMadeByHand(t *testing.T) {
	h, err := New(context.Background(), gate().Build(), Options{StopIteration: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close(context.Background())
	if err := h.Configure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequest("GET", "http://a/p", nil)
	r.Header = http.Header{"Connection": {"upgrade"}, "Upgrade": {"websocket"}, "X-Hold": {"1"}}
	rec := httptest.NewRecorder()
	h.Middleware(http.HandlerFunc(echo)).ServeHTTP(rec, r)
	if want := `GET /p host=a user=[] body="<" err=<nil> trailer=""`; rec.Body.String() != want {
		t.Errorf("got %s, want %s", rec.Body, want)
	}
}
