package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"

	"github.com/postern-wasm/postern/bench/measure"
)

// Curve is how cost grows with something.
type Curve struct {
	// Title says with what, Axis what X counts.
	Title string `json:"title"`
	Axis  string `json:"axis"`
	// Series are the filters.
	Series []Series `json:"series"`
	// Why says why nothing was measured, "" if something was.
	Why string `json:"why,omitempty"`
}

// Series is one filter's points, by rising X.
type Series struct {
	// Name is the filter's.
	Name string `json:"name"`
	// Points are what was measured.
	Points []Point `json:"points"`
}

// Point is a filter at one size.
type Point struct {
	// X is the size.
	X float64 `json:"x"`
	// Cost is the filter's CPU microseconds per request.
	Cost measure.Figure `json:"cost_us"`
	// Throughput is requests per second, the load generator on the same machine.
	Throughput measure.Figure `json:"requests_per_second"`
}

// xs are the sizes, from the first series: all have the same.
func (c Curve) xs() []float64 {
	var xs []float64
	if len(c.Series) > 0 {
		for _, p := range c.Series[0].Points {
			xs = append(xs, p.X)
		}
	}
	return xs
}

// Sizes of a curve in SVG units.
const (
	curveWidth, curveHeight = 620, 240
	curveLeft, curveBottom  = 50, 36
	legendWidth             = 260
)

// stroke is a series' colour: the module's are blue, the first of them the darker.
func (c Curve) stroke(i int) string {
	class := kindOf(c.Series[i].Name)
	for _, before := range c.Series[:i] {
		if class == "own" && kindOf(before.Name) == class {
			return "second"
		}
	}
	return class
}

// SVG draws the curve: X on a logarithmic scale where it spans more than a factor of
// ten, cost from 0 up, quartiles as bars. What was not measured has no point, and is
// named below the chart.
func (c Curve) SVG() template.HTML {
	xs := c.xs()
	if len(xs) == 0 {
		return ""
	}
	top := 0.0
	for _, s := range c.Series {
		for _, p := range s.Points {
			if p.Cost.OK {
				top = max(top, p.Cost.High, p.Cost.Median)
			}
		}
	}
	if top == 0 {
		top = 1
	}
	at := func(x float64) float64 { return curveLeft + (curveWidth-curveLeft-20)*place(x, xs) }
	up := func(y float64) float64 {
		return curveHeight - curveBottom - (curveHeight-curveBottom-14)*max(0, y)/top
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img">`, curveWidth+legendWidth, curveHeight)
	for _, y := range []float64{0, top / 2, top} {
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="label" x="%d" y="%.1f">%s</text>`,
			curveLeft, curveWidth, up(y), up(y), curveLeft-6, up(y)+4, html.EscapeString(Number(y)))
	}
	for _, x := range xs {
		fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%d">%s</text>`, at(x), curveHeight-curveBottom+16, html.EscapeString(Whole(x)))
	}
	fmt.Fprintf(&b, `<text class="tick" x="%d" y="%d">%s</text>`, (curveLeft+curveWidth)/2, curveHeight-4, html.EscapeString(c.Axis))
	for i, s := range c.Series {
		c.drawSeries(&b, i, s, at, up)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // every text in it is escaped above
}

// drawSeries draws one filter's line, points, quartiles and legend.
func (c Curve) drawSeries(b *strings.Builder, i int, s Series, at, up func(float64) float64) {
	class := c.stroke(i)
	var path []string
	end := func() {
		fmt.Fprintf(b, `<polyline class="line %s" points="%s"/>`, class, strings.Join(path, " "))
		path = nil
	}
	for _, p := range s.Points {
		if !p.Cost.OK {
			end() // nothing is known in between
			continue
		}
		x, y := at(p.X), up(p.Cost.Median)
		path = append(path, fmt.Sprintf("%.1f,%.1f", x, y))
		fmt.Fprintf(b, `<circle class="%s" cx="%.1f" cy="%.1f" r="3"/>`, class, x, y)
		if p.Cost.Rounds > 1 {
			fmt.Fprintf(b, `<line class="spread" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, x, x, up(p.Cost.Low), up(p.Cost.High))
		}
	}
	end()
	y := 24 + 20*i
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="12" height="12"/><text x="%d" y="%d">%s</text>`,
		class, curveWidth+16, y-10, curveWidth+34, y, html.EscapeString(s.Name))
}

// place is where x lies among xs, 0 to 1.
func place(x float64, xs []float64) float64 {
	low, high := xs[0], xs[len(xs)-1]
	if high <= low {
		return 0.5
	}
	if low > 0 && high > 10*low {
		return math.Log(x/low) / math.Log(high/low)
	}
	return (x - low) / (high - low)
}

// Whole writes a whole number, its thousands apart.
func Whole(x float64) string {
	text := fmt.Sprintf("%.0f", x)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// Heads are the columns of the curve's table.
func (c Curve) Heads() []string {
	heads := []string{c.Axis}
	for _, s := range c.Series {
		heads = append(heads, s.Name, "requests/s")
	}
	return heads
}

// Rows are the table's: one for each size.
func (c Curve) Rows() [][]string {
	if c.Why != "" {
		return [][]string{{"not measured: " + c.Why}}
	}
	var rows [][]string
	for i, x := range c.xs() {
		row := []string{Whole(x)}
		for _, s := range c.Series {
			row = append(row, Spread(s.Points[i].Cost, ""), Short(s.Points[i].Throughput))
		}
		rows = append(rows, row)
	}
	return rows
}
