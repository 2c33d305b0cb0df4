// Package edge runs the variants in a real Envoy and counts what they cost it.
//
// In: filters, each behind a listener of its own, and requests. Out: Slots, the
// CPU time of Envoy's threads among them, and memory. Every listener answers by
// itself (a direct response), writes no access log and differs from the others in
// its one filter only, so that what is left after subtracting the listener
// without a filter is the filter. It judges nothing: that is measure's part.
package edge
