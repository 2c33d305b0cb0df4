package host

import (
	"context"
	"net/http"
	"time"

	"github.com/postern-wasm/postern/host/abi"
)

// Host is one module with its worker VMs. Its methods may be called from
// several goroutines.
type Host struct {
	opts Options
}

// New compiles and links the module, once, starts no VM that serves yet, and
// returns a Host that refuses every stream until Configure has succeeded. An
// error that is the module's fault is a *LoadError. wasm is not kept.
func New(ctx context.Context, wasm []byte, opts Options) (*Host, error) {
	return nil, &LoadError{Reason: "not built yet"}
}

// ABI returns the version that the module announces.
func (h *Host) ABI() abi.Version { return abi.VersionUnknown }

// Configure gives the module a plugin configuration, for the first time or
// again, in Envoy's order: a canary VM starts and configures; if it refuses,
// the error is a *ConfigError and nothing else has changed. Then each worker
// gets a new root context (in a new VM at first and after a trap, in the same
// VM otherwise) and new streams go to it. The root before it is done away with
// when its last stream has closed. pluginConfig is not copied.
//
// A worker that refuses what the canary took answers 503 to its streams, and
// the error says so.
func (h *Host) Configure(ctx context.Context, pluginConfig []byte) error { return ErrClosed }

// Close ends all: open streams are trapped, callouts dropped, VMs and compiled
// code freed. It waits for calls in flight. Closing twice is fine.
func (h *Host) Close(ctx context.Context) error { return nil }

// EventKind is what falls due.
type EventKind uint8

// Kinds of event.
const (
	// EventTick is a root context's timer.
	EventTick EventKind = iota
	// EventCallout is the answer, the reset or the timeout of a callout.
	EventCallout
	// EventQueue is a queue with something in it.
	EventQueue
)

// Event is something that will happen by the clock.
type Event struct {
	// Due is when it may run; not after Clock.Now means at once.
	Due time.Time
	// Kind says what it is.
	Kind EventKind
	// Worker is the worker it will run on, from 1.
	Worker int
}

// Next returns the event that is due first, over all workers; of those due at
// the same time the one that was made first. ok is false when nothing is
// waiting. It is for hosts on a virtual clock: with RealClock events run by
// themselves.
func (h *Host) Next() (e Event, ok bool) { return Event{}, false }

// RunDue runs the events that are due by Clock.Now, in the order in which they
// fell due, those that they make included, but at most max, and returns their
// number. A tick is next due one period after it was due, so a clock that
// jumps makes up for the ticks it skipped; when max cuts that short, what is
// left of the skipped ticks is dropped, and the timer starts anew from now.
// RunDue does nothing under RealClock.
func (h *Host) RunDue(max int) int { return 0 }

// Metric is one metric that the module defined.
type Metric struct {
	// Name is the module's name for it.
	Name string
	// Type is its kind.
	Type abi.MetricType
	// Value is a counter's or a gauge's value; for a histogram the last sample.
	Value uint64
	// Count and Sum are a histogram's number of samples and their sum.
	Count, Sum uint64
}

// Metrics returns the module's metrics by name, over all workers.
func (h *Host) Metrics() []Metric { return nil }

// WorkerStats is the state of one worker.
type WorkerStats struct {
	// Worker is its number, from 1.
	Worker int
	// Serving says that it has a configured VM that has not trapped.
	Serving bool
	// MemoryBytes is the size of the VM's memory.
	MemoryBytes uint64
	// Streams is the number of open streams.
	Streams int
	// Roots is the number of root contexts, those that drain included.
	Roots int
	// Traps and Reloads count over the Host's life.
	Traps, Reloads uint64
	// LastTrap is the text of the last trap, or "".
	LastTrap string
}

// Workers returns the state of each worker.
func (h *Host) Workers() []WorkerStats { return nil }

// Middleware returns a handler that lets the module filter what goes to next
// and what next answers. It speaks HTTP/1.1 and h2, streams bodies in both
// directions, passes trailers, and ends the stream when the client goes away.
// The module sees requests as Envoy shows them: pseudo headers, names in lower
// case, Arrive applied. While the worker has no VM the answer is 503.
func (h *Host) Middleware(next http.Handler) http.Handler { return next }
