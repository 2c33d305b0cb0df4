package measure

import "time"

// Subject is something to be called over and over.
type Subject struct {
	// Name names it.
	Name string
	// Run makes n calls; an error ends the measurement of this subject.
	Run func(n int) error
}

// Turns lets subjects take turns, so that all of them meet the same machine: in
// each round every subject makes as many calls as take about the time of a turn.
// It returns the CPU time per call in microseconds, one value per round, and for a
// subject that failed why. clock reads a CPU time in nanoseconds.
func Turns(subjects []Subject, rounds int, turn time.Duration, clock func() int64) (values [][]float64, faults []string) {
	values, faults = make([][]float64, len(subjects)), make([]string, len(subjects))
	calls := make([]int, len(subjects))
	spend := func(i, n int) float64 {
		begin := clock()
		if err := subjects[i].Run(n); err != nil {
			faults[i] = err.Error()
			return 0
		}
		return float64(clock() - begin)
	}
	for i := range subjects {
		calls[i] = calibrate(turn, func(n int) float64 { return spend(i, n) })
	}
	for range rounds {
		for i := range subjects {
			if faults[i] == "" {
				if spent := spend(i, calls[i]); faults[i] == "" {
					values[i] = append(values[i], spent/1e3/float64(calls[i]))
				}
			}
		}
	}
	return values, faults
}

// calibrate warms up and returns how many calls take a turn.
func calibrate(turn time.Duration, spend func(n int) float64) int {
	const most = 1 << 24
	for n := 1; ; n *= 2 {
		spent := spend(n)
		if spent >= float64(turn)/4 || n >= most {
			return max(1, min(most, int(float64(n)*float64(turn)/max(spent, 1))))
		}
		if spent == 0 && n > 1<<12 {
			return n // it fails, or there is no clock
		}
	}
}

// Summary is Of for one subject of Turns.
func Summary(values []float64, fault string) Figure {
	if fault != "" {
		return None(fault)
	}
	return Of(values)
}

// Over is the ratio of two subjects, round by round.
func Over(a, b []float64, faultA, faultB string) Figure {
	switch {
	case faultA != "":
		return None(faultA)
	case faultB != "":
		return None("no peer: " + faultB)
	}
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	return Of(ratios)
}
