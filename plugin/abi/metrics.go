//go:build wasip1

package abi

import (
	"strings"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/memory"
)

// Metrics. A name carries its labels as segments, postern_denied.reason.expired.provider.corp,
// which the proxy's stats_tags take out of it (see the documentation). Labels are the
// configuration's and this program's words only: nothing that a caller sends becomes one.

// The kinds of metrics of the ABI.
const (
	counter uint32 = iota
	gauge
	histogram
)

// flushEvery is how many callbacks may pass before the cache's counters are told where
// there is no timer; gaugesEvery is how many ticks pass between looks at the gauges.
const (
	flushEvery  = 16
	gaugesEvery = 10
)

// named are the metrics of this VM by name: a host may give a name that is defined twice
// two numbers, and a configuration may come often.
var named []struct {
	name string
	metric
}

func (m *metric) add(kind uint32, name string, by int64) {
	if m.state == undefined {
		m.define(kind, name)
	}
	if m.state == defined {
		proxyIncrementMetric(m.id, by)
	}
}

func (m *metric) record(kind uint32, name string, value int64) {
	if m.state == undefined {
		m.define(kind, name)
	}
	if m.state == defined {
		proxyRecordMetric(m.id, uint64(value))
	}
}

func (m *metric) define(kind uint32, name string) {
	for i := range named {
		if named[i].name == name {
			*m = named[i].metric
			return
		}
	}
	data, size := ptr(name)
	m.state = absent
	if proxyDefineMetric(kind, data, size, unsafe.Pointer(&out.number)) == statusOK {
		m.id, m.state = out.number, defined
	}
	before := memory.Enter(memory.Eternal())
	named = push(named, struct {
		name string
		metric
	}{strings.Clone(name), *m})
	memory.Leave(before)
}

// count counts a verdict: one host call.
func (p *policy) count(v *filter.Verdict) {
	t := &p.tally
	switch {
	case v.Reported:
		p.refused(&t.reported[v.By][v.Reason], "postern_reported", v)
	case v.Action == filter.Refuse:
		p.refused(&t.denied[v.By][v.Reason], "postern_denied", v)
	default:
		m := &t.allowed[v.By]
		name := ""
		if m.state == undefined {
			name = labelled("postern_allowed", v.Provider)
		}
		m.add(counter, name, 1)
	}
	if v.Verified > 0 {
		p.time(v)
	}
}

func (p *policy) refused(m *metric, kind string, v *filter.Verdict) {
	name := ""
	if m.state == undefined {
		name = labelled(kind+".reason."+v.Reason.String(), v.Provider)
	}
	m.add(counter, name, 1)
}

// time records how long it took to verify a token that was new, or a signed request.
func (p *policy) time(v *filter.Verdict) {
	for i := range p.tally.timed {
		m := &p.tally.timed[i]
		if m.algorithm == "" {
			m.algorithm = v.Algorithm
		}
		if m.algorithm == v.Algorithm {
			name := ""
			if m.state == undefined {
				name = label("postern_verify_us", "algorithm", v.Algorithm)
			}
			m.record(histogram, name, v.Verified/1000)
			return
		}
	}
}

var (
	unflushed int // callbacks since the cache's counters were told
	ticks     int
	told      struct {
		hits, misses, evictions, waiting metric
		waits                            int64
	}
)

// called is told of each callback, ticked of each tick.
func called() {
	if unflushed++; unflushed >= flushEvery {
		flush()
	}
}

func ticked() {
	flush()
	if ticks++; ticks%gaugesEvery == 0 {
		gauges(now())
	}
}

// flush tells what the caches have counted since the last time.
func flush() {
	unflushed = 0
	for _, r := range roots {
		if r.current != nil {
			r.current.flush()
		}
	}
}

func (p *policy) flush() {
	s, t := p.plugin.CacheStats(), &p.tally
	told.hits.grown("postern_token_cache_hits", s.Hits, &t.hits)
	told.misses.grown("postern_token_cache_misses", s.Misses, &t.misses)
	told.evictions.grown("postern_token_cache_evictions", s.Evicted, &t.evictions)
}

func (m *metric) grown(name string, now uint64, before *uint64) {
	if now > *before {
		m.add(counter, name, int64(now-*before))
		*before = now
	}
}

// gauges tells how the key sets of the configurations in force stand. All workers write
// the same gauge of a set, the last one counts; waiting requests are added up.
func gauges(now int64) {
	for _, r := range roots {
		if p := r.current; p != nil { // the root may end within
			for i := range p.tally.sets {
				p.set(i, now)
			}
		}
	}
	waiting()
}

// waiting tells how many requests more or fewer wait than when it was told last.
func waiting() {
	n := int64(0)
	for _, r := range roots {
		for _, p := range r.retired {
			n += int64(p.plugin.Waiting())
		}
		if r.current != nil {
			n += int64(r.current.plugin.Waiting())
		}
	}
	if by := n - told.waits; by != 0 || told.waiting.state == undefined {
		told.waiting.add(gauge, "postern_waiting_requests", by)
		told.waits = n
	}
}

// leave tells the last of a configuration that is not in force any more: what its cache
// has counted, and that its key sets are gone. A gauge keeps its last value for ever, in
// the proxy too, unless someone writes another; a set of the same name in a configuration
// that is in force writes its own. A VM that has trapped cannot take leave.
func (p *policy) leave() {
	p.flush()
	for i := range p.tally.sets {
		t := &p.tally.sets[i]
		if inForce(t.name) {
			continue
		}
		for _, m := range [...]*metric{&t.age, &t.keys, &t.generation} {
			if m.state == defined {
				m.record(gauge, "", 0)
			}
		}
	}
}

// inForce says whether a configuration that is in force has a key set of the name.
func inForce(name string) bool {
	for _, r := range roots {
		if r.current == nil {
			continue
		}
		for i := range r.current.tally.sets {
			if r.current.tally.sets[i].name == name {
				return true
			}
		}
	}
	return false
}

func (p *policy) set(i int, now int64) {
	t, s := &p.tally.sets[i], p.plugin.Source(i).Stats(now)
	t.age.record(gauge, t.named("postern_key_set_age_seconds", &t.age), s.AgeSeconds)
	t.keys.record(gauge, t.named("postern_key_set_keys", &t.keys), int64(s.Keys))
	t.generation.record(gauge, t.named("postern_key_set_generation", &t.generation), int64(s.Generation))
	if by := s.Throttled - t.told; by > 0 {
		t.throttled.add(counter, t.named("postern_key_set_fetch_throttled", &t.throttled), int64(by))
		t.told = s.Throttled
	}
}

func (t *setTally) named(name string, m *metric) string {
	if m.state != undefined {
		return ""
	}
	return label(name, "key_set", t.name)
}

// fetched counts an answer for a key set.
func (p *policy) fetched(i int, good bool) {
	t := &p.tally.sets[i]
	if good {
		t.success.add(counter, t.named("postern_key_set_fetch_success", &t.success), 1)
		return
	}
	t.failure.add(counter, t.named("postern_key_set_fetch_failure", &t.failure), 1)
}
