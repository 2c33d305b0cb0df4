package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/bench/report"
)

// growth is one answer to "how does cost grow?": variants at a few sizes, all in one
// Envoy, and the lines that join them.
type growth struct {
	title, axis string
	workers     []int // of the Envoys; nil is one worker
	doors       []edge.Door
	list        []variant
	lines       []line
}

// line joins the variants of one filter.
type line struct {
	name   string
	points []point
}

// point is a variant at a size.
type point struct {
	x       int
	variant string
}

// add adds a variant to the line of its filter at x.
func (g *growth) add(name string, x int, v variant) {
	v.name = fmt.Sprintf("%s: %s, %d", g.title, name, x)
	v.status = http.StatusOK
	if v.door != plainDoor {
		v.baseline = fmt.Sprintf("%s: %s, %d", g.title, plainName, x)
	}
	g.list = append(g.list, v)
	if v.door == plainDoor {
		return
	}
	for i := range g.lines {
		if g.lines[i].name == name {
			g.lines[i].points = append(g.lines[i].points, point{x, v.name})
			return
		}
	}
	g.lines = append(g.lines, line{name, []point{{x, v.name}}})
}

const plainDoor, plainName = "plain", "no filter"

// maker makes the growths of a run.
type maker struct {
	scale  scale
	m      *material
	module string
	cache  bool
	err    error
}

// door adds a listener with a filter of that setup and returns its name.
func (k *maker) door(g *growth, name string, x int, s edge.Setup) string {
	d, err := door(fmt.Sprintf("%s-%d", name, x), k.module, s, nil)
	k.err = errors.Join(k.err, err)
	g.doors = append(g.doors, d)
	return d.Name
}

// growths returns all of them.
func growths(s scale, m *material, module string, cache bool) ([]*growth, error) {
	k := &maker{scale: s, m: m, module: module, cache: cache}
	list := []*growth{k.seen(), k.sets(), k.rules("prefixes", false), k.rules("regular expressions", true), k.sizes(), k.workers()}
	for _, g := range list {
		g.doors = append(g.doors, edge.Door{Name: plainDoor})
	}
	return list, k.err
}

func (k *maker) one() []*mint.Key { return []*mint.Key{k.m.keys[seenAlgorithm]} }

// seen: does a cache get slower as it fills?
func (k *maker) seen() *growth {
	g := &growth{title: "tokens in the cache, ES256", axis: "distinct tokens, all seen before"}
	own := k.door(g, "postern", 0, edge.Setup{Keys: k.one(), Postern: true, Caches: seenCaches})
	jwt := k.door(g, "jwt", 0, edge.Setup{Keys: k.one(), Caches: edge.Caches{Provider: largeCache}})
	for i, n := range k.scale.Seen {
		// The largest corpus holds the others.
		fill := i == len(k.scale.Seen)-1
		want := anyHits
		if k.cache {
			want = allHits
		}
		g.add(plainName, n, variant{door: plainDoor, corpus: seenCorpus(n)})
		g.add("postern, seen before", n, variant{door: own, corpus: seenCorpus(n), seen: fill, cache: want})
		g.add("jwt_authn, 100,000 entries", n, variant{door: jwt, corpus: seenCorpus(n), seen: fill})
	}
	return g
}

// sets: what do more issuers cost, any of which will do?
func (k *maker) sets() *growth {
	g := &growth{title: "key sets, any of which will do, ES256", axis: "key sets"}
	for _, n := range k.scale.Sets {
		keys, corpus := k.m.sets[:n], setsCorpus(n)
		g.add(plainName, n, variant{door: plainDoor, corpus: corpus})
		g.add("postern, verified each time", n, variant{corpus: corpus, door: k.door(g, "off", n, edge.Setup{Keys: keys, Postern: true, Caches: edge.Caches{Off: true}})})
		g.add("postern, seen before", n, variant{corpus: corpus, seen: true, door: k.door(g, "postern", n, edge.Setup{Keys: keys, Postern: true})})
		g.add("jwt_authn", n, variant{corpus: corpus, door: k.door(g, "jwt", n, edge.Setup{Keys: keys})})
	}
	return g
}

