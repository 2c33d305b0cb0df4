//go:build wasip1

// Command guest is the kernels alone in a wasm module, for the benchmarks.
//
// In: an operation's input in a buffer of its own. Out: how many of n calls said
// yes, and how many bytes calls allocate. Memory is the module's: each call is made
// in the region that a callback would have. It imports nothing of a proxy.
package main

import (
	"unsafe"

	"github.com/postern-wasm/postern/bench/kernels/op"
	"github.com/postern-wasm/postern/plugin/memory"
)

// inputSize is how many bytes of input there can be.
const inputSize = 256 << 10

var (
	inputs [op.Kinds][]byte
	made   [op.Kinds]*op.Op
)

//go:wasmexport input
func input(kind uint32) uintptr {
	inputs[kind] = make([]byte, inputSize)
	return uintptr(unsafe.Pointer(unsafe.SliceData(inputs[kind])))
}

//go:wasmexport prepare
func prepare(kind, size uint32) uint32 {
	o, err := op.Make(op.Kind(kind), inputs[kind][:size])
	if err != nil {
		return 0
	}
	made[kind] = o
	return 1
}

//go:wasmexport run
func run(kind, n uint32) uint32 {
	yes := 0
	for range n {
		before := memory.BeginCall()
		yes += made[kind].Run(1)
		memory.EndCall(before)
	}
	return uint32(yes)
}

// allocated makes n calls in a region of their own, which nothing empties meanwhile,
// and returns its size; 0 for a build that does not count.
//
//go:wasmexport allocated
func allocated(kind, n uint32) uint64 {
	start := memory.Size()
	region := memory.New()
	before := memory.Enter(region)
	empty := memory.Size()
	made[kind].Run(int(n))
	grown := memory.Size() - empty
	memory.Leave(before)
	region.Free()
	if start == 0 {
		return 0
	}
	return grown + 1 // tells nothing allocated from nothing counted
}

func main() {}
