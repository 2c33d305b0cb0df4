package abi

import (
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/reason"
)

// maxLabel bounds a label, bytes.
const maxLabel = 64

// maxTimed is how many algorithms can be timed: those of tokens and of signed requests.
const maxTimed = 32

// metric is one that may not exist: it is defined when it is first wanted, since most
// reasons never come up. A host without metrics is asked once for each.
//
//nolint:unused // the module's own files use all of it
type metric struct {
	id    uint32
	state uint8
}

const (
	undefined uint8 = iota
	defined
	absent
)

// label adds a segment pair to a metric's name. Whatever could not stand in a name of
// Prometheus, or would end the segment, is '_'.
func label(name, key, value string) string {
	b := append(append(append([]byte(name), '.'), key...), '.')
	for i := 0; i < len(value) && i < maxLabel; i++ {
		c := value[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' {
			b = append(b, c)
		} else {
			b = append(b, '_')
		}
	}
	return string(b)
}

// tally are the metrics of one configuration. Slices have their length from the start, so
// that counting needs no memory but for a metric's name when it comes up first.
//
//nolint:unused // the module's own files use all of it
type tally struct {
	allowed          []metric   // by provider, 0 for none
	denied, reported [][]metric // by provider and reason
	timed            [maxTimed]struct {
		algorithm string
		metric
	}
	sets                    []setTally
	hits, misses, evictions uint64 // of the cache, as told
}

// setTally are those of one key set.
//
//nolint:unused // the module's own files use all of it
type setTally struct {
	name                             string
	age, keys, generation, throttled metric
	success, failure                 metric
	told                             uint64 // of the throttled
}

func newTally(p *filter.Plugin) tally {
	n := p.Providers() + 1
	t := tally{allowed: make([]metric, n), denied: make([][]metric, n), reported: make([][]metric, n)}
	for i := range n {
		t.denied[i], t.reported[i] = make([]metric, reason.Count()), make([]metric, reason.Count())
	}
	t.sets = make([]setTally, p.Sources())
	for i := range t.sets {
		t.sets[i].name = p.SourceName(i)
	}
	return t
}

func labelled(name, provider string) string {
	if provider == "" {
		return name
	}
	return label(name, "provider", provider)
}
