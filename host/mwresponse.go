package host

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host/abi"
)

// responseWriter is what next writes to: the client's, by way of the module.
type responseWriter struct {
	x       *httpExchange
	header  http.Header
	began   bool // headers have been given to the module
	ended   bool // and the end
	sent    bool // headers have left for the client
	failed  error
	trailer []string // announced
}

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Informational responses pass the
// module by, as in Envoy.
func (w *responseWriter) WriteHeader(status int) {
	if w.began || w.x.hijacked {
		return
	}
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		out := w.x.rw.Header()
		for k, v := range w.header {
			out[k] = v
		}
		w.x.rw.WriteHeader(status)
		clear(out)
		return
	}
	w.began = true
	w.trailer = announced(w.header)
	h := append(make([]abi.Pair, 0, len(w.header)+1), abi.Pair{Name: ":status", Value: strconv.Itoa(status)})
	for _, p := range appendHeader(nil, w.header) {
		if !strings.HasPrefix(p.Name, strings.ToLower(http.TrailerPrefix)) {
			h = append(h, p)
		}
	}
	end := w.x.r.Method == http.MethodHead || status == http.StatusNoContent ||
		status == http.StatusNotModified || w.header.Get("Content-Length") == "0"
	w.ended = end
	w.x.s.ResponseHeaders(ArriveResponse(h), end)
	w.drain()
}

// announced returns the names of the trailers that a handler declares.
func announced(h http.Header) []string {
	var names []string
	for _, line := range h["Trailer"] {
		for _, name := range strings.Split(line, ",") {
			names = append(names, http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	return names
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(b []byte) (int, error) {
	if w.x.hijacked {
		return 0, http.ErrHijacked
	}
	if !w.began {
		w.WriteHeader(http.StatusOK)
	}
	if w.failed != nil {
		return 0, w.failed
	}
	if w.ended {
		return 0, http.ErrBodyNotAllowed
	}
	if len(b) == 0 {
		return 0, nil
	}
	w.x.s.ResponseBody(b, false)
	w.drain()
	return len(b), w.failed
}

// drain sends the client what has been let through.
func (w *responseWriter) drain() {
	if w.failed != nil {
		return
	}
	if w.x.s.ResponseState().Final() {
		w.failed = errAnswered
		return
	}
	w.send(w.x.s.TakeResponse())
}

func (w *responseWriter) send(p Part) {
	if p.Headers != nil {
		w.sent = true
		if !w.x.sendHeaders(p.Headers) {
			w.x.s.invalid()
			w.failed = errHeader
			return
		}
	}
	if len(p.Body) > 0 {
		if _, err := w.x.rw.Write(p.Body); err != nil {
			w.failed = err
			return
		}
	}
	for _, t := range p.Trailers {
		if sendable(t) {
			w.x.rw.Header().Add(http.TrailerPrefix+http.CanonicalHeaderKey(t.Name), t.Value)
		}
	}
}

// finish ends the response when next has returned.
func (w *responseWriter) finish() {
	if w.x.hijacked {
		return
	}
	if !w.began && !w.x.s.ResponseState().Final() {
		w.header.Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
	}
	if w.failed == nil && !w.ended {
		w.ended = true
		if t := w.trailers(); len(t) > 0 {
			w.x.s.ResponseTrailers(t)
		} else {
			w.x.s.ResponseBody(nil, true)
		}
	}
	for w.failed == nil && w.x.s.WaitResponse(w.x.r.Context()) == StatePaused {
		if w.x.r.Context().Err() != nil {
			return
		}
	}
	w.drain()
	if w.failed == nil {
		return
	}
	// An answer of the module's own may take the response's place until that
	// has begun; afterwards the client must see that it is incomplete.
	if _, ok := w.x.s.Answer(); ok && !w.sent {
		w.x.writeAnswer()
		return
	}
	if !errors.Is(w.failed, errHeader) {
		panic(http.ErrAbortHandler)
	}
}

// trailers returns the trailers that next has set, announced or not.
func (w *responseWriter) trailers() []abi.Pair {
	trailer := make(http.Header)
	for _, name := range w.trailer {
		if v, ok := w.header[name]; ok {
			trailer[name] = v
		}
	}
	for name, v := range w.header {
		if rest, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			trailer[rest] = v
		}
	}
	return appendHeader(nil, trailer)
}

// FlushError sends what has been let through so far.
func (w *responseWriter) FlushError() error {
	if !w.began {
		w.WriteHeader(http.StatusOK)
	}
	if w.failed != nil {
		return w.failed
	}
	if !w.sent {
		return nil // the module holds the headers
	}
	return http.NewResponseController(w.x.rw).Flush()
}

// Flush implements http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// Hijack implements http.Hijacker: for upgrades, once the request has passed.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.began || w.x.s.ResponseState().Final() {
		return nil, nil, errAnswered
	}
	conn, rw, err := http.NewResponseController(w.x.rw).Hijack()
	if err == nil {
		w.x.hijacked, w.x.status = true, http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// SetReadDeadline passes to the server, for http.ResponseController.
func (w *responseWriter) SetReadDeadline(t time.Time) error {
	return http.NewResponseController(w.x.rw).SetReadDeadline(t)
}

// SetWriteDeadline passes to the server, for http.ResponseController.
func (w *responseWriter) SetWriteDeadline(t time.Time) error {
	return http.NewResponseController(w.x.rw).SetWriteDeadline(t)
}

// EnableFullDuplex passes to the server, for http.ResponseController.
func (w *responseWriter) EnableFullDuplex() error {
	return http.NewResponseController(w.x.rw).EnableFullDuplex()
}

// responseHeader turns pairs into a status and a header.
func responseHeader(h []abi.Pair) (status int, header http.Header, err error) {
	header = make(http.Header, len(h))
	for _, p := range h {
		if !sendable(p) {
			return 0, nil, errHeader
		}
		switch {
		case p.Name == ":status":
			status, err = strconv.Atoi(p.Value)
			if err != nil || status < 200 && status != http.StatusSwitchingProtocols || status > 599 {
				return 0, nil, errHeader
			}
		case p.Name[0] == ':', p.Name == "transfer-encoding":
			// the server's own business
		default:
			header.Add(p.Name, p.Value)
		}
	}
	if status == 0 {
		return 0, nil, errHeader
	}
	return status, header, nil
}
