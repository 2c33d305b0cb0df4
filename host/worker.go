package host

import (
	"context"
	"sync"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	"github.com/postern-wasm/postern/host/internal/hostcall"
	"github.com/postern-wasm/postern/host/internal/state"
)

// worker is one VM and what runs in it. All of it is guarded by mu, which is
// held during every call into the guest; agenda has a lock of its own.
type worker struct {
	h      *Host
	n      int
	agenda agenda

	mu      sync.Mutex
	env     *hostcall.Env // nil: no VM
	root    *root         // takes new streams; nil: they are refused
	roots   map[*root]struct{}
	streams map[*Stream]struct{}
	config  []byte      // the last one that was taken, for a reload
	logs    *configLogs // while configuring

	traps, reloads uint64
	lastTrap       string
	retryAt        time.Time // TrapReload: no new VM before this
}

// root is a plugin context in a worker's VM.
type root struct {
	ctx      *state.Context
	streams  int
	draining bool // a newer configuration has taken its place
	done     bool // its done callback has run
	deferred bool // and put the rest off until proxy_done
	tick     *event
	calls    map[uint32]*call
}

func newWorker(h *Host, n int) *worker {
	return &worker{
		h: h, n: n, agenda: agenda{wake: make(chan struct{}, 1)},
		roots: make(map[*root]struct{}), streams: make(map[*Stream]struct{}),
	}
}

// loop runs events by the real clock.
func (w *worker) loop() {
	defer w.h.loops.Done()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		if e, ok := w.agenda.first(); ok {
			wait = time.Until(e.due)
		}
		if wait <= 0 {
			w.runDue(time.Now())
			continue
		}
		timer.Reset(wait)
		select {
		case <-w.h.ctx.Done():
			return
		case <-w.agenda.wake:
		case <-timer.C:
		}
	}
}

// runDue runs the first event if it is due.
func (w *worker) runDue(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.agenda.due(now)
	if e == nil {
		return false
	}
	e.run(e)
	return true
}

// alive reports whether there is a VM that can be called.
func (w *worker) alive() bool { return w.env != nil && w.env.VM.Dead() == nil }

// call calls the guest. An error is a trap, which settle deals with.
func (w *worker) call(c *state.Context, f guest.Func, args ...uint32) (uint32, error) {
	return w.env.Call(c, f, args...)
}

// settle carries out what the guest wanted done in the call that is over, in
// order, and what comes of that. It must follow every call. The guest may be
// called meanwhile, and settle with it: then the wishes that are left go first
// (WasmBase::doAfterVmCallActions).
func (w *worker) settle() {
	for w.alive() && len(w.env.Actions) > 0 {
		a := w.env.Actions[0]
		w.env.Actions = w.env.Actions[1:]
		s, ok := a.Context.Owner.(*Stream)
		if !ok || s.closed {
			continue
		}
		switch a.Kind {
		case hostcall.ActionContinue:
			s.resume(a.Response)
		case hostcall.ActionReset:
			s.reset()
		case hostcall.ActionReply:
			s.reply(a.Reply, a.Response)
		}
	}
	if w.env == nil {
		return
	}
	if w.env.VM.Dead() != nil {
		w.trapped()
		return
	}
	w.env.Actions = nil
}

// trapped buries a dead VM: its streams are answered 503, its callouts and
// timers end.
func (w *worker) trapped() {
	w.traps++
	w.lastTrap = w.env.VM.Dead().Error()
	w.h.log(LogEntry{Level: abi.LogCritical, Worker: w.n, Text: "vm trapped: " + w.lastTrap})
	w.retryAt = w.h.opts.Clock.Now().Add(w.h.opts.ReloadBackoff)
	w.bury()
}

func (w *worker) bury() {
	if w.env == nil {
		return
	}
	env := w.env
	w.env, w.root = nil, nil
	for s := range w.streams {
		s.fail()
	}
	for r := range w.roots {
		w.dropRoot(r)
	}
	env.VM.Close()
}

