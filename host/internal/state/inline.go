package state

// isInline reports whether Envoy keeps the header as a single entry, so that a
// second line is joined to the first by a comma. Measured on Envoy 1.40 for
// accept, accept-encoding, authorization, cache-control, content-type,
// if-match, origin, referer and x-forwarded-for (one entry) and for x-api-key,
// dpop, proxy-authorization and cookie (two); the others are read off
// envoy/http/header_map.h and the filters of the official build that register
// their own.
func isInline(kind MapKind, name string) bool {
	switch kind {
	case RequestMap:
		return inlineBoth[name] || inlineRequest[name]
	case ResponseMap:
		return inlineBoth[name] || inlineResponse[name]
	case TrailerMap:
		return name == "grpc-status" || name == "grpc-message"
	}
	return false
}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

var inlineBoth = set(
	"connection", "content-type", "x-envoy-decorator-operation", "keep-alive",
	"proxy-connection", "proxy-status", "x-request-id", "transfer-encoding",
	"upgrade", "via", "content-length", "x-envoy-attempt-count",
	"cache-control", "content-encoding",
)

var inlineRequest = set(
	":authority", ":method", ":path", ":protocol", ":scheme",
	"expect", "grpc-timeout", "te", "user-agent", "x-client-trace-id",
	"x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-host",
	"x-forwarded-proto", "x-forwarded-port",
	"x-envoy-downstream-service-cluster", "x-envoy-downstream-service-node",
	"x-envoy-expected-rq-timeout-ms", "x-envoy-external-address",
	"x-envoy-force-trace", "x-envoy-hedge-on-per-try-timeout",
	"x-envoy-internal", "x-envoy-ip-tags", "x-envoy-is-timeout-retry",
	"x-envoy-max-retries", "x-envoy-original-path", "x-envoy-original-url",
	"x-envoy-retriable-header-names", "x-envoy-retriable-status-codes",
	"x-envoy-retry-grpc-on", "x-envoy-retry-on",
	"x-envoy-upstream-alt-stat-name", "x-envoy-upstream-rq-per-try-timeout-ms",
	"x-envoy-upstream-rq-timeout-alt-response", "x-envoy-upstream-rq-timeout-ms",
	"x-envoy-upstream-stream-duration-ms",
	// Registered by filters: cache, cors and csrf, compressor, attributes.
	"accept",
	"authorization", "pragma", "if-match", "if-none-match",
	"if-modified-since", "if-unmodified-since", "if-range",
	"origin", "access-control-request-method", "access-control-request-headers",
	"accept-encoding", "referer",
)

var inlineResponse = set(
	":status", "date", "location", "server", "grpc-message", "grpc-status",
	"x-envoy-degraded", "x-envoy-immediate-health-check-fail",
	"x-envoy-ratelimited", "x-envoy-upstream-canary",
	"x-envoy-upstream-healthchecked-cluster", "x-envoy-upstream-service-time",
	"age", "etag", "expires", "last-modified", "vary",
	"access-control-allow-origin", "access-control-allow-credentials",
	"access-control-allow-headers", "access-control-allow-methods",
	"access-control-expose-headers", "access-control-max-age",
)
