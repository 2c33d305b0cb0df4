//go:build !race

package parity

// flatRequests is what TestMemoryIsFlat sends.
const flatRequests = 100_000

// bitStep: TestEveryBit takes every bit.
const bitStep = 1
