//go:build wasip1

package abi

import (
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/request"
)

const (
	// maxConfig bounds a configuration, bytes.
	maxConfig = 4 << 20
	// tickMilliseconds is the timer's period where key sets are remote. One period for
	// good: a host that allows only one is served like the rest.
	tickMilliseconds = 100
)

// root is one plugin context: the policy in force and those before it that requests
// still wait under.
type root struct {
	id      uint32
	current *policy // nil until a configuration is accepted
	retired []*policy
}

var (
	roots   []*root
	spare   []*root   // deleted ones, to be used again
	graves  []*policy // of deleted roots, while a callback may still use them
	streams table
	// held says that a callback which is none by memory's account (it keeps what it makes)
	// goes through roots or policies, with host calls on the way: what comes back from
	// within one of them frees nothing.
	held int
)

func rootOf(id uint32) *root {
	for _, r := range roots {
		if r.id == id {
			return r
		}
	}
	return nil
}

// begin and end stand around every callback that allocates: what it has allocated is
// gone when it returns, and with it every verdict. A callback from within a host call
// gets scratch memory of its own: the outer one's verdict is still being carried out.
func begin() *memory.Region {
	before := memory.BeginCall()
	if !memory.Outermost() {
		around((*filter.Plugin).Yield)
	}
	return before
}

func end(before *memory.Region) {
	outermost := memory.Outermost()
	if outermost {
		called()
		tell()
		release()
		if held == 0 {
			bury()
		}
		forgetLines()
		forgetPiece()
		out = results{}
	} else {
		around((*filter.Plugin).Regain)
	}
	memory.EndCall(before)
	if outermost {
		streams.recycle()
	}
	if outermost && held == 0 {
		for _, r := range roots {
			if len(r.retired) > 0 {
				r.tidy()
			}
		}
	}
}

// tell logs what the key sets have to say: the text is gone when the callback returns.
func tell() {
	for _, r := range roots {
		if r.current != nil {
			r.current.tell()
		}
		for i := 0; i < len(r.retired); i++ { // it may grow meanwhile
			r.retired[i].tell()
		}
	}
}

// release ends the event of the policies that had one: what it has left in their
// memory is wiped.
func release() {
	for _, r := range roots {
		if r.current != nil {
			r.current.plugin.Release()
		}
		for _, p := range r.retired {
			p.plugin.Release()
		}
	}
}

// around is called as a callback within another one begins, and as it ends: it leaves the
// policies' memory to the interrupted one, and gives it back. Those of roots that were
// deleted meanwhile are among them.
func around(nested func(*filter.Plugin)) {
	for _, r := range roots {
		if r.current != nil {
			nested(r.current.plugin)
		}
		for _, p := range r.retired {
			nested(p.plugin)
		}
	}
	for _, p := range graves {
		nested(p.plugin)
	}
}

//go:wasmexport proxy_abi_version_0_2_0
func abiVersion() {}

//go:wasmexport proxy_on_vm_start
func onVMStart(_ uint32, _ int32) uint32 { return 1 }

// onContextCreate may come from within a host call of another callback, as any callback
// may: what it keeps must not stand in that one's memory.
//
//go:wasmexport proxy_on_context_create
func onContextCreate(id, parent uint32) {
	before := memory.Enter(memory.Eternal())
	if parent == 0 {
		createRoot(id)
	} else if r := rootOf(parent); r != nil {
		streams.create(id, r.current)
	}
	memory.Leave(before)
}

func createRoot(id uint32) {
	if rootOf(id) != nil {
		return
	}
	var r *root
	if n := len(spare); n > 0 {
		r, spare = spare[n-1], spare[:n-1]
	} else {
		r = new(root)
	}
	*r = root{id: id, retired: r.retired[:0]}
	roots = append(roots, r)
}

// onConfigure accepts a configuration whole or keeps what was there. Each host call on the
// way may bring any callback, of this context too: its end, or another configuration, which
// takes the place of this one at once.
//
//go:wasmexport proxy_on_configure
func onConfigure(id uint32, size int32) uint32 {
	defer memory.Leave(memory.Enter(memory.Eternal())) // rare: it may cost what a defer costs
	if rootOf(id) == nil {
		return 0
	}
	home := memory.New()
	before := memory.Enter(home)
	accepted := configure(home, size)
	memory.Leave(before)
	if accepted == nil {
		home.Free()
		return 0
	}
	r := rootOf(id)
	if r == nil {
		accepted.close()
		return 0
	}
	ticks := accepted.plugin.NeedsTicks()
	old := r.current
	r.current = accepted
	if old != nil {
		old.plugin.Retire()
		r.retired = push(r.retired, old)
		held++
		old.leave()
		held--
	}
	// From here on the configuration may be gone.
	if ticks && proxySetTickPeriod(tickMilliseconds) != statusOK {
		logLine(levelWarn, "the host has no timer: key sets are refreshed when a request needs them")
	}
	if alone() {
		r.tidy()
	}
	return 1
}

