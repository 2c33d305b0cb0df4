package hostcall

import (
	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/state"
)

var headerFunctions = []function{
	{name: "proxy_get_header_map_size", params: "ip", call: status(getHeaderMapSize)},
	{name: "proxy_get_header_map_pairs", params: "ipp", call: status(getHeaderMapPairs)},
	{name: "proxy_set_header_map_pairs", params: "ipn", call: status(setHeaderMapPairs)},
	{name: "proxy_get_header_map_value", params: "ipnpp", call: status(getHeaderMapValue)},
	{name: "proxy_add_header_map_value", params: "ipnpn", call: status(addHeaderMapValue)},
	{name: "proxy_replace_header_map_value", params: "ipnpn", call: status(replaceHeaderMapValue)},
	{name: "proxy_remove_header_map_value", params: "ipn", call: status(removeHeaderMapValue)},
}

// mapToRead returns a map, nil if it is not shown, and ok false for a number
// that is no map.
func (e *Env) mapToRead(n uint64) (m *state.HeaderMap, ok bool) {
	t := abi.MapType(uint32(n))
	if t > abi.MapTypeMax {
		return nil, false
	}
	c := e.context()
	if c == nil {
		return nil, true
	}
	return c.Map(t), true
}

// mapToWrite returns a map that may be changed, or nil.
func (e *Env) mapToWrite(n uint64) *state.HeaderMap {
	t := abi.MapType(uint32(n))
	c := e.context()
	if t > abi.MapTypeMax || c == nil {
		return nil
	}
	m := c.MutableMap(t)
	if m == nil && e.Profile == Nginx && c.Exchange != nil &&
		(t == abi.MapRequestHeaders || t == abi.MapResponseHeaders) {
		panic(state.ErrNginx("late header write"))
	}
	return m
}

// getHeaderMapSize answers the bytes of names and values, not their number: so
// does Envoy.
func getHeaderMapSize(e *Env, a []uint64) abi.Status {
	m := e.mapToWrite(a[0])
	if m == nil {
		return abi.StatusBadArgument
	}
	if !e.putU32(a[1], uint32(m.ByteSize())) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}

// getHeaderMapPairs answers an empty map for one that is not there: so does
// Envoy.
func getHeaderMapPairs(e *Env, a []uint64) abi.Status {
	m, ok := e.mapToRead(a[0])
	if !ok {
		return abi.StatusBadArgument
	}
	if m == nil || len(m.Pairs) == 0 {
		return give(e, "", a[1], a[2])
	}
	size := abi.PairsSize(m.Pairs)
	ptr, mem, ok := e.allocate(size)
	if !ok {
		return abi.StatusInvalidMemoryAccess
	}
	abi.PutPairs(mem, m.Pairs)
	if !e.putU32(a[1], ptr) || !e.putU32(a[2], uint32(size)) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOK
}

func setHeaderMapPairs(e *Env, a []uint64) abi.Status {
	pairs, ok := e.pairs(a[1], a[2])
	if uint32(a[0]) <= uint32(abi.MapTypeMax) && !ok {
		return abi.StatusInvalidMemoryAccess
	}
	m := e.mapToWrite(a[0])
	if m == nil {
		return abi.StatusBadArgument
	}
	m.SetAll(pairs)
	return abi.StatusOK
}

func getHeaderMapValue(e *Env, a []uint64) abi.Status {
	m, ok := e.mapToRead(a[0])
	if !ok {
		return abi.StatusBadArgument
	}
	key, ok := e.read(a[1], a[2])
	if !ok {
		return abi.StatusInvalidMemoryAccess
	}
	if m == nil {
		if c := e.context(); c != nil && c.Exchange != nil && c.Exchange.Logging {
			return e.noValue(a[3], a[4])
		}
		return abi.StatusBadArgument
	}
	value, ok := m.Get(key)
	if !ok {
		return e.noValue(a[3], a[4])
	}
	return give(e, value, a[3], a[4])
}

// noValue answers for a header that is not there: NOT_FOUND, and OK with no
// bytes under ABI 0.1.0.
func (e *Env) noValue(ptrPtr, sizePtr uint64) abi.Status {
	if e.VM.Version() == abi.Version010 {
		return give(e, "", ptrPtr, sizePtr)
	}
	return abi.StatusNotFound
}

// keyValue reads what add and replace take, after the map's number has proved
// to be one.
func (e *Env) keyValue(a []uint64) (key, value string, s abi.Status) {
	if uint32(a[0]) > uint32(abi.MapTypeMax) {
		return "", "", abi.StatusBadArgument
	}
	key, ok := e.text(a[1], a[2])
	if !ok {
		return "", "", abi.StatusInvalidMemoryAccess
	}
	value, ok = e.text(a[3], a[4])
	if !ok {
		return "", "", abi.StatusInvalidMemoryAccess
	}
	return key, value, abi.StatusOK
}

func addHeaderMapValue(e *Env, a []uint64) abi.Status {
	key, value, s := e.keyValue(a)
	if s != abi.StatusOK {
		return s
	}
	m := e.mapToWrite(a[0])
	if m == nil {
		return abi.StatusBadArgument
	}
	m.Add(key, value)
	return abi.StatusOK
}

func replaceHeaderMapValue(e *Env, a []uint64) abi.Status {
	key, value, s := e.keyValue(a)
	if s != abi.StatusOK {
		return s
	}
	m := e.mapToWrite(a[0])
	if m == nil {
		return abi.StatusBadArgument
	}
	m.Set(key, value)
	return abi.StatusOK
}

// removeHeaderMapValue removes all headers of a name. Under nginx the first
// stays and is empty.
func removeHeaderMapValue(e *Env, a []uint64) abi.Status {
	if uint32(a[0]) > uint32(abi.MapTypeMax) {
		return abi.StatusBadArgument
	}
	key, ok := e.text(a[1], a[2])
	if !ok {
		return abi.StatusInvalidMemoryAccess
	}
	m := e.mapToWrite(a[0])
	if m == nil {
		return abi.StatusBadArgument
	}
	if _, there := m.Get([]byte(key)); there && e.Profile == Nginx {
		m.Set(key, "")
		return abi.StatusOK
	}
	m.Remove(key)
	return abi.StatusOK
}
