package state

import (
	"sort"
	"sync"

	"github.com/postern-wasm/postern/host/abi"
)

// Metric ids carry their kind in the low two bits, as Envoy's do.
const (
	metricTypeMask  = 3
	metricIncrement = 4
)

// MaxMetrics bounds the metrics of a host and the ids of a VM.
const MaxMetrics = 1 << 16

// MetricValue is one metric of a host.
type MetricValue struct {
	// Name and Type identify it.
	Name string
	Type abi.MetricType
	// Value is a counter's or gauge's value, or a histogram's last sample.
	Value uint64
	// Count and Sum are a histogram's.
	Count, Sum uint64
}

type metricKey struct {
	name string
	typ  abi.MetricType
}

// Metrics are the metrics of a host, shared by its VMs.
type Metrics struct {
	mu     sync.Mutex
	values map[metricKey]*MetricValue
}

// MetricIDs are the ids that one VM knows metrics by.
type MetricIDs struct {
	ids  map[uint32]*MetricValue
	next [3]uint32
}

// Define gives a metric an id; each call a new one. Names may be defined again.
func (m *Metrics) Define(ids *MetricIDs, typ uint32, name string) (uint32, abi.Status) {
	if typ > uint32(abi.MetricHistogram) {
		return 0, abi.StatusBadArgument
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.values) >= MaxMetrics || len(ids.ids) >= MaxMetrics {
		return 0, abi.StatusInternalFailure
	}
	if m.values == nil {
		m.values = make(map[metricKey]*MetricValue)
	}
	key := metricKey{name, abi.MetricType(typ)}
	v := m.values[key]
	if v == nil {
		v = &MetricValue{Name: name, Type: key.typ}
		m.values[key] = v
	}
	if ids.ids == nil {
		ids.ids = make(map[uint32]*MetricValue)
	}
	id := ids.next[typ]*metricIncrement | typ
	ids.next[typ]++
	ids.ids[id] = v
	return id, abi.StatusOK
}

// Increment changes a counter by a positive offset or a gauge by any.
func (m *Metrics) Increment(ids *MetricIDs, id uint32, offset int64) abi.Status {
	typ := abi.MetricType(id & metricTypeMask)
	if typ != abi.MetricCounter && typ != abi.MetricGauge {
		return abi.StatusBadArgument
	}
	v := ids.ids[id]
	if v == nil {
		return abi.StatusNotFound
	}
	if typ == abi.MetricCounter && offset <= 0 {
		return abi.StatusBadArgument
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v.Value += uint64(offset)
	return abi.StatusOK
}

// Record adds to a counter, sets a gauge, or takes a histogram's sample.
func (m *Metrics) Record(ids *MetricIDs, id uint32, value uint64) abi.Status {
	v := ids.ids[id]
	if v == nil {
		return abi.StatusNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch v.Type {
	case abi.MetricCounter:
		v.Value += value
	case abi.MetricGauge:
		v.Value = value
	case abi.MetricHistogram:
		v.Value = value
		v.Count++
		v.Sum += value
	}
	return abi.StatusOK
}

// Get returns the value of a counter or a gauge.
func (m *Metrics) Get(ids *MetricIDs, id uint32) (uint64, abi.Status) {
	typ := abi.MetricType(id & metricTypeMask)
	if typ != abi.MetricCounter && typ != abi.MetricGauge {
		return 0, abi.StatusBadArgument
	}
	v := ids.ids[id]
	if v == nil {
		return 0, abi.StatusNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return v.Value, abi.StatusOK
}

// Snapshot returns all metrics, by name and then kind.
func (m *Metrics) Snapshot() []MetricValue {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]MetricValue, 0, len(m.values))
	for _, v := range m.values {
		all = append(all, *v)
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].Name != all[j].Name {
			return all[i].Name < all[j].Name
		}
		return all[i].Type < all[j].Type
	})
	return all
}
