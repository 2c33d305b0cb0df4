package hostcall

import (
	"strings"
	"unicode"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/state"
)

var streamFunctions = []function{
	{name: "proxy_send_local_response", params: "ipnpnpni", call: status(sendLocalResponse)},
}

var functions010 = []function{
	{name: "proxy_get_configuration", params: "pp", call: status(getConfiguration)},
	{name: "proxy_continue_request", call: status(func(e *Env, _ []uint64) abi.Status {
		return e.continueStream(abi.StreamRequest)
	})},
	{name: "proxy_continue_response", call: status(func(e *Env, _ []uint64) abi.Status {
		return e.continueStream(abi.StreamResponse)
	})},
	{name: "proxy_clear_route_cache", call: status(func(*Env, []uint64) abi.Status {
		return abi.StatusOK // there are no routes
	})},
}

var functions020 = []function{
	{name: "proxy_continue_stream", params: "i", call: status(func(e *Env, a []uint64) abi.Status {
		return e.continueStream(abi.StreamType(uint32(a[0])))
	})},
	{name: "proxy_close_stream", params: "i", call: status(closeStream)},
}

// continueStream takes the request's maps and body away at once, whichever
// direction goes on (Context::continueStream), and goes on after the call.
func (e *Env) continueStream(t abi.StreamType) abi.Status {
	switch t {
	case abi.StreamDownstream:
		return abi.StatusOK
	case abi.StreamUpstream:
		return abi.StatusUnimplemented
	case abi.StreamRequest, abi.StreamResponse:
		c := e.context()
		if c == nil || c.Exchange == nil {
			return abi.StatusOK
		}
		c.Exchange.Request.HideAll()
		e.Actions = append(e.Actions, Action{
			Kind: ActionContinue, Context: c, Response: t == abi.StreamResponse,
		})
		return abi.StatusOK
	}
	return abi.StatusBadArgument
}

func closeStream(e *Env, a []uint64) abi.Status {
	switch abi.StreamType(uint32(a[0])) {
	case abi.StreamDownstream, abi.StreamUpstream:
		return abi.StatusOK
	case abi.StreamRequest, abi.StreamResponse:
		if c := e.context(); c != nil && c.Exchange != nil {
			e.Actions = append(e.Actions, Action{Kind: ActionReset, Context: c})
		}
		return abi.StatusOK
	}
	return abi.StatusBadArgument
}

// maxGRPCStatus is the largest gRPC status that is one.
const maxGRPCStatus = 16

// sendLocalResponse answers the stream in effect. On a root context it is OK
// and does nothing: that trap for the unwary is Envoy's.
func sendLocalResponse(e *Env, a []uint64) abi.Status {
	details, ok1 := e.text(a[1], a[2])
	body, ok2 := e.read(a[3], a[4])
	headers, ok3 := e.pairs(a[5], a[6])
	if !ok1 || !ok2 || !ok3 {
		return abi.StatusInvalidMemoryAccess
	}
	e.Stopped = true
	c := e.context()
	if c == nil || c.Exchange == nil {
		return abi.StatusOK
	}
	if e.Profile == Nginx && e.replied(c) {
		panic(state.ErrNginx("second local answer"))
	}
	grpc := int32(uint32(a[7]))
	if grpc < 0 || grpc > maxGRPCStatus {
		grpc = -1
	}
	e.Actions = append(e.Actions, Action{Kind: ActionReply, Context: c, Response: c.Exchange.Response.HasHeaders, Reply: &Reply{
		Status:     uint32(a[0]),
		Headers:    headers,
		Body:       append([]byte(nil), body...),
		Details:    noSpaces(details),
		GRPCStatus: grpc,
	}})
	return abi.StatusOK
}

// replied reports whether the stream has been answered, or is about to be.
func (e *Env) replied(c *state.Context) bool {
	if c.Exchange.Request.Aborted {
		return true
	}
	for _, a := range e.Actions {
		if a.Kind == ActionReply && a.Context == c {
			return true
		}
	}
	return false
}

// noSpaces makes details one word, as Envoy does for its access log.
func noSpaces(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return '_'
		}
		return r
	}, s)
}

// getConfiguration answers the plugin's configuration while it configures and
// the VM's otherwise (ABI 0.1.0).
func getConfiguration(e *Env, a []uint64) abi.Status {
	if c := e.context(); c != nil && c.ConfigOpen {
		return give(e, c.PluginConfig, a[0], a[1])
	}
	return give(e, e.VMConfig, a[0], a[1])
}