// configure reads the configuration into the region that is entered, or returns nil.
func configure(home *memory.Region, size int32) *policy {
	text, truncated := buffer(bufConfig, int(max(size, 0)), maxConfig)
	if truncated {
		logLine(levelError, "config: the configuration cannot be read or is larger than 4 MiB")
		return nil
	}
	cfg, problems := config.Parse(text, environ)
	for _, p := range problems {
		logLine(levelError, "config: "+p.String())
	}
	if cfg == nil || len(problems) > 0 {
		return nil
	}
	for _, w := range cfg.Warnings {
		logLine(levelWarn, "config: "+w.String())
	}
	seed, ok := random()
	if !ok {
		logLine(levelError, "config: the host offers no randomness (random_get)")
		return nil
	}
	p := &policy{plugin: filter.New(cfg, seed), home: home}
	if !mayFetch(p.plugin) {
		return nil
	}
	p.tally = newTally(p.plugin)
	p.plugin.Clock(now)
	withBodies(p.plugin)
	p.encode()
	leaveRSA(p.plugin, cfg)
	return p
}

// tidy frees the policies that no stream is judged by any more, once their key sets have
// ended what they had begun.
func (r *root) tidy() {
	kept := r.retired[:0]
	for _, p := range r.retired {
		if streams.uses(p) || p.plugin.Busy() {
			kept = append(kept, p)
			continue
		}
		forgetCalls(p)
		p.close()
	}
	clear(r.retired[len(kept):])
	r.retired = kept
}

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(id uint32, _, ended int32) types.Action {
	before := begin()
	action := judge(id, ended != 0)
	end(before)
	return action
}

func judge(id uint32, ended bool) types.Action {
	s := streams.find(id)
	if s == nil || s.policy == nil {
		answer(nil, effect.Unconfigured())
		return types.ActionPause
	}
	s.Ended = s.Ended || ended
	judging := s.policy
	p := judging.plugin
	t := now()
	pump(judging, id, t)
	pairs := headers(mapRequest)
	return conclude(s, judging, id, t, pairs, p.Headers(t, &s.Stream, pairs))
}

// conclude carries a verdict out, or, where what it waits for comes at once, the next.
func conclude(s *stream, judging *policy, id uint32, t int64, pairs []request.Header, v *filter.Verdict) types.Action {
	if v.Action == filter.Pause {
		pump(judging, id, t)
		if judging.plugin.Retry(t, &s.Stream) {
			v = judging.plugin.Resume(t, &s.Stream, pairs)
		}
	}
	return carryOut(s, v)
}

//go:wasmexport proxy_on_request_trailers
func onRequestTrailers(id uint32, _ int32) types.Action {
	s := streams.find(id)
	var action types.Action
	if s != nil && s.policy != nil && s.policy.plugin.Passes(&s.Stream) {
		action = passOver(s)
	} else if s != nil && s.policy != nil && s.policy.plugin.Ends(&s.Stream) {
		action = took(s) // the end of the body, whatever the host has said before
	} else {
		action = later(id)
	}
	if action != types.ActionContinue || s.gone() {
		return action
	}
	p := s.policy.plugin
	if !p.WritesIdentity() {
		return action
	}
	before := begin()
	if !apply(s, mapTrailers, p.Trailers(headers(mapTrailers))) {
		action = types.ActionPause
		if !s.gone() {
			answer(nil, effect.Unconfigured())
		}
	}
	end(before)
	return action
}

func later(id uint32) types.Action {
	s := streams.find(id)
	if s != nil && s.policy != nil && s.policy.plugin.Later(&s.Stream) == filter.Continue {
		return types.ActionContinue
	}
	return types.ActionPause
}

//go:wasmexport proxy_on_tick
func onTick(id uint32) {
	before := begin()
	wake(id)
	ticked()
	end(before)
}

// onHTTPCallResponse takes an answer to whoever asked; an answer that nobody asked
// for, or that comes twice or after its configuration, is nobody's.
//
//go:wasmexport proxy_on_http_call_response
func onHTTPCallResponse(id, call uint32, headerCount, bodySize, _ int32) {
	before := begin()
	takeAnswer(id, call, headerCount, bodySize)
	wake(id)
	end(before)
}

// wake lets key sets go on and resumes the requests that have their answer.
func wake(id uint32) {
	r := rootOf(id)
	if r == nil {
		return
	}
	t := now()
	if p := r.current; p != nil { // the root may end within
		pump(p, id, t)
		resume(p, t)
	}
	for i := 0; i < len(r.retired); i++ { // it may grow meanwhile
		p := r.retired[i]
		pump(p, id, t)
		resume(p, t)
	}
	proxySetEffectiveContext(id)
}

// resume judges the waiting requests whose time has come. Each is judged in its own
// context: on the root's an answer would go nowhere.
func resume(p *policy, t int64) {
	for waiting := p.plugin.NextReady(t); waiting != nil; waiting = p.plugin.NextReady(t) {
		s := streams.find(waiting.ID)
		if s == nil || proxySetEffectiveContext(s.ID) != statusOK {
			p.plugin.Gone(waiting) // the host has forgotten the stream: nobody is there to answer
			continue
		}
		if carryOut(s, p.plugin.Resume(t, &s.Stream, headers(mapRequest))) == types.ActionContinue && !s.gone() {
			proxyContinueStream(streamRq)
		}
	}
}

// onDelete may come from within a host call of another callback: a stream that goes on
// may end there and then. Policies are freed only when no callback may still use one.
//
//go:wasmexport proxy_on_delete
func onDelete(id uint32) {
	before := memory.Enter(memory.Eternal())
	if s := streams.find(id); s != nil {
		removeStream(s)
	} else {
		for i, r := range roots {
			if r.id == id {
				removeRoot(i)
				break
			}
		}
	}
	memory.Leave(before)
}
