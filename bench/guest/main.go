//go:build wasip1

// Command guest is the kernels alone in a wasm module, for the benchmarks.
//
// In: an operation's input in a buffer of its own. Out: how many of n calls said
// yes, and how many allocations there have been. It imports nothing of a proxy.
package main

import (
	"runtime"
	"unsafe"

	"github.com/postern-wasm/postern/bench/kernels/op"
)

// inputSize is how many bytes of input there can be.
const inputSize = 256 << 10

var (
	inputs [op.Kinds][]byte
	made   [op.Kinds]*op.Op
	stats  runtime.MemStats
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
func run(kind, n uint32) uint32 { return uint32(made[kind].Run(int(n))) }

//go:wasmexport mallocs
func mallocs() uint64 {
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

func main() {}
