package main

import (
	"testing"

	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/bench/report"
)

func TestNoTokenIsSentColdTwice(t *testing.T) {
	for _, s := range []scale{quick(), full(), smoke()} {
		if sent := (s.Rounds + 1) * s.Requests; sent > s.Tokens {
			t.Errorf("%s: %d requests of %d tokens", s.Mode, sent, s.Tokens)
		}
	}
	if full().Tokens != 50000 {
		t.Errorf("the targets speak of 50,000 tokens, a full run has %d", full().Tokens)
	}
}

func TestVariants(t *testing.T) {
	for _, k := range []knows{{}, {cache: true}, {offload: true}, {true, true, true, true}} {
		list := variants(k)
		names := map[string]variant{}
		for _, v := range list {
			if _, twice := names[v.name]; twice {
				t.Errorf("%q twice", v.name)
			}
			names[v.name] = v
		}
		keys := map[string]*mint.Key{}
		for _, a := range mint.Algorithms() {
			key, err := mint.NewKey(a)
			if err != nil {
				t.Fatal(err)
			}
			keys[a] = key
		}
		d, err := doors(keys, modules{postern: "postern.wasm", nothing: "nothing.wasm", reading: "reading.wasm", buffering: "buffering.wasm", withoutOffload: []string{"proxy_log"}}, k)
		if err != nil {
			t.Fatal(err)
		}
		open := map[string]bool{}
		for _, door := range d {
			open[door.Name] = true
		}
		for _, v := range list {
			if !open[v.door] {
				t.Errorf("%s: no door %q", v.name, v.door)
			}
			if v.baseline != "" && names[v.baseline].baseline != "" || v.baseline != "" && names[v.baseline].name == "" {
				t.Errorf("%s: %q is no baseline", v.name, v.baseline)
			}
			if v.peer != "" && names[v.peer].name == "" {
				t.Errorf("%s: no peer %q", v.name, v.peer)
			}
		}
		for _, name := range pacedVariants {
			if _, ok := find(list, name); !ok {
				t.Errorf("no variant %q to pace", name)
			}
		}
		if _, has := names[seenName]; has != k.cache {
			t.Errorf("a cache: %v, a variant of it: %v", k.cache, has)
		}
		if _, has := names[ownName]; has != k.offload {
			t.Errorf("offload: %v, a variant without it: %v", k.offload, has)
		}
	}
}

// rowsOf judges the targets over nothing measured at all.
func rowsOf(k knows) map[string]report.Target {
	rows := map[string]report.Target{}
	f := facts{
		run: measure.NewRun(nil), list: variants(k), knows: k, scale: full(), flat: measure.None("x"),
		report: &report.Report{Longest: report.Longest{Tokens: 100_000, Sets: 50, V8Why: "x", WazeroWhy: "x"}},
	}
	for _, g := range targets(f) {
		rows[g.Where+": "+g.Case] = g
	}
	return rows
}

const seenRow = "Envoy: 50,000 distinct tokens, all seen before"

func TestTargetsThatCannotBeMeasuredStayInTheTable(t *testing.T) {
	without, with := rowsOf(knows{}), rowsOf(knows{cache: true, offload: true, signed: true})
	if len(without) != len(with) || len(without) != 15 {
		t.Errorf("%d and %d rows", len(without), len(with))
	}
	for name, want := range map[string]report.Verdict{
		seenRow: report.NotBuilt,
		"Envoy: signed request, template with body hash, 2 KB body, over a module that buffers it": report.NotBuilt,
		"Envoy: cold RS256 through verify_signature":                                               report.NotBuilt,
		"Envoy: cold RS256, own kernel":                                                            report.NotMeasured,
		"Envoy: cold ES256, EdDSA":                                                                 report.NotMeasured,
		"Envoy: cold HS256, ES384, PS256":                                                          report.NotMeasured,
		"both: allocations of the guest on a warm request, the host's buffers aside":               report.NotMeasured,
		"V8: kernels, against Go's standard library":                                               report.NotMeasured,
		"wazero: kernels, against Go's standard library":                                           report.NotMeasured,
		"both: module, start, memory after configure":                                              report.NotMeasured,
		"both: longest pause, 100,000 cached tokens, 50 key sets":                                  report.NotBuilt,
		"Envoy: 2,000,000 requests, new, seen and refused in turns":                                report.NotMeasured,
		"Envoy: refusing, against accepting a new RS256 token":                                     report.NotMeasured,
		"wazero: whole request, fresh token, against jwx":                                          report.NotMeasured,
		"Envoy: refusing a request without a token, over the do-nothing module":                    report.NotMeasured,
	} {
		row, ok := without[name]
		if !ok || row.Verdict != want {
			t.Errorf("%s: there %v, %v, want %v", name, ok, row.Verdict, want)
		}
	}
	for name, row := range with {
		if row.Verdict == report.Met || row.Verdict == report.Missed {
			t.Errorf("%s: %v of nothing measured", name, row.Verdict)
		}
	}
	if c := with[seenRow]; len(c.Checks) != 5 {
		t.Errorf("%d bounds of the cache", len(c.Checks))
	}
	if c := with["Envoy: refusing, against accepting a new RS256 token"]; len(c.Checks) != len(mint.Refused())+1 {
		t.Errorf("%d kinds of refusal are bounded", len(c.Checks))
	}
}

func TestVersionTexts(t *testing.T) {
	for text, want := range map[string]string{
		"build/envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL": "1.40.0", "1.40": "1.40", unknown: unknown,
	} {
		if got := envoyVersion(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
