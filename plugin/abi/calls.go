//go:build wasip1

package abi

import (
	"slices"
	"unsafe"

	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/request"
)

// maxSteps bounds the host calls of one event: a fault in a planner must not become an
// endless loop on the proxy's event loop.
const maxSteps = 256

// call is a fetch under way.
type call struct {
	id     uint32
	root   uint32
	policy *policy
	source int
	flight uint32
}

var calls []call

// pump carries out what the key sets of a policy want, on behalf of its root: a call
// made for a stream would die with it. id is the context to return to.
func pump(p *policy, id uint32, t int64) {
	source, step := p.plugin.NextStep(t)
	if step.Kind == jwks.Nothing {
		return
	}
	r := rootWith(p)
	if r == nil {
		return
	}
	for range maxSteps {
		carryStep(r.id, p, source, step, t)
		if source, step = p.plugin.NextStep(t); step.Kind == jwks.Nothing {
			break
		}
	}
	if r.id != id {
		proxySetEffectiveContext(id)
	}
}

// tell logs what the key sets have to say; it is gone when the callback returns.
func (p *policy) tell() {
	for note := p.plugin.Notes(); note != ""; note = p.plugin.Notes() {
		logLine(levelWarn, note)
	}
}

// rootWith finds the context that a policy belongs to.
func rootWith(p *policy) *root {
	for _, r := range roots {
		if r.current == p || slices.Contains(r.retired, p) {
			return r
		}
	}
	return nil
}

func carryStep(root uint32, p *policy, i int, step jwks.Step, t int64) {
	source := p.plugin.Source(i)
	key, keySize := ptr(step.Key)
	switch step.Kind {
	case jwks.ReadShared:
		out.data, out.size, out.number = nil, 0, 0
		st := proxyGetSharedData(key, keySize, unsafe.Pointer(&out.data), unsafe.Pointer(&out.size), unsafe.Pointer(&out.number))
		value := result()
		source.Read(t, shareStatus(st), value, out.number)
	case jwks.WriteShared:
		st := proxySetSharedData(key, keySize, unsafe.SliceData(step.Value), int32(len(step.Value)), step.CAS)
		source.Written(t, shareStatus(st))
	case jwks.Fetch:
		source.Dispatched(t, fetch(root, p, i, step))
	case jwks.Nothing:
	}
}

func shareStatus(st status) jwks.ShareStatus {
	switch st {
	case statusOK:
		return jwks.ShareOK
	case statusNotFound:
		return jwks.ShareAbsent
	case statusCASMismatch:
		return jwks.ShareConflict
	}
	return jwks.ShareUnavailable
}

// fetch starts a GET for a key set on the root's context.
func fetch(root uint32, p *policy, i int, step jwks.Step) bool {
	cfg := p.plugin.Source(i).Config()
	scheme, authority, path := jwks.Target(step.URI)
	text := appendPairs(nil, []request.Header{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: scheme},
		{Name: ":authority", Value: authority},
		{Name: ":path", Value: path},
		{Name: "accept", Value: step.Accept},
		{Name: "user-agent", Value: "postern"},
	})
	proxySetEffectiveContext(root)
	cluster, clusterSize := ptr(cfg.Cluster)
	trailers := appendPairs(nil, nil)
	milliseconds := uint32(min(max(cfg.Timeout/1_000_000, 1), 1<<31-1))
	st := proxyHTTPCall(cluster, clusterSize, unsafe.SliceData(text), int32(len(text)), nil, 0,
		unsafe.SliceData(trailers), int32(len(trailers)), milliseconds, unsafe.Pointer(&out.number))
	if st != statusOK {
		return false
	}
	before := memory.Enter(memory.Eternal())
	calls = push(calls, call{id: out.number, root: root, policy: p, source: i, flight: step.Flight})
	memory.Leave(before)
	return true
}

// mayFetch says whether the host can do what the configuration's key sets want. It is told
// to call nobody: a host that can call says that it does not know such a cluster.
func mayFetch(p *filter.Plugin) bool {
	if p.Sources() == 0 {
		return true
	}
	none := appendPairs(nil, nil)
	if proxyHTTPCall(nil, 0, unsafe.SliceData(none), int32(len(none)), nil, 0,
		unsafe.SliceData(none), int32(len(none)), 1, unsafe.Pointer(&out.number)) != statusUnimplemented {
		return true
	}
	logLine(levelError, "config: providers: a key set is to be fetched, and the host offers no HTTP callouts: use local_jwks")
	return false
}

// push appends to a list that lives as long as the VM. The array that it outgrows keeps
// no pointers: nobody frees it, and what they point to may be freed.
func push[T any](list []T, v T) []T {
	if len(list) == cap(list) {
		grown := make([]T, len(list), 2*len(list)+4)
		copy(grown, list)
		clear(list)
		list = grown
	}
	return append(list, v)
}

