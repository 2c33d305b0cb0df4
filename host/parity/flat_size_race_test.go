//go:build race

package parity

// flatRequests is less under the race detector: it watches the client, which is the
// same code for each request, and Envoy's memory is measured without it.
const flatRequests = 5_000
