package main

import (
	"fmt"
	"slices"

	"github.com/postern-wasm/postern/bench/kernels"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/bench/report"
)

// facts is what the targets are judged by.
type facts struct {
	run    *measure.Run
	list   []variant
	report *report.Report
	scale  scale
	knows  knows
	flat   measure.Figure // growth of the guest's memory, bytes
}

// Rows that this bench cannot fill, and what each wants.
const (
	needsCache  = "no verified-token cache in this module"
	needsSigned = "no signed requests in this module"
)

// targets returns every row of the performance targets, in their order, whether it
// could be measured or not.
func targets(f facts) []report.Target {
	rows := slices.Concat(f.cached(), f.colds(), f.refusals(), f.kernels(), f.wazero(), f.memories())
	for i := range rows {
		rows[i].Verdict = rows[i].Judge()
	}
	return rows
}

// pair is a variant with its baseline.
func (f *facts) pair(name string) measure.Pair {
	for _, v := range f.list {
		if v.name == name {
			return measure.Pair{Variant: v.name, Baseline: v.baseline}
		}
	}
	return measure.Pair{Variant: name} // did not run, which Ratio then says
}

func (f *facts) ratio(a, b string) measure.Figure { return f.run.Ratio(f.pair(a), f.pair(b)) }

func (f *facts) cached() []report.Target {
	t := report.Target{Where: "Envoy", Case: report.Whole(float64(f.scale.Tokens)) + " distinct tokens, all seen before"}
	if !f.knows.cache {
		t.Missing = needsCache
		return []report.Target{t}
	}
	p := f.pair(seenName)
	t.Checks = []report.Check{
		{Label: "cost", Figure: f.run.Cost(p.Variant, p.Baseline), Limit: 5.5, Unit: "us"},
		{Label: "of jwt_authn RS256 as shipped", Figure: f.ratio(seenName, peer("RS256")), Limit: 0.17, Unit: "x"},
		{Label: "of jwt_authn with 100,000 entries", Figure: f.ratio(seenName, seenPeer), Limit: 2, Unit: "x"},
		{Label: fmt.Sprintf("memory per token of %d bytes", f.report.TokenBytes["RS256"]), Figure: f.perToken(ownMemory), Limit: 2200, Unit: "bytes"},
		{Label: "memory of jwt_authn's", Figure: memoryRatio(f.perToken(ownMemory), f.perToken(jwtMemory)), Limit: 0.25, Unit: "x"},
	}
	return []report.Target{t}
}

// perToken is what a cache takes for each token.
func (f *facts) perToken(name string) measure.Figure {
	for _, m := range f.report.Memory {
		if m.Name != name {
			continue
		}
		if m.Why != "" {
			return measure.None(m.Why)
		}
		return measure.Of([]float64{m.PerToken})
	}
	return measure.None("did not run")
}

func memoryRatio(a, b measure.Figure) measure.Figure {
	if !a.OK || !b.OK || b.Median <= 0 {
		return measure.None("one of them was not measured")
	}
	return measure.Of([]float64{a.Median / b.Median})
}

// against bounds a variant's cost by a limit times another's.
func (f *facts) against(label, a, b string, limit float64) report.Check {
	return report.Check{Label: label, Figure: f.ratio(a, b), Limit: limit, Unit: "x"}
}

func (f *facts) colds() []report.Target {
	of := func(algorithm string, limit float64) report.Check {
		return f.against(algorithm+" of jwt_authn", cold(algorithm), peer(algorithm), limit)
	}
	offloaded := report.Target{Where: "Envoy", Case: "cold RS256 through verify_signature"}
	own := report.Target{Where: "Envoy", Case: "cold RS256, own kernel"}
	if f.knows.offload {
		offloaded.Checks = []report.Check{of("RS256", 1.1)}
		own.Checks = []report.Check{f.against("RS256 of jwt_authn", ownName, peer("RS256"), 2.2)}
	} else {
		offloaded.Missing = "the module does not call verify_signature"
		own.Checks = []report.Check{of("RS256", 2.2)}
	}
	return []report.Target{
		{Where: "Envoy", Case: "cold ES256, EdDSA", Checks: []report.Check{of("ES256", 0.6), of("EdDSA", 0.55)}},
		offloaded, own,
		{Where: "Envoy", Case: "cold HS256, ES384, PS256", Checks: []report.Check{of("HS256", 0.75), of("ES384", 0.4), of("PS256", 2.1)}},
	}
}

func (f *facts) refusals() []report.Target {
	t := report.Target{Where: "Envoy", Case: "refusing, against accepting a new RS256 token"}
	for _, kind := range mint.Refused() {
		label := kind
		if kind == mint.Wide {
			label += ", accepted with as many"
		}
		t.Checks = append(t.Checks, f.against(label, refusing(kind), acceptedLike(kind), 1))
	}
	t.Checks = append(t.Checks, f.against("garbage 16 KB, accepted token as long", refusing("garbage 16 KB"), bigAccepted, 1))
	none := report.Target{Where: "Envoy", Case: "refusing a request without a token, over the do-nothing module", Checks: []report.Check{{
		Label: "cost", Figure: f.run.Cost(refusing("no token"), nothingBare), Limit: 5, Unit: "us",
	}}}
	signed := report.Target{Where: "Envoy", Case: "signed request, template with body hash, 2 KB body, over a module that buffers it", Missing: needsSigned}
	if f.knows.signed {
		signed.Missing = ""
		signed.Checks = []report.Check{{Label: "cost", Figure: f.run.Cost(signedName, bufferingName), Limit: 25, Unit: "us"}}
	}
	return []report.Target{t, none, signed}
}

