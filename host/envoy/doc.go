// Package envoy starts a real Envoy for tests and benchmarks.
//
// In: a description of listeners, each with its HTTP filters (a proxy-wasm
// plugin or any other), and of upstream clusters. Out: a running process, the
// addresses its listeners were given, its statistics, its memory, the lines its
// plugins logged and one access-log record for each request, response-code
// details included. Beside it stand a raw HTTP/1.1 client, which sends bytes
// exactly as given, and an upstream that records bytes exactly as received.
//
// Everything is bound to the loopback interface on ports that the kernel
// chooses. The process is killed with the process that started it, also when
// that one is killed by SIGKILL (Linux).
//
// The settings follow the Envoy 1.40 documentation of the bootstrap, listener
// discovery and HTTP connection manager API (v3).
//
// It never downloads anything, never binds a public address and knows nothing
// of what a plugin decides.
package envoy
