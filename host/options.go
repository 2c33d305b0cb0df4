package host

import (
	"io"
	"net/http"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/upstream"
)

// Defaults of Options.
const (
	// DefaultMemoryLimit caps the memory of one VM at 256 MiB. Envoy's own cap
	// is 1 GiB; a plugin that needs a quarter of it is broken already, and N
	// workers hold N of them.
	DefaultMemoryLimit = 256 << 20
	// DefaultCallDeadline is the real time that one call into a guest may take.
	DefaultCallDeadline = time.Second
	// DefaultBufferLimit bounds a body that is held for a guest: Envoy's
	// per_connection_buffer_limit_bytes, 1 MiB.
	DefaultBufferLimit = 1 << 20
	// DefaultReloadBackoff is the time between a trap and the new VM under
	// TrapReload.
	DefaultReloadBackoff = time.Second
)

// Profile says which proxy the host behaves like.
type Profile uint8

// Profiles. DESIGN.md section 14 and RATIONALE.md say what each was measured on.
const (
	// ProfileEnvoy behaves as Envoy 1.40 does.
	ProfileEnvoy Profile = iota
	// ProfileGoogle behaves as Google Cloud Service Extensions do: Pause is
	// taken for Continue, the clock stands still for the life of a stream,
	// callouts, shared data, queues, metrics and timers answer UNIMPLEMENTED,
	// trailers never arrive, and the only property is plugin_root_id.
	ProfileGoogle
	// ProfileNginx behaves as ngx_wasm_module does: end of stream is never
	// true on headers, a body comes whole in one call, a pause on headers
	// holds it back and Continue keeps it readable, removing a header leaves
	// it empty, and calls out of phase or twice trap.
	ProfileNginx
)

// String returns the profile's name: "envoy", "google" or "nginx".
func (p Profile) String() string {
	switch p {
	case ProfileEnvoy:
		return "envoy"
	case ProfileGoogle:
		return "google"
	case ProfileNginx:
		return "nginx"
	}
	return "unknown"
}

// ParseProfile reads what String writes.
func ParseProfile(s string) (Profile, bool) {
	for _, p := range []Profile{ProfileEnvoy, ProfileGoogle, ProfileNginx} {
		if p.String() == s {
			return p, true
		}
	}
	return 0, false
}

// TrapPolicy says what a worker does after its VM has trapped. The stream that
// trapped is answered 503 in every case. There is no policy that lets requests
// through.
type TrapPolicy uint8

// Trap policies.
const (
	// TrapClosed answers 503 on that worker until Configure succeeds: Envoy's
	// FAIL_CLOSED, its default.
	TrapClosed TrapPolicy = iota
	// TrapReload answers 503 until Options.ReloadBackoff has passed, then
	// starts a new VM on the next request: Envoy's FAIL_RELOAD.
	TrapReload
)

// LogEntry is one line that a guest logged, or that the host says about it.
type LogEntry struct {
	// Level is the guest's level. WASI's stdout is info, stderr is error.
	Level abi.LogLevel
	// Text is the line without a trailing newline, any bytes.
	Text string
	// Worker is 1 to Options.Workers, or 0 for the canary.
	Worker int
	// Context is the id of the context in effect, 0 before there is one.
	Context uint32
}

// TraceEvent is one crossing of the border between host and guest.
type TraceEvent struct {
	// Worker is 1 to Options.Workers, or 0 for the canary.
	Worker int
	// Depth is 0 for a callback, 1 for a host call in it, 2 for an allocation
	// that the host asks for in that host call.
	Depth int
	// Text is the call in the trace's notation, without worker and indent:
	// name, arguments, result. It never shows a header's or a body's bytes.
	Text string
}

// Options configures a Host. The zero value is a host that behaves as Envoy
// with one worker, the real clock and no cluster to call.
type Options struct {
	// Profile is the proxy to behave like (ProfileEnvoy).
	Profile Profile
	// Workers is the number of VMs (1, at most 256). They share shared data,
	// queues and metrics, and nothing else.
	Workers int
	// Clock tells the guest's time and is what ticks, delays and timeouts go
	// by (RealClock). With any other clock nothing happens by itself: see
	// Host.Next and Host.RunDue.
	Clock Clock
	// Rand answers random_get (crypto/rand). Workers read it in turn.
	Rand io.Reader

	// PluginName is the property plugin_name ("postern").
	PluginName string
	// RootID is the property plugin_root_id ("").
	RootID string
	// VMID is the property plugin_vm_id ("").
	VMID string
	// VMConfig is what proxy_on_vm_start reads. It is not copied.
	VMConfig []byte
	// Env is the guest's environment, served in the order of the names.
	Env map[string]string

	// Callouts answers proxy_http_call. Nil: there is no cluster, and each
	// call is BAD_ARGUMENT.
	Callouts upstream.Caller
	// Shared is the store of shared data and queues. Nil: one of the host's
	// own. Give the same to two hosts to make them one proxy process. Keys
	// are separated by VMID.
	Shared *Shared

	// Log takes the guest's log lines at LogLevel and above. Nil: dropped. It
	// is called with the worker held: it must not call the Host or a Stream.
	Log func(LogEntry)
	// LogLevel is the lowest level that is passed on and what
	// proxy_get_log_level answers (LogTrace).
	LogLevel abi.LogLevel
	// Trace takes every crossing of the border. Nil: none, at no cost. The
	// rules of Log hold.
	Trace func(TraceEvent)

	// Observe is told of every exchange that Middleware has finished, with the
	// request as it arrived. Nil: nobody is told. It may be called from several
	// goroutines.
	Observe func(r *http.Request, d Decision)

	// MemoryLimit caps the memory of one VM, in bytes, rounded down to whole
	// pages of 64 KiB (DefaultMemoryLimit; at most 4 GiB). memory.grow beyond
	// it fails in the guest.
	MemoryLimit uint64
	// CallDeadline is the real time that one call into a guest may take
	// (DefaultCallDeadline). Beyond it the VM is stopped, as by a trap.
	// Negative: no deadline, which is for benchmarks of trusted modules only.
	CallDeadline time.Duration
	// BufferLimit bounds the body that one stream holds in one direction, in
	// bytes (DefaultBufferLimit). Over it a request is answered 413, and a
	// response 500, as Envoy does.
	BufferLimit int
	// TrapPolicy is what follows a trap (TrapClosed).
	TrapPolicy TrapPolicy
	// ReloadBackoff is the shortest time, by Clock, between a trap and a new
	// VM (DefaultReloadBackoff). Read under TrapReload only.
	ReloadBackoff time.Duration
	// StopIteration is Envoy's allow_on_headers_stop_iteration: a guest that
	// pauses on headers still gets the body (false: it does not, and the
	// stream waits until the guest continues it).
	StopIteration bool
}
