package measure

import "slices"

// Times are of many calls, in microseconds.
type Times struct {
	// Name says of which.
	Name string `json:"name"`
	// Calls is how many there were.
	Calls int `json:"calls"`
	// Median, P999 and Max are of their times.
	Median float64 `json:"median_us"`
	P999   float64 `json:"p999_us"`
	Max    float64 `json:"max_us"`
}

// TimesOf summarises nanoseconds, one for each call.
func TimesOf(name string, ns []int64) Times {
	if len(ns) == 0 {
		return Times{Name: name}
	}
	us := make([]float64, len(ns))
	for i, n := range ns {
		us[i] = float64(n) / 1e3
	}
	return Times{Name: name, Calls: len(us), Median: Median(us), P999: Quantile(us, 0.999), Max: slices.Max(us)}
}

// Longest is the longest call of all.
func Longest(list []Times, why string) Figure {
	if why != "" || len(list) == 0 {
		return None(why)
	}
	longest := 0.0
	for _, t := range list {
		longest = max(longest, t.Max)
	}
	return Of([]float64{longest})
}