// takeAnswer hands a callout's answer to the key set that asked.
func takeAnswer(root, id uint32, headerCount, bodySize int32) {
	for i, c := range calls {
		if c.id != id || c.root != root {
			continue
		}
		calls = slices.Delete(calls, i, i+1)
		source := c.policy.plugin.Source(c.source)
		a := jwks.Answer{}
		if headerCount > 0 { // none is a reset
			a = jwks.AnswerFrom(headers(mapCallout))
		}
		a.Body, a.Truncated = buffer(bufCallout, int(max(bodySize, 0)), source.Config().MaxBytes)
		c.policy.fetched(c.source, source.Answered(now(), c.flight, a))
		return
	}
}

// quit gives back what the key sets of a policy hold, before the host drops its calls.
func quit(p *policy) {
	forgetCalls(p)
	p.plugin.Quit()
	t := now()
	for range maxSteps {
		source, step := p.plugin.NextStep(t)
		if step.Kind != jwks.ReadShared && step.Kind != jwks.WriteShared || !p.plugin.Busy() {
			return
		}
		carryStep(0, p, source, step, t)
	}
}

// forgetCalls drops the calls of a policy: their answers are nobody's.
func forgetCalls(p *policy) {
	calls = slices.DeleteFunc(calls, func(c call) bool { return c.policy == p })
}

// carryOut does what a verdict says, in the effective context. Whatever the host does
// not carry out ends in a refusal: half the operations are worse than none. A stream
// that ends meanwhile is left alone.
func carryOut(s *stream, v *filter.Verdict) types.Action {
	switch v.Action {
	case filter.Continue:
		if !apply(s, mapRequest, v.Ops) {
			if s.gone() {
				return types.ActionPause
			}
			logLine(levelError, "the host did not carry out a header operation: the request is refused")
			answer(nil, effect.Unconfigured())
			return types.ActionPause
		}
		if s.gone() {
			return types.ActionPause
		}
		if v.ClearRoute {
			clearRouteCache()
		}
		settle(s.policy, v)
		return types.ActionContinue
	case filter.Refuse:
		settle(s.policy, v)
		if !s.gone() {
			answer(s.policy, v.Answer)
		}
	case filter.Ahead:
		if apply(s, mapRequest, v.Ops) && !s.gone() {
			return types.ActionContinue
		}
		if !s.gone() {
			answer(nil, effect.Unconfigured())
		}
	case filter.Pause, filter.Inert:
	}
	return types.ActionPause
}

// apply carries operations out on one header map of a stream and says whether all were
// done.
func apply(s *stream, kind uint32, ops []effect.Op) bool {
	for i := range ops {
		if s.gone() {
			return false
		}
		name, nameSize := ptr(ops[i].Name)
		value, valueSize := ptr(ops[i].Value)
		var st status
		switch ops[i].Kind {
		case effect.Remove:
			st = proxyRemoveHeader(kind, name, nameSize)
		case effect.Set:
			st = proxyReplaceHeader(kind, name, nameSize, value, valueSize)
		case effect.Add:
			st = proxyAddHeader(kind, name, nameSize, value, valueSize)
		}
		if st != statusOK {
			return false
		}
	}
	return carriedOut(kind, ops)
}

// answer sends a local answer, made under a policy if there is one.
func answer(p *policy, a *effect.Answer) {
	var lines []byte
	if p != nil && a.Prepared != 0 {
		lines = p.lines[a.Prepared]
	} else {
		lines = appendPairs(make([]byte, 0, 512), a.Headers)
	}
	details, detailsSize := ptr(a.Details)
	proxySendLocalResponse(a.Status, details, detailsSize, unsafe.SliceData(a.Body), int32(len(a.Body)),
		unsafe.SliceData(lines), int32(len(lines)), a.GRPC)
}

// settle leaves behind what is to be known of a verdict: filter state, a line, a count.
// p is nil where the configuration may be gone.
func settle(p *policy, v *filter.Verdict) {
	for i := range v.States {
		path, pathSize := ptr(v.States[i].Path)
		value, valueSize := ptr(v.States[i].Value)
		proxySetProperty(path, pathSize, value, valueSize)
	}
	if v.Log != "" {
		logLine(levelInfo, filter.WithClient(v.Log, v.Forwarded.Client(clientAddress())))
	}
	if p != nil {
		p.count(v)
	}
}

// clientAddress is the other end of the connection as the proxy sees it, or "".
func clientAddress() string {
	out.data, out.size = nil, 0
	path, pathSize := ptr("source\x00address")
	if proxyGetProperty(path, pathSize, unsafe.Pointer(&out.data), unsafe.Pointer(&out.size)) != statusOK {
		return ""
	}
	return string(result())
}
