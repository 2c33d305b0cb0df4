//go:build wasip1

package abi

import "unsafe"

// status is what a host call returns.
type status uint32

// The statuses that this room tells apart.
const (
	statusOK            status = 0
	statusNotFound      status = 1
	statusCASMismatch   status = 8
	statusUnimplemented status = 12
)

// Log levels of the ABI.
const (
	levelInfo  = 2
	levelWarn  = 3
	levelError = 4
)

// The host's maps, buffers and streams that this room reads.
const (
	mapRequest  = 0
	mapTrailers = 1
	mapCallout  = 6
	bufRequest  = 0
	bufCallout  = 4
	bufConfig   = 7
	streamRq    = 0
)

//go:wasmimport env proxy_log
func proxyLog(level uint32, text *byte, size int32) status

//go:wasmimport env proxy_set_tick_period_milliseconds
func proxySetTickPeriod(milliseconds uint32) status

//go:wasmimport env proxy_set_effective_context
func proxySetEffectiveContext(id uint32) status

//go:wasmimport env proxy_continue_stream
func proxyContinueStream(stream uint32) status

//go:wasmimport env proxy_get_buffer_bytes
func proxyGetBufferBytes(kind uint32, start, size int32, data, dataSize unsafe.Pointer) status

//go:wasmimport env proxy_set_buffer_bytes
func proxySetBufferBytes(kind uint32, start, size int32, data *byte, dataSize int32) status

//go:wasmimport env proxy_get_header_map_pairs
func proxyGetHeaderMapPairs(kind uint32, data, dataSize unsafe.Pointer) status

//go:wasmimport env proxy_add_header_map_value
func proxyAddHeader(kind uint32, name *byte, nameSize int32, value *byte, valueSize int32) status

//go:wasmimport env proxy_replace_header_map_value
func proxyReplaceHeader(kind uint32, name *byte, nameSize int32, value *byte, valueSize int32) status

//go:wasmimport env proxy_remove_header_map_value
func proxyRemoveHeader(kind uint32, name *byte, nameSize int32) status

//go:wasmimport env proxy_send_local_response
func proxySendLocalResponse(code uint32, details *byte, detailsSize int32, body *byte, bodySize int32, headers *byte, headersSize int32, grpc int32) status

//go:wasmimport env proxy_http_call
func proxyHTTPCall(cluster *byte, clusterSize int32, headers *byte, headersSize int32, body *byte, bodySize int32, trailers *byte, trailersSize int32, milliseconds uint32, id unsafe.Pointer) status

//go:wasmimport env proxy_get_shared_data
func proxyGetSharedData(key *byte, keySize int32, data, dataSize, cas unsafe.Pointer) status

//go:wasmimport env proxy_set_shared_data
func proxySetSharedData(key *byte, keySize int32, value *byte, valueSize int32, cas uint32) status

//go:wasmimport env proxy_set_property
func proxySetProperty(path *byte, pathSize int32, value *byte, valueSize int32) status

//go:wasmimport env proxy_get_property
func proxyGetProperty(path *byte, pathSize int32, data, dataSize unsafe.Pointer) status

//go:wasmimport env proxy_record_metric
func proxyRecordMetric(id uint32, value uint64) status

//go:wasmimport env proxy_define_metric
func proxyDefineMetric(kind uint32, name *byte, nameSize int32, id unsafe.Pointer) status

//go:wasmimport env proxy_increment_metric
func proxyIncrementMetric(id uint32, by int64) status

// The system calls. Time and randomness come from WASI: some hosts cut the ABI's own
// clock to 32 bits. The environment is read here and not by the standard library,
// which would link a second allocator over the first one's memory.

//go:wasmimport wasi_snapshot_preview1 clock_time_get
func wasiClockTimeGet(clock uint32, precision uint64, nanoseconds unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 random_get
func wasiRandomGet(buffer unsafe.Pointer, size uint32) uint32

//go:wasmimport wasi_snapshot_preview1 environ_sizes_get
func wasiEnvironSizesGet(count, size unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 environ_get
func wasiEnvironGet(pointers, buffer unsafe.Pointer) uint32
