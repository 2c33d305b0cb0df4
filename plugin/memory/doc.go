// Package memory is the module's allocator: regions instead of a collector.
//
// In: allocations of every other room. Out: zeroed memory in the region that is entered
// at that moment. Spec: the hooks that TinyGo's runtime leaves for gc=custom.
// It never frees one object: a region is freed or reset as a whole, so nothing has to
// be searched, no request ever waits for a collector, and the lifetime of every object
// is that of its region:
//
//   - the eternal region lives as long as the VM (the default outside of callbacks);
//   - the call region is emptied when the outermost callback returns: all that judging
//     one request allocates is gone with it;
//   - other regions belong to a configuration, a key set or a cache and go with them.
//
// A pointer from longer-lived memory into the call region must not survive the
// callback. The poisoned build (tag "poison") fills every reset region with garbage and
// searches all other memory for such pointers; see check.go.
//
// Natively the package does nothing: Go's collector is there.
package memory
