package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/postern-wasm/postern/bench/clock"
	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

// Amounts say how many requests there are when the longest callback is looked for.
type Amounts struct {
	// Held is how many tokens are sent first and kept, Timed how many requests there
	// are of each sort then.
	Held, Timed int
}

// Batch is one sort of calls in their order.
type Batch struct {
	// Name names it.
	Name string `json:"name"`
	// Tokens are of one request each; Ticks are calls of the timer instead.
	Tokens []string `json:"tokens"`
	Ticks  int      `json:"ticks"`
	// Allowed is what the module must say.
	Allowed bool `json:"allowed"`
}

// Batches are a configuration with many key sets and a large cache, and the calls that
// fill it and then meet it full: what a pause of any sort would show in.
func Batches(keys []*mint.Key, now time.Time, a Amounts) (config string, list []Batch, err error) {
	if config, err = edge.Config(edge.Setup{Keys: keys, Postern: true, Caches: edge.Caches{Tokens: a.Held + a.Held/5, Bytes: 256 << 20}}); err != nil {
		return "", nil, err
	}
	var tokens [3][]string
	for i, c := range []struct {
		first, n int
		minted   time.Time
	}{{1 << 20, a.Held, now}, {1 << 22, a.Timed, now}, {1 << 23, a.Timed, now.Add(-48 * time.Hour)}} {
		if tokens[i], err = spread(keys, c.first, c.n, c.minted); err != nil {
			return "", nil, err
		}
	}
	seen := make([]string, a.Timed)
	for i := range seen {
		seen[i] = tokens[0][i*7919%a.Held]
	}
	return config, []Batch{
		{Name: "filling the cache", Tokens: tokens[0], Allowed: true},
		{Name: "a token in it", Tokens: seen, Allowed: true},
		{Name: "a new token", Tokens: tokens[1], Allowed: true},
		{Name: "an expired one", Tokens: tokens[2]},
		{Name: "a tick", Ticks: min(a.Timed, 2000)},
	}, nil
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

// Time times all calls, in CPU time of the thread; why says which was judged wrongly.
// The very same calls are made on two instances whose clock and random numbers are the
// same too, and of each call the shorter time counts: what the module does it does in
// both, and what interrupts it does not come twice at one call.
func (m *Module) Time(ctx context.Context, config string, now time.Time, batches []Batch) (list []measure.Times, why string, err error) {
	const instances = 2
	shortest := make([][]int64, len(batches))
	for range instances {
		if why, err := m.timeAll(ctx, config, now, batches, shortest); err != nil || why != "" {
			return nil, why, err
		}
	}
	for i, b := range batches {
		list = append(list, measure.TimesOf(b.Name, shortest[i]))
	}
	return list, "", nil
}

// timeAll makes all calls on a fresh instance and keeps the shorter times.
func (m *Module) timeAll(ctx context.Context, config string, now time.Time, batches []Batch, shortest [][]int64) (why string, err error) {
	virtual := host.NewVirtualClock(now)
	h, err := m.compiled.NewHost(ctx, host.Options{LogLevel: abi.LogError, Clock: virtual, Rand: rand.NewChaCha8([32]byte{1})})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	if err := h.Configure(ctx, []byte(config)); err != nil {
		return err.Error(), nil
	}
	for i, b := range batches {
		call, n := func(int) string {
			virtual.Advance(time.Second)
			h.RunDue(16)
			return ""
		}, b.Ticks
		if b.Tokens != nil {
			call, n = func(i int) string {
				if allowed := send(h, Headers(b.Tokens[i])) == host.StateContinue; allowed != b.Allowed {
					return fmt.Sprintf("%s: request %d: allowed is %v", b.Name, i, allowed)
				}
				return ""
			}, len(b.Tokens)
		}
		ns, why := timed(n, call)
		if why != "" {
			return why, nil
		}
		for j := range shortest[i] {
			ns[j] = min(ns[j], shortest[i][j])
		}
		shortest[i] = ns
	}
	return "", nil
}

// timed times n calls one by one, in nanoseconds. This process's own collector works
// between groups of them only, so that it is in none.
func timed(n int, call func(i int) string) (times []int64, why string) {
	const group = 5000
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	times = make([]int64, n)
	for i := range times {
		if i%group == 0 {
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
