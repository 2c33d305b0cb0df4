package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
// the thread's CPU time. The very same calls are made on two instances whose clock and
// random numbers are the same too, and of each call the shorter time counts: what the
// module does it does in both, and what interrupts it does not come twice at one call.
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

// batch is one sort of calls in their order.
type batch struct {
	to      *Times
	tokens  []string // none: ticks
	ticks   int
	allowed bool
	ns      []int64 // the shorter time of each call so far
}

// Longest looks for the longest callback.
func (m *Module) Longest(ctx context.Context, keys []*mint.Key, now time.Time, a Amounts) (l Longest, err error) {
	l = Longest{Tokens: a.Held, Sets: len(keys)}
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
	batches := []*batch{
		{to: &l.Fill, tokens: held, allowed: true},
		{to: &l.Seen, tokens: seen, allowed: true},
		{to: &l.Fresh, tokens: fresh, allowed: true},
		{to: &l.Refused, tokens: old},
		{to: &l.Tick, ticks: min(a.Timed, 2000)},
	}
	const instances = 2
	for range instances {
		if l.Why, err = m.timeAll(ctx, keys, now, a.Held, batches); err != nil || l.Why != "" {
			return l, err
		}
	}
	for _, b := range batches {
		us := make([]float64, len(b.ns))
		for i, ns := range b.ns {
			us[i] = float64(ns) / 1e3
		}
		*b.to = Times{Calls: len(us), Median: measure.Median(us), P999: measure.Quantile(us, 0.999), Max: slices.Max(us)}
	}
	return l, nil
}

// timeAll makes all calls on a fresh instance; why says which was judged wrongly.
func (m *Module) timeAll(ctx context.Context, keys []*mint.Key, now time.Time, held int, batches []*batch) (why string, err error) {
	config, err := edge.Config(edge.Setup{Keys: keys, Postern: true, Caches: edge.Caches{Tokens: held + held/5, Bytes: 256 << 20}})
	if err != nil {
		return "", err
	}
	virtual := host.NewVirtualClock(now)
	h, err := m.compiled.NewHost(ctx, host.Options{
		LogLevel: abi.LogError, Clock: virtual, Rand: rand.NewChaCha8([32]byte{1}),
	})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	if err := h.Configure(ctx, []byte(config)); err != nil {
		return err.Error(), nil
	}
	for _, b := range batches {
		call, n := func(int) string {
			virtual.Advance(time.Second)
			h.RunDue(16)
			return ""
		}, b.ticks
		if b.tokens != nil {
			call, n = func(i int) string {
				if allowed := send(h, Headers(b.tokens[i])) == host.StateContinue; allowed != b.allowed {
					return fmt.Sprintf("request %d: allowed is %v", i, allowed)
				}
				return ""
			}, len(b.tokens)
		}
		ns, why := timed(n, call)
		if why != "" {
			return why, nil
		}
		for i := range b.ns {
			ns[i] = min(ns[i], b.ns[i])
		}
		b.ns = ns
	}
	return "", nil
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

// timed times n calls one by one, in nanoseconds. This process's own collector works
// between batches of them only, so that it is in none.
func timed(n int, call func(i int) string) (times []int64, why string) {
	const batch = 5000
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	times = make([]int64, n)
	for i := range times {
		if i%batch == 0 {
			runtime.GC()
		}
		begin := clock.Thread()
		if why := call(i); why != "" {
			return nil, why
		}
		times[i] = clock.Thread() - begin
	}
	return times, ""
}
