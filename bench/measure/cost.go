package measure

import (
	"fmt"
	"slices"
)

// Run is all slots of one run, in any order.
type Run struct {
	slots map[string][]Slot
}

// NewRun sorts the slots by variant. Those of round 0 warmed up: wrong answers in
// them count, their times do not.
func NewRun(slots []Slot) *Run {
	r := &Run{slots: map[string][]Slot{}}
	for _, s := range slots {
		r.slots[s.Variant] = append(r.slots[s.Variant], s)
	}
	return r
}

// perRound returns what each counted round of a variant gave, the mean where it
// had its turn more than once, or why the variant has no figure.
func (r *Run) perRound(variant string, value func(*Slot) float64) (map[int]float64, string) {
	slots := r.slots[variant]
	if len(slots) == 0 {
		return nil, "did not run"
	}
	sums, counts := map[int]float64{}, map[int]int{}
	rounds, limited := map[int]bool{}, ""
	for i := range slots {
		s := &slots[i]
		if why := s.Refusal(); why != "" {
			return nil, why
		}
		if s.Round == 0 {
			continue
		}
		rounds[s.Round] = true
		if why := s.Limited(); why != "" {
			limited = why
			continue
		}
		sums[s.Round] += value(s)
		counts[s.Round]++
	}
	if len(rounds) == 0 {
		return nil, "no round after the first"
	}
	// A figure from the few rounds that happened to go well would be picked.
	if 2*len(counts) <= len(rounds) {
		return nil, fmt.Sprintf("%s (%d of %d rounds)", limited, len(rounds)-len(counts), len(rounds))
	}
	for round, n := range counts {
		sums[round] /= float64(n)
	}
	return sums, ""
}

// Total is a variant's CPU time per request in microseconds, nothing subtracted.
func (r *Run) Total(variant string) Figure {
	return r.figure(variant, (*Slot).PerRequest)
}

// Throughput is a variant's requests per second with one worker.
func (r *Run) Throughput(variant string) Figure {
	return r.figure(variant, (*Slot).Throughput)
}

func (r *Run) figure(variant string, value func(*Slot) float64) Figure {
	rounds, why := r.perRound(variant, value)
	if why != "" {
		return None(why)
	}
	return Of(values(rounds))
}

// Cost is a variant's CPU time per request less its baseline's of the same round,
// in microseconds. Where even the quartiles disagree on whether it costs anything,
// there is no figure.
func (r *Run) Cost(variant, baseline string) Figure {
	rounds, why := r.costs(variant, baseline)
	if why != "" {
		return None(why)
	}
	f := Of(values(rounds))
	if f.Low <= 0 {
		return None(fmt.Sprintf("lost in the noise: %.1f to %.1f us", f.Low, f.High))
	}
	return f
}

func (r *Run) costs(variant, baseline string) (map[int]float64, string) {
	with, why := r.perRound(variant, (*Slot).PerRequest)
	if why != "" {
		return nil, why
	}
	without, why := r.perRound(baseline, (*Slot).PerRequest)
	if why != "" {
		return nil, "no baseline: " + why
	}
	costs := map[int]float64{}
	for round, cpu := range with {
		if base, ok := without[round]; ok {
			costs[round] = cpu - base
		}
	}
	if len(costs) == 0 {
		return nil, "no round has both the variant and its baseline"
	}
	return costs, ""
}

// Pair names a variant and what is subtracted from it.
type Pair struct{ Variant, Baseline string }

// Ratio is the cost of a over the cost of b, round by round. Of costs that are lost
// in the noise there is no ratio, and rounds in which b cost nothing do not count.
func (r *Run) Ratio(a, b Pair) Figure {
	if f := r.Cost(a.Variant, a.Baseline); !f.OK {
		return f
	}
	if f := r.Cost(b.Variant, b.Baseline); !f.OK {
		return None("no peer: " + f.Why)
	}
	as, why := r.costs(a.Variant, a.Baseline)
	if why != "" {
		return None(why)
	}
	bs, why := r.costs(b.Variant, b.Baseline)
	if why != "" {
		return None("no peer: " + why)
	}
	var ratios []float64
	for round, cost := range as {
		if peer := bs[round]; peer > 0 {
			ratios = append(ratios, cost/peer)
		}
	}
	if len(ratios) == 0 {
		return None("no round has both")
	}
	return Of(ratios)
}

// values returns the values in the order of their rounds.
func values(rounds map[int]float64) []float64 {
	var keys []int
	for round := range rounds {
		keys = append(keys, round)
	}
	slices.Sort(keys)
	list := make([]float64, len(keys))
	for i, round := range keys {
		list[i] = rounds[round]
	}
	return list
}
