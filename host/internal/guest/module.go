// Package guest loads Wasm modules into wazero and calls them.
//
// In: a module's bytes and the host modules that its imports link to. Out: VMs
// whose exports are called one at a time, and a trap as an error. Spec:
// proxy-wasm ABI 0.1.0 to 0.2.1, the exports. It never lets a guest run longer
// than its deadline or take more memory than its limit, and it decides nothing
// about requests.
package guest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/meter"
)

// PageSize is WebAssembly's, in bytes.
const PageSize = 64 << 10

// MaxModuleBytes bounds a module's size.
const MaxModuleBytes = 256 << 20

// Reasons for which a module is refused; wrapped in the error of Compile.
var (
	ErrNoABI       = errors.New("missing or unknown proxy-wasm abi version")
	ErrNoAllocator = errors.New("exports neither malloc nor proxy_on_memory_allocate")
	ErrSignature   = errors.New("bad function signature")
)

// Limits bound a guest.
type Limits struct {
	// MemoryPages is the largest memory, in pages.
	MemoryPages uint32
	// Deadline is the real time of one call; 0 for none.
	Deadline time.Duration
}

// Runtime holds host modules and compiled code.
type Runtime struct {
	rt     wazero.Runtime
	limits Limits
}

// NewRuntime returns an empty runtime.
func NewRuntime(ctx context.Context, limits Limits) *Runtime {
	cfg := wazero.NewRuntimeConfig().
		WithMemoryLimitPages(limits.MemoryPages).
		WithCloseOnContextDone(false). // see meter: it would cost a goroutine per call
		WithDebugInfoEnabled(false)
	return &Runtime{rt: wazero.NewRuntimeWithConfig(ctx, cfg), limits: limits}
}

// Wazero returns the runtime to define host modules in.
func (r *Runtime) Wazero() wazero.Runtime { return r.rt }

// Close frees everything, VMs included.
func (r *Runtime) Close(ctx context.Context) error { return r.rt.Close(ctx) }

// Module is a compiled module.
type Module struct {
	rt       *Runtime
	compiled wazero.CompiledModule
	version  abi.Version
	malloc   string // the allocator's name
}

// Compile compiles a module for a version's imports, with the countdown that
// enforces the deadline. Imports are checked when a VM is made.
func (r *Runtime) Compile(ctx context.Context, wasm []byte) (*Module, error) {
	if len(wasm) > MaxModuleBytes {
		return nil, fmt.Errorf("module of %d bytes is larger than %d", len(wasm), MaxModuleBytes)
	}
	code := wasm
	if r.limits.Deadline > 0 {
		metered, err := meter.Instrument(wasm)
		if err != nil {
			return nil, err
		}
		code = metered
	}
	compiled, err := r.compile(ctx, code)
	if err != nil {
		return nil, err
	}
	m := &Module{rt: r, compiled: compiled}
	if err := m.inspect(); err != nil {
		_ = compiled.Close(ctx)
		return nil, err
	}
	return m, nil
}

// compile is CompileModule without its panics: wazero 1.12 has some for modules
// that are broken in the right way (found by fuzzing: a function whose type is
// not there).
func (r *Runtime) compile(ctx context.Context, code []byte) (m wazero.CompiledModule, err error) {
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("malformed module: %v", p)
		}
	}()
	return r.rt.CompileModule(ctx, code)
}

// Version returns the version that the module announces.
func (m *Module) Version() abi.Version { return m.version }

// Imports returns the functions that the module imports, "module.name" each.
func (m *Module) Imports() []api.FunctionDefinition { return m.compiled.ImportedFunctions() }

// inspect finds version and allocator and checks the callbacks' signatures.
func (m *Module) inspect() error {
	exports := m.compiled.ExportedFunctions()
	for _, v := range []abi.Version{abi.Version010, abi.Version020, abi.Version021} {
		if _, ok := exports[v.Marker()]; ok {
			m.version = v
			break
		}
	}
	if m.version == abi.VersionUnknown {
		return ErrNoABI
	}
	// Envoy prefers malloc, and never frees what it got.
	for _, name := range []string{"malloc", "proxy_on_memory_allocate"} {
		if def, ok := exports[name]; ok {
			if !signature(def, 1, 1) {
				return fmt.Errorf("%w: %s", ErrSignature, name)
			}
			m.malloc = name
			break
		}
	}
	if m.malloc == "" {
		return ErrNoAllocator
	}
	for f := Func(0); f < numFuncs; f++ {
		def, ok := exports[f.Name()]
		if !ok {
			continue
		}
		if params, results := f.shape(m.version); params >= 0 && !signature(def, params, results) {
			return fmt.Errorf("%w: %s", ErrSignature, f.Name())
		}
	}
	return nil
}

// signature reports whether all parameters and results are i32 and so many.
func signature(def api.FunctionDefinition, params, results int) bool {
	p, r := def.ParamTypes(), def.ResultTypes()
	if len(p) != params || len(r) != results {
		return false
	}
	for _, t := range append(append([]api.ValueType(nil), p...), r...) {
		if t != api.ValueTypeI32 {
			return false
		}
	}
	return true
}
