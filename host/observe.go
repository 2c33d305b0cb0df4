package host

import "github.com/postern-wasm/postern/host/abi"

// Metric is one metric that the module defined.
type Metric struct {
	// Name is the module's name for it.
	Name string
	// Type is its kind.
	Type abi.MetricType
	// Value is a counter's or a gauge's value; for a histogram the last sample.
	Value uint64
	// Count and Sum are a histogram's number of samples and their sum.
	Count, Sum uint64
}

// Metrics returns the module's metrics by name, over all workers.
func (h *Host) Metrics() []Metric {
	values := h.metrics.Snapshot()
	metrics := make([]Metric, len(values))
	for i, v := range values {
		metrics[i] = Metric(v)
	}
	return metrics
}

// WorkerStats is the state of one worker.
type WorkerStats struct {
	// Worker is its number, from 1.
	Worker int
	// Serving says that it has a configured VM that has not trapped.
	Serving bool
	// MemoryBytes is the size of the VM's memory.
	MemoryBytes uint64
	// Streams is the number of open streams.
	Streams int
	// Roots is the number of root contexts, those that drain included.
	Roots int
	// Traps and Reloads count over the Host's life.
	Traps, Reloads uint64
	// LastTrap is the text of the last trap, or "".
	LastTrap string
}

// Workers returns the state of each worker.
func (h *Host) Workers() []WorkerStats {
	stats := make([]WorkerStats, len(h.workers))
	for i, w := range h.workers {
		stats[i] = w.stats()
	}
	return stats
}
