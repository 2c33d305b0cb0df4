//go:build !race

package parity

// flatRequests is what TestMemoryIsFlat sends.
const flatRequests = 100_000