// kernelTargets are bounds on the time in wasm over the standard library's, by name.
var kernelTargets = []struct {
	name  string
	limit float64
}{
	{"RS256, 2048 bits", 2.5},
	{"ES256, cached key", 0.5},
	{"ES256, one-off key", 1.6},
	{"EdDSA, 600 bytes", 0.6},
	{"HS256, 600 bytes", 2.5},
}

const sha256Name, sha256Least = "SHA-256, 16 KiB", 300

func (f *facts) kernels() []report.Target {
	return []report.Target{
		f.kernelsIn("V8", func(k kernels.Row) (ratio, us measure.Figure) { return k.V8Ratio, k.V8 }),
		f.kernelsIn("wazero", func(k kernels.Row) (ratio, us measure.Figure) { return k.Ratio, k.Wazero }),
	}
}

// kernelsIn is the row of one runtime.
func (f *facts) kernelsIn(runtime string, of func(kernels.Row) (ratio, us measure.Figure)) report.Target {
	t := report.Target{Where: runtime, Case: "kernels, against Go's standard library"}
	for _, k := range kernelTargets {
		c := report.Check{Label: k.name, Figure: measure.None("did not run"), Limit: k.limit, Unit: "x"}
		for _, row := range f.report.Kernels {
			if row.Name == k.name {
				c.Figure, _ = of(row)
			}
		}
		t.Checks = append(t.Checks, c)
	}
	c := report.Check{Label: sha256Name, Figure: measure.None("did not run"), Limit: sha256Least, AtLeast: true, Unit: "MB/s"}
	for _, row := range f.report.Kernels {
		if row.Name != sha256Name {
			continue
		}
		if _, c.Figure = of(row); c.Figure.OK {
			// Bytes per microsecond are MB per second; the slow quartile is the low one.
			b, us := float64(row.Bytes), c.Figure
			c.Figure = measure.Figure{OK: true, Median: b / us.Median, Low: b / us.High, High: b / us.Low, Rounds: us.Rounds}
		}
	}
	t.Checks = append(t.Checks, c)
	return t
}

func (f *facts) wazero() []report.Target {
	t := report.Target{Where: "wazero", Case: "whole request, fresh token, against jwx"}
	for _, a := range []string{"ES256", "EdDSA"} {
		c := report.Check{Label: a, Figure: measure.None("did not run"), Limit: 1, Unit: "x"}
		for _, row := range f.report.Whole {
			if row.Name == a {
				c.Figure = row.Ratio
			}
		}
		t.Checks = append(t.Checks, c)
	}
	return []report.Target{t}
}

// allocations is the row of a warm request.
func (f *facts) allocations() report.Target {
	count := measure.None("did not run")
	if why := f.report.Allocations.Why; why != "" {
		count = measure.None(why)
	}
	for _, a := range f.report.Allocations.Rows {
		if a.Request == seenRequest {
			count = measure.Of([]float64{float64(a.Count)})
		}
	}
	return report.Target{Where: "both", Case: "allocations of the guest on a warm request, the host's buffers aside", Checks: []report.Check{{Label: "allocations", Figure: count, Limit: 0}}}
}

func (f *facts) memories() []report.Target {
	flat := report.Target{Where: "Envoy", Case: report.Whole(float64(f.scale.Flat)) + " requests, new, seen and refused in turns", Checks: []report.Check{
		{Label: "growth of the guest's memory after the first tenth", Figure: f.flat, Limit: 0, Unit: "bytes"},
	}}
	held := f.report.Longest
	pause := report.Target{
		Where: "both", Case: fmt.Sprintf("longest pause, %s cached tokens, %d key sets", report.Whole(float64(held.Tokens)), held.Sets),
		Checks: []report.Check{
			{Label: "the module has no collector; its longest callback in V8", Figure: measure.Longest(held.V8, held.V8Why), Limit: 1000, Unit: "us"},
			{Label: "on wazero", Figure: measure.Longest(held.Wazero, held.WazeroWhy), Limit: 1000, Unit: "us"},
		},
	}
	if !f.knows.cache {
		pause.Checks, pause.Missing = nil, needsCache
	}
	module := measure.Of([]float64{float64(f.report.Versions.ModuleBytes) / 1000})
	guest := f.report.Start.GuestBytes
	if guest.OK {
		guest = measure.Figure{OK: true, Median: guest.Median / (1 << 20), Low: guest.Low / (1 << 20), High: guest.High / (1 << 20), Rounds: guest.Rounds}
	}
	return []report.Target{
		f.allocations(),
		pause, flat,
		{Where: "both", Case: "module, start, memory after configure", Checks: []report.Check{
			{Label: "size", Figure: module, Limit: 700, Unit: "KB"},
			{Label: "start in Envoy", Figure: f.report.Start.Module, Limit: 0.9, Unit: "s"},
			{Label: "memory in Envoy", Figure: guest, Limit: 4, Unit: "MiB"},
		}},
	}
}
