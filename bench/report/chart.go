package report

import (
	"fmt"
	"html"
	"html/template"
	"strings"

	"github.com/postern-wasm/postern/bench/measure"
)

// chart is horizontal bars with a label, a value and its quartiles.
type chart struct {
	unit string
	mark float64 // a vertical line at this value; 0 for none
	bars []bar
}

type bar struct {
	label, class string
	figure       measure.Figure
}

func (c *chart) add(label string, f measure.Figure, class string) {
	c.bars = append(c.bars, bar{label, class, f})
}

// Sizes of a chart in SVG units.
const (
	labelWidth = 330
	barWidth   = 420
	rowHeight  = 20
	barHeight  = 12
)

// SVG draws the chart. Bars begin at 0; what was not measured is a line of text
// where its bar would be, never a bar of length 0.
func (c chart) SVG() template.HTML {
	top := c.mark * 1.1
	for _, b := range c.bars {
		if b.figure.OK {
			top = max(top, b.figure.High, b.figure.Median)
		}
	}
	if top <= 0 {
		top = 1
	}
	x := func(v float64) float64 { return labelWidth + barWidth*max(0, v)/top }
	var s strings.Builder
	height := rowHeight * (len(c.bars) + 1)
	fmt.Fprintf(&s, `<svg viewBox="0 0 %d %d" role="img">`, labelWidth+barWidth+190, height)
	for i, b := range c.bars {
		y := i * rowHeight
		fmt.Fprintf(&s, `<text class="label" x="%d" y="%d">%s</text>`, labelWidth-8, y+barHeight, html.EscapeString(b.label))
		if !b.figure.OK {
			fmt.Fprintf(&s, `<text class="none" x="%d" y="%d">not measured: %s</text>`, labelWidth+4, y+barHeight, html.EscapeString(shorten(b.figure.Why)))
			continue
		}
		fmt.Fprintf(&s, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/>`, b.class, labelWidth, y+3, x(b.figure.Median)-labelWidth, barHeight)
		if b.figure.Rounds > 1 {
			fmt.Fprintf(&s, `<line class="spread" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`, x(b.figure.Low), x(b.figure.High), y+9, y+9)
		}
		fmt.Fprintf(&s, `<text x="%.1f" y="%d">%s</text>`, max(x(b.figure.Median), x(b.figure.High))+6, y+barHeight, html.EscapeString(Number(b.figure.Median)+" "+c.unit))
	}
	if c.mark > 0 {
		fmt.Fprintf(&s, `<line class="mark" x1="%.1f" x2="%.1f" y1="0" y2="%d"/>`, x(c.mark), x(c.mark), height-rowHeight)
	}
	s.WriteString("</svg>")
	return template.HTML(s.String()) //nolint:gosec // every text in it is escaped above
}

// shorten keeps a reason within the chart; the tables have all of it.
func shorten(text string) string {
	const most = 70
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}
