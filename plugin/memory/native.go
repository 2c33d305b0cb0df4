//go:build !gc.custom

package memory

// Region is a set of objects that die together. Natively it is empty.
type Region struct{ _ byte }

// New returns an empty region.
func New() *Region { return new(Region) }

// Current is the region of the allocations that follow.
func Current() *Region { return nil }

// Enter makes r the region of the allocations that follow and returns the one before.
func Enter(*Region) *Region { return nil }

// Leave returns to the region that Enter gave.
func Leave(*Region) {}

// Free frees everything in r, and r itself; nothing in it may be used again.
func (r *Region) Free() {}

// Eternal is the region that lives as long as the VM.
func Eternal() *Region { return nil }

// BeginCall enters the call region at the start of a callback.
func BeginCall() *Region { return nil }

// EndCall leaves it, and empties it if no other callback is under way.
func EndCall(*Region) {}

// Size is the number of bytes that regions hold: none here.
func Size() uint64 { return 0 }

// Outermost says, between BeginCall and EndCall, whether no other callback is under way.
func Outermost() bool { return true }

// Outside says whether no callback is under way that began with BeginCall.
func Outside() bool { return true }
