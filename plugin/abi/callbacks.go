//go:build wasip1

package abi

import (
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"
)

const (
	// maxConfig bounds a configuration, bytes.
	maxConfig = 4 << 20
	// tickMilliseconds is the timer's period where key sets are remote. One period for
	// good: a host that allows only one is served like the rest.
	tickMilliseconds = 100
)

// root is one plugin context: a configuration and those before it that requests still
// wait for.
type root struct {
	id      uint32
	plugin  *filter.Plugin // nil until a configuration is accepted
	retired []*filter.Plugin
}

var (
	roots   []*root
	streams table
	pairs   []request.Header // reused by every callback that reads headers
)

func rootOf(id uint32) *root {
	for _, r := range roots {
		if r.id == id {
			return r
		}
	}
	return nil
}

//go:wasmexport proxy_abi_version_0_2_0
func abiVersion() {}

//go:wasmexport proxy_on_vm_start
func onVMStart(_ uint32, _ int32) uint32 { return 1 }

//go:wasmexport proxy_on_context_create
func onContextCreate(id, parent uint32) {
	if parent == 0 {
		if rootOf(id) == nil {
			roots = append(roots, &root{id: id})
		}
		return
	}
	if r := rootOf(parent); r != nil {
		streams.create(id, r.plugin)
	}
}

// onConfigure accepts a configuration whole or keeps what was there.
//
//go:wasmexport proxy_on_configure
func onConfigure(id uint32, size int32) uint32 {
	r := rootOf(id)
	if r == nil {
		return 0
	}
	text, truncated := buffer(bufConfig, int(max(size, 0)), maxConfig)
	if truncated {
		logLine(levelError, "config: the configuration cannot be read or is larger than 4 MiB")
		return 0
	}
	cfg, problems := config.Parse(text, environ)
	for _, p := range problems {
		logLine(levelError, "config: "+p.String())
	}
	if cfg == nil || len(problems) > 0 {
		return 0
	}
	for _, w := range cfg.Warnings {
		logLine(levelWarn, "config: "+w.String())
	}
	seed, ok := random()
	if !ok {
		logLine(levelError, "config: the host offers no randomness (random_get)")
		return 0
	}
	if r.plugin != nil && r.plugin.Waiting() > 0 {
		r.retired = append(r.retired, r.plugin)
	}
	r.plugin = filter.New(cfg, seed)
	defineMetrics()
	if r.plugin.NeedsTicks() && proxySetTickPeriod(tickMilliseconds) != statusOK {
		logLine(levelWarn, "the host has no timer: key sets are refreshed when a request needs them")
	}
	return 1
}

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(id uint32, _, _ int32) types.Action {
	s := streams.find(id)
	if s == nil || s.plugin == nil {
		answer(effect.Unconfigured())
		return types.ActionPause
	}
	t := now()
	pump(id, t)
	pairs = headers(pairs[:0], mapRequest)
	v := s.plugin.Headers(t, &s.Stream, pairs)
	if v.Action == filter.Pause {
		pump(id, t)
		if s.plugin.Retry(t, &s.Stream) {
			v = s.plugin.Resume(t, &s.Stream, pairs)
		}
	}
	return carryOut(v)
}

//go:wasmexport proxy_on_request_body
func onRequestBody(id uint32, _, _ int32) types.Action { return later(id) }

//go:wasmexport proxy_on_request_trailers
func onRequestTrailers(id uint32, _ int32) types.Action {
	action := later(id)
	if action != types.ActionContinue {
		return action
	}
	p := streams.find(id).plugin
	if !p.WritesIdentity() {
		return action
	}
	pairs = headers(pairs[:0], mapTrailers)
	if !apply(mapTrailers, p.Trailers(pairs)) {
		answer(effect.Unconfigured())
		return types.ActionPause
	}
	return action
}

func later(id uint32) types.Action {
	s := streams.find(id)
	if s != nil && s.plugin != nil && s.plugin.Later(&s.Stream) == filter.Continue {
		return types.ActionContinue
	}
	return types.ActionPause
}

//go:wasmexport proxy_on_tick
func onTick(id uint32) { wake(id) }

// onHTTPCallResponse takes an answer to whoever asked; an answer that nobody asked
// for, or that comes twice or after its configuration, is nobody's.
//
//go:wasmexport proxy_on_http_call_response
func onHTTPCallResponse(id, call uint32, headerCount, bodySize, _ int32) {
	r := rootOf(id)
	if r == nil {
		return
	}
	takeAnswer(r, call, headerCount, bodySize)
	wake(id)
}

// wake lets key sets go on and resumes the requests that have their answer.
func wake(id uint32) {
	r := rootOf(id)
	if r == nil {
		return
	}
	t := now()
	pump(id, t)
	if r.plugin != nil {
		resume(r.plugin, t)
	}
	kept := r.retired[:0]
	for _, p := range r.retired {
		if resume(p, t); p.Waiting() > 0 {
			kept = append(kept, p)
		}
	}
	r.retired = kept
	proxySetEffectiveContext(id)
}

// resume judges the waiting requests whose time has come. Each is judged in its own
// context: on the root's an answer would go nowhere.
func resume(p *filter.Plugin, t int64) {
	for s := p.NextReady(t); s != nil; s = p.NextReady(t) {
		if proxySetEffectiveContext(s.ID) != statusOK {
			p.Gone(s) // the host has forgotten the stream: nobody is there to answer
			continue
		}
		pairs = headers(pairs[:0], mapRequest)
		if carryOut(p.Resume(t, s, pairs)) == types.ActionContinue {
			proxyContinueStream(streamRq)
		}
	}
}

//go:wasmexport proxy_on_delete
func onDelete(id uint32) {
	if s := streams.find(id); s != nil {
		if s.plugin != nil {
			s.plugin.Gone(&s.Stream)
		}
		streams.remove(s)
		return
	}
	for i, r := range roots {
		if r.id == id {
			forgetCalls(r)
			roots = append(roots[:i], roots[i+1:]...)
			return
		}
	}
}
