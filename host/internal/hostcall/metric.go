package hostcall

import "github.com/postern-wasm/postern/host/abi"

var metricFunctions = []function{
	{name: "proxy_define_metric", params: "ipnp", call: shared(defineMetric)},
	{name: "proxy_increment_metric", params: "iI", call: shared(func(e *Env, a []uint64) abi.Status {
		return e.Metrics.Increment(&e.metrics, uint32(a[0]), int64(a[1]))
	})},
	{name: "proxy_record_metric", params: "iI", call: shared(func(e *Env, a []uint64) abi.Status {
		return e.Metrics.Record(&e.metrics, uint32(a[0]), a[1])
	})},
	{name: "proxy_get_metric", params: "ip", call: shared(getMetric)},
}

func defineMetric(e *Env, a []uint64) abi.Status {
	name, ok := e.text(a[1], a[2])
	if !ok {
		return abi.StatusInvalidMemoryAccess
	}
	id, s := e.Metrics.Define(&e.metrics, uint32(a[0]), name)
	if s != abi.StatusOK {
		return s
	}
	if !e.putU32(a[3], id) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}

func getMetric(e *Env, a []uint64) abi.Status {
	v, s := e.Metrics.Get(&e.metrics, uint32(a[0]))
	if s != abi.StatusOK {
		return s
	}
	if !e.putU64(a[1], v) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}
