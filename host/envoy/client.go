package envoy

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Request is one HTTP/1.1 request, written to the wire exactly as given: no
// name is canonicalised, nothing is escaped, nothing is added but what each
// field says.
type Request struct {
	// Method is the first word of the request line.
	Method string
	// Target is the second: a path with its query, an absolute URI, `*`.
	Target string
	// Host is the value of the Host line, which comes first; "" sends none.
	Host string
	// Headers are the other lines in order. Duplicates and odd bytes stay.
	Headers []Header
	// Body, if not nil, is sent after a content-length line.
	Body []byte
	// Chunks, if not nil, is sent instead with chunked transfer coding, one
	// write for each chunk.
	Chunks [][]byte
}

// Response is what came back, lines in order.
type Response struct {
	// Status is the status code.
	Status int
	// Headers are the header lines in order.
	Headers []Header
	// Body is the body, with transfer coding removed.
	Body []byte
}

// Client is one HTTP/1.1 connection for one request at a time.
type Client struct {
	conn    net.Conn
	reader  *bufio.Reader
	timeout time.Duration
	closing bool
}

// Dial connects to host:port. Each exchange on the connection may take at most
// timeout.
func Dial(address string, timeout time.Duration) (*Client, error) {
	conn, err := net.DialTimeout("tcp", address, timeout)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, reader: bufio.NewReaderSize(conn, 16<<10), timeout: timeout}, nil
}

// LocalAddr is this end of the connection, which names it in the access log.
func (c *Client) LocalAddr() string { return c.conn.LocalAddr().String() }

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Closing reports whether the last answer said that the server ends the connection.
func (c *Client) Closing() bool { return c.closing }

// Do sends r and reads the answer.
func (c *Client) Do(r Request) (*Response, error) {
	if err := c.conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(r.head()); err != nil {
		return nil, fmt.Errorf("sending the request: %w", err)
	}
	for _, chunk := range r.Chunks {
		if len(chunk) == 0 {
			continue // would end the body
		}
		if _, err := fmt.Fprintf(c.conn, "%x\r\n%s\r\n", len(chunk), chunk); err != nil {
			return nil, fmt.Errorf("sending the body: %w", err)
		}
	}
	if r.Chunks != nil {
		if _, err := c.conn.Write([]byte("0\r\n\r\n")); err != nil {
			return nil, fmt.Errorf("ending the body: %w", err)
		}
	}
	response, err := c.read(r.Method)
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return response, nil
}

// head renders everything that is sent in one write: the request line, the
// headers, and a body of known length.
func (r Request) head() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", r.Method, r.Target)
	if r.Host != "" {
		fmt.Fprintf(&b, "Host: %s\r\n", r.Host)
	}
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	switch {
	case r.Chunks != nil:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	case r.Body != nil:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(r.Body), r.Body)
	default:
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

// read returns the first answer that is not informational.
func (c *Client) read(method string) (*Response, error) {
	for {
		line, err := readLine(c.reader)
		if err != nil {
			return nil, err
		}
		version, rest, _ := strings.Cut(line, " ")
		code, _, _ := strings.Cut(rest, " ")
		status, err := strconv.Atoi(code)
		if err != nil || version != "HTTP/1.1" || status < 100 || status > 999 {
			return nil, fmt.Errorf("status line %q", line)
		}
		headers, err := readHeaders(c.reader)
		if err != nil {
			return nil, err
		}
		if status < 200 {
			continue
		}
		c.closing = strings.EqualFold(strings.Join(Values(headers, "connection"), ","), "close")
		response := &Response{Status: status, Headers: headers}
		// RFC 9112 §6.3: these never have a body, whatever the headers announce.
		if method == "HEAD" || status == 204 || status == 304 {
			return response, nil
		}
		response.Body, err = readBody(c.reader, headers, true)
		return response, err
	}
}

// Once sends r on a connection of its own. Local is the client's address on it.
func Once(address string, timeout time.Duration, r Request) (response *Response, local string, err error) {
	client, err := Dial(address, timeout)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = client.Close() }()
	response, err = client.Do(r)
	return response, client.LocalAddr(), err
}
