// Package upstream answers the HTTP callouts of a proxy-wasm module.
//
// In: what the guest handed to proxy_http_call. Out: an answer, a reset, or
// "no such cluster". Spec: Envoy's async HTTP client as a Wasm plugin sees it.
// It never calls into a guest, never waits in Call, and keeps no time: timeouts
// and delays are the host's, by the host's clock.
package upstream

import (
	"context"
	"time"

	"github.com/postern-wasm/postern/host/abi"
)

// Request is one callout.
type Request struct {
	// Cluster is the upstream's name, as the guest gave it.
	Cluster string
	// Headers holds the pseudo headers :method, :path and :authority, present
	// and not empty, and the others. The host has folded names to lower case.
	Headers []abi.Pair
	// Body is the request's body, empty for none. It aliases nothing.
	Body []byte
	// Trailers is empty for none.
	Trailers []abi.Pair
	// Timeout is how long the host will wait, by its clock; 0 means for ever.
	Timeout time.Duration
}

// Header returns the first value of the header name (lower case), or "".
func (r *Request) Header(name string) string {
	for i := range r.Headers {
		if r.Headers[i].Name == name {
			return r.Headers[i].Value
		}
	}
	return ""
}

// Answer is what a callout came to.
type Answer struct {
	// Headers holds :status first and the others in order.
	Headers []abi.Pair
	// Body is the whole body.
	Body []byte
	// Trailers is empty for none.
	Trailers []abi.Pair
	// Delay is how long the host holds the answer back, by its own clock.
	// An answer that a Request's Timeout overtakes is dropped, and the guest
	// is told of the timeout as Envoy tells it.
	Delay time.Duration
	// Reset says that there is no answer: the guest sees no headers at all.
	// The other fields but Delay are then not read.
	Reset bool
}

// Caller answers callouts. It is called from several goroutines at once.
type Caller interface {
	// Known reports whether there is a cluster of that name. A call to an
	// unknown one fails in the guest, with BAD_ARGUMENT, and is never made.
	Known(cluster string) bool

	// Call starts one call and returns at once. It gives its answer by calling
	// answer, at most once, from any goroutine, also before it returns; calls
	// after the first are ignored. When ctx ends nobody waits for the answer
	// any more, and the call should end too.
	Call(ctx context.Context, req *Request, answer func(*Answer))
}
