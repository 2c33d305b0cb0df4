package hostcall

import (
	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/state"
)

var bufferFunctions = []function{
	{name: "proxy_get_buffer_bytes", params: "iiipp", call: status(getBufferBytes)},
	{name: "proxy_get_buffer_status", params: "ipp", call: status(getBufferStatus)},
	{name: "proxy_set_buffer_bytes", params: "iiipn", call: status(setBufferBytes)},
}

// buffer returns a buffer, or the status for a wrong or absent one.
func (e *Env) buffer(n uint64) (state.Buffer, abi.Status) {
	t := abi.BufferType(uint32(n))
	if t > abi.BufferTypeMax {
		return state.Buffer{}, abi.StatusBadArgument
	}
	c := e.context()
	if c == nil {
		return state.Buffer{}, abi.StatusNotFound
	}
	b, ok := c.Buffer(t, e.VMConfig)
	if !ok {
		if e.Profile == Nginx && c.Exchange != nil &&
			(t == abi.BufferRequestBody || t == abi.BufferResponseBody) {
			panic(state.ErrNginx("body read outside its phase"))
		}
		return state.Buffer{}, abi.StatusNotFound
	}
	return b, abi.StatusOK
}

// getBufferBytes cuts what goes over the end, and answers a start behind it
// with no bytes.
func getBufferBytes(e *Env, a []uint64) abi.Status {
	b, s := e.buffer(a[0])
	if s != abi.StatusOK {
		return s
	}
	start, length := uint64(uint32(a[1])), uint64(uint32(a[2]))
	size := uint64(len(b.Bytes))
	if start >= size {
		return give(e, "", a[3], a[4])
	}
	return give(e, b.Bytes[start:min(start+length, size)], a[3], a[4])
}

func getBufferStatus(e *Env, a []uint64) abi.Status {
	b, s := e.buffer(a[0])
	if s != abi.StatusOK {
		return s
	}
	if !e.putU32(a[1], uint32(len(b.Bytes))) || !e.putU32(a[2], 0) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}

func setBufferBytes(e *Env, a []uint64) abi.Status {
	b, s := e.buffer(a[0])
	if s != abi.StatusOK {
		return s
	}
	data, ok := e.read(a[3], a[4])
	if !ok {
		return abi.StatusInvalidMemoryAccess
	}
	return b.Write(uint32(a[1]), uint32(a[2]), data)
}
