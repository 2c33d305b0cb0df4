package report

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/bench/kernels"
	"github.com/postern-wasm/postern/bench/measure"
)

func value(x float64) measure.Figure { return measure.Of([]float64{x, x, x}) }

func TestVerdicts(t *testing.T) {
	good := Check{Label: "a", Figure: value(1), Limit: 2, Unit: "x"}
	over := Check{Label: "b", Figure: value(3), Limit: 2, Unit: "x"}
	none := Check{Label: "c", Figure: measure.None("the loader"), Limit: 2, Unit: "x"}
	for _, c := range []struct {
		name string
		row  Target
		want Verdict
	}{
		{"all bounds hold", Target{Checks: []Check{good, good}}, Met},
		{"one bound does not hold", Target{Checks: []Check{good, over}}, Missed},
		{"a bound that was not measured is not met", Target{Checks: []Check{good, none}}, NotMeasured},
		{"missed stays missed beside what was not measured", Target{Checks: []Check{none, over}}, Missed},
		{"the limit itself is met", Target{Checks: []Check{{Figure: value(2), Limit: 2}}}, Met},
		{"at least means at least", Target{Checks: []Check{{Figure: value(299), Limit: 300, AtLeast: true}}}, Missed},
		{"what is not there is not built", Target{Missing: "no cache"}, NotBuilt},
		{"what is there but out of reach is not measured", Target{Missing: "no counter", Built: true}, NotMeasured},
		{"a row without bounds is not measured", Target{}, NotMeasured},
	} {
		if got := c.row.Judge(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if (Target{}).Verdict != NotMeasured {
		t.Error("the zero verdict is something else than not measured")
	}
}

func TestNumbers(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 0.034: "0.03", 0.5: "0.5", 1.7: "1.7", 3.456: "3.46", 12.34: "12.3", 10: "10", 123.4: "123", 0.001: "0", -0.001: "0", -2.5: "-2.5", 2_500_000: "2.5 million",
	} {
		if got := Number(x); got != want {
			t.Errorf("%v: %q, want %q", x, got, want)
		}
	}
	c := Check{Figure: measure.Figure{OK: true, Median: 2, Low: 1, High: 3, Rounds: 5}, Limit: 5.5, Unit: "us"}
	if c.Bound() != "<= 5.5 us" || c.Result() != "2 us [1..3]" {
		t.Errorf("%q, %q", c.Bound(), c.Result())
	}
}

// sample is a report with one of everything, names that HTML must escape, and
// things that were not measured.
func sample() *Report {
	cost, none := value(7), measure.None("12 of 100 answers were wrong: <script>")
	r := &Report{
		Schema: Schema,
		Variants: []Variant{
			{Name: "no filter, RS256", Total: value(30)},
			{Name: "postern <&> cold", Baseline: "no filter, RS256", Peer: "jwt_authn RS256", Total: value(37), Cost: &cost, Ratio: &cost},
			{Name: "refused one", Baseline: "no filter, RS256", Total: none, Cost: &none},
		},
		Kernels: []kernels.Row{{Name: "op one", Standard: value(1), Own: value(2), Wazero: value(3), Ratio: value(3)}},
		Targets: []Target{
			{Where: "Envoy", Case: "row with bounds", Checks: []Check{{Label: "label one", Figure: value(1), Limit: 2, Unit: "x"}, {Label: "label two", Figure: none, Limit: 2, Unit: "x"}}},
			{Where: "Envoy", Case: "row that is not built", Missing: "no cache"},
		},
		Latencies: []Latency{{Name: "paced one", Rate: 2000, P50: value(5), P90: none, P99: value(9)}},
		Memory:    []Memory{{Name: "cache one", Why: "it refused"}},
		Slots:     []measure.Slot{{Variant: "no filter, RS256", Round: 1, Requests: 10, WallNS: 1000, ServerCPUNS: 1000}},
	}
	for i := range r.Targets {
		r.Targets[i].Verdict = r.Targets[i].Judge()
	}
	return r
}

func TestThePageHoldsEveryRowAndNeedsNoNetwork(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"no filter, RS256", "postern &lt;&amp;&gt; cold", "refused one", "paced one", "op one", "label one", "label two", "row with bounds", "row that is not built", "not built", "not measured",
		"12 of 100 answers were wrong: &lt;script&gt;", "cache one", "it refused",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if m := regexp.MustCompile(`(?i)<script|src=|href=|url\(|@import|https?:`).FindString(page); m != "" {
		t.Errorf("the page loads or runs something: %q", m)
	}
	if strings.Count(page, "<svg") != strings.Count(page, "</svg>") || strings.Count(page, "<svg") < 5 {
		t.Errorf("%d charts", strings.Count(page, "<svg"))
	}
}

func TestTheTerminalHoldsEveryRow(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"no filter, RS256", "postern <&> cold", "refused one", "not measured: 12 of 100", "paced one", "op one", "NOT BUILT", "NOT MEASURED", "label two <= 2x"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the tables lack %q:\n%s", want, b.String())
		}
	}
}

func TestARestlessMachineIsToldOf(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		warned    bool
	}{{29, 31, false}, {26, 35, true}} {
		r := &Report{Variants: []Variant{{Name: "no filter, RS256", Total: measure.Figure{OK: true, Median: 30, Low: c.low, High: c.high, Rounds: 5}}}}
		var text, page strings.Builder
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		for _, got := range []string{text.String(), page.String()} {
			if strings.Contains(got, "The machine was not quiet") != c.warned {
				t.Errorf("%v to %v: warned %v", c.low, c.high, !c.warned)
			}
		}
	}
}

func TestWhatWasNotMeasuredHasNoBar(t *testing.T) {
	c := chart{unit: "us"}
	c.add("one", measure.None("why not"), "own")
	if svg := string(c.SVG()); strings.Contains(svg, "<rect") || !strings.Contains(svg, "not measured: why not") {
		t.Error(svg)
	}
}

func TestTheSchema(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	got := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"schema", "command", "started", "finished", "scale", "machine", "versions", "token_bytes", "token_cache", "cache_hits_counted", "targets", "variants", "curves", "allocations", "profile", "longest_callback", "latencies", "kernels", "whole_requests", "host_calls", "memory", "start", "slots"} {
		if _, ok := got[name]; !ok {
			t.Errorf("no member %q", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("a member %q that the schema does not have: a new one is a new version", name)
	}
	if !strings.Contains(b.String(), `"verdict": "not built"`) || !strings.Contains(b.String(), `"cost_us": {`) {
		t.Error(b.String())
	}
}
