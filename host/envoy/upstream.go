package envoy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// Seen is one request as the upstream received it.
type Seen struct {
	// Method and Target are the words of the request line, byte for byte.
	Method, Target string
	// Headers are the lines in order, names as on the wire.
	Headers []Header
	// Body is the body with transfer coding removed.
	Body []byte
}

// Answer is what an upstream says.
type Answer struct {
	// Status is the status code; 0 means 200.
	Status int
	// Headers are added after content-length.
	Headers []Header
	// Body is the whole body.
	Body []byte
	// Delay is how long to wait before answering.
	Delay time.Duration
	// Reset closes the connection instead of answering.
	Reset bool
	// At are the answers for targets that are answered otherwise.
	At map[string]Answer
}

// Upstream is an HTTP/1.1 server on loopback that records what it sees. Its own
// reader leaves names, order and odd bytes alone, which net/http would not.
type Upstream struct {
	listener net.Listener
	answer   func(*Seen) Answer

	mu     sync.Mutex
	seen   []Seen
	count  int
	silent bool
	conns  map[net.Conn]struct{}
	closed bool
	done   sync.WaitGroup
}

// NewUpstream starts a server on a port of the kernel's choice. A nil answer
// means 200 with `{"ok":true}` as JSON. answer may be called concurrently.
func NewUpstream(answer func(*Seen) Answer) (*Upstream, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if answer == nil {
		answer = func(*Seen) Answer {
			return Answer{Headers: []Header{{"content-type", "application/json"}}, Body: []byte(`{"ok":true}`)}
		}
	}
	u := &Upstream{listener: listener, answer: answer, conns: map[net.Conn]struct{}{}}
	u.done.Add(1)
	go u.accept()
	return u, nil
}

// Addr is the server's host:port.
func (u *Upstream) Addr() string { return u.listener.Addr().String() }

// Take returns what was seen since the last call, in order of arrival.
func (u *Upstream) Take() []Seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := u.seen
	u.seen = nil
	return seen
}

// Count is how many requests have come in all.
func (u *Upstream) Count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.count
}

// CountOnly stops recording, for runs whose records would only fill memory.
func (u *Upstream) CountOnly() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.silent = true
}

// Close ends the server and its connections and waits for them.
func (u *Upstream) Close() error {
	u.mu.Lock()
	u.closed = true
	err := u.listener.Close()
	for conn := range u.conns {
		_ = conn.Close()
	}
	u.mu.Unlock()
	u.done.Wait()
	return err
}

func (u *Upstream) accept() {
	defer u.done.Done()
	for {
		conn, err := u.listener.Accept()
		if err != nil {
			return
		}
		if !u.track(conn) {
			_ = conn.Close()
			return
		}
		go func() {
			defer u.done.Done()
			defer u.untrack(conn)
			u.serve(conn)
		}()
	}
}

// track remembers conn for Close; false means that Close was first.
func (u *Upstream) track(conn net.Conn) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return false
	}
	u.done.Add(1)
	u.conns[conn] = struct{}{}
	return true
}

func (u *Upstream) untrack(conn net.Conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.conns, conn)
	_ = conn.Close()
}

// serve answers the requests of one connection until it ends.
func (u *Upstream) serve(conn net.Conn) {
	reader := bufio.NewReaderSize(conn, 16<<10)
	for {
		seen, err := readRequest(reader)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
			}
			return
		}
		u.record(seen)
		answer := u.answer(&seen)
		if there, ok := answer.At[seen.Target]; ok {
			answer = there
		}
		time.Sleep(answer.Delay)
		if answer.Reset {
			return
		}
		if _, err := conn.Write(answer.encode(seen.Method)); err != nil {
			return
		}
	}
}

func (u *Upstream) record(seen Seen) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count++
	if !u.silent {
		u.seen = append(u.seen, seen)
	}
}

func readRequest(r *bufio.Reader) (Seen, error) {
	line, err := readLine(r)
	if err != nil {
		return Seen{}, err
	}
	// The target is what stands between the first and the last space: a target
	// with a space in it is shown, not hidden.
	method, rest, ok := strings.Cut(line, " ")
	at := strings.LastIndexByte(rest, ' ')
	if !ok || at < 0 || rest[at+1:] != "HTTP/1.1" {
		return Seen{}, fmt.Errorf("request line %q", line)
	}
	headers, err := readHeaders(r)
	if err != nil {
		return Seen{}, err
	}
	body, err := readBody(r, headers, false)
	if err != nil {
		return Seen{}, err
	}
	return Seen{Method: method, Target: rest[:at], Headers: headers, Body: body}, nil
}

func (a Answer) encode(method string) []byte {
	status := a.Status
	if status == 0 {
		status = 200
	}
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d Status\r\ncontent-length: %d\r\n", status, len(a.Body))
	for _, h := range a.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	b.WriteString("\r\n")
	if method != "HEAD" {
		b.Write(a.Body)
	}
	return []byte(b.String())
}
