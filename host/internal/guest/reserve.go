package guest

import (
	"context"
	"math"

	"github.com/tetratelabs/wazero/experimental"
)

// Guest memory grows in place: its address space is reserved when a VM is made, up to the
// VM's limit, and becomes memory as the guest asks for it. Else every growth is a copy of
// all there is, in the middle of a request: milliseconds, once a guest holds many tokens.
// Where a system cannot reserve, memory is a slice that is copied.

// Context returns what the context of a VM is made from: it has the VM's memory grow in
// place.
func Context() context.Context {
	return experimental.WithMemoryAllocator(context.Background(), experimental.MemoryAllocatorFunc(allocate))
}

// reserved is a memory that has its place.
type reserved struct {
	space []byte // all of it; what is beyond size cannot be touched
	size  int
}

// allocate makes the memory of one VM, which begins with size bytes at most.
func allocate(size, limit uint64) experimental.LinearMemory {
	if limit > 0 && limit <= math.MaxInt {
		if space, err := reserve(int(limit)); err == nil {
			m := &reserved{space: space}
			if m.Reallocate(size) != nil {
				return m
			}
			m.Free()
		}
	}
	return &copied{limit: limit}
}

// Reallocate is part of experimental.LinearMemory: nil where the system has no more.
func (m *reserved) Reallocate(size uint64) []byte {
	if m.space == nil || size > uint64(len(m.space)) {
		return nil
	}
	if n := int(size); n > m.size {
		if commit(m.space[m.size:n]) != nil {
			return nil
		}
		m.size = n
	}
	return m.space[:size:size]
}

// Free is part of experimental.LinearMemory. The VM is closed: nobody reads it any more.
func (m *reserved) Free() {
	if m.space != nil {
		release(m.space)
		m.space = nil
	}
}

// copied is a memory that moves when it grows.
type copied struct {
	bytes []byte
	limit uint64
}

// Reallocate is part of experimental.LinearMemory.
func (m *copied) Reallocate(size uint64) []byte {
	if size > m.limit {
		return nil
	}
	if n := int(size) - len(m.bytes); n > 0 {
		m.bytes = append(m.bytes, make([]byte, n)...)
	}
	return m.bytes
}

// Free is part of experimental.LinearMemory.
func (m *copied) Free() { m.bytes = nil }
