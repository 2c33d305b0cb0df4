//go:build race

package storm

// The race detector watches the harness, which is the same code for each stream.
const (
	streams         = 500
	poisonedStreams = 500
	manyStreams     = 2_000
	reloads         = 50
	refreshes       = 100
)
