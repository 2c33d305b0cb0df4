package state

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host/abi"
)

// Plugin is what the plugin_* properties answer.
type Plugin struct{ Name, RootID, VMID string }

// Property answers proxy_get_property.
//
// Order: what the caller of the host set, what the exchange knows, what the
// guest stored. Integers and times are 8 bytes little-endian, bools one byte,
// maps serialized pairs. (Envoy: Context::getProperty, StreamActivation,
// source/extensions/filters/common/expr/context.cc.)
func (c *Context) Property(path string, p *Plugin) ([]byte, abi.Status) {
	segments := abi.SplitPath(path)
	if len(segments) == 0 {
		return nil, abi.StatusSerializationFailure // Envoy serializes a null
	}
	if e := c.Exchange; e != nil {
		if v, ok := e.Properties[strings.Join(segments, "\x00")]; ok {
			return v, abi.StatusOK
		}
	}
	var v string
	switch segments[0] {
	case "plugin_name":
		v = p.Name
	case "plugin_root_id":
		v = p.RootID
	case "plugin_vm_id":
		v = p.VMID
	default:
		if c.Exchange == nil {
			return nil, abi.StatusNotFound
		}
		return c.Exchange.property(segments)
	}
	if len(segments) > 1 {
		return nil, abi.StatusNotFound // text has no members
	}
	return []byte(v), abi.StatusOK
}

// property answers what belongs to a stream.
func (e *Exchange) property(path []string) ([]byte, abi.Status) {
	switch path[0] {
	case "request":
		return member(path, e.requestProperty)
	case "response":
		return member(path, e.responseProperty)
	case "source", "destination", "connection", "upstream", "xds":
		// These exist, also when none of their members is known.
		return member(path, func([]string) ([]byte, abi.Status) { return nil, abi.StatusNotFound })
	}
	v, ok := e.FilterState[path[0]]
	if !ok || len(path) > 1 {
		return nil, abi.StatusNotFound
	}
	return v, abi.StatusOK
}

// member looks into one of Envoy's wrappers. As a whole it cannot be
// serialized.
func member(path []string, f func([]string) ([]byte, abi.Status)) ([]byte, abi.Status) {
	if len(path) == 1 {
		return nil, abi.StatusSerializationFailure
	}
	return f(path[1:])
}

// requestProperty answers request.*. What comes from the headers is there as
// long as the guest may read them.
func (e *Exchange) requestProperty(path []string) ([]byte, abi.Status) {
	headers := e.Request.shownHeaders()
	if e.Logging && e.Request.HasHeaders {
		headers = &e.Request.Headers
	}
	if path[0] == "headers" {
		return headerProperty(headers, path[1:])
	}
	if len(path) > 1 {
		return nil, abi.StatusNotFound
	}
	switch path[0] {
	case "time":
		return abi.TimeProperty(e.Start), abi.StatusOK
	case "protocol":
		if e.HTTP2 {
			return []byte("HTTP/2"), abi.StatusOK
		}
		return []byte("HTTP/1.1"), abi.StatusOK
	case "size":
		if headers != nil {
			if n, err := strconv.ParseInt(headers.Value("content-length"), 10, 64); err == nil {
				return abi.Int64Property(n), abi.StatusOK
			}
		}
		return abi.Int64Property(e.ReceivedBytes), abi.StatusOK
	}
	if headers == nil {
		return nil, abi.StatusNotFound
	}
	return requestHeaderProperty(headers, e.ReceivedBytes, path[0])
}

// requestHeaderProperty answers what is derived from the request's headers.
func requestHeaderProperty(h *HeaderMap, received int64, name string) ([]byte, abi.Status) {
	header := map[string]string{
		"path": ":path", "host": ":authority", "scheme": ":scheme", "method": ":method",
		"referer": "referer", "id": "x-request-id", "useragent": "user-agent",
	}[name]
	path := h.Value(":path")
	before, query, _ := strings.Cut(path, "?")
	switch {
	case header != "":
		v, ok := h.Get([]byte(header))
		if !ok {
			return nil, abi.StatusNotFound
		}
		return []byte(v), abi.StatusOK
	case name == "url_path":
		return []byte(before), abi.StatusOK
	case name == "query":
		query, _, _ = strings.Cut(query, "#")
		return []byte(query), abi.StatusOK
	case name == "total_size":
		return abi.Int64Property(received + int64(h.ByteSize())), abi.StatusOK
	}
	return nil, abi.StatusNotFound
}

// responseProperty answers response.*.
func (e *Exchange) responseProperty(path []string) ([]byte, abi.Status) {
	headers, trailers := e.Response.shownHeaders(), e.Response.shownTrailers()
	if e.Logging {
		headers, trailers = e.logMap(abi.MapResponseHeaders), e.logMap(abi.MapResponseTrailers)
	}
	switch path[0] {
	case "headers":
		return headerProperty(headers, path[1:])
	case "trailers":
		return headerProperty(trailers, path[1:])
	}
	if len(path) > 1 {
		return nil, abi.StatusNotFound
	}
	switch path[0] {
	case "code":
		if code, err := strconv.ParseInt(e.Response.Headers.Value(":status"), 10, 64); err == nil {
			return abi.Int64Property(code), abi.StatusOK
		}
	case "code_details":
		if e.Details != "" {
			return []byte(e.Details), abi.StatusOK
		}
	case "size":
		return abi.Int64Property(e.SentBytes), abi.StatusOK
	case "flags":
		return abi.Int64Property(0), abi.StatusOK
	case "grpc_status":
		for _, m := range []*HeaderMap{trailers, headers} {
			if m == nil {
				continue
			}
			if n, err := strconv.ParseInt(m.Value("grpc-status"), 10, 64); err == nil {
				return abi.Int64Property(n), abi.StatusOK
			}
		}
	case "total_size":
		if headers != nil {
			return abi.Int64Property(e.SentBytes + int64(headers.ByteSize())), abi.StatusOK
		}
	}
	return nil, abi.StatusNotFound
}

// headerProperty answers a map of headers, or one of them with its lines joined
// by commas.
func headerProperty(h *HeaderMap, path []string) ([]byte, abi.Status) {
	switch {
	case len(path) > 1:
		return nil, abi.StatusNotFound
	case len(path) == 0 && h == nil:
		return abi.AppendPairs(nil, nil), abi.StatusOK
	case len(path) == 0:
		return abi.AppendPairs(nil, h.Pairs), abi.StatusOK
	case h == nil:
		return nil, abi.StatusNotFound
	}
	v, ok := h.All(h.canonical(path[0]))
	if !ok {
		return nil, abi.StatusNotFound
	}
	return []byte(v), abi.StatusOK
}

// SetProperty stores a value in the filter state, as Envoy's "wasm." + path.
// A root context has none.
func (c *Context) SetProperty(path string, value []byte) abi.Status {
	e := c.Exchange
	if e == nil {
		return abi.StatusNotFound
	}
	if e.FilterState == nil {
		e.FilterState = make(map[string][]byte)
	}
	if _, ok := e.FilterState[path]; !ok && len(e.FilterState) >= MaxFilterState {
		return abi.StatusInternalFailure
	}
	e.FilterState[path] = value
	return abi.StatusOK
}

// MaxFilterState bounds the filter state of one stream, in keys.
const MaxFilterState = 1024
