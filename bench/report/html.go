package report

import (
	_ "embed" // the page's template
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/postern-wasm/postern/bench/measure"
)

//go:embed page.html
var page string

// WriteHTML writes the page: tables and charts, nothing loaded from anywhere.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"short": Short, "spread": spreadOf, "strokes": stack, "percent": func(x float64) string { return Number(100*x) + " %" }, "times": func(a, b float64) float64 { return a * b },
		"number": Number, "upper": strings.ToUpper,
		"class": func(v Verdict) string { return strings.ReplaceAll(v.String(), " ", "-") },
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, view{
		Report:    r,
		CostChart: r.costChart(), TargetChart: r.targetChart(), KernelChart: r.kernelChart(), PartsChart: r.partsChart(), RoundsChart: r.roundsChart(), LatencyChart: r.latencyChart(),
		StartLines: r.startLines(), LongestLines: r.longestLines(),
	})
}

// view is what the template reads.
type view struct {
	*Report
	CostChart, TargetChart, KernelChart, PartsChart, RoundsChart, LatencyChart chart
	StartLines                                                                 [][2]string
	LongestLines                                                               [][]string
}

// costChart answers: how far is each filter from the others?
func (r *Report) costChart() chart {
	c := chart{unit: "us"}
	for _, v := range r.Variants {
		if v.Cost != nil {
			c.add(v.Name, *v.Cost, kindOf(v.Name))
		}
	}
	return c
}

// kindOf picks a bar's colour.
func kindOf(name string) string {
	switch {
	case strings.HasPrefix(name, "postern"):
		return "own"
	case strings.HasPrefix(name, "jwt_authn"):
		return "peer"
	}
	return "floor"
}

// targetChart answers: how far is each bound from being met? 1 is the bound.
func (r *Report) targetChart() chart {
	c := chart{unit: "of the bound", mark: 1}
	for _, t := range r.Targets {
		for _, k := range t.Checks {
			f := measure.None(k.Figure.Why)
			if k.Figure.OK && k.Limit > 0 {
				if f = scaled(k.Figure, 1/k.Limit); k.AtLeast && k.Figure.Low > 0 && k.Figure.Median > 0 {
					f.Median, f.Low, f.High = k.Limit/k.Figure.Median, k.Limit/k.Figure.High, k.Limit/k.Figure.Low
				}
			}
			class := "peer"
			if k.Met() {
				class = "own"
			}
			c.add(t.Where+": "+k.Label, f, class)
		}
	}
	return c
}

// kernelChart answers: how far from native are the kernels?
func (r *Report) kernelChart() chart {
	c := chart{unit: "times Go's standard library", mark: 1}
	for _, k := range r.Kernels {
		c.add(k.Name+", wazero", k.Ratio, "own")
		c.add(k.Name+", V8", k.V8Ratio, "floor")
	}
	return c
}

// partsChart answers: where does the time of an accepted request go?
func (r *Report) partsChart() chart {
	c := chart{unit: "us"}
	for _, v := range r.Variants {
		switch v.Name {
		case "no filter, RS256":
			c.add("Envoy without a filter", v.Total, "floor")
		case "do-nothing module":
			c.add("+ a module that does nothing", *v.Cost, "floor")
		case "module that reads all headers":
			c.add("+ a module that reads all headers", *v.Cost, "floor")
		case "postern RS256 warm", "postern ES256 warm", "postern RS256 cold", "postern RS256 cold, own kernel", "postern ES256 cold", "postern EdDSA cold", "postern HS256 cold":
			c.add("+ "+v.Name, *v.Cost, "own")
		}
	}
	return c
}

// latencyChart answers: how long does a client wait, and how much longer at worst?
func (r *Report) latencyChart() chart {
	c := chart{unit: "us"}
	for _, l := range r.Latencies {
		c.add(l.Name+", p50", l.P50, kindOf(l.Name))
		c.add(l.Name+", p99", l.P99, kindOf(l.Name))
	}
	return c
}

// roundsChart answers: how quiet was the machine? The unfiltered time, round by round.
func (r *Report) roundsChart() chart {
	c := chart{unit: "us"}
	for i := range r.Slots {
		if s := &r.Slots[i]; s.Variant == "no filter, RS256" && s.Round > 0 && s.Refusal() == "" {
			c.add(fmt.Sprintf("round %d", s.Round), measure.Of([]float64{s.PerRequest()}), "floor")
		}
	}
	return c
}

// spreadOf is Spread for figures that may be absent.
func spreadOf(figure any, unit string) string {
	switch f := figure.(type) {
	case measure.Figure:
		return Spread(f, unit)
	case *measure.Figure:
		if f != nil {
			return Spread(*f, unit)
		}
	}
	return ""
}
