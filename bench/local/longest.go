package local

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/postern-wasm/postern/bench/clock"
	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

// Amounts say how much Longest does.
type Amounts struct {
	// Held is how many tokens are sent first and kept, Timed how many requests are
	// timed of each kind then.
	Held, Timed int
}

// Longest is how long the callbacks of one request take at most, with many tokens in
// the cache and many key sets: what a pause of any sort would show in. Microseconds of
// the thread's CPU time, so that what the machine does meanwhile is not in it.
type Longest struct {
	// Tokens and Sets are how many are held.
	Tokens int `json:"tokens"`
	Sets   int `json:"key_sets"`
	// Fill is over the requests that filled the cache, Seen over tokens in it, Fresh
	// over new ones, each of which takes another one's place, Refused over expired ones,
	// Tick over ticks.
	Fill    Times `json:"fill"`
	Seen    Times `json:"seen"`
	Fresh   Times `json:"fresh"`
	Refused Times `json:"refused"`
	Tick    Times `json:"tick"`
	// Why says why there is nothing, "" if there is.
	Why string `json:"why,omitempty"`
}

// Times are of many calls, in microseconds.
type Times struct {
	// Calls is how many there were.
	Calls int `json:"calls"`
	// Median, P999 and Max are of their times.
	Median float64 `json:"median_us"`
	P999   float64 `json:"p999_us"`
	Max    float64 `json:"max_us"`
}

// Max is the longest of all.
func (l Longest) Max() measure.Figure {
	if l.Why != "" || l.Seen.Calls == 0 {
		return measure.None(l.Why)
	}
	longest := 0.0
	for _, t := range []Times{l.Fill, l.Seen, l.Fresh, l.Refused, l.Tick} {
		longest = max(longest, t.Max)
	}
	return measure.Of([]float64{longest})
}

// Longest looks for the longest callback.
func (m *Module) Longest(ctx context.Context, keys []*mint.Key, now time.Time, a Amounts) (l Longest, err error) {
	l = Longest{Tokens: a.Held, Sets: len(keys)}
	config, err := edge.Config(edge.Setup{Keys: keys, Postern: true, Caches: edge.Caches{Tokens: a.Held + a.Held/5, Bytes: 256 << 20}})
	if err != nil {
		return l, err
	}
	virtual := host.NewVirtualClock(now)
	h, err := m.compiled.NewHost(ctx, host.Options{LogLevel: abi.LogError, Clock: virtual})
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	if err := h.Configure(ctx, []byte(config)); err != nil {
		l.Why = err.Error()
		return l, nil
	}
	held, err := spread(keys, 1<<20, a.Held, now)
	if err != nil {
		return l, err
	}
	fresh, err := spread(keys, 1<<22, a.Timed, now)
	if err != nil {
		return l, err
	}
	old, err := spread(keys, 1<<23, a.Timed, now.Add(-48*time.Hour))
	if err != nil {
		return l, err
	}
	seen := make([]string, a.Timed)
	for i := range seen {
		seen[i] = held[i*7919%len(held)]
	}
	for _, part := range []struct {
		to      *Times
		tokens  []string
		allowed bool
	}{{&l.Fill, held, true}, {&l.Seen, seen, true}, {&l.Fresh, fresh, true}, {&l.Refused, old, false}} {
		*part.to, l.Why = timed(len(part.tokens), func(i int) string {
			if allowed := send(h, Headers(part.tokens[i])) == host.StateContinue; allowed != part.allowed {
				return fmt.Sprintf("request %d: allowed is %v", i, allowed)
			}
			return ""
		})
		if l.Why != "" {
			return l, nil
		}
	}
	l.Tick, l.Why = timed(min(a.Timed, 2000), func(int) string {
		virtual.Advance(time.Second)
		h.RunDue(16)
		return ""
	})
	return l, nil
}

// spread makes n tokens, dealt out over the keys.
func spread(keys []*mint.Key, first, n int, now time.Time) ([]string, error) {
	list := make([]string, n)
	each := (n + len(keys) - 1) / len(keys)
	for k, key := range keys {
		tokens, err := key.Good(first, each, now, nil)
		if err != nil {
			return nil, err
		}
		for i, token := range tokens {
			if at := i*len(keys) + k; at < n {
				list[at] = token
			}
		}
	}
	return list, nil
}

// timed times n calls one by one. This process's own collector works between batches
// of them only, so that it is in none.
func timed(n int, call func(i int) string) (t Times, why string) {
	const batch = 5000
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	times := make([]float64, n)
	for i := range times {
		if i%batch == 0 {
			runtime.GC()
		}
		begin := clock.Thread()
		if why := call(i); why != "" {
			return Times{}, why
		}
		times[i] = float64(clock.Thread()-begin) / 1e3
	}
	return Times{Calls: n, Median: measure.Median(times), P999: measure.Quantile(times, 0.999), Max: slices.Max(times)}, ""
}
