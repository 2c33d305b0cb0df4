package host

import (
	"context"

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

// Stream is one HTTP exchange: feed it what arrives, take from it what the
// module lets through. Its methods may be called from several goroutines, and
// each direction must be fed in order: headers, body, trailers. What is fed out
// of order, twice or after the end is ignored, and the state that stands is
// returned.
type Stream struct{}

// NewStream begins an exchange. The guest hears of it with the first headers.
// On a Host without a configuration, and on a worker without a VM, the stream
// is StateTrapped from its first headers on.
func (h *Host) NewStream(opts StreamOptions) *Stream { return &Stream{} }

// Arrive returns h as Envoy shows it to a filter: names in lower case, the
// lines of each name that Envoy keeps as one entry (authorization, origin,
// content-type, x-forwarded-for and others) joined by a comma into the first,
// in HTTP/2 cookies joined by "; ". Other names that come twice stay two pairs.
// h is not changed.
func Arrive(h []abi.Pair, http2 bool) []abi.Pair { return h }

// RequestHeaders feeds the request's headers, pseudo headers first (:authority,
// :path, :method, :scheme), as Arrive returns them. The stream takes h over.
// end says that neither body nor trailers follow.
func (s *Stream) RequestHeaders(h []abi.Pair, end bool) State { return StateIdle }

// RequestBody feeds a piece of the request's body. chunk may be empty when end
// is set. It is copied if it is kept.
func (s *Stream) RequestBody(chunk []byte, end bool) State { return StateIdle }

// RequestTrailers feeds the trailers, which end the request.
func (s *Stream) RequestTrailers(t []abi.Pair) State { return StateIdle }

// ResponseHeaders feeds the upstream's headers, :status first.
func (s *Stream) ResponseHeaders(h []abi.Pair, end bool) State { return StateIdle }

// ResponseBody feeds a piece of the response's body, as RequestBody does.
func (s *Stream) ResponseBody(chunk []byte, end bool) State { return StateIdle }

// ResponseTrailers feeds the trailers, which end the response.
func (s *Stream) ResponseTrailers(t []abi.Pair) State { return StateIdle }

// RequestState returns how the request stands.
func (s *Stream) RequestState() State { return StateIdle }

// ResponseState returns how the response stands.
func (s *Stream) ResponseState() State { return StateIdle }

// BodyStopped reports whether feeding more of the request's body is pointless
// for now: the module holds the headers and the host does not deliver the body
// (no StopIteration), or asked for no more. What is fed all the same is kept.
func (s *Stream) BodyStopped() bool { return false }

// TakeRequest returns what has been let through towards the upstream since the
// last call, and forgets it.
func (s *Stream) TakeRequest() Part { return Part{} }

// TakeResponse returns what has been let through towards the client since the
// last call. A local answer does not pass here, but by Answer.
func (s *Stream) TakeResponse() Part { return Part{} }

// Answer returns the local answer. ok is false unless the state is
// StateAnswered, or StateTrapped before the response began.
func (s *Stream) Answer() (a Answer, ok bool) { return Answer{}, false }

// FilterState returns what the module stored with proxy_set_property, by path
// ("postern.client"), for tests and access logs.
func (s *Stream) FilterState() map[string][]byte { return nil }

// Changed is signalled after an event has changed the stream: a pause ended, an
// answer was given. It holds one signal; read the states after it.
func (s *Stream) Changed() <-chan struct{} { return nil }

// WaitRequest waits until the request is not paused and returns its state, or
// StatePaused when ctx ends first. Under a virtual clock somebody else must
// call Host.RunDue meanwhile.
func (s *Stream) WaitRequest(ctx context.Context) State { return StateIdle }

// WaitResponse is WaitRequest for the response.
func (s *Stream) WaitResponse(ctx context.Context) State { return StateIdle }

// Close ends the exchange: the guest's done, log and delete callbacks run (the
// latter two later, when it defers done). A stream must be closed, once; later
// calls do nothing.
func (s *Stream) Close() {}
