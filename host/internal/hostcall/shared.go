package hostcall

import "github.com/postern-wasm/postern/host/abi"

var sharedFunctions = []function{
	{name: "proxy_get_shared_data", params: "pnppp", call: shared(getSharedData)},
	{name: "proxy_set_shared_data", params: "pnpni", call: shared(setSharedData)},
	{name: "proxy_register_shared_queue", params: "pnp", call: shared(registerQueue)},
	{name: "proxy_resolve_shared_queue", params: "pnpnp", call: shared(resolveQueue)},
	{name: "proxy_enqueue_shared_queue", params: "ipn", call: shared(enqueue)},
	{name: "proxy_dequeue_shared_queue", params: "ipp", call: shared(dequeue)},
}

// shared adapts a function that Google's hosts do not have.
func shared(f func(e *Env, a []uint64) abi.Status) func(e *Env, a []uint64) uint32 {
	return status(func(e *Env, a []uint64) abi.Status {
		if e.Profile == Google {
			return abi.StatusUnimplemented
		}
		if e.context() == nil {
			return abi.StatusInternalFailure
		}
		return f(e, a)
	})
}

func getSharedData(e *Env, a []uint64) abi.Status {
	key, ok := e.text(a[0], a[1])
	if !ok {
		return abi.StatusInvalidMemoryAccess
	}
	value, cas, s := e.Shared.Get(e.Plugin.VMID, key)
	if s != abi.StatusOK {
		return s
	}
	if s := give(e, value, a[2], a[3]); s != abi.StatusOK {
		return s
	}
	if !e.putU32(a[4], cas) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}

func setSharedData(e *Env, a []uint64) abi.Status {
	key, ok1 := e.text(a[0], a[1])
	value, ok2 := e.read(a[2], a[3])
	if !ok1 || !ok2 {
		return abi.StatusInvalidMemoryAccess
	}
	return e.Shared.Set(e.Plugin.VMID, key, append([]byte(nil), value...), uint32(a[4]))
}

func registerQueue(e *Env, a []uint64) abi.Status {
	name, ok := e.text(a[0], a[1])
	if !ok || !e.putU32(a[2], 0) {
		return abi.StatusInvalidMemoryAccess
	}
	e.putU32(a[2], e.Queues.Register(e.Plugin.VMID, name, e.Host.QueueReady(e.context().Root)))
	return abi.StatusOK
}

func resolveQueue(e *Env, a []uint64) abi.Status {
	vmID, ok1 := e.text(a[0], a[1])
	name, ok2 := e.text(a[2], a[3])
	if !ok1 || !ok2 {
		return abi.StatusInvalidMemoryAccess
	}
	if vmID == "" {
		vmID = e.Plugin.VMID
	}
	token, s := e.Queues.Resolve(vmID, name)
	if s != abi.StatusOK {
		return s
	}
	if !e.putU32(a[4], token) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}

func enqueue(e *Env, a []uint64) abi.Status {
	item, ok := e.read(a[1], a[2])
	if !ok {
		return abi.StatusInvalidMemoryAccess
	}
	return e.Queues.Enqueue(uint32(a[0]), append([]byte(nil), item...))
}

func dequeue(e *Env, a []uint64) abi.Status {
	item, s := e.Queues.Dequeue(uint32(a[0]))
	if s != abi.StatusOK {
		return s
	}
	return give(e, item, a[1], a[2])
}
