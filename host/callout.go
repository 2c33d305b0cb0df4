package host

import (
	"context"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	"github.com/postern-wasm/postern/host/internal/state"
	"github.com/postern-wasm/postern/host/upstream"
)

// maxCalls bounds the callouts that a root context has in flight.
const maxCalls = 4096

// brokenConnection is the status of a callout that was reset, as
// proxy_get_status tells it (WasmResult::BrokenConnection).
const brokenConnection = 11

// call is a callout in flight.
type call struct {
	root    *root
	token   uint32
	cancel  context.CancelFunc
	timeout *event
	answer  *event
	over    bool // guarded by the agenda's lock, for answers of other goroutines
}

// end drops a callout: whatever comes for it is not delivered.
func (c *call) end(w *worker) {
	c.cancel()
	w.agenda.mu.Lock()
	c.over = true
	w.agenda.mu.Unlock()
	w.agenda.remove(c.timeout)
	w.agenda.remove(c.answer)
}

// Log implements hostcall.Host.
func (w *worker) Log(level abi.LogLevel, contextID uint32, text string) {
	e := LogEntry{Level: level, Text: text, Worker: w.n, Context: contextID}
	if w.logs != nil {
		w.logs.add(e)
	}
	w.h.log(e)
}

// Trace implements hostcall.Host.
func (w *worker) Trace(depth int, text string) {
	w.h.opts.Trace(TraceEvent{Worker: w.n, Depth: depth, Text: text})
}

// SetTick implements hostcall.Host.
func (w *worker) SetTick(c *state.Context, period time.Duration) {
	r, ok := c.Owner.(*root)
	if !ok {
		return
	}
	c.Period = period
	w.agenda.remove(r.tick)
	r.tick = nil
	if period > 0 {
		r.tick = w.h.newEvent(w.h.opts.Clock.Now().Add(period), EventTick, func(e *event) { w.tick(r, e) })
		w.agenda.add(r.tick)
	}
}

// tick runs a root's timer and winds it up again.
func (w *worker) tick(r *root, e *event) {
	if !w.alive() || r.tick != e || !w.env.VM.Has(guest.FuncTick) {
		return
	}
	_, err := w.call(r.ctx, guest.FuncTick, r.ctx.ID)
	// The guest may have set another period, and with it another event.
	if err == nil && r.tick == e && r.ctx.Period > 0 {
		from := w.h.opts.Clock.Now()
		if w.h.manual {
			from = e.due
		}
		r.tick = w.h.newEvent(from.Add(r.ctx.Period), EventTick, e.run)
		w.agenda.add(r.tick)
	}
	w.settle()
}

// periodOf returns the period of a tick's root.
func (w *worker) periodOf(e *event) time.Duration {
	for r := range w.roots {
		if r.tick == e {
			return r.ctx.Period
		}
	}
	return time.Hour
}

// HTTPCall implements hostcall.Host.
func (w *worker) HTTPCall(rc *state.Context, req *upstream.Request) (uint32, abi.Status) {
	caller := w.h.opts.Callouts
	if caller == nil || !caller.Known(req.Cluster) {
		return 0, abi.StatusBadArgument
	}
	r, ok := rc.Owner.(*root)
	if !ok || r.calls == nil || len(r.calls) >= maxCalls {
		return 0, abi.StatusInternalFailure
	}
	ctx, cancel := w.callContext()
	c := &call{root: r, token: w.env.NextCall(), cancel: cancel}
	r.calls[c.token] = c
	now := w.h.opts.Clock.Now()
	if req.Timeout > 0 {
		c.timeout = w.h.newEvent(now.Add(req.Timeout), EventCallout, func(*event) {
			late := upstream.UpstreamTimeout()
			w.deliver(c, &late)
		})
		w.agenda.add(c.timeout)
	}
	caller.Call(ctx, req, func(a *upstream.Answer) { w.answered(c, a) })
	return c.token, abi.StatusOK
}

// answered puts an answer on the agenda. It may be called from any goroutine,
// also from within Call.
func (w *worker) answered(c *call, a *upstream.Answer) {
	due := w.h.opts.Clock.Now().Add(a.Delay)
	e := w.h.newEvent(due, EventCallout, func(*event) { w.deliver(c, a) })
	w.agenda.mu.Lock()
	// The first answer counts, and none that the timeout overtakes.
	late := c.over || c.timeout != nil && due.After(c.timeout.due)
	if !late {
		c.over, c.answer = true, e
	}
	w.agenda.mu.Unlock()
	if !late {
		w.agenda.add(e)
	}
}

// deliver tells the guest what a callout came to. A callout whose root is gone,
// or that has been answered, is nobody's business (ATTACKS W-01).
func (w *worker) deliver(c *call, a *upstream.Answer) {
	if c.root.calls[c.token] != c {
		return
	}
	delete(c.root.calls, c.token)
	c.end(w)
	if !w.alive() || !w.env.VM.Has(guest.FuncHTTPCallResponse) {
		return
	}
	rc := c.root.ctx
	if a.Reset {
		rc.StatusCode, rc.StatusMessage = brokenConnection, "reset"
		_, _ = w.call(rc, guest.FuncHTTPCallResponse, rc.ID, c.token, 0, 0, 0)
		rc.StatusMessage = ""
		w.settle()
		return
	}
	rc.Call = &state.CallAnswer{
		Headers:     state.HeaderMap{Kind: state.ResponseMap, Pairs: state.Fold(a.Headers, state.ResponseMap, false)},
		Body:        a.Body,
		Trailers:    state.HeaderMap{Kind: state.TrailerMap, Pairs: state.Fold(a.Trailers, state.TrailerMap, false)},
		HasTrailers: len(a.Trailers) > 0,
	}
	_, _ = w.call(rc, guest.FuncHTTPCallResponse, rc.ID, c.token,
		uint32(len(rc.Call.Headers.Pairs)), uint32(len(a.Body)), uint32(len(rc.Call.Trailers.Pairs)))
	rc.Call = nil
	w.settle()
}

// QueueReady implements hostcall.Host.
func (w *worker) QueueReady(c *state.Context) func(token uint32) {
	r, _ := c.Owner.(*root)
	return func(token uint32) {
		if r == nil {
			return
		}
		w.agenda.add(w.h.newEvent(w.h.opts.Clock.Now(), EventQueue, func(*event) {
			if _, there := w.roots[r]; !there || !w.alive() || !w.env.VM.Has(guest.FuncQueueReady) {
				return
			}
			_, _ = w.call(r.ctx, guest.FuncQueueReady, r.ctx.ID, token)
			w.settle()
		}))
	}
}

// Done implements hostcall.Host: it ends what a root's done callback put off.
// The rest runs after the call that asks for it.
func (w *worker) Done(c *state.Context) abi.Status {
	r, ok := c.Owner.(*root)
	if !ok {
		r, ok = c.Root.Owner.(*root)
	}
	if !ok || !r.deferred {
		return abi.StatusNotFound
	}
	r.deferred = false
	w.agenda.add(w.h.newEvent(w.h.opts.Clock.Now(), EventQueue, func(*event) {
		if _, there := w.roots[r]; there && w.alive() {
			w.deleteRoot(r)
			w.settle()
		}
	}))
	return abi.StatusOK
}
