package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	"github.com/postern-wasm/postern/host/internal/hostcall"
)

// Module is a compiled module, from which any number of Hosts can be made.
type Module struct {
	runtime *guest.Runtime
	module  *guest.Module
}

// Compile compiles the module and checks its version and its imports. Of opts
// it reads MemoryLimit and CallDeadline only. An error that is the module's
// fault is a *LoadError. wasm is not kept.
func Compile(ctx context.Context, wasm []byte, opts Options) (*Module, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	limits := guest.Limits{MemoryPages: uint32(opts.MemoryLimit / guest.PageSize)}
	if opts.CallDeadline > 0 {
		limits.Deadline = opts.CallDeadline
	}
	m := &Module{runtime: guest.NewRuntime(ctx, limits)}
	if err := m.load(ctx, wasm); err != nil {
		_ = m.runtime.Close(ctx)
		return nil, err
	}
	return m, nil
}

func (m *Module) load(ctx context.Context, wasm []byte) error {
	var err error
	m.module, err = m.runtime.Compile(ctx, wasm)
	switch {
	case errors.Is(err, guest.ErrNoABI), errors.Is(err, guest.ErrNoAllocator),
		errors.Is(err, guest.ErrSignature):
		return &LoadError{Reason: err.Error()}
	case err != nil:
		return &LoadError{Reason: "not a webassembly module that can be compiled", Err: err}
	}
	if missing := hostcall.Missing(m.module); missing != "" {
		return &LoadError{Reason: fmt.Sprintf("missing import %q in abi %s", missing, m.ABI())}
	}
	return hostcall.Define(ctx, m.runtime.Wazero(), m.ABI())
}

// ABI returns the version that the module announces.
func (m *Module) ABI() abi.Version { return m.module.Version() }

// Close frees the compiled code. All Hosts made from the module must have been
// closed before.
func (m *Module) Close(ctx context.Context) error {
	return m.runtime.Close(context.WithoutCancel(ctx))
}
