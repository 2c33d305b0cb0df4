package kernels

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-wasm/postern/bench/clock"
	"github.com/postern-wasm/postern/bench/kernels/op"
	"github.com/postern-wasm/postern/bench/measure"
)

// Row is one operation: microseconds of CPU per call.
type Row struct {
	// Name names it.
	Name string `json:"name"`
	// Bytes is how many bytes a call hashes, or 0.
	Bytes int `json:"bytes,omitempty"`
	// Standard is Go's standard library, native.
	Standard measure.Figure `json:"go_standard_library_us"`
	// Own is the kernel, native.
	Own measure.Figure `json:"own_native_us"`
	// Wazero is the kernel, compiled by TinyGo, on wazero.
	Wazero measure.Figure `json:"own_wazero_us"`
	// V8 is the same in Node.
	V8 measure.Figure `json:"own_v8_us"`
	// Ratio is Wazero over Standard, V8Ratio V8 over Standard.
	Ratio   measure.Figure `json:"wazero_over_standard"`
	V8Ratio measure.Figure `json:"v8_over_standard"`
	// Allocated is how many bytes a call on wazero allocates.
	Allocated measure.Figure `json:"guest_bytes_allocated"`
}

// Measure runs every case on the guest at path, on wazero and in V8, natively, and
// with the standard library.
func Measure(ctx context.Context, path string, cases []Case, rounds int, turn time.Duration) (rows []Row, err error) {
	g, err := start(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.close(ctx)) }()
	v, noV8 := startV8(ctx, path)
	if noV8 == nil {
		defer func() { err = errors.Join(err, v.close()) }()
	}
	for _, c := range cases {
		row, err := one(ctx, g, v, noV8, c, rounds, turn)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// one measures a case; v is nil where noV8 says why.
func one(ctx context.Context, g *guest, v *v8, noV8 error, c Case, rounds int, turn time.Duration) (Row, error) {
	own, err := op.Make(c.Kind, c.Input)
	if err != nil {
		return Row{}, err
	}
	if err := g.prepare(ctx, c); err != nil {
		return Row{}, err
	}
	inV8 := func(int) error { return noV8 }
	now := clock.CPU
	if noV8 == nil {
		if err := v.prepare(c); err != nil {
			return Row{}, err
		}
		inV8 = func(n int) error { return v.run(c.Kind, n) }
		// Node's time is its own; this process waits meanwhile.
		now = func() int64 { return clock.CPU() + v.spent }
	}
	refused := func(yes, n int) error {
		if yes != n {
			return fmt.Errorf("%d of %d valid inputs were refused", n-yes, n)
		}
		return nil
	}
	values, faults := measure.Turns([]measure.Subject{
		{Name: "standard library", Run: func(n int) error { return refused(native(c, n), n) }},
		{Name: "own, native", Run: func(n int) error { return refused(own.Run(n), n) }},
		{Name: "own, wazero", Run: func(n int) error { return g.run(ctx, c.Kind, n) }},
		{Name: "own, V8", Run: inV8},
	}, rounds, turn, now)
	return Row{
		Name: c.Name, Bytes: c.Bytes,
		Standard:  measure.Summary(values[0], faults[0]),
		Own:       measure.Summary(values[1], faults[1]),
		Wazero:    measure.Summary(values[2], faults[2]),
		V8:        measure.Summary(values[3], faults[3]),
		V8Ratio:   measure.Over(values[3], values[0], faults[3], faults[0]),
		Ratio:     measure.Over(values[2], values[0], faults[2], faults[0]),
		Allocated: allocations(ctx, g, c),
	}, nil
}

// native calls the standard library n times and counts what it takes for valid.
func native(c Case, n int) int {
	yes := 0
	for i := range n {
		if c.Native(c.Items[i%len(c.Items)]) {
			yes++
		}
	}
	return yes
}

// allocations is how many bytes a call allocates, over a thousand of them, after
// others that may build tables. The guest counts whole chunks, so less than a chunk's
// share of a call is told as nothing.
func allocations(ctx context.Context, g *guest, c Case) measure.Figure {
	const warm, calls = 100, 1000
	if err := g.run(ctx, c.Kind, warm); err != nil {
		return measure.None(err.Error())
	}
	grown, err := g.call(ctx, "allocated", uint64(c.Kind), calls)
	switch {
	case err != nil:
		return measure.None(err.Error())
	case grown == 0:
		return measure.None("this build does not count")
	}
	return measure.Of([]float64{float64(grown-1) / calls})
}