// dropRoot ends a root's callouts and timer, without a word to the guest.
func (w *worker) dropRoot(r *root) {
	delete(w.roots, r)
	w.agenda.remove(r.tick)
	r.tick = nil
	for _, c := range r.calls {
		c.end(w)
	}
	r.calls = nil
}

// configure makes a new root context in the VM, or in a new one.
func (w *worker) configure(config []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var logs configLogs
	w.logs = &logs
	defer func() { w.logs = nil }()
	old := w.root
	w.root = nil
	stage, err := w.begin(config)
	if stage != "" {
		w.drain(old)
		w.settle()
		return &ConfigError{Stage: stage, Logs: logs, Err: err}
	}
	w.config = config
	w.drain(old)
	w.settle()
	return nil
}

// begin starts a VM if there is none and configures a root context in it, which
// then takes new streams.
func (w *worker) begin(config []byte) (stage string, err error) {
	if !w.alive() {
		w.env = hostcall.NewEnv(&w.h.cfg, w, w.h.opts.Trace != nil)
		if err := w.env.Start(w.h.module); err != nil {
			return "start", err
		}
	}
	r := &root{calls: make(map[uint32]*call)}
	w.roots[r] = struct{}{}
	r.ctx, stage, err = startRoot(w.env, config, r)
	if stage != "" {
		w.dropRoot(r)
		w.env.DropContext(r.ctx)
		return stage, err
	}
	w.root = r
	return "", nil
}

// drain retires a root: it goes when its last stream has.
func (w *worker) drain(r *root) {
	if r == nil {
		return
	}
	r.draining = true
	w.retire(r)
}

// retire runs the end of a draining root without streams. done may put the
// rest off.
func (w *worker) retire(r *root) {
	if !w.alive() || !r.draining || r.streams > 0 || r.done {
		return
	}
	r.done = true
	if w.env.VM.Has(guest.FuncDone) {
		ok, err := w.call(r.ctx, guest.FuncDone, r.ctx.ID)
		if err == nil && ok == 0 {
			r.deferred = true
		}
		if err != nil || r.deferred {
			return
		}
	}
	w.deleteRoot(r)
}

func (w *worker) deleteRoot(r *root) {
	if w.env.VM.Has(guest.FuncDelete) {
		_, _ = w.call(r.ctx, guest.FuncDelete, r.ctx.ID) // a trap is settle's
	}
	w.dropRoot(r)
	w.env.DropContext(r.ctx)
}

// current returns the root for a new stream. Under TrapReload it may start a
// new VM first.
func (w *worker) current() *root {
	if w.root != nil {
		return w.root
	}
	if w.env != nil || w.config == nil || w.h.opts.TrapPolicy != TrapReload ||
		w.h.opts.Clock.Now().Before(w.retryAt) {
		return nil
	}
	if stage, err := w.begin(w.config); stage != "" {
		text := "vm reload failed in " + stage
		if err != nil {
			text += ": " + err.Error()
		}
		w.h.log(LogEntry{Level: abi.LogCritical, Worker: w.n, Text: text})
		w.retryAt = w.h.opts.Clock.Now().Add(w.h.opts.ReloadBackoff)
		w.bury()
		return nil
	}
	w.reloads++
	w.settle()
	return w.root
}

func (w *worker) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.config = nil
	w.bury()
	for s := range w.streams {
		s.fail()
	}
}

func (w *worker) stats() WorkerStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := WorkerStats{
		Worker: w.n, Serving: w.root != nil && w.alive(), Streams: len(w.streams),
		Roots: len(w.roots), Traps: w.traps, Reloads: w.reloads, LastTrap: w.lastTrap,
	}
	if w.env != nil {
		s.MemoryBytes = w.env.VM.MemoryBytes()
	}
	return s
}

// callContext is the context of a callout.
func (w *worker) callContext() (context.Context, context.CancelFunc) {
	return context.WithCancel(w.h.ctx)
}
