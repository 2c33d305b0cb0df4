//go:build !race

package storm

const (
	// streams of a storm with one module.
	streams = 10_000
	// poisonedStreams are those of the storm that compares two modules.
	poisonedStreams = 100_000
	// manyStreams come one after the other, a third cancelled in each phase.
	manyStreams = 200_000
	// signedStreams are the same with signatures.
	signedStreams = 20_000
	// reloads and refreshes over which memory must be flat.
	reloads   = 10_000
	refreshes = 10_000
)
