package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/kernels"
	"github.com/postern-wasm/postern/bench/local"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/bench/report"
)

// bench is one run.
type bench struct {
	root   string // the project's folder
	module string // the module's file
	work   string // where files may be made
	scale  scale
	now    time.Time // what tokens are minted for
	*progress

	knows knows
	facts facts
}

// modules finds the modules that run in Envoy beside the one that is measured.
func (b *bench) modules(ctx context.Context) (modules, error) {
	data := filepath.Join(b.root, "bench", "testdata")
	all, err := functions(ctx, b.module)
	b.knows.offload = slices.Contains(all, offload)
	return modules{
		postern: b.module, nothing: filepath.Join(data, "nothing.wasm"), reading: filepath.Join(data, "reading.wasm"),
		buffering:      filepath.Join(data, "buffering.wasm"),
		withoutOffload: slices.DeleteFunc(all, func(name string) bool { return name == offload }),
	}, err
}

// run measures everything: in this process, then in Envoy.
func (b *bench) run(ctx context.Context) (*report.Report, error) {
	r := &report.Report{Schema: report.Schema, Started: b.now, Scale: b.scale}
	var err error
	if r.Machine, r.Versions, err = describe(ctx, b.root, b.module); err != nil {
		return nil, err
	}
	files, err := b.modules(ctx)
	if err != nil {
		return nil, err
	}
	b.enter(phaseMint)
	m, err := mintAll(b.scale, b.now, b.say)
	if err != nil {
		return nil, err
	}
	r.TokenBytes = m.bytes
	for _, part := range []func(context.Context, *report.Report, *material) error{b.kernels, b.local, b.starts, b.memory} {
		if err := part(ctx, r, m); err != nil {
			return nil, err
		}
	}
	list := variants(b.knows)
	if err := b.envoy(ctx, r, files, list, m); err != nil {
		return nil, err
	}
	if err := b.growths(ctx, r, m); err != nil {
		return nil, err
	}
	b.enter(phaseFlat)
	if b.facts.flat, err = b.flat(ctx, m); err != nil {
		return nil, err
	}
	b.facts.run, b.facts.list, b.facts.report, b.facts.scale, b.facts.knows = measure.NewRun(r.Slots), list, r, b.scale, b.knows
	r.Variants = summarise(list, b.facts.run)
	r.Targets = targets(b.facts)
	r.Machine.LoadAfter = loadAverage()
	r.Finished = time.Now()
	return r, nil
}

// kernels compiles the guest and measures the operations.
func (b *bench) kernels(ctx context.Context, r *report.Report, _ *material) error {
	b.enter(phaseKernels)
	b.say("compiling the kernels for wazero")
	guest, err := filepath.Abs(filepath.Join(b.work, "bench-kernels.wasm"))
	if err != nil {
		return err
	}
	if err := kernels.Build(ctx, b.root, guest); err != nil {
		return err
	}
	cases, err := kernels.Cases()
	if err != nil {
		return err
	}
	b.say("kernels: %d operations, natively and on wazero", len(cases))
	r.Kernels, err = kernels.Measure(ctx, guest, cases, b.scale.KernelRounds, b.scale.KernelTime)
	return err
}

// local measures on wazero, and finds out what the module can do.
func (b *bench) local(ctx context.Context, r *report.Report, m *material) (err error) {
	b.enter(phaseWhole)
	module, err := local.Open(ctx, b.module)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, module.Close(ctx)) }()
	took, bytes, err := module.Start(ctx, m.keys["RS256"])
	if err != nil {
		return err
	}
	r.Start.Compile, r.Start.Configure, r.Start.LocalBytes = module.Compile.Seconds(), took.Seconds(), bytes
	if b.knows.cache, err = module.HasCache(ctx, m.keys["ES384"], m.corpora["ES384"].Tokens[:256]); err != nil {
		return err
	}
	r.TokenCache = b.knows.cache
	hook, err := edge.SignedConfig()
	if err != nil {
		return err
	}
	if b.knows.signed, err = module.Takes(ctx, hook); err != nil {
		return err
	}
	stateful, err := edge.Config(edge.Setup{Keys: []*mint.Key{m.keys["RS256"]}, Postern: true, State: true})
	if err != nil {
		return err
	}
	if b.knows.state, err = module.Takes(ctx, stateful); err != nil {
		return err
	}
	if err := b.crossings(ctx, r, module, m); err != nil {
		return err
	}
	for _, a := range mint.Algorithms() {
		b.say("whole requests on wazero and beside jwx: %s", a)
		s, err := module.Whole(ctx, m.keys[a], m.corpora[a].Tokens, b.scale.KernelRounds, b.scale.KernelTime)
		if err != nil {
			return err
		}
		r.Whole = append(r.Whole, s)
	}
	b.enter(phaseHeld)
	b.say("the longest callback, with %d tokens of %d key sets in the cache", b.scale.Held, len(m.sets))
	if err := b.longest(ctx, r, module, m); err != nil {
		return err
	}
	b.enter(phaseProfile)
	b.say("profile: %d requests in V8", b.scale.Sampled)
	return b.profile(ctx, r, m)
}

