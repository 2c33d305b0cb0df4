package load

import (
	"fmt"
	"net"
	"time"
)

// Source writes requests.
type Source interface {
	// Append appends the i-th request to b, whole.
	Append(b []byte, i int) []byte
}

// Options say what to send.
type Options struct {
	// Address is the server's host:port.
	Address string
	// Connections is how many requests are outstanding (16).
	Connections int
	// Requests is how many are sent at most.
	Requests int
	// First is the number of the first request, for Source.
	First int
	// Limit ends the run early, once it has lasted that long; 0 never.
	Limit time.Duration
	// Status is what each answer must have.
	Status int
	// Timeout bounds the wait for one answer (10 s).
	Timeout time.Duration
}

// Result is what came of it.
type Result struct {
	// Sent is how many requests were sent; each is either right or wrong.
	Sent int
	// Right is how many were answered with Options.Status.
	Right int
	// Wrong is how many were not, for the reason that FirstWrong gives of the first.
	Wrong      int
	FirstWrong string
	// Wall is the time from the first request to the last answer.
	Wall time.Duration
}

// Run sends requests until all are answered or the limit has passed. The error
// says that the server could not be reached at all; what goes wrong later is
// counted.
func Run(o Options, source Source) (Result, error) {
	if o.Connections <= 0 {
		o.Connections = 16
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	ring := make([]*conn, min(o.Connections, max(o.Requests, 1)))
	for i := range ring {
		c, err := dial(o.Address, o.Timeout)
		if err != nil {
			return Result{}, err
		}
		defer c.close()
		ring[i] = c
	}
	r := &runner{opts: o, source: source, begin: time.Now()}
	for i := 0; r.more(); i = (i + 1) % len(ring) {
		r.receive(ring[i])
		r.send(ring[i])
	}
	for _, c := range ring {
		r.receive(c)
	}
	r.result.Wall = time.Since(r.begin)
	return r.result, nil
}

// runner is one run under way.
type runner struct {
	opts   Options
	source Source
	begin  time.Time
	result Result
	out    []byte
}

// more reports whether another request is to be sent. The clock is read rarely:
// on some machines that costs as much as a request.
func (r *runner) more() bool {
	if r.result.Sent >= r.opts.Requests {
		return false
	}
	return r.opts.Limit <= 0 || r.result.Sent%64 != 0 || time.Since(r.begin) < r.opts.Limit
}

// send writes the next request, on a new connection if the last one ended.
func (r *runner) send(c *conn) {
	n := r.opts.First + r.result.Sent
	r.result.Sent++
	if c.net == nil {
		fresh, err := dial(r.opts.Address, r.opts.Timeout)
		if err != nil {
			r.wrong(n, err.Error())
			return
		}
		c.net, c.until = fresh.net, time.Time{}
	}
	r.out = r.source.Append(r.out[:0], n)
	if err := c.write(r.out); err != nil {
		c.close()
		r.wrong(n, err.Error())
		return
	}
	c.waiting, c.number = true, n
}

// receive reads the answer to the connection's outstanding request, if any.
func (r *runner) receive(c *conn) {
	if !c.waiting {
		return
	}
	c.waiting = false
	status, ends, err := c.read()
	if err != nil || ends {
		c.close()
	}
	switch {
	case err != nil:
		r.wrong(c.number, err.Error())
	case status != r.opts.Status:
		r.wrong(c.number, fmt.Sprintf("status %d instead of %d", status, r.opts.Status))
	default:
		r.result.Right++
	}
}

func (r *runner) wrong(number int, why string) {
	if r.result.Wrong == 0 {
		r.result.FirstWrong = fmt.Sprintf("request %d: %s", number, why)
	}
	r.result.Wrong++
}

// conn is one connection with at most one request outstanding.
type conn struct {
	net     net.Conn // nil once closed
	timeout time.Duration
	waiting bool
	number  int
	in      []byte
	have    int // bytes of in
	until   time.Time
}

func dial(address string, timeout time.Duration) (*conn, error) {
	n, err := net.DialTimeout("tcp", address, timeout)
	if err != nil {
		return nil, err
	}
	return &conn{net: n, timeout: timeout, in: make([]byte, maxAnswer)}, nil
}

func (c *conn) close() {
	if c.net != nil {
		_ = c.net.Close()
		c.net = nil
	}
}

func (c *conn) write(b []byte) error {
	// A deadline costs a lock and a timer: once in a while is enough to end what hangs.
	if now := time.Now(); c.until.Sub(now) < c.timeout/2 {
		c.until = now.Add(c.timeout)
		if err := c.net.SetDeadline(c.until); err != nil {
			return err
		}
	}
	_, err := c.net.Write(b)
	return err
}
