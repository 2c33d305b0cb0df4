package state

import (
	"time"

	"github.com/postern-wasm/postern/host/abi"
)

// Context is what a guest knows by a context id: a plugin (root) or a stream.
type Context struct {
	// ID is the guest's number for it, from 1.
	ID uint32
	// Root is the plugin's context: the context itself for a root.
	Root *Context
	// Exchange is the HTTP exchange of a stream, nil for a root.
	Exchange *Exchange
	// Owner is the host's own record of the context.
	Owner any

	// PluginConfig is what the plugin configuration buffer shows; it is open
	// only while the guest configures. Roots only.
	PluginConfig []byte
	ConfigOpen   bool

	// Period is the tick period, 0 for none. Roots only.
	Period time.Duration
	// Call is the callout whose answer is being delivered, or nil. Roots only.
	Call *CallAnswer
	// StatusCode and StatusMessage are what proxy_get_status answers. Roots only.
	StatusCode    uint32
	StatusMessage string
}

// IsRoot reports whether c is a plugin's context.
func (c *Context) IsRoot() bool { return c.Exchange == nil }

// CallAnswer is a callout's answer as the guest sees it.
type CallAnswer struct {
	Headers     HeaderMap
	Body        []byte
	Trailers    HeaderMap
	HasTrailers bool
}

// Exchange is what one HTTP exchange shows to a guest.
type Exchange struct {
	// Request and Response are the two directions.
	Request, Response Flow
	// EndOfStream is whether the last headers or body callback ended its
	// direction.
	EndOfStream bool
	// Logging is set during proxy_on_log: maps are then shown read-only, and
	// others than before.
	Logging bool
	// Properties are the caller's, by path in the guest's form.
	Properties map[string][]byte
	// FilterState is what the guest stored, by path.
	FilterState map[string][]byte
	// Start is the time at which the stream began.
	Start time.Time
	// HTTP2 selects what request.protocol says.
	HTTP2 bool
	// Details are the response code details, once known.
	Details string
	// ReceivedBytes and SentBytes count bodies.
	ReceivedBytes, SentBytes int64
	// Frozen is the time a guest is told for the whole stream, or zero
	// (profile google).
	Frozen time.Time
}

// Flow returns one direction.
func (e *Exchange) Flow(response bool) *Flow {
	if response {
		return &e.Response
	}
	return &e.Request
}

// Map returns a header map for reading, or nil if it is not shown now.
func (c *Context) Map(t abi.MapType) *HeaderMap {
	switch t {
	case abi.MapCallHeaders:
		if call := c.Root.Call; call != nil {
			return &call.Headers
		}
		return nil
	case abi.MapCallTrailers:
		if call := c.Root.Call; call != nil && call.HasTrailers {
			return &call.Trailers
		}
		return nil
	case abi.MapGRPCInitialMetadata, abi.MapGRPCTrailingMetadata:
		return nil // there are no gRPC calls to have any
	case abi.MapRequestHeaders, abi.MapRequestTrailers, abi.MapResponseHeaders, abi.MapResponseTrailers:
	}
	e := c.Exchange
	if e == nil {
		return nil
	}
	if e.Logging {
		return e.logMap(t)
	}
	switch t {
	case abi.MapRequestHeaders:
		return e.Request.shownHeaders()
	case abi.MapRequestTrailers:
		return e.Request.shownTrailers()
	case abi.MapResponseHeaders:
		return e.Response.shownHeaders()
	case abi.MapResponseTrailers:
		return e.Response.shownTrailers()
	case abi.MapCallHeaders, abi.MapCallTrailers, abi.MapGRPCInitialMetadata, abi.MapGRPCTrailingMetadata:
	}
	return nil
}

// logMap is Map during proxy_on_log: request trailers are not there.
func (e *Exchange) logMap(t abi.MapType) *HeaderMap {
	switch {
	case t == abi.MapRequestHeaders && e.Request.HasHeaders:
		return &e.Request.Headers
	case t == abi.MapResponseHeaders && e.Response.HasHeaders:
		return &e.Response.Headers
	case t == abi.MapResponseTrailers && e.Response.HasTrailers:
		return &e.Response.Trailers
	}
	return nil
}

// MutableMap returns a header map for writing, or nil. Of the maps of a stream
// these are the ones shown; during the last body callback of a direction that
// has no trailers it makes them.
func (c *Context) MutableMap(t abi.MapType) *HeaderMap {
	e := c.Exchange
	if e == nil {
		return nil
	}
	switch t {
	case abi.MapRequestHeaders:
		return e.Request.shownHeaders()
	case abi.MapRequestTrailers:
		return e.Request.mutableTrailers(e.EndOfStream)
	case abi.MapResponseHeaders:
		return e.Response.shownHeaders()
	case abi.MapResponseTrailers:
		return e.Response.mutableTrailers(e.EndOfStream)
	case abi.MapCallHeaders, abi.MapCallTrailers, abi.MapGRPCInitialMetadata, abi.MapGRPCTrailingMetadata:
		// what comes from outside is read only
	}
	return nil
}

// Buffer is what proxy_get_buffer_bytes reads. body is nil for a buffer that
// cannot be written.
type Buffer struct {
	Bytes []byte
	body  *[]byte
}

// Buffer returns a buffer, or ok false if it is not there now.
func (c *Context) Buffer(t abi.BufferType, vmConfig []byte) (b Buffer, ok bool) {
	switch t {
	case abi.BufferRequestBody, abi.BufferResponseBody:
		if c.Exchange == nil {
			return Buffer{}, false
		}
		body := c.Exchange.Flow(t == abi.BufferResponseBody).shownBody()
		if body == nil {
			return Buffer{}, false
		}
		return Buffer{Bytes: *body, body: body}, true
	case abi.BufferCallBody:
		if call := c.Root.Call; call != nil {
			return Buffer{Bytes: call.Body}, true
		}
	case abi.BufferVMConfig:
		return Buffer{Bytes: vmConfig}, true
	case abi.BufferPluginConfig:
		if c.ConfigOpen {
			return Buffer{Bytes: c.PluginConfig}, true
		}
	case abi.BufferForeignArguments:
		return Buffer{}, true // no foreign function calls back
	case abi.BufferDownstreamData, abi.BufferUpstreamData, abi.BufferGRPCMessage:
	}
	return Buffer{}, false
}

// Write changes a body as proxy_set_buffer_bytes does: put in front (start 0,
// length 0), replace (start 0, the whole length or more), append (start at the
// end or behind it), and nothing else.
func (b Buffer) Write(start, length uint32, data []byte) abi.Status {
	if b.body == nil {
		return abi.StatusBadArgument
	}
	size := uint64(len(*b.body))
	switch {
	case start == 0 && length == 0:
		*b.body = append(append(make([]byte, 0, len(data)+len(*b.body)), data...), *b.body...)
	case start == 0 && uint64(length) >= size:
		*b.body = append([]byte(nil), data...)
	case start != 0 && uint64(start) >= size:
		*b.body = append((*b.body)[:size:size], data...)
	default:
		return abi.StatusBadArgument
	}
	return abi.StatusOK
}
