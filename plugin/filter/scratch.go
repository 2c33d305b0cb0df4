package filter

import (
	"github.com/postern-wasm/postern/plugin/cache"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// What a plugin's own scratch memory holds without asking for more: most tokens that
// are met. Longer ones take memory that goes with the event.
const (
	usualToken   = 2048 // characters
	usualValues  = 96   // names and values of the claims
	usualEscaped = 256  // bytes of strings with escapes in them
	usualSlots   = 4    // tokens that prove a request
)

// work is the scratch memory of one event.
//
// A plugin has one for good, so that usual requests allocate nothing. It is wiped when
// the event is over: of what an event has put there no byte and no pointer is left for
// the next one. An event within another one gets a fresh one.
type work struct {
	view    request.View
	judge   judge
	writer  effect.Writer
	verdict Verdict
	slots   [usualSlots]*slot // of the judge
}

// newOwn returns the work that a plugin has for good.
func newOwn(p *Plugin) *work {
	w := new(work)
	w.view.Reserve()
	w.writer.Reserve()
	first := new(slot)
	first.finder.Reserve(usualToken)
	first.attempt.Reserve(usualToken, usualValues, usualEscaped)
	if hasSigned(p.cfg) {
		first.request = new(signed.Attempt)
	}
	w.slots[0] = first
	w.judge = judge{plugin: p, slots: w.slots[:1]}
	return w
}

// scratch returns the memory of this event.
func (p *Plugin) scratch() *work {
	if p.work != nil {
		return p.work
	}
	if !p.lent {
		p.work, p.lent = p.own, true
		return p.work
	}
	p.work = new(work)
	p.work.judge.plugin = p
	return p.work
}

// interruption is what an event within another one gives back when it ends.
type interruption struct {
	work  *work
	outer *interruption
}

// Yield lets go of the scratch memory without touching it: an event begins within another
// one, which waits for the proxy's answer or is still being carried out, and goes on with
// [Plugin.Regain].
func (p *Plugin) Yield() { p.work, p.interrupted = nil, &interruption{p.work, p.interrupted} }

// Regain ends an event within another one. A plugin that was made meanwhile has yielded
// nothing.
func (p *Plugin) Regain() {
	if i := p.interrupted; i != nil {
		p.work, p.interrupted = i.work, i.outer
	}
}

// Release ends the event, and with it every verdict: a driver that frees what an event
// has allocated calls it when no event is under way any more.
func (p *Plugin) Release() {
	p.work, p.interrupted = nil, nil
	if p.lent {
		p.own.wipe()
		p.lent = false
	}
}

// wipe makes the work as it was when it was new. The first slot's memory is the
// plugin's; others were the event's.
func (w *work) wipe() {
	w.view.Wipe()
	w.writer.Wipe()
	w.verdict = Verdict{}
	clear(w.slots[1:])
	w.judge = judge{plugin: w.judge.plugin, slots: w.slots[:1]}
	w.slots[0].wipe()
}

func (s *slot) wipe() {
	s.finder.Wipe()
	s.attempt.Wipe()
	if s.request != nil {
		s.request.Wipe()
	}
	s.unproved, s.sealed = false, false
	clear(s.marks[:s.marked])
	s.marked = 0
	s.key, s.parsed, s.place, s.provider, s.identity = cache.Key{}, false, nil, 0, identity.Identity{}
}
