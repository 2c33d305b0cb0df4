package main

import (
	"context"
	"errors"
	"path/filepath"
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
	say    func(format string, args ...any)
}

// nothing is the module that does nothing.
func (b *bench) nothing() string { return filepath.Join(b.root, "bench", "testdata", "nothing.wasm") }

// run measures everything, the quietest last: in this process, then in Envoy.
func (b *bench) run(ctx context.Context) (*report.Report, error) {
	r := &report.Report{Schema: report.Schema, Started: b.now, Scale: b.scale}
	var err error
	if r.Machine, r.Versions, err = describe(ctx, b.root, b.module); err != nil {
		return nil, err
	}
	m, err := mintAll(b.scale, b.now, b.say)
	if err != nil {
		return nil, err
	}
	r.TokenBytes = m.bytes
	if err := b.kernels(ctx, r); err != nil {
		return nil, err
	}
	signed, err := b.local(ctx, r, m)
	if err != nil {
		return nil, err
	}
	if err := b.starts(ctx, r, m); err != nil {
		return nil, err
	}
	if err := b.memory(ctx, r, m); err != nil {
		return nil, err
	}
	list := variants(r.TokenCache)
	if err = b.envoy(ctx, r, list, m); err != nil {
		return nil, err
	}
	flat, err := b.flat(ctx, m)
	if err != nil {
		return nil, err
	}
	counted := measure.NewRun(r.Slots)
	r.Variants = summarise(list, counted)
	r.Targets = targets(facts{run: counted, list: list, report: r, signed: signed, flat: flat})
	r.Machine.LoadAfter = loadAverage()
	r.Finished = time.Now()
	return r, nil
}

// kernels compiles the guest and measures the operations.
func (b *bench) kernels(ctx context.Context, r *report.Report) error {
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

// signedConfig is accepted by a module that knows signed requests, whatever it then
// says of their details.
const signedConfig = `{"providers": {"hook": {"signed_request": {"preset": "standard-webhooks", "keys": [{"id": "a", "secret": {"inline_base64": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}]}}},
 "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "hook"}}]}`

// local measures on wazero; signed says whether the module takes signed requests.
func (b *bench) local(ctx context.Context, r *report.Report, m *material) (signed bool, err error) {
	module, err := local.Open(ctx, b.module)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, module.Close(ctx)) }()
	took, bytes, err := module.Start(ctx, m.keys["RS256"])
	if err != nil {
		return false, err
	}
	r.Start.Compile, r.Start.Configure, r.Start.LocalBytes = module.Compile.Seconds(), took.Seconds(), bytes
	if r.TokenCache, err = module.HasCache(ctx, m.keys["ES384"], m.corpora["ES384"].Tokens[:256]); err != nil {
		return false, err
	}
	if signed, err = module.Takes(ctx, signedConfig); err != nil {
		return false, err
	}
	tokens, order := map[string]string{"accepted RS256": m.corpora["RS256"].Tokens[0]}, []string{"accepted RS256"}
	for _, kind := range mint.Refused() {
		tokens["refused: "+kind] = m.corpora[kind].Tokens[0]
		order = append(order, "refused: "+kind)
	}
	if r.Calls, err = module.Count(ctx, m.keys["RS256"], tokens, order); err != nil {
		return false, err
	}
	for _, a := range mint.Algorithms() {
		b.say("whole requests on wazero and beside jwx: %s", a)
		s, err := module.Whole(ctx, m.keys[a], m.corpora[a].Tokens, b.scale.KernelRounds, b.scale.KernelTime)
		if err != nil {
			return false, err
		}
		r.Whole = append(r.Whole, s)
	}
	return signed, nil
}

// envoy runs the variants.
func (b *bench) envoy(ctx context.Context, r *report.Report, list []variant, m *material) (err error) {
	d, err := doors(m.keys, b.module, b.nothing(), r.TokenCache)
	if err != nil {
		return err
	}
	b.say("starting an Envoy with %d listeners", len(d))
	p, err := edge.Start(ctx, d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	if r.Slots, err = rounds(ctx, p, b.scale, list, m.corpora, b.say); err != nil {
		return err
	}
	b.say("latencies at %d requests a second", b.scale.Rate)
	r.Latencies, err = latencies(ctx, p, b.scale, list, m.corpora)
	return err
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
