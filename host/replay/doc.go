// Package replay runs cases, one JSON line each, through a proxy-wasm module.
//
// In: lines that name a configuration, a time, a request, the answers of the
// services that the module calls, and the connection's properties. Out: one
// line a case, in order: what was decided, why, what the client got and what
// the upstream saw. Spec: DESIGN.md section 12 and, for how a stream behaves,
// package host. It never stops at a bad case, never opens a socket, and never
// reads the machine's clock after the first line.
//
// # Lines
//
// A line is one JSON object in UTF-8, at most MaxLine bytes long. Member names
// are exact; a name that comes twice, a value of another type, an unknown name
// within a member or one that differs from a known name by a slip of the pen makes
// the whole line a bad one: it is answered with the reason "input" and an error,
// and changes nothing. Other names at the top of a line are left to its author,
// who may note there what is expected. A member that is null counts as absent.
// Lines of white space alone are skipped: they are no cases, and get no answer.
//
// # Instances
//
// A line that carries config or module starts a fresh instance, shared data
// included, with nothing but what the line names. One that carries another of
// root_id, vm_config, plugin_config, env and profile also starts afresh, with
// what was there before and these changed. Every other line goes to the
// instance that is there; at the beginning, to one of Options.Config if that is
// given. config is the module's configuration as JSON, handed on byte for byte;
// plugin_config is the same as a string.
//
// # Time
//
// The clock stands at the machine's time when the first line comes, and moves
// only by now and while a request is held. Before a request is sent, what is
// due runs: at most 64 ticks, and the answers of callouts. A request that is
// held moves the clock from event to event, 60 seconds at most.
//
// # Streams
//
// Requests come as HTTP/1.1 requests come to an Envoy filter: names in lower
// case, repeated lines joined where Envoy joins them, host in :authority only.
// Under the envoy profile the filter is configured with
// allow_on_headers_stop_iteration, so a module that pauses on headers still
// gets the body.
package replay
