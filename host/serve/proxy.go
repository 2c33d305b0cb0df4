package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// hopByHop are the header fields that end at a gateway (RFC 9110 §7.6.1), and
// the two that net/http writes itself.
var hopByHop = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Connection": true, "Te": true,
	"Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
	"Host": true, "Content-Length": true,
}

// ParseUpstream reads an upstream's address: http, https or h2c (HTTP/2 without
// TLS), host and port. A path, a query or a user is refused: the upstream gets
// the path of the request, and nothing is put before it.
func ParseUpstream(s string) (*url.URL, error) {
	u, err := parseAddress(s)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "http", "https", "h2c":
		return u, nil
	}
	return nil, fmt.Errorf("%q: the scheme must be http, https or h2c", s)
}

// ParseCluster reads "name=URL", the address of one cluster: http or https.
func ParseCluster(s string) (name string, u *url.URL, err error) {
	name, address, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return "", nil, fmt.Errorf("%q: must be NAME=URL, as in idp=https://login.example", s)
	}
	u, err = parseAddress(address)
	if err != nil {
		return "", nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", nil, fmt.Errorf("%q: the scheme must be http or https", address)
	}
	return name, u, nil
}

func parseAddress(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, fmt.Errorf("%q: must be a URL, as in http://127.0.0.1:9000", s)
	case u.User != nil, u.RawQuery != "", u.Fragment != "", u.Path != "" && u.Path != "/":
		return nil, fmt.Errorf("%q: must be scheme, host and port only", s)
	}
	u.Path = ""
	return u, nil
}

// setPath makes u's request target the bytes of path (:path with its query),
// without net/url's own spelling of them.
func setPath(u *url.URL, path string) error {
	if !strings.HasPrefix(path, "/") {
		return errors.New("path does not begin with a slash")
	}
	raw, query, hasQuery := strings.Cut(path, "?")
	u.RawQuery, u.ForceQuery = query, hasQuery && query == ""
	if !strings.HasPrefix(raw, "//") {
		u.Opaque = raw
		return nil
	}
	// An opaque part that begins with two slashes would be taken for an authority.
	p, err := url.PathUnescape(raw)
	if err != nil {
		return fmt.Errorf("path: %w", err)
	}
	u.Path, u.RawPath = p, raw
	return nil
}

// proxy forwards what the module has let through.
type proxy struct {
	reverse  *httputil.ReverseProxy
	upstream *url.URL
	log      *slog.Logger
}

func newProxy(up *url.URL, events *slog.Logger) *proxy {
	p := &proxy{upstream: up, log: events}
	p.reverse = &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		ModifyResponse: keepTrailers,
		Transport:      transport(up.Scheme),
		FlushInterval:  -1, // pass on every piece as it comes
		ErrorHandler:   p.failed,
		ErrorLog:       errorLog(events),
	}
	return p
}

func transport(scheme string) *http.Transport {
	t := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   256,
		DisableCompression:    true, // bodies pass as they are
		Protocols:             new(http.Protocols),
	}
	switch scheme {
	case "h2c":
		t.Protocols.SetUnencryptedHTTP2(true)
	case "https":
		t.Protocols.SetHTTP1(true)
		t.Protocols.SetHTTP2(true)
	default:
		t.Protocols.SetHTTP1(true)
	}
	return t
}

// keepTrailers makes a response with trailers chunked where it goes to an
// HTTP/1.1 client: beside a Content-Length they could not be sent.
func keepTrailers(r *http.Response) error {
	if len(r.Trailer) > 0 {
		r.Header.Del("Content-Length")
	}
	return nil
}

// errorLog passes what net/http logs on as events, one each: a stack trace of a
// handler that panicked among them. They hold addresses, and no headers.
func errorLog(events *slog.Logger) *log.Logger {
	return slog.NewLogLogger(events.Handler(), slog.LevelError)
}

// ServeHTTP forwards r.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		// A tunnel would carry requests that nobody filters.
		http.Error(w, "CONNECT is not supported", http.StatusNotImplemented)
		return
	}
	p.reverse.ServeHTTP(w, r)
}

// rewrite sends the request as the module left it. ReverseProxy has taken off
// forwarding headers and query parameters that it cannot parse; what the module
// saw is what the upstream gets, so they go back on.
func (p *proxy) rewrite(pr *httputil.ProxyRequest) {
	out := pr.Out
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if v, ok := pr.In.Header[name]; ok {
			out.Header[name] = v
		}
	}
	scheme := p.upstream.Scheme
	if scheme == "h2c" {
		scheme = "http"
	}
	in := pr.In
	out.URL = &url.URL{Scheme: scheme, Host: p.upstream.Host}
	if err := setPath(out.URL, target(in)); err != nil { // "OPTIONS *"
		out.URL.Path, out.URL.RawPath = in.URL.Path, in.URL.RawPath
		out.URL.RawQuery, out.URL.ForceQuery = in.URL.RawQuery, in.URL.ForceQuery
	}
	out.Host = in.Host
	// The same map: its values arrive after the body has been read.
	out.Trailer = in.Trailer
}

// target returns the request target in origin form, as it was received where
// that is known.
func target(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// failed answers for an upstream that gave no answer.
func (p *proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the client has gone: nobody to answer, nobody at fault
	}
	p.log.Error("upstream does not answer", "upstream", p.upstream.String(), "error", errorText(err))
	status, text := http.StatusBadGateway, "The upstream does not answer."
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		status, text = http.StatusGatewayTimeout, "The upstream did not answer in time."
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "{\"error\":\"bad_gateway\",\"message\":%q}\n", text)
}

// endHops takes off what ends at this hop before the module sees the request,
// as Envoy does: the fields of hopByHop and those that Connection names. It must
// be done before and not after: a client that names an identity header in
// Connection would have it dropped after the module has written it.
func endHops(h http.Header) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); name != "" && name != "Te" {
				h.Del(name)
			}
		}
	}
	trailers := false
	for _, line := range h["Te"] {
		for coding := range strings.SplitSeq(line, ",") {
			trailers = trailers || strings.EqualFold(strings.TrimSpace(coding), "trailers")
		}
	}
	for name := range hopByHop {
		if name != "Trailer" && name != "Content-Length" {
			h.Del(name)
		}
	}
	if trailers {
		h["Te"] = []string{"trailers"}
	}
}
