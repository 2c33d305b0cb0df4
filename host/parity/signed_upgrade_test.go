package parity

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// upgradeConfig signs bodies that are held, bodies that pass while they are hashed, and, in
// the open, nothing.
const upgradeConfig = `{"providers": {
  "gh": {"signed_request": {"preset": "github", "keys": [{"id": "k1", "secret": {"inline": "hook secret"}}], "body": {"max_bytes": 4096}}},
  "p": {"signed_request": {"cavage": {"dialect": "draft12"}, "keys": [{"id": "k1", "secret": {"inline": "stream secret"}}],
    "body": {"mode": "digest", "stream": true, "max_bytes": 4096}}}},
  "rules": [{"match": {"prefix": "/open"}}, {"match": {"prefix": "/hook"}, "requires": {"provider_name": "gh"}},
    {"match": {"prefix": "/"}, "requires": {"provider_name": "p"}}]}`

// sink is an upstream that keeps every byte it gets and agrees to every upgrade.
type sink struct {
	listener net.Listener
	mu       sync.Mutex
	got      bytes.Buffer
}

func newSink(t *testing.T) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &sink{listener: l}
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			go s.serve(conn)
		}
	}()
	return s
}

func (s *sink) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	b := make([]byte, 4096)
	answer := "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
	for n, err := conn.Read(b); err == nil; n, err = conn.Read(b) {
		s.mu.Lock()
		s.got.Write(b[:n])
		s.mu.Unlock()
		if bytes.HasPrefix(b, []byte("CONNECT")) {
			answer = "HTTP/1.1 200 OK\r\n\r\n"
		}
		_, _ = io.WriteString(conn, answer)
		answer = ""
	}
}

// take returns what has come so far and forgets it.
func (s *sink) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.got.String()
	s.got.Reset()
	return text
}

// knock sends bytes over a connection of its own, waits until enough says that the answer
// has come, and returns how Envoy records the request.
func knock(t *testing.T, e *envoy.Envoy, name, text string, enough func(answer []byte) bool) envoy.Access {
	t.Helper()
	conn, err := net.DialTimeout("tcp", e.Addr(name), patience)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Error(err)
	}
	var answer []byte
	for b := make([]byte, 4096); !enough(answer); {
		n, err := conn.Read(b)
		if answer = append(answer, b[:n]...); err != nil {
			t.Errorf("no answer to %.60q: %q, %v", text, answer, err)
			break
		}
	}
	time.Sleep(20 * time.Millisecond) // what is to reach the upstream does so
	_ = conn.Close()
	record, err := e.Access(t.Context(), name, conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func isHeadH1(answer []byte) bool { return bytes.Contains(answer, []byte("\r\n\r\n")) }

// isHeadH2 looks for a frame of headers (RFC 9113 §4.1).
func isHeadH2(answer []byte) bool {
	for len(answer) >= 9 {
		size := int(answer[0])<<16 | int(answer[1])<<8 | int(answer[2])
		if answer[3] == 1 {
			return true
		}
		if len(answer) < 9+size {
			break
		}
		answer = answer[9+size:]
	}
	return false
}

// connectH2 is a connection's bytes with one CONNECT, in literals without an index
// (RFC 7541 §6.2.2), of a protocol (RFC 8441 §4) or, without one, of a tunnel.
func connectH2(path, protocol string, headers []envoy.Header, data string) string {
	var block []byte
	text := func(s string) {
		if n := len(s); n < 127 {
			block = append(block, byte(n))
		} else if block = append(block, 127); n-127 < 128 {
			block = append(block, byte(n-127))
		} else {
			block = append(block, byte(n-127)|128, byte((n-127)>>7))
		}
		block = append(block, s...)
	}
	fields := []envoy.Header{{Name: ":method", Value: "CONNECT"}, {Name: ":authority", Value: "api.test"}}
	if protocol != "" {
		fields = append(fields, envoy.Header{Name: ":protocol", Value: protocol}, envoy.Header{Name: ":scheme", Value: "http"}, envoy.Header{Name: ":path", Value: path})
	}
	for _, h := range append(fields, headers...) {
		block = append(block, 0)
		text(h.Name)
		text(h.Value)
	}
	frame := func(kind, flags byte, stream byte, payload string) string {
		n := len(payload)
		return string([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags, 0, 0, 0, stream}) + payload
	}
	return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "") + frame(1, 4, 1, string(block)) + frame(0, 0, 1, data)
}

