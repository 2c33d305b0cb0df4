//go:build gc.custom

package memory

import (
	"runtime"
	"unsafe"
)

// The hooks of TinyGo's gc=custom. initHeap runs before any package is initialised.

//go:extern __heap_base
var heapBase [0]byte

//export llvm.wasm.memory.size.i32
func memorySize(index int32) int32

//export llvm.wasm.memory.grow.i32
func growMemory(index, pages int32) int32

//go:linkname initHeap runtime.initHeap
func initHeap() {
	top = uintptr(memorySize(0)) * wasmPage
	base := (uintptr(unsafe.Pointer(&heapBase)) + chunkUnit - 1) &^ (chunkUnit - 1)
	current = &eternal
	if base < top {
		c := (*chunk)(unsafe.Pointer(base))
		c.next, c.size = nil, (top-base)&^(chunkUnit-1)
		if c.size > 0 {
			free = c
		}
	}
}

//go:linkname alloc runtime.alloc
func alloc(size uintptr, layout unsafe.Pointer) unsafe.Pointer {
	return current.allocate(size, uintptr(layout))
}

//go:linkname release runtime.free
func release(unsafe.Pointer) {}

//go:linkname markRoots runtime.markRoots
func markRoots(_, _ uintptr) {}

//go:linkname collect runtime.GC
func collect() {}

//go:linkname setFinalizer runtime.SetFinalizer
func setFinalizer(_, _ any) {}

//go:linkname readMemStats runtime.ReadMemStats
func readMemStats(stats *runtime.MemStats) { stats.HeapInuse = held }
