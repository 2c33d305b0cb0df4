package report

import (
	"fmt"
	"html"
	"html/template"
	"strings"

	"github.com/postern-wasm/postern/bench/profile"
)

// Sizes of a stacked bar in SVG units.
const stackWidth, stackHeight = 900, 22

// stack draws a profile's row as one bar whose parts are the rooms, the dearest first;
// a part that has room for its name bears it, and all names are in the table.
func stack(p profile.Row) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img">`, stackWidth, stackHeight)
	at := 0.0
	for i, part := range p.Parts {
		width := stackWidth * part.Share
		fmt.Fprintf(&b, `<rect class="part%d" x="%.1f" y="0" width="%.1f" height="%d"><title>%s</title></rect>`,
			i%6, at, width, stackHeight, html.EscapeString(fmt.Sprintf("%s %.1f %%", part.Room, 100*part.Share)))
		if width > float64(8*len(part.Room)) {
			fmt.Fprintf(&b, `<text class="in" x="%.1f" y="15">%s</text>`, at+5, html.EscapeString(part.Room))
		}
		at += width
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // every text in it is escaped above
}
