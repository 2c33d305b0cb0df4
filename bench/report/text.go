package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/profile"
)

// WriteText writes the tables for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")) }
	section := func(title string, heads ...string) {
		_ = t.Flush() // what fails is told by the last one
		fmt.Fprintf(w, "\n%s\n", title)
		row(heads...)
	}
	section("In Envoy: CPU microseconds per request, the filter alone (median [quartiles] over the rounds)", "variant", "cost", "against", "ratio", "requests/s")
	for _, v := range r.Variants {
		if v.Cost == nil {
			continue
		}
		ratio := ""
		if v.Ratio != nil {
			ratio = Spread(*v.Ratio, "x")
		}
		row(v.Name, Spread(*v.Cost, ""), v.Peer, ratio, Short(v.Throughput))
	}
	if caveat := r.CacheCaveat(); caveat != "" {
		row(caveat)
	}
	section("In Envoy: all of it, where there is no filter", "variant", "total", "", "", "requests/s")
	for _, v := range r.Variants {
		if v.Cost == nil {
			row(v.Name, Spread(v.Total, ""), "", "", Short(v.Throughput))
		}
	}
	r.growthTables(section, row)
	r.localTables(section, row)
	r.insideTables(section, row)
	section("Before the first request, and memory", "what", "how much")
	for _, line := range r.startLines() {
		row(line[0], line[1])
	}
	section("Targets", "where", "case", "target", "result", "")
	for _, g := range r.Targets {
		r.targetLines(g, row)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if noise := r.Noise(); noise != "" {
		fmt.Fprintf(w, "\n%s\n", noise)
	}
	return nil
}

// CacheCaveat says what a module without a counter leaves unproved; "" for one with it.
func (r *Report) CacheCaveat() string {
	if !r.TokenCache || r.CacheCounted {
		return ""
	}
	return "The module does not count what its cache finds: that cold tokens are new to it rests on their being sent once."
}

// growthTables are the curves and the latencies.
func (r *Report) growthTables(section func(string, ...string), row func(...string)) {
	for _, c := range r.Curves {
		section("How cost grows, "+c.Title+": CPU microseconds per request, and requests a second", c.Heads()...)
		for _, cells := range c.Rows() {
			row(cells...)
		}
	}
	section("Latency in microseconds at a fixed rate, from when each request was due, the generator's own waking included", "variant", "requests/s", "p50", "p90", "p99")
	for _, l := range r.Latencies {
		row(l.Name, fmt.Sprint(l.Rate), Spread(l.P50, ""), Spread(l.P90, ""), Spread(l.P99, ""))
	}
}

// localTables are what was measured in this process.
func (r *Report) localTables(section func(string, ...string), row func(...string)) {
	section("Kernels: CPU microseconds per call", "operation", "Go's standard library", "own, native", "own, wazero", "own, V8", "wazero/standard", "V8/standard", "bytes allocated")
	for _, k := range r.Kernels {
		row(k.Name, Short(k.Standard), Short(k.Own), Short(k.Wazero), Short(k.V8), Spread(k.Ratio, "x"), Spread(k.V8Ratio, "x"), Short(k.Allocated))
	}
	section("Whole requests in this process, fresh tokens: CPU microseconds", "algorithm", "postern on wazero", "jwx, native", "no middleware", "ratio")
	for _, s := range r.Whole {
		row(s.Name, Short(s.Postern), Short(s.Native), Short(s.Floor), Spread(s.Ratio, "x"))
	}
}

// insideTables are where the time of a request goes.
func (r *Report) insideTables(section func(string, ...string), row func(...string)) {
	section("Between host and guest, for one request", "request", "callbacks", "host calls", "buffers", "which")
	for _, c := range r.Calls {
		row(c.Request, fmt.Sprint(c.Callbacks), fmt.Sprint(c.HostCalls), fmt.Sprint(c.Allocations), strings.Join(c.Names, " "))
	}
	section("Allocations of the module for one request, the host's buffers aside", "request", "allocations", "bytes", "by")
	if r.Allocations.Why != "" {
		row("not measured: "+r.Allocations.Why, "", "", "")
	}
	for _, a := range r.Allocations.Rows {
		row(a.Request, fmt.Sprint(a.Count), fmt.Sprint(a.Bytes), strings.Join(a.Sites, " "))
	}
	section("Where the time goes in the module (V8, sampled; what is inlined counts for the caller's room)", "request", "us", "by room")
	if r.Profile.Why != "" {
		row("", "", "not measured: "+r.Profile.Why)
	}
	for _, p := range r.Profile.Rows {
		row(p.Name, Number(p.Microseconds), shares(p))
	}
	section("The longest callbacks of a request, microseconds", "where", "request", "calls", "median", "99.9 %", "longest")
	for _, l := range r.longestLines() {
		row(l...)
	}
}

