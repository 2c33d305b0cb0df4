package guest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/postern-wasm/postern/host/abi"
)

// ErrDeadline is the trap of a guest that ran longer than its deadline.
var ErrDeadline = errors.New("guest call exceeded its deadline")

// ErrDead is returned by calls into a VM that has trapped or was closed.
var ErrDead = errors.New("vm is dead")

// maxParams is the largest number of parameters of a callback.
const maxParams = 5

// VM is one instance of a module. It must be used by one goroutine at a time.
type VM struct {
	module *Module
	inst   api.Module
	mem    api.Memory
	ctx    context.Context
	funcs  [numFuncs]api.Function
	malloc api.Function
	dead   error

	depth   int
	timing  bool      // started is that of the call in progress
	started time.Time // the outermost call, or its first check
	stack   [maxParams]uint64
	alloc   [1]uint64
}

// Instantiate makes a VM and links it. Nothing of the guest runs but a start
// section. ctx is what host functions get as their context: the caller's key
// to the VM they are called from. It is made from [Context].
func (m *Module) Instantiate(ctx context.Context, vm *VM) error {
	vm.module, vm.ctx = m, ctx
	cfg := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	inst, err := m.rt.rt.InstantiateModule(ctx, m.compiled, cfg)
	if err != nil {
		vm.dead = err
		return err
	}
	vm.inst, vm.mem = inst, inst.Memory()
	if vm.mem == nil {
		vm.Kill(errors.New("module has no memory"))
		return vm.dead
	}
	vm.malloc = inst.ExportedFunction(m.malloc)
	for f := Func(0); f < numFuncs; f++ {
		vm.funcs[f] = inst.ExportedFunction(f.Name())
	}
	return nil
}

// Start runs the module's initialisation, in Envoy's order: _initialize and
// then main or __main_void, or else _start.
func (vm *VM) Start() error {
	if vm.Has(FuncInitialize) {
		if err := vm.run(FuncInitialize); err != nil {
			return err
		}
		if vm.Has(FuncMain) {
			return vm.run(FuncMain)
		}
		if vm.Has(FuncMainVoid) {
			return vm.run(FuncMainVoid)
		}
		return nil
	}
	if vm.Has(FuncStart) {
		return vm.run(FuncStart)
	}
	return nil
}

// run calls an initialisation function with zeros, whatever it takes.
func (vm *VM) run(f Func) error {
	def := vm.funcs[f].Definition()
	stack := make([]uint64, max(len(def.ParamTypes()), len(def.ResultTypes())))
	return vm.invoke(vm.funcs[f], stack)
}

// Has reports whether the module exports f.
func (vm *VM) Has(f Func) bool { return vm.funcs[f] != nil }

// Call calls an export with i32 arguments and returns its result, 0 for none.
// An error is a trap: the VM is dead from then on.
func (vm *VM) Call(f Func, args ...uint32) (uint32, error) {
	fn := vm.funcs[f]
	stack := vm.stack[:]
	for i, a := range args {
		stack[i] = uint64(a)
	}
	if err := vm.invoke(fn, stack); err != nil {
		return 0, err
	}
	return uint32(stack[0]), nil
}

// invoke runs one call and turns whatever stops it into the VM's death.
func (vm *VM) invoke(fn api.Function, stack []uint64) error {
	if vm.dead != nil {
		return ErrDead
	}
	if vm.depth == 0 {
		vm.timing = false
	}
	vm.depth++
	err := fn.CallWithStack(vm.ctx, stack)
	vm.depth--
	if err != nil {
		vm.Kill(err)
	}
	return err
}

// Allocate asks the guest for n bytes and returns where they are. It fails for
// a guest that has no memory to give or lies about it; a trap in the allocator
// stops the host call that asked as well, by a panic that wazero turns into
// the outer call's error.
func (vm *VM) Allocate(n uint32) (ptr uint32, mem []byte, ok bool) {
	vm.alloc[0] = uint64(n)
	if err := vm.invoke(vm.malloc, vm.alloc[:]); err != nil {
		panic(err)
	}
	ptr = uint32(vm.alloc[0])
	if ptr == 0 {
		return 0, nil, false
	}
	mem, ok = vm.mem.Read(ptr, n)
	return ptr, mem, ok
}

// Yield is the other side of the countdown: it stops a guest whose time is
// over. The time of a call runs from its first check: most calls are over
// before, and need no clock.
func (vm *VM) Yield() {
	if !vm.timing {
		vm.timing, vm.started = true, time.Now()
		return
	}
	if time.Since(vm.started) > vm.module.rt.limits.Deadline {
		panic(ErrDeadline)
	}
}

// Version returns the module's ABI version.
func (vm *VM) Version() abi.Version { return vm.module.version }

// Memory returns the guest's memory.
func (vm *VM) Memory() api.Memory { return vm.mem }

// MemoryBytes returns the size of the guest's memory, 0 for a dead VM.
func (vm *VM) MemoryBytes() uint64 {
	if vm.dead != nil || vm.mem == nil {
		return 0
	}
	return uint64(vm.mem.Size())
}

// Dead returns why the VM is dead, or nil.
func (vm *VM) Dead() error { return vm.dead }

// Kill declares the VM dead. The first reason stays.
func (vm *VM) Kill(why error) {
	if vm.dead == nil {
		vm.dead = fmt.Errorf("%w", why)
	}
}

// Close frees the instance. It must not be called during a call into it.
func (vm *VM) Close() {
	vm.Kill(ErrDead)
	if vm.inst != nil {
		_ = vm.inst.Close(context.Background())
		vm.inst = nil
	}
}
