package hostcall

import (
	"github.com/postern-wasm/postern/host/abi"
)

var propertyFunctions = []function{
	{name: "proxy_get_property", params: "pnpp", call: status(getProperty)},
	{name: "proxy_set_property", params: "pnpn", call: status(setProperty)},
}

func getProperty(e *Env, a []uint64) abi.Status {
	path, ok := e.text(a[0], a[1])
	if !ok {
		return abi.StatusInvalidMemoryAccess
	}
	c := e.context()
	if c == nil {
		return abi.StatusInternalFailure
	}
	// Google documents one property.
	if e.Profile == Google && path != "plugin_root_id" {
		return abi.StatusNotFound
	}
	value, s := c.Property(path, &e.Plugin)
	if s != abi.StatusOK {
		return s
	}
	return give(e, value, a[2], a[3])
}

func setProperty(e *Env, a []uint64) abi.Status {
	path, ok1 := e.text(a[0], a[1])
	value, ok2 := e.read(a[2], a[3])
	if !ok1 || !ok2 {
		return abi.StatusInvalidMemoryAccess
	}
	c := e.context()
	if c == nil {
		return abi.StatusInternalFailure
	}
	if e.Profile == Google {
		return abi.StatusUnimplemented
	}
	return c.SetProperty(path, append([]byte(nil), value...))
}