// asked are one request of each kind: one whose token is new, one whose token was seen
// before, and each refused kind.
func asked(m *material) []local.Asked {
	good := m.corpora["RS256"].Tokens
	list := []local.Asked{
		{Request: "accepted RS256, a new token", Before: good[0], Token: good[1]},
		{Request: seenRequest, Before: good[2], Token: good[2]},
	}
	for _, kind := range mint.Refused() {
		tokens := m.corpora[kind].Tokens
		list = append(list, local.Asked{Request: "refused: " + kind, Before: tokens[0], Token: tokens[len(tokens)-1]})
	}
	return list
}

const seenRequest = "accepted RS256, seen before"

// crossings counts what one request of each kind has host and guest say to each other,
// and what it has the guest allocate.
func (b *bench) crossings(ctx context.Context, r *report.Report, module *local.Module, m *material) (err error) {
	if r.Calls, err = module.Count(ctx, m.keys["RS256"], asked(m)); err != nil {
		return err
	}
	if r.Allocations.Rows, err = local.Allocate(ctx, named(b.module), m.keys["RS256"], asked(m)); err != nil {
		r.Allocations.Why = err.Error()
	}
	return ctx.Err()
}

// envoy runs the variants.
func (b *bench) envoy(ctx context.Context, r *report.Report, files modules, list []variant, m *material) (err error) {
	b.enter(phaseEnvoy)
	d, err := doors(m.keys, files, b.knows)
	if err != nil {
		return err
	}
	b.say("starting an Envoy with %d listeners", len(d))
	f, err := open(ctx, d, []int{1}, m.corpora, b.scale, b.say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	r.CacheCounted = f.counted
	if r.Slots, err = f.rounds(ctx, "envoy", list, b.scale.Rounds, b.scale.Requests); err != nil {
		return err
	}
	b.enter(phasePaced)
	b.say("latencies at %d requests a second", b.scale.Rate)
	r.Latencies, err = latencies(ctx, f, b.scale, list)
	return err
}

// growths measures how cost grows, and adds the rounds to the report's.
func (b *bench) growths(ctx context.Context, r *report.Report, m *material) error {
	b.enter(phaseGrow)
	list, err := growths(b.scale, m, b.module, b.knows.cache)
	if err != nil {
		return err
	}
	for _, g := range list {
		slots, why, err := b.grow(ctx, g, m)
		if err != nil {
			return err
		}
		r.Slots = append(r.Slots, slots...)
		r.Curves = append(r.Curves, g.curve(measure.NewRun(slots), why))
	}
	return nil
}

// summarise turns the rounds into one figure for each variant.
func summarise(list []variant, counted *measure.Run) []report.Variant {
	baselines := map[string]string{}
	for _, v := range list {
		baselines[v.name] = v.baseline
	}
	var rows []report.Variant
	for _, v := range list {
		row := report.Variant{Name: v.name, Baseline: v.baseline, Peer: v.peer, Total: counted.Total(v.name), Throughput: counted.Throughput(v.name)}
		if v.baseline != "" {
			cost := counted.Cost(v.name, v.baseline)
			row.Cost = &cost
		}
		if v.peer != "" {
			ratio := counted.Ratio(measure.Pair{Variant: v.name, Baseline: v.baseline}, measure.Pair{Variant: v.peer, Baseline: baselines[v.peer]})
			row.Ratio = &ratio
		}
		rows = append(rows, row)
	}
	return rows
}
