package main

import (
	"context"
	"fmt"
	"time"

	"github.com/postern-wasm/postern/bench/load"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/report"
)

// pacedVariants are those whose latency is measured.
var pacedVariants = []string{
	plain("RS256"), "do-nothing module",
	warm("RS256"), "jwt_authn RS256, 100,000 entries, one token",
	noCache("RS256"), peer("RS256"), noCache("ES256"), peer("ES256"),
}

// minRate is the share of the rate that must have been kept, but for the slack that a
// single late answer takes: below it the load generator or the machine was the limit.
const minRate, slack = 0.95, 20 * time.Millisecond

// latencies sends at a fixed rate, far below what any of them can take, so that what
// is seen is the filter and not a queue. After the rounds no token is new: what is
// verified each time has no cache.
func latencies(ctx context.Context, f *field, s scale, list []variant) ([]report.Latency, error) {
	var rows []report.Latency
	for _, name := range pacedVariants {
		rows = append(rows, report.Latency{Name: name, Rate: s.Rate})
	}
	samples, limited := make([]map[float64][]float64, len(rows)), make([]string, len(rows))
	for range s.PacedRounds {
		for i := range rows {
			v, ok := find(list, rows[i].Name)
			if !ok {
				return nil, fmt.Errorf("no variant %q", rows[i].Name)
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			got, err := f.process(v).Pace(v.door, load.PacedOptions{Options: load.Options{Connections: s.Connections, Requests: s.PacedRequests, Status: v.status}, Rate: s.Rate}, f.corpora[v.corpus])
			if err != nil {
				return nil, err
			}
			if got.Wrong > 0 && rows[i].Why == "" {
				rows[i].Why = fmt.Sprintf("%d of %d answers were wrong: %s", got.Wrong, got.Sent, got.FirstWrong)
			}
			if why := paceLimited(got, s.Rate); why != "" {
				limited[i] = why
				continue
			}
			if samples[i] == nil {
				samples[i] = map[float64][]float64{}
			}
			for _, q := range []float64{0.5, 0.9, 0.99} {
				samples[i][q] = append(samples[i][q], measure.Quantile(got.Latencies, q))
			}
		}
	}
	for i := range rows {
		// As with the rounds: a figure from the few that went well would be picked.
		if n := len(samples[i][0.5]); rows[i].Why == "" && 2*n <= s.PacedRounds {
			rows[i].Why = fmt.Sprintf("%s (%d of %d rounds)", limited[i], s.PacedRounds-n, s.PacedRounds)
		}
	}
	for i := range rows {
		of := func(q float64) measure.Figure {
			if rows[i].Why != "" {
				return measure.None(rows[i].Why)
			}
			return measure.Of(samples[i][q])
		}
		rows[i].P50, rows[i].P90, rows[i].P99 = of(0.5), of(0.9), of(0.99)
	}
	return rows, nil
}

// paceLimited says why a paced turn does not count, "" if it does.
func paceLimited(got load.PacedResult, rate int) string {
	due := time.Duration(float64(got.Sent) / float64(rate) * float64(time.Second))
	if got.Wall <= time.Duration(float64(due)/minRate)+slack {
		return ""
	}
	return fmt.Sprintf("limited by the load generator: %.0f instead of %d requests a second", float64(got.Sent)/got.Wall.Seconds(), rate)
}

// find returns the variant of that name.
func find(list []variant, name string) (variant, bool) {
	for _, v := range list {
		if v.name == name {
			return v, true
		}
	}
	return variant{}, false
}
