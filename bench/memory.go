package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/load"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/bench/report"
	"github.com/postern-wasm/postern/host/envoy"
)

// setup is the RS256 key's.
func setup(m *material, postern bool, caches edge.Caches) edge.Setup {
	return edge.Setup{Keys: []*mint.Key{m.keys["RS256"]}, Postern: postern, Caches: caches}
}

// starts times Envoy's start without a filter and with the module, in turns.
func (b *bench) starts(ctx context.Context, r *report.Report, m *material) error {
	b.enter(phaseStarts)
	b.say("starting Envoy with and without the module")
	with, err := door("postern", b.module, setup(m, true, edge.Caches{}), nil)
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
	p, err := edge.Start(ctx, []edge.Door{d}, 1)
	if err != nil {
		return 0, envoy.Memory{}, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	memory, err = p.Memory(ctx)
	return p.Startup().Seconds(), memory, err
}

// memory fills the caches of an Envoy each and looks at what they hold.
func (b *bench) memory(ctx context.Context, r *report.Report, m *material) error {
	b.enter(phaseMemory)
	names := []string{jwtMemory}
	if b.knows.cache {
		names = append(names, ownMemory)
	}
	for _, name := range names {
		b.say("memory of a full cache: %s", name)
		row, err := b.held(ctx, name, m)
		if err != nil {
			return err
		}
		r.Memory = append(r.Memory, row)
	}
	return nil
}

// Names of the caches whose memory is measured.
const jwtMemory, ownMemory = "jwt_authn, 100,000 entries", "postern"

// held is by how much more memory an Envoy holds that was sent every token and keeps
// them than one that was sent the same and keeps none: neither what a cache reserves at
// the start nor what requests leave behind without one is mistaken for the other.
func (b *bench) held(ctx context.Context, name string, m *material) (report.Memory, error) {
	postern := name == ownMemory
	row := report.Memory{Name: name, Tokens: len(m.corpora["RS256"].Tokens)}
	for _, c := range []struct {
		caches edge.Caches
		to     *int64
	}{{edge.Caches{Off: postern}, &row.Before}, {seenCaches, &row.After}} {
		bytes, why, err := b.resident(ctx, name, setup(m, postern, c.caches), m)
		if err != nil {
			return row, err
		}
		*c.to = bytes
		if why != "" {
			row.Why = why
		}
	}
	row.PerToken = float64(row.After-row.Before) / float64(row.Tokens)
	return row, nil
}

// resident is the resident set of an Envoy that was sent every RS256 token once; why
// says what it answered wrong.
func (b *bench) resident(ctx context.Context, name string, s edge.Setup, m *material) (bytes int64, why string, err error) {
	d, err := door("cache", b.module, s, nil)
	if err != nil {
		return 0, "", err
	}
	p, err := edge.Start(ctx, []edge.Door{d}, 1)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	slot, err := fill(p, b.scale, variant{name: name, door: d.Name, status: http.StatusOK}, m.corpora["RS256"])
	if err != nil {
		return 0, "", err
	}
	memory, err := p.Memory(ctx)
	return memory.Resident, slot.Refusal(), err
}

// flatCache is small, so that the run fills it many times over.
var flatCache = edge.Caches{Tokens: 2000, Bytes: 4 << 20}

// flat sends requests of all sorts through the module and returns by how much its
// memory grew after the first tenth of them (or after one turn of each sort), in bytes.
func (b *bench) flat(ctx context.Context, m *material) (growth measure.Figure, err error) {
	d, err := door("postern", b.module, setup(m, true, flatCache), nil)
	if err != nil {
		return growth, err
	}
	p, err := edge.Start(ctx, []edge.Door{d}, 1)
	if err != nil {
		return growth, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	const good = 3 // the corpora of valid tokens
	corpora := append([]string{"RS256", "RS256 one", bigGood}, mint.Refused()...)
	var settled envoy.Memory
	turn := min(5000, max(1, b.scale.Flat/(4*len(corpora))))
	begin := time.Now()
	for sent, i := 0, 0; sent < b.scale.Flat; i++ {
		name, status := corpora[i%len(corpora)], http.StatusUnauthorized
		if i%len(corpora) < good {
			status = http.StatusOK
		}
		if time.Since(begin) > b.scale.FlatLimit {
			return measure.None(fmt.Sprintf("only %d of %d requests were sent in %v", sent, b.scale.Flat, b.scale.FlatLimit)), ctx.Err()
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
		if settled.Guests == 0 && sent >= b.scale.Flat/10 && i >= len(corpora) {
			if settled, err = p.Memory(ctx); err != nil {
				return growth, err
			}
			b.say("memory over %d requests: %d KiB in the guests after the first %d", b.scale.Flat, settled.Guest>>10, sent)
		}
	}
	end, err := p.Memory(ctx)
	return measure.Of([]float64{float64(end.Guest - settled.Guest)}), err
}
