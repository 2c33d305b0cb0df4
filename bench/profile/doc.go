// Package profile asks V8 where the time of a request goes.
//
// In: the module with its function names, a configuration, tokens. Out: for each kind
// of request the microseconds that it takes and the share of each room of the module.
// The module runs in Node, the engine that Envoy runs modules in, with a host that
// answers what the module asks and does nothing else; V8 samples which function is
// running. What the compiler inlined counts for the room that it was inlined into. It
// says nothing of what Envoy itself costs. In the same way it looks for the longest
// callback.
package profile
