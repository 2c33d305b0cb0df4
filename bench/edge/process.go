package edge

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/postern-wasm/postern/bench/clock"
	"github.com/postern-wasm/postern/bench/load"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/host/envoy"
)

// Process is one running Envoy.
type Process struct {
	envoy *envoy.Envoy
	usage *usage
}

// Start runs an Envoy with these doors and so many workers; a refused filter is an
// error.
func Start(ctx context.Context, doors []Door, workers int) (*Process, error) {
	config, err := bootstrap(doors, workers)
	if err != nil {
		return nil, err
	}
	e, err := envoy.Start(ctx, envoy.Options{Bootstrap: config, Concurrency: workers, LogLevel: "warning", StartTimeout: 3 * time.Minute})
	if err != nil {
		return nil, err
	}
	p := &Process{envoy: e, usage: newUsage(e.PID())}
	for _, d := range doors {
		if e.Addr(d.Name) == "" {
			_ = p.Stop()
			return nil, fmt.Errorf("envoy bound no listener %q", d.Name)
		}
	}
	return p, nil
}

// Stop ends it; the error says that it had ended by itself.
func (p *Process) Stop() error { return p.envoy.Stop() }

// Startup is the time from exec to serving.
func (p *Process) Startup() time.Duration { return p.envoy.Startup() }

// Memory measures the process.
func (p *Process) Memory(ctx context.Context) (envoy.Memory, error) { return p.envoy.Memory(ctx) }

// Count is the sum of all counters whose names end in suffix; known says that there
// is any.
func (p *Process) Count(ctx context.Context, suffix string) (sum int64, known bool, err error) {
	stats, err := p.envoy.Stats(ctx, regexp.QuoteMeta(suffix)+"$")
	for _, n := range stats {
		sum += n
	}
	return sum, len(stats) > 0, err
}

// Turn is what one variant sends in one round.
type Turn struct {
	// Variant and Round go into the Slot.
	Variant string
	Round   int
	// Door is where to.
	Door string
	// Load is how much; Address is set from Door.
	Load load.Options
	// Source is what.
	Source load.Source
}

// Pace sends requests to a door at a fixed rate; o.Address is set from it.
func (p *Process) Pace(door string, o load.PacedOptions, source load.Source) (load.PacedResult, error) {
	if o.Address = p.envoy.Addr(door); o.Address == "" {
		return load.PacedResult{}, fmt.Errorf("no listener %q", door)
	}
	return load.Paced(o, source)
}

// Take sends a turn's requests and counts what they cost.
func (p *Process) Take(t Turn) (measure.Slot, error) {
	t.Load.Address = p.envoy.Addr(t.Door)
	if t.Load.Address == "" {
		return measure.Slot{}, fmt.Errorf("no listener %q", t.Door)
	}
	before, own := p.usage.read(), clock.CPU()
	result, err := load.Run(t.Load, t.Source)
	if err != nil {
		return measure.Slot{}, fmt.Errorf("%s: %w", t.Variant, err)
	}
	after := p.usage.read()
	return measure.Slot{
		Round: t.Round, Variant: t.Variant,
		Requests: result.Right, Wrong: result.Wrong, FirstWrong: result.FirstWrong,
		WallNS:      int64(result.Wall),
		ServerCPUNS: after.cpu - before.cpu,
		BusyNS:      after.busy - before.busy,
		LoaderCPUNS: clock.CPU() - own,
	}, nil
}
