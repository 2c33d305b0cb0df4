package main

import (
	"context"
	"fmt"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/load"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/bench/report"
)

// pacedVariants are those whose latency is measured.
var pacedVariants = []string{"no filter, RS256", "do-nothing module", "jwt_authn RS256", "postern RS256 cold", "jwt_authn ES256", "postern ES256 cold"}

// latencies sends at a fixed rate, far below what any of them can take, so that what
// is seen is the filter and not a queue. The tokens begin with the corpus: after the
// rounds they are not new.
func latencies(ctx context.Context, p *edge.Process, s scale, list []variant, corpora map[string]*mint.Corpus) ([]report.Latency, error) {
	var rows []report.Latency
	for _, name := range pacedVariants {
		rows = append(rows, report.Latency{Name: name, Rate: s.Rate})
	}
	samples := make([]map[float64][]float64, len(rows))
	for range s.PacedRounds {
		for i := range rows {
			v, ok := find(list, rows[i].Name)
			if !ok {
				return nil, fmt.Errorf("no variant %q", rows[i].Name)
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			got, err := p.Pace(v.door, load.PacedOptions{Options: load.Options{Connections: s.Connections, Requests: s.PacedRequests, Status: v.status}, Rate: s.Rate}, corpora[v.corpus])
			if err != nil {
				return nil, err
			}
			if got.Wrong > 0 && rows[i].Why == "" {
				rows[i].Why = fmt.Sprintf("%d of %d answers were wrong: %s", got.Wrong, got.Sent, got.FirstWrong)
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

// find returns the variant of that name.
func find(list []variant, name string) (variant, bool) {
	for _, v := range list {
		if v.name == name {
			return v, true
		}
	}
	return variant{}, false
}
