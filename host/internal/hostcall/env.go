// Package hostcall implements the functions that a guest imports.
//
// In: the numbers a guest passes, which are pointers and lengths it may have
// made up. Out: statuses, bytes in memory that the guest allocates, and effects
// (actions) that the host carries out after the call. Spec: proxy-wasm ABI
// 0.1.0 to 0.2.1 and the WASI functions that Envoy 1.40 has. It never trusts a
// pointer, never blocks, and gives a guest no file, socket or process.
package hostcall

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	"github.com/postern-wasm/postern/host/internal/state"
	"github.com/postern-wasm/postern/host/upstream"
)

// ErrRestricted is the trap of a guest that calls what it may not call while it
// starts or allocates.
var ErrRestricted = errors.New("restricted callback")

// Profile switches what differs between proxies.
type Profile uint8

// Profiles, as host.Profile.
const (
	Envoy Profile = iota
	Google
	Nginx
)

// Config is what the VMs of a host have in common.
type Config struct {
	Profile  Profile
	Plugin   state.Plugin
	VMConfig []byte
	// Env is the environment, "name=value" each.
	Env []string
	// Rand answers random_get. It must be safe for several goroutines.
	Rand     io.Reader
	Shared   *state.SharedData
	Queues   *state.Queues
	Metrics  *state.Metrics
	LogLevel abi.LogLevel
	Now      func() time.Time
}

// Host is what a VM asks its worker for.
type Host interface {
	// Log takes a line of the guest's.
	Log(level abi.LogLevel, contextID uint32, text string)
	// SetTick sets the tick period of a root context; 0 stops it.
	SetTick(root *state.Context, period time.Duration)
	// HTTPCall starts a callout for a root context.
	HTTPCall(root *state.Context, req *upstream.Request) (token uint32, status abi.Status)
	// QueueReady returns what tells a root context that a queue has items.
	QueueReady(root *state.Context) func(token uint32)
	// Done ends the deferral of a root context's done callback.
	Done(c *state.Context) abi.Status
	// Trace takes a line of the trace, at a depth.
	Trace(depth int, text string)
}

// ActionKind is what a guest wants done once its call is over.
type ActionKind uint8

// Actions.
const (
	ActionContinue ActionKind = iota
	ActionReset
	ActionReply
)

// Action is an effect of a host call.
type Action struct {
	Kind    ActionKind
	Context *state.Context
	// Response is the direction for ActionContinue. For ActionReply it says
	// that a response was on its way when the guest answered.
	Response bool
	Reply    *Reply
}

// Reply is a local answer.
type Reply struct {
	Status     uint32
	Headers    []abi.Pair
	Body       []byte
	Details    string
	GRPCStatus int32 // -1 for none
}

type restriction uint8

const (
	unrestricted restriction = iota
	starting
	allocating
)

// Env is one VM as its host functions see it. It is the context.Context of
// every call into the guest, which is how a host function finds it.
type Env struct {
	context.Context
	*Config
	Host Host
	VM   guest.VM
	// Actions are the effects of the call in progress, in order.
	Actions []Action
	// Stopped says that the guest has answered in this call, so that what it
	// returns does not matter.
	Stopped bool

	contexts   map[uint32]*state.Context
	nextID     uint32
	calls      uint32
	current    *state.Context
	effective  *state.Context
	restricted restriction
	metrics    state.MetricIDs
	mem        api.Memory
	trace      bool
	depth      int
}

// NewEnv returns the Env of a new VM, which is to be instantiated with it.
func NewEnv(cfg *Config, h Host, trace bool) *Env {
	return &Env{
		Context: guest.Context(), Config: cfg, Host: h, trace: trace,
		contexts: make(map[uint32]*state.Context), nextID: 1,
	}
}

// Start makes the VM and runs its initialisation, in which a guest may call
// little more than log, clock and randomness.
func (e *Env) Start(m *guest.Module) error {
	e.restricted = starting
	defer func() { e.restricted = unrestricted }()
	if err := m.Instantiate(e, &e.VM); err != nil {
		return err
	}
	e.mem = e.VM.Memory()
	return e.VM.Start()
}

// NewContext gives a context its id. Ids are never used again.
func (e *Env) NewContext(c *state.Context) {
	c.ID = e.nextID
	e.nextID++
	e.contexts[c.ID] = c
}

// DropContext forgets a context.
func (e *Env) DropContext(c *state.Context) { delete(e.contexts, c.ID) }

// Call calls a callback of a context. What the guest wants done stands in
// Actions afterwards.
func (e *Env) Call(c *state.Context, f guest.Func, args ...uint32) (uint32, error) {
	e.current, e.effective = c, nil
	e.Stopped = false
	if !e.trace {
		v, err := e.VM.Call(f, args...)
		e.current, e.effective = nil, nil
		return v, err
	}
	e.traceCall(f, args)
	e.depth++
	v, err := e.VM.Call(f, args...)
	e.depth--
	e.traceReturn(f, v, err)
	e.current, e.effective = nil, nil
	return v, err
}

// context returns the context in effect, or nil while the VM starts.
func (e *Env) context() *state.Context {
	if e.effective != nil {
		return e.effective
	}
	return e.current
}

// contextID is context's number, 0 while there is none.
func (e *Env) contextID() uint32 {
	if c := e.context(); c != nil {
		return c.ID
	}
	return 0
}

// read returns n bytes of the guest's memory. They alias it: they are valid
// until the guest runs again, an allocation included.
func (e *Env) read(ptr, n uint64) ([]byte, bool) {
	return e.mem.Read(uint32(ptr), uint32(n))
}

// text reads a string.
func (e *Env) text(ptr, n uint64) (string, bool) {
	b, ok := e.read(ptr, n)
	return string(b), ok
}

// pairs reads a serialized map. As in Envoy a malformed one is an empty one;
// only memory out of range fails.
func (e *Env) pairs(ptr, n uint64) ([]abi.Pair, bool) {
	b, ok := e.read(ptr, n)
	if !ok {
		return nil, false
	}
	p, err := abi.ParsePairs(b)
	if err != nil {
		return nil, true
	}
	return p, true
}

func (e *Env) putU32(ptr uint64, v uint32) bool { return e.mem.WriteUint32Le(uint32(ptr), v) }

func (e *Env) putU64(ptr uint64, v uint64) bool { return e.mem.WriteUint64Le(uint32(ptr), v) }

// allocate asks the guest for memory. Meanwhile it may call next to nothing.
func (e *Env) allocate(n int) (ptr uint32, mem []byte, ok bool) {
	before, current, effective := e.restricted, e.current, e.effective
	e.restricted, e.current, e.effective = allocating, nil, nil
	ptr, mem, ok = e.VM.Allocate(uint32(n))
	e.restricted, e.current, e.effective = before, current, effective
	if e.trace {
		e.Host.Trace(e.depth+1, allocationText(n, ok))
	}
	return ptr, mem, ok
}

// give hands bytes to the guest, in memory of its own. No bytes are the null
// pointer.
func give[T string | []byte](e *Env, v T, ptrPtr, sizePtr uint64) abi.Status {
	var ptr uint32
	if len(v) > 0 {
		p, mem, ok := e.allocate(len(v))
		if !ok {
			return abi.StatusInvalidMemoryAccess
		}
		copy(mem, v)
		ptr = p
	}
	if !e.putU32(ptrPtr, ptr) || !e.putU32(sizePtr, uint32(len(v))) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}

// NextCall returns the token of the next callout: 4, 8 and so on. The low two
// bits of the tokens of gRPC calls and streams are not 0.
func (e *Env) NextCall() uint32 {
	e.calls += 4
	return e.calls
}
