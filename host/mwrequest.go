package host

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-wasm/postern/host/abi"
)

// errAnswered is what next reads once the module has answered the request
// itself.
var errAnswered = errors.New("request was answered by the module")

// errHeader is returned for a header that no message can carry.
var errHeader = errors.New("header cannot be sent")

// requestPairs returns a request's headers as Envoy shows them. Names come
// sorted: net/http does not keep their order, nor tell Host from :authority.
func requestPairs(r *http.Request) []abi.Pair {
	path := r.RequestURI
	if !strings.HasPrefix(path, "/") && path != "*" {
		path = r.URL.RequestURI() // absolute form, or made by hand
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	h := make([]abi.Pair, 0, len(r.Header)+6)
	h = append(h, abi.Pair{Name: ":authority", Value: r.Host})
	if r.Method != http.MethodConnect {
		h = append(h, abi.Pair{Name: ":path", Value: path})
	}
	h = append(h, abi.Pair{Name: ":method", Value: r.Method}, abi.Pair{Name: ":scheme", Value: scheme})
	h = appendHeader(h, r.Header)
	if len(r.TransferEncoding) > 0 {
		h = append(h, abi.Pair{Name: "transfer-encoding", Value: strings.Join(r.TransferEncoding, ",")})
	}
	if r.ContentLength > 0 && r.Header.Get("Content-Length") == "" {
		h = append(h, abi.Pair{Name: "content-length", Value: strconv.FormatInt(r.ContentLength, 10)})
	}
	return Arrive(h, r.ProtoMajor == 2)
}

// appendHeader appends a header's lines, sorted by name.
func appendHeader(h []abi.Pair, header http.Header) []abi.Pair {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, v := range header[name] {
			h = append(h, abi.Pair{Name: strings.ToLower(name), Value: v})
		}
	}
	return h
}

// upstreamRequest makes the request that next sees.
func (x *httpExchange) upstreamRequest(p Part) (*http.Request, error) {
	out := x.r.WithContext(x.r.Context()) // a shallow copy: what is changed is made anew
	out.Header = make(http.Header, len(p.Headers))
	out.ContentLength = -1
	for _, h := range p.Headers {
		if !sendable(h) {
			return nil, errHeader
		}
		switch h.Name {
		case ":method":
			out.Method = h.Value
		case ":authority":
			out.Host = h.Value
		case ":path":
			u, err := url.ParseRequestURI(h.Value)
			if err != nil {
				return nil, err
			}
			out.RequestURI, out.URL = h.Value, u
		case ":scheme", ":protocol", "transfer-encoding":
		case "content-length":
			if n, err := strconv.ParseInt(h.Value, 10, 64); err == nil && n >= 0 {
				out.ContentLength = n
			}
			out.Header.Add("Content-Length", h.Value)
		default:
			out.Header.Add(h.Name, h.Value)
		}
	}
	out.Trailer = nil
	if len(x.r.Trailer) > 0 {
		out.Trailer = make(http.Header)
		for name := range x.r.Trailer {
			out.Trailer[name] = nil
		}
	}
	x.body.out, x.body.trailer = p.Body, &out.Trailer
	x.body.released = p.End
	x.body.setTrailers(p.Trailers)
	if p.End && len(p.Body) == 0 && p.Trailers == nil {
		out.Body, out.ContentLength = http.NoBody, 0
		return out, nil
	}
	out.Body = &x.body
	return out, nil
}

// sendable reports whether a header can be in a message: a token and no line
// breaks (RFC 9110 §5.1, §5.5).
func sendable(h abi.Pair) bool {
	name := strings.TrimPrefix(h.Name, ":")
	if name == "" || strings.ContainsAny(h.Value, "\x00\r\n") {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", c) >= 0 {
			return false
		}
	}
	return true
}

// requestBody is the body that next reads: the client's, by way of the module.
// Before there is a next, advance moves it.
type requestBody struct {
	x *httpExchange

	// closed and reading are set without mu, which is held while the client is
	// waited for.
	closed  atomic.Bool
	reading atomic.Bool

	mu       sync.Mutex
	out      []byte // let through and not read
	ended    bool   // the client's body has been fed to its end
	released bool   // the end has been let through
	err      error
	trailer  *http.Header
	buf      []byte
	pump     chan chunk // a read in another goroutine, or nil
}

type chunk struct {
	n   int
	err error
}

// bodyChunk is the size of the pieces in which a body is read, in bytes.
const bodyChunk = 16 << 10

// advance waits for something to happen to a held request: more body, if the
// module may see it, or an event.
func (b *requestBody) advance() {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := b.x.s.Changed()
	if b.x.s.RequestState() != StatePaused {
		return
	}
	var pump chan chunk
	if !b.ended && !b.x.s.BodyStopped() {
		if b.pump == nil {
			b.start()
		}
		pump = b.pump
	}
	select {
	case c := <-pump:
		b.pump = nil
		b.feed(c)
	case <-changed:
	case <-b.x.r.Context().Done():
	}
}

