//go:build !race

package storm

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/replay"
	"github.com/postern-wasm/postern/plugin/request"
)

// native drives the rooms as the filter room's documentation says, by the same host
// calls as the module. It is for storms without callbacks within host calls.
type native struct {
	w       *worker
	roots   map[uint32]*nativeRoot
	streams map[uint32]*nativeStream
	calls   map[uint32]nativeCall
	metrics map[string]uint32
	// delivered says that the host has been seen to deliver the body of a held request.
	delivered  bool
	remembered replay.Memory
}

type nativeRoot struct {
	id      uint32
	current *filter.Plugin
	retired []*filter.Plugin
}

type nativeStream struct {
	filter.Stream
	root   *nativeRoot
	plugin *filter.Plugin
}

type nativeCall struct {
	root   uint32
	plugin *filter.Plugin
	source *jwks.Source
	flight uint32
}

func startNative(w *worker) guest {
	return &native{
		w: w, roots: map[uint32]*nativeRoot{}, streams: map[uint32]*nativeStream{}, calls: map[uint32]nativeCall{},
		metrics: map[string]uint32{},
	}
}

func (n *native) now() int64     { return n.w.storm.clock }
func (n *native) memory() uint32 { return 0 }
func (n *native) close()         {}

func (n *native) count(name string) {
	if n.metrics[name] == 0 {
		n.metrics[name] = n.w.defineMetric(name)
	}
	n.w.incrementMetric(n.metrics[name], 1)
}

func (n *native) create(id, parent uint32) {
	if parent == 0 {
		n.roots[id] = &nativeRoot{id: id}
		return
	}
	r := n.roots[parent]
	n.streams[id] = &nativeStream{Stream: filter.Stream{ID: id}, root: r, plugin: r.current}
}

func (n *native) configure(id uint32, size int) bool {
	text, _ := n.w.buffer(bufferConfig, 0, int32(size))
	cfg, problems := config.Parse(slices.Clone(text), func(string) (string, bool) { return "", false })
	if cfg == nil || len(problems) > 0 {
		return false
	}
	r := n.roots[id]
	if r.current != nil {
		r.current.Retire()
		r.retired = append(r.retired, r.current)
	}
	seed := binary.BigEndian.Uint64(n.w.random(8))
	n.w.random(8) // the module looks whether it is the same twice
	r.current = filter.New(cfg, seed)
	r.current.ReadBody(func(start, size int64) []byte {
		b, _ := n.w.buffer(bufferRequest, int32(start), int32(size))
		return slices.Clone(b)
	})
	if n.delivered {
		r.current.Delivers()
	}
	r.current.Remember(nativeShared{n.w}, &n.remembered)
	n.tidy(r)
	return true
}

// tidy closes the retired plugins that no stream is judged by.
func (n *native) tidy(r *nativeRoot) {
	r.retired = slices.DeleteFunc(r.retired, func(p *filter.Plugin) bool {
		for _, s := range n.streams {
			if s.plugin == p {
				return false
			}
		}
		if p.Busy() {
			return false
		}
		n.forget(p)
		return true
	})
}

// forget closes a plugin; answers to its calls are nobody's.
func (n *native) forget(p *filter.Plugin) {
	for id, c := range n.calls {
		if c.plugin == p {
			delete(n.calls, id)
		}
	}
	p.Close()
}

// quit gives back what the key sets of a plugin hold.
func (n *native) quit(p *filter.Plugin) {
	p.Quit()
	for p.Busy() {
		i, step := p.NextStep(n.now())
		if step.Kind != jwks.ReadShared && step.Kind != jwks.WriteShared {
			return
		}
		n.step(nil, p, i, step)
	}
}

func (n *native) pump(r *nativeRoot, p *filter.Plugin) {
	for {
		i, step := p.NextStep(n.now())
		if step.Kind == jwks.Nothing {
			return
		}
		n.step(r, p, i, step)
	}
}

// step carries out what key set i of a plugin wants.
func (n *native) step(r *nativeRoot, p *filter.Plugin, i int, step jwks.Step) {
	source := p.Source(i)
	switch step.Kind {
	case jwks.Nothing:
	case jwks.ReadShared:
		value, cas, status := n.w.sharedGet(step.Key)
		source.Read(n.now(), share(status), value, cas)
	case jwks.WriteShared:
		source.Written(n.now(), share(n.w.sharedSet(step.Key, slices.Clone(step.Value), step.CAS)))
	case jwks.Fetch:
		n.fetch(r, p, source, step)
	}
}

func (n *native) fetch(r *nativeRoot, p *filter.Plugin, source *jwks.Source, step jwks.Step) {
	n.w.setEffective(r.id)
	_, _, path := jwks.Target(step.URI)
	id, status := n.w.httpCall(source.Config().Cluster, []abi.Pair{{Name: ":path", Value: path}}, 5000)
	source.Dispatched(n.now(), status == abi.StatusOK)
	if status == abi.StatusOK {
		n.calls[id] = nativeCall{r.id, p, source, step.Flight}
	}
}

// nativeShared is the proxy's shared data for what is remembered.
type nativeShared struct{ w *worker }

func (n nativeShared) Get(key string) ([]byte, uint32, replay.ShareStatus) {
	value, cas, status := n.w.sharedGet(key)
	return value, cas, replay.ShareStatus(share(status))
}

func (n nativeShared) Set(key string, value []byte, cas uint32) replay.ShareStatus {
	return replay.ShareStatus(share(n.w.sharedSet(key, slices.Clone(value), cas)))
}

