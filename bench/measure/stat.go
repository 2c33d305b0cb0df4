package measure

import (
	"math"
	"slices"
)

// Median returns the middle of xs, the mean of the two middle ones where their
// number is even; NaN for none. xs is not changed.
func Median(xs []float64) float64 { return Quantile(xs, 0.5) }

// Quantile returns the value below which the fraction q (0 to 1) of xs lies, by
// linear interpolation between ranks; NaN for no values. xs is not changed.
func Quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(xs))
	at := q * float64(len(sorted)-1)
	low := int(math.Floor(at))
	high := int(math.Ceil(at))
	return sorted[low] + (sorted[high]-sorted[low])*(at-float64(low))
}

// Figure is a measured quantity, or the reason why there is none. The zero value
// is not measured.
type Figure struct {
	// OK says that the other numbers mean something.
	OK bool `json:"ok"`
	// Median is over the rounds.
	Median float64 `json:"median"`
	// Low and High are the quartiles: half of the rounds lie between them.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Rounds is how many rounds went into it.
	Rounds int `json:"rounds"`
	// Why says why there is no figure; "" if there is one.
	Why string `json:"why,omitempty"`
}

// Of summarises one value per round.
func Of(values []float64) Figure {
	if len(values) == 0 {
		return None("no round")
	}
	return Figure{OK: true, Median: Median(values), Low: Quantile(values, 0.25), High: Quantile(values, 0.75), Rounds: len(values)}
}

// None is a figure that was not measured, and why.
func None(why string) Figure { return Figure{Why: why} }
