package report

import (
	"math"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/profile"
)

// grown is a curve with a name that HTML must escape and a point without a figure.
func grown() Curve {
	return Curve{Title: "things <&>", Axis: "number of things", Series: []Series{
		{Name: "own one", Points: []Point{{X: 1, Cost: value(2), Throughput: value(1000)}, {X: 1000, Cost: value(4), Throughput: value(900)}}},
		{Name: "peer one", Points: []Point{{X: 1, Cost: value(8), Throughput: value(700)}, {X: 1000, Cost: measure.None("it refused"), Throughput: measure.None("it refused")}}},
	}}
}

func TestCurves(t *testing.T) {
	svg := string(grown().SVG())
	if n := strings.Count(svg, "<circle"); n != 3 {
		t.Errorf("%d points of 3 figures", n)
	}
	for _, want := range []string{"own one", "peer one", "number of things", ">1,000<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the chart lacks %q", want)
		}
	}
	c := Curve{Series: []Series{{Name: "postern a"}, {Name: "postern b"}, {Name: "jwt_authn"}}}
	for i, want := range []string{"own", "second", "peer"} {
		if got := c.stroke(i); got != want {
			t.Errorf("series %d is drawn as %q, want %q", i, got, want)
		}
	}
	if empty := (Curve{Title: "x"}).SVG(); empty != "" {
		t.Errorf("a curve of nothing: %q", empty)
	}
	rows := grown().Rows()
	if len(rows) != 2 || rows[1][0] != "1,000" || rows[1][3] != "not measured: it refused" || len(rows[0]) != len(grown().Heads()) {
		t.Errorf("%q", rows)
	}
	if rows := (Curve{Why: "no envoy"}).Rows(); len(rows) != 1 || rows[0][0] != "not measured: no envoy" {
		t.Errorf("%q", rows)
	}
}

func TestPlacesOnAnAxis(t *testing.T) {
	for _, c := range []struct {
		name string
		x    float64
		xs   []float64
		want float64
	}{
		{"more than a factor of ten is logarithmic", 100, []float64{1, 100, 10_000}, 0.5},
		{"less is linear", 2, []float64{1, 2, 5}, 0.25},
		{"a single size is in the middle", 7, []float64{7}, 0.5},
	} {
		if got := place(c.x, c.xs); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	for x, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 2_000_000: "2,000,000"} {
		if got := Whole(x); got != want {
			t.Errorf("%v: %q", x, got)
		}
	}
}

func TestProfileAndLongestCallbacksAreInBothOutputs(t *testing.T) {
	r := sample()
	r.Curves = []Curve{grown(), {Title: "refused curve", Why: "envoy refused"}}
	r.Profile.Rows = []profile.Row{{Name: "kind one", Microseconds: 40, Requests: 10, Parts: []profile.Part{{Room: "kernel/rsa", Share: 0.75}, {Room: "jsonx", Share: 0.25}}}}
	r.Longest = Longest{Tokens: 10, Sets: 2, V8: []measure.Times{{Name: "sort one", Calls: 5, Median: 3, P999: 4, Max: 77}}}
	var text, page strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"terminal": text.String(), "page": page.String()} {
		for _, want := range []string{"kind one", "kernel/rsa", "sort one", "77", "own one", "refused curve", "envoy refused", "it refused"} {
			if !strings.Contains(got, want) {
				t.Errorf("the %s lacks %q", name, want)
			}
		}
	}
	if !strings.Contains(page.String(), "things &lt;&amp;&gt;") || !strings.Contains(page.String(), "75 %") {
		t.Error("the page lacks the curve's title or a share")
	}
	r.Profile.Rows, r.Profile.Why, r.Longest.WazeroWhy = nil, "no node", "was refused"
	text.Reset()
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"not measured: no node", "not measured: was refused"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the terminal lacks %q", want)
		}
	}
}
