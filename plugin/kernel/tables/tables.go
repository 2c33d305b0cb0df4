// Package tables gives keys a place for the tables that they build from use, and a bound.
//
// In: how many bytes the tables of a set of keys may take. Out: room for one table after
// the other. Spec: none. A table is built while a request is judged and outlives it: its
// memory comes from the region that was entered when the set was made, and goes with it.
// It never gives one table's room to another: where none is left, keys do without.
package tables

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/memory"
)

// Limit is the ordinary bound of a set in bytes: sixteen tables of Ed25519, 24 of P-256
// or P-521, thirty of P-384.
const Limit = 864 << 10

// Room is the place for the tables of one set of keys. Not safe for concurrent use; nil
// has no room.
type Room struct {
	region *memory.Region
	left   uintptr // bytes
}

// New returns a room for tables of at most limit bytes in all, in the region that is
// entered now.
func New(limit int) *Room {
	return &Room{region: memory.Current(), left: uintptr(max(limit, 0))}
}

// Take returns n zero elements for a table, or nil if r has no room for them. It takes
// nothing then, so that a smaller table may still fit.
func Take[T any](r *Room, n int) []T {
	var element T
	if r == nil || n <= 0 || uintptr(n) > r.left/unsafe.Sizeof(element) {
		return nil
	}
	r.left -= uintptr(n) * unsafe.Sizeof(element)
	before := memory.Enter(r.region)
	table := make([]T, n)
	memory.Leave(before)
	return table
}
