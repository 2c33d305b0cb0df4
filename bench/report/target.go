package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/bench/measure"
)

// Verdict says how a target stands. The zero value is not measured.
type Verdict uint8

// Verdicts.
const (
	NotMeasured Verdict = iota
	NotBuilt
	Missed
	Met
)

// String is the verdict's words.
func (v Verdict) String() string {
	switch v {
	case NotMeasured:
		return "not measured"
	case NotBuilt:
		return "not built"
	case Missed:
		return "missed"
	case Met:
		return "met"
	}
	return "not measured"
}

// MarshalText writes the words.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Check is one bound of a target.
type Check struct {
	// Label says what is bounded.
	Label string `json:"label"`
	// Figure is the result.
	Figure measure.Figure `json:"figure"`
	// Limit is what its median may be at most, or at least if AtLeast is set.
	Limit   float64 `json:"limit"`
	AtLeast bool    `json:"at_least,omitempty"`
	// Unit follows the number: "us", "x", "MB/s".
	Unit string `json:"unit"`
}

// Met reports whether the bound holds; a figure that was not measured holds nothing.
func (c Check) Met() bool {
	if !c.Figure.OK {
		return false
	}
	if c.AtLeast {
		return c.Figure.Median >= c.Limit
	}
	return c.Figure.Median <= c.Limit
}

// Bound is the limit as text.
func (c Check) Bound() string {
	sign := "<="
	if c.AtLeast {
		sign = ">="
	}
	return sign + " " + Number(c.Limit) + c.unit()
}

// Result is the figure as text, its quartiles in brackets.
func (c Check) Result() string {
	if !c.Figure.OK {
		return "not measured: " + c.Figure.Why
	}
	text := Number(c.Figure.Median) + c.unit()
	if c.Figure.Rounds > 1 {
		text += " [" + Number(c.Figure.Low) + ".." + Number(c.Figure.High) + "]"
	}
	return text
}

func (c Check) unit() string {
	if c.Unit == "x" || c.Unit == "" {
		return c.Unit
	}
	return " " + c.Unit
}

// Target is one row of the performance targets.
type Target struct {
	// Where is the runtime, Case the row.
	Where string `json:"where"`
	Case  string `json:"case"`
	// Checks are its bounds.
	Checks []Check `json:"checks,omitempty"`
	// Missing says what is not built, or why nothing was measured; "" if nothing
	// stands in the way. Built tells the two apart.
	Missing string `json:"missing,omitempty"`
	Built   bool   `json:"built"`
	// Verdict is Judge's.
	Verdict Verdict `json:"verdict"`
}

// Judge returns the row's verdict: met only if every bound was measured and holds.
func (t Target) Judge() Verdict {
	switch {
	case t.Missing != "" && !t.Built:
		return NotBuilt
	case t.Missing != "" || len(t.Checks) == 0:
		return NotMeasured
	}
	verdict := Met
	for _, c := range t.Checks {
		switch {
		case !c.Figure.OK && verdict == Met:
			verdict = NotMeasured
		case c.Figure.OK && !c.Met():
			verdict = Missed
		}
	}
	return verdict
}

// Number writes a number with about three digits that mean something.
func Number(x float64) string {
	switch size := max(x, -x); {
	case size >= 1e6:
		return fmt.Sprintf("%.3g million", x/1e6)
	case size >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case size >= 10:
		return trim(strconv.FormatFloat(x, 'f', 1, 64))
	}
	return trim(strconv.FormatFloat(x, 'f', 2, 64))
}

func trim(text string) string {
	if text = strings.TrimRight(strings.TrimRight(text, "0"), "."); text == "" || text == "-0" {
		return "0"
	}
	return text
}