// quietSpread is how far apart the quartiles of the unfiltered time may lie, as a
// share of its median, on a machine that does nothing else.
const quietSpread = 0.1

// Noise warns if the time of Envoy without a filter differed much between the
// rounds; "" if it did not, or is not known.
func (r *Report) Noise() string {
	for _, v := range r.Variants {
		f := v.Total
		if v.Name != "no filter, RS256" || !f.OK || f.High-f.Low <= quietSpread*f.Median {
			continue
		}
		return fmt.Sprintf("The machine was not quiet: Envoy without a filter took %s to %s us per request. Small costs and close verdicts of this run mean little.", Number(f.Low), Number(f.High))
	}
	return ""
}

// targetLines writes a target, a line for each of its bounds.
func (r *Report) targetLines(g Target, row func(...string)) {
	if g.Missing != "" || len(g.Checks) == 0 {
		row(g.Where, g.Case, "", g.Missing, strings.ToUpper(g.Verdict.String()))
		return
	}
	for i, c := range g.Checks {
		name, verdict := g.Case, strings.ToUpper(g.Verdict.String())
		if i > 0 {
			name, verdict = "", ""
		}
		row(g.Where, name, c.Label+" "+c.Bound(), c.Result(), verdict)
	}
}

// shares are a profile's rooms in one line, those above a hundredth.
func shares(p profile.Row) string {
	var parts []string
	for _, part := range p.Parts {
		if part.Share >= 0.01 {
			parts = append(parts, fmt.Sprintf("%s %.0f %%", part.Room, 100*part.Share))
		}
	}
	return strings.Join(parts, ", ")
}

// longestLines are the rows of the longest callbacks.
func (r *Report) longestLines() [][]string {
	var rows [][]string
	for _, in := range []struct {
		runtime, why string
		times        []measure.Times
	}{{"V8", r.Longest.V8Why, r.Longest.V8}, {"wazero", r.Longest.WazeroWhy, r.Longest.Wazero}} {
		if in.why != "" {
			rows = append(rows, []string{in.runtime, "not measured: " + in.why, "", "", "", ""})
		}
		for _, t := range in.times {
			rows = append(rows, []string{in.runtime, t.Name, fmt.Sprint(t.Calls), Number(t.Median), Number(t.P999), Number(t.Max)})
		}
	}
	return rows
}

// startLines are the figures of Start and Memory as text.
func (r *Report) startLines() [][2]string {
	lines := [][2]string{
		{"Envoy without a filter, exec to serving, s", Spread(r.Start.Plain, "")},
		{"Envoy with the module, exec to serving, s", Spread(r.Start.Module, "")},
		{"memory of one VM in Envoy, KiB", Short(scaled(r.Start.GuestBytes, 1.0/1024))},
		{"wazero: compile, s", Number(r.Start.Compile)},
		{"wazero: start and configure, ms", Number(1e3 * r.Start.Configure)},
		{"wazero: memory of one VM, KiB", Number(float64(r.Start.LocalBytes) / 1024)},
		{"module, bytes", fmt.Sprint(r.Versions.ModuleBytes)},
	}
	for _, m := range r.Memory {
		text := fmt.Sprintf("%s bytes per token (%d tokens)", Number(m.PerToken), m.Tokens)
		if m.Why != "" {
			text = "not measured: " + m.Why
		}
		lines = append(lines, [2]string{"cache of " + m.Name, text})
	}
	return lines
}

// scaled multiplies a figure.
func scaled(f measure.Figure, by float64) measure.Figure {
	f.Median, f.Low, f.High = f.Median*by, f.Low*by, f.High*by
	return f
}

// Short is a figure's median, or why there is none.
func Short(f measure.Figure) string {
	if !f.OK {
		return "not measured: " + f.Why
	}
	return Number(f.Median)
}

// Spread is a figure's median with its quartiles.
func Spread(f measure.Figure, unit string) string {
	if !f.OK || f.Rounds < 2 {
		return Short(f)
	}
	return fmt.Sprintf("%s%s [%s..%s]", Number(f.Median), unit, Number(f.Low), Number(f.High))
}
