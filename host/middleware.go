package host

import (
	"net/http"

	"github.com/postern-wasm/postern/host/abi"
)

// Decision is what became of an exchange of Middleware's.
type Decision struct {
	// State is the request's: StateContinue for one that was let through.
	State State
	// Status is what was sent to the client, 0 for nothing.
	Status int
	// Details are the local answer's, "" for none.
	Details string
	// FilterState is what the module stored, by path.
	FilterState map[string][]byte
	// Worker is the worker that ran the stream, from 1.
	Worker int
}

// Middleware returns a handler that lets the module filter what goes to next
// and what next answers. It speaks HTTP/1.1 and h2, streams bodies in both
// directions, passes trailers, and ends the stream when the client goes away.
// The module sees requests as Envoy shows them: pseudo headers, names in lower
// case, Arrive applied; :path is the target byte for byte. While the worker has
// no VM the answer is 503.
//
// next sees the request as the module left it: Method, Host, RequestURI and URL
// (from :path), Header, and Trailer once the body has been read. A header that
// no HTTP message can carry is answered 503 in the place of either message. A
// connection that next hijacks passes the module by from then on; the headers of
// a request for that (Endless) are not the end of the stream to the module, and
// an empty piece of body that is follows.
func (h *Host) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		x := &httpExchange{
			s: h.NewStream(StreamOptions{
				Properties: connectionProperties(r), HTTP2: r.ProtoMajor == 2,
			}),
			r: r, rw: rw,
		}
		defer func() {
			x.end()
			if h.opts.Observe != nil {
				h.opts.Observe(r, x.decision())
			}
		}()
		x.serve(next)
	})
}

// httpExchange is one request on its way through the module.
type httpExchange struct {
	s    *Stream
	r    *http.Request
	rw   http.ResponseWriter
	body requestBody

	status   int // sent to the client
	hijacked bool
}

// serve runs the exchange. It panics with http.ErrAbortHandler where the
// exchange cannot end in an answer.
func (x *httpExchange) serve(next http.Handler) {
	x.body.x = x
	if x.r.Body == nil { // made by hand
		x.r = x.r.WithContext(x.r.Context())
		x.r.Body = http.NoBody
	}
	// An h2 request without a body has one all the same, of length 0.
	empty := x.r.Body == http.NoBody || x.r.ContentLength == 0 && len(x.r.Trailer) == 0
	h := requestPairs(x.r)
	x.body.ended = empty && !Endless(h)
	x.s.RequestHeaders(h, x.body.ended)
	part := x.s.TakeRequest()
	for part.Headers == nil {
		if x.decided() || x.r.Context().Err() != nil {
			return // answered, or the client has gone
		}
		x.body.advance()
		part = x.s.TakeRequest()
	}
	if empty && x.body.endEmpty(&part) && x.decided() {
		return
	}
	out, err := x.upstreamRequest(part)
	if err != nil {
		x.s.invalid()
		x.writeAnswer()
		return
	}
	w := &responseWriter{x: x, header: make(http.Header)}
	next.ServeHTTP(w, out)
	w.finish()
}

// decided sends the answer of a request that does not go on to next, if it has been
// given.
func (x *httpExchange) decided() bool {
	switch x.s.RequestState() {
	case StateAnswered, StateTrapped:
		x.writeAnswer()
		return true
	case StateReset:
		panic(http.ErrAbortHandler)
	case StateIdle, StateContinue, StatePaused:
	}
	return false
}

// writeAnswer sends the module's or the host's own answer.
func (x *httpExchange) writeAnswer() {
	a, ok := x.s.Answer()
	if !ok {
		panic(http.ErrAbortHandler)
	}
	if x.r.ProtoMajor == 1 && x.body.unread() {
		// The server would read the body before it answers, and a client that
		// never sends it would never get the answer. Envoy closes, too.
		_ = http.NewResponseController(x.rw).EnableFullDuplex()
		a.Headers = append(a.Headers[:len(a.Headers):len(a.Headers)], abi.Pair{Name: "connection", Value: "close"})
	}
	if x.sendHeaders(a.Headers) {
		_, _ = x.rw.Write(a.Body) // the client may have gone
	}
}

// sendHeaders sends a response's headers to the client, or a 503 in their place
// where they cannot be sent. ok is false then.
func (x *httpExchange) sendHeaders(h []abi.Pair) (ok bool) {
	status, header, err := responseHeader(h)
	out := x.rw.Header()
	clear(out)
	if err != nil {
		x.status = http.StatusServiceUnavailable
		x.rw.WriteHeader(x.status)
		return false
	}
	for k, v := range header {
		out[k] = v
	}
	// Nothing is to be guessed from the body.
	if _, there := header["Content-Type"]; !there {
		out["Content-Type"] = nil
	}
	x.status = status
	x.rw.WriteHeader(status)
	return true
}

func (x *httpExchange) end() {
	x.body.stop()
	x.s.Close()
}

func (x *httpExchange) decision() Decision {
	d := Decision{
		State: x.s.RequestState(), Status: x.status, FilterState: x.s.FilterState(),
		Worker: x.s.Worker(),
	}
	if a, ok := x.s.Answer(); ok {
		d.Details = a.Details
	}
	return d
}
