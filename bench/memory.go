package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/load"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/bench/report"
	"github.com/postern-wasm/postern/host/envoy"
)

// starts times Envoy's start without a filter and with the module, in turns.
func (b *bench) starts(ctx context.Context, r *report.Report, m *material) error {
	b.say("starting Envoy with and without the module")
	with, err := door("postern", m.keys["RS256"], b.module, true, edge.Caches{})
	if err != nil {
		return err
	}
	var plain, module, guest []float64
	for range b.scale.Starts {
		for _, d := range []edge.Door{{Name: "plain"}, with} {
			took, memory, err := startOnce(ctx, d)
			if err != nil {
				return err
			}
			if d.Filter == nil {
				plain = append(plain, took)
				continue
			}
			module = append(module, took)
			if memory.Guests > 0 {
				guest = append(guest, float64(memory.Guest)/float64(memory.Guests))
			}
		}
	}
	r.Start.Plain, r.Start.Module, r.Start.GuestBytes = measure.Of(plain), measure.Of(module), measure.Of(guest)
	return nil
}

func startOnce(ctx context.Context, d edge.Door) (seconds float64, memory envoy.Memory, err error) {
	p, err := edge.Start(ctx, []edge.Door{d})
	if err != nil {
		return 0, envoy.Memory{}, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	memory, err = p.Memory(ctx)
	return p.Startup().Seconds(), memory, err
}

// memory fills the caches of an Envoy each and looks at what they hold.
func (b *bench) memory(ctx context.Context, r *report.Report, m *material) error {
	list := []struct {
		name    string
		postern bool
	}{{"jwt_authn, 100,000 entries", false}}
	if r.TokenCache {
		list = append(list, struct {
			name    string
			postern bool
		}{"postern", true})
	}
	for _, c := range list {
		b.say("memory of a full cache: %s", c.name)
		row, err := b.held(ctx, c.name, c.postern, m)
		if err != nil {
			return err
		}
		r.Memory = append(r.Memory, row)
	}
	return nil
}

// held is the growth of the resident set over one pass of all tokens. One token goes
// before, many times: what first requests take is no token's.
func (b *bench) held(ctx context.Context, name string, postern bool, m *material) (row report.Memory, err error) {
	d, err := door("cache", m.keys["RS256"], b.module, postern, seenCaches)
	if err != nil {
		return row, err
	}
	p, err := edge.Start(ctx, []edge.Door{d})
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	v := variant{name: name, door: d.Name, status: 200}
	row = report.Memory{Name: name, Tokens: len(m.corpora["RS256"].Tokens)}
	one := &mint.Corpus{Tokens: make([]string, min(row.Tokens, 2000))}
	for i := range one.Tokens {
		one.Tokens[i] = m.corpora["RS256 one"].Tokens[0]
	}
	if err := fill(p, b.scale, v, one); err != nil {
		row.Why = err.Error()
		return row, nil
	}
	before, err := p.Memory(ctx)
	if err != nil {
		return row, err
	}
	if err := fill(p, b.scale, v, m.corpora["RS256"]); err != nil {
		row.Why = err.Error()
		return row, nil
	}
	after, err := p.Memory(ctx)
	row.Before, row.After = before.Resident, after.Resident
	row.PerToken = float64(after.Resident-before.Resident) / float64(row.Tokens)
	return row, err
}

// flat sends requests of all sorts through the module and returns by how much its
// memory grew after the first tenth of them, in bytes; not measured in quick runs.
func (b *bench) flat(ctx context.Context, m *material) (growth measure.Figure, err error) {
	if b.scale.Flat == 0 {
		return measure.None("full runs only"), nil
	}
	d, err := door("postern", m.keys["RS256"], b.module, true, edge.Caches{})
	if err != nil {
		return growth, err
	}
	p, err := edge.Start(ctx, []edge.Door{d})
	if err != nil {
		return growth, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	corpora := append([]string{"RS256", "RS256 one"}, mint.Refused()...)
	var settled envoy.Memory
	turn := min(5000, max(1, b.scale.Flat/20))
	for sent, i := 0, 0; sent < b.scale.Flat; i++ {
		name := corpora[i%len(corpora)]
		status := 401
		if i%len(corpora) < 2 {
			status = 200
		}
		slot, err := p.Take(edge.Turn{Variant: name, Door: d.Name, Source: m.corpora[name], Load: load.Options{
			Connections: b.scale.Connections, Requests: turn, First: sent, Status: status,
		}})
		if err != nil {
			return growth, err
		}
		if slot.Wrong > 0 {
			return measure.None(fmt.Sprintf("%s: %s", name, slot.FirstWrong)), ctx.Err()
		}
		sent += turn
		if settled.Guests == 0 && sent >= b.scale.Flat/10 {
			if settled, err = p.Memory(ctx); err != nil {
				return growth, err
			}
			b.say("memory over %d requests: %d KiB in the guests after the first tenth", b.scale.Flat, settled.Guest>>10)
		}
	}
	end, err := p.Memory(ctx)
	return measure.Of([]float64{float64(end.Guest - settled.Guest)}), err
}
