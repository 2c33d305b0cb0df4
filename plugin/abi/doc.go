// Package abi is the module's door: it turns the host's callbacks into events of the
// filter room and the filter's values into host calls. It decides nothing.
//
// In: the proxy-wasm callbacks that the module exports. Out: host calls. Spec:
// proxy-wasm ABI 0.2.0 and the answers of Envoy, Google's and nginx's hosts.
// It never judges a request, never keeps a byte of one between two callbacks, and
// ignores callbacks that no conforming host makes: an unknown context is refused, an
// unknown callout is nobody's. It is the only importer of the SDK, whose vocabulary
// it uses; RATIONALE.md says why it does not use the SDK's dispatch.
package abi
