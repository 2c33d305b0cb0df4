// Package abi holds the numbers and codecs of the proxy-wasm ABI.
//
// In: bytes that a guest wrote into its memory. Out: Go values, and the bytes
// that a guest reads back. Spec: proxy-wasm ABI 0.1.0, 0.2.0 and 0.2.1, as
// Envoy 1.40 implements them. It never touches a runtime, a network or a
// clock, and it imports the standard library only.
package abi

import "strconv"

// Version is an ABI version, told by the marker function that a module exports.
type Version uint8

// The versions that Envoy 1.40 runs. The zero value is no version.
const (
	VersionUnknown Version = iota // no marker exported: such a module is refused
	Version010                    // proxy_abi_version_0_1_0
	Version020                    // proxy_abi_version_0_2_0
	Version021                    // proxy_abi_version_0_2_1
)

// Marker returns the name of the export that announces v, or "".
func (v Version) Marker() string {
	switch v {
	case Version010:
		return "proxy_abi_version_0_1_0"
	case Version020:
		return "proxy_abi_version_0_2_0"
	case Version021:
		return "proxy_abi_version_0_2_1"
	case VersionUnknown:
	}
	return ""
}

// String returns the dotted version, or "unknown".
func (v Version) String() string {
	switch v {
	case Version010:
		return "0.1.0"
	case Version020:
		return "0.2.0"
	case Version021:
		return "0.2.1"
	case VersionUnknown:
	}
	return "unknown"
}

// Status is what a host call returns to the guest.
type Status uint32

// Statuses. The gaps (5, 9, 11) are numbers that the ABI reserves and Envoy
// does not return.
const (
	StatusOK                   Status = 0
	StatusNotFound             Status = 1
	StatusBadArgument          Status = 2
	StatusSerializationFailure Status = 3
	StatusParseFailure         Status = 4
	StatusInvalidMemoryAccess  Status = 6
	StatusEmpty                Status = 7
	StatusCASMismatch          Status = 8
	StatusInternalFailure      Status = 10
	StatusUnimplemented        Status = 12
)

// String returns the spec's word for s.
func (s Status) String() string {
	switch s {
	case StatusOK:
		return "OK"
	case StatusNotFound:
		return "NOT_FOUND"
	case StatusBadArgument:
		return "BAD_ARGUMENT"
	case StatusSerializationFailure:
		return "SERIALIZATION_FAILURE"
	case StatusParseFailure:
		return "PARSE_FAILURE"
	case StatusInvalidMemoryAccess:
		return "INVALID_MEMORY_ACCESS"
	case StatusEmpty:
		return "EMPTY"
	case StatusCASMismatch:
		return "CAS_MISMATCH"
	case StatusInternalFailure:
		return "INTERNAL_FAILURE"
	case StatusUnimplemented:
		return "UNIMPLEMENTED"
	}
	return "STATUS_" + strconv.FormatUint(uint64(s), 10)
}

// Action is what a guest's callback returns.
type Action uint32

// Actions. The spec knows the first two; Envoy accepts more, and what they
// mean depends on the callback (headers or data).
const (
	ActionContinue Action = 0
	ActionPause    Action = 1

	// ActionHeadersContinueAndEndStream passes the headers on and drops the body.
	ActionHeadersContinueAndEndStream Action = 2
	// ActionHeadersStopAllAndBuffer holds all, bounded by the buffer limit (413 over it).
	ActionHeadersStopAllAndBuffer Action = 3
	// ActionHeadersStopAllAndWatermark holds all and stops reading at the buffer limit.
	ActionHeadersStopAllAndWatermark Action = 4

	// ActionDataStopAndWatermark holds the body and stops reading at the buffer limit.
	ActionDataStopAndWatermark Action = 2
	// ActionDataStopNoBuffer drops this piece of body and holds the rest.
	ActionDataStopNoBuffer Action = 3
)

// BufferType names a buffer of proxy_get_buffer_bytes.
type BufferType uint32

// Buffers.
const (
	BufferRequestBody BufferType = iota
	BufferResponseBody
	BufferDownstreamData
	BufferUpstreamData
	BufferCallBody
	BufferGRPCMessage
	BufferVMConfig
	BufferPluginConfig
	BufferForeignArguments

	// BufferTypeMax is the last number that is a buffer.
	BufferTypeMax = BufferForeignArguments
)

// MapType names a header map.
type MapType uint32

// Header maps.
const (
	MapRequestHeaders MapType = iota
	MapRequestTrailers
	MapResponseHeaders
	MapResponseTrailers
	MapGRPCInitialMetadata
	MapGRPCTrailingMetadata
	MapCallHeaders
	MapCallTrailers

	// MapTypeMax is the last number that is a map.
	MapTypeMax = MapCallTrailers
)

// StreamType names one direction of proxy_continue_stream and proxy_close_stream.
type StreamType uint32

// Stream types.
const (
	StreamRequest StreamType = iota
	StreamResponse
	StreamDownstream
	StreamUpstream
)

// MetricType is the kind of a metric.
type MetricType uint32

// Metric kinds.
const (
	MetricCounter MetricType = iota
	MetricGauge
	MetricHistogram
)

// String returns the spec's word for t.
func (t MetricType) String() string {
	switch t {
	case MetricCounter:
		return "counter"
	case MetricGauge:
		return "gauge"
	case MetricHistogram:
		return "histogram"
	}
	return "metric type " + strconv.FormatUint(uint64(t), 10)
}

// LogLevel is the level of a guest's log line.
type LogLevel uint32

// Log levels, in rising order of weight.
const (
	LogTrace LogLevel = iota
	LogDebug
	LogInfo
	LogWarn
	LogError
	LogCritical
)

// String returns the level's name as Envoy logs it.
func (l LogLevel) String() string {
	switch l {
	case LogTrace:
		return "trace"
	case LogDebug:
		return "debug"
	case LogInfo:
		return "info"
	case LogWarn:
		return "warn"
	case LogError:
		return "error"
	case LogCritical:
		return "critical"
	}
	return "level " + strconv.FormatUint(uint64(l), 10)
}