// TestH23UpgradesOfSignedRequestsInEnvoy: where Envoy lets requests change to another
// protocol, what comes behind their headers has no end and no digest: with a signature of a
// body none is let on, whether it is held or passes, and the upstream sees nothing of it.
func TestH23UpgradesOfSignedRequestsInEnvoy(t *testing.T) {
	s := newSink(t)
	door := listener("edge", upgradeConfig, nil)
	door.Upstream, door.Plugin.HoldBody, door.Upgrades = "up", true, []string{"websocket", "CONNECT"}
	e := envoy.Run(t, envoy.Options{
		Concurrency: 1, Listeners: []envoy.Listener{door, {Name: "plain", Upstream: "up", Upgrades: door.Upgrades}},
		Clusters: []envoy.Cluster{{Name: "up", Address: s.listener.Addr().String()}},
	})
	const early = "GET /smuggled HTTP/1.1\r\nhost: up\r\n\r\n"
	refused := func(law string, record envoy.Access, reasons ...string) {
		t.Helper()
		if got := s.take(); got != "" {
			t.Errorf("%s: the upstream sees %q", law, got)
		}
		if record.Status/100 != 4 || !strings.Contains(strings.Join(reasons, " "), reasonOf(record.Details)) {
			t.Errorf("%s: %d %s, want one of %v", law, record.Status, record.Details, reasons)
		}
	}
	passes := func(law string, record envoy.Access) {
		t.Helper()
		if got := s.take(); strings.HasPrefix(record.Details, "postern_denied") || !strings.HasSuffix(got, "\r\n\r\n"+early) {
			t.Errorf("%s: %d %s, and the upstream sees %q: nothing is shown by the others", law, record.Status, record.Details, got)
		}
	}
	for _, method := range []string{"GET", "POST"} {
		for _, signed := range []string{"", early} {
			for _, framing := range []string{"", fmt.Sprintf("content-length: %d\r\n", len(early)), "transfer-encoding: chunked\r\n"} {
				law := fmt.Sprintf("%s of %d bytes, %q", method, len(signed), framing)
				head := " HTTP/1.1\r\nhost: api.test\r\nconnection: Upgrade\r\nupgrade: websocket\r\n" + framing
				body := "\r\n" + early
				passes(law+" in the open", knock(t, e, "edge", method+" /open"+head+body, isHeadH1))
				hook := hookLine(signed)
				refused(law+", held", knock(t, e, "edge", method+" /hook"+head+hook.Name+": "+hook.Value+"\r\n"+body, isHeadH1), "body_not_allowed")
				for _, h := range digestedBy(method, "/", signed) {
					head += h.Name + ": " + h.Value + "\r\n"
				}
				refused(law+", streamed", knock(t, e, "edge", method+" /"+head+body, isHeadH1), "body_not_allowed")
			}
		}
	}
	// Over h2 Envoy makes the upgrade of HTTP/1.1 of it, a GET.
	passes("h2, in the open", knock(t, e, "edge", connectH2("/open", "websocket", nil, early), isHeadH2))
	for _, signed := range []string{"", early} {
		refused("h2, held", knock(t, e, "edge", connectH2("/hook", "websocket", []envoy.Header{hookLine(signed)}, early), isHeadH2), "body_not_allowed")
		refused("h2, streamed", knock(t, e, "edge", connectH2("/", "websocket", digestedBy("GET", "/", signed), early), isHeadH2), "body_not_allowed")
	}
	const tunnel = "CONNECT api.test:443 HTTP/1.1\r\nhost: api.test:443\r\n"
	passes("CONNECT without the filter", knock(t, e, "plain", tunnel+"\r\n"+early, isHeadH1))
	hook := hookLine("")
	refused("CONNECT", knock(t, e, "edge", tunnel+hook.Name+": "+hook.Value+"\r\n\r\n"+early, isHeadH1), "no_rule")
	passes("CONNECT over h2 without the filter", knock(t, e, "plain", connectH2("", "", nil, early), isHeadH2))
	refused("CONNECT over h2", knock(t, e, "edge", connectH2("", "", []envoy.Header{hook}, early), isHeadH2), "no_rule")
}
