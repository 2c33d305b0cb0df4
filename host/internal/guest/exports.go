package guest

import "github.com/postern-wasm/postern/host/abi"

// Func is an export that the host calls.
type Func uint8

// The exports, in the order of the ABI's chapters.
const (
	FuncInitialize Func = iota
	FuncMain
	FuncMainVoid
	FuncStart
	FuncContextCreate
	FuncVMStart
	FuncConfigure
	FuncTick
	FuncRequestHeaders
	FuncRequestBody
	FuncRequestTrailers
	FuncResponseHeaders
	FuncResponseBody
	FuncResponseTrailers
	FuncHTTPCallResponse
	FuncQueueReady
	FuncDone
	FuncLog
	FuncDelete
	numFuncs
)

// exports gives each Func its name and the number of its i32 parameters and
// results. headersABI marks the two whose shape depends on the version.
var exports = [numFuncs]struct {
	name            string
	params, results int
}{
	FuncInitialize:       {"_initialize", 0, 0},
	FuncMain:             {"main", 2, 1},
	FuncMainVoid:         {"__main_void", 0, 1},
	FuncStart:            {"_start", 0, 0},
	FuncContextCreate:    {"proxy_on_context_create", 2, 0},
	FuncVMStart:          {"proxy_on_vm_start", 2, 1},
	FuncConfigure:        {"proxy_on_configure", 2, 1},
	FuncTick:             {"proxy_on_tick", 1, 0},
	FuncRequestHeaders:   {"proxy_on_request_headers", 3, 1},
	FuncRequestBody:      {"proxy_on_request_body", 3, 1},
	FuncRequestTrailers:  {"proxy_on_request_trailers", 2, 1},
	FuncResponseHeaders:  {"proxy_on_response_headers", 3, 1},
	FuncResponseBody:     {"proxy_on_response_body", 3, 1},
	FuncResponseTrailers: {"proxy_on_response_trailers", 2, 1},
	FuncHTTPCallResponse: {"proxy_on_http_call_response", 5, 0},
	FuncQueueReady:       {"proxy_on_queue_ready", 2, 0},
	FuncDone:             {"proxy_on_done", 1, 1},
	FuncLog:              {"proxy_on_log", 1, 0},
	FuncDelete:           {"proxy_on_delete", 1, 0},
}

// Name returns the export's name.
func (f Func) Name() string { return exports[f].name }

// HasResult reports whether the export returns something.
func (f Func) HasResult() bool { return exports[f].results > 0 }

// shape returns the numbers of parameters and results under a version, or -1
// where Envoy does not check.
func (f Func) shape(v abi.Version) (params, results int) {
	switch {
	case f == FuncStart || f == FuncInitialize || f == FuncMain || f == FuncMainVoid:
		return -1, -1 // called with what they take
	case v == abi.Version010 && (f == FuncRequestHeaders || f == FuncResponseHeaders):
		return 2, 1 // without end of stream
	}
	return exports[f].params, exports[f].results
}
