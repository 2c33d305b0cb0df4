//go:build race

package parity

// flatRequests is less under the race detector: it watches the client, which is the
// same code for each request, and Envoy's memory is measured without it.
const flatRequests = 5_000

// bitStep is wider under the race detector, where each verification takes ten times as
// long and nothing runs beside it.
const bitStep = 31
