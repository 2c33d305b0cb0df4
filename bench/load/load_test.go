package load

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// numbered sends each number as a path.
type numbered struct{}

func (numbered) Append(b []byte, i int) []byte {
	return fmt.Appendf(b, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
}

func TestEveryRequestIsSentOnceAndItsStatusChecked(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.URL.Path]++
		mu.Unlock()
		if r.URL.Path == "/17" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprint(w, "body")
	}))
	defer server.Close()
	got, err := Run(Options{Address: server.Listener.Addr().String(), Connections: 7, Requests: 100, First: 5, Status: 200}, numbered{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Sent != 100 || got.Right != 99 || got.Wrong != 1 || got.FirstWrong != "request 17: status 401 instead of 200" || got.Wall <= 0 {
		t.Errorf("%+v", got)
	}
	for i := 5; i < 105; i++ {
		if seen[fmt.Sprintf("/%d", i)] != 1 {
			t.Errorf("request %d was sent %d times", i, seen[fmt.Sprintf("/%d", i)])
		}
	}
	if len(seen) != 100 {
		t.Errorf("%d different requests", len(seen))
	}
}

func TestAServerThatClosesIsDialledAgain(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	got, err := Run(Options{Address: server.Listener.Addr().String(), Connections: 2, Requests: 9, Status: 204}, numbered{})
	if err != nil || got.Right != 9 || got.Wrong != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTheLimitEndsARun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { time.Sleep(time.Millisecond) }))
	defer server.Close()
	got, err := Run(Options{Address: server.Listener.Addr().String(), Connections: 1, Requests: 1 << 20, Limit: 50 * time.Millisecond, Status: 200}, numbered{})
	if err != nil || got.Sent == 0 || got.Sent == 1<<20 || got.Right != got.Sent {
		t.Errorf("%+v, %v", got, err)
	}
}

// raw answers each connection with a text and closes it.
func raw(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 4096)
			_, _ = c.Read(buffer)
			_, _ = c.Write([]byte(text))
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

func TestAnAnswerThatIsNotWholeOrNotHTTPIsWrong(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                 "",
		"half a head":             "HTTP/1.1 200 OK\r\ncontent-le",
		"half a body":             "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
		"more than it announces":  "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc",
		"no length":               "HTTP/1.1 200 OK\r\n\r\nabc",
		"a length that is none":   "HTTP/1.1 200 OK\r\ncontent-length: 5x\r\n\r\nabcde",
		"an older version":        "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
		"a status of two digits":  "HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n",
		"an interim answer alone": "HTTP/1.1 100 Continue\r\n\r\n",
		"a head without an end":   "HTTP/1.1 200 OK\r\nx: " + strings.Repeat("a", maxAnswer),
		"a body beyond the bound": "HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n",
	} {
		got, err := Run(Options{Address: raw(t, text), Connections: 1, Requests: 2, Status: 200, Timeout: time.Second}, numbered{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Right != 0 || got.Wrong != 2 || got.FirstWrong == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAServerThatIsNotThereIsAnError(t *testing.T) {
	if _, err := Run(Options{Address: "127.0.0.1:1", Requests: 1, Status: 200}, numbered{}); err == nil {
		t.Error("no error")
	}
}

func TestPacedRequestsKeepTheirRate(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/3" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	got, err := Paced(PacedOptions{Options: Options{Address: server.Listener.Addr().String(), Connections: 4, Requests: 100, Status: 200}, Rate: 1000}, numbered{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Sent != 100 || got.Right != 99 || got.Wrong != 1 || got.FirstWrong != "request 3: status 401 instead of 200" || len(got.Latencies) != 99 {
		t.Errorf("%+v", got.Result)
	}
	// The last is due after 99 ms: faster than its rate it cannot be.
	if got.Wall < 99*time.Millisecond {
		t.Errorf("100 requests at 1000 a second took %v", got.Wall)
	}
	if _, err := Paced(PacedOptions{}, numbered{}); err == nil {
		t.Error("no rate is a rate")
	}
}

func TestAStallCountsForWhatWasDueMeanwhile(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/0" {
			time.Sleep(50 * time.Millisecond)
		}
	}))
	defer server.Close()
	got, err := Paced(PacedOptions{Options: Options{Address: server.Listener.Addr().String(), Connections: 1, Requests: 10, Status: 200}, Rate: 1000}, numbered{})
	if err != nil || len(got.Latencies) != 10 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, l := range got.Latencies {
		if l < 40_000 {
			t.Errorf("request %d was due during the stall and took %v us", i, l)
		}
	}
}
