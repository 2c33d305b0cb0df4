package hostcall

import (
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/state"
)

var logFunctions = []function{
	{name: "proxy_log", params: "ipn", call: status(proxyLog), start: true, alloc: true},
	{name: "proxy_get_current_time_nanoseconds", params: "p", call: status(currentTime)},
	{name: "proxy_set_tick_period_milliseconds", params: "i", call: status(setTickPeriod)},
}

var functions021 = []function{
	{name: "proxy_get_log_level", params: "p", call: status(getLogLevel)},
}

func proxyLog(e *Env, a []uint64) abi.Status {
	level := abi.LogLevel(uint32(a[0]))
	if level > abi.LogCritical {
		return abi.StatusBadArgument
	}
	text, ok := e.text(a[1], a[2])
	if !ok {
		return abi.StatusInvalidMemoryAccess
	}
	e.Host.Log(level, e.contextID(), text)
	return abi.StatusOK
}

func getLogLevel(e *Env, a []uint64) abi.Status {
	if !e.putU32(a[0], uint32(e.LogLevel)) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}

// now is the guest's time.
func (e *Env) now() time.Time {
	if c := e.context(); c != nil && c.Exchange != nil && !c.Exchange.Frozen.IsZero() {
		return c.Exchange.Frozen
	}
	return e.Now()
}

func currentTime(e *Env, a []uint64) abi.Status {
	if !e.putU64(a[0], uint64(e.now().UnixNano())) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}

// setTickPeriod sets the timer of the root context, also when a stream asks.
func setTickPeriod(e *Env, a []uint64) abi.Status {
	c := e.context()
	switch {
	case c == nil:
		return abi.StatusInternalFailure
	case e.Profile == Google:
		return abi.StatusUnimplemented
	case e.Profile == Nginx && (!c.IsRoot() || c.Period != 0):
		// ngx_wasm_module: a timer is the root's, and is set once.
		panic(state.ErrNginx("tick period"))
	}
	e.Host.SetTick(c.Root, time.Duration(uint32(a[0]))*time.Millisecond)
	return abi.StatusOK
}
