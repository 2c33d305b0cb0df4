package hostcall

import "github.com/postern-wasm/postern/host/abi"

// There are no gRPC upstreams: what is answered is what Envoy answers for a
// cluster that it does not know.
var grpcFunctions = []function{
	{name: "proxy_grpc_call", params: "pnpnpnpnpnip", call: status(func(e *Env, a []uint64) abi.Status {
		return e.noCluster(a[:10])
	})},
	{name: "proxy_grpc_stream", params: "pnpnpnpnp", call: status(func(e *Env, a []uint64) abi.Status {
		return e.noCluster(a[:8])
	})},
	{name: "proxy_grpc_send", params: "ipni", call: status(grpcSend)},
	{name: "proxy_grpc_cancel", params: "i", call: status(grpcEnd)},
	{name: "proxy_grpc_close", params: "i", call: status(grpcEnd)},
	{name: "proxy_get_status", params: "ppp", call: status(getStatus)},
}

// noCluster checks the pointers and answers PARSE_FAILURE, which is Envoy's for
// a service that is neither a known cluster nor a GrpcService message.
func (e *Env) noCluster(args []uint64) abi.Status {
	for i := 0; i < len(args); i += 2 {
		if _, ok := e.read(args[i], args[i+1]); !ok {
			return abi.StatusInvalidMemoryAccess
		}
	}
	if e.Profile == Google {
		return abi.StatusUnimplemented
	}
	return abi.StatusParseFailure
}

// Tokens of gRPC calls and streams carry their kind in the low bits; the rest
// are callouts' (Wasm::isGrpcCallId).
const (
	grpcTokenMask = 3
	grpcCallBit   = 1
	grpcStreamBit = 2
)

func grpcSend(e *Env, a []uint64) abi.Status {
	if _, ok := e.read(a[1], a[2]); !ok {
		return abi.StatusInvalidMemoryAccess
	}
	if a[0]&grpcTokenMask != grpcStreamBit {
		return abi.StatusBadArgument
	}
	return abi.StatusNotFound
}

func grpcEnd(_ *Env, a []uint64) abi.Status {
	if kind := a[0] & grpcTokenMask; kind != grpcCallBit && kind != grpcStreamBit {
		return abi.StatusBadArgument
	}
	return abi.StatusNotFound
}

// getStatus answers the status of the callout that has just failed, or 0.
func getStatus(e *Env, a []uint64) abi.Status {
	c := e.context()
	if c == nil {
		return abi.StatusInternalFailure
	}
	if !e.putU32(a[0], c.Root.StatusCode) {
		return abi.StatusInvalidMemoryAccess
	}
	return give(e, c.Root.StatusMessage, a[1], a[2])
}
