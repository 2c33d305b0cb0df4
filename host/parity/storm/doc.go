// Package storm interleaves requests at random and shows that none sees another's.
//
// In: the built module, the same module built to poison what it frees, the rooms of
// the plugin called natively. Out: one verdict for each of many thousand streams, up
// to 500 open at once, on workers that share one store: pauses, bodies, trailers,
// resets in every phase, signed requests whose bodies are held or pass, callout answers out of
// order, ticks, reloads, callbacks within host calls, a clock that jumps. Spec: the
// proxy-wasm ABI 0.2.0; the project's documentation of token rules, signed requests and
// key sets.
//
// The same seed gives the same proxy to each guest. What the guest does is judged twice:
// against what the generator knows of every token and signature it made, each with a
// subject, a nonce or a body of its own; and line by line against the other guest.
//
// It has tests only, and no expectation in it comes from the code under test.
//
// It is not built under the race detector: the proxy is one goroutine, and memory is flat
// only after thousands of reloads.
package storm