// rules: is the rule that matches found without trying all of them? One token, seen
// before, so that little else is measured.
func (k *maker) rules(what string, regex bool) *growth {
	g := &growth{title: "rules, " + what, axis: "rules, requests spread over them"}
	for _, n := range k.scale.Rules {
		corpus := rulesCorpus(n)
		g.add(plainName, n, variant{door: plainDoor, corpus: corpus})
		g.add("postern, seen before", n, variant{corpus: corpus, seen: true, door: k.door(g, "postern", n, edge.Setup{Keys: k.one(), Postern: true, Rules: n, Regex: regex})})
		g.add("jwt_authn, 100,000 entries", n, variant{corpus: corpus, seen: true, door: k.door(g, "jwt", n, edge.Setup{Keys: k.one(), Caches: edge.Caches{Provider: largeCache}, Rules: n, Regex: regex})})
	}
	return g
}

// sizes: what does a longer token cost?
func (k *maker) sizes() *growth {
	g := &growth{title: "bytes in a token, ES256", axis: "bytes in a token"}
	off := k.door(g, "off", 0, edge.Setup{Keys: k.one(), Postern: true, Caches: edge.Caches{Off: true}})
	own := k.door(g, "postern", 0, edge.Setup{Keys: k.one(), Postern: true})
	jwt := k.door(g, "jwt", 0, edge.Setup{Keys: k.one()})
	for _, n := range k.scale.Sizes {
		corpus := sizeCorpus(n)
		g.add(plainName, n, variant{door: plainDoor, corpus: corpus})
		g.add("postern, verified each time", n, variant{door: off, corpus: corpus})
		g.add("postern, seen before", n, variant{door: own, corpus: corpus, seen: true})
		g.add("jwt_authn", n, variant{door: jwt, corpus: corpus})
	}
	return g
}

// workers: does a second worker make a request dearer?
func (k *maker) workers() *growth {
	g := &growth{title: "workers, ES256", axis: "Envoy's workers", workers: k.scale.Workers}
	off := k.door(g, "off", 0, edge.Setup{Keys: k.one(), Postern: true, Caches: edge.Caches{Off: true}})
	own := k.door(g, "postern", 0, edge.Setup{Keys: k.one(), Postern: true})
	jwt := k.door(g, "jwt", 0, edge.Setup{Keys: k.one()})
	for _, n := range k.scale.Workers {
		corpus, one := seenCorpus(k.scale.Seen[0]), seenAlgorithm+" one"
		g.add(plainName, n, variant{door: plainDoor, corpus: corpus, workers: n})
		g.add("postern, verified each time", n, variant{door: off, corpus: corpus, workers: n})
		g.add("postern, seen before", n, variant{door: own, corpus: one, seen: true, workers: n})
		g.add("jwt_authn", n, variant{door: jwt, corpus: corpus, workers: n})
	}
	return g
}

// grow measures one of them. An Envoy that refuses a configuration leaves it without
// figures, and says why.
func (b *bench) grow(ctx context.Context, g *growth, m *material) (slots []measure.Slot, why string, err error) {
	workers := g.workers
	if workers == nil {
		workers = []int{1}
	}
	b.say("growth: %s: starting Envoy with %d listeners", g.title, len(g.doors))
	f, err := open(ctx, g.doors, workers, m.corpora, b.scale, b.say)
	if err != nil {
		return nil, err.Error(), ctx.Err()
	}
	defer func() { err = errors.Join(err, f.close()) }()
	slots, err = f.rounds(ctx, g.title, g.list, b.scale.GrowRounds, b.scale.GrowRequests)
	if err != nil && ctx.Err() == nil {
		return nil, err.Error(), nil
	}
	return slots, "", err
}

// curve is what came of a growth.
func (g *growth) curve(counted *measure.Run, why string) report.Curve {
	c := report.Curve{Title: g.title, Axis: g.axis, Why: why}
	for _, l := range g.lines {
		s := report.Series{Name: l.name}
		for _, p := range l.points {
			cost := measure.None(why)
			rate := cost
			if why == "" {
				cost, rate = counted.Cost(p.variant, g.baseline(p.variant)), counted.Throughput(p.variant)
			}
			s.Points = append(s.Points, report.Point{X: float64(p.x), Cost: cost, Throughput: rate})
		}
		c.Series = append(c.Series, s)
	}
	return c
}

func (g *growth) baseline(name string) string {
	for _, v := range g.list {
		if v.name == name {
			return v.baseline
		}
	}
	return ""
}