func share(status abi.Status) jwks.ShareStatus {
	switch status {
	case abi.StatusOK:
		return jwks.ShareOK
	case abi.StatusNotFound:
		return jwks.ShareAbsent
	case abi.StatusCASMismatch:
		return jwks.ShareConflict
	case abi.StatusBadArgument, abi.StatusSerializationFailure, abi.StatusParseFailure, abi.StatusInvalidMemoryAccess,
		abi.StatusEmpty, abi.StatusInternalFailure, abi.StatusUnimplemented:
	}
	return jwks.ShareUnavailable
}

// list is the effective stream's headers for the rooms.
func (n *native) list() []request.Header {
	pairs, _ := n.w.pairs(mapRequest)
	headers := make([]request.Header, len(pairs))
	for i, p := range pairs {
		headers[i] = request.Header{Name: p.Name, Value: p.Value}
	}
	return headers
}

func (n *native) headers(id uint32, _ int, ended bool) uint32 {
	s := n.streams[id]
	s.Ended = s.Ended || ended
	p := s.plugin
	if p == nil {
		n.w.localAnswer(503, "postern_denied{no_configuration}", "", nil)
		return actionPause
	}
	n.pump(s.root, p)
	n.w.setEffective(id)
	list := n.list()
	return n.judge(s, list, p.Headers(n.now(), &s.Stream, list))
}

// judge carries out a verdict of now, or of once the key sets have been asked.
func (n *native) judge(s *nativeStream, list []request.Header, v *filter.Verdict) uint32 {
	p, id := s.plugin, s.ID
	if v.Action == filter.Pause {
		n.pump(s.root, p)
		n.w.setEffective(id)
		if p.Retry(n.now(), &s.Stream) {
			v = p.Resume(n.now(), &s.Stream, list)
		}
	}
	action := n.carryOut(v)
	p.Release()
	return action
}

func (n *native) carryOut(v *filter.Verdict) uint32 {
	for _, state := range v.States {
		n.w.setProperty(state.Path, strings.Clone(state.Value))
	}
	switch v.Action {
	case filter.Continue, filter.Ahead:
		n.apply(mapRequest, v.Ops)
		return actionContinue
	case filter.Refuse:
		headers := make([]abi.Pair, 0, len(v.Answer.Headers))
		for _, h := range v.Answer.Headers {
			headers = append(headers, abi.Pair{Name: strings.Clone(h.Name), Value: strings.Clone(h.Value)})
		}
		n.w.log(2, strings.Clone(v.Log))
		n.w.localAnswer(v.Answer.Status, strings.Clone(v.Answer.Details), string(v.Answer.Body), headers)
	case filter.Pause, filter.Inert:
	}
	return actionPause
}

func (n *native) apply(kind uint32, ops []effect.Op) {
	for _, op := range ops {
		name, value := strings.Clone(op.Name), strings.Clone(op.Value)
		switch op.Kind {
		case effect.Remove:
			n.w.header(opRemove, kind, name, "")
		case effect.Set:
			n.w.header(opSet, kind, name, value)
		case effect.Add:
			n.w.header(opAdd, kind, name, value)
		}
	}
}

func (n *native) trailers(id uint32, _ int) uint32 {
	s := n.streams[id]
	var action uint32
	switch {
	case s.plugin != nil && s.plugin.Passes(&s.Stream):
		action = n.passOver(s)
	case s.plugin != nil && s.plugin.Ends(&s.Stream):
		action = n.took(s)
	default:
		action = n.later(s)
	}
	if action != actionContinue {
		return actionPause
	}
	pairs, _ := n.w.pairs(mapTrailers)
	list := make([]request.Header, len(pairs))
	for i, p := range pairs {
		list[i] = request.Header{Name: p.Name, Value: p.Value}
	}
	n.apply(mapTrailers, s.plugin.Trailers(list))
	s.plugin.Release()
	return actionContinue
}

func (n *native) tick(id uint32) { n.wake(n.roots[id]) }

func (n *native) answer(root, call uint32, headers, size int) {
	if c, ok := n.calls[call]; ok && c.root == root {
		delete(n.calls, call)
		n.take(c, headers, size)
	}
	if r := n.roots[root]; r != nil {
		n.wake(r)
	}
}

func (n *native) take(c nativeCall, headers, size int) {
	a := jwks.Answer{}
	if headers > 0 {
		pairs, _ := n.w.pairs(mapCallout)
		list := make([]request.Header, len(pairs))
		for i, p := range pairs {
			list[i] = request.Header{Name: p.Name, Value: p.Value}
		}
		a = jwks.AnswerFrom(list)
	}
	limit := c.source.Config().MaxBytes
	a.Body, _ = n.w.buffer(bufferCallout, 0, int32(min(size, limit)))
	a.Truncated = size > limit
	if c.source.Answered(n.now(), c.flight, a) {
		n.count(fetchSuccess)
	}
}

func (n *native) wake(r *nativeRoot) {
	if r.current != nil {
		n.pump(r, r.current)
		n.resume(r.current)
	}
	for _, p := range r.retired {
		n.pump(r, p)
		n.resume(p)
	}
	n.tidy(r)
}

func (n *native) resume(p *filter.Plugin) {
	for s := p.NextReady(n.now()); s != nil; s = p.NextReady(n.now()) {
		n.w.setEffective(s.ID)
		if n.carryOut(p.Resume(n.now(), s, n.list())) == actionContinue {
			n.w.continueStream(0)
		}
	}
	p.Release()
}

func (n *native) remove(id uint32) {
	if s := n.streams[id]; s != nil {
		if s.plugin != nil {
			s.plugin.Gone(&s.Stream)
		}
		delete(n.streams, id)
		n.tidy(s.root)
		return
	}
	r := n.roots[id]
	delete(n.roots, id)
	for _, p := range append(r.retired, r.current) {
		n.quit(p)
		n.forget(p)
	}
}
