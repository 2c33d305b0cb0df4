package sign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Header is a header line: name, in lower case, and value.
type Header [2]string

// Request is an HTTP request as it goes over the wire. Its JSON is that of a line of
// `postern replay`.
type Request struct {
	Method    string `json:"method"`
	Scheme    string `json:"scheme"`
	Authority string `json:"authority"`
	// Path is the target up to its query, as written.
	Path string `json:"path"`
	// Query is what follows the first question mark; nil where there is none.
	Query   *string  `json:"query"`
	Headers []Header `json:"headers"`
	Body    []byte   `json:"body_base64"`
}

// NewRequest returns a request without headers. Nothing in the URL is normalised but an
// absent path, which is "/".
func NewRequest(method, url string, body []byte) (*Request, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	if scheme = strings.ToLower(scheme); !ok || (scheme != "http" && scheme != "https") {
		return nil, fmt.Errorf("the URL %q has no scheme http or https", url)
	}
	if strings.Contains(rest, "#") {
		return nil, fmt.Errorf("the URL %q has a fragment, which is never sent", url)
	}
	r := &Request{Method: method, Scheme: scheme, Body: body}
	target, query, ok := strings.Cut(rest, "?")
	if ok {
		r.Query = &query
	}
	r.Authority, r.Path, _ = strings.Cut(target, "/")
	r.Path = "/" + r.Path
	if r.Authority == "" || strings.Contains(r.Authority, "@") {
		return nil, fmt.Errorf("the URL %q: want a host, and no user", url)
	}
	if i := strings.IndexFunc(url, func(c rune) bool { return c <= ' ' || c > '~' }); i >= 0 {
		return nil, fmt.Errorf("the URL %q: byte %d has to be percent-encoded", url, i)
	}
	return r, nil
}

// Clone returns a copy that shares nothing but the body with r.
func (r *Request) Clone() *Request {
	c := *r
	if r.Query != nil {
		q := *r.Query
		c.Query = &q
	}
	c.Headers = slices.Clone(r.Headers)
	return &c
}

// Add adds a header line.
func (r *Request) Add(name, value string) {
	r.Headers = append(r.Headers, Header{strings.ToLower(name), value})
}

// Values returns the values of a header's lines, as they stand.
func (r *Request) Values(name string) []string {
	var values []string
	for _, h := range r.Headers {
		if strings.EqualFold(h[0], name) {
			values = append(values, h[1])
		}
	}
	return values
}

// Target is the path with its query.
func (r *Request) Target() string {
	if r.Query == nil {
		return r.Path
	}
	return r.Path + "?" + *r.Query
}

// URL is the request's own URL.
func (r *Request) URL() string { return r.Scheme + "://" + r.Authority + r.Target() }

// value joins a header's lines, each trimmed.
func (r *Request) value(name, separator string) (string, bool) {
	if strings.EqualFold(name, "host") {
		return r.Authority, true
	}
	values := r.Values(name)
	for i, v := range values {
		values[i] = strings.Trim(v, " \t")
	}
	return strings.Join(values, separator), values != nil
}

// ensure adds a header that is not there yet.
func (r *Request) ensure(name, value string) {
	if r.Values(name) == nil {
		r.Add(name, value)
	}
}

// appendQuery adds text to the query, which is parameters already.
func (r *Request) appendQuery(text string) {
	if r.Query != nil && *r.Query != "" {
		text = *r.Query + "&" + text
	}
	r.Query = &text
}

// appendCookie adds a cookie.
func (r *Request) appendCookie(pair string) {
	for i, h := range r.Headers {
		if h[0] == "cookie" {
			r.Headers[i][1] += "; " + pair
			return
		}
	}
	r.Add("cookie", pair)
}

// isForm reports whether the body is a URL-encoded form.
func (r *Request) isForm() bool {
	contentType, _ := r.value("content-type", ", ")
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded")
}

// publicURL is the URL that the sender knows the receiver by: that of the options, with
// the request's target where it has none.
func publicURL(r *Request, o *Options) (string, error) {
	if o.PublicURL == "" {
		return r.URL(), nil
	}
	_, rest, ok := strings.Cut(o.PublicURL, "://")
	if !ok {
		return "", errors.New("the public URL has no scheme")
	}
	if strings.ContainsAny(rest, "/?") {
		return o.PublicURL, nil
	}
	return o.PublicURL + r.Target(), nil
}

// origin is the scheme and authority of the public URL.
func origin(r *Request, o *Options) (scheme, authority string) {
	scheme, authority = r.Scheme, r.Authority
	if s, rest, ok := strings.Cut(o.PublicURL, "://"); ok {
		scheme = s
		authority, _, _ = strings.Cut(rest, "/")
	}
	return scheme, authority
}
