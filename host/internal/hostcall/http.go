package hostcall

import (
	"strconv"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/state"
	"github.com/postern-wasm/postern/host/upstream"
)

var httpFunctions = []function{
	{name: "proxy_http_call", params: "pnpnpnpnip", call: status(httpCall)},
}

// httpCall starts a callout of the root context. The token is written before
// anything else happens, to prove the pointer.
func httpCall(e *Env, a []uint64) abi.Status {
	cluster, ok1 := e.text(a[0], a[1])
	headers, ok2 := e.pairs(a[2], a[3])
	body, ok3 := e.read(a[4], a[5])
	trailers, ok4 := e.pairs(a[6], a[7])
	if !ok1 || !ok2 || !ok3 || !ok4 || !e.putU32(a[9], 0) {
		return abi.StatusInvalidMemoryAccess
	}
	c := e.context()
	if c == nil {
		return abi.StatusInternalFailure
	}
	if e.Profile == Google {
		return abi.StatusUnimplemented
	}
	timeout := int32(uint32(a[8]))
	if timeout < 0 {
		return abi.StatusBadArgument
	}
	m := state.HeaderMap{Kind: state.RequestMap}
	m.SetAll(headers)
	for _, name := range []string{":method", ":path", ":authority"} {
		if _, ok := m.Get([]byte(name)); !ok {
			return abi.StatusBadArgument
		}
	}
	if len(body) > 0 {
		m.Set("content-length", strconv.Itoa(len(body)))
	}
	token, s := e.Host.HTTPCall(c.Root, &upstream.Request{
		Cluster:  cluster,
		Headers:  m.Pairs,
		Body:     append([]byte(nil), body...),
		Trailers: trailers,
		Timeout:  time.Duration(timeout) * time.Millisecond,
	})
	e.putU32(a[9], token)
	return s
}
