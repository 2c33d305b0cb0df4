package host

import (
	"github.com/postern-wasm/postern/host/abi"
)

// State is how one direction of a Stream stands. The zero value is no answer.
type State uint8

// States.
const (
	// StateIdle: nothing has arrived in this direction.
	StateIdle State = iota
	// StateContinue: what has arrived is let through; TakeRequest or
	// TakeResponse gives it.
	StateContinue
	// StatePaused: something is held. It ends by more of the stream arriving,
	// or by an event (a callout's answer, a tick); Changed and Wait tell.
	StatePaused
	// StateAnswered: the module has answered the request itself; Answer gives
	// the answer, response callbacks included. Nothing goes to the upstream
	// any more.
	StateAnswered
	// StateTrapped: the guest trapped, or its worker has no VM. Answer gives
	// the 503, unless the response had begun.
	StateTrapped
	// StateReset: the stream was reset, by proxy_close_stream or because
	// answering was no longer possible. There is no answer.
	StateReset
)

// String returns the state's name in lower case.
func (s State) String() string {
	switch s {
	case StateIdle:
		return "idle"
	case StateContinue:
		return "continue"
	case StatePaused:
		return "paused"
	case StateAnswered:
		return "answered"
	case StateTrapped:
		return "trapped"
	case StateReset:
		return "reset"
	}
	return "unknown"
}

// Final reports whether the exchange is over for the upstream: answered,
// trapped or reset.
func (s State) Final() bool { return s >= StateAnswered }

// Answer is a local answer.
type Answer struct {
	// Status is the status code, as :status among Headers.
	Status int
	// Headers holds :status first, then what the guest gave, content-length
	// and content-type as Envoy adds them, and what response callbacks changed.
	Headers []abi.Pair
	// Body is empty for a HEAD request, whatever content-length says.
	Body []byte
	// Details is the response code details: what the guest gave, or
	// "wasm_fail_stream", "request_payload_too_large",
	// "response_payload_too_large".
	Details string
	// GRPCStatus is the status that the guest gave, or -1.
	GRPCStatus int32
}

// Part is what a Stream lets through in one direction.
type Part struct {
	// Headers is nil, or the headers with pseudo headers first. Only the first
	// part that is not empty has them.
	Headers []abi.Pair
	// Body is the body since the last part; it aliases nothing.
	Body []byte
	// Trailers is nil, or the trailers.
	Trailers []abi.Pair
	// End says that nothing comes after this part.
	End bool
}

// Empty reports whether p carries nothing.
func (p *Part) Empty() bool {
	return p.Headers == nil && len(p.Body) == 0 && p.Trailers == nil && !p.End
}

// StreamOptions configures a Stream.
type StreamOptions struct {
	// Worker pins the stream to one worker, from 1 to Options.Workers; 0 takes
	// the next in turn.
	Worker int
	// Properties are what proxy_get_property answers besides what the host
	// knows itself (request.*, response.*, plugin_*), and wins over it. A key is
	// a path with dots between segments ("source.address"), or with NULs where
	// a segment has a dot in it. Values are raw: text, one byte for a bool,
	// 8 bytes little-endian for integers and times.
	Properties map[string][]byte
	// HTTP2 says that request.protocol is "HTTP/2".
	HTTP2 bool
}
