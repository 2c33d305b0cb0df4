package serve

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host"
)

// providerState is the filter state in which the module names the provider
// whose credential was proved or refused.
const providerState = "postern.provider"

// Access is what became of one request. It holds nothing that the client sent
// but method, path and protocol.
type Access struct {
	// Time is when the request arrived.
	Time time.Time `json:"time"`
	// Method and Path are the request's; Path is as it was received, without
	// the query, cut at 1024 bytes.
	Method string `json:"method"`
	Path   string `json:"path"`
	// Status is what the client got; 0 when it had gone.
	Status int `json:"status"`
	// Allowed says that the module let the request through.
	Allowed bool `json:"allowed"`
	// Reason is the module's reason code ("expired"), "trap" for a broken
	// module, the host's own words for an answer that is neither, and "" for a
	// request that was let through.
	Reason string `json:"reason"`
	// Provider is the provider that proved or refused the credential, or "".
	Provider string `json:"provider"`
	// Duration is the time from the request's headers to the end of the answer.
	Duration time.Duration `json:"-"`
	// DurationMS is Duration in milliseconds.
	DurationMS float64 `json:"duration_ms"`
	// Protocol is "HTTP/1.1" or "HTTP/2.0".
	Protocol string `json:"protocol"`
}

// maxLoggedPath bounds Access.Path, in bytes.
const maxLoggedPath = 1024

type accessKey struct{}

// observed returns a handler that reports each request to report when next has
// answered it, after its hop-by-hop fields have been taken off.
func observed(next http.Handler, now func() time.Time, report func(*Access)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &Access{Time: now(), Method: r.Method, Path: loggedPath(r), Protocol: r.Proto}
		endHops(r.Header)
		// Else net/http would read an HTTP/1.1 request to its end before it sends
		// the first byte of the answer. HTTP/2 has no such rule, hence no error.
		_ = http.NewResponseController(w).EnableFullDuplex()
		sw := &statusWriter{ResponseWriter: w}
		answered := false
		defer func() {
			// Also when the handler panics to cut the connection: then nothing was
			// answered. Of a handler that wrote nothing net/http makes a 200.
			if a.Status = sw.status; a.Status == 0 && answered && r.Context().Err() == nil {
				a.Status = http.StatusOK
			}
			a.Duration = now().Sub(a.Time)
			a.DurationMS = float64(a.Duration.Microseconds()) / 1000
			report(a)
		}()
		next.ServeHTTP(sw, r.WithContext(context.WithValue(r.Context(), accessKey{}, a)))
		answered = true
	})
}

// observe fills in the module's part. It is called before observed reports.
func observe(r *http.Request, d host.Decision) {
	a, ok := r.Context().Value(accessKey{}).(*Access)
	if !ok {
		return
	}
	a.Provider = string(d.FilterState[providerState])
	a.Allowed, a.Reason = verdict(d)
}

// verdict reads the module's reason out of a decision.
func verdict(d host.Decision) (allowed bool, reason string) {
	switch d.State {
	case host.StateContinue:
		return true, ""
	case host.StateTrapped:
		return false, "trap"
	case host.StateReset:
		return false, "reset"
	case host.StateIdle, host.StatePaused:
		return false, "abandoned" // the client left while the module was waiting
	case host.StateAnswered:
	}
	if in, ok := strings.CutPrefix(d.Details, "postern_denied{"); ok {
		if code, ok := strings.CutSuffix(in, "}"); ok {
			return false, code
		}
	}
	if d.Details == "" {
		return false, "answered"
	}
	return false, d.Details
}

// loggedPath returns the path as received. A target in absolute form is reduced
// to its path.
func loggedPath(r *http.Request) string {
	path := r.RequestURI
	if !strings.HasPrefix(path, "/") && path != "*" {
		path = r.URL.EscapedPath()
	}
	path, _, _ = strings.Cut(path, "?")
	if len(path) > maxLoggedPath {
		path = path[:maxLoggedPath]
	}
	return path
}

// statusWriter remembers the status of the answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the first status that is final.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes the body.
func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Flush sends what has been written.
func (w *statusWriter) Flush() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