// start reads a piece in another goroutine: an event must be seen meanwhile.
func (b *requestBody) start() {
	if b.buf == nil {
		b.buf = make([]byte, bodyChunk)
	}
	pump := make(chan chunk, 1)
	b.pump = pump
	go func() {
		n, err := b.x.r.Body.Read(b.buf)
		pump <- chunk{n, err}
	}()
}

// feed gives the module what has been read, and its end.
func (b *requestBody) feed(c chunk) {
	if c.n > 0 {
		b.x.s.RequestBody(b.buf[:c.n], false)
	}
	switch {
	case errors.Is(c.err, io.EOF) && len(b.x.r.Trailer) > 0:
		b.ended = true
		b.x.s.RequestTrailers(Arrive(appendHeader(nil, b.x.r.Trailer), false))
	case errors.Is(c.err, io.EOF):
		b.ended = true
		b.x.s.RequestBody(nil, true)
	case c.err != nil:
		// The client broke off: what is held must not be taken for the whole.
		b.ended, b.err = true, c.err
		b.x.s.Abort()
	}
}

// endEmpty ends the body of a request that has none, whose headers were not its
// end, and adds what that lets through to p. It reports whether there was
// something to end.
func (b *requestBody) endEmpty(p *Part) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return false
	}
	if b.pump != nil {
		<-b.pump
		b.pump = nil
	}
	b.feed(chunk{err: io.EOF})
	more := b.x.s.TakeRequest()
	p.Body, p.End, p.Trailers = append(p.Body, more.Body...), p.End || more.End, more.Trailers
	return true
}

// take moves what has been let through to where it is read.
func (b *requestBody) take() {
	p := b.x.s.TakeRequest()
	b.out = append(b.out, p.Body...)
	b.released = b.released || p.End
	b.setTrailers(p.Trailers)
}

func (b *requestBody) setTrailers(t []abi.Pair) {
	for _, h := range t {
		if !sendable(h) {
			continue
		}
		if *b.trailer == nil {
			*b.trailer = make(http.Header)
		}
		b.trailer.Add(h.Name, h.Value)
	}
}

// Read reads what the module lets through, and waits for it.
func (b *requestBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		if b.closed.Load() {
			return 0, http.ErrBodyReadAfterClose
		}
		if len(b.out) > 0 {
			n := copy(p, b.out)
			b.out = b.out[n:]
			return n, nil
		}
		if b.released {
			return 0, io.EOF
		}
		if b.err != nil {
			return 0, b.err
		}
		if err := b.step(); err != nil {
			return 0, err
		}
		b.take()
	}
}

// step feeds the next piece, or waits while the module holds the body.
func (b *requestBody) step() error {
	changed := b.x.s.Changed()
	switch state := b.x.s.RequestState(); {
	case state.Final():
		b.err = errAnswered
		return b.err
	case b.pump != nil:
		c := <-b.pump
		b.pump = nil
		b.feed(c)
	case !b.ended && !b.x.s.BodyStopped():
		if b.buf == nil {
			b.buf = make([]byte, bodyChunk)
		}
		b.reading.Store(true)
		if b.closed.Load() {
			return http.ErrBodyReadAfterClose
		}
		n, err := b.x.r.Body.Read(b.buf)
		b.reading.Store(false)
		b.feed(chunk{n, err})
	case state == StatePaused:
		select {
		case <-changed:
		case <-b.x.r.Context().Done():
			return b.x.r.Context().Err()
		}
	default:
		return io.ErrUnexpectedEOF // ended, continued, and still no end: not to be waited for
	}
	return nil
}

// Close is next's; the client's body stays the server's to close.
func (b *requestBody) Close() error {
	b.closed.Store(true)
	return nil
}

// unread reports whether some of the client's body has not been read.
func (b *requestBody) unread() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.ended
}

// linger is how long a client may still send a body that nobody reads.
const linger = 500 * time.Millisecond

// stop ends a read that is still under way when the exchange is over, and
// bounds the one by which the server gets rid of the rest, so that nobody waits
// for the client.
func (b *requestBody) stop() {
	control := http.NewResponseController(b.x.rw)
	b.closed.Store(true)
	if b.reading.Load() {
		// A transport may go on reading when its handler has long returned.
		_ = control.SetReadDeadline(time.Unix(1, 0))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pump != nil {
		_ = control.SetReadDeadline(time.Unix(1, 0))
		select {
		case <-b.pump:
		case <-time.After(time.Second): // a server without deadlines: it waits itself
		}
		b.pump = nil
		return
	}
	if !b.ended && b.x.r.ProtoMajor == 1 && b.x.s.RequestState().Final() {
		_ = control.SetReadDeadline(time.Now().Add(linger))
	}
}
