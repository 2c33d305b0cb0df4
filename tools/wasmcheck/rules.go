package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/tools/internal/wasm"
)

// sizeBudget is the most that the module may weigh, in bytes.
const sizeBudget = 1 << 20

// cAllocator are wasi-libc's functions that hand out memory. Any of them in the
// module means a second heap that begins where Go's does and overwrites it.
var cAllocator = []string{
	"malloc", "calloc", "realloc", "free", "posix_memalign", "aligned_alloc", "reallocarray",
	"dlmalloc", "dlcalloc", "dlrealloc", "dlfree", "dlmemalign", "internal_memalign", "sbrk", "__sbrk", "brk",
}

// forever returns the faults that no golden file can allow. module is what is
// shipped; named is the same link with its function names.
func forever(module, named *wasm.Module) []string {
	var faults []string
	for _, e := range module.Exports {
		// A proxy that finds malloc uses it instead of proxy_on_memory_allocate
		// and never frees: every value that the host returns leaks.
		if slices.Contains(cAllocator, e.Name) {
			faults = append(faults, fmt.Sprintf("export %s: hosts would allocate with it and leak (build tag custommalloc is missing)", e.Name))
		}
	}
	for _, i := range module.Imports {
		if !hostHas(i) {
			faults = append(faults, fmt.Sprintf("import %s.%s: no proxy has it, the module would not load", i.Module, i.Name))
		}
	}
	for _, index := range sortedKeys(named.Names) {
		if fromCAllocator(named.Names[index]) {
			faults = append(faults, fmt.Sprintf("function %d, %s: wasi-libc's allocator is linked and corrupts the heap (os.Getenv does that)", index, named.Names[index]))
		}
	}
	if n := len(module.Grows); n > 1 {
		faults = append(faults, fmt.Sprintf("memory.grow %d times, in functions %v: one heap grows the memory in one place", n, module.Grows))
	}
	if module.Size > sizeBudget {
		faults = append(faults, fmt.Sprintf("%d bytes, %d over the budget of %d", module.Size, module.Size-sizeBudget, sizeBudget))
	}
	return faults
}

// hostHas reports whether proxies offer the import: the ABI's calls, and WASI.
func hostHas(i wasm.Import) bool {
	switch i.Module {
	case "wasi_snapshot_preview1":
		return true
	case "env":
		return strings.HasPrefix(i.Name, "proxy_")
	}
	return false
}

// fromCAllocator reports whether a function is one of cAllocator: by its whole
// name, with or without the suffix that a linker gives to a copy. Go's own names
// carry a package path and so never match.
func fromCAllocator(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	return slices.Contains(cAllocator, base) || strings.Contains(name, "dlmalloc") || strings.Contains(name, "sbrk")
}

func sortedKeys(names map[uint32]string) []uint32 {
	keys := make([]uint32, 0, len(names))
	for k := range names {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
