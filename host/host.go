package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	"github.com/postern-wasm/postern/host/internal/hostcall"
	"github.com/postern-wasm/postern/host/internal/state"
)

// maxWorkers bounds Options.Workers.
const maxWorkers = 256

// Host is one module with its worker VMs. Its methods may be called from
// several goroutines.
type Host struct {
	opts    Options
	cfg     hostcall.Config
	module  *guest.Module
	owned   *Module // by New: closed with the Host
	metrics state.Metrics
	workers []*worker
	manual  bool // events run in RunDue only
	seq     atomic.Uint64
	turn    atomic.Uint64

	ctx    context.Context // of callouts; ends with the Host
	cancel context.CancelFunc
	loops  sync.WaitGroup

	mu     sync.Mutex // Configure and Close, one at a time
	closed bool
}

// New compiles and links the module, starts no VM that serves yet, and returns
// a Host that refuses every stream until Configure has succeeded. An error that
// is the module's fault is a *LoadError. wasm is not kept.
func New(ctx context.Context, wasm []byte, opts Options) (*Host, error) {
	m, err := Compile(ctx, wasm, opts)
	if err != nil {
		return nil, err
	}
	h, err := m.NewHost(ctx, opts)
	if err != nil {
		_ = m.Close(ctx)
		return nil, err
	}
	h.owned = m
	return h, nil
}

// NewHost returns a Host on the compiled module, which must stay open until the
// Host is closed. MemoryLimit and CallDeadline are those of Compile; what opts
// says of them is not read.
func (m *Module) NewHost(ctx context.Context, opts Options) (*Host, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	h := &Host{opts: opts, module: m.module, manual: opts.Clock != RealClock}
	h.cfg = hostcall.Config{
		Profile:  hostcall.Profile(opts.Profile),
		Plugin:   state.Plugin{Name: opts.PluginName, RootID: opts.RootID, VMID: opts.VMID},
		VMConfig: opts.VMConfig,
		Env:      environment(opts.Env),
		Rand:     opts.Rand,
		Shared:   &opts.Shared.data,
		Queues:   &opts.Shared.queues,
		Metrics:  &h.metrics,
		LogLevel: opts.LogLevel,
		Now:      opts.Clock.Now,
	}
	if err := h.try(); err != nil {
		return nil, err
	}
	h.ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for n := 1; n <= opts.Workers; n++ {
		w := newWorker(h, n)
		h.workers = append(h.workers, w)
		if !h.manual {
			h.loops.Add(1)
			go w.loop()
		}
	}
	return h, nil
}

// try starts the module once, as Envoy does with its base VM: one that traps
// while it starts does not load.
func (h *Host) try() error {
	t := newTrial(h)
	defer t.env.VM.Close()
	if err := t.env.Start(h.module); err != nil {
		return &LoadError{Reason: "it fails to start", Err: err}
	}
	return nil
}

// complete fills in the defaults and refuses what is out of range.
func (o *Options) complete() error {
	switch {
	case o.Workers < 0 || o.Workers > maxWorkers:
		return fmt.Errorf("workers: %d is not between 1 and %d", o.Workers, maxWorkers)
	case o.MemoryLimit > 1<<32:
		return fmt.Errorf("memory limit: %d bytes are more than 4 GiB", o.MemoryLimit)
	case o.MemoryLimit > 0 && o.MemoryLimit < guest.PageSize:
		return fmt.Errorf("memory limit: %d bytes are less than one page", o.MemoryLimit)
	case o.BufferLimit < 0:
		return fmt.Errorf("buffer limit: %d is negative", o.BufferLimit)
	case o.Profile > ProfileNginx:
		return fmt.Errorf("profile: there is no profile %d", o.Profile)
	case o.TrapPolicy > TrapReload:
		return fmt.Errorf("trap policy: there is no policy %d", o.TrapPolicy)
	}
	setDefault(&o.Workers, 1)
	setDefault(&o.MemoryLimit, DefaultMemoryLimit)
	setDefault(&o.CallDeadline, DefaultCallDeadline)
	setDefault(&o.BufferLimit, DefaultBufferLimit)
	setDefault(&o.ReloadBackoff, DefaultReloadBackoff)
	setDefault(&o.PluginName, "postern")
	if o.Clock == nil {
		o.Clock = RealClock
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	} else {
		o.Rand = &lockedReader{r: o.Rand}
	}
	if o.Shared == nil {
		o.Shared = NewShared()
	}
	return nil
}

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// lockedReader makes a reader fit for several workers.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(b)
}

func environment(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for k, v := range env {
		list = append(list, k+"="+v)
	}
	sort.Strings(list)
	return list
}

// ABI returns the version that the module announces.
func (h *Host) ABI() abi.Version { return h.module.Version() }

// Configure gives the module a plugin configuration, for the first time or
// again, in Envoy's order: a canary VM starts and configures; if it refuses,
// the error is a *ConfigError and nothing else has changed. Then each worker
// gets a new root context (in a new VM at first and after a trap, in the same
// VM otherwise) and new streams go to it. The root before it is done away with
// when its last stream has closed.
//
// A worker that refuses what the canary took answers 503 to its streams, and
// the error says so. The canary's callouts are accepted and never answered; it
// has no ticks; what it writes to shared data stays, as in Envoy.
func (h *Host) Configure(_ context.Context, pluginConfig []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	config := append([]byte{}, pluginConfig...)
	if err := newTrial(h).configure(config); err != nil {
		return err
	}
	var errs []error
	for _, w := range h.workers {
		if err := w.configure(config); err != nil {
			errs = append(errs, fmt.Errorf("worker %d: %w", w.n, err))
		}
	}
	return errors.Join(errs...)
}

// Close ends all: open streams are trapped, callouts dropped, VMs and compiled
// code freed. It waits for calls in flight. Closing twice is fine.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	h.closed = true
	h.cancel()
	h.loops.Wait()
	for _, w := range h.workers {
		w.close()
	}
	if h.owned != nil {
		return h.owned.Close(ctx)
	}
	return nil
}
