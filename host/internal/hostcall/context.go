package hostcall

import "github.com/postern-wasm/postern/host/abi"

var contextFunctions = []function{
	{name: "proxy_set_effective_context", params: "i", call: status(setEffectiveContext)},
	{name: "proxy_done", call: status(done)},
}

// setEffectiveContext makes what follows in this callback act on another
// context. Id 0, which is the VM's own, goes back to the callback's.
func setEffectiveContext(e *Env, a []uint64) abi.Status {
	id := uint32(a[0])
	if id == 0 {
		e.effective = nil
		return abi.StatusOK
	}
	c := e.contexts[id]
	if c == nil {
		return abi.StatusBadArgument
	}
	e.effective = c
	return abi.StatusOK
}

func done(e *Env, _ []uint64) abi.Status {
	c := e.context()
	if c == nil {
		return abi.StatusNotFound
	}
	return e.Host.Done(c)
}
