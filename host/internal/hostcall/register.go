package hostcall

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	"github.com/postern-wasm/postern/host/internal/meter"
)

// function is one import. params has a letter for each parameter: p a pointer,
// n a length, i another i32, I an i64.
type function struct {
	name   string
	params string
	call   func(e *Env, a []uint64) uint32
	void   bool // returns nothing
	// start and alloc allow the call while the VM starts, and while it
	// allocates for the host (WasmBase::startVm, allocMemory).
	start, alloc bool
}

// status adapts a proxy-wasm function.
func status(f func(e *Env, a []uint64) abi.Status) func(e *Env, a []uint64) uint32 {
	return func(e *Env, a []uint64) uint32 { return uint32(f(e, a)) }
}

// Define makes the host modules that a module of that version can import.
func Define(ctx context.Context, rt wazero.Runtime, v abi.Version) error {
	env := append(proxyFunctions(v), emscriptenFunctions...)
	for _, m := range []struct {
		name      string
		functions []function
	}{
		{"env", env},
		{"wasi_snapshot_preview1", wasiFunctions},
		{"wasi_unstable", wasiFunctions},
		{meter.ImportModule, []function{{name: meter.ImportName, call: yield, start: true, alloc: true}}},
	} {
		b := rt.NewHostModuleBuilder(m.name)
		for _, f := range m.functions {
			results := []api.ValueType{api.ValueTypeI32}
			if f.void {
				results = nil
			}
			b.NewFunctionBuilder().
				WithGoModuleFunction(f.goFunc(m.name != meter.ImportModule), f.types(), results).
				WithName(f.name).Export(f.name)
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Missing returns the first import of m that no host module has, or "".
func Missing(m *guest.Module) string {
	known := make(map[string]bool)
	for _, f := range append(proxyFunctions(m.Version()), emscriptenFunctions...) {
		known["env."+f.name] = true
	}
	for _, f := range wasiFunctions {
		known["wasi_snapshot_preview1."+f.name] = true
		known["wasi_unstable."+f.name] = true
	}
	known[meter.ImportModule+"."+meter.ImportName] = true
	for _, def := range m.Imports() {
		module, name, _ := def.Import()
		if !known[module+"."+name] {
			return module + "." + name
		}
	}
	return ""
}

func (f function) types() []api.ValueType {
	types := make([]api.ValueType, len(f.params))
	for i := range types {
		types[i] = api.ValueTypeI32
		if f.params[i] == 'I' {
			types[i] = api.ValueTypeI64
		}
	}
	return types
}

// goFunc wraps f for wazero: it finds the Env, keeps the restrictions, and
// returns the status.
func (f function) goFunc(trace bool) api.GoModuleFunc {
	call, start, alloc, void := f.call, f.start, f.alloc, f.void
	return func(ctx context.Context, mod api.Module, stack []uint64) {
		e, ok := ctx.(*Env)
		if !ok {
			panic("host function called without its environment")
		}
		if e.mem == nil {
			e.mem = mod.Memory() // a start section runs before the VM is complete
		}
		if e.restricted != unrestricted && !(e.restricted == starting && start || alloc) {
			panic(fmt.Errorf("%w: %s", ErrRestricted, f.name))
		}
		if trace && e.trace {
			f.traced(e, stack)
			return
		}
		v := call(e, stack)
		if !void {
			stack[0] = uint64(v)
		}
	}
}

// traced calls f and notes the call with its numbers; pointers are left out.
func (f function) traced(e *Env, stack []uint64) {
	var b strings.Builder
	b.WriteString(f.name)
	b.WriteByte('(')
	for i, p := range f.params {
		if i > 0 {
			b.WriteByte(',')
		}
		switch p {
		case 'p':
			b.WriteByte('_')
		case 'I':
			b.WriteString(strconv.FormatInt(int64(stack[i]), 10))
		default:
			b.WriteString(strconv.FormatInt(int64(int32(stack[i])), 10))
		}
	}
	b.WriteByte(')')
	v := f.call(e, stack)
	if !f.void {
		stack[0] = uint64(v)
		b.WriteByte(' ')
		if strings.HasPrefix(f.name, "proxy_") {
			b.WriteString(abi.Status(v).String())
		} else {
			b.WriteString(strconv.FormatUint(uint64(v), 10))
		}
	}
	e.Host.Trace(e.depth, b.String())
}

func (e *Env) traceCall(f guest.Func, args []uint32) {
	var b strings.Builder
	b.WriteString(f.Name())
	b.WriteByte('(')
	for i, a := range args {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(a), 10))
	}
	b.WriteByte(')')
	e.Host.Trace(e.depth, b.String())
}

func (e *Env) traceReturn(f guest.Func, v uint32, err error) {
	switch {
	case err != nil:
		e.Host.Trace(e.depth, f.Name()+" -> trap")
	case f.HasResult():
		e.Host.Trace(e.depth, f.Name()+" -> "+strconv.FormatUint(uint64(v), 10))
	default:
		e.Host.Trace(e.depth, f.Name()+" -> ()")
	}
}

func allocationText(n int, ok bool) string {
	text := "allocate(" + strconv.Itoa(n) + ")"
	if !ok {
		text += " failed"
	}
	return text
}

// yield is called when a guest's countdown is used up.
func yield(e *Env, _ []uint64) uint32 {
	e.VM.Yield()
	return meter.Budget
}

var emscriptenFunctions = []function{
	{
		name: "emscripten_notify_memory_growth", params: "i", void: true, start: true, alloc: true,
		call: func(*Env, []uint64) uint32 { return 0 },
	},
	{
		name: "pthread_equal", params: "ii", start: true, alloc: true,
		call: func(_ *Env, a []uint64) uint32 {
			if uint32(a[0]) == uint32(a[1]) {
				return 1
			}
			return 0
		},
	},
}

// proxyFunctions returns the imports of module env for a version.
func proxyFunctions(v abi.Version) []function {
	var all []function
	for _, family := range [][]function{
		logFunctions, headerFunctions, bufferFunctions, streamFunctions, httpFunctions,
		grpcFunctions, propertyFunctions, sharedFunctions, metricFunctions, foreignFunctions,
		contextFunctions,
	} {
		all = append(all, family...)
	}
	switch v {
	case abi.Version010:
		all = append(all, functions010...)
	case abi.Version021:
		all = append(append(all, functions020...), functions021...)
	case abi.Version020:
		all = append(all, functions020...)
	case abi.VersionUnknown:
		return nil
	}
	return all
}
