package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/load"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
)

// rounds runs all variants in one Envoy, in another order each round, so that
// neither the hour nor the neighbour favours any of them.
func rounds(ctx context.Context, p *edge.Process, s scale, list []variant, corpora map[string]*mint.Corpus, say func(string, ...any)) ([]measure.Slot, error) {
	next := map[string]int{}
	turn := func(round int, v variant, requests int) (measure.Slot, error) {
		slot, err := p.Take(edge.Turn{
			Variant: v.name, Round: round, Door: v.door,
			Load:   load.Options{Connections: s.Connections, Requests: requests, First: next[v.name], Limit: s.Limit, Status: v.status},
			Source: corpora[v.corpus],
		})
		next[v.name] += slot.Requests + slot.Wrong
		return slot, err
	}
	for _, v := range list {
		if !v.seen {
			continue
		}
		say("filling the cache of %q", v.name)
		if err := fill(p, s, v, corpora[v.corpus]); err != nil {
			return nil, err
		}
	}
	var slots []measure.Slot
	order := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // an order, not a secret
	for round := range s.Rounds + 1 {
		if round == 0 {
			say("envoy: %d variants, one round to warm up and %d that count", len(list), s.Rounds)
		} else {
			say("envoy: round %d of %d", round, s.Rounds)
		}
		turns := make([]variant, 0, 2*len(list))
		for _, v := range list {
			turns = append(turns, v)
			if v.baseline == "" {
				turns = append(turns, v) // what is subtracted everywhere is measured twice
			}
		}
		order.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
		for _, v := range turns {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			slot, err := turn(round, v, s.Requests)
			if err != nil {
				return nil, err
			}
			slots = append(slots, slot)
		}
	}
	return slots, nil
}

// fill sends every token of a corpus once.
func fill(p *edge.Process, s scale, v variant, corpus *mint.Corpus) error {
	slot, err := p.Take(edge.Turn{
		Variant: v.name, Door: v.door, Source: corpus,
		Load: load.Options{Connections: s.Connections, Requests: len(corpus.Tokens), Status: v.status},
	})
	if err != nil {
		return err
	}
	if slot.Wrong > 0 {
		return fmt.Errorf("%s: %s", v.name, slot.FirstWrong)
	}
	return nil
}
