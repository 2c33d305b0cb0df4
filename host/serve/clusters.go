package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/upstream"
)

// MaxCalloutBytes bounds the body of a callout's answer: 4 MiB. The module's
// own bound (remote_jwks.max_bytes) is smaller and is the module's to keep.
const MaxCalloutBytes = 4 << 20

// Clusters answers a module's callouts over real HTTP. A cluster's name leads
// to an address in one of two ways:
//
//   - it is mapped: every call of the cluster goes to the mapped scheme, host
//     and port, with the :authority that the module gave as the Host header, as
//     an Envoy cluster does;
//   - it stands beside a "uri" in the configuration: the call goes to the scheme
//     and authority of that uri. A uri without a scheme is https.
//
// Every other name is unknown. Redirects are not followed.
type Clusters struct {
	client *http.Client
	mapped map[string]*url.URL
	named  atomic.Pointer[named]
	log    *slog.Logger
}

var _ upstream.Caller = (*Clusters)(nil)

// named is what configurations say: which clusters there are, and the scheme of
// each of their URIs and authorities.
type named struct {
	clusters map[string]bool
	scheme   map[endpoint]string
}

// endpoint is where a call goes; path is "" for the authority as a whole.
type endpoint struct{ cluster, authority, path string }

// NewClusters returns a Caller with the mapped clusters and no others. log
// hears of calls that fail; nil drops that. mapped is kept.
func NewClusters(mapped map[string]*url.URL, log *slog.Logger) *Clusters {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true
	t.MaxResponseHeaderBytes = 64 << 10
	c := &Clusters{
		client: &http.Client{
			Transport: t,
			// A key set that moves is a change of configuration, not of an answer.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		mapped: mapped,
		log:    log,
	}
	c.Use()
	return c
}

// Use makes the clusters of these configurations known, and forgets those of
// the configurations before. What is no JSON is passed over: the module will
// refuse it.
func (c *Clusters) Use(configs ...[]byte) {
	n := &named{clusters: make(map[string]bool), scheme: make(map[endpoint]string)}
	for _, data := range configs {
		var v any
		if json.Unmarshal(data, &v) == nil {
			n.collect(v)
		}
	}
	c.named.Store(n)
}

// collect takes every object that has both "uri" and "cluster", wherever it is:
// http_uri, discovery and what later kinds of provider add.
func (n *named) collect(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n.collect(e)
		}
	case map[string]any:
		uri, _ := v["uri"].(string)
		cluster, _ := v["cluster"].(string)
		if uri != "" && cluster != "" {
			n.add(cluster, uri)
		}
		for _, e := range v {
			n.collect(e)
		}
	}
}

func (n *named) add(cluster, uri string) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		scheme, rest = "https", uri
	}
	scheme = strings.ToLower(scheme)
	if scheme != "http" && scheme != "https" {
		return
	}
	n.clusters[cluster] = true
	authority, path := rest, "/"
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	n.set(endpoint{cluster, authority, path}, scheme)
	n.set(endpoint{cluster, authority, ""}, scheme)
}

// set keeps https where two URIs differ in nothing but the scheme: map order
// must not decide whether keys travel in the clear.
func (n *named) set(e endpoint, scheme string) {
	if n.scheme[e] != "https" {
		n.scheme[e] = scheme
	}
}

// Known reports whether the cluster is mapped or named by a configuration.
func (c *Clusters) Known(cluster string) bool {
	return c.mapped[cluster] != nil || c.named.Load().clusters[cluster]
}

// base returns the scheme, host and port that a call goes to.
func (c *Clusters) base(req *upstream.Request) (scheme, host string, ok bool) {
	if u := c.mapped[req.Cluster]; u != nil {
		return u.Scheme, u.Host, true
	}
	n := c.named.Load()
	authority := req.Header(":authority")
	for _, path := range []string{req.Header(":path"), ""} {
		if s := n.scheme[endpoint{req.Cluster, authority, path}]; s != "" {
			return s, authority, true
		}
	}
	return "", "", false
}

// Call makes the call in a goroutine of its own. What fails before an answer
// has come is answered 503, as Envoy answers for it.
func (c *Clusters) Call(ctx context.Context, req *upstream.Request, answer func(*upstream.Answer)) {
	scheme, host, ok := c.base(req)
	if !ok {
		c.log.Warn("callout to an authority that no uri of its cluster names",
			"cluster", req.Cluster, "authority", req.Header(":authority"))
		a := upstream.NoHealthyUpstream()
		answer(&a)
		return
	}
	go func() {
		if req.Timeout > 0 {
			// The host answers for a timeout by its own clock; this one only
			// makes sure that the connection is given up.
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, req.Timeout+time.Second)
			defer cancel()
		}
		a, err := c.roundTrip(ctx, req, scheme, host)
		if err != nil {
			c.log.Warn("callout failed", "cluster", req.Cluster, "address", scheme+"://"+host, "error", errorText(err))
			a = upstream.Answer{
				Headers: []abi.Pair{{Name: ":status", Value: "503"}, {Name: "content-type", Value: "text/plain"}},
				Body:    []byte("upstream connect error or disconnect/reset before headers"),
			}
		}
		answer(&a)
	}()
}

func (c *Clusters) roundTrip(ctx context.Context, req *upstream.Request, scheme, host string) (upstream.Answer, error) {
	hr := &http.Request{
		Method:        req.Header(":method"),
		URL:           &url.URL{Scheme: scheme, Host: host},
		Host:          req.Header(":authority"),
		Header:        make(http.Header),
		ContentLength: int64(len(req.Body)),
	}
	if err := setPath(hr.URL, req.Header(":path")); err != nil {
		return upstream.Answer{}, err
	}
	if len(req.Body) > 0 {
		hr.Body = io.NopCloser(bytes.NewReader(req.Body))
	}
	for _, p := range req.Headers {
		if !strings.HasPrefix(p.Name, ":") && !hopByHop[http.CanonicalHeaderKey(p.Name)] {
			hr.Header.Add(p.Name, p.Value)
		}
	}
	if hr.Header.Get("User-Agent") == "" {
		hr.Header.Set("User-Agent", "") // else net/http sends its own
	}
	resp, err := c.client.Do(hr.WithContext(ctx))
	if err != nil {
		return upstream.Answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // what was read is whole or has an error
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxCalloutBytes+1))
	if err != nil {
		return upstream.Answer{}, err
	}
	if len(body) > MaxCalloutBytes {
		return upstream.Answer{}, fmt.Errorf("answer larger than %d bytes", MaxCalloutBytes)
	}
	return upstream.Answer{
		Headers:  pairs(resp.StatusCode, resp.Header),
		Body:     body,
		Trailers: pairs(0, resp.Trailer),
	}, nil
}

// pairs returns h as header pairs in lower case, sorted by name; a status comes
// first unless it is 0.
func pairs(status int, h http.Header) []abi.Pair {
	var out []abi.Pair
	if status != 0 {
		out = append(out, abi.Pair{Name: ":status", Value: strconv.Itoa(status)})
	}
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range h[name] {
			out = append(out, abi.Pair{Name: strings.ToLower(name), Value: v})
		}
	}
	return out
}

// errorText returns err without the URL, whose query may be a secret.
func errorText(err error) string {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return err.Error()
}
