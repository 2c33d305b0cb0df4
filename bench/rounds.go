package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/load"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
)

// field is where rounds are run: one Envoy for each number of workers.
type field struct {
	processes map[int]*edge.Process // by workers
	corpora   map[string]*mint.Corpus
	scale     scale
	say       func(string, ...any)
	next      map[string]int // a variant's next request
	counted   bool           // the module counts what its cache finds
}

// open starts an Envoy with these doors for each number of workers.
func open(ctx context.Context, doors []edge.Door, workers []int, corpora map[string]*mint.Corpus, s scale, say func(string, ...any)) (*field, error) {
	f := &field{processes: map[int]*edge.Process{}, corpora: corpora, scale: s, say: say, next: map[string]int{}}
	for _, n := range workers {
		p, err := edge.Start(ctx, doors, n)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		f.processes[n] = p
		if _, f.counted, err = p.Count(ctx, hitsCounter); err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	return f, nil
}

func (f *field) close() error {
	var err error
	for _, p := range f.processes {
		err = errors.Join(err, p.Stop())
	}
	return err
}

// process is the Envoy that a variant is sent to.
func (f *field) process(v variant) *edge.Process { return f.processes[max(1, v.workers)] }

// hitsCounter is how the module's counter of tokens found in its cache ends; settle is
// how long it may take until the counter says what was found.
const (
	hitsCounter = "token_cache_hits"
	settle      = 250 * time.Millisecond
)

// take sends one variant's turn. If it is checked, what the cache must have done and has
// not, as far as the module counts, is a wrong answer.
func (f *field) take(ctx context.Context, v variant, round, requests int, checked bool) (measure.Slot, error) {
	checked = checked && f.counted && v.cache != anyHits
	before, err := f.hits(ctx, v, checked)
	if err != nil {
		return measure.Slot{}, err
	}
	slot, err := f.process(v).Take(edge.Turn{
		Variant: v.name, Round: round, Door: v.door,
		Load:   load.Options{Connections: f.scale.Connections * max(1, v.workers), Requests: requests, First: f.next[v.name], Limit: f.scale.Limit, Status: v.status},
		Source: f.corpora[v.corpus],
	})
	if err != nil {
		return slot, err
	}
	f.next[v.name] += slot.Requests + slot.Wrong
	after, err := f.hits(ctx, v, checked)
	if checked && err == nil {
		blame(&slot, v.cache, int(after-before))
	}
	return slot, err
}

// hits reads the counter once it has settled, if that is wanted.
func (f *field) hits(ctx context.Context, v variant, wanted bool) (sum int64, err error) {
	if !wanted {
		return 0, nil
	}
	time.Sleep(settle)
	sum, _, err = f.process(v).Count(ctx, hitsCounter)
	return sum, err
}

// missing is one in how many tokens that were all seen before may be missing from a
// cache: one with room for all of them may still put two in one place.
const missing = 100

// blame makes a turn wrong that found in the cache what it must not, or the reverse.
func blame(slot *measure.Slot, want hits, found int) {
	sent := slot.Requests + slot.Wrong
	wrong := 0
	switch want {
	case anyHits:
		return
	case noHits:
		wrong = found
	case allHits:
		if wrong = sent - found; wrong <= sent/missing {
			wrong = 0
		}
	}
	if wrong <= 0 {
		return
	}
	if slot.FirstWrong == "" {
		slot.FirstWrong = fmt.Sprintf("%d of %d tokens were found in the module's cache", found, sent)
	}
	slot.Wrong = max(slot.Wrong, wrong)
	slot.Requests = sent - slot.Wrong
}

// rounds runs all variants, in another order each round, so that neither the hour nor
// the neighbour favours any of them; the first round warms up. In the first and the
// last one the caches are checked.
func (f *field) rounds(ctx context.Context, what string, list []variant, count, requests int) ([]measure.Slot, error) {
	var slots []measure.Slot
	for _, v := range list {
		if !v.seen {
			continue
		}
		if n := len(f.corpora[v.corpus].Tokens); n > few {
			f.say("%s: %d tokens to fill the cache of %q", what, n, v.door)
		}
		slot, err := fill(f.process(v), f.scale, v, f.corpora[v.corpus])
		if err != nil {
			return nil, err
		}
		slots = append(slots, slot)
	}
	order := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // an order, not a secret
	for round := range count + 1 {
		if round == 0 {
			f.say("%s: %d variants, one round to warm up and %d that count", what, len(list), count)
		} else {
			f.say("%s: round %d of %d", what, round, count)
		}
		for _, v := range turns(list, order) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			slot, err := f.take(ctx, v, round, requests, round == 0 || round == count)
			if err != nil {
				return nil, err
			}
			slots = append(slots, slot)
		}
	}
	return slots, nil
}

// turns are a round's: what has the same baseline comes together, so that little time
// passes between what is compared, in an order of its own; so do these families.
func turns(list []variant, order *rand.Rand) []variant {
	families, names := map[string][]variant{}, []string(nil)
	for _, v := range list {
		family := v.baseline
		if family == "" {
			family = v.name
		}
		if families[family] == nil {
			names = append(names, family)
		}
		families[family] = append(families[family], v)
		if v.baseline == "" {
			families[family] = append(families[family], v) // what is subtracted is measured twice
		}
	}
	order.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var all []variant
	for _, name := range names {
		family := families[name]
		order.Shuffle(len(family), func(i, j int) { family[i], family[j] = family[j], family[i] })
		all = append(all, family...)
	}
	return all
}

// fill sends every token of a corpus once. It is a turn of the round that warms up.
func fill(p *edge.Process, s scale, v variant, corpus *mint.Corpus) (measure.Slot, error) {
	return p.Take(edge.Turn{
		Variant: v.name, Door: v.door, Source: corpus,
		Load: load.Options{Connections: s.Connections * max(1, v.workers), Requests: len(corpus.Tokens), Status: v.status},
	})
}
