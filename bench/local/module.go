package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/postern-wasm/postern/bench/clock"
	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

// Module is the module, compiled for wazero once.
type Module struct {
	// Bytes is its size.
	Bytes int
	// Compile is how long wazero took for it.
	Compile time.Duration

	compiled *host.Module
	// trace takes the crossings of the host that is made next; nil for none.
	trace func(host.TraceEvent)
}

// memoryLimit is Envoy's, so that both may hold the same caches.
const memoryLimit = 1 << 30

// Open reads and compiles the module at path.
func Open(ctx context.Context, path string) (*Module, error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("no module (`make plugin` builds it): %w", err)
	}
	begin := time.Now()
	compiled, err := host.Compile(ctx, wasm, host.Options{MemoryLimit: memoryLimit})
	if err != nil {
		return nil, err
	}
	return &Module{Bytes: len(wasm), Compile: time.Since(begin), compiled: compiled}, nil
}

// Close frees it.
func (m *Module) Close(ctx context.Context) error { return m.compiled.Close(ctx) }

// host starts the module with a configuration.
func (m *Module) host(ctx context.Context, config string) (*host.Host, error) {
	h, err := m.compiled.NewHost(ctx, host.Options{Trace: m.trace, LogLevel: abi.LogError})
	if err != nil {
		return nil, err
	}
	if err := h.Configure(ctx, []byte(config)); err != nil {
		return nil, errors.Join(err, h.Close(ctx))
	}
	return h, nil
}

// Takes reports whether the module accepts a configuration.
func (m *Module) Takes(ctx context.Context, config string) (bool, error) {
	h, err := m.host(ctx, config)
	var refused *host.ConfigError
	if errors.As(err, &refused) && refused.Err == nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, h.Close(ctx)
}

// setup is the module's ordinary one for a key.
func setup(key *mint.Key) edge.Setup { return edge.Setup{Keys: []*mint.Key{key}, Postern: true} }

// Start is how long an instance takes to start and configure, and the memory that
// it then has.
func (m *Module) Start(ctx context.Context, key *mint.Key) (took time.Duration, bytes uint64, err error) {
	config, err := edge.Config(setup(key))
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	h, err := m.host(ctx, config)
	if err != nil {
		return 0, 0, err
	}
	took = time.Since(begin)
	for _, w := range h.Workers() {
		bytes += w.MemoryBytes
	}
	return took, bytes, h.Close(ctx)
}

// HasCache reports whether the module saves the signature of a token that it has
// seen. It asks the module, not its documentation: with ES384, whose signature is
// the most of a request, the same token again must cost less than half of what
// fresh ones cost.
func (m *Module) HasCache(ctx context.Context, key *mint.Key, tokens []string) (cache bool, err error) {
	config, err := edge.Config(setup(key))
	if err != nil {
		return false, err
	}
	h, err := m.host(ctx, config)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	headers := make([][]abi.Pair, len(tokens))
	for i, token := range tokens {
		headers[i] = Headers(token)
	}
	const warm = 32 // calls in which tables are built
	fresh, again := headers[:len(headers)-1], headers[len(headers)-1:]
	if len(fresh) <= warm {
		return false, fmt.Errorf("%d tokens are too few", len(tokens))
	}
	spend := func(list [][]abi.Pair, n int) (float64, error) {
		begin := clock.CPU()
		for i := range n {
			if state := send(h, list[i%len(list)]); state != host.StateContinue {
				return 0, fmt.Errorf("a valid request is %s", state)
			}
		}
		return float64(clock.CPU()-begin) / float64(n), nil
	}
	if _, err := spend(fresh[:warm], warm); err != nil {
		return false, err
	}
	if _, err := spend(again, warm); err != nil {
		return false, err
	}
	fresh = fresh[warm:]
	cold, err := spend(fresh, len(fresh))
	if err != nil {
		return false, err
	}
	same, err := spend(again, len(fresh))
	return cold > 2*same, err
}

// Headers are those of a request with the token as Envoy would show them.
func Headers(token string) []abi.Pair {
	pairs := []abi.Pair{
		{Name: ":authority", Value: "orders.bench.example"},
		{Name: ":path", Value: "/orders/17?view=full"},
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "http"},
		{Name: "user-agent", Value: "Mozilla/5.0 (X11; Linux x86_64) bench/1"},
		{Name: "accept", Value: "application/json, text/plain, */*"},
		{Name: "accept-encoding", Value: "gzip, deflate, br"},
		{Name: "accept-language", Value: "en-GB,en;q=0.9"},
		{Name: "cache-control", Value: "no-cache"},
		{Name: "x-forwarded-for", Value: "127.0.0.1"},
		{Name: "x-forwarded-proto", Value: "http"},
	}
	if token != "" {
		pairs = append(pairs, abi.Pair{Name: "authorization", Value: "Bearer " + token})
	}
	return pairs
}

// send passes one request through the module.
func send(h *host.Host, headers []abi.Pair) host.State {
	s := h.NewStream(host.StreamOptions{})
	defer s.Close()
	return s.RequestHeaders(append([]abi.Pair(nil), headers...), true)
}

// Calls is what crosses the border between host and guest for one request.
type Calls struct {
	// Request says which request.
	Request string `json:"request"`
	// Allowed says whether it was let through.
	Allowed bool `json:"allowed"`
	// Callbacks are the guest's functions that the host called.
	Callbacks int `json:"callbacks"`
	// HostCalls are the host's functions that the guest called.
	HostCalls int `json:"host_calls"`
	// Allocations are the buffers that the host asked the guest for meanwhile.
	Allocations int `json:"allocations_for_the_host"`
	// Names are the host's functions in order.
	Names []string `json:"names"`
}

// Asked is a request whose crossings are to be counted.
type Asked struct {
	// Request names it.
	Request string
	// Before is the token of a request that goes ahead of it, Token its own.
	Before, Token string
}

// Count counts the crossings of one request each.
func (m *Module) Count(ctx context.Context, key *mint.Key, asked []Asked) (list []Calls, err error) {
	config, err := edge.Config(setup(key))
	if err != nil {
		return nil, err
	}
	var current *Calls
	m.trace = func(e host.TraceEvent) { current.add(e) }
	h, err := m.host(ctx, config)
	m.trace = nil
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	for _, a := range asked {
		send(h, Headers(a.Before))
		current = &Calls{Request: a.Request}
		current.Allowed = send(h, Headers(a.Token)) == host.StateContinue
		list = append(list, *current)
		current = nil
	}
	return list, nil
}

// Summary of a subject and its peer in turns.
type Summary struct {
	// Name names the case.
	Name string `json:"name"`
	// Postern and Native are microseconds of CPU per request.
	Postern measure.Figure `json:"postern_wazero_us"`
	Native  measure.Figure `json:"jwx_native_us"`
	// Floor is the handler without any middleware.
	Floor measure.Figure `json:"no_middleware_us"`
	// Ratio is Postern over Native, the floor subtracted from neither.
	Ratio measure.Figure `json:"ratio"`
}
